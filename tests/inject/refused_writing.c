/* SPDX-License-Identifier: Apache-2.0 */
/* Writing while the kernel refuses one thing that it needs, or after the host has closed a file: no
   value is lost, and the next write goes on if it can. */
#include "answers.h"
#include "mmap_sync_sample.h"
#include "os/file.h"
#include "region/layout.h"
#include "region/writer.h"
#include "sample.h"
#include "scratch.h"
#include <fcntl.h>
#include <linux/magic.h>
#include <mmsync/durable.h>
#include <mmsync/history.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* There the mapping does not keep the lock, so another writer may have it. */
static void writer_whose_host_closed_its_lock_on_overlayfs_writes_no_more(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer;
    void *buffer;
    size_t size;

    inject_filesystem(OVERLAYFS_SUPER_MAGIC);
    writer = sample_writer(path);
    publish_text(writer, "older");
    publish_text(writer, "value");
    close_file_named(scratch_path(state, "region/lock"));
    check_code(mms_write(writer, "x", 1, NULL), MMS_E_GONE);
    check_detail_mentions("open the writer again");
    check_code(mms_write_begin(writer, 1, &buffer, NULL), MMS_E_GONE);
    check_code(mms_write_update(writer, 0, &buffer, &size, NULL), MMS_E_GONE);
    check_code(mms_write_rollback(writer, 0, NULL), MMS_E_GONE);
    check_copies(path, "value");
    check_ok(mms_writer_close(writer));
    inject_filesystem(0);
}

