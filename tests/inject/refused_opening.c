/* SPDX-License-Identifier: Apache-2.0 */
/* Creating, opening and looking at a region while the kernel refuses one thing that this needs:
   the error names it, and everything stays as it was. */
#include "answers.h"
#include "forked.h"
#include "handle/place.h"
#include "mmap_sync_sample.h"
#include "os/process.h"
#include "sample.h"
#include "scratch.h"
#include <linux/magic.h>
#include <mmsync/durable.h>
#include <mmsync/history.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- In a process that has not called the library before ---- */

static void in_fresh_processes(void **state, forked_part *part)
{
    const char *path = scratch_path(state, "region");

    in_child(make_region, (void *)(uintptr_t)path);
    in_child(part, (void *)(uintptr_t)path);
}

/* pthread_key_create returns EAGAIN for a lack of memory, and does not mean somebody's lock. */
static void open_without_thread_keys(void *path)
{
    mms_region *region;
    mms_writer *writer;

    fail_from_here(INJECT_pthread_key_create, 1, EAGAIN, FOR_GOOD);
    check_code(mms_region_open(path, NULL, &region), -ENOMEM);
    check_true(region == NULL);
    fail_from_here(INJECT_pthread_key_create, 1, ENOMEM, FOR_GOOD);
    check_code(mms_region_open(path, NULL, &region), -ENOMEM);
    check_code(mms_writer_open(path, NULL, &writer), -ENOMEM);
    check_true(writer == NULL);
    inject_disarm();
    check_copies(path, "value");
}

static void first_region_without_a_thread_key_is_no_memory(void **state)
{
    in_fresh_processes(state, open_without_thread_keys);
}

static void name_a_thread_without_keys(void *unused)
{
    (void)unused;
    fail_from_here(INJECT_pthread_key_create, 1, EAGAIN, FOR_GOOD);
    check_equal(mms__thread_token(), 0);
    inject_disarm();
    check_true(mms__thread_token() != 0);
}

static void thread_without_a_key_has_no_token(void **state)
{
    in_fresh_processes(state, name_a_thread_without_keys);
}

/* A value on a disk may be older than this boot, and nobody can tell without the boot's id. */
static void look_while(const char *path, enum inject_kind kind, int error, int code)
{
    mms_writer_options options = sample_options();

    fail_from_here(kind, 1, error, FOR_GOOD);
    check_code(mms_inspect(path, &(mms_info){0}), code);
    check_detail_mentions("boot_id");
    check_code(mms_verify(path, NULL, NULL), code);
    check_detail_mentions("boot_id");
    check_code(mms_history(path, NULL, 0, &(size_t){0}), code);
    check_detail_mentions("boot_id");
    check_code(mms_region_open(path, NULL, &(mms_region *){NULL}), code);
    check_detail_mentions("boot_id");
    check_code(mms_writer_open(path, &options, &(mms_writer *){NULL}), code);
    check_detail_mentions("boot_id");
    inject_disarm();
}

static void look_without_boot_id(void *path)
{
    look_while(path, INJECT_open, EMFILE, -EMFILE);
    look_while(path, INJECT_read, EIO, -EIO);
    look_while(path, INJECT_read, INJECT_SHORT, -EIO); /* no bytes, so no id */
    check_copies(path, "value");
    check_ok(mms_inspect(path, &(mms_info){0}));
    check_ok(mms_verify(path, NULL, NULL));
}

static void nothing_on_disk_is_opened_without_the_boot_id(void **state)
{
    in_fresh_processes(state, look_without_boot_id);
}

/* ---- Creating and opening ---- */

static void file_system_without_a_name_is_told_by_its_number(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();
    mms_writer *writer;

    inject_filesystem(0x12345678);
    check_code(mms_writer_open(path, &options, &writer), MMS_E_FILESYSTEM);
    check_detail_mentions("type 0x12345678");
    options.force_filesystem = true;
    check_ok(mms_writer_open(path, &options, &writer));
    publish_text(writer, "forced");
    check_code(mms_region_open(path, NULL, &(mms_region *){NULL}), MMS_E_FILESYSTEM);
    inject_filesystem(0);
    check_copies(path, "forced");
    check_ok(mms_writer_close(writer));
}

static void overlayfs_that_cannot_rename_directories_is_named(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();
    mms_writer *writer;

    fail_from_here(INJECT_renameat2, 1, EXDEV, 1);
    check_code(mms_writer_open(path, &options, &writer), -EXDEV);
    check_detail_mentions("extended attributes");
    inject_disarm();
    sample_closed_region(path, "value");
}

