/* SPDX-License-Identifier: Apache-2.0 */
/* mms_remove, and the sweeping of what dead creators and removers left (core/remove.c). */
#include "core/layout.h"
#include "forked.h"
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
    check_detail_mentions("open it again");
    check_code(mms_refresh(holding, &view), MMS_E_GONE);
    check_code(mms_release(holding), MMS_E_NO_VIEW);
    check_code(mms_wait(idle, 0, 0), MMS_E_GONE);
    check_code(mms_read_copy(region, &byte, 1, NULL, NULL), MMS_E_GONE);
    check_equal(mms_generation(region), 0);
    fresh = sample_reader(region);
    check_code(mms_read(fresh, &view), MMS_E_GONE);
    check_ok(mms_reader_close(fresh));
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

static void old_handles_see_nothing_of_a_region_made_anew(void **state)
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
    publish_text(writer, "goes on");
    check_copies(path, "goes on");
    check_ok(mms_writer_close(writer));
}

static void region_with_a_foreign_file_is_left_as_it_is(void **state)
{
    const char *path = scratch_path(state, "region"), *foreign = scratch_path(state, "region/notes.txt");
    mms_region *region;
    mms_reader *reader;
    uint64_t digest;
    int fd;

    sample_closed_region(path, "value");
    fd = open(foreign, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    check_true(fd >= 0);
    close(fd);
    digest = tree_digest(path);
    check_code(mms_remove(path), -ENOTEMPTY);
    check_detail_mentions("notes.txt");
    check_equal(tree_digest(path), digest);
    region = sample_region(path);
    reader = sample_reader(region);
    check_reads(reader, "value");
    check_true(unlink(foreign) == 0);
    check_ok(mms_remove(path));
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

static void directory_that_is_no_region_is_left_as_it_is(void **state)
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

/* Regions that nobody writes, under names that are not quite temporary ones. */
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
    flip_bits(scratch_path(state, "region"), "control", 120, 1); /* it cannot be told to its readers */
    move_region(state, "region", ".region.mmsync-0123456789abcdef");
    sample_closed_region(scratch_path(state, "region"), "new");
    check_true(access(left, F_OK) != 0);
}

static void foreign_files_under_a_temporary_name_are_not_unlinked(void **state)
{
    const char *path = scratch_path(state, "region"), *left = scratch_path(state, ".region.mmsync-0123456789abcdef");
    const char *foreign = scratch_path(state, ".region.mmsync-0123456789abcdef/precious");
    int fd;

    sample_closed_region(path, "old");
    move_region(state, "region", ".region.mmsync-0123456789abcdef");
    fd = open(foreign, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    check_true(fd >= 0);
    close(fd);
    sample_closed_region(path, "new");
    check_true(access(foreign, F_OK) == 0);
    scratch_delete(left);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(removed_region_leaves_no_file),
        scratch_test_on_disk(removed_region_leaves_no_file),
        scratch_test(open_handles_find_the_region_gone),
        scratch_test(view_held_over_the_removal_is_released_whole),
        scratch_test(old_handles_see_nothing_of_a_region_made_anew),
        scratch_test(region_with_a_writer_is_busy_and_untouched),
        scratch_test(region_with_a_foreign_file_is_left_as_it_is),
        scratch_test(directory_that_is_no_region_is_left_as_it_is),
        scratch_test(region_of_another_user_is_left_as_it_is),
        scratch_test(leftovers_of_the_dead_are_swept_by_the_next_writer),
        scratch_test(leftovers_of_the_living_and_of_others_stay),
        scratch_test(leftovers_of_other_names_stay),
        scratch_test(leftovers_of_other_users_stay),
        scratch_test(damaged_leftovers_are_swept),
        scratch_test(foreign_files_under_a_temporary_name_are_not_unlinked),
        scratch_test(tombstone_under_its_own_name_is_refused_and_says_what_to_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
