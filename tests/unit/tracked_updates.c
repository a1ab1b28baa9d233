/* SPDX-License-Identifier: Apache-2.0 */
/* Updates whose changes the kernel finds (MMS_TRACK_PAGES): whoever stores to the buffer, and
   however, the value is what was stored, only what differs is announced, and only the pages that
   were stored to are looked at. */
#include "sample.h"
#include "scratch.h"
#include "tracked.h"
#include <fcntl.h>
#include <mmsync/table.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

enum { MIB = 1 << 20 };

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

static struct tracked set_up(void **state)
{
    need_page_tracking();
    return tracked_open(scratch_path(state, "region"), MMS_TRACK_PAGES, MIB);
}

/* ---- Stores of all kinds ---- */

static void a_store_is_enough(void **state)
{
    struct tracked tracked = set_up(state);

    tracked_begin(&tracked);
    tracked_store(&tracked, 5);
    tracked_store(&tracked, 500000);
    tracked_store(&tracked, MIB - 1);
    tracked_commit(&tracked, MIB);
    check_string(tracked_changes(&tracked), "5+1 500000+1 1048575+1");
    for (size_t i = 0; i < 300; i++)
        tracked_update(&tracked, i * 7919 % MIB);
    tracked_close(&tracked);
}

static void only_pages_that_were_stored_to_are_looked_at(void **state)
{
    struct tracked tracked = set_up(state);

    for (size_t i = 0; i < 30; i++) {
        tracked_update(&tracked, i * 70001 % MIB);
        check_equal(tracked_compared(&tracked), page_size());
    }
    tracked_begin(&tracked);
    for (size_t i = 0; i < 3; i++)
        tracked_store(&tracked, 3 * i * page_size());
    tracked_commit(&tracked, MIB);
    check_equal(tracked_compared(&tracked), 3 * page_size());
    tracked_begin(&tracked);
    tracked_commit(&tracked, MIB);
    check_equal(tracked_compared(&tracked), 0);
    tracked_close(&tracked);
}

/* Every second page of so many: the kernel tells them in several pieces. */
static void pages_far_apart_are_all_found(void **state)
{
    enum { PAGES = 1200 };
    struct tracked tracked;

    need_page_tracking();
    tracked = tracked_open(scratch_path(state, "region"), MMS_TRACK_PAGES, PAGES * page_size());
    for (size_t round = 0; round < 3; round++) {
        tracked_begin(&tracked);
        for (size_t page = round % 2; page < PAGES; page += 2)
            tracked_store(&tracked, page * page_size() + round);
        tracked_commit(&tracked, tracked.size);
        check_equal(tracked_compared(&tracked), PAGES / 2 * page_size());
    }
    tracked_close(&tracked);
}

static void storing_what_was_there_is_no_change(void **state)
{
    struct tracked tracked = set_up(state);

    tracked_begin(&tracked);
    memcpy(tracked.buffer, tracked.copy, MIB);
    tracked_store(&tracked, 77777);
    tracked_commit(&tracked, MIB);
    check_equal(tracked_compared(&tracked), MIB);
    check_string(tracked_changes(&tracked), "77777+1");
    tracked_close(&tracked);
}

/* Ranges begin and end with a byte that differs; a few equal bytes between do not split one. */
static void near_changes_are_one_range(void **state)
{
    struct tracked tracked = set_up(state);

    tracked_begin(&tracked);
    tracked_store(&tracked, 8192 + 10);
    tracked_store(&tracked, 8192 + 40);
    tracked_store(&tracked, 8192 + 256);
    tracked_store(&tracked, 8192 + 1024);
    tracked_commit(&tracked, MIB);
    check_string(tracked_changes(&tracked), "8202+247 9216+1");
    tracked_close(&tracked);
}

static void stores_of_system_calls_count(void **state)
{
    struct tracked tracked = set_up(state);
    struct iovec parts[2];
    int ends[2];

    check_true(pipe(ends) == 0);
    for (int i = 0; i < 20; i++) {
        tracked_begin(&tracked);
        check_true(write(ends[1], "by read", 7) == 7);
        check_true(read(ends[0], tracked.buffer + 4093 + i, 7) == 7);
        memcpy(tracked.copy + 4093 + i, "by read", 7);
        parts[0] = (struct iovec){tracked.buffer + 100000, 2};
        parts[1] = (struct iovec){tracked.buffer + 200000 + i, 3};
        check_true(write(ends[1], "readv", 5) == 5);
        check_true(readv(ends[0], parts, 2) == 5);
        memcpy(tracked.copy + 100000, "re", 2);
        memcpy(tracked.copy + 200000 + i, "adv", 3);
        tracked_commit(&tracked, MIB);
    }
    close(ends[0]);
    close(ends[1]);
    tracked_close(&tracked);
}

