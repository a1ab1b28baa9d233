/* SPDX-License-Identifier: Apache-2.0 */
/* Region names: which path each one means, and who may own it (handle/place.c). */
#include "forked.h"
#include "handle/place.h"
#include "region/directory.h"
#include "sample.h"
#include "scratch.h"
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct mms__trust nobody_else = {0};

static void check_found(const char *path, const char *expected)
{
    struct mms__place place;

    check_ok(mms__place_find(path, &place));
    check_string(place.path, expected);
    check_string(mms__place_name(&place), strrchr(expected, '/') + 1);
}

static void bare_name_is_in_dev_shm(void **state)
{
    struct mms__place place;

    (void)state;
    check_found("prices", "/dev/shm/prices");
    check_found("prices//", "/dev/shm/prices");
    check_ok(mms__place_find("prices", &place));
    check_true(place.bare);
}

static void absolute_path_stays_with_trailing_slashes_cut(void **state)
{
    const char *region = scratch_path(state, "region");
    struct mms__place place;

    check_found(region, region);
    check_found(scratch_path(state, "region///"), region);
    check_found("/region", "/region");
    check_ok(mms__place_find(region, &place));
    check_true(!place.bare);
}

static void enter_directory_and_look(void *directory)
{
    char expected[PATH_MAX];

    check_true(chdir(directory) == 0);
    snprintf(expected, sizeof expected, "%s/region", (const char *)directory);
    check_found("./region", expected);
    check_found("../here/region/", expected);
}

static void relative_path_becomes_absolute(void **state)
{
    const char *here = scratch_path(state, "here");

    check_true(mkdir(here, 0700) == 0);
    in_child(enter_directory_and_look, (void *)(uintptr_t)here);
}

static void symbolic_links_in_the_parent_are_resolved(void **state)
{
    const char *real = scratch_path(state, "real"), *link = scratch_path(state, "link");

    check_true(mkdir(real, 0700) == 0);
    check_true(symlink(real, link) == 0);
    check_found(scratch_path(state, "link/region"), scratch_path(state, "real/region"));
}

static void what_names_nothing_is_refused(void **state)
{
    const char *const bad[] = {NULL, "", ".", "..", "/", "///", "./.", "/tmp/..", "../", "/tmp/./"};
    struct mms__place place;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        check_code(mms__place_find(bad[i], &place), MMS_E_INVALID);
}

static void name_or_path_that_is_too_long_is_refused(void **state)
{
    char text[PATH_MAX + 16];
    struct mms__place place;

    (void)state;
    memset(text, 'n', sizeof text);
    text[NAME_MAX - 32] = 0;
    check_ok(mms__place_find(text, &place));
    text[NAME_MAX - 32] = 'n';
    text[NAME_MAX - 31] = 0;
    check_code(mms__place_find(text, &place), MMS_E_INVALID);
    check_detail_mentions("at most 223 bytes");
    memset(text, '/', sizeof text);
    memcpy(text + sizeof text - 2, "n", 2);
    check_code(mms__place_find(text, &place), MMS_E_INVALID);
    check_detail_mentions("too long");
}

/* As deep as the kernel allows, and back, since no path reaches it. */
static void look_from_deep_down(void *directory)
{
    char step[NAME_MAX - 60], path[NAME_MAX], here[PATH_MAX];
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    struct mms__place place;
    mms_writer *writer;
    int depth = 0;
    size_t room;

    memset(step, 'd', sizeof step - 1);
    step[sizeof step - 1] = 0;
    check_true(chdir(directory) == 0);
    while (getcwd(here, sizeof here) && strlen(here) + sizeof step + 50 < PATH_MAX) {
        check_true(mkdir(step, 0700) == 0 && chdir(step) == 0);
        depth++;
    }
    room = PATH_MAX - strlen(here) - 2; /* for a name and the final zero */
    snprintf(path, sizeof path, "./%0*d", (int)room - 15, 0);
    check_code(mms_writer_open(path, &options, &writer), MMS_E_INVALID); /* its name is longer while it is built */
    check_detail_mentions("too long");
    snprintf(path, sizeof path, "./%0*d", (int)room, 0);
    check_ok(mms__place_find(path, &place));
    snprintf(path, sizeof path, "./%0*d", (int)room + 1, 0);
    check_code(mms__place_find(path, &place), MMS_E_INVALID);
    check_detail_mentions("too long");
    while (depth-- > 0)
        check_true(chdir("..") == 0 && rmdir(step) == 0);
}

static void path_that_its_prefix_makes_too_long_is_refused(void **state)
{
    in_child(look_from_deep_down, (void *)(uintptr_t)scratch_path(state, "."));
}

