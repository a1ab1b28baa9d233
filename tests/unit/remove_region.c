/* SPDX-License-Identifier: Apache-2.0 */
/* ctest: waits */
/* mms_remove, and sweeping what dead creators and removers left (region/remove.c). */
#include "forked.h"
#include "region/layout.h"
#include "sample.h"
#include "scratch.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void removed_region_leaves_no_file(void **state)
{
    const char *path = scratch_path(state, "region");

    sample_closed_region(path, "value");
    check_ok(mms_remove(path));
    check_true(access(path, F_OK) != 0);
    check_code(mms_remove(path), -ENOENT);
    sample_closed_region(path, "anew");
    check_copies(path, "anew");
}

static void open_handles_find_the_region_gone(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_region *region;
    mms_reader *holding, *idle, *fresh;
    mms_view view;
    char byte;

    sample_closed_region(path, "value");
    region = sample_region(path);
    holding = sample_reader(region);
    idle = sample_reader(region);
    view = check_holds(holding, "value");
    check_reads(idle, "value");
    check_ok(mms_remove(path));
    check_memory(view.data, "value", 5); /* what is held stays */
    check_code(mms_read(idle, &view), MMS_E_GONE);
    check_detail_mentions("open the region again");
    check_code(mms_refresh(holding, &view), MMS_E_GONE);
    check_code(mms_release(holding), MMS_E_NO_VIEW);
    check_code(mms_wait(idle, 0, 0), MMS_E_GONE);
    check_code(mms_read_copy(region, &byte, 1, NULL, NULL), MMS_E_GONE);
    check_equal(mms_generation(region), 0);
    check_code(mms_reader_open(region, &fresh), MMS_E_GONE);
    check_ok(mms_reader_close(holding));
    check_ok(mms_reader_close(idle));
    check_ok(mms_region_close(region));
}

static void view_held_over_the_removal_is_released_whole(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_region *region;
    mms_reader *reader;

    sample_closed_region(path, "value");
    region = sample_region(path);
    reader = sample_reader(region);
    check_holds(reader, "value");
    check_ok(mms_remove(path));
    check_ok(mms_release(reader));
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

static void old_handles_see_nothing_of_a_recreated_region(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_region *old, *new;
    mms_reader *old_reader, *new_reader;
    mms_view view;

    sample_closed_region(path, "old");
    old = sample_region(path);
    old_reader = sample_reader(old);
    check_ok(mms_remove(path));
    sample_closed_region(path, "new");
    new = sample_region(path);
    new_reader = sample_reader(new);
    check_reads(new_reader, "new");
    check_code(mms_read(old_reader, &view), MMS_E_GONE);
    check_ok(mms_reader_close(old_reader));
    check_ok(mms_region_close(old));
    check_ok(mms_reader_close(new_reader));
    check_ok(mms_region_close(new));
}

static void region_with_a_writer_is_busy_and_untouched(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);

    publish_text(writer, "value");
    check_code(mms_remove(path), MMS_E_BUSY);
    check_detail_mentions("as its writer; end that first");
    publish_text(writer, "goes on");
    check_copies(path, "goes on");
    check_ok(mms_writer_close(writer));
}

