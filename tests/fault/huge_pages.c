/* SPDX-License-Identifier: Apache-2.0 */
/* On tmpfs with huge pages small regions stay small, large values come and go, and a full mount is
   an error. Slots start far from each other, so with a huge page for each one a few bytes would
   take a few hundred MiB. */
#include "filled.h"
#include "forked.h"
#include "region/layout.h"
#include "sample.h"
#include "scratch.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MIB = 1 << 20, WRITES = 1000 };

static void on_mount(void **state, const char *options, forked_part *part)
{
    const char *directory = scratch_path(state, "huge");

    check_true(mkdir(directory, 0755) == 0);
    in_child_with_mount("tmpfs", options, directory, part, (void *)(uintptr_t)directory);
}

static uint64_t bytes_used(const char *path)
{
    mms_info info;

    check_ok(mms_inspect(path, &info));
    return info.bytes_used;
}

static void write_small_ones(mms_writer *writer)
{
    for (int i = 0; i < WRITES; i++)
        check_ok(mms_write(writer, "abc", 3, NULL));
}

static mms_writer *default_writer(const char *path)
{
    mms_writer *writer;

    check_ok(mms_writer_open(path, NULL, &writer));
    return writer;
}

/* One page for each file and each spare slot, of which there is 1 MiB: what they take without huge
   pages. */
static uint64_t small_bytes(const char *path)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

    return file_size(path, "control") + file_size(path, "readers") + 2 * page +
           (128 * page > MIB ? 128 * page : (uint64_t)MIB);
}

/* Whether the kernel may use huge pages for the mapping of a file. */
static bool may_get_huge_pages(const char *path, const char *rights)
{
    char line[1024], file[700];
    bool found = false, forbidden = false;
    FILE *maps = fopen("/proc/self/smaps", "re");

    snprintf(file, sizeof file, "%s/data", path);
    check_true(maps != NULL);
    while (fgets(line, sizeof line, maps)) {
        unsigned long start, end;

        if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
            found = strstr(line, file) != NULL && strstr(line, rights) != NULL;
        if (found && strncmp(line, "VmFlags:", 8) == 0)
            forbidden = strstr(line, " nh") != NULL;
    }
    fclose(maps);
    return !forbidden;
}

static void look_at_maps(void *directory)
{
    char path[600];
    mms_writer *writer;
    mms_region *region;
    static char large[4 * MIB];

    snprintf(path, sizeof path, "%s/region", (const char *)directory);
    writer = default_writer(path);
    check_true(!may_get_huge_pages(path, " rw-s "));
    check_ok(mms_write(writer, "abc", 3, NULL));
    region = sample_region(path);
    check_true(!may_get_huge_pages(path, " r--s "));
    check_ok(mms_region_close(region));
    check_ok(mms_write(writer, large, sizeof large, NULL));
    region = sample_region(path);
    check_true(may_get_huge_pages(path, " r--s ")); /* for look-ups in large values */
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
    check_ok(mms_remove(path));
}

/* The word of a damaged region, which names no slot whose size could be looked up. */
static void look_at_maps_of_no_slot(void *directory)
{
    char path[600];
    mms_region *region;

    snprintf(path, sizeof path, "%s/region", (const char *)directory);
    sample_closed_region(path, "value");
    patch_word(path, "control", offsetof(struct mms__control, current), UINT64_C(5) << MMS__SLOT_BITS | 1000);
    region = sample_region(path);
    check_true(!may_get_huge_pages(path, " r--s "));
    check_ok(mms_region_close(region));
    check_ok(mms_remove(path));
}

static void region_whose_word_names_no_slot_gets_small_pages(void **state)
{
    on_mount(state, "huge=always", look_at_maps_of_no_slot);
}

static void kernel_makes_no_huge_pages_behind_our_back(void **state)
{
    on_mount(state, "huge=always", look_at_maps);
}

static void use_small_values(void *directory)
{
    char path[600];
    mms_writer *writer;
    mms_region *region;
    mms_reader *reader;

    snprintf(path, sizeof path, "%s/region", (const char *)directory);
    for (int i = 0; i < 2; i++) { /* the second takes the region over */
        writer = default_writer(path);
        write_small_ones(writer);
        check_true(bytes_used(path) <= small_bytes(path));
        check_ok(mms_writer_close(writer));
    }
    region = sample_region(path);
    reader = sample_reader(region);
    check_reads(reader, "abc");
    check_true(bytes_used(path) <= small_bytes(path));
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_remove(path));
}

static void small_values_stay_small_with_huge_always(void **state)
{
    on_mount(state, "huge=always", use_small_values);
}

static void small_values_stay_small_with_huge_within_size(void **state)
{
    on_mount(state, "huge=within_size", use_small_values);
}

static void small_values_stay_small_with_huge_advise(void **state)
{
    on_mount(state, "huge=advise", use_small_values);
}

static void small_values_stay_small_without_huge_pages(void **state)
{
    on_mount(state, "huge=never", use_small_values);
}

