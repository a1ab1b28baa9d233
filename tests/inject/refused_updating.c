/* SPDX-License-Identifier: Apache-2.0 */
/* Updates, of values and of tables, while the kernel refuses one thing that they need, or after the host has closed a
   file: no change is lost, and the next update goes on if it can. */
#include "answers.h"
#include "region/range_set.h"
#include "region/writer.h"
#include "sample.h"
#include "scratch.h"
#include <mmsync/durable.h>
#include <mmsync/table.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- Preparing a slot ---- */

enum { PREPARED_SIZE = 1 << 20, SHORT_RING = 4096, ENOUGH = 100, FAR_BEHIND = 50 };

static void patch_byte_at(mms_writer *writer, unsigned char *value, size_t at)
{
    void *buffer;
    size_t size;

    check_ok(mms_write_update(writer, 0, &buffer, &size, NULL));
    value[at]++;
    check_ok(mms_write_patch(writer, at, &value[at], 1));
    check_ok(mms_write_commit(writer, size, NULL));
}

/* Without memory for the list of what a slot has missed, all records seem to name nothing. */
static void a_slot_that_gets_no_memory_for_its_list_is_not_called_ready(void **state)
{
    static unsigned char value[PREPARED_SIZE];
    mms_writer_options options = sample_options();
    mms_writer *writer;
    mms_region *region;
    mms_reader *holder;

    options.max_size = PREPARED_SIZE;
    options.max_slots = 3;
    options.changes_size = SHORT_RING;
    writer = sample_writer_with(scratch_path(state, "region"), options);
    region = sample_region(scratch_path(state, "region"));
    for (int i = 0; i < 3; i++)
        check_ok(mms_write(writer, value, sizeof value, NULL));
    for (size_t i = 0; i < ENOUGH; i++) /* no slot is far behind any more */
        patch_byte_at(writer, value, i * 100);
    check_ok(mms_writer_close(writer)); /* the next one has no memory for lists yet */
    writer = sample_writer_with(scratch_path(state, "region"), options);
    patch_byte_at(writer, value, 0);
    holder = holding_reader(region);
    for (size_t i = 0; i < FAR_BEHIND; i++)
        patch_byte_at(writer, value, i * 1000);
    check_ok(mms_reader_close(holder));
    mms__native_writer_of(writer)->pool.last_full_ns = 0; /* so that a scan with a heavy fence is due */
    fail_from_here(INJECT_realloc, 1, ENOMEM, FOR_GOOD);
    for (size_t i = 0; i < 4; i++)
        patch_byte_at(writer, value, i);
    check_true(counts->failed > 0);
    inject_disarm();
    holder = holding_reader(region); /* so that the third slot is needed */
    for (size_t i = 0; i < 4; i++) {
        mms_reader *reader = sample_reader(region);
        mms_view view;

        patch_byte_at(writer, value, i);
        check_ok(mms_read(reader, &view));
        check_memory(view.data, value, sizeof value);
        check_ok(mms_reader_close(reader));
    }
    check_ok(mms_reader_close(holder));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

/* ---- Recording changes ---- */

/* `changes` belongs to whoever `data` belongs to, or is not made. */
static void owner_that_cannot_be_given_is_an_error_of_the_update(void **state)
{
    const char *path = scratch_path(state, "region"), *file = scratch_path(state, "region/changes");
    mms_writer_options options = sample_options();
    mms_writer *writer;
    size_t size;
    void *buffer;

    if (geteuid() != 0)
        skip_because("only root can give files to any group");
    options.gid = 4711;
    writer = sample_writer_with(path, options);
    fail_from_here(INJECT_fchown, 1, EPERM, 1);
    check_code(mms_write_update(writer, 10, &buffer, &size, NULL), -EPERM);
    inject_disarm();
    check_detail_mentions("making its file `changes`");
    check_true(access(file, F_OK) != 0);
    check_ok(mms_write_update(writer, 10, &buffer, &size, NULL));
    check_ok(mms_write_abort(writer));
    check_ok(mms_writer_close(writer));
}

static void room_for_changes_that_is_refused_is_told(void **state)
{
    static const int errors[] = {ENOSPC, EDQUOT};
    const char *path = scratch_path(state, "region"), *file = scratch_path(state, "region/changes");
    mms_writer *writer = sample_writer(path);
    size_t size;
    void *buffer;

    publish_text(writer, "value");
    for (int i = 0; i < 2; i++) {
        fail_from_here(INJECT_fallocate, 1, errors[i], 1);
        check_code(mms_write_update(writer, 10, &buffer, &size, NULL), -errors[i]);
        inject_disarm();
        check_detail_mentions("give a smaller options.changes_size");
        check_true(access(file, F_OK) != 0);
        check_copies(path, "value");
    }
    check_ok(mms_write_update(writer, 10, &buffer, &size, NULL));
    check_ok(mms_write_abort(writer));
    check_ok(mms_writer_close(writer));
}

static ino_t inode_of(const char *file)
{
    struct stat status;

    check_equal(stat(file, &status), 0);
    return status.st_ino;
}

/* A file `changes` that the next writer cannot look at may have nothing wrong with it, so it stays: readers may still ask
   for what it says. Which openat is that of the file is found by trying. */
static void changes_that_cannot_be_looked_at_stay(void **state)
{
    const char *path = scratch_path(state, "region"), *file = scratch_path(state, "region/changes");
    unsigned char value[10] = {0};
    mms_writer *writer = sample_writer(path);
    unsigned refused = 0;
    ino_t made;

    check_ok(mms_write(writer, value, sizeof value, NULL));
    patch_byte_at(writer, value, 1);
    made = inode_of(file);
    for (unsigned nth = 1; nth == 1 || counts->failed > 0; nth++) {
        size_t size;
        void *buffer;
        int code;

        check_ok(mms_writer_close(writer));
        writer = sample_writer(path);
        fail_from_here(INJECT_openat, nth, EACCES, 1);
        code = mms_write_update(writer, sizeof value, &buffer, &size, NULL);
        inject_disarm();
        check_true(inode_of(file) == made);
        if (code == 0) {
            check_ok(mms_write_abort(writer));
            continue;
        }
        check_code(code, -EACCES);
        refused++;
        patch_byte_at(writer, value, 2);
    }
    check_true(refused > 0);
    check_true(inode_of(file) == made);
    check_ok(mms_writer_close(writer));
}

/* Where the size is not given, a smaller file will do. */
static void changes_of_a_given_size_are_not_made_smaller(void **state)
{
    enum { GIVEN = 1 << 20 };
    const char *path = scratch_path(state, "region"), *file = scratch_path(state, "region/changes");
    mms_writer_options options = sample_options();
    mms_writer *writer;
    size_t size;
    void *buffer;

    options.changes_size = GIVEN;
    writer = sample_writer_with(path, options);
    publish_text(writer, "value");
    fail_from_here(INJECT_fallocate, 1, ENOSPC, 1); /* the next one would do */
    check_code(mms_write_update(writer, 10, &buffer, &size, NULL), -ENOSPC);
    inject_disarm();
    check_detail_mentions("give a smaller options.changes_size");
    check_true(access(file, F_OK) != 0);
    check_ok(mms_write_update(writer, 10, &buffer, &size, NULL));
    check_ok(mms_write_abort(writer));
    check_equal(file_size(path, "changes"), sizeof(struct mms__changes) + GIVEN);
    check_ok(mms_writer_close(writer));
}

static void changes_that_are_written_in_pieces_are_whole(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);
    size_t size;
    void *buffer;

    fail_from_here(INJECT_pwrite, 1, INJECT_SHORT, 3);
    check_ok(mms_write_update(writer, 10, &buffer, &size, NULL));
    inject_disarm();
    check_equal(counts->failed, 3);
    check_ok(mms_write_abort(writer));
    check_ok(mms_verify(path, NULL, NULL));
    check_ok(mms_writer_close(writer));
}

