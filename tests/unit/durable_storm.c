/* SPDX-License-Identifier: Apache-2.0 */
/* As slot_storm.c, for durable regions: in addition, commits and syncs fail for want of descriptors
   (G1, G4, G6, T2). */
#include "scratch.h"
#include "storm.h"
#include <mmsync/durable.h>
#include <unistd.h>

/* Instead of libc's: no power is cut here, and a disk would take most of the time. */
int fdatasync(int fd)
{
    (void)fd;
    return 0;
}

int fsync(int fd)
{
    (void)fd;
    return 0;
}

static void typed_tables_that_each_commit_stores_are_the_model(void **state)
{
    static const struct storm_kind kind = {
        .name = "typed tables, durable", .storms = 10, .typed = true, .durable = MMS_DURABLE_COMMIT};

    storm_run(state, &kind);
}

static void caches_that_a_sync_stores_are_the_model(void **state)
{
    static const struct storm_kind kind = {
        .name = "caches, durable by sync", .storms = 10, .cache = true, .durable = MMS_DURABLE_SYNC};

    storm_run(state, &kind);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(typed_tables_that_each_commit_stores_are_the_model, scratch_on_disk,
                                        storm_remove),
        cmocka_unit_test_setup_teardown(caches_that_a_sync_stores_are_the_model, scratch_on_disk, storm_remove),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
