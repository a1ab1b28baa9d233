/* SPDX-License-Identifier: Apache-2.0 */
/* ctest: stress serial */
/* Stores of the caller that bypass the caches are visible before the value is. A release store
   does not wait for them on x86, and C11 does not know them, so no model has them: here a
   reader that spins on `current` looks at once at what was streamed. Without the fence in
   mms_write_commit it finds the slot's older bytes now and then. */
#include "scratch.h"
#include <mmsync/atomic.h>
#include <pthread.h>
#include <string.h>
#include <time.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

struct look {
    mms_region *region;
    uint32_t stop, ready;
    mms__word seen; /* the last generation checked */
    uint64_t looks, stale;
};

/* One word in each of several lines, so that no line is full and leaves the processor because of
   that. The word is the generation. */
enum { SIZE = 4096, LINES = 8, LINE = 64, SECONDS = 3 };

static bool is_stale(const mms_view *view)
{
    const char *value = view->data;

    for (int i = LINES; i-- > 0;) { /* the last one first */
        int word;

        memcpy(&word, value + (size_t)i * LINE, sizeof word);
        if (word != (int)view->generation)
            return true;
    }
    return false;
}

static void *look_at_once(void *argument)
{
    struct look *look = argument;
    uint64_t seen = 0;
    mms_reader *reader;
    mms_view view;

    check_ok(mms_reader_open(look->region, &reader));
    check_ok(mms_read(reader, &view));
    check_ok(mms_release(reader));
    mms__store_release(&look->ready, 1);
    while (!mms__load_relaxed(&look->stop)) {
        check_ok(mms_read(reader, &view));
        if (view.generation != seen) {
            look->stale += is_stale(&view);
            look->looks++;
            seen = view.generation;
            mms__store_release(&look->seen, seen);
        }
        check_ok(mms_release(reader));
    }
    check_ok(mms_reader_close(reader));
    return NULL;
}

/* Until the reader has looked, or is not running at all. */
static void wait_for_look(struct look *look, uint64_t generation)
{
    for (int i = 0; i < 2000 && mms__load_relaxed(&look->seen) < generation; i++)
        continue;
}

#ifdef __SSE2__
static void write_value(mms_writer *writer, struct look *look)
{
    mms_receipt receipt;
    void *buffer;

    check_ok(mms_write_begin(writer, SIZE, &buffer, &receipt));
    for (int i = 0; i < LINES; i++)
        _mm_stream_si32((int *)(void *)((char *)buffer + (size_t)i * LINE), (int)receipt.generation);
    check_ok(mms_write_commit(writer, SIZE, NULL));
    wait_for_look(look, receipt.generation);
}

static void stores_of_the_caller_are_there_at_the_commit(void **state)
{
    const char *path = scratch_path(state, "region");
    const mms_writer_options options = {.struct_size = sizeof options, .max_size = SIZE, .max_slots = 4};
    struct look look = {0};
    struct timespec start, now;
    mms_writer *writer;
    pthread_t thread;

    check_ok(mms_writer_open(path, &options, &writer));
    write_value(writer, &look);
    check_ok(mms_region_open(path, NULL, &look.region));
    pthread_create(&thread, NULL, look_at_once, &look);
    while (!mms__load_acquire(&look.ready))
        continue;
    clock_gettime(CLOCK_MONOTONIC, &start);
    do {
        write_value(writer, &look);
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while (now.tv_sec - start.tv_sec < SECONDS);
    mms__store_relaxed(&look.stop, 1);
    pthread_join(thread, NULL);
    print_message("%llu looks, %llu stale\n", (unsigned long long)look.looks, (unsigned long long)look.stale);
    check_equal(look.stale, 0);
    check_ok(mms_region_close(look.region));
    check_ok(mms_writer_close(writer));
}

#else
static void stores_of_the_caller_are_there_at_the_commit(void **state)
{
    (void)state, (void)look_at_once, (void)wait_for_look;
    skip_because("this machine has no such stores");
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(stores_of_the_caller_are_there_at_the_commit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
