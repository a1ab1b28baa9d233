/* SPDX-License-Identifier: Apache-2.0 */
/* ctest: stress serial */
/* What the inline path announces may wait in the processor behind stores that miss the caches, while the view is already
   in use, and the writer scans without a heavy fence. So the reader makes many such stores before each read. It holds its
   slot all the same, by the word `again` (G4). With scans that ignore that word, hundreds of views are lost. */
#include "pattern.h"
#include "sample.h"
#include "scratch.h"
#include <mmsync/atomic.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { STORES = 8, JUNK = 64 << 20, SIZE = 64, LOOKS = 16, LONGEST_PAUSE = 200, SECONDS = 2 };

struct run {
    mms_region *region;
    unsigned char *junk;
    uint32_t stop;
    uint64_t reads, torn, lost;
};

/* Each on a processor of its own, if there are two. */
static void pin_to(int number)
{
    cpu_set_t all, one;

    if (sched_getaffinity(0, sizeof all, &all) != 0)
        return;
    CPU_ZERO(&one);
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &all) && number-- == 0)
            CPU_SET(cpu, &one);
    (void)sched_setaffinity(0, sizeof one, &one);
}

static void miss_the_caches(const struct run *run, uint64_t *random)
{
    for (int i = 0; i < STORES; i++)
        mms__store_relaxed(&run->junk[pattern_random(random) % JUNK], 1);
}

/* Several times, so that a slot is noticed that is overwritten while its view is used. */
static bool is_whole(const mms_view *view)
{
    for (int i = 0; i < LOOKS; i++) {
        if (!pattern_check(view->data, view->size, view->generation))
            return false;
        mms__fence_compiler();
    }
    return true;
}

static void *read_on(void *run_of_mine)
{
    struct run *run = run_of_mine;
    mms_reader *reader = sample_reader(run->region);
    uint64_t random = 1;
    mms_view view;

    pin_to(0);
    while (!mms__load_relaxed(&run->stop)) {
        miss_the_caches(run, &random);
        check_ok(mms_read(reader, &view));
        run->torn += !is_whole(&view);
        if (random % 4 == 0)
            check_true(mms_refresh(reader, &view) == 0 || mms_last_code() == MMS_E_EVICTED);
        run->lost += mms_release(reader) != 0;
        run->reads++;
    }
    check_ok(mms_reader_close(reader));
    return NULL;
}

static void write_value(mms_writer *writer)
{
    static uint64_t seed = PATTERN_FREE_SEED;
    unsigned char value[SIZE];

    pattern_fill(value, SIZE, ++seed);
    check_ok(mms_write(writer, value, SIZE, NULL));
}

/* Of random length, or reader and writer keep step. */
static void pause_a_little(uint64_t *random)
{
    for (uint64_t left = pattern_random(random) % LONGEST_PAUSE; left > 0; left--)
        mms__fence_compiler();
}

static void write_on(mms_writer *writer)
{
    struct timespec start, now;
    uint64_t random = 2;

    pin_to(1);
    clock_gettime(CLOCK_MONOTONIC, &start);
    do {
        for (int i = 0; i < 1000; i++) {
            write_value(writer);
            pause_a_little(&random);
        }
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while (now.tv_sec - start.tv_sec < SECONDS);
}

static void a_slot_is_held_before_its_announcement_is_seen(void **state)
{
    const char *path = scratch_path(state, "region");
    const mms_writer_options options = {.struct_size = sizeof options, .max_size = SIZE, .max_slots = 3};
    mms_writer *writer = sample_writer_with(path, options);
    struct run run = {.junk = malloc(JUNK)};
    pthread_t thread;

    check_true(run.junk != NULL);
    memset(run.junk, 0, JUNK);
    write_value(writer);
    run.region = sample_region(path);
    check_equal(pthread_create(&thread, NULL, read_on, &run), 0);
    write_on(writer);
    mms__store_relaxed(&run.stop, 1);
    pthread_join(thread, NULL);
    print_message("%llu reads, %llu torn, %llu lost\n", (unsigned long long)run.reads, (unsigned long long)run.torn,
                  (unsigned long long)run.lost);
    check_equal(run.torn, 0);
    check_equal(run.lost, 0);
    check_ok(mms_region_close(run.region));
    check_ok(mms_writer_close(writer));
    free(run.junk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(a_slot_is_held_before_its_announcement_is_seen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
