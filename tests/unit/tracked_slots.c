/* SPDX-License-Identifier: Apache-2.0 */
/* Tracked updates (MMS_TRACK_PAGES) in slots with a past: aborted updates, whole publishes, pages
   that were dropped, huge pages, other writers, another geometry, descriptors that a host has
   closed, forks. */
#include "forked.h"
#include "libc.h"
#include "region/writer.h"
#include "sample.h"
#include "scratch.h"
#include "tracked.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* More than a page table covers. */
enum { MIB = 1 << 20, LARGE = 6 << 20 };

static struct tracked set_up(void **state)
{
    need_page_tracking();
    return tracked_open(scratch_path(state, "region"), MMS_TRACK_PAGES, MIB);
}

static void update_often(struct tracked *tracked)
{
    for (size_t i = 0; i < 24; i++)
        tracked_update(tracked, i * 40009 % tracked->size);
}

/* The writer gets another mapping, of other files. */
static void change_geometry(struct tracked *tracked, size_t max_size)
{
    mms_writer_options options = tracked->options;

    tracked->options.max_size = max_size;
    tracked->options.max_slots = 5;
    tracked->options.replace = true;
    tracked_reopen(tracked);
    tracked->options = options;
    check_ok(mms_reader_close(tracked->reader));
    check_ok(mms_region_close(tracked->region));
    tracked->region = sample_region(tracked->path);
    tracked->reader = sample_reader(tracked->region);
}

/* ---- What else is done to slots ---- */

static void what_an_aborted_update_stored_is_gone(void **state)
{
    struct tracked tracked = set_up(state);

    for (int i = 0; i < 12; i++) {
        tracked_begin(&tracked);
        memset(tracked.buffer + i * 50000, 0xdd, 90000);
        check_ok(mms_write_abort(tracked.writer));
        tracked_update(&tracked, (size_t)i * 50001);
    }
    update_often(&tracked);
    tracked_close(&tracked);
}

static void whole_publishes_may_come_between(void **state)
{
    struct tracked tracked = set_up(state);
    mms_receipt receipt;
    void *buffer;

    for (int i = 0; i < 12; i++) {
        memset(tracked.copy + i * 10000, i, 300000);
        if (i % 2 == 0) {
            check_ok(mms_write(tracked.writer, tracked.copy, MIB, &receipt));
        } else {
            check_ok(mms_write_begin(tracked.writer, MIB, &buffer, NULL));
            memcpy(buffer, tracked.copy, MIB);
            check_ok(mms_write_commit(tracked.writer, MIB, &receipt));
        }
        tracked.generation = receipt.generation;
        for (int more = 0; more < i; more++)
            tracked_update(&tracked, (size_t)more * 30011);
    }
    tracked_close(&tracked);
}

/* A whole write stores to pages that a tracked update has left protected. */
static void a_whole_write_that_is_aborted_leaves_nothing(void **state)
{
    struct tracked tracked = set_up(state);
    void *buffer;

    for (int i = 0; i < 12; i++) {
        check_ok(mms_write_begin(tracked.writer, MIB, &buffer, NULL));
        memset(buffer, 0xee, MIB);
        check_ok(mms_write_abort(tracked.writer));
        tracked_update(&tracked, (size_t)i * 60013);
    }
    tracked_close(&tracked);
}

/* ---- Pages that go away ---- */

/* Where a page was stored to and then dropped, its entry in the page table says nothing at all, as
   when it is swapped out; and the kernel may free a table that has become empty. */
static void drop_during_updates(struct tracked *tracked, size_t from, size_t length)
{
    for (size_t i = 0; i < 12; i++) {
        tracked_begin(tracked);
        for (size_t at = from; at < from + length; at += 4096)
            tracked_store(tracked, at + i);
        check_true(madvise(tracked->buffer + from, length, MADV_DONTNEED) == 0);
        tracked_store(tracked, i);
        tracked_commit(tracked, tracked->size);
    }
}

static void pages_stored_to_and_dropped_are_found(void **state)
{
    struct tracked tracked = set_up(state);

    drop_during_updates(&tracked, 64 << 10, 128 << 10);
    update_often(&tracked);
    tracked_close(&tracked);
}

