/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel is told about maps. A core dump of a process must not hold a whole region: with gigabytes mapped it would
   take seconds, and show a value to whoever may read dumps. And no child may inherit a map that holds a lock. */
#include "sample.h"
#include "scratch.h"
#include <stdio.h>
#include <string.h>

/* How many maps of files in a directory this process has, and how many of them no child gets (dc). All must be marked "do not
   dump" (dd). */
static unsigned check_maps(const char *directory, unsigned *ours_alone)
{
    FILE *maps = fopen("/proc/self/smaps", "re");
    char line[1024], name[1024] = "";
    unsigned count = 0;

    *ours_alone = 0;
    if (!maps)
        skip_because("/proc/self/smaps cannot be read");
    while (fgets(line, sizeof line, maps)) {
        if (strstr(line, directory))
            snprintf(name, sizeof name, "%s", line);
        if (strncmp(line, "VmFlags:", 8) != 0 || !*name)
            continue;
        if (!strstr(line, " dd"))
            check_failed(__FILE__, __LINE__, "it would be dumped: %s", name);
        *ours_alone += strstr(line, " dc") != NULL;
        count++;
        name[0] = 0;
    }
    check_true(fclose(maps) == 0);
    return count;
}

static void maps_are_marked(void **state)
{
    skip_under_emulator("it lists its maps without what madvise(2) was told of them");

    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);
    mms_region *region = sample_region(path);
    unsigned ours_alone;

    publish_text(writer, "value");
    check_equal(check_maps(path, &ours_alone), 7); /* control, readers, data, twice, and lock */
    check_equal(ours_alone, 5);                    /* all of the writer's, and a reader's lines */
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
    check_equal(check_maps(path, &ours_alone), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(maps_are_marked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
