/* SPDX-License-Identifier: Apache-2.0 */
/* The modes of new files, and what users without permission may do with them. */
#include "forked.h"
#include "sample.h"
#include "scratch.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static unsigned mode_of(const char *path)
{
    struct stat status;

    check_true(stat(path, &status) == 0);
    return status.st_mode & 07777;
}

static void make_with_modes(const char *path, uint32_t mode, uint32_t readers_mode)
{
    mms_writer_options options = sample_options();
    mms_writer *writer;

    options.mode = mode;
    options.readers_mode = readers_mode;
    writer = sample_writer_with(path, options);
    publish_text(writer, "value");
    check_ok(mms_writer_close(writer));
}

static void check_modes(void **state, unsigned directory, unsigned control, unsigned readers)
{
    check_equal(mode_of(scratch_path(state, "region")), directory);
    check_equal(mode_of(scratch_path(state, "region/lock")), 0600);
    check_equal(mode_of(scratch_path(state, "region/control")), control);
    check_equal(mode_of(scratch_path(state, "region/data")), control);
    check_equal(mode_of(scratch_path(state, "region/readers")), readers);
}

static void default_modes_are_those_of_the_design_whatever_the_umask(void **state)
{
    const char *path = scratch_path(state, "region");
    const mode_t masks[] = {0, 022, 027, 077};

    for (int i = 0; i < 4; i++) {
        mode_t before = umask(masks[i]);

        make_with_modes(path, 0, 0);
        umask(before);
        check_modes(state, 0750, 0640, 0660);
        scratch_delete(path);
    }
}

static void modes_that_are_asked_for_are_given(void **state)
{
    const char *path = scratch_path(state, "region");

    make_with_modes(path, 0644, 0);
    check_modes(state, 0755, 0644, 0666);
    scratch_delete(path);
    make_with_modes(path, 0600, 0600);
    check_modes(state, 0700, 0600, 0600);
    scratch_delete(path);
    make_with_modes(path, 0644, 0660);
    check_modes(state, 0755, 0644, 0660);
}

static void replacement_keeps_the_modes_unless_others_are_asked_for(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();

    make_with_modes(path, 0644, 0660);
    options.replace = true;
    options.max_slots = 7;
    check_ok(mms_writer_close(sample_writer_with(path, options)));
    check_modes(state, 0755, 0644, 0660);
    options.max_slots = 8;
    options.mode = 0600;
    options.readers_mode = 0600;
    check_ok(mms_writer_close(sample_writer_with(path, options)));
    check_modes(state, 0700, 0600, 0600);
}

static void group_that_is_asked_for_is_given_to_all_files(void **state)
{
    const char *path = scratch_path(state, "region");
    const char *const files[] = {"region", "region/control", "region/data", "region/readers"};
    mms_writer_options options = sample_options();

    if (geteuid() != 0)
        skip_because("only root can give files to any group");
    options.gid = 4711; /* has_gid is not needed */
    check_ok(mms_writer_close(sample_writer_with(path, options)));
    for (int i = 0; i < 4; i++) {
        struct stat status;

        check_true(stat(scratch_path(state, files[i]), &status) == 0);
        check_equal(status.st_gid, 4711);
    }
}

/* The scratch directory is in /dev/shm, where anybody may create a name: a stranger's region under
   a bare name. */
static void bare_name_of_a_stranger_is_opened_only_if_that_user_is_trusted(void **state)
{
    const char *path = scratch_path(state, "");
    char directory[512], *name;
    mms_writer_options writing = sample_options();
    mms_region_options reading = MMS_REGION_OPTIONS_INIT;
    mms_writer *writer;
    mms_region *region;

    if (geteuid() != 0)
        skip_because("only root can give a directory away");
    snprintf(directory, sizeof directory, "%s", path);
    directory[strlen(directory) - 1] = 0;
    name = strrchr(directory, '/') + 1;
    check_true(chown(directory, NOBODY, NOBODY) == 0);
    check_code(mms_region_open(name, NULL, &region), -EPERM);
    check_detail_mentions("65534");
    check_code(mms_writer_open(name, &writing, &writer), -EPERM);
    reading.trust_owner = writing.trust_owner = true;
    reading.trusted_uid = writing.trusted_uid = NOBODY;
    check_code(mms_region_open(name, &reading, &region), MMS_E_NOT_REGION); /* accepted; it is just a directory */
    check_code(mms_writer_open(name, &writing, &writer), MMS_E_NOT_REGION);
}