static void whole_tables_of_such_pages_are_found(void **state)
{
    struct tracked tracked;

    need_page_tracking();
    tracked = tracked_open(scratch_path(state, "region"), MMS_TRACK_PAGES, LARGE);
    drop_during_updates(&tracked, 64 << 10, LARGE - (128 << 10));
    update_often(&tracked);
    tracked_close(&tracked);
}

static void pages_dropped_and_not_stored_to_are_no_change(void **state)
{
    struct tracked tracked = set_up(state);

    for (size_t i = 0; i < 12; i++) {
        tracked_begin(&tracked);
        check_true(madvise(tracked.buffer, MIB, MADV_DONTNEED) == 0);
        tracked_store(&tracked, i * 5000);
        tracked_commit(&tracked, MIB);
        check_equal(tracked_compared(&tracked), (uint64_t)sysconf(_SC_PAGESIZE));
    }
    tracked_close(&tracked);
}

/* On a disk pages are written back, and may then be taken from memory. */
static void pages_that_were_written_back_are_found(void **state)
{
    struct tracked tracked = set_up(state);

    for (size_t i = 0; i < 12; i++) {
        tracked_begin(&tracked);
        for (size_t at = 0; at < MIB; at += 3 * 4096)
            tracked_store(&tracked, at + i);
        check_true(msync(tracked.buffer, MIB, MS_SYNC) == 0);
        (void)madvise(tracked.buffer, MIB, 21 /* MADV_PAGEOUT */);
        tracked_store(&tracked, MIB - 1 - i);
        tracked_commit(&tracked, MIB);
    }
    tracked_close(&tracked);
}

/* ---- Huge pages ---- */

static uint64_t bytes_in_huge_pages(const struct tracked *tracked)
{
    const struct mms__pool *pool = &mms__native_writer_of((struct mms_writer *)tracked->writer)->pool;
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < pool->used; i++)
        bytes += pool->slots[i].huge;
    return bytes;
}

/* If the writer mapped them as such, a store would count as one to all of its huge page. */
static void in_huge_pages_small_ones_are_looked_at(void **state)
{
    struct tracked tracked;

    need_page_tracking();
    tracked = tracked_open(scratch_path(state, "region"), MMS_TRACK_PAGES, LARGE);
    if (bytes_in_huge_pages(&tracked) == 0) {
        tracked_close(&tracked);
        skip_because("the kernel makes no huge pages here");
    }
    for (size_t i = 0; i < 30; i++) {
        tracked_update(&tracked, i * 700001 % LARGE);
        check_equal(tracked_compared(&tracked), (uint64_t)sysconf(_SC_PAGESIZE));
    }
    tracked_close(&tracked);
}

/* The kernel moves what is in the slot by then, stored to or not. */
static void a_slot_may_get_huge_pages_meanwhile(void **state)
{
    struct tracked tracked = set_up(state);
    void *buffer;

    change_geometry(&tracked, LARGE);
    for (size_t i = 0; i < 24; i++) {
        tracked_begin(&tracked);
        for (size_t at = 0; at < MIB / 2; at += 3 * 4096)
            tracked_store(&tracked, at + i);
        check_ok(mms_write_grow(tracked.writer, LARGE, &buffer));
        tracked_store(&tracked, i * 4099);
        tracked_commit(&tracked, MIB);
    }
    tracked_close(&tracked);
}

/* ---- Other writers ---- */

static void the_next_writer_goes_on(void **state)
{
    struct tracked tracked = set_up(state);

    for (size_t i = 0; i < 8; i++) {
        tracked.options.track = i % 2 == 0 ? MMS_TRACK_AUTO : MMS_TRACK_PAGES;
        tracked_reopen(&tracked);
        update_often(&tracked);
    }
    tracked_close(&tracked);
}

static void another_geometry_is_tracked_too(void **state)
{
    struct tracked tracked = set_up(state);

    change_geometry(&tracked, LARGE);
    update_often(&tracked);
    check_equal(tracked_compared(&tracked), (uint64_t)sysconf(_SC_PAGESIZE));
    tracked_close(&tracked);
}

/* ---- The process ---- */

/* With its descriptor the kernel's marks go away. The next update makes both anew; one that has
   begun compares everything. */
