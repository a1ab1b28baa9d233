/* SPDX-License-Identifier: Apache-2.0 */
/* A core dump of a process must not hold a whole region: with gigabytes mapped it would take seconds, and show a value to
   whoever may read dumps. */
#include "sample.h"
#include "scratch.h"
#include <stdio.h>
#include <string.h>

/* How many maps of files in a directory this process has; each must be marked "do not dump" (dd). */
static unsigned check_maps(const char *directory)
{
    FILE *maps = fopen("/proc/self/smaps", "re");
    char line[1024], name[1024] = "";
    unsigned count = 0;

    if (!maps)
        skip_because("/proc/self/smaps cannot be read");
    while (fgets(line, sizeof line, maps)) {
        if (strstr(line, directory))
            snprintf(name, sizeof name, "%s", line);
        if (strncmp(line, "VmFlags:", 8) != 0 || !*name)
            continue;
        if (!strstr(line, " dd"))
            check_failed(__FILE__, __LINE__, "it would be dumped: %s", name);
        count++;
        name[0] = 0;
    }
    check_true(fclose(maps) == 0);
    return count;
}

static void maps_of_regions_are_left_out(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);
    mms_region *region = sample_region(path);

    publish_text(writer, "value");
    check_true(check_maps(path) >= 7); /* control, readers, data, twice, and lock */
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
    check_equal(check_maps(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(maps_of_regions_are_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