/* Old file systems, filters and sticky directories refuse the rename. */
static void renameat2_that_is_refused_is_told_with_what_to_do(void **state)
{
    const int refusals[] = {EINVAL, ENOSYS, EPERM};
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();
    mms_writer *writer;

    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        fail_from_here(INJECT_renameat2, 1, refusals[i], 1);
        check_code(mms_writer_open(path, &options, &writer), -refusals[i]);
        check_detail_mentions("renameat2(2) is refused");
        inject_disarm();
        sample_closed_region(path, "value");
        fail_from_here(INJECT_renameat2, 1, refusals[i], 1);
        check_code(mms_remove(path), -refusals[i]);
        check_detail_mentions("renameat2(2) is refused");
        inject_disarm();
        check_copies(path, "value"); /* it stays as it was */
        check_ok(mms_remove(path));
    }
}

/* The file system may have room for data but no inode for a new name: for the directory, `lock`
   and the three files. */
static void check_no_room_is_told(const char *path, int error)
{
    mms_writer_options options = sample_options();
    mms_writer *writer;
    unsigned told = 0;
    int code = -error;

    fail_from_here(INJECT_mkdirat, 1, error, 1);
    check_code(mms_writer_open(path, &options, &writer), -error);
    check_detail_mentions("df -i");
    for (unsigned nth = 1; code != 0; nth++) {
        fail_from_here(INJECT_openat, nth, error, 1);
        code = mms_writer_open(path, &options, &writer);
        told += code != 0 && strstr(mms_last_error(), "df -i");
        inject_disarm();
        if (code != 0)
            check_code(code, -error);
    }
    check_equal(told, 4);
    check_ok(mms_writer_close(writer));
    check_ok(mms_remove(path));
}

static void file_system_without_inodes_is_told_as_such(void **state)
{
    check_no_room_is_told(scratch_path(state, "region"), ENOSPC);
    check_no_room_is_told(scratch_path(state, "region"), EDQUOT); /* for this user */
}

static void file_system_without_room_is_told_as_such(void **state)
{
    static const int errors[] = {ENOSPC, EDQUOT};
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();
    mms_writer *writer;

    for (int i = 0; i < 2; i++) {
        fail_from_here(INJECT_fallocate, 1, errors[i], FOR_GOOD);
        check_code(mms_writer_open(path, &options, &writer), -errors[i]);
        inject_disarm();
        check_detail_mentions("no room for its file `control`; ");
        check_true(access(path, F_OK) != 0);
    }
    check_ok(mms_writer_open(path, &options, &writer));
    check_ok(mms_writer_close(writer));
}

/* Files are reserved by faulting them in where there may be huge pages; if they cannot be mapped,
   by fallocate(2). */
static void create_without_maps(void *directory)
{
    mms_writer_options options = sample_options();
    unsigned calls = 1, made = 0;
    char path[600];

    snprintf(path, sizeof path, "%s/region", (const char *)directory);
    for (unsigned nth = 0; nth <= calls; nth++) {
        mms_writer *writer;
        int code;

        fail_from_here(INJECT_mmap, nth, ENOMEM, 1);
        code = mms_writer_open(path, &options, &writer);
        calls = nth == 0 ? counts->of[INJECT_mmap] : calls;
        inject_disarm();
        if (code == 0) {
            made++;
            publish_text(writer, "value");
            check_copies(path, "value");
            check_ok(mms_writer_close(writer));
            check_ok(mms_remove(path));
        } else {
            check_code(code, -ENOMEM);
        }
    }
    check_true(made >= 3); /* also without a mapping of one of the two files that are reserved */
}

static void huge_page_file_that_cannot_be_mapped_is_reserved_otherwise(void **state)
{
    const char *directory = scratch_path(state, "huge");

    check_true(mkdir(directory, 0755) == 0);
    in_child_with_mount("tmpfs", "huge=always", directory, create_without_maps, (void *)(uintptr_t)directory);
}

static bool changes_unread;

static void note_changes_unread(void *context, const char *finding)
{
    (void)context;
    changes_unread |= strstr(finding, "`changes` may not be read by this user") != NULL;
}

/* Errors of reserving other than "no room", and a verifier that may not read `changes`. Which
   openat that is, is found by trying. */
static void other_refusals_are_told_as_they_are(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();
    mms_writer *writer;
    size_t size;
    void *buffer;
    bool told = false;

    fail_from_here(INJECT_fallocate, 1, EIO, FOR_GOOD);
    check_code(mms_writer_open(path, &options, &writer), -EIO);
    check_detail_mentions("reserving room for its file");
    inject_disarm();
    check_ok(mms_writer_open(path, &options, &writer));
    check_ok(mms_write_update(writer, 8, &buffer, &size, NULL));
    memset(buffer, 1, 8);
    check_ok(mms_write_commit(writer, 8, NULL));
    for (unsigned nth = 1; nth < 20; nth++) {
        fail_from_here(INJECT_openat, nth, EACCES, 1);
        told |= mms_verify(path, note_changes_unread, NULL) == 0 && changes_unread;
        inject_disarm();
    }
    check_true(told);
    check_ok(mms_writer_close(writer));
    check_ok(mms_remove(path));
}

