/* SPDX-License-Identifier: Apache-2.0 */
/* ctest: crash */
/* Mount namespaces, as containers have them: one region under two paths, a directory mounted over
   its parent, a file of one region mounted over that of another, read-only mounts, and a repair
   where neither paths nor device numbers can be compared. */
#include "child.h"
#include "forked.h"
#include "lookout.h"
#include "mmap_sync_sample.h"
#include "sample.h"
#include "scratch.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* The root of a file system that is mounted for the test, with a few paths below it. */
static const char *below(const void *root, const char *name)
{
    static char paths[8][600];
    static unsigned turn;
    char *path = paths[turn++ % 8];

    snprintf(path, sizeof paths[0], "%s/%s", (const char *)root, name);
    return path;
}

static void make_directory(const char *path)
{
    check_true(mkdir(path, 0755) == 0);
}

static void bind_at(const char *from, const char *to)
{
    make_directory(to);
    check_true(mount(from, to, NULL, MS_BIND, NULL) == 0);
}

static void make_read_only(const char *path)
{
    check_true(mount(NULL, path, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) == 0);
}

static void on_tmpfs(void **state, forked_part *part)
{
    const char *root = scratch_path(state, "root");

    make_directory(root);
    in_child_with_mount("tmpfs", "size=64m", root, part, (void *)(uintptr_t)root);
}

static void on_overlayfs(void **state, forked_part *part)
{
    const char *lower = scratch_path(state, "lower"), *upper = scratch_path(state, "upper"),
               *work = scratch_path(state, "work"), *root = scratch_path(state, "root");
    char options[1024];

    make_directory(lower);
    make_directory(upper);
    make_directory(work);
    make_directory(root);
    snprintf(options, sizeof options, "lowerdir=%s,upperdir=%s,workdir=%s%s", lower, upper, work,
             geteuid() == 0 ? "" : ",userxattr");
    in_child_with_mount("overlay", options, root, part, (void *)(uintptr_t)root);
}

static void on_btrfs(void **state, forked_part *part)
{
    const char *image = scratch_path(state, "image"), *root = scratch_path(state, "root");

    make_directory(root);
    in_child_with_image("btrfs", "128M", image, root, part, (void *)(uintptr_t)root);
}

/* ---- Two paths to one region ---- */

static void share_by_two_paths(void *root)
{
    struct child reader = child_start("reader"), other = child_start("writer");
    mms_writer *writer;

    make_directory(below(root, "parent"));
    bind_at(below(root, "parent"), below(root, "elsewhere"));
    writer = sample_writer(below(root, "parent/region"));
    publish_text(writer, "text");
    child_expect(&other, "MMS_E_BUSY", "open %s lock_wait_ms=-2", below(root, "elsewhere/region"));
    use_every_slot(writer, 4);
    child_expect(&reader, "OK pin", "open %s", below(root, "elsewhere/region"));
    child_expect(&reader, "OK", "read");
    use_every_slot(writer, 4);
    child_expect(&reader, "OK", "check");
    child_kill(&reader);
    check_true(is_gone(below(root, "parent/region"), reader.pid));
    use_every_slot(writer, 4);
    check_ok(mms_writer_close(writer));
    child_end(&other);
}

static void a_region_has_two_paths(void **state)
{
    on_tmpfs(state, share_by_two_paths);
}

static void a_region_has_two_paths_on_overlayfs(void **state)
{
    need_fork_advice();
    on_overlayfs(state, share_by_two_paths);
}

/* What a container mounts is the parent: then a region that was removed and created again is found
   under its name. */
static void mount_the_parent(void *root)
{
    const char *inside = below(root, "container/region");
    mms_writer *writer;

    make_directory(below(root, "host"));
    bind_at(below(root, "host"), below(root, "container"));
    (void)sample_closed_region(below(root, "host/region"), "old");
    check_copies(inside, "old");
    check_ok(mms_remove(below(root, "host/region")));
    writer = sample_writer(below(root, "host/region"));
    publish_text(writer, "new");
    check_copies(inside, "new");
    check_ok(mms_writer_close(writer));
}

static void the_parent_is_mounted(void **state)
{
    on_tmpfs(state, mount_the_parent);
}

/* A region that is itself a mount point can be used but not removed, and after it was created
   again the mount still shows the old one. */
