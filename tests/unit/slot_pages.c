/* SPDX-License-Identifier: Apache-2.0 */
/* Large values in huge pages (region/slot_pages.c): which part of a slot, at what cost in memory, what they save a reader,
   and that no byte of a value is lost when its memory changes from small pages to huge ones. */
#include "filled.h"
#include "forked.h"
#include "os/file.h"
#include "os/huge_pages.h"
#include "region/writer.h"
#include "sample.h"
#include "scratch.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static struct mms__pool *pool_of(mms_writer *writer)
{
    return &mms__native_writer_of(writer)->pool;
}

static mms_writer *large_writer(const char *path, mms_huge_pages wanted)
{
    mms_writer_options options = sample_options();

    options.max_size = 16 * mms__huge_page();
    options.max_slots = 4;
    options.huge_pages = wanted;
    return sample_writer_with(path, options);
}

static mms_info info_of(const char *path)
{
    mms_info info;

    check_ok(mms_inspect(path, &info));
    return info;
}

/* Skips the test unless the kernel makes huge pages here, and has memory for some. */
static void need_huge_pages(void **state)
{
    mms_writer_options options = sample_options();
    mms_writer *writer;
    int code;

    skip_under_emulator("it accepts madvise(2) and does nothing");
    if (mms__huge_page() == 0)
        skip_because("there are no huge pages on 32 bits");
    if (mms__huge_page() > 4 << 20)
        skip_because("huge pages have %zu bytes here", mms__huge_page());
    options.max_size = 16 * mms__huge_page();
    options.huge_pages = MMS_HUGE_PAGES_ON;
    code = mms_writer_open(scratch_path(state, "probe"), &options, &writer);
    if (code == -EOPNOTSUPP)
        skip_because("%s", mms_last_error());
    check_ok(code);
    for (int i = 0; i < 3 && code == 0; i++)
        code = publish_filled(writer, 16 * mms__huge_page(), 1);
    check_ok(mms_writer_close(writer));
    check_ok(mms_remove(scratch_path(state, "probe")));
    if (code != 0)
        skip_because("%s", mms_last_error());
}

/* Bytes of a region's `data` that a map of this process, with these rights, has in huge pages. */
static uint64_t mapped_huge(const char *path, const char *rights)
{
    char line[1024], file[700];
    uint64_t bytes = 0;
    bool found = false;
    FILE *maps = fopen("/proc/self/smaps", "re");

    snprintf(file, sizeof file, "%s/data", path);
    check_true(maps != NULL);
    while (fgets(line, sizeof line, maps)) {
        unsigned long start, end, kilobytes;

        if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
            found = strstr(line, file) != NULL && strstr(line, rights) != NULL;
        if (found && sscanf(line, "ShmemPmdMapped: %lu kB", &kilobytes) == 1)
            bytes += (uint64_t)kilobytes << 10;
    }
    fclose(maps);
    return bytes;
}

static long faults(void)
{
    struct rusage usage;

    check_true(getrusage(RUSAGE_SELF, &usage) == 0);
    return usage.ru_minflt;
}

/* Pages that do not begin with this byte. A sanitizer would look at memory of its own for each, which has pages too. */
__attribute__((no_sanitize_address)) static unsigned look_at_each(const unsigned char *bytes, size_t size,
                                                                  unsigned char byte)
{
    unsigned wrong = 0;

    for (size_t at = 0; at < size; at += 4096)
        wrong += ((const volatile unsigned char *)bytes)[at] != byte;
    return wrong;
}

/* The faults of a new reader that looks at each page of a value of these bytes. */
static long faults_of_a_walk(const char *path, unsigned char byte, uint64_t *huge)
{
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);
    mms_view view;
    unsigned wrong;
    long before;

    check_ok(mms_read(reader, &view));
    before = faults();
    wrong = look_at_each(view.data, view.size, byte);
    before = faults() - before;
    *huge = mapped_huge(path, " r--s ");
    check_equal(wrong, 0);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    return before;
}