static void write_goes_on_after_signals_and_ends_where_nothing_is_taken(void **state)
{
    int fd = open(scratch_path(state, "file"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    char bytes[8];

    check_true(fd >= 0);
    fail_from_here(INJECT_pwrite, 1, EINTR, 2);
    check_equal(mms__write_at(fd, "value", 5, 0), 0);
    check_equal(counts->failed, 2);
    check_true(pread(fd, bytes, sizeof bytes, 0) == 5 && memcmp(bytes, "value", 5) == 0);
    fail_from_here(INJECT_pwrite, 1, INJECT_SHORT, FOR_GOOD); /* half, half of the rest, at last nothing */
    check_equal(mms__write_at(fd, "value", 5, 0), -ENOSPC);
    fail_from_here(INJECT_pwrite, 1, EIO, 1);
    check_equal(mms__write_at(fd, "value", 5, 0), -EIO);
    inject_disarm();
    close(fd);
}

/* ---- membarrier ---- */

static bool readers_are_to_be_symmetric(const char *path)
{
    mms_info info;

    check_ok(mms_inspect(path, &info));
    return info.symmetric;
}

/* As a reader of version 0.1.0: only a heavy fence frees its slots. */
static void say_nothing(const char *path)
{
    patch_bytes(path, "readers", offsetof(struct mms__readers, lines[0].flags), &(uint32_t){0}, 4);
}

/* A lack of memory passes. A refusal by a filter or by the kernel stays. */
static void membarrier_that_finds_no_memory_is_asked_again(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);
    int code = 0;

    if (readers_are_to_be_symmetric(path))
        skip_because("membarrier(2) is refused here");
    publish_text(writer, "value");
    check_reads(reader, "value");
    say_nothing(path);
    fail_from_here(INJECT_membarrier, 1, ENOMEM, 2); /* over within a call */
    for (int i = 0; i < 20; i++)
        publish_text(writer, "other");
    fail_from_here(INJECT_membarrier, 1, ENOMEM, FOR_GOOD); /* it stays: what readers hold is unknown */
    for (int i = 0; i < 20 && code == 0; i++)
        code = mms_write(writer, "x", 1, NULL);
    check_code(code, MMS_E_AGAIN);
    inject_disarm();
    for (int i = 0; i < 20; i++)
        publish_text(writer, "later");
    check_true(!readers_are_to_be_symmetric(path));
    check_ok(mms_writer_close(writer));
    fail_from_here(INJECT_membarrier, 1, ENOMEM, FOR_GOOD);
    writer = sample_writer(path);
    inject_disarm();
    check_true(!readers_are_to_be_symmetric(path));
    publish_text(writer, "last");
    check_reads(reader, "last");
    fail_from_here(INJECT_membarrier, 1, EPERM, 1);
    for (int i = 0; i < 20 && !readers_are_to_be_symmetric(path); i++)
        (void)mms_write(writer, "x", 1, NULL);
    check_true(readers_are_to_be_symmetric(path));
    inject_disarm();
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

/* ---- The end of the generations ---- */

/* A free slot's memory is freed only under a new generation word, or a copy would find zeros under
   a good one (G1). */
static void without_generations_no_memory_is_given_back(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer;
    uint64_t blocks;
    void *buffer;

    sample_closed_region(path, "value");
    patch_word(path, "control", offsetof(struct mms__control, floor), MMS__GENERATION_MAX - 8);
    writer = sample_writer(path);
    for (int i = 0; i < 7; i++)
        publish_text(writer, "value");
    check_ok(mms_write_begin(writer, 1, &buffer, NULL)); /* the last */
    check_true(mms__native_writer_of(writer)->pool.free_count > 0);
    blocks = file_blocks(path, "data");
    fail_from_here(INJECT_fallocate, 1, ENOSPC, 1);
    check_code(mms_write_grow(writer, 50000, &buffer), -ENOSPC);
    inject_disarm();
    check_equal(file_blocks(path, "data"), blocks);
    check_ok(mms_write_abort(writer));
    check_code(mms_write(writer, "x", 1, NULL), MMS_E_EXHAUSTED);
    check_ok(mms_writer_close(writer));
    check_copies(path, "value");
}

/* ---- A file that a host has closed, and room for a few words ---- */

/* Its schema goes behind the value, which may be in the middle of what was begun. */
static void a_shorter_commit_that_failed_leaves_the_rest(void **state)
{
    const char *path = scratch_path(state, "region");
    const uint64_t type_id[2] = {1, 2};
    unsigned char wanted[8192];
    mms_writer *writer;
    mms_region *region;
    mms_reader *reader;
    mms_writer_options options = sample_options();
    mms_view view;
    void *buffer;

    options.durable = MMS_DURABLE_COMMIT;
    options.max_slots = 5;
    writer = sample_writer_with(path, options);
    memset(wanted, 'w', sizeof wanted);
    check_ok(mms_write_begin(writer, sizeof wanted, &buffer, NULL));
    memcpy(buffer, wanted, sizeof wanted);
    check_ok(mms_write_set_type(writer, type_id, "a schema", 9));
    close_file_named(scratch_path(state, "region/durable"));
    fail_from_here(INJECT_openat, 1, EMFILE, FOR_GOOD);
    check_code(mms_write_commit(writer, 64, NULL), -EMFILE);
    inject_disarm();
    check_ok(mms_write_commit(writer, sizeof wanted, NULL));
    region = sample_region(path);
    reader = sample_reader(region);
    check_ok(mms_read(reader, &view));
    check_equal(view.size, sizeof wanted);
    check_memory(view.data, wanted, sizeof wanted);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

/* A value that comes back in its place gets new words, for which a file that shares its blocks may need room. */
static void going_back_without_room_for_its_words_can_be_tried_again(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);
    struct mms__pool *pool = &mms__native_writer_of(writer)->pool;
    mms_receipt receipt = {.generation = 4711};

    publish_text(writer, "older");
    publish_text(writer, "newer");
    pool->shares_blocks = true;
    fail_from_here(INJECT_madvise, 1, EFAULT, FOR_GOOD);
    check_code(mms_write_rollback(writer, 0, &receipt), -ENOSPC);
    inject_disarm();
    check_detail_mentions(path);
    check_equal(receipt.generation, 4711);
    check_copies(path, "newer");
    check_true(mms__pool_invariant(pool) == NULL);
    check_ok(mms_write_rollback(writer, 0, &receipt));
    check_copies(path, "older");
    check_ok(mms_writer_close(writer));
}

/* Other slots could give up theirs, if the writer had the file. Two stores to words come first, each to all pages. */
static void a_write_without_room_or_file_says_that_it_has_no_room(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);
    struct mms__pool *pool = &mms__native_writer_of(writer)->pool;
    struct rlimit usual;
    int code;

    for (int i = 0; i < 10; i++)
        publish_text(writer, "value");
    close_file_named(scratch_path(state, "region/data"));
    pool->shares_blocks = true;
    check_true(getrlimit(RLIMIT_NOFILE, &usual) == 0);
    check_true(setrlimit(RLIMIT_NOFILE, &(struct rlimit){0, usual.rlim_max}) == 0);
    fail_from_here(INJECT_madvise, 3, EFAULT, FOR_GOOD);
    code = mms_write(writer, "x", 1, NULL);
    inject_disarm();
    check_true(setrlimit(RLIMIT_NOFILE, &usual) == 0);
    check_code(code, -ENOSPC);
    check_detail_mentions("no room for another");
    check_copies(path, "value");
    publish_text(writer, "next");
    check_copies(path, "next");
    check_ok(mms_writer_close(writer));
}

/* A host that closed a file of a durable region has none to spare for it: the older value is still there afterwards. */
static void going_back_without_a_file_can_be_tried_again(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();
    mms_writer *writer;

    options.durable = MMS_DURABLE_COMMIT;
    options.max_slots = 5;
    options.keep = 2;
    writer = sample_writer_with(path, options);
    for (const char *const *text = (const char *[]){"oldest", "older", "old", "newest", NULL}; *text; text++)
        publish_text(writer, *text);
    close_file_named(scratch_path(state, "region/durable"));
    fail_from_here(INJECT_openat, 1, EMFILE, FOR_GOOD);
    check_code(mms_write_rollback(writer, 2, NULL), -EMFILE);
    inject_disarm();
    check_copies(path, "newest");
    check_true(mms__pool_invariant(&mms__native_writer_of(writer)->pool) == NULL);
    check_ok(mms_write_rollback(writer, 2, NULL));
    check_copies(path, "older");
    check_ok(mms_writer_close(writer));
}

/* ---- Replacing ---- */

static void print_finding(void *unused, const char *finding)
{
    (void)unused;
    fprintf(stderr, "%s\n", finding);
}

/* Wherever the room ends, also for the value itself, the old region is as it was. */
static void replacement_without_room_leaves_the_old_region(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();
    unsigned calls = 1, refused = 0;
    mms_writer *writer = sample_writer(path);

    publish_text(writer, "kept");
    check_ok(mms_writer_close(writer));
    options.replace = true;
    for (unsigned nth = 0; nth <= calls; nth++) {
        int code;

        options.max_slots = 5 + nth; /* never as it is */
        fail_from_here(INJECT_fallocate, nth, ENOSPC, FOR_GOOD);
        code = mms_writer_open(path, &options, &writer);
        calls = nth == 0 ? counts->of[INJECT_fallocate] : calls;
        inject_disarm();
        if (code != 0) {
            check_code(code, -ENOSPC);
            refused++;
        }
        check_ok(mms_writer_close(writer));
        check_copies(path, "kept");
        check_ok(mms_verify(path, print_finding, NULL));
    }
    check_equal(refused, calls);
    check_detail_mentions("no room for its value of 4 bytes; the region stays as it was");
}

/* ---- Files of mmap-sync ---- */

/* A file with the wrong rights would be found and used by the next open, so it is not left. */
static void mode_that_cannot_be_set_leaves_no_file_of_mmap_sync(void **state)
{
    const char *path = scratch_path(state, "prefix");
    mms_mmap_sync_writer_options mmap_sync = MMS_MMAP_SYNC_WRITER_OPTIONS_INIT;
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    mms_writer *writer;

    options.mmap_sync = &mmap_sync;
    options.mode = options.readers_mode = 0600;
    fail_from_here(INJECT_fchmod, 1, EPERM, 1);
    check_code(mms_writer_open(crate_path(path), &options, &writer), -EPERM);
    inject_disarm();
    check_detail_mentions(path);
    check_true(access(scratch_path(state, "prefix_state"), F_OK) != 0);
    check_ok(mms_writer_open(crate_path(path), &options, &writer));
    for (int i = 0; i < 2; i++) {
        fail_from_here(INJECT_fchmod, 1, EPERM, 1);
        check_code(mms_write(writer, "value", 5, NULL), -EPERM);
        inject_disarm();
        check_true(access(scratch_path(state, i == 0 ? "prefix_data_0" : "prefix_data_1"), F_OK) != 0);
        publish_text(writer, "value");
        check_copies(path, "value");
    }
    check_ok(mms_writer_close(writer));
}

static void quota_of_inodes_is_told_for_files_of_mmap_sync(void **state)
{
    const char *path = scratch_path(state, "prefix");
    mms_writer *writer = mmap_sync_writer(path, MMS_NO_WAIT, false);
    unsigned told = 0;
    int code = -EDQUOT;

    for (unsigned nth = 1; code != 0; nth++) { /* some of these calls only look for the file */
        fail_from_here(INJECT_openat, nth, EDQUOT, 1);
        code = mms_write(writer, "value", 5, NULL);
        told += code != 0 && strstr(mms_last_error(), "df -i");
        inject_disarm();
        if (code != 0)
            check_code(code, -EDQUOT);
    }
    check_true(told > 0);
    check_copies(path, "value");
    check_ok(mms_writer_close(writer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        answers_test(writer_whose_host_closed_its_lock_on_overlayfs_writes_no_more),
        answers_test(write_goes_on_after_signals_and_ends_where_nothing_is_taken),
        answers_test(membarrier_that_finds_no_memory_is_asked_again),
        answers_test(without_generations_no_memory_is_given_back),
        answers_test_on_disk(a_shorter_commit_that_failed_leaves_the_rest),
        answers_test(going_back_without_room_for_its_words_can_be_tried_again),
        answers_test(a_write_without_room_or_file_says_that_it_has_no_room),
        answers_test_on_disk(going_back_without_a_file_can_be_tried_again),
        answers_test(replacement_without_room_leaves_the_old_region),
        answers_test(mode_that_cannot_be_set_leaves_no_file_of_mmap_sync),
        answers_test(quota_of_inodes_is_told_for_files_of_mmap_sync),
    };

    counts = inject_share();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
