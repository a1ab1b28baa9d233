/* SPDX-License-Identifier: Apache-2.0 */
/* The flags that mappings are made with, and what the kernel is told about them. A core dump of
   a process must not hold a whole region: with gigabytes mapped it would take seconds, and show
   a value to whoever may read dumps. No child may inherit a map that holds a lock. And huge pages
   can only be used in maps that start at a multiple of one. */
#include "os/huge_pages.h"
#include "sample.h"
#include "scratch.h"
#include <stdio.h>
#include <string.h>

/* How many mappings of files in a directory this process has, and how many of those children do
   not get (dc). All must be marked "do not dump" (dd). */
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
    check_equal(check_maps(path, &ours_alone), 8); /* control, readers, data, twice; `current` once more; lock */
    check_equal(ours_alone, 5);                    /* all of the writer's, and a reader's lines */
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
    check_equal(check_maps(path, &ours_alone), 0);
}

/* How many mappings of `data` there are, and how many of them start where a huge page may. */
static unsigned count_data_maps(const char *path, unsigned *aligned)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[1024], name[700];
    unsigned count = 0;

    *aligned = 0;
    snprintf(name, sizeof name, "%s/data", path);
    if (!maps)
        skip_because("/proc/self/maps cannot be read");
    while (fgets(line, sizeof line, maps)) {
        unsigned long start;

        if (!strstr(line, name) || sscanf(line, "%lx-", &start) != 1)
            continue;
        *aligned += start % mms__huge_page() == 0;
        count++;
    }
    check_true(fclose(maps) == 0);
    return count;
}

static void maps_of_values_are_aligned_for_huge_pages(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();
    mms_writer *writer;
    mms_region *regions[4];
    unsigned aligned;

    if (mms__huge_page() == 0)
        skip_because("there are no huge pages on 32 bits");
    options.max_size = 2 * mms__huge_page();
    writer = sample_writer_with(path, options);
    for (int i = 0; i < 4; i++)
        regions[i] = sample_region(path);
    check_equal(count_data_maps(path, &aligned), 5);
    check_equal(aligned, 5);
    for (int i = 0; i < 4; i++)
        check_ok(mms_region_close(regions[i]));
    check_ok(mms_writer_close(writer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(maps_are_marked),
        scratch_test(maps_of_values_are_aligned_for_huge_pages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