static void reader_of_a_large_value_takes_few_page_faults(void **state)
{
    const char *path = scratch_path(state, "region");
    size_t huge_page, size;
    mms_writer *writer;
    uint64_t huge;

    need_huge_pages(state);
    huge_page = mms__huge_page();
    size = 16 * huge_page;
    writer = large_writer(path, MMS_HUGE_PAGES_ON);
    for (unsigned char i = 0; i < 4; i++) { /* each slot, and one of them again */
        check_ok(publish_filled(writer, size, i));
        /* a huge page each, and up to two around them in the kernel's pieces of 16 small ones */
        check_true(faults_of_a_walk(path, i, &huge) <= 16 + (long)(2 * huge_page / (16 * 4096)) + 8);
        check_true(huge >= size - huge_page);
    }
    check_true(info_of(path).bytes_huge >= 3 * (size - huge_page));
    check_true(info_of(path).bytes_huge <= info_of(path).bytes_used);
    check_ok(mms_writer_close(writer));
    check_true(info_of(path).bytes_huge >= 3 * (size - huge_page));
}

static void without_the_option_pages_are_small(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer;
    uint64_t huge;

    need_huge_pages(state);
    writer = large_writer(path, MMS_HUGE_PAGES_OFF);
    check_ok(publish_filled(writer, 8 * mms__huge_page(), 3));
    (void)faults_of_a_walk(path, 3, &huge);
    if (huge > 0)
        skip_because("this kernel makes huge pages on tmpfs by itself");
    check_equal(info_of(path).bytes_huge, 0);
    check_ok(mms_writer_close(writer));
}

static void small_values_have_small_pages(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer;

    need_huge_pages(state);
    writer = large_writer(path, MMS_HUGE_PAGES_ON);
    for (size_t size = 100; size <= mms__huge_page() / 2; size *= 3)
        check_ok(publish_filled(writer, size, 1));
    check_equal(info_of(path).bytes_huge, 0);
    check_true(file_blocks(path, "data") <= 4 * mms__huge_page() / 2 + (4 << 16));
    check_ok(mms_writer_close(writer));
}

/* Each of the three slots takes what the value needs, 64 KiB that large values are rounded up to, and a 64th at most. */
static void huge_pages_take_a_64th_more_memory_at_most(void **state)
{
    const char *path = scratch_path(state, "region");
    size_t sizes[] = {1 << 20, 2047 << 10, 2 << 20, (2 << 20) + 1, 3 << 20, (4 << 20) - 5000, (16 << 20) + 77777};

    need_huge_pages(state);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        mms_writer *writer = large_writer(path, MMS_HUGE_PAGES_AUTO);
        uint64_t most = sizes[i] + (64 << 10);

        for (int n = 0; n < 9; n++)
            check_ok(publish_filled(writer, sizes[i], (unsigned char)n));
        check_true(file_blocks(path, "data") <= 3 * (most + most / 64));
        check_ok(mms_writer_close(writer));
        check_ok(mms_remove(path));
    }
}

/* Where slots are too short to be rounded up: a slot that ended within the next one would count memory twice. */
static void slot_does_not_reach_into_the_next(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();
    mms_writer *writer;

    need_huge_pages(state);
    options.max_size = 2 * mms__huge_page() - 3 * mms__page_size();
    options.huge_pages = MMS_HUGE_PAGES_ON;
    writer = sample_writer_with(path, options);
    for (unsigned char i = 0; i < 6; i++)
        check_ok(publish_filled(writer, (size_t)options.max_size, i));
    for (unsigned slot = 0; slot < pool_of(writer)->used; slot++)
        check_true(pool_of(writer)->slots[slot].allocated <= pool_of(writer)->header.stride);
    check_ok(mms_verify(path, NULL, NULL));
    check_ok(mms_writer_close(writer));
}

/* The next publish scans with a heavy fence, and looks after memory along with that. */
static void make_care_due(struct mms__pool *pool)
{
    pool->last_care_ns = pool->last_full_ns = 0;
    pool->quick_due = 0;
}

static void check_rooms(const struct mms__pool *pool, const uint64_t rooms[3])
{
    for (unsigned slot = 0; slot < 3; slot++) {
        check_equal(pool->slots[slot].allocated, rooms[slot]);
        check_equal(pool->slots[slot].backed, rooms[slot]);
    }
}

