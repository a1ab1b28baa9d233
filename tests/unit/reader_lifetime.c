/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and closing readers and regions; threads that end; a table that is full. */
#include "forked.h"
#include "sample.h"
#include "scratch.h"
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

enum { READERS = 4 }; /* as in sample_options */

static size_t count_lines(const char *path)
{
    size_t count;

    check_ok(mms_inspect_readers(path, NULL, 0, &count));
    return count;
}

static void reader_takes_a_line_and_gives_it_back(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_region *region;
    mms_reader *reader;

    sample_closed_region(path, "value");
    region = sample_region(path);
    check_equal(count_lines(path), 0);
    reader = sample_reader(region);
    check_equal(count_lines(path), 1);
    check_ok(mms_reader_close(reader));
    check_equal(count_lines(path), 0);
    check_ok(mms_region_close(region));
}

static void full_table_is_an_error_until_a_reader_closes(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_reader *readers[READERS], *more;
    mms_region *region;

    sample_closed_region(path, "value");
    region = sample_region(path);
    for (int i = 0; i < READERS; i++)
        readers[i] = sample_reader(region);
    check_code(mms_reader_open(region, &more), MMS_E_FULL);
    check_true(more == NULL);
    check_detail_mentions("max_readers");
    check_ok(mms_reader_close(readers[1]));
    readers[1] = sample_reader(region);
    for (int i = 0; i < READERS; i++) {
        check_reads(readers[i], "value");
        check_ok(mms_reader_close(readers[i]));
    }
    check_ok(mms_region_close(region));
}

/* A reader that finds the table full looks for dead ones, through a path that may lead elsewhere
   by now. */
static void full_table_of_a_region_that_was_deleted_is_gone(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_reader *readers[READERS], *more;
    mms_region *region;

    sample_closed_region(path, "value");
    region = sample_region(path);
    for (int i = 0; i < READERS; i++)
        readers[i] = sample_reader(region);
    check_code(mms_reader_open(region, &more), MMS_E_FULL);
    scratch_delete(path);
    check_code(mms_reader_open(region, &more), MMS_E_GONE);
    fclose(fopen(path, "we"));
    check_code(mms_reader_open(region, &more), MMS_E_GONE);
    scratch_delete(path);
    sample_closed_region(path, "another");
    check_code(mms_reader_open(region, &more), MMS_E_GONE);
    for (int i = 0; i < READERS; i++)
        check_ok(mms_reader_close(readers[i]));
    check_ok(mms_region_close(region));
}

static void region_for_more_processes_than_there_are_lines_is_full(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_region *regions[READERS], *more = (mms_region *)state;

    sample_closed_region(path, "value");
    for (int i = 0; i < READERS; i++)
        regions[i] = sample_region(path);
    check_code(mms_region_open(path, NULL, &more), MMS_E_FULL);
    check_true(more == NULL);
    check_ok(mms_region_close(regions[2]));
    regions[2] = sample_region(path);
    for (int i = 0; i < READERS; i++)
        check_ok(mms_region_close(regions[i]));
}

static void fill_table_and_die(void *path)
{
    mms_region *region = sample_region(path);

    for (int i = 0; i < READERS; i++)
        check_holds(sample_reader(region), "value");
}