/* ---- As a user without rights ---- */

static void replace_in_its_own_group(void *path)
{
    mms_writer_options options = sample_options();
    mms_writer *writer;
    struct stat status;
    char data[512];

    options.max_slots = 9;
    options.replace = true;
    check_code(mms_writer_open(path, &options, &writer), -EPERM);
    check_detail_mentions("is not in group 0");
    check_detail_mentions("options.gid");
    check_copies(path, "value");
    options.gid = NOBODY;
    check_ok(mms_writer_open(path, &options, &writer));
    check_ok(mms_writer_close(writer));
    check_copies(path, "value");
    snprintf(data, sizeof data, "%s/data", (const char *)path);
    check_true(stat(data, &status) == 0 && status.st_gid == NOBODY);
}

/* As after a writer that was root gave its region to another user, and not to that user's group. */
static void group_that_a_replacement_cannot_keep_is_told(void **state)
{
    static const char *const names[] = {"", "region", "region/control", "region/readers", "region/data", "region/lock"};
    const char *path = scratch_path(state, "region");

    make_with_modes(path, 0, 0);
    if (geteuid() != 0)
        skip_because("only root can give files away");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        check_true(chown(scratch_path(state, names[i]), NOBODY, 0) == 0);
    in_child_without_rights(replace_in_its_own_group, (void *)(uintptr_t)path);
}

static void cannot_open(void *path)
{
    mms_writer_options options = sample_options();
    mms_region *region;
    mms_writer *writer;
    mms_info info;

    check_code(mms_region_open(path, NULL, &region), -EACCES);
    check_code(mms_writer_open(path, &options, &writer), -EACCES);
    check_code(mms_inspect(path, &info), -EACCES);
    check_code(mms_verify(path, NULL, NULL), -EACCES);
    check_code(mms_remove(path), -EACCES);
}

static void private_region_is_closed_to_others(void **state)
{
    const char *path = scratch_path(state, "region");

    make_with_modes(path, 0, 0);
    in_child_without_rights(cannot_open, (void *)(uintptr_t)path);
    check_copies(path, "value");
}

static void may_read_and_pin_but_not_write(void *path)
{
    mms_writer_options options = sample_options();
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);
    mms_writer *writer;

    check_true(!mms_region_read_only(region));
    check_reads(reader, "value");
    check_code(mms_writer_open(path, &options, &writer), -EACCES);
    check_detail_mentions("only the user who created");
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_true(access(path, W_OK) != 0);
}

static void public_region_is_read_by_others_who_write_nothing_but_readers(void **state)
{
    const char *path = scratch_path(state, "region");
    const char *const files[] = {"region", "region/control", "region/data", "region/lock"};

    make_with_modes(path, 0644, 0);
    in_child_without_rights(may_read_and_pin_but_not_write, (void *)(uintptr_t)path);
    for (int i = 0; i < 4; i++) /* the kernel would not have let them */
        check_equal(mode_of(scratch_path(state, files[i])) & 022, 0);
}

static void may_only_copy(void *path)
{
    mms_region *region = sample_region(path);
    mms_reader *reader;
    char buffer[16];
    size_t size;

    check_true(mms_region_read_only(region));
    check_detail_mentions("mms_read_copy");
    check_detail_mentions("65534");
    check_code(mms_reader_open(region, &reader), MMS_E_READ_ONLY);
    check_ok(mms_read_copy(region, buffer, sizeof buffer, &size, NULL));
    check_memory(buffer, "value", 5);
    check_ok(mms_region_close(region));
}

static void readers_without_write_right_copy(void **state)
{
    const char *path = scratch_path(state, "region");
    const uint32_t readers_modes[] = {0600, 0660};

    for (int i = 0; i < 2; i++) {
        uint64_t digest;

        make_with_modes(path, 0644, readers_modes[i]);
        digest = tree_digest(path);
        in_child_without_rights(may_only_copy, (void *)(uintptr_t)path);
        check_equal(tree_digest(path), digest);
        scratch_delete(path);
    }
}