/* What rounding up adds must not count as too much: memory would go back and be got again. */
static void values_of_one_size_use_three_slots_and_keep_their_memory(void **state)
{
    const char *path = scratch_path(state, "region");
    uint64_t rooms[3];
    mms_writer *writer;
    struct mms__pool *pool;

    need_huge_pages(state);
    writer = large_writer(path, MMS_HUGE_PAGES_AUTO);
    pool = pool_of(writer);
    for (int i = 0; i < 3; i++)
        check_ok(publish_filled(writer, 8 * mms__huge_page(), 1));
    check_equal(pool->used, 3);
    for (unsigned slot = 0; slot < 3; slot++)
        rooms[slot] = pool->slots[slot].allocated;
    check_true(rooms[1] > 8 * mms__huge_page()); /* it starts a page before a huge one, and ends with one */
    for (int i = 0; i < 9; i++) {
        make_care_due(pool);
        check_ok(publish_filled(writer, 8 * mms__huge_page(), 1));
        check_rooms(pool, rooms);
    }
    check_equal(pool->used, 3);
    check_ok(mms_writer_close(writer));
}

static unsigned slots_with_memory(const struct mms__pool *pool)
{
    unsigned count = 0;

    for (unsigned slot = 0; slot < pool->used; slot++)
        count += pool->slots[slot].backed > 0;
    return count;
}

/* Readers made the writer take a fourth slot. Of the three that are free then, a cycle of publishes needs two: no slot's
   memory goes back, which takes a generation, to be got again. */
static void spare_slots_are_two_whatever_they_are_rounded_up_to(void **state)
{
    const char *path = scratch_path(state, "region");
    uint64_t generation = 0;
    mms_writer *writer;
    mms_region *region;
    mms_reader *readers[2];
    mms_view view;

    need_huge_pages(state);
    writer = large_writer(path, MMS_HUGE_PAGES_AUTO);
    region = sample_region(path);
    for (int i = 0; i < 2; i++) {
        check_ok(publish_filled(writer, 8 * mms__huge_page(), 0));
        readers[i] = sample_reader(region);
        check_ok(mms_read(readers[i], &view));
    }
    for (int i = 0; i < 6; i++)
        check_ok(publish_filled(writer, 8 * mms__huge_page(), 1));
    check_equal(pool_of(writer)->used, 4);
    for (int i = 0; i < 2; i++)
        check_ok(mms_reader_close(readers[i]));
    check_ok(mms_region_close(region));
    for (int i = 0; i < 20; i++) {
        generation = i == 8 ? pool_of(writer)->generation : generation;
        make_care_due(pool_of(writer));
        check_ok(publish_filled(writer, 8 * mms__huge_page(), 1));
    }
    check_equal(pool_of(writer)->generation, generation + 12);
    check_equal(slots_with_memory(pool_of(writer)), 3);
    check_ok(mms_writer_close(writer));
}

static void memory_in_huge_pages_goes_back_when_values_shrink(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer;

    need_huge_pages(state);
    writer = large_writer(path, MMS_HUGE_PAGES_ON);
    for (int i = 0; i < 5; i++)
        check_ok(publish_filled(writer, 8 * mms__huge_page(), 1));
    check_true(file_blocks(path, "data") >= 16 * mms__huge_page());
    for (int i = 0; i < 200; i++)
        check_ok(publish_filled(writer, 3 << 19, 2));
    check_true(file_blocks(path, "data") <= 7 * mms__huge_page());
    for (int i = 0; i < 300; i++)
        check_ok(publish_filled(writer, 1000, 3));
    check_true(file_blocks(path, "data") <= 3 << 20);
    check_true(info_of(path).bytes_huge <= file_blocks(path, "data"));
    for (unsigned char i = 0; i < 3; i++)
        check_ok(publish_filled(writer, 8 * mms__huge_page(), i));
    check_true(info_of(path).bytes_huge >= 2 * 7 * mms__huge_page());
    check_ok(mms_verify(path, NULL, NULL));
    check_ok(mms_writer_close(writer));
}

/* Each 8 bytes say where they are. */
static void number(unsigned char *bytes, size_t from, size_t to)
{
    for (size_t at = from; at < to; at += 8)
        memcpy(bytes + at, &(uint64_t){at * UINT64_C(0x9e3779b97f4a7c15)}, 8);
}

static size_t count_wrong(const unsigned char *bytes, size_t size)
{
    size_t wrong = 0;

    for (size_t at = 0; at < size; at += 8)
        wrong += memcmp(bytes + at, &(uint64_t){at * UINT64_C(0x9e3779b97f4a7c15)}, 8) != 0;
    return wrong;
}

