/* SPDX-License-Identifier: Apache-2.0 */
/* A file system that mmsync is not tested on is refused by name, to readers and writers, and works
   if forced. */
#include "forked.h"
#include "sample.h"
#include "scratch.h"
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *region_in(const char *directory)
{
    static char path[600];

    snprintf(path, sizeof path, "%s/region", directory);
    return path;
}

static void refuse_then_force(void *directory)
{
    const char *path = region_in(directory);
    mms_writer_options options = sample_options();
    mms_region_options reading = MMS_REGION_OPTIONS_INIT;
    mms_writer *writer;
    mms_region *region;
    mms_reader *reader;
    mms_info info;

    check_code(mms_writer_open(path, &options, &writer), MMS_E_FILESYSTEM);
    check_detail_mentions("ramfs");
    check_detail_mentions("force_filesystem");
    check_true(access(path, F_OK) != 0);
    options.force_filesystem = true;
    check_ok(mms_writer_open(path, &options, &writer));
    check_code(mms_region_open(path, NULL, &region), MMS_E_FILESYSTEM);
    check_detail_mentions("ramfs");
    reading.force_filesystem = true;
    check_ok(mms_region_open(path, &reading, &region));
    reader = sample_reader(region);
    for (int i = 0; i < 20; i++) {
        publish_text(writer, i % 2 ? "odd" : "even");
        check_reads(reader, i % 2 ? "odd" : "even");
    }
    check_ok(mms_inspect(path, &info)); /* looking needs no force */
    check_equal(info.size, 3);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
    check_ok(mms_remove(path));
}

static void ramfs_is_refused_by_name_and_works_if_forced(void **state)
{
    const char *directory = scratch_path(state, "ramfs");

    check_true(mkdir(directory, 0755) == 0);
    in_child_with_mount("ramfs", NULL, directory, refuse_then_force, (void *)(uintptr_t)directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(ramfs_is_refused_by_name_and_works_if_forced),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