static void mount_the_region(void *root)
{
    const char *host = below(root, "region"), *inside = below(root, "container");
    mms_writer *writer;
    mms_region *region;

    (void)sample_closed_region(host, "old");
    bind_at(host, inside);
    check_copies(inside, "old");
    writer = sample_writer(inside);
    publish_text(writer, "from inside");
    check_ok(mms_writer_close(writer));
    check_copies(host, "from inside");
    check_true(mms_remove(inside) != 0); /* EBUSY: a mount point cannot be renamed */
    check_detail_mentions(inside);
    check_copies(host, "from inside");
    check_ok(mms_remove(host));
    writer = sample_writer(host);
    publish_text(writer, "new");
    check_code(mms_region_open(inside, NULL, &region), MMS_E_NOT_REGION);
    check_detail_mentions(inside);
    check_copies(host, "new");
    check_ok(mms_writer_close(writer));
}

static void the_region_itself_is_mounted(void **state)
{
    on_tmpfs(state, mount_the_region);
}

/* A part of one region over the same part of another: what is done to the one reaches the other. */
static void mount_a_part(void *root)
{
    static const char *const parts[] = {"control", "readers", "data", "lock"};
    const char *victim = below(root, "victim"), *region = below(root, "region");
    char over[700], from[700];

    (void)sample_closed_region(victim, "stays");
    (void)sample_closed_region(region, "value");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        snprintf(from, sizeof from, "%s/%s", victim, parts[i]);
        snprintf(over, sizeof over, "%s/%s", region, parts[i]);
        check_true(mount(from, over, NULL, MS_BIND, NULL) == 0);
        check_code(mms_remove(region), -EBUSY);
        check_detail_mentions(parts[i]);
        check_detail_mentions("unmount that first");
        check_true(umount(over) == 0);
        check_copies(victim, "stays");
        check_copies(region, "value");
    }
    check_ok(mms_remove(region));
}

static void a_part_is_mounted_over(void **state)
{
    on_tmpfs(state, mount_a_part);
}

/* ---- Read-only mounts ---- */

static void use_read_only(void *root)
{
    const char *host = below(root, "host/region"), *inside = below(root, "container/region");
    mms_writer *writer;
    mms_region *region;
    mms_info info;
    char copy[64];
    size_t size;

    make_directory(below(root, "host"));
    bind_at(below(root, "host"), below(root, "container"));
    make_read_only(below(root, "container"));
    writer = sample_writer(host);
    publish_text(writer, "first");
    check_ok(mms_region_open(inside, NULL, &region));
    check_true(mms_region_read_only(region));
    for (int i = 0; i < 100; i++) {
        publish_text(writer, i % 2 ? "odd" : "even");
        check_ok(mms_read_copy(region, copy, sizeof copy, &size, NULL));
        check_memory(copy, i % 2 ? "odd" : "even", size);
    }
    check_ok(mms_inspect(inside, &info));
    check_equal(info.size, 3);
    check_ok(mms_verify(inside, NULL, NULL));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
    check_code(mms_writer_open(inside, NULL, &writer), -EROFS);
    check_detail_mentions(inside);
    check_code(mms_remove(inside), -EROFS);
    check_detail_mentions(inside);
    check_code(mms_writer_open(below(root, "container/another"), NULL, &writer), -EROFS);
    check_copies(host, "odd");
}

static void a_read_only_mount_is_copied_from(void **state)
{
    on_tmpfs(state, use_read_only);
}

/* ---- Repair of mmap-sync's files ---- */

static bool is_suspect(const mms_repair_report *report, pid_t pid)
{
    for (unsigned i = 0; i < report->suspects && i < 8; i++)
        if (report->suspect_pid[i] == pid)
            return true;
    return false;
}

/* A reader that has the files under another path is alive, and keeps its count. On overlayfs, any
   process of this machine may be a suspect as well: one with the same inode on another device. */
static void repair_beside_a_reader(void *root)
{
    struct child reader = child_start("reader");
    const char *prefix = below(root, "host/value"), *other = below(root, "container/value");
    mms_repair_report report;
    mms_writer *writer;
    mms_info info;
    int code;

    make_directory(below(root, "host"));
    bind_at(below(root, "host"), below(root, "container"));
    check_ok(mms_writer_open(crate_path(prefix), NULL, &writer));
    publish_text(writer, "text");
    check_ok(mms_writer_close(writer));
    child_expect(&reader, "OK pin", "open mmap-sync:%s", other);
    (void)child_ask(&reader, "read"); /* lacks a pattern, and holds the view */
    check_code(mms_repair(prefix, 0, 0, &report), MMS_E_AGAIN);
    check_true(is_suspect(&report, reader.pid));
    check_ok(mms_inspect(prefix, &info));
    check_equal(info.readers, 1);
    child_kill(&reader);
    code = mms_repair(prefix, 0, 0, &report);
    check_true(!is_suspect(&report, reader.pid));
    if (code == MMS_E_AGAIN && report.suspects > 0)
        code = mms_repair(prefix, MMS_REPAIR_FORCE, 0, &report);
    check_ok(code);
    check_equal(report.after[0] + report.after[1], 0);
}

