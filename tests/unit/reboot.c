/* SPDX-License-Identifier: Apache-2.0 */
/* After a reboot the files of a region on disk may be inconsistent: nothing is read until somebody
   publishes, and generations jump past any that readers may have seen. Simulated with another boot
   id in `control`. */
#include "region/layout.h"
#include "sample.h"
#include "scratch.h"
#include <errno.h>
#include <pthread.h>

static void value_from_before_a_reboot_is_not_read(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_region *region;
    mms_reader *reader;
    mms_info info;
    mms_view view;
    char byte;

    sample_closed_region(path, "before");
    pretend_reboot(path);
    region = sample_region(path);
    reader = sample_reader(region);
    check_code(mms_read(reader, &view), MMS_E_EMPTY);
    check_code(mms_refresh(reader, &view), MMS_E_EMPTY);
    check_code(mms_read_copy(region, &byte, 1, NULL, NULL), MMS_E_EMPTY);
    check_code(mms_wait(reader, 0, 0), MMS_E_TIMEOUT);
    check_equal(mms_generation(region), 0);
    check_ok(mms_inspect(path, &info));
    check_equal(info.generation, 0);
    check_ok(mms_verify(path, NULL, NULL));
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

/* Both halves of the id count, and a writer stores one after the other. */
static void half_of_this_boots_id_is_not_enough(void **state)
{
    const char *path = scratch_path(state, "region");

    for (size_t half = 0; half < 2; half++) {
        size_t at = offsetof(struct mms__control, boot_id) + half * sizeof(uint64_t);
        mms_info info;

        sample_closed_region(path, "value");
        patch_word(path, "control", at, UINT64_C(0x1234567890abcdef));
        check_ok(mms_inspect(path, &info));
        check_equal(info.generation, 0);
    }
}

struct looks {
    mms_region *region;
    mms_reader *reader;
    mms_view view;
    int read, wait, check;
    uint64_t generation;
};

static void *look_while_cancelled(void *argument)
{
    struct looks *looks = argument;

    (void)pthread_cancel(pthread_self());
    looks->read = mms_read(looks->reader, &looks->view);
    looks->wait = mms_wait(looks->reader, 0, 0);
    looks->check = mms_region_check(looks->region);
    looks->generation = mms_generation(looks->region);
    return looks;
}

/* Each of them asks which boot it is, which takes descriptors for /proc. */
static void cancelled_thread_looks_to_the_end(void **state)
{
    const char *path = scratch_path(state, "region");
    struct looks looks = {.generation = 1};
    pthread_t thread;
    void *result;

    sample_closed_region(path, "before");
    pretend_reboot(path);
    looks.region = sample_region(path);
    looks.reader = sample_reader(looks.region);
    check_true(pthread_create(&thread, NULL, look_while_cancelled, &looks) == 0);
    check_true(pthread_join(thread, &result) == 0);
    check_true(result == &looks);
    check_equal(looks.read, MMS_E_EMPTY);
    check_equal(looks.wait, MMS_E_TIMEOUT);
    check_equal(looks.check, 0);
    check_equal(looks.generation, 0);
    check_ok(mms_reader_close(looks.reader));
    check_ok(mms_region_close(looks.region));
}

static void region_that_is_removed_after_a_reboot_is_gone(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_region *region;
    mms_reader *reader;
    mms_view view;

    sample_closed_region(path, "before");
    pretend_reboot(path);
    region = sample_region(path);
    reader = sample_reader(region);
    check_code(mms_read(reader, &view), MMS_E_EMPTY);
    check_ok(mms_remove(path));
    check_code(mms_read(reader, &view), MMS_E_GONE);
    check_code(mms_wait(reader, 0, MMS_FOREVER), MMS_E_GONE);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

static void next_publish_is_read_by_readers_from_before_and_after_its_writer(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_region *early, *late;
    mms_reader *early_reader, *late_reader;
    mms_writer *writer;
    mms_view view;

    sample_closed_region(path, "before");
    pretend_reboot(path);
    early = sample_region(path);
    early_reader = sample_reader(early);
    check_code(mms_read(early_reader, &view), MMS_E_EMPTY);
    writer = sample_writer(path);
    late = sample_region(path);
    late_reader = sample_reader(late);
    check_code(mms_read(early_reader, &view), MMS_E_EMPTY); /* the writer alone does not bring the old value back */
    check_code(mms_read(late_reader, &view), MMS_E_EMPTY);
    publish_text(writer, "after");
    check_ok(mms_wait(early_reader, 0, MMS_FOREVER));
    check_reads(early_reader, "after");
    check_reads(late_reader, "after");
    check_copies(path, "after");
    check_ok(mms_writer_close(writer));
    check_ok(mms_reader_close(early_reader));
    check_ok(mms_region_close(early));
    check_ok(mms_reader_close(late_reader));
    check_ok(mms_region_close(late));
}

/* Otherwise another container, with its own boot id, would not know the value. */
static void writer_that_closes_stores_what_the_clock_says_by_then(void **state)
{
    const char *path = scratch_path(state, "region");
    size_t field = offsetof(struct mms__control, boot_began_ns);
    uint64_t began, stored, hours = UINT64_C(7200000000000);
    mms_writer *writer = sample_writer(path);

    publish_text(writer, "value");
    load_bytes(path, "control", field, &began, sizeof began);
    patch_word(path, "control", field, began + hours); /* as before the clock was set back */
    check_ok(mms_writer_close(writer));
    load_bytes(path, "control", field, &stored, sizeof stored);
    check_true(stored < began + hours / 2);
}

static void generations_jump_over_what_was_lost(void **state)
{
    const char *path = scratch_path(state, "region");
    uint64_t before = sample_closed_region(path, "before"), after;

    pretend_reboot(path);
    after = sample_closed_region(path, "after");
    check_true(after > before + (UINT64_C(1) << 31));
    check_true(sample_closed_region(path, "later") < after + 1000); /* once, not at every open */
}

static void writer_that_dies_before_it_publishes_leaves_the_region_empty(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_region *region;
    mms_reader *reader;
    mms_view view;

    sample_closed_region(path, "before");
    pretend_reboot(path);
    check_ok(mms_writer_close(sample_writer(path)));
    region = sample_region(path);
    reader = sample_reader(region);
    check_code(mms_read(reader, &view), MMS_E_EMPTY);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_verify(path, NULL, NULL));
}

static void jump_is_made_even_if_the_first_writer_publishes_nothing(void **state)
{
    const char *path = scratch_path(state, "region");
    uint64_t before = sample_closed_region(path, "before");

    pretend_reboot(path);
    check_ok(mms_writer_close(sample_writer(path)));
    check_true(sample_closed_region(path, "after") > before + (UINT64_C(1) << 31));
}

static void replacement_after_a_reboot_carries_no_value(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();
    uint64_t before = sample_closed_region(path, "before");
    mms_writer *writer;
    mms_info info;

    pretend_reboot(path);
    options.max_slots = 7;
    options.replace = true;
    writer = sample_writer_with(path, options);
    check_ok(mms_inspect(path, &info));
    check_equal(info.generation, 0);
    check_true(publish_text(writer, "after") > before + (UINT64_C(1) << 31));
    check_ok(mms_writer_close(writer));
}

static void memory_cannot_be_older_than_the_boot(void **state)
{
    const char *path = scratch_path(state, "region");

    sample_closed_region(path, "value");
    pretend_reboot(path); /* here the id says nothing: a container that was moved sees another one */
    check_copies(path, "value");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test_on_disk(value_from_before_a_reboot_is_not_read),
        scratch_test_on_disk(half_of_this_boots_id_is_not_enough),
        scratch_test_on_disk(cancelled_thread_looks_to_the_end),
        scratch_test_on_disk(region_that_is_removed_after_a_reboot_is_gone),
        scratch_test_on_disk(next_publish_is_read_by_readers_from_before_and_after_its_writer),
        scratch_test_on_disk(writer_that_closes_stores_what_the_clock_says_by_then),
        scratch_test_on_disk(generations_jump_over_what_was_lost),
        scratch_test_on_disk(jump_is_made_even_if_the_first_writer_publishes_nothing),
        scratch_test_on_disk(writer_that_dies_before_it_publishes_leaves_the_region_empty),
        scratch_test_on_disk(replacement_after_a_reboot_carries_no_value),
        scratch_test(memory_cannot_be_older_than_the_boot),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