static void come_and_go(void *directory)
{
    char path[600];
    mms_writer *writer;

    snprintf(path, sizeof path, "%s/region", (const char *)directory);
    writer = default_writer(path);
    for (int i = 0; i < 5; i++)
        check_ok(publish_filled(writer, 24 * MIB, (unsigned char)i));
    check_true(bytes_used(path) >= 24 * MIB);
    write_small_ones(writer);
    check_true(bytes_used(path) <= 8 * MIB);
    check_ok(mms_verify(path, NULL, NULL));
    check_ok(mms_writer_close(writer));
    check_ok(mms_remove(path));
}

static void large_values_come_and_go(void **state)
{
    on_mount(state, "huge=always,size=160m", come_and_go);
}

static void use_it_up(void *directory)
{
    char path[600];
    mms_writer *writer;
    mms_region *region;
    mms_reader *reader;
    mms_view view;

    snprintf(path, sizeof path, "%s/region", (const char *)directory);
    writer = default_writer(path);
    check_ok(mms_write(writer, "abc", 3, NULL));
    for (size_t size = 64 << 10; size <= 64 * MIB; size *= 2) {
        int code = publish_filled(writer, size, 1);

        check_true(code == 0 || code == -ENOSPC);
        if (size > 16 * MIB)
            check_code(code, -ENOSPC);
    }
    region = sample_region(path);
    reader = sample_reader(region);
    check_ok(mms_read(reader, &view));
    check_true(view.size >= 64 << 10);
    check_ok(mms_release(reader));
    write_small_ones(writer);
    check_reads(reader, "abc");
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
    check_ok(mms_remove(path));
}

static void full_mount_is_an_error(void **state)
{
    on_mount(state, "huge=always,size=16m", use_it_up);
}

/* ---- Huge pages on request, where a mount gives none by itself ---- */

static mms_writer *writer_of_two_slots(const char *path, mms_huge_pages wanted)
{
    mms_writer_options options = sample_options();
    mms_writer *writer;

    options.max_size = 32 * MIB;
    options.max_slots = 2;
    options.huge_pages = wanted;
    check_ok(mms_writer_open(path, &options, &writer));
    return writer;
}

static void fill_two_slots(mms_writer *writer)
{
    check_ok(publish_filled(writer, 8 * MIB, 1));
    check_ok(publish_filled(writer, 8 * MIB, 2));
}

static void use_all_of_it(void *directory)
{
    char path[600];
    mms_writer *writer;

    snprintf(path, sizeof path, "%s/region", (const char *)directory);
    writer = writer_of_two_slots(path, MMS_HUGE_PAGES_AUTO);
    fill_two_slots(writer);
    check_ok(mms_verify(path, NULL, NULL));
    check_ok(mms_writer_close(writer));
    check_ok(mms_remove(path));
}

/* The second slot would take a page more, to end with a huge page, and there is none left. */
static void mount_with_room_for_small_pages_alone_is_enough(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = writer_of_two_slots(path, MMS_HUGE_PAGES_OFF);
    char options[64];

    fill_two_slots(writer);
    snprintf(options, sizeof options, "size=%lluk", (unsigned long long)bytes_used(path) / 1024);
    check_ok(mms_writer_close(writer));
    check_ok(mms_remove(path));
    on_mount(state, options, use_all_of_it);
}

static void look_up_in_huge_pages(void *directory)
{
    char path[600];
    mms_writer *writer;
    mms_info info;

    snprintf(path, sizeof path, "%s/region", (const char *)directory);
    writer = writer_of_two_slots(path, MMS_HUGE_PAGES_AUTO);
    fill_two_slots(writer);
    check_ok(mms_inspect(path, &info));
    check_true(info.bytes_huge <= info.bytes_used);
    write_small_ones(writer);
    check_true(bytes_used(path) <= 3 * MIB);
    fill_two_slots(writer);
    check_ok(mms_verify(path, NULL, NULL));
    check_ok(mms_writer_close(writer));
    check_ok(mms_remove(path));
}

static void request_works_on_every_mount(void **state)
{
    const char *const options[] = {"huge=never", "huge=advise", "huge=within_size", "huge=always"};
    const char *directory = scratch_path(state, "huge");

    check_true(mkdir(directory, 0755) == 0);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        in_child_with_mount("tmpfs", options[i], directory, look_up_in_huge_pages, (void *)(uintptr_t)directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(small_values_stay_small_with_huge_always),
        scratch_test(small_values_stay_small_with_huge_within_size),
        scratch_test(small_values_stay_small_with_huge_advise),
        scratch_test(small_values_stay_small_without_huge_pages),
        scratch_test(region_whose_word_names_no_slot_gets_small_pages),
        scratch_test(kernel_makes_no_huge_pages_behind_our_back),
        scratch_test(large_values_come_and_go),
        scratch_test(full_mount_is_an_error),
        scratch_test(mount_with_room_for_small_pages_alone_is_enough),
        scratch_test(request_works_on_every_mount),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