/* EPERM is not for want of permission: chattr(1) has made the file so. */
static void immutable_file_is_told_as_such(void **state)
{
    const char *path = scratch_path(state, "region");
    bool told = false;

    sample_closed_region(path, "value");
    for (unsigned nth = 1; nth < 20; nth++) {
        mms_writer *writer = NULL;

        fail_from_here(INJECT_openat, nth, EPERM, 1);
        told |= mms_writer_open(path, NULL, &writer) == -EPERM && strstr(mms_last_error(), "lsattr");
        inject_disarm();
        check_ok(mms_writer_close(writer));
    }
    check_true(told);
}

/* The others may be read all the same. */
static void immutable_table_leaves_copies(void **state)
{
    const char *path = scratch_path(state, "region");
    unsigned told = 0;

    sample_closed_region(path, "value");
    for (unsigned nth = 1; nth < 20; nth++) {
        mms_region *region = NULL;
        mms_reader *reader = NULL;
        char copy[8];
        size_t size;
        int code;

        fail_from_here(INJECT_openat, nth, EPERM, 1);
        code = mms_region_open(path, NULL, &region);
        inject_disarm();
        if (code == 0 && mms_reader_open(region, &reader) != 0) {
            check_code(mms_reader_open(region, &(mms_reader *){NULL}), MMS_E_READ_ONLY);
            check_ok(mms_read_copy(region, copy, sizeof copy, &size, NULL));
            check_memory(copy, "value", 5);
            told++;
        }
        check_ok(mms_reader_close(reader));
        check_ok(mms_region_close(region));
    }
    check_equal(told, 1);
}

/* ---- Durable regions ---- */

static mms_writer_options durable_in_place(void)
{
    mms_writer_options options = sample_options();

    options.max_slots = 5;
    options.durable = MMS_DURABLE_COMMIT;
    return options;
}

/* It was made on a disk, and moved (mv, cp). */
static void durable_region_in_memory_is_refused(void **state)
{
    const char *path = scratch_path(state, "region");
    const mms_writer_options options = durable_in_place();
    mms_writer *writer = sample_writer_with(path, options);

    publish_text(writer, "value");
    check_ok(mms_writer_close(writer));
    inject_filesystem(TMPFS_MAGIC);
    check_code(mms_writer_open(path, &options, &writer), MMS_E_FILESYSTEM);
    check_detail_mentions("move it to a disk");
    inject_filesystem(0);
    check_copies(path, "value");
    check_ok(mms_writer_close(sample_writer_with(path, options)));
}

/* Its directories are opened to be synced. */
static void durable_region_without_descriptors_says_what_to_do(void **state)
{
    const char *path = scratch_path(state, "region");
    const mms_writer_options options = durable_in_place();
    unsigned told = 0;

    check_ok(mms_writer_close(sample_writer_with(path, options)));
    for (unsigned nth = 1; nth < 20; nth++) {
        mms_writer *writer = NULL;
        int code;

        fail_from_here(INJECT_openat, nth, EMFILE, 1);
        code = mms_writer_open(path, &options, &writer);
        told += code == -EMFILE && strstr(mms_last_error(), "to the disk; close some files");
        inject_disarm();
        check_ok(mms_writer_close(writer));
    }
    check_equal(told, 1);
}

static bool durable_unread;

static void note_durable_unread(void *context, const char *finding)
{
    (void)context;
    durable_unread |= strstr(finding, "`durable` may not be read by this user") != NULL;
}

/* A verifier that may not read it says so, and finds nothing wrong. */
static void durable_file_that_may_not_be_read_is_noted(void **state)
{
    const char *path = scratch_path(state, "region");
    unsigned told = 0;

    check_ok(mms_writer_close(sample_writer_with(path, durable_in_place())));
    for (unsigned nth = 1; nth < 20; nth++) {
        int code;

        durable_unread = false;
        fail_from_here(INJECT_openat, nth, EACCES, 1);
        code = mms_verify(path, note_durable_unread, NULL);
        inject_disarm();
        told += code == 0 && durable_unread;
    }
    check_equal(told, 1);
}

/* ---- Owners, and what is no region ---- */