static void note(void *noted, const char *finding)
{
    check_true(strstr(finding, "not checked") != NULL);
    *(bool *)noted = true;
}

static void sees_value_and_not_readers(void *path)
{
    bool noted = false;
    mms_reader_info info;
    mms_info region;
    size_t count;

    check_ok(mms_inspect(path, &region));
    check_equal(region.size, 5);
    check_equal(region.readers, 0);
    check_equal(region.writer_alive, -1);
    check_code(mms_inspect_readers(path, &info, 1, &count), -EACCES);
    check_ok(mms_verify(path, note, &noted)); /* what this user may see is sound; the rest is unchecked */
    check_true(noted);
    check_ok(mms_verify(path, NULL, NULL));
}

static void value_may_be_looked_at_without_the_right_to_see_readers(void **state)
{
    const char *path = scratch_path(state, "region");

    make_with_modes(path, 0644, 0600);
    in_child_without_rights(sees_value_and_not_readers, (void *)(uintptr_t)path);
}

static void cannot_create(void *path)
{
    mms_writer_options options = sample_options();
    mms_writer *writer;

    check_code(mms_writer_open(path, &options, &writer), -EACCES);
    check_detail_mentions(path);
}

static void region_is_not_made_where_one_may_not_write(void **state)
{
    const char *parent = scratch_path(state, "parent"), *path = scratch_path(state, "parent/region");

    check_true(mkdir(parent, 0755) == 0);
    in_child_without_rights(cannot_create, (void *)(uintptr_t)path);
    check_true(access(path, F_OK) != 0);
    check_true(rmdir(parent) == 0); /* empty */
}

static void makes_and_reads(void *path)
{
    sample_closed_region(path, "own");
    check_copies(path, "own");
    check_ok(mms_remove(path));
}

static void any_user_may_have_regions_of_its_own(void **state)
{
    const char *parent = scratch_path(state, "parent");

    check_true(mkdir(parent, 0777) == 0 && chmod(parent, 01777) == 0);
    in_child_without_rights(makes_and_reads, (void *)(uintptr_t)scratch_path(state, "parent/region"));
}

/* A region mounted read-only into a container can be copied from, and nothing else. */
static void copy_where_nothing_may_be_written(void *directory)
{
    mms_region *region;
    mms_writer *writer;
    char path[600];

    snprintf(path, sizeof path, "%s/region", (const char *)directory);
    sample_closed_region(path, "value");
    check_true(mount(NULL, directory, NULL, MS_REMOUNT | MS_RDONLY, NULL) == 0);
    region = sample_region(path);
    check_true(mms_region_read_only(region));
    check_detail_mentions("mms_read_copy");
    check_code(mms_reader_open(region, &(mms_reader *){NULL}), MMS_E_READ_ONLY);
    check_copies(path, "value");
    check_ok(mms_region_close(region));
    check_code(mms_writer_open(path, NULL, &writer), -EROFS);
}

static void region_on_a_read_only_mount_is_copied_from(void **state)
{
    const char *directory = scratch_path(state, "mounted");

    check_true(mkdir(directory, 0755) == 0);
    in_child_with_mount("tmpfs", NULL, directory, copy_where_nothing_may_be_written, (void *)(uintptr_t)directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(default_modes_are_those_of_the_design_whatever_the_umask),
        scratch_test(modes_that_are_asked_for_are_given),
        scratch_test(replacement_keeps_the_modes_unless_others_are_asked_for),
        scratch_test(group_that_is_asked_for_is_given_to_all_files),
        scratch_test(bare_name_of_a_stranger_is_opened_only_if_that_user_is_trusted),
        scratch_test(group_that_a_replacement_cannot_keep_is_told),
        scratch_test(private_region_is_closed_to_others),
        scratch_test(public_region_is_read_by_others_who_write_nothing_but_readers),
        scratch_test_on_disk(public_region_is_read_by_others_who_write_nothing_but_readers),
        scratch_test(readers_without_write_right_copy),
        scratch_test(region_on_a_read_only_mount_is_copied_from),
        scratch_test(value_may_be_looked_at_without_the_right_to_see_readers),
        scratch_test(region_is_not_made_where_one_may_not_write),
        scratch_test(any_user_may_have_regions_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