static void parent_that_is_not_there_is_named(void **state)
{
    struct mms__place place;
    const char *missing = scratch_path(state, "missing");

    check_code(mms__place_find(scratch_path(state, "missing/region"), &place), -ENOENT);
    check_detail_mentions(missing);
}

static void missing_region_is_told_to_wait_for_a_writer(void **state)
{
    struct mms__place place;

    check_ok(mms__place_find(scratch_path(state, "region"), &place));
    check_code(mms__place_open(&place, &nobody_else), -ENOENT);
    check_detail_mentions("a writer has to create it");
}

static void use_root(void *directory)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    mms_writer *writer;
    mms_info info;

    check_true(chroot(directory) == 0);
    options.max_size = 4096;
    options.replace = true;
    for (unsigned i = 0; i < 2; i++) {
        options.max_slots = 3 + i; /* created, then replaced */
        check_ok(mms_writer_open("/region", &options, &writer));
        check_ok(mms_write(writer, "value", 5, NULL));
        check_ok(mms_writer_close(writer));
        check_ok(mms_inspect("/region", &info));
        check_equal(info.max_slots, 3 + i);
    }
    check_ok(mms_remove("/region"));
    check_code(mms_inspect("/region", &info), -ENOENT);
}

static void region_at_the_root_is_a_region(void **state)
{
    if (geteuid() != 0)
        skip_because("only root can change the root");
    in_child(use_root, (void *)(uintptr_t)scratch_path(state, "."));
}

static void link_or_file_in_place_of_the_directory_is_not_a_region(void **state)
{
    const char *real = scratch_path(state, "real"), *link = scratch_path(state, "link");
    const char *file = scratch_path(state, "file"), *loop = scratch_path(state, "loop");
    struct mms__place place;

    check_true(mkdir(real, 0700) == 0);
    check_true(symlink(real, link) == 0);
    check_ok(mms__place_find(link, &place));
    check_code(mms__place_open(&place, &nobody_else), MMS_E_NOT_REGION);
    check_detail_mentions("symbolic link");
    check_detail_mentions(real); /* which is the path to give */
    fclose(fopen(file, "w"));
    check_ok(mms__place_find(file, &place));
    check_code(mms__place_open(&place, &nobody_else), MMS_E_NOT_REGION);
    check_true(symlink("loop", loop) == 0);
    check_code(mms_inspect(loop, &(mms_info){0}), MMS_E_NOT_REGION);
}

static void place_is_gone_when_its_name_leads_elsewhere(void **state)
{
    const char *region = scratch_path(state, "region"), *aside = scratch_path(state, "aside");
    struct mms__place place;

    check_true(mkdir(region, 0700) == 0);
    check_ok(mms__place_find(region, &place));
    check_ok(mms__place_open(&place, &nobody_else));
    check_true(!mms__place_is_gone(&place));
    check_true(rename(region, aside) == 0);
    check_true(mms__place_is_gone(&place));
    check_true(mkdir(region, 0700) == 0);
    check_true(mms__place_is_gone(&place));
    mms__place_close(&place);
    check_ok(mms__place_find(scratch_path(state, "region/inner"), &place));
    check_true(mkdir(place.path, 0700) == 0);
    check_ok(mms__place_open(&place, &nobody_else));
    check_true(rmdir(place.path) == 0 && rmdir(region) == 0);
    fclose(fopen(region, "we"));
    check_true(mms__place_is_gone(&place)); /* what contained it is a file by now */
    mms__place_close(&place);
}

/* The scratch directory itself, by its bare name: it is in /dev/shm. */
static int enter_bare(void **state, uid_t owner, struct mms__trust trust)
{
    char directory[PATH_MAX];
    struct mms__place place;
    int code;

    snprintf(directory, sizeof directory, "%s", scratch_path(state, ""));
    directory[strlen(directory) - 1] = 0;
    check_true(chown(directory, owner, (gid_t)-1) == 0);
    check_ok(mms__place_find(strrchr(directory, '/') + 1, &place));
    code = mms__place_open(&place, &trust);
    if (code == 0)
        mms__place_close(&place);
    return code;
}

static void bare_name_of_this_user_or_root_is_trusted(void **state)
{
    check_ok(enter_bare(state, geteuid(), nobody_else));
}

static void enter_as_nobody(void *path)
{
    struct mms__place place;

    check_ok(mms__place_find(strrchr(path, '/') + 1, &place));
    check_ok(mms__place_open(&place, &nobody_else));
    mms__place_close(&place);
}

static void bare_name_of_root_is_trusted_by_everybody(void **state)
{
    char directory[PATH_MAX];

    if (geteuid() != 0)
        skip_because("only root can become another user");
    snprintf(directory, sizeof directory, "%s", scratch_path(state, ""));
    directory[strlen(directory) - 1] = 0;
    check_true(chmod(directory, 0755) == 0);
    in_child_without_rights(enter_as_nobody, directory);
}