static void value_that_grows_into_huge_pages_keeps_its_bytes(void **state)
{
    const char *path = scratch_path(state, "region");
    size_t small, size;
    void *buffer;
    mms_writer *writer;

    need_huge_pages(state);
    small = mms__huge_page() / 2;
    writer = large_writer(path, MMS_HUGE_PAGES_ON);
    for (int i = 0; i < 3; i++) {
        check_ok(mms_write_begin(writer, small, &buffer, NULL));
        number(buffer, 0, small);
        for (size = 2 * small; size <= 16 * small; size += 3 * small) {
            check_ok(mms_write_grow(writer, size, &buffer));
            number(buffer, size - (size == 2 * small ? small : 3 * small), size);
        }
        size -= 3 * small;
        check_equal(count_wrong(buffer, size), 0);
        check_ok(mms_write_commit(writer, size, NULL));
    }
    check_true(info_of(path).bytes_huge >= 2 * 6 * mms__huge_page());
    check_ok(mms_writer_close(writer));
}

/* What a slot holds already counts on it: an update copies only what changed since. */
static void updates_grow_into_huge_pages_and_keep_all_bytes(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer;
    mms_region *region;
    mms_reader *reader;
    mms_view view;

    need_huge_pages(state);
    writer = large_writer(path, MMS_HUGE_PAGES_ON);
    for (size_t size = mms__huge_page() / 4; size <= 6 * mms__huge_page(); size += mms__huge_page() / 4) {
        void *buffer;
        size_t old;

        check_ok(mms_write_update(writer, size, &buffer, &old, NULL));
        check_equal(count_wrong(buffer, old), 0);
        number(buffer, old, size);
        check_ok(mms_write_commit(writer, size, NULL));
    }
    region = sample_region(path);
    reader = sample_reader(region);
    check_ok(mms_read(reader, &view));
    check_equal(view.size, 6 * mms__huge_page());
    check_equal(count_wrong(view.data, view.size), 0);
    check_true(info_of(path).bytes_huge >= 5 * mms__huge_page());
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

/* Make a value longer, and check what is there already. */
static void update_to(mms_writer *writer, size_t size)
{
    size_t old;
    void *buffer;

    check_ok(mms_write_update(writer, size, &buffer, &old, NULL));
    check_equal(count_wrong(buffer, old), 0);
    number(buffer, old, size);
    check_ok(mms_write_commit(writer, size, NULL));
}

/* A huge page may take milliseconds, and such an update microseconds. */
static void update_that_needs_little_more_makes_no_huge_page(void **state)
{
    const char *path = scratch_path(state, "region");
    size_t huge_page, size;
    mms_writer *writer;
    uint64_t huge;

    need_huge_pages(state);
    huge_page = mms__huge_page();
    writer = large_writer(path, MMS_HUGE_PAGES_AUTO);
    for (int i = 0; i < 3; i++)
        update_to(writer, 2 * huge_page);
    huge = info_of(path).bytes_huge;
    for (size = 2 * huge_page; size <= 5 * huge_page; size += huge_page / 32) /* slots miss a few of them */
        update_to(writer, size);
    check_equal(info_of(path).bytes_huge, huge);
    check_ok(mms_verify(path, NULL, NULL));
    check_ok(mms_writer_close(writer));
}

/* What earlier updates left in small pages becomes huge with it: twice as much as it needs itself. */
static void update_that_needs_much_makes_up_for_earlier_ones(void **state)
{
    const char *path = scratch_path(state, "region");
    size_t huge_page, size;
    mms_writer *writer;
    uint64_t huge, made;

    need_huge_pages(state);
    huge_page = mms__huge_page();
    writer = large_writer(path, MMS_HUGE_PAGES_AUTO);
    for (size = huge_page / 32; size <= 8 * huge_page; size += huge_page / 32)
        update_to(writer, size);
    huge = info_of(path).bytes_huge;
    update_to(writer, 10 * huge_page);
    made = info_of(path).bytes_huge - huge;
    check_true(made >= 4 * huge_page);
    check_true(made <= 5 * huge_page); /* the slot has missed a few updates */
    check_ok(mms_verify(path, NULL, NULL));
    check_ok(mms_writer_close(writer));
}

/* It starts where the last one stopped, whose slots may be in small pages. */
static void next_writer_makes_huge_pages_of_small_ones(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer;
    uint64_t huge;

    need_huge_pages(state);
    writer = large_writer(path, MMS_HUGE_PAGES_OFF);
    for (unsigned char i = 0; i < 3; i++)
        check_ok(publish_filled(writer, 8 * mms__huge_page(), i));
    check_ok(mms_writer_close(writer));
    writer = large_writer(path, MMS_HUGE_PAGES_ON);
    for (unsigned char i = 0; i < 3; i++) {
        check_ok(publish_filled(writer, 8 * mms__huge_page(), (unsigned char)(10 + i)));
        (void)faults_of_a_walk(path, (unsigned char)(10 + i), &huge);
        check_true(huge >= 7 * mms__huge_page());
    }
    check_ok(mms_writer_close(writer));
}

/* ---- Where there are none ---- */

static void on_is_refused_where_there_can_be_none(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();
    mms_writer *writer;

    options.huge_pages = MMS_HUGE_PAGES_ON;
    check_code(mms_writer_open(path, &options, &writer), -EOPNOTSUPP);
    check_detail_mentions(mms__huge_page() == 0 ? "32-bit" : "tmpfs");
    check_true(access(path, F_OK) != 0); /* nothing was made */
    options.huge_pages = MMS_HUGE_PAGES_AUTO;
    check_ok(mms_writer_open(path, &options, &writer));
    publish_text(writer, "value");
    check_ok(mms_writer_close(writer));
    options.huge_pages = MMS_HUGE_PAGES_ON;
    check_code(mms_writer_open(path, &options, &writer), -EOPNOTSUPP);
    check_copies(path, "value");
}

static void disk_has_small_pages(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();
    mms_writer *writer;

    options.max_size = 8 << 20;
    writer = sample_writer_with(path, options);
    check_ok(publish_filled(writer, 8 << 20, 1));
    check_equal(info_of(path).bytes_huge, 0);
    check_ok(mms_writer_close(writer));
}

static void files_of_mmap_sync_have_none(void **state)
{
    char path[600];
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    mms_writer *writer;

    snprintf(path, sizeof path, "mmap-sync:%s", scratch_path(state, "values"));
    options.huge_pages = MMS_HUGE_PAGES_ON;
    check_code(mms_writer_open(path, &options, &writer), MMS_E_INVALID);
    check_detail_mentions("huge_pages");
    options.huge_pages = MMS_HUGE_PAGES_AUTO;
    check_ok(mms_writer_open(path, &options, &writer));
    check_ok(mms_writer_close(writer));
}

/* A descriptor may say anything. */
static void damaged_count_of_huge_bytes_stays_within_the_slots(void **state)
{
    const char *path = scratch_path(state, "region");

    sample_closed_region(path, "value");
    patch_word(path, "control", offsetof(struct mms__control, slots) + offsetof(struct mms__descriptor, huge),
               UINT64_MAX);
    check_true(info_of(path).bytes_huge <= file_size(path, "data"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(reader_of_a_large_value_takes_few_page_faults),
        scratch_test(without_the_option_pages_are_small),
        scratch_test(small_values_have_small_pages),
        scratch_test(huge_pages_take_a_64th_more_memory_at_most),
        scratch_test(slot_does_not_reach_into_the_next),
        scratch_test(values_of_one_size_use_three_slots_and_keep_their_memory),
        scratch_test(spare_slots_are_two_whatever_they_are_rounded_up_to),
        scratch_test(memory_in_huge_pages_goes_back_when_values_shrink),
        scratch_test(value_that_grows_into_huge_pages_keeps_its_bytes),
        scratch_test(updates_grow_into_huge_pages_and_keep_all_bytes),
        scratch_test(update_that_needs_little_more_makes_no_huge_page),
        scratch_test(update_that_needs_much_makes_up_for_earlier_ones),
        scratch_test(next_writer_makes_huge_pages_of_small_ones),
        scratch_test_on_disk(on_is_refused_where_there_can_be_none),
        scratch_test_on_disk(disk_has_small_pages),
        scratch_test(files_of_mmap_sync_have_none),
        scratch_test(damaged_count_of_huge_bytes_stays_within_the_slots),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