static void repair_sees_a_reader_through_a_bind_mount(void **state)
{
    on_tmpfs(state, repair_beside_a_reader);
}

static void repair_sees_a_reader_through_a_bind_mount_on_overlayfs(void **state)
{
    need_fork_advice();
    on_overlayfs(state, repair_beside_a_reader);
}

/* Where the layers are on two file systems, /proc/PID/maps may show another device than stat(2). */
static void repair_on_two_layers(void *root)
{
    char options[1900], merged[600];

    snprintf(merged, sizeof merged, "%s", below(root, "merged"));
    make_directory(merged);
    make_directory(below(root, "lower"));
    make_directory(below(root, "upper"));
    make_directory(below(root, "work"));
    check_true(mount("tmpfs", below(root, "lower"), "tmpfs", 0, "size=1m") == 0);
    snprintf(options, sizeof options, "lowerdir=%s,upperdir=%s,workdir=%s%s", below(root, "lower"),
             below(root, "upper"), below(root, "work"), geteuid() == 0 ? "" : ",userxattr");
    check_true(mount("overlay", merged, "overlay", 0, options) == 0);
    repair_beside_a_reader(merged);
}

static void repair_sees_a_reader_through_a_bind_mount_on_two_layers(void **state)
{
    need_fork_advice();
    on_tmpfs(state, repair_on_two_layers);
}

/* On btrfs each subvolume has a device number of its own, which /proc/PID/maps does not show. */
static void repair_sees_a_reader_through_a_bind_mount_on_btrfs(void **state)
{
    need_fork_advice();
    on_btrfs(state, repair_beside_a_reader);
}

/* Map a file with that inode that is on a file system of its own. */
static void map_namesake(const char *directory, ino_t inode)
{
    struct stat status = {0};
    char path[700];

    make_directory(directory);
    check_true(mount("tmpfs", directory, "tmpfs", 0, "size=16m,nr_inodes=8192") == 0);
    for (unsigned i = 0; status.st_ino < inode; i++) { /* tmpfs counts its inodes */
        int fd;

        snprintf(path, sizeof path, "%s/%u", directory, i);
        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        check_true(fd >= 0 && fstat(fd, &status) == 0);
        if (status.st_ino == inode)
            check_true(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) != MAP_FAILED);
        close(fd);
    }
    check_equal(status.st_ino, inode);
}

static void sleep_on(void *nothing)
{
    (void)nothing;
    for (;;)
        pause();
}

/* A process that has another file mapped, with the same inode on another device, does not hold up a
   repair. */
static void repair_beside_a_stranger(void *root)
{
    struct child reader = child_start("reader");
    const char *prefix = below(root, "value");
    mms_repair_report report;
    struct stat status;
    mms_writer *writer;
    pid_t stranger;

    check_ok(mms_writer_open(crate_path(prefix), NULL, &writer));
    publish_text(writer, "text");
    check_ok(mms_writer_close(writer));
    child_expect(&reader, "OK pin", "open mmap-sync:%s", prefix);
    (void)child_ask(&reader, "read");
    child_kill(&reader);
    check_true(stat(below(root, "value_state"), &status) == 0);
    map_namesake(below(root, "other"), status.st_ino);
    stranger = start_child(sleep_on, NULL); /* it inherits the mapping */
    check_ok(mms_repair(prefix, 0, 0, &report));
    check_equal(report.before[0] + report.before[1], 1);
    check_equal(report.after[0] + report.after[1], 0);
    check_true(kill(stranger, SIGKILL) == 0 && waitpid(stranger, NULL, 0) == stranger);
}

static void repair_knows_a_stranger_on_btrfs(void **state)
{
    on_btrfs(state, repair_beside_a_stranger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(a_region_has_two_paths),
        scratch_test(a_region_has_two_paths_on_overlayfs),
        scratch_test(the_parent_is_mounted),
        scratch_test(the_region_itself_is_mounted),
        scratch_test(a_part_is_mounted_over),
        scratch_test(a_read_only_mount_is_copied_from),
        scratch_test(repair_sees_a_reader_through_a_bind_mount),
        scratch_test(repair_sees_a_reader_through_a_bind_mount_on_overlayfs),
        scratch_test(repair_sees_a_reader_through_a_bind_mount_on_two_layers),
        scratch_test(repair_sees_a_reader_through_a_bind_mount_on_btrfs),
        scratch_test(repair_knows_a_stranger_on_btrfs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
