/* SPDX-License-Identifier: Apache-2.0 */
/* Generations grow across writes, aborts, failures and writers, and never repeat; running out of
   them is an error (G3). */
#include "region/layout.h"
#include "sample.h"
#include "scratch.h"
#include <mmsync/history.h>
#include <string.h>

static void check_grows(uint64_t *last, uint64_t generation)
{
    check_true(generation > *last);
    *last = generation;
}

static void first_value_has_a_generation_above_0(void **state)
{
    check_true(sample_closed_region(scratch_path(state, "region"), "one") > 0);
}

static void generations_grow_over_writes_aborts_and_failures(void **state)
{
    mms_writer *writer = sample_writer(scratch_path(state, "region"));
    uint64_t last = 0;
    void *buffer;

    for (int i = 0; i < 30; i++) {
        check_grows(&last, publish_text(writer, "value"));
        check_ok(mms_write_begin(writer, 10, &buffer, NULL));
        check_ok(mms_write_abort(writer));
        check_code(mms_write(writer, "x", SIZE_MAX, NULL), MMS_E_TOO_BIG);
    }
    check_ok(mms_writer_close(writer));
}

static void generations_grow_over_writers_whatever_they_left(void **state)
{
    const char *path = scratch_path(state, "region");
    uint64_t last = 0;
    void *buffer;

    for (int i = 0; i < 20; i++) {
        mms_writer *writer = sample_writer(path);
        mms_receipt receipt;

        check_ok(mms_write_begin(writer, 10, &buffer, &receipt));
        check_grows(&last, receipt.generation);
        if (i % 3 != 0)
            check_ok(mms_write_commit(writer, 10, NULL));
        check_ok(mms_writer_close(writer));
    }
}

static void reader_sees_the_generation_of_the_receipt(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);

    for (int i = 0; i < 10; i++) {
        uint64_t generation = publish_text(writer, "value");

        check_equal(mms_generation(region), generation);
        check_equal(check_holds(reader, "value").generation, generation);
    }
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

/* Patch the control file so that the next writer starts at `floor`. */
static mms_writer *writer_above(const char *path, uint64_t floor)
{
    patch_word(path, "control", offsetof(struct mms__control, floor), floor);
    return sample_writer(path);
}

static void exhausted_generations_are_an_error_that_keeps_the_last_value(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer;
    mms_region *region;
    mms_reader *reader;
    void *buffer;

    sample_closed_region(path, "old");
    writer = writer_above(path, MMS__GENERATION_MAX - 1);
    region = sample_region(path);
    reader = sample_reader(region);
    check_equal(publish_text(writer, "last"), MMS__GENERATION_MAX);
    for (int i = 0; i < 3; i++) {
        check_code(mms_write(writer, "more", 4, NULL), MMS_E_EXHAUSTED);
        check_detail_mentions("remove the region");
        check_code(mms_write_begin(writer, 4, &buffer, NULL), MMS_E_EXHAUSTED);
        check_equal(check_holds(reader, "last").generation, MMS__GENERATION_MAX);
        check_ok(mms_release(reader));
    }
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

/* A value that comes back needs a generation of its own, in its slot or by copy. */
static void exhausted_generations_let_no_older_value_come_back(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer;
    mms_region *region;
    mms_reader *reader;

    sample_closed_region(path, "old");
    writer = writer_above(path, MMS__GENERATION_MAX - 2);
    region = sample_region(path);
    publish_text(writer, "older");
    reader = holding_reader(region);
    publish_text(writer, "last");
    for (int held = 1; held >= 0; held--) {
        check_code(mms_write_rollback(writer, 0, NULL), MMS_E_EXHAUSTED);
        check_detail_mentions("remove the region");
        check_copies(path, "last");
        check_ok(mms_reader_close(reader));
        reader = NULL;
    }
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
    check_ok(mms_verify(path, NULL, NULL));
}

static void exhausted_region_stays_so_for_the_next_writer(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer;

    sample_closed_region(path, "old");
    for (int i = 0; i < 2; i++) {
        writer = writer_above(path, MMS__GENERATION_MAX);
        check_code(mms_write(writer, "more", 4, NULL), MMS_E_EXHAUSTED);
        check_ok(mms_writer_close(writer));
        check_copies(path, "old");
    }
    check_ok(mms_verify(path, NULL, NULL));
}

static void generation_words_beyond_the_limit_do_not_wrap(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer;

    sample_closed_region(path, "old");
    writer = writer_above(path, UINT64_MAX);
    check_code(mms_write(writer, "more", 4, NULL), MMS_E_EXHAUSTED);
    check_ok(mms_writer_close(writer));
    check_copies(path, "old");
}

static void successor_goes_on_above_every_slot_of_its_predecessor(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer;

    sample_closed_region(path, "old");
    /* A slot that a killed writer had begun: its generation is in that slot only. */
    patch_word(path, "control", offsetof(struct mms__control, slots) + 3 * sizeof(struct mms__descriptor), 1000);
    writer = sample_writer(path);
    check_true(publish_text(writer, "new") > 1000);
    check_ok(mms_writer_close(writer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(first_value_has_a_generation_above_0),
        scratch_test(generations_grow_over_writes_aborts_and_failures),
        scratch_test(generations_grow_over_writers_whatever_they_left),
        scratch_test(reader_sees_the_generation_of_the_receipt),
        scratch_test(exhausted_generations_are_an_error_that_keeps_the_last_value),
        scratch_test(exhausted_generations_let_no_older_value_come_back),
        scratch_test(exhausted_region_stays_so_for_the_next_writer),
        scratch_test(generation_words_beyond_the_limit_do_not_wrap),
        scratch_test(successor_goes_on_above_every_slot_of_its_predecessor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
