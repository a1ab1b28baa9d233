/* SPDX-License-Identifier: Apache-2.0 */
/* ctest: crash */
/* Writers that are killed: readers do not notice (G6), and the next writer continues where the
   last one stopped. */
#include "child.h"
#include "jolt.h"
#include "lookout.h"
#include "pattern.h"
#include "sample.h"
#include "scratch.h"
#include <stdio.h>
#include <stdlib.h>

enum { KILLS = 100 };

struct sight {
    mms_region *region;
    mms_reader *reader;
    uint64_t newest;
};

static struct sight open_sight(const char *path)
{
    struct sight sight = {.region = sample_region(path)};

    sight.reader = sample_reader(sight.region);
    return sight;
}

static void close_sight(struct sight *sight)
{
    check_ok(mms_reader_close(sight->reader));
    check_ok(mms_region_close(sight->region));
}

/* The region has a whole value, no older than the last one seen. */
static uint64_t check_value(struct sight *sight)
{
    mms_view view;

    check_ok(mms_read(sight->reader, &view));
    check_true(pattern_check(view.data, view.size, view.generation));
    check_true(view.generation >= sight->newest);
    check_ok(mms_release(sight->reader));
    return sight->newest = view.generation;
}

static struct child start_writer(const char *path)
{
    struct child writer = child_start("writer");

    child_expect(&writer, "OK", "open %s max_size=65536 max_slots=3 max_readers=8", path);
    return writer;
}

static void half_a_value_is_never_seen(void **state)
{
    const char *path = scratch_path(state, "region");
    struct child writer = start_writer(path);
    uint64_t published = child_number(&writer, "write 500"), begun;
    struct sight sight = open_sight(path);

    for (int i = 0; i < check_rounds(KILLS); i++) {
        begun = child_number(&writer, "begin %d", 4000 + i);
        check_true(begun > published);
        if (i % 2)
            child_expect(&writer, "OK", "grow 60000");
        child_kill(&writer);
        check_equal(check_value(&sight), published);
        check_equal(inspect(path).writer_alive, 0);
        writer = start_writer(path);
        check_equal(check_value(&sight), published);
        published = child_number(&writer, "write %d", 1 + i);
        check_true(published > begun); /* a generation that was given out is not used again */
        check_equal(check_value(&sight), published);
    }
    check_true(inspect(path).slots_used <= 3);
    check_ok(mms_verify(path, NULL, NULL));
    child_end(&writer);
    close_sight(&sight);
}

struct recovery {
    uint64_t longest_ns, sum_ns;
};

/* From the kill to the successor's first publish; a figure, not a check. */
static struct child replace_writer(struct child *killed, const char *path, struct recovery *recovery)
{
    struct child writer = child_start("writer");
    uint64_t start;

    child_expect(&writer, "OK", "pid");
    start = jolt_now_ns();
    child_kill(killed);
    child_expect(&writer, "OK", "open %s", path);
    child_expect(&writer, "OK", "write 100");
    start = jolt_now_ns() - start;
    recovery->sum_ns += start;
    if (start > recovery->longest_ns)
        recovery->longest_ns = start;
    return writer;
}

static void a_writer_dies_at_any_moment(void **state)
{
    const char *path = scratch_path(state, "region");
    struct child writer = start_writer(path);
    uint64_t random = 77, last = child_number(&writer, "write 500");
    struct sight sight = open_sight(path);
    struct recovery recovery = {0};

    for (int i = 0; i < check_rounds(KILLS); i++) {
        child_expect(&writer, "OK", "loop 1 %d", i % 2 ? 60000 : 100);
        random_moment(&random);
        check_value(&sight);
        writer = replace_writer(&writer, path, &recovery);
        check_true(child_number(&writer, "last") > last);
        last = child_number(&writer, "last");
        check_equal(check_value(&sight), last);
    }
    child_end(&writer);
    check_ok(mms_verify(path, NULL, NULL));
    close_sight(&sight);
    printf("recovery: mean %.3f ms, longest %.3f ms\n", (double)recovery.sum_ns / check_rounds(KILLS) / 1e6,
           (double)recovery.longest_ns / 1e6);
}

static void waiters_hear_of_the_successor(void **state)
{
    const char *path = scratch_path(state, "region");
    struct child writer = start_writer(path), waiter = child_start("reader");
    uint64_t seen = child_number(&writer, "write 9");

    child_expect(&waiter, "OK pin", "open %s", path);
    child_send(&waiter, "wait %llu -1", (unsigned long long)seen);
    child_kill(&writer);
    writer = start_writer(path);
    seen = child_number(&writer, "write 9");
    check_equal(strtoull(child_receive(&waiter) + 3, NULL, 10), seen);
    child_end(&waiter);
    child_end(&writer);
}

static void a_second_writer_gets_the_lock_when_the_first_is_killed(void **state)
{
    const char *path = scratch_path(state, "region");
    struct child first = start_writer(path), second = child_start("writer");

    child_expect(&first, "OK", "write 100");
    child_expect(&second, "MMS_E_BUSY", "open %s lock_wait_ms=-2", path);
    child_send(&second, "open %s lock_wait_ms=-1", path);
    child_kill(&first);
    check_string(child_receive(&second), "OK");
    check_equal(inspect(path).writer_pid, second.pid);
    child_end(&second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(half_a_value_is_never_seen),
        scratch_test(a_writer_dies_at_any_moment),
        scratch_test(waiters_hear_of_the_successor),
        scratch_test(a_second_writer_gets_the_lock_when_the_first_is_killed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