/* A set that gets no memory for more ranges merges the ones it has. */
static void ranges_without_memory_are_merged_and_not_lost(void **state)
{
    struct mms__range_set set = {0};

    (void)state;
    mms__range_set_add(&set, 0, 1);
    fail_from_here(INJECT_realloc, 1, ENOMEM, FOR_GOOD);
    for (uint64_t i = 1; i < 2000; i++)
        mms__range_set_add(&set, i * 37 % 2000 * 10, 1);
    inject_disarm();
    check_true(counts->failed > 0);
    check_true(!set.everything && set.count <= set.capacity);
    mms__range_set_merge(&set);
    for (uint64_t i = 0, k = 0; i < 2000; i++) {
        while (k < set.count && set.ranges[k].offset + set.ranges[k].length <= i * 10)
            k++;
        check_true(k < set.count && set.ranges[k].offset <= i * 10);
    }
    mms__range_set_free(&set);
}

/* Without memory for even one range everything counts as touched: no change is missed, and
   mms_changes cannot say what changed. */
static void touches_without_memory_count_as_everything(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();
    mms_writer *writer;
    mms_region *region;
    mms_reader *reader;
    uint64_t before;
    size_t size;
    void *buffer;

    options.check_touch = true;
    writer = sample_writer_with(path, options);
    before = publish_text(writer, "0123456789");
    check_ok(mms_write_update(writer, 0, &buffer, &size, NULL));
    memcpy(buffer, "xx", 2);
    fail_from_here(INJECT_realloc, 1, ENOMEM, FOR_GOOD);
    check_ok(mms_write_touch(writer, 0, 1));
    check_ok(mms_write_commit(writer, size, NULL));
    inject_disarm();
    check_equal(counts->failed, 1);
    region = sample_region(path);
    reader = sample_reader(region);
    check_holds(reader, "xx23456789");
    check_code(mms_changes(reader, before, NULL, 0, &size), MMS_E_FORGOTTEN);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

/* As on a full disk, if the file shares its blocks with a copy. */
static void commit_without_room_for_its_record_can_be_made_again(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);
    size_t size;
    void *buffer;

    publish_text(writer, "0123456789");
    check_ok(mms_write_update(writer, 0, &buffer, &size, NULL));
    check_ok(mms_write_patch(writer, 0, "x", 1));
    mms__native_writer_of(writer)->front.place.shares_blocks = true;
    fail_from_here(INJECT_madvise, 1, EFAULT, FOR_GOOD);
    check_true(mms_write_commit(writer, size, NULL) < 0);
    inject_disarm();
    check_detail_mentions("no room for its file `changes`");
    check_copies(path, "0123456789");
    check_ok(mms_write_commit(writer, size, NULL));
    check_copies(path, "x123456789");
    check_ok(mms_writer_close(writer));
}

