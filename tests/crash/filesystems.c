/* SPDX-License-Identifier: Apache-2.0 */
/* ctest: crash */
/* Liveness and growth on each supported file system. On overlayfs a lock ends with its descriptor,
   not with the mapping, so the library works differently there; the same must hold. */
#include "child.h"
#include "forked.h"
#include "lookout.h"
#include "sample.h"
#include "scratch.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static struct child start_reader(const char *path)
{
    struct child reader = child_start("reader");

    child_expect(&reader, "OK pin", "open %s", path);
    return reader;
}

static void values_of_each_size_are_read(const char *path)
{
    struct child writer = child_start("writer"), reader;

    child_expect(&writer, "OK", "open %s " SMALL_REGION, path);
    child_expect(&writer, "OK", "write 0");
    reader = start_reader(path);
    for (unsigned size = 1; size <= 65536; size *= 2) {
        child_expect(&writer, "OK", "write %u", size);
        child_expect(&reader, "OK", "refresh");
        child_expect(&reader, "OK", "copy");
    }
    child_expect(&reader, "OK", "release");
    child_expect(&writer, "OK", "loop 1 65536");
    child_expect(&reader, "OK", "spin 3000");
    child_expect(&reader, "OK", "copies 300");
    child_end(&reader);
    child_end(&writer);
}

static void the_dead_are_found(const char *path)
{
    mms_writer *writer = sample_writer_with(path, (mms_writer_options){.struct_size = sizeof(mms_writer_options),
                                                                       .grace_ms = MMS_NO_WAIT,
                                                                       .lock_wait_ms = MMS_NO_WAIT});

    for (int i = 0; i < 10; i++) {
        struct child reader = start_reader(path);
        pid_t pid = reader.pid, grandchild;

        child_expect(&reader, "OK", "read");
        grandchild = (pid_t)child_number(&reader, "fork");
        check_true(!is_gone(path, pid));
        use_every_slot(writer, 4);
        child_expect(&reader, "OK", "check");
        child_kill(&reader);
        check_equal(kill(grandchild, 0), 0);
        check_true(is_gone(path, pid));
        use_every_slot(writer, 4);
        check_equal(kill(grandchild, SIGKILL), 0);
    }
    check_ok(mms_writer_close(writer));
}

static void the_writers_lock_ends_with_it(const char *path)
{
    struct child first = child_start("writer"), second = child_start("writer");
    pid_t grandchild;

    child_expect(&first, "OK", "open %s lock_wait_ms=-2", path);
    grandchild = (pid_t)child_number(&first, "fork");
    child_expect(&second, "MMS_E_BUSY", "open %s lock_wait_ms=-2", path);
    child_kill(&first);
    check_equal(kill(grandchild, 0), 0);
    child_expect(&second, "OK", "open %s lock_wait_ms=-2", path);
    child_expect(&second, "OK", "write 100");
    check_equal(kill(grandchild, SIGKILL), 0);
    child_end(&second);
}

static void life(void *directory)
{
    char path[512];

    snprintf(path, sizeof path, "%s/region", (const char *)directory);
    values_of_each_size_are_read(path);
    the_dead_are_found(path);
    the_writers_lock_ends_with_it(path);
    check_ok(mms_verify(path, NULL, NULL));
    check_ok(mms_remove(path));
}

/* ---- File systems ---- */

static void make_directory(const char *path)
{
    check_true(mkdir(path, 0755) == 0);
}

static void in_scratch_directory(void **state)
{
    need_fork_advice();
    const char *directory = scratch_path(state, "directory");

    make_directory(directory);
    life((void *)(uintptr_t)directory);
}

/* Where the file system below has no extended attributes (tmpfs in a user namespace, on older
   kernels), overlayfs cannot rename directories. */
static void live_if_directories_can_be_renamed(void *directory)
{
    char from[512], to[512];
    mms_writer *writer;

    snprintf(from, sizeof from, "%s/from", (const char *)directory);
    snprintf(to, sizeof to, "%s/to", (const char *)directory);
    make_directory(from);
    if (rename(from, to) == 0) {
        life(directory);
        return;
    }
    check_equal(errno, EXDEV);
    check_code(mms_writer_open(to, NULL, &writer), -EXDEV);
    check_detail_mentions("/dev/shm");
}

static void on_overlayfs(void **state)
{
    need_fork_advice();
    const char *lower = scratch_path(state, "lower"), *upper = scratch_path(state, "upper"),
               *work = scratch_path(state, "work"), *merged = scratch_path(state, "merged");
    char options[1024];

    make_directory(lower);
    make_directory(upper);
    make_directory(work);
    make_directory(merged);
    snprintf(options, sizeof options, "lowerdir=%s,upperdir=%s,workdir=%s%s", lower, upper, work,
             geteuid() == 0 ? "" : ",userxattr"); /* in a user namespace directories cannot be renamed without it */
    in_child_with_mount("overlay", options, merged, live_if_directories_can_be_renamed, (void *)(uintptr_t)merged);
    snprintf(options, sizeof options, "%s/from", upper);
    if (access(options, F_OK) == 0)
        skip_because(
            "this overlayfs cannot rename directories (EXDEV): the file system below has no extended attributes");
}

static void on_image(void **state, const char *type, const char *size)
{
    need_fork_advice();
    const char *image = scratch_path(state, "image"), *directory = scratch_path(state, "mounted");

    make_directory(directory);
    in_child_with_image(type, size, image, directory, life, (void *)(uintptr_t)directory);
}

static void on_ext4(void **state)
{
    on_image(state, "ext4", "64M");
}

static void on_xfs(void **state)
{
    on_image(state, "xfs", "320M");
}

static void on_btrfs(void **state)
{
    on_image(state, "btrfs", "128M");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(in_scratch_directory),
        scratch_test_on_disk(in_scratch_directory),
        scratch_test(on_overlayfs),
        scratch_test(on_ext4),
        scratch_test(on_xfs),
        scratch_test(on_btrfs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
