/* SPDX-License-Identifier: Apache-2.0 */
/* ctest: stress serial */
/* In the steady state a read makes no system call, and a write makes only a membarrier call and an
   occasional look at its files. */
#include "system_calls.h"
#include "child.h"
#include "lookout.h"
#include "os/clock.h"
#include "pattern.h"
#include "sample.h"
#include "scratch.h"
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { READS = 1000000, WRITES = 100000, SMALL = 36, SLOTS = 128 };

static void count(void (*function)(void *), void *context, struct system_calls *calls)
{
    int code = count_system_calls(function, context, calls);

    if (code != 0)
        skip_because("no seccomp listener can be installed here: %s", strerror(code));
}

static void one_call(void *unused)
{
    (void)unused;
    syscall(SYS_getppid);
}

static void the_counter_counts(void **state)
{
    struct system_calls calls;

    (void)state;
    count(one_call, NULL, &calls);
    check_equal(calls.total, 1);
    check_equal(calls.of[SYS_getppid], 1);
}

/* The system calls that check whether the region is where it was. */
static unsigned long looks(const struct system_calls *calls)
{
    unsigned long looks = 0;

#ifdef SYS_fstat
    looks += calls->of[SYS_fstat];
#endif
#ifdef SYS_stat
    looks += calls->of[SYS_stat];
#endif
#ifdef SYS_newfstatat
    looks += calls->of[SYS_newfstatat];
#endif
#ifdef SYS_statx
    looks += calls->of[SYS_statx];
#endif
    return looks;
}

static uint64_t milliseconds_since(uint64_t start)
{
    return (mms__now_ns() - start) / 1000000u + 1;
}

/* One look at four files, and at the root if one of them has gone, in a tenth of a millisecond;
   and one at a single file each 256 writes. */
static unsigned long most_looks(uint64_t start, unsigned long writes)
{
    return 40 * milliseconds_since(start) + writes / 256 + 4;
}

/* ---- Reading ---- */

struct readings {
    mms_reader *reader;
    unsigned long failed;
};

static void read_often(void *context)
{
    struct readings *readings = context;
    mms_view view;

    for (int i = 0; i < READS; i++)
        readings->failed += mms_read(readings->reader, &view) != 0 || mms_release(readings->reader) != 0;
    readings->failed += mms_read(readings->reader, &view) != 0;
    for (int i = 0; i < READS; i++)
        readings->failed += mms_refresh(readings->reader, &view) != 0;
    readings->failed += mms_release(readings->reader) != 0;
}