static void *store_from_a_thread(void *argument)
{
    struct tracked *tracked = argument;

    for (size_t i = 0; i < 50; i++)
        tracked_store(tracked, 20001 * i % MIB);
    return NULL;
}

static void stores_of_other_threads_count(void **state)
{
    struct tracked tracked = set_up(state);
    pthread_t thread;

    for (int i = 0; i < 20; i++) {
        tracked_begin(&tracked);
        check_true(pthread_create(&thread, NULL, store_from_a_thread, &tracked) == 0);
        check_true(pthread_join(thread, NULL) == 0);
        tracked_commit(&tracked, MIB);
    }
    tracked_close(&tracked);
}

/* ---- Touches ---- */

static void touches_add_to_it(void **state)
{
    struct tracked tracked = set_up(state);

    tracked_begin(&tracked);
    check_ok(mms_write_touch(tracked.writer, 300000, 10));
    check_ok(mms_write_patch(tracked.writer, 10, "patched", 7));
    memcpy(tracked.copy + 10, "patched", 7);
    tracked_store(&tracked, 5000);
    tracked_commit(&tracked, MIB);
    check_string(tracked_changes(&tracked), "10+7 5000+1 300000+10");
    tracked_close(&tracked);
}

/* Of the slot, elsewhere in this process. */
static unsigned char *map_again(const struct tracked *tracked, const mms_receipt *receipt, size_t *size)
{
    char name[4200];
    unsigned char *map;
    int fd;

    snprintf(name, sizeof name, "%s/data", tracked->path);
    fd = open(name, O_RDWR | O_CLOEXEC);
    *size = (size_t)(file_size(tracked->path, "data") / tracked->options.max_slots);
    map = mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)(receipt->slot * *size));
    check_true(fd >= 0 && map != MAP_FAILED);
    close(fd);
    return map;
}

/* A limit that is documented: nobody sees those stores, so they must be touched; check_touch
   finds them. */
static void what_another_mapping_stores_must_be_touched(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = tracked_options(MMS_TRACK_PAGES, MIB);
    struct tracked tracked;
    mms_receipt receipt;
    unsigned char *other;
    size_t size, stride;
    void *buffer;

    need_page_tracking();
    options.check_touch = true;
    tracked = tracked_open_with(path, options);
    check_ok(mms_write_update(tracked.writer, MIB, &buffer, &size, &receipt));
    tracked.buffer = buffer;
    other = map_again(&tracked, &receipt, &stride);
    other[123456] ^= 1;
    tracked.copy[123456] ^= 1;
    check_code(mms_write_commit(tracked.writer, MIB, NULL), MMS_E_INVALID);
    check_detail_mentions("byte 123456 was changed");
    check_ok(mms_write_touch(tracked.writer, 123456, 1));
    tracked_store(&tracked, 9);
    tracked_commit(&tracked, MIB);
    check_true(munmap(other, stride) == 0);
    for (size_t i = 0; i < 20; i++)
        tracked_update(&tracked, i);
    tracked_close(&tracked);
}

static void check_touch_finds_nothing_else(void **state)
{
    mms_writer_options options = tracked_options(MMS_TRACK_PAGES, MIB);
    struct tracked tracked;

    need_page_tracking();
    options.check_touch = true;
    tracked = tracked_open_with(scratch_path(state, "region"), options);
    for (size_t i = 0; i < 100; i++)
        tracked_update(&tracked, i * 7919 % MIB);
    tracked_close(&tracked);
}

/* ---- Sizes ---- */

static void values_may_end_anywhere(void **state)
{
    struct tracked tracked = set_up(state);

    for (size_t i = 1; i < 40; i++) {
        size_t size = i % 3 == 0 ? 1 : MIB - i * 4099;

        tracked_begin(&tracked);
        tracked_store(&tracked, 0);
        tracked_store(&tracked, tracked.size / 2);
        if (size > tracked.size) { /* bytes past the old size need no touch */
            memset(tracked.buffer + tracked.size, (int)i, size - tracked.size);
            memset(tracked.copy + tracked.size, (int)i, size - tracked.size);
        } else {
            tracked_store(&tracked, size - 1);
        }
        tracked_commit(&tracked, size);
    }
    tracked_close(&tracked);
}