static void region_with_a_foreign_file_is_left_as_it_is(void **state)
{
    const char *path = scratch_path(state, "region"), *backend = scratch_path(state, "region/notes.txt");
    mms_region *region;
    mms_reader *reader;
    uint64_t digest;
    int fd;

    sample_closed_region(path, "value");
    fd = open(backend, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    check_true(fd >= 0);
    close(fd);
    digest = tree_digest(path);
    check_code(mms_remove(path), -ENOTEMPTY);
    check_detail_mentions("notes.txt");
    check_equal(tree_digest(path), digest);
    region = sample_region(path);
    reader = sample_reader(region);
    check_reads(reader, "value");
    check_true(unlink(backend) == 0);
    check_ok(mms_remove(path));
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

static void region_with_a_directory_for_a_file_is_left_as_it_is(void **state)
{
    const char *path = scratch_path(state, "region"), *data = scratch_path(state, "region/data");
    uint64_t digest;

    sample_closed_region(path, "value");
    check_true(unlink(data) == 0 && mkdir(data, 0700) == 0);
    digest = tree_digest(path);
    check_code(mms_remove(path), -ENOTEMPTY);
    check_detail_mentions("`data`");
    check_equal(tree_digest(path), digest);
    check_true(rmdir(data) == 0);
    check_ok(mms_remove(path));
}

/* As `cp -al` makes copies: whoever removes one must not tell the readers of the other. */
static void region_whose_control_has_another_name_is_left_as_it_is(void **state)
{
    const char *path = scratch_path(state, "region"), *other = scratch_path(state, "other");
    mms_region *region;
    mms_reader *reader;
    uint64_t digest;

    sample_closed_region(path, "value");
    region = sample_region(path);
    reader = sample_reader(region);
    check_true(link(scratch_path(state, "region/control"), other) == 0);
    digest = tree_digest(path);
    check_code(mms_remove(path), -EMLINK);
    check_detail_mentions("find -samefile");
    check_equal(tree_digest(path), digest);
    check_reads(reader, "value");
    check_true(unlink(other) == 0);
    check_ok(mms_remove(path));
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

static void other_files_may_have_another_name(void **state)
{
    const char *path = scratch_path(state, "region"), *other = scratch_path(state, "other");

    sample_closed_region(path, "value");
    check_true(link(scratch_path(state, "region/data"), other) == 0);
    check_ok(mms_remove(path));
    check_true(access(other, F_OK) == 0);
}

/* What a link in the place of a file leads to is no file of the region. */
static void link_in_the_place_of_a_file_is_not_followed(void **state)
{
    const char *path = scratch_path(state, "region"), *other = scratch_path(state, "other");

    sample_closed_region(path, "value");
    check_true(mkdir(other, 0700) == 0 && symlink(other, scratch_path(state, "region/changes")) == 0);
    check_ok(mms_remove(path));
    check_true(access(path, F_OK) != 0);
    check_true(access(other, F_OK) == 0);
}

static void directory_that_is_not_a_region_is_left_alone(void **state)
{
    const char *path = scratch_path(state, "region");
    uint64_t digest;

    check_true(mkdir(path, 0700) == 0);
    digest = tree_digest(path);
    check_code(mms_remove(path), MMS_E_NOT_REGION);
    check_equal(tree_digest(path), digest);
}

static void try_to_remove(void *path)
{
    check_true(mms_remove(path) == -EACCES);
    check_detail_mentions("EACCES");
}

static void region_of_another_user_is_left_as_it_is(void **state)
{
    const char *path = scratch_path(state, "region");
    const uint32_t modes[] = {0640, 0644};
    uint64_t digest;

    for (int i = 0; i < 2; i++) {
        mms_writer_options options = sample_options();
        mms_writer *writer;

        options.mode = modes[i];
        writer = sample_writer_with(path, options);
        publish_text(writer, "value");
        check_ok(mms_writer_close(writer));
        digest = tree_digest(path);
        in_child_without_rights(try_to_remove, (void *)(uintptr_t)path);
        check_equal(tree_digest(path), digest);
        check_copies(path, "value");
        check_ok(mms_remove(path));
    }
}

/* ---- Leftovers ---- */

static void move_region(void **state, const char *from, const char *to)
{
    check_true(rename(scratch_path(state, from), scratch_path(state, to)) == 0);
}

static void leftovers_of_the_dead_are_swept_by_the_next_writer(void **state)
{
    const char *path = scratch_path(state, "region"), *left = scratch_path(state, ".region.mmsync-0123456789abcdef");
    mms_region *region;
    mms_reader *reader;
    mms_view view;

    sample_closed_region(path, "old");
    region = sample_region(path);
    reader = sample_reader(region);
    check_reads(reader, "old");
    move_region(state, "region", ".region.mmsync-0123456789abcdef"); /* a replacer died here */
    sample_closed_region(path, "new");
    check_true(access(left, F_OK) != 0);
    check_code(mms_read(reader, &view), MMS_E_GONE); /* and its readers are told */
    check_copies(path, "new");
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

static void leftovers_of_the_living_and_of_others_stay(void **state)
{
    const char *others = scratch_path(state, ".other.mmsync-0123456789abcdef");
    const char *livings = scratch_path(state, ".region.mmsync-0123456789abcdef");
    mms_writer *building;

    sample_closed_region(scratch_path(state, "region"), "value");
    move_region(state, "region", ".other.mmsync-0123456789abcdef");
    building = sample_writer(scratch_path(state, "region"));
    move_region(state, "region", ".region.mmsync-0123456789abcdef");
    sample_closed_region(scratch_path(state, "region"), "new");
    check_true(access(others, F_OK) == 0 && access(livings, F_OK) == 0);
    check_true(access(scratch_path(state, ".region.mmsync-0123456789abcdef/control"), F_OK) == 0);
    check_ok(mms_writer_close(building));
    scratch_delete(others);
    scratch_delete(livings);
}

/* Regions without a writer, under names that are almost temporary names. */
static void leftovers_of_other_names_stay(void **state)
{
    static const char *const names[] = {".region.mmsync-0123456789abcde",      ".region.mmsync-0123456789abcdef0",
                                        ".region.mmsync-0123456789abcdeg",     ".region.mmsync-0123456789ABCDEF",
                                        ".region.mmsync-0123456789abcdef.bak", ".region.mmsync-"};
    enum { NAMES = sizeof names / sizeof *names };
    const char *path = scratch_path(state, "region"), *kept[NAMES];
    uint64_t digests[NAMES];

    for (int i = 0; i < NAMES; i++) {
        kept[i] = scratch_path(state, names[i]);
        sample_closed_region(path, "precious");
        check_true(rename(path, kept[i]) == 0);
        digests[i] = tree_digest(kept[i]);
    }
    sample_closed_region(path, "new");
    for (int i = 0; i < NAMES; i++) {
        check_equal(tree_digest(kept[i]), digests[i]);
        scratch_delete(kept[i]);
    }
}

static void leftovers_of_other_users_stay(void **state)
{
    const char *left = scratch_path(state, ".region.mmsync-0123456789abcdef");
    uint64_t digest;

    if (geteuid() != 0)
        skip_because("only root can give a directory away");
    sample_closed_region(scratch_path(state, "region"), "a stranger's");
    move_region(state, "region", ".region.mmsync-0123456789abcdef");
    check_true(chown(left, 4711, 4711) == 0);
    digest = tree_digest(left);
    sample_closed_region(scratch_path(state, "region"), "new");
    check_equal(tree_digest(left), digest);
    scratch_delete(left);
}

static void damaged_leftovers_are_swept(void **state)
{
    const char *left = scratch_path(state, ".region.mmsync-0123456789abcdef");

    sample_closed_region(scratch_path(state, "region"), "old");
    flip_bits(scratch_path(state, "region"), "control", 120, 1); /* its readers cannot be told */
    move_region(state, "region", ".region.mmsync-0123456789abcdef");
    sample_closed_region(scratch_path(state, "region"), "new");
    check_true(access(left, F_OK) != 0);
}

/* However far the dead process had got with removing it, or with making the file. */
static void leftovers_of_updated_regions_are_swept(void **state)
{
    static const char *const gone[] = {"data", "changes", "readers", "control"};
    const char *path = scratch_path(state, "region"), *left = scratch_path(state, ".region.mmsync-0123456789abcdef");

    for (size_t i = 0; i <= sizeof gone / sizeof *gone; i++) {
        mms_writer *writer = sample_writer(path);
        size_t size;
        void *buffer;

        check_ok(mms_write_update(writer, 10, &buffer, &size, NULL));
        check_ok(mms_write_commit(writer, 10, NULL));
        check_ok(mms_writer_close(writer));
        for (size_t k = 0; k < i; k++) {
            char file[512];

            snprintf(file, sizeof file, "%s/%s", path, gone[k]);
            check_true(unlink(file) == 0);
        }
        check_true(rename(path, left) == 0);
        sample_closed_region(path, "new");
        check_true(access(left, F_OK) != 0);
        check_ok(mms_remove(path));
    }
}

static void foreign_files_under_a_temporary_name_are_not_unlinked(void **state)
{
    const char *path = scratch_path(state, "region"), *left = scratch_path(state, ".region.mmsync-0123456789abcdef");
    const char *backend = scratch_path(state, ".region.mmsync-0123456789abcdef/precious");
    int fd;

    sample_closed_region(path, "old");
    move_region(state, "region", ".region.mmsync-0123456789abcdef");
    fd = open(backend, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    check_true(fd >= 0);
    close(fd);
    sample_closed_region(path, "new");
    check_true(access(backend, F_OK) == 0);
    scratch_delete(left);
}

/* ---- What only looks like a leftover ---- */

#define LEFT ".region.mmsync-0123456789abcdef"

static void put_file(const char *directory, const char *name, const char *text, mode_t mode)
{
    char path[512];
    int fd;

    snprintf(path, sizeof path, "%s/%s", directory, name);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    check_true(fd >= 0 && fchmod(fd, mode) == 0);
    check_true(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

/* A writer opens the region, and what has the temporary name stays as it is. */
static void check_stays(void **state, const char *what)
{
    const char *left = scratch_path(state, LEFT);
    uint64_t digest = tree_digest(left);

    sample_closed_region(scratch_path(state, "region"), "new");
    if (access(left, F_OK) != 0 || tree_digest(left) != digest)
        check_failed(__FILE__, __LINE__, "%s: swept", what);
    scratch_delete(left);
}

static void own_files_are_not_swept_because_of_their_names(void **state)
{
    static const struct stranger {
        const char *what, *names, *text;
        mode_t mode;
    } strangers[] = {
        {"lock and data", "lock data", "something of mine", 0644},
        {"an empty lock, and data", "data", "something of mine", 0644},
        {"all four", "lock data control readers", "something of mine", 0644},
        {"all four, private", "lock data control readers", "something of mine", 0600},
        {"an empty lock, and control", "control", "something of mine", 0600},
        {"an empty lock, and readers", "readers", "something of mine", 0600},
        {"an empty lock, and changes", "changes", "something of mine", 0600},
        {"changes alone", "-changes", "", 0600},
        {"an empty lock, and private data", "data", "", 0600},
        {"a lock with something in it", "lock", "something of mine", 0600},
        {"an empty lock for all", "lock", "", 0644},
        {"data alone", "-data", "", 0600},
    };
    const char *left = scratch_path(state, LEFT);

    for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++) {
        char names[64], *rest = names;

        check_true(mkdir(left, 0755) == 0);
        snprintf(names, sizeof names, "%s", strangers[i].names);
        if (!strstr(names, "lock") && *names != '-')
            put_file(left, "lock", "", 0600);
        rest += *names == '-';
        for (char *name; (name = strsep(&rest, " "));)
            put_file(left, name, strangers[i].text, strangers[i].mode);
        check_stays(state, strangers[i].what);
    }
}

static void empty_directory_is_swept_only_if_it_says_that_it_is_unfinished(void **state)
{
    static const mode_t modes[] = {0700, 0755, 0750, 01777, 01755};
    const char *left = scratch_path(state, LEFT);

    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        check_true(mkdir(left, 0700) == 0 && chmod(left, modes[i]) == 0);
        check_stays(state, "an empty directory");
    }
    check_true(mkdir(left, 0700) == 0 && chmod(left, 01700) == 0);
    sample_closed_region(scratch_path(state, "region"), "new");
    check_true(access(left, F_OK) != 0);
}

/* A whole region, but for one thing that no creator or remover would leave like this. */
static void region_with_something_of_somebody_elses_in_it_is_not_swept(void **state)
{
    const char *left = scratch_path(state, LEFT), *path = scratch_path(state, "region");
    const char *data = scratch_path(state, LEFT "/data"), *readers = scratch_path(state, LEFT "/readers");
    enum {
        LONGER_DATA,
        EMPTY_DATA_FOR_ALL,
        CONTROL_THAT_OVERFLOWS,
        DIRECTORY_FOR_READERS,
        LINK_FOR_DATA,
        OTHER_OWNER,
        CASES
    };

    for (int i = 0; i < CASES; i++) {
        sample_closed_region(path, "old");
        move_region(state, "region", LEFT);
        if (i == LONGER_DATA)
            check_true(truncate(data, (off_t)file_size(left, "data") + 4096) == 0);
        else if (i == EMPTY_DATA_FOR_ALL)
            check_true(truncate(data, 0) == 0 && chmod(data, 0644) == 0);
        else if (i == CONTROL_THAT_OVERFLOWS) /* modulo 2^64, 4 slots of these are as long as `data` */
            patch_word(left, "control", offsetof(struct mms__header, stride),
                       file_size(left, "data") / 4 + (UINT64_C(1) << 62));
        else if (i == DIRECTORY_FOR_READERS)
            check_true(unlink(readers) == 0 && mkdir(readers, 0700) == 0);
        else if (i == LINK_FOR_DATA)
            check_true(unlink(data) == 0 && symlink("lock", data) == 0);
        else if (geteuid() == 0)
            check_true(chown(data, 4711, (gid_t)-1) == 0);
        else
            check_true(unlink(scratch_path(state, LEFT "/lock")) == 0);
        check_stays(state, "a region with something else in it");
    }
}

static void tombstone_under_its_own_name_is_refused_and_says_what_to_do(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();
    mms_writer *writer;

    sample_closed_region(path, "old");
    patch_word(path, "control", offsetof(struct mms__control, current), MMS__TOMBSTONE);
    check_code(mms_region_open(path, NULL, &(mms_region *){NULL}), MMS_E_GONE);
    check_code(mms_writer_open(path, &options, &writer), MMS_E_CORRUPT);
    check_detail_mentions("mmsync rm");
    check_ok(mms_remove(path));
    sample_closed_region(path, "new");
    check_copies(path, "new");
}

static void tombstone_alone_says_that_the_region_is_gone(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_region *region;

    sample_closed_region(path, "value");
    region = sample_region(path);
    check_ok(mms_region_check(region));
    patch_word(path, "control", offsetof(struct mms__control, current), MMS__TOMBSTONE);
    check_code(mms_region_check(region), MMS_E_GONE); /* although the files are all there */
    check_ok(mms_region_close(region));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(removed_region_leaves_no_file),
        scratch_test_on_disk(removed_region_leaves_no_file),
        scratch_test(open_handles_find_the_region_gone),
        scratch_test(view_held_over_the_removal_is_released_whole),
        scratch_test(old_handles_see_nothing_of_a_recreated_region),
        scratch_test(region_with_a_writer_is_busy_and_untouched),
        scratch_test(region_with_a_foreign_file_is_left_as_it_is),
        scratch_test(region_with_a_directory_for_a_file_is_left_as_it_is),
        scratch_test(region_whose_control_has_another_name_is_left_as_it_is),
        scratch_test(other_files_may_have_another_name),
        scratch_test(link_in_the_place_of_a_file_is_not_followed),
        scratch_test(directory_that_is_not_a_region_is_left_alone),
        scratch_test(region_of_another_user_is_left_as_it_is),
        scratch_test(leftovers_of_the_dead_are_swept_by_the_next_writer),
        scratch_test(leftovers_of_the_living_and_of_others_stay),
        scratch_test(leftovers_of_other_names_stay),
        scratch_test(leftovers_of_other_users_stay),
        scratch_test(damaged_leftovers_are_swept),
        scratch_test(leftovers_of_updated_regions_are_swept),
        scratch_test(foreign_files_under_a_temporary_name_are_not_unlinked),
        scratch_test(own_files_are_not_swept_because_of_their_names),
        scratch_test(empty_directory_is_swept_only_if_it_says_that_it_is_unfinished),
        scratch_test(region_with_something_of_somebody_elses_in_it_is_not_swept),
        scratch_test(tombstone_alone_says_that_the_region_is_gone),
        scratch_test(tombstone_under_its_own_name_is_refused_and_says_what_to_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