static void reading_makes_none(void **state, mms_fence fence)
{
    const char *path = scratch_path(state, "region");
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    struct readings readings = {0};
    struct system_calls calls;
    mms_writer *writer = sample_writer(path);
    mms_region *region;
    uint64_t start = mms__now_ns();

    options.fence = fence;
    publish_pattern(writer, SMALL);
    check_ok(mms_region_open(path, &options, &region));
    readings.reader = sample_reader(region);
    count(read_often, &readings, &calls);
    check_equal(readings.failed, 0);
    check_equal(calls.total, looks(&calls)); /* the first read included */
    /* Slow reads look once a second, at three files; not at all if everything ends before that. */
    check_true(calls.total <= 3 * (milliseconds_since(start) / 1000));
    check_true(fence == MMS_FENCE_SYMMETRIC || calls.total <= 3); /* the first is slow */
    check_ok(mms_reader_close(readings.reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static void reading_makes_none_auto(void **state)
{
    reading_makes_none(state, MMS_FENCE_AUTO);
}

static void reading_makes_none_symmetric(void **state)
{
    reading_makes_none(state, MMS_FENCE_SYMMETRIC);
}

/* A new value each time: the slow path makes no call either. */
struct turns {
    mms_writer *writer;
    mms_reader *reader;
    unsigned long failed;
};

static void follow_changes(void *context)
{
    struct turns *turns = context;
    mms_view view;

    for (int i = 0; i < 100; i++) { /* slots that are free already */
        turns->failed += mms_write(turns->writer, &i, sizeof i, NULL) != 0;
        turns->failed += mms_read(turns->reader, &view) != 0 || !view.changed;
        turns->failed += mms_release(turns->reader) != 0;
    }
}

/* Each value is held, so the next one needs another slot, whatever the speed of the machine. */
static void hold_every_slot(const char *path, mms_writer *writer)
{
    mms_region *region = sample_region(path);
    mms_reader *readers[SLOTS - 1];
    mms_view view;

    for (int i = 0; i < SLOTS - 1; i++) {
        publish_pattern(writer, SMALL);
        readers[i] = sample_reader(region);
        check_ok(mms_read(readers[i], &view));
    }
    publish_pattern(writer, SMALL);
    check_equal(inspect(path).slots_used, SLOTS);
    for (int i = 0; i < SLOTS - 1; i++)
        check_ok(mms_reader_close(readers[i]));
    check_ok(mms_region_close(region));
}

/* All slots have memory: the first use of one costs calls. */
static mms_writer *warm_writer(const char *path)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    mms_writer *writer;

    options.max_size = 64 << 10;
    options.max_slots = SLOTS;
    writer = sample_writer_with(path, options);
    hold_every_slot(path, writer);
    use_every_slot(writer, 1000);
    return writer;
}

static void following_changes_makes_few(void **state)
{
    const char *path = scratch_path(state, "region");
    struct turns turns = {.writer = warm_writer(path)};
    struct system_calls calls;
    mms_region *region = sample_region(path);
    uint64_t start;

    turns.reader = sample_reader(region);
    start = mms__now_ns();
    count(follow_changes, &turns, &calls);
    check_equal(turns.failed, 0);
    check_equal(calls.total, calls.of[SYS_membarrier] + looks(&calls));
    check_true(calls.of[SYS_membarrier] <= 2);
    check_true(looks(&calls) <= most_looks(start, 100));
    check_ok(mms_reader_close(turns.reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(turns.writer));
}

/* ---- Writing ---- */

struct writings {
    mms_writer *writer;
    unsigned long failed;
};

static void write_often(void *context)
{
    static const char value[SMALL] = "a routing table, a price, a flag";
    struct writings *writings = context;

    for (int i = 0; i < WRITES; i++)
        writings->failed += mms_write(writings->writer, value, sizeof value, NULL) != 0;
}

static void writing_makes_none_but_membarrier(void **state)
{
    const char *path = scratch_path(state, "region");
    struct writings writings = {.writer = warm_writer(path)};
    struct system_calls calls;
    struct child reader = child_start("reader");
    uint64_t start;

    child_expect(&reader, "OK pin", "open %s", path);
    child_expect(&reader, "OK", "spin 10");
    start = mms__now_ns();
    count(write_often, &writings, &calls);
    check_equal(writings.failed, 0);
    print_message("%d writes of %d bytes with one reader attached: %lu membarrier calls, %lu others\n", WRITES, SMALL,
                  calls.of[SYS_membarrier], calls.total - calls.of[SYS_membarrier]);
    for (int i = 0; i < SYSTEM_CALLS_MAX; i++)
        if (calls.of[i] && i != SYS_membarrier)
            print_message("system call %d: %lu times\n", i, calls.of[i]);
    check_equal(calls.total, calls.of[SYS_membarrier] + looks(&calls));
    check_true(looks(&calls) <= most_looks(start, WRITES));
    check_true(calls.of[SYS_membarrier] <= WRITES / 100);
    child_end(&reader);
    check_ok(mms_writer_close(writings.writer));
}

/* ---- Waiting ---- */

struct waiting {
    mms_writer *writer;
    mms_reader *reader;
    struct system_calls *calls;
    uint64_t seen;
    int code, is_over;
};

static void wait_for_change(void *context)
{
    struct waiting *waiting = context;

    waiting->code = mms_wait(waiting->reader, waiting->seen, MMS_FOREVER);
    __atomic_store_n(&waiting->is_over, 1, __ATOMIC_RELAXED);
}

/* When the waiter goes to sleep, or has failed to. */
static void *publish_later(void *context)
{
    struct waiting *waiting = context;

    while (__atomic_load_n(&waiting->calls->total, __ATOMIC_RELAXED) == 0 &&
           !__atomic_load_n(&waiting->is_over, __ATOMIC_RELAXED))
        sched_yield();
    (void)publish_pattern(waiting->writer, SMALL);
    return NULL;
}

/* True if there was just one futex call. A waiter that nobody wakes finds the change too, but only
   when its sleep is over, and then checks whether the region was unlinked. A machine that stands
   still for a second looks the same, so one of several tries must succeed. */
static bool is_woken(struct waiting *waiting)
{
    struct system_calls calls = {0};
    pthread_t publisher;

    /* cppcheck-suppress autoVariables; until the join */
    waiting->calls = &calls;
    waiting->is_over = 0;
    check_equal(pthread_create(&publisher, NULL, publish_later, waiting), 0);
    count(wait_for_change, waiting, &calls);
    pthread_join(publisher, NULL);
    check_ok(waiting->code);
    return calls.total == 1 && calls.of[SYS_futex] == 1;
}

static void a_waiter_is_woken(void **state)
{
    const char *path = scratch_path(state, "region");
    struct waiting waiting = {.writer = sample_writer(path)};
    struct system_calls calls;
    mms_region *region;
    bool woken = false;

    count(one_call, NULL, &calls); /* or skip */
    publish_pattern(waiting.writer, SMALL);
    region = sample_region(path);
    waiting.reader = sample_reader(region);
    for (int tries = 0; tries < 10 && !woken; tries++) {
        waiting.seen = mms_generation(region);
        woken = is_woken(&waiting);
    }
    check_true(woken);
    check_ok(mms_reader_close(waiting.reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(waiting.writer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(the_counter_counts),
        scratch_test(reading_makes_none_auto),
        scratch_test(reading_makes_none_symmetric),
        scratch_test(following_changes_makes_few),
        scratch_test(writing_makes_none_but_membarrier),
        scratch_test(a_waiter_is_woken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
