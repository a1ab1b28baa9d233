/* SPDX-License-Identifier: Apache-2.0 */
/* ctest: crash */
/* Many writers at once, on one region and on many. */
#include "child.h"
#include "lookout.h"
#include "pattern.h"
#include "sample.h"
#include "scratch.h"
#include <stdlib.h>
#include <string.h>

enum { WRITERS = 10, ROUNDS = 30 };

/* No writer waits: one creates the region, and the others find that it has a writer. */
static void one_writer_wins(void **state)
{
    const char *path = scratch_path(state, "region");
    struct child writers[WRITERS], reader = child_start("reader");

    for (int i = 0; i < WRITERS; i++)
        writers[i] = child_start("writer");
    child_expect(&reader, "OK", "follow %s", path);
    for (int round = 0; round < ROUNDS; round++) {
        int winner = -1, losers = 0;

        for (int i = 0; i < WRITERS; i++)
            child_send(&writers[i], "open %s " SMALL_REGION, path);
        for (int i = 0; i < WRITERS; i++) {
            const char *answer = child_receive(&writers[i]);

            if (strcmp(answer, "OK") == 0)
                winner = i;
            else if (strcmp(answer, "MMS_E_BUSY") == 0)
                losers++;
        }
        check_true(winner >= 0);
        check_equal(losers, WRITERS - 1);
        /* cppcheck-suppress negativeIndex; after that check */
        child_expect(&writers[winner], "OK", "write 100");
        child_expect(&writers[winner], "OK", "close");
        child_expect(&writers[winner], "OK", "remove %s", path);
    }
    check_true(child_number(&reader, "followed") <= ROUNDS);
    child_end(&reader);
    for (int i = 0; i < WRITERS; i++)
        child_end(&writers[i]);
}

/* All wait: each gets its turn, and no generation is used twice. */
static void waiting_writers_take_turns(void **state)
{
    const char *path = scratch_path(state, "region");
    struct child writers[WRITERS];
    uint64_t generations[WRITERS], highest = 0;

    for (int i = 0; i < WRITERS; i++)
        writers[i] = child_start("writer");
    for (int i = 0; i < WRITERS; i++) {
        child_send(&writers[i], "open %s max_size=65536 lock_wait_ms=-1", path);
        child_send(&writers[i], "write 100 10");
        child_send(&writers[i], "last");
        child_send(&writers[i], "close");
    }
    for (int i = 0; i < WRITERS; i++) {
        check_string(child_receive(&writers[i]), "OK");
        check_true(strncmp(child_receive(&writers[i]), "OK ", 3) == 0);
        generations[i] = strtoull(child_receive(&writers[i]) + 3, NULL, 10);
        check_string(child_receive(&writers[i]), "OK");
        for (int j = 0; j < i; j++)
            check_true(generations[j] != generations[i]);
        if (generations[i] > highest)
            highest = generations[i];
        child_end(&writers[i]);
    }
    check_equal(inspect(path).generation, highest);
    check_equal(inspect(path).writer_alive, 0);
}

static void two_regions_do_not_mix(void **state)
{
    const char *paths[2] = {scratch_path(state, "first"), scratch_path(state, "second")};
    struct child loops[2];
    mms_region *regions[2];
    mms_reader *readers[2];
    mms_view views[2];

    for (int i = 0; i < 2; i++) {
        loops[i] = child_start("writer");
        child_expect(&loops[i], "OK", "open %s " SMALL_REGION, paths[i]);
        child_expect(&loops[i], "OK", "write %d", i ? 3000 : 7);
        regions[i] = sample_region(paths[i]);
        readers[i] = sample_reader(regions[i]);
        child_expect(&loops[i], "OK", i ? "loop 2000 60000" : "loop 8 1000");
    }
    for (int round = 0; round < 20000; round++) {
        for (int i = 0; i < 2; i++)
            check_ok(mms_read(readers[i], &views[i]));
        check_true(views[0].size <= 1000 && views[1].size >= 2000);
        for (int i = 0; i < 2; i++) {
            check_true(pattern_check(views[i].data, views[i].size, views[i].generation));
            check_ok(mms_release(readers[i]));
        }
    }
    for (int i = 0; i < 2; i++) {
        child_expect(&loops[i], "OK", "last");
        child_end(&loops[i]);
        check_ok(mms_reader_close(readers[i]));
        check_ok(mms_region_close(regions[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(one_writer_wins),
        scratch_test(waiting_writers_take_turns),
        scratch_test(two_regions_do_not_mix),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