/* A durable commit that can be made again, and is, with more bytes than before. */
static void a_larger_commit_after_one_that_failed_tells_all(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();
    mms_writer *writer;
    mms_region *region;
    mms_reader *reader;
    uint64_t before;
    mms_range ranges[4];
    size_t size, count;
    void *buffer;

    options.durable = MMS_DURABLE_COMMIT;
    options.max_slots = 5;
    writer = sample_writer_with(path, options);
    before = publish_text(writer, "0123456789");
    check_ok(mms_write_update(writer, 0, &buffer, &size, NULL));
    check_ok(mms_write_patch(writer, 1, "x", 1));
    check_ok(mms_write_patch(writer, 8, "x", 1));
    close_file_named(scratch_path(state, "region/durable"));
    fail_from_here(INJECT_openat, 1, EMFILE, FOR_GOOD);
    check_code(mms_write_commit(writer, 5, NULL), -EMFILE);
    inject_disarm();
    check_ok(mms_write_commit(writer, 10, NULL));
    region = sample_region(path);
    reader = sample_reader(region);
    check_holds(reader, "0x234567x9");
    check_ok(mms_changes(reader, before, ranges, 4, &count));
    check_true(count == 2 && ranges[0].offset == 1 && ranges[1].offset == 8);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static const char *file_to_close;

static void close_that_file(void)
{
    close_file_named(file_to_close);
}

/* Fail a commit of 5 bytes of an update that has touched bytes past those, by closing `durable` before its call number
   `nth` to libc, and make it again with 10. Then ask what has changed since the value before it; 1: the first commit did not
   fail for that. */
static int commit_twice(mms_writer *writer, unsigned nth)
{
    uint64_t before = publish_text(writer, "0123456789");
    mms_range ranges[4];
    mms_region *region;
    mms_reader *reader;
    size_t size, count;
    void *buffer;
    int code;

    check_ok(mms_write_update(writer, 0, &buffer, &size, NULL));
    check_ok(mms_write_patch(writer, 1, "x", 1));
    check_ok(mms_write_patch(writer, 8, "x", 1));
    inject_before(nth, close_that_file);
    fail_from_here(INJECT_openat, 1, EMFILE, FOR_GOOD);
    code = mms_write_commit(writer, 5, NULL);
    inject_disarm();
    if (code != -EMFILE)
        return 1;
    check_ok(mms_write_commit(writer, 10, NULL));
    region = sample_region(writer->place.path);
    reader = sample_reader(region);
    check_holds(reader, "0x234567x9");
    code = mms_changes(reader, before, ranges, 4, &count);
    if (code == 0)
        check_true(count == 2 && ranges[0].offset == 1 && ranges[1].offset == 8);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    return code;
}

/* A host may close a file between the look for it and its use, when the record is made. What it left out counts as changed. */
static void a_larger_commit_after_one_that_failed_late_forgets(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();
    unsigned told = 0, forgotten = 0;
    int code = 0;

    file_to_close = scratch_path(state, "region/durable");
    options.durable = MMS_DURABLE_COMMIT;
    options.max_slots = 5;
    for (unsigned nth = 1; code != 1; nth++) {
        mms_writer *writer = sample_writer_with(path, options);

        code = commit_twice(writer, nth);
        told += code == 0;
        forgotten += code == MMS_E_FORGOTTEN;
        check_ok(mms_writer_close(writer));
        if (code != 1)
            check_copies(path, "0x234567x9");
        check_ok(mms_remove(path));
    }
    check_true(told > 0 && forgotten > 0);
}

/* ---- Tables ---- */

/* Keys must not share a bucket on purpose (T5), so without random numbers there is no table. */
static void a_table_that_gets_no_seed_is_not_made(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);
    mms_table_options options = MMS_TABLE_OPTIONS_INIT;
    mms_table *table;

    fail_from_here(INJECT_getrandom, 1, EPERM, FOR_GOOD);
    check_code(mms_table_begin(writer, NULL, &table), -EPERM);
    check_detail_mentions("no random numbers for its seed");
    options.seed[0] = 1;
    check_ok(mms_table_begin(writer, &options, &table));
    inject_disarm();
    check_ok(mms_table_put(table, "key", 3, "value", 5));
    check_ok(mms_table_commit(table, NULL));
    check_ok(mms_writer_close(writer));
}