static void bare_name_of_a_stranger_is_refused_unless_trusted(void **state)
{
    if (geteuid() != 0)
        skip_because("only root can give a directory away");
    check_code(enter_bare(state, 4711, nobody_else), -EPERM);
    check_detail_mentions("4711");
    check_code(enter_bare(state, 4711, (struct mms__trust){.trust_owner = true, .trusted_uid = 4712}), -EPERM);
    check_ok(enter_bare(state, 4711, (struct mms__trust){.trust_owner = true, .trusted_uid = 4711}));
    check_ok(enter_bare(state, 4711, (struct mms__trust){.any_owner = true}));
}

static void bare_name_that_others_may_write_is_refused(void **state)
{
    static const mode_t modes[] = {01777, 0777, 0770, 0707};
    char directory[PATH_MAX];
    struct mms__place place;

    snprintf(directory, sizeof directory, "%s", scratch_path(state, ""));
    directory[strlen(directory) - 1] = 0;
    check_ok(mms__place_find(strrchr(directory, '/') + 1, &place));
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        check_true(chmod(directory, modes[i]) == 0);
        check_code(mms__place_open(&place, &nobody_else), -EPERM);
        check_detail_mentions("go-w");
    }
    check_true(chmod(directory, 0755) == 0); /* the advice, followed */
    check_ok(mms__place_open(&place, &nobody_else));
    mms__place_close(&place);
}

static void bare_name_with_a_file_of_a_stranger_is_refused(void **state)
{
    static const char *const names[] = {"control", "readers", "data", "lock", "changes"};

    if (geteuid() != 0)
        skip_because("only root can give a file away");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *file = scratch_path(state, names[i]);

        fclose(fopen(file, "we"));
        check_ok(enter_bare(state, 0, nobody_else));
        check_true(chown(file, 4711, (gid_t)-1) == 0);
        check_code(enter_bare(state, 0, nobody_else), -EPERM);
        check_detail_mentions(names[i]);
        check_ok(enter_bare(state, 0, (struct mms__trust){.trust_owner = true, .trusted_uid = 4711}));
        check_true(unlink(file) == 0);
    }
}

static void enter_in_user_namespace(void *path)
{
    struct mms__trust trust = {.trust_owner = true, .trusted_uid = 65534};
    struct mms__place place;

    if (unshare(CLONE_NEWUSER) != 0) {
        print_message("no user namespaces here: %s\n", strerror(errno));
        return;
    }
    check_equal(geteuid(), 65534); /* nobody is mapped */
    check_ok(mms__place_find(strrchr(path, '/') + 1, &place));
    check_code(mms__place_open(&place, &nobody_else), -EPERM);
    check_detail_mentions("user namespace");
    check_code(mms__place_open(&place, &trust), -EPERM);
    check_ok(mms__place_open(&place, &(struct mms__trust){.any_owner = true}));
    mms__place_close(&place);
}

static void users_that_a_namespace_does_not_map_are_trusted_by_nobody(void **state)
{
    char directory[PATH_MAX];

    snprintf(directory, sizeof directory, "%s", scratch_path(state, ""));
    directory[strlen(directory) - 1] = 0;
    check_true(chmod(directory, 0755) == 0);
    in_child(enter_in_user_namespace, directory);
}

/* One user is mapped; nobody still stands for all others. */
static void tell_users_apart_in_user_namespace(void *unused)
{
    const struct mms__trust trust = {.trust_owner = true, .trusted_uid = NOBODY};
    uid_t own = geteuid();
    FILE *map;

    (void)unused;
    if (unshare(CLONE_NEWUSER) != 0) {
        print_message("no user namespaces here: %s\n", strerror(errno));
        return;
    }
    map = fopen("/proc/self/uid_map", "we");
    check_true(map && fprintf(map, "4712 %u 1\n", own) > 0 && fclose(map) == 0);
    check_equal(geteuid(), 4712);
    check_true(mms__uid_is_trusted(4712, &nobody_else));
    check_true(!mms__uid_is_trusted(4711, &nobody_else));
    check_true(!mms__uid_is_trusted(NOBODY, &trust));
}

static void user_that_a_namespace_maps_is_trusted(void **state)
{
    (void)state;
    in_child(tell_users_apart_in_user_namespace, NULL);
}