static void lines_of_the_dead_make_room_in_a_full_table(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_region *region;
    mms_reader *reader;

    sample_closed_region(path, "value");
    region = sample_region(path); /* before: its own sweep cannot be what helps */
    in_child(fill_table_and_die, (void *)(uintptr_t)path);
    check_equal(count_lines(path), READERS);
    reader = sample_reader(region);
    check_reads(reader, "value");
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

static void region_stays_open_while_a_reader_is(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_region *region;
    mms_reader *reader;

    sample_closed_region(path, "value");
    region = sample_region(path);
    reader = sample_reader(region);
    check_code(mms_region_close(region), MMS_E_BUSY);
    check_reads(reader, "value");
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

static void calls_on_a_closed_reader_are_refused(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_region *region;
    mms_reader *reader;
    mms_view view;

    sample_closed_region(path, "value");
    region = sample_region(path);
    reader = sample_reader(region);
    check_holds(reader, "value");
    check_ok(mms_reader_close(reader));
    check_code(mms_read(reader, &view), MMS_E_INVALID);
    check_detail_mentions("closed");
    check_code(mms_refresh(reader, &view), MMS_E_INVALID);
    check_code(mms_release(reader), MMS_E_INVALID);
    check_code(mms_wait(reader, 0, 0), MMS_E_INVALID);
    check_code(mms_reader_close(reader), MMS_E_INVALID);
    check_ok(mms_region_close(region));
}

static void close_releases_the_view(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);
    mms_region *region = sample_region(path);

    for (int i = 0; i < 20; i++) {
        mms_reader *reader = sample_reader(region);

        publish_text(writer, "value");
        check_holds(reader, "value");
        check_ok(mms_reader_close(reader));
    }
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

/* ---- Threads ---- */

struct thread_part {
    mms_region *region;
    mms_reader *reader;
};

static void *open_and_hold(void *argument)
{
    struct thread_part *part = argument;

    part->reader = sample_reader(part->region);
    check_holds(part->reader, "value");
    return NULL;
}

static mms_reader *reader_of_a_thread_that_ended(mms_region *region)
{
    struct thread_part part = {.region = region};
    pthread_t thread;

    check_true(pthread_create(&thread, NULL, open_and_hold, &part) == 0);
    pthread_join(thread, NULL);
    return part.reader;
}

static void thread_that_ends_gives_its_line_and_view_back(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);
    mms_region *region = sample_region(path);

    for (int i = 0; i < 3 * READERS; i++) {
        publish_text(writer, "value");
        reader_of_a_thread_that_ended(region);
        check_equal(count_lines(path), 0);
    }
    check_ok(mms_region_close(region)); /* no reader is open */
    check_ok(mms_writer_close(writer));
}

static void reader_of_another_thread_outlives_it_if_detached(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    mms_region *region;
    mms_reader *reader;

    sample_closed_region(path, "value");
    options.detached = true;
    check_ok(mms_region_open(path, &options, &region));
    reader = reader_of_a_thread_that_ended(region);
    check_equal(count_lines(path), 1);
    check_ok(mms_release(reader));
    check_reads(reader, "value");
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

static void end_of_one_thread_leaves_the_readers_of_others(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_region *region;
    mms_reader *own;

    sample_closed_region(path, "value");
    region = sample_region(path);
    own = sample_reader(region);
    check_holds(own, "value");
    reader_of_a_thread_that_ended(region);
    check_equal(count_lines(path), 1);
    check_ok(mms_release(own));
    check_ok(mms_reader_close(own));
    check_ok(mms_region_close(region));
}

/* It keeps half of its readers. There are more of these than lines, so it gets to a full table,
   and ends there. */
static void *open_until_full(void *region)
{
    mms_reader *reader;
    int code, opened = 0;

    while ((code = mms_reader_open(region, &reader)) == 0) {
        check_reads(reader, "value");
        if (opened++ % 2)
            check_ok(mms_reader_close(reader));
    }
    check_code(code, MMS_E_FULL);
    return NULL;
}

/* The last readers of each thread end with it, while others find the table full and look for dead
   lines. Finding out that a table is full takes a while, so each thread does it once. */
static void threads_come_and_go_in_a_full_table(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_region *region;
    pthread_t threads[8];

    sample_closed_region(path, "value");
    region = sample_region(path);
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 8; i++)
            check_true(pthread_create(&threads[i], NULL, open_until_full, region) == 0);
        for (int i = 0; i < 8; i++)
            pthread_join(threads[i], NULL);
        check_equal(count_lines(path), 0);
    }
    check_ok(mms_region_close(region));
}

static void line_says_whose_it_is(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_region *region;
    mms_reader *reader;
    mms_reader_info info;
    size_t count;

    sample_closed_region(path, "value");
    region = sample_region(path);
    reader = sample_reader(region);
    check_ok(mms_inspect_readers(path, &info, 1, &count));
    check_equal(count, 1);
    check_equal(info.pid, getpid());
    check_equal(info.tid, gettid());
    check_true(info.alive && !info.pinned && !info.allow_evict);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(reader_takes_a_line_and_gives_it_back),
        scratch_test(full_table_is_an_error_until_a_reader_closes),
        scratch_test(full_table_of_a_region_that_was_deleted_is_gone),
        scratch_test(region_for_more_processes_than_there_are_lines_is_full),
        scratch_test(lines_of_the_dead_make_room_in_a_full_table),
        scratch_test(region_stays_open_while_a_reader_is),
        scratch_test(calls_on_a_closed_reader_are_refused),
        scratch_test(close_releases_the_view),
        scratch_test(thread_that_ends_gives_its_line_and_view_back),
        scratch_test(reader_of_another_thread_outlives_it_if_detached),
        scratch_test(end_of_one_thread_leaves_the_readers_of_others),
        scratch_test(threads_come_and_go_in_a_full_table),
        scratch_test(line_says_whose_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