static void a_table_that_gets_no_memory_can_be_begun_and_checked_later(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);
    mms_table_view found;
    mms_table *table;
    mms_view view;

    fail_from_here(INJECT_calloc, 1, ENOMEM, FOR_GOOD);
    check_code(mms_table_begin(writer, NULL, &table), -ENOMEM);
    inject_disarm();
    check_detail_mentions(path);
    check_ok(mms_table_begin(writer, NULL, &table));
    check_ok(mms_table_put(table, "key", 3, "value", 5));
    check_ok(mms_table_commit(table, NULL));
    check_ok(mms_read(reader, &view));
    check_ok(mms_table_of(&view, &found));
    fail_from_here(INJECT_calloc, 1, ENOMEM, FOR_GOOD);
    check_code(mms_table_check(&found), -ENOMEM);
    inject_disarm();
    check_detail_mentions("checking a table");
    check_ok(mms_table_check(&found));
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        answers_test(a_slot_that_gets_no_memory_for_its_list_is_not_called_ready),
        answers_test(owner_that_cannot_be_given_is_an_error_of_the_update),
        answers_test(room_for_changes_that_is_refused_is_told),
        answers_test(changes_that_cannot_be_looked_at_stay),
        answers_test(changes_of_a_given_size_are_not_made_smaller),
        answers_test(changes_that_are_written_in_pieces_are_whole),
        answers_test(ranges_without_memory_are_merged_and_not_lost),
        answers_test(touches_without_memory_count_as_everything),
        answers_test(commit_without_room_for_its_record_can_be_made_again),
        answers_test_on_disk(a_larger_commit_after_one_that_failed_tells_all),
        answers_test_on_disk(a_larger_commit_after_one_that_failed_late_forgets),
        answers_test(a_table_that_gets_no_seed_is_not_made),
        answers_test(a_table_that_gets_no_memory_can_be_begun_and_checked_later),
    };

    counts = inject_share();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