static void part_that_was_deleted_is_named_and_the_advice_works(void **state)
{
    static const char *const names[] = {"control", "readers", "data", "lock"};
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char part[PATH_MAX];

        sample_closed_region(path, "value");
        snprintf(part, sizeof part, "%s/%s", path, names[i]);
        check_true(unlink(part) == 0);
        check_code(mms_writer_open(path, &options, &(mms_writer *){NULL}), MMS_E_NOT_REGION);
        check_detail_mentions(names[i]);
        check_detail_mentions("rm -r");
        scratch_delete(path);
        sample_closed_region(path, "anew");
        scratch_delete(path);
    }
}

static void use_mount_point(void *path)
{
    mms_writer_options options = sample_options();
    char inside[PATH_MAX], mounted[PATH_MAX];

    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", path, "tmpfs", 0, "size=4m") != 0) {
        print_message("no mounts here: %s\n", strerror(errno));
        return;
    }
    check_code(mms_writer_open(path, &options, &(mms_writer *){NULL}), MMS_E_NOT_REGION);
    check_detail_mentions("mount point");
    snprintf(inside, sizeof inside, "%s/NAME", (char *)path);
    sample_closed_region(inside, "value"); /* the advice, followed */
    snprintf(mounted, sizeof mounted, "%s.mounted", (char *)path);
    check_true(mkdir(mounted, 0755) == 0 && mount(inside, mounted, NULL, MS_BIND, NULL) == 0);
    check_copies(mounted, "value");
    check_code(mms_remove(mounted), -EBUSY);
    check_detail_mentions("unmount");
    options.max_slots = 7;
    options.replace = true;
    check_code(mms_writer_open(mounted, &options, &(mms_writer *){NULL}), -EBUSY);
    check_detail_mentions("mount point");
    check_copies(mounted, "value");
    check_true(umount(mounted) == 0);
    check_ok(mms_remove(inside));
    check_true(umount(path) == 0 && rmdir(mounted) == 0);
}

static void mount_point_in_the_place_of_a_region_is_named(void **state)
{
    const char *path = scratch_path(state, "mount");

    if (geteuid() != 0)
        skip_because("only root can mount");
    check_true(mkdir(path, 0755) == 0);
    in_child(use_mount_point, (void *)(uintptr_t)path);
}

static void path_of_a_stranger_is_accepted_as_given(void **state)
{
    const char *region = scratch_path(state, "region");
    struct mms__place place;

    if (geteuid() != 0)
        skip_because("only root can give a directory away");
    check_true(mkdir(region, 0755) == 0 && chown(region, 4711, 4711) == 0);
    check_ok(mms__place_find(region, &place));
    check_ok(mms__place_open(&place, &nobody_else));
    mms__place_close(&place);
}

static void file_system_off_the_list_is_refused_by_name_unless_forced(void **state)
{
    const struct mms__trust forced = {.force_filesystem = true};
    struct mms__place place;

    (void)state;
    check_ok(mms__place_find("/proc/self", &place));
    check_ok(mms__place_find("/proc/sys", &place));
    check_code(mms__place_open(&place, &nobody_else), MMS_E_FILESYSTEM);
    check_detail_mentions("proc");
    check_detail_mentions("force_filesystem");
    check_ok(mms__place_open(&place, &forced));
    mms__place_close(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(bare_name_is_in_dev_shm),
        scratch_test(absolute_path_stays_with_trailing_slashes_cut),
        scratch_test(relative_path_becomes_absolute),
        scratch_test(symbolic_links_in_the_parent_are_resolved),
        scratch_test(what_names_nothing_is_refused),
        scratch_test(name_or_path_that_is_too_long_is_refused),
        scratch_test(path_that_its_prefix_makes_too_long_is_refused),
        scratch_test(region_at_the_root_is_a_region),
        scratch_test(parent_that_is_not_there_is_named),
        scratch_test(missing_region_is_told_to_wait_for_a_writer),
        scratch_test(link_or_file_in_place_of_the_directory_is_not_a_region),
        scratch_test(place_is_gone_when_its_name_leads_elsewhere),
        scratch_test(bare_name_of_this_user_or_root_is_trusted),
        scratch_test(bare_name_of_root_is_trusted_by_everybody),
        scratch_test(bare_name_of_a_stranger_is_refused_unless_trusted),
        scratch_test(bare_name_that_others_may_write_is_refused),
        scratch_test(bare_name_with_a_file_of_a_stranger_is_refused),
        cmocka_unit_test(user_that_a_namespace_maps_is_trusted),
        scratch_test(users_that_a_namespace_does_not_map_are_trusted_by_nobody),
        scratch_test(part_that_was_deleted_is_named_and_the_advice_works),
        scratch_test(mount_point_in_the_place_of_a_region_is_named),
        scratch_test(path_of_a_stranger_is_accepted_as_given),
        scratch_test(file_system_off_the_list_is_refused_by_name_unless_forced),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