static void room_may_be_added(void **state)
{
    struct tracked tracked = set_up(state);
    size_t size;
    void *buffer;

    tracked_begin(&tracked);
    tracked_commit(&tracked, 100);
    for (size_t i = 0; i < 12; i++) {
        check_ok(mms_write_update(tracked.writer, 0, &buffer, &size, NULL));
        check_equal(size, 100);
        tracked.buffer = buffer;
        tracked_store(&tracked, i);
        check_ok(mms_write_grow(tracked.writer, 500000, &buffer));
        memset((unsigned char *)buffer + 100, (int)i, 400000);
        memset(tracked.copy + 100, (int)i, 400000);
        tracked_store(&tracked, 50);
        tracked_commit(&tracked, 400100);
        tracked_begin(&tracked);
        tracked_store(&tracked, 99);
        tracked_commit(&tracked, 100);
    }
    tracked_close(&tracked);
}

static void the_first_value_may_be_an_update(void **state)
{
    mms_writer *writer;
    size_t size = 9;
    void *buffer;

    need_page_tracking();
    writer = sample_writer_with(scratch_path(state, "region"), tracked_options(MMS_TRACK_PAGES, MIB));
    check_ok(mms_write_update(writer, 5, &buffer, &size, NULL));
    check_equal(size, 0);
    memcpy(buffer, "first", 5);
    check_ok(mms_write_commit(writer, 5, NULL));
    check_copies(scratch_path(state, "region"), "first");
    check_ok(mms_writer_close(writer));
}

/* ---- Without the kernel's help ---- */

static void touches_alone_are_the_default(void **state)
{
    struct tracked tracked = {.path = scratch_path(state, "region"), .options = sample_options()};
    size_t size;
    void *buffer;

    tracked.writer = sample_writer_with(tracked.path, tracked.options);
    publish_text(tracked.writer, "a value");
    check_ok(mms_write_update(tracked.writer, 0, &buffer, &size, NULL));
    check_ok(mms_write_commit(tracked.writer, size, NULL));
    check_equal(tracked_compared(&tracked), 0);
    check_ok(mms_writer_close(tracked.writer));
}

static void no_other_number_is_a_way_to_track(void **state)
{
    mms_writer_options options = sample_options();
    mms_writer *writer;

    options.track = (mms_track)(MMS_TRACK_AUTO + 1);
    check_code(mms_writer_open(scratch_path(state, "region"), &options, &writer), MMS_E_INVALID);
    check_detail_mentions("options.track");
}

/* Whatever the kernel can do. */
static void auto_finds_the_same(void **state)
{
    struct tracked tracked = tracked_open(scratch_path(state, "region"), MMS_TRACK_AUTO, MIB);

    tracked_begin(&tracked);
    tracked_store(&tracked, 70);
    tracked_store(&tracked, 900000);
    tracked_commit(&tracked, MIB);
    check_string(tracked_changes(&tracked), "70+1 900000+1");
    tracked_close(&tracked);
}

/* They touch all that they change. */
static void tables_are_not_tracked(void **state)
{
    const char *path = scratch_path(state, "region");
    struct tracked tracked = set_up(state);
    mms_table *table;

    check_ok(mms_writer_close(tracked.writer));
    tracked.writer = sample_writer_with(scratch_path(state, "table"), tracked_options(MMS_TRACK_PAGES, MIB));
    for (uint64_t key = 0; key < 20; key++) {
        check_ok(mms_table_begin(tracked.writer, NULL, &table));
        check_ok(mms_table_put(table, &key, sizeof key, "value", 5));
        check_ok(mms_table_commit(table, NULL));
        check_equal(tracked_compared(&tracked), 0);
    }
    check_ok(mms_writer_close(tracked.writer));
    tracked.writer = sample_writer_with(path, tracked.options);
    tracked_update(&tracked, 5);
    tracked_close(&tracked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(a_store_is_enough),
        scratch_test(only_pages_that_were_stored_to_are_looked_at),
        scratch_test(pages_far_apart_are_all_found),
        scratch_test(storing_what_was_there_is_no_change),
        scratch_test(near_changes_are_one_range),
        scratch_test(stores_of_system_calls_count),
        scratch_test(stores_of_other_threads_count),
        scratch_test(touches_add_to_it),
        scratch_test(what_another_mapping_stores_must_be_touched),
        scratch_test(check_touch_finds_nothing_else),
        scratch_test(values_may_end_anywhere),
        scratch_test(room_may_be_added),
        scratch_test(the_first_value_may_be_an_update),
        scratch_test(touches_alone_are_the_default),
        scratch_test(no_other_number_is_a_way_to_track),
        scratch_test(auto_finds_the_same),
        scratch_test(tables_are_not_tracked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