static void owner_of_a_bare_name_that_cannot_be_seen_is_not_trusted(void **state)
{
    char directory[512];

    snprintf(directory, sizeof directory, "%s", scratch_path(state, ""));
    directory[strlen(directory) - 1] = 0; /* the scratch directory itself, which is in /dev/shm */
    fail_from_here(INJECT_fstat, 2, EIO, 1);
    check_code(mms_region_open(strrchr(directory, '/') + 1, NULL, &(mms_region *){NULL}), -EIO);
    check_detail_mentions("looking at the owner");
    fail_from_here(INJECT_fstatat, 1, EIO, 1); /* or of a file in it */
    check_code(mms_region_open(strrchr(directory, '/') + 1, NULL, &(mms_region *){NULL}), -EIO);
    check_detail_mentions("looking at the owner");
    inject_disarm();
}

static void owner_of_a_bare_prefix_that_cannot_be_seen_is_not_trusted(void **state)
{
    unsigned calls = 1, told = 0;
    mms_writer *writer;
    char bare[600];

    (void)state;
    snprintf(bare, sizeof bare, "%s-bare", scratch_name());
    writer = mmap_sync_writer(bare, MMS_NO_WAIT, false);
    publish_text(writer, "value");
    check_ok(mms_writer_close(writer));
    for (unsigned nth = 0; nth <= calls; nth++) {
        mms_region *region;
        int code;

        fail_from_here(INJECT_fstat, nth, EIO, 1);
        code = mms_region_open(crate_path(bare), NULL, &region);
        calls = nth == 0 ? counts->of[INJECT_fstat] : calls;
        inject_disarm();
        if (code == 0)
            check_ok(mms_region_close(region));
        else
            check_code(code, -EIO);
        told += code != 0 && strstr(mms_last_error(), "looking at the owner");
    }
    check_equal(told, 1);
    check_ok(mms_remove(crate_path(bare)));
}

/* Each look at what else the directory may be. */
static void what_is_no_region_is_told_whatever_cannot_be_seen(void **state)
{
    const char *path = scratch_path(state, "region");
    unsigned calls = 1;

    check_true(mkdir(path, 0755) == 0);
    for (unsigned nth = 0; nth <= calls; nth++) {
        fail_from_here(INJECT_fstatat, nth, EIO, 1);
        check_code(mms_region_open(path, NULL, &(mms_region *){NULL}), MMS_E_NOT_REGION);
        check_detail_mentions("it is left as it is");
        calls = nth == 0 ? counts->of[INJECT_fstatat] : calls;
        inject_disarm();
    }
    check_true(calls > 1);
}

/* Without /proc, or without descriptors, the overflow user is assumed to be the usual one. */
static void users_are_told_apart_without_files(void **state)
{
    const struct mms__trust known = {.trust_owner = true, .trusted_uid = 4711};
    const struct mms__trust nobody = {.trust_owner = true, .trusted_uid = NOBODY};
    unsigned usual = 0;
    FILE *file = fopen("/proc/sys/kernel/overflowuid", "re");

    (void)state;
    check_true(file && fscanf(file, "%u", &usual) == 1 && fclose(file) == 0);
    for (unsigned times = 1; times <= 2; times++) {
        fail_from_here(INJECT_open, 1, EMFILE, times);
        check_true(mms__uid_is_trusted(4711, &known));
        check_equal(counts->failed, times);
        fail_from_here(INJECT_open, 1, EMFILE, times);
        check_equal(mms__uid_is_trusted(NOBODY, &nobody), times == 1 && usual != NOBODY);
        inject_disarm();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        answers_test_on_disk(nothing_on_disk_is_opened_without_the_boot_id), /* before this process calls the library */
        answers_test(first_region_without_a_thread_key_is_no_memory),
        answers_test(thread_without_a_key_has_no_token),
        answers_test(file_system_without_a_name_is_told_by_its_number),
        answers_test(overlayfs_that_cannot_rename_directories_is_named),
        answers_test(renameat2_that_is_refused_is_told_with_what_to_do),
        answers_test(file_system_without_inodes_is_told_as_such),
        answers_test(file_system_without_room_is_told_as_such),
        answers_test(other_refusals_are_told_as_they_are),
        answers_test(immutable_file_is_told_as_such),
        answers_test(immutable_table_leaves_copies),
        answers_test_on_disk(durable_region_in_memory_is_refused),
        answers_test_on_disk(durable_region_without_descriptors_says_what_to_do),
        answers_test_on_disk(durable_file_that_may_not_be_read_is_noted),
        answers_test(owner_of_a_bare_name_that_cannot_be_seen_is_not_trusted),
        answers_test(owner_of_a_bare_prefix_that_cannot_be_seen_is_not_trusted),
        answers_test(what_is_no_region_is_told_whatever_cannot_be_seen),
        answers_test(users_are_told_apart_without_files),
        answers_test(huge_page_file_that_cannot_be_mapped_is_reserved_otherwise),
    };

    counts = inject_share();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
