/* SPDX-License-Identifier: Apache-2.0 */
/* A copy of a region's files that shares their blocks (cp on xfs, a snapshot on btrfs): a store to
   such a block needs new space. On a full disk that is an error of the write, and never SIGBUS
   (G7). */
#include "filled.h"
#include "forked.h"
#include "sample.h"
#include "scratch.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { MIB = 1 << 20, LARGE = 4 * MIB, ROUNDS = 8 };

struct scene {
    const char *directory, *copy; /* a command that makes one, run in the directory */
    bool shares;
};

static bool run(const char *format, ...) __attribute__((format(printf, 1, 2)));
static bool run(const char *format, ...)
{
    char command[2048];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    return system(command) == 0;
}

static mms_writer_options large_options(void)
{
    mms_writer_options options = sample_options();

    options.max_size = LARGE;
    return options;
}

static void fill_disk(const char *directory)
{
    /* Twice: a sync releases what the file system keeps back. */
    for (int i = 0; i < 2; i++)
        (void)run("for size in 1M 4k; do dd if=/dev/zero bs=$size of=%s/filler oflag=append conv=notrunc,fsync; done "
                  ">/dev/null 2>&1; sync -f %s",
                  directory, directory);
}

static void publish_all(mms_writer *writer)
{
    for (int i = 0; i < ROUNDS; i++)
        check_ok(publish_filled(writer, LARGE, (unsigned char)i));
}

/* How many of the large values found no room. */
static int publish_on_a_full_disk(mms_writer *writer)
{
    int failed = 0;

    for (int i = 0; i < ROUNDS; i++) {
        int code = publish_filled(writer, LARGE, (unsigned char)i);

        check_true(code == 0 || code == -ENOSPC);
        if (code != 0)
            check_detail_mentions("free some on its file system");
        failed += code != 0;
        code = mms_write(writer, "small", 5, NULL);
        check_true(code == 0 || code == -ENOSPC);
    }
    return failed;
}

static void outlive_a_copy(void *argument)
{
    const struct scene *scene = argument;
    char path[512];
    mms_writer *writer;
    int failed;

    snprintf(path, sizeof path, "%s/region", scene->directory);
    writer = sample_writer_with(path, large_options());
    publish_all(writer);
    check_true(run("sync -f %s && cd %s && { %s; } >/dev/null 2>&1", scene->directory, scene->directory, scene->copy));
    fill_disk(scene->directory);
    failed = publish_on_a_full_disk(writer);
    check_equal(failed > 0, scene->shares);
    check_ok(mms_verify(path, NULL, NULL));
    check_ok(mms_writer_close(writer));
    check_true(run("rm %s/filler && sync -f %s", scene->directory, scene->directory));
    writer = sample_writer_with(path, large_options());
    publish_all(writer);
    check_ok(mms_writer_close(writer));
    check_ok(mms_remove(path));
}

static void after_a_copy(void **state, const char *type, const char *size, const char *copy, bool shares)
{
    struct scene scene = {scratch_path(state, "mounted"), copy, shares};

    check_true(mkdir(scene.directory, 0755) == 0);
    in_child_with_image(type, size, scratch_path(state, "image"), scene.directory, outlive_a_copy, &scene);
}

#define COPY_FILES "mkdir copy && cp region/data region/control copy/"

static void copy_on_ext4(void **state)
{
    after_a_copy(state, "ext4", "96M", COPY_FILES, false);
}

static void copy_on_xfs(void **state)
{
    after_a_copy(state, "xfs", "320M", COPY_FILES, true);
}

static void snapshot_on_btrfs(void **state)
{
    after_a_copy(state, "btrfs", "160M", "btrfs subvolume snapshot . snapshot", true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(copy_on_ext4),
        scratch_test(copy_on_xfs),
        scratch_test(snapshot_on_btrfs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