static void a_host_may_close_the_descriptors(void *path)
{
    struct tracked tracked = tracked_open(path, MMS_TRACK_PAGES, MIB);

    for (int i = 0; i < 3; i++) {
        closefrom(3);
        update_often(&tracked);
        check_equal(tracked_compared(&tracked), (uint64_t)sysconf(_SC_PAGESIZE));
        tracked_begin(&tracked);
        tracked_store(&tracked, 10);
        closefrom(3);
        tracked_store(&tracked, 500000);
        tracked_commit(&tracked, MIB);
        check_equal(tracked_compared(&tracked), MIB);
        check_string(tracked_changes(&tracked), "10+1 500000+1");
    }
    tracked_close(&tracked);
}

static void closed_descriptors_are_noticed(void **state)
{
    need_page_tracking();
    in_child(a_host_may_close_the_descriptors, (void *)(uintptr_t)scratch_path(state, "region"));
}

/* The numbers are those of files of the host, then. */
static void a_host_may_take_their_numbers(void *path)
{
    struct tracked tracked = tracked_open(path, MMS_TRACK_PAGES, MIB);
    struct mms__page_track *pages = &mms__native_writer_of((struct mms_writer *)tracked.writer)->tracking.pages;
    int taken[2] = {pages->faults.fd, pages->pages.fd};

    for (int i = 0; i < 2; i++) {
        int fd = open("/dev/zero", O_RDWR | O_CLOEXEC);

        check_true(fd >= 0 && dup3(fd, taken[i], O_CLOEXEC) == taken[i]);
        close(fd);
    }
    update_often(&tracked);
    check_equal(tracked_compared(&tracked), (uint64_t)sysconf(_SC_PAGESIZE));
    tracked_close(&tracked);
    for (int i = 0; i < 2; i++)
        check_true(fcntl(taken[i], F_GETFD) >= 0); /* and still are */
}

static void numbers_taken_by_the_host_are_left_alone(void **state)
{
    need_page_tracking();
    in_child(a_host_may_take_their_numbers, (void *)(uintptr_t)scratch_path(state, "region"));
}

static void a_child_has_neither_descriptor(void *argument)
{
    const struct mms__page_track *parents = argument;

    check_true(fcntl(parents->faults.fd, F_GETFD) < 0 && errno == EBADF);
    check_true(fcntl(parents->pages.fd, F_GETFD) < 0 && errno == EBADF);
}

static void a_fork_in_the_middle_changes_nothing(void **state)
{
    struct tracked tracked = set_up(state);
    struct mms__page_track pages = mms__native_writer_of((struct mms_writer *)tracked.writer)->tracking.pages;

    for (size_t i = 0; i < 10; i++) {
        tracked_begin(&tracked);
        tracked_store(&tracked, i);
        in_child(a_child_has_neither_descriptor, &pages);
        tracked_store(&tracked, 90000 * i);
        tracked_commit(&tracked, MIB);
        check_true(tracked_compared(&tracked) <= 2 * (uint64_t)sysconf(_SC_PAGESIZE));
    }
    tracked_close(&tracked);
}

static void nothing(void *argument)
{
    (void)argument;
}

/* It runs no fork handlers, so it has the descriptors; and no memory that they are about. */
static void a_raw_child_changes_nothing(void **state)
{
    struct tracked tracked = set_up(state);

    for (size_t i = 0; i < 10; i++) {
        tracked_begin(&tracked);
        tracked_store(&tracked, i);
        in_raw_child(nothing, NULL);
        tracked_store(&tracked, 90000 * i + 1);
        tracked_commit(&tracked, MIB);
    }
    tracked_close(&tracked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(what_an_aborted_update_stored_is_gone),
        scratch_test(whole_publishes_may_come_between),
        scratch_test(a_whole_write_that_is_aborted_leaves_nothing),
        scratch_test(pages_stored_to_and_dropped_are_found),
        scratch_test(whole_tables_of_such_pages_are_found),
        scratch_test(pages_dropped_and_not_stored_to_are_no_change),
        scratch_test_on_disk(pages_that_were_written_back_are_found),
        scratch_test(in_huge_pages_small_ones_are_looked_at),
        scratch_test(a_slot_may_get_huge_pages_meanwhile),
        scratch_test(the_next_writer_goes_on),
        scratch_test_on_disk(the_next_writer_goes_on),
        scratch_test(another_geometry_is_tracked_too),
        scratch_test(closed_descriptors_are_noticed),
        scratch_test(numbers_taken_by_the_host_are_left_alone),
        scratch_test(a_fork_in_the_middle_changes_nothing),
        scratch_test(a_raw_child_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
