/* SPDX-License-Identifier: Apache-2.0 */
/* mms_region_wait: waiting without a reader, and without the right to write anything
   (region/wait.c). wait.c is compiled here with slices of an hour, so that a waiter that nobody
   wakes must look by itself. */
#include <mmsync/atomic.h>

static void at_step(const char *name);

#define MMS__STEP(name) at_step(#name)
#define MMS__WAIT_SLICE_NS UINT64_C(3600000000000)
#include "region/wait.c"
#undef MMS__STEP
#define MMS__STEP(name) ((void)0)
#include "forked.h"
#include "sample.h"
#include "scratch.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROUNDS = 20, PATIENCE_MS = 60000 };

static uint32_t falling_asleep;

static void at_step(const char *name)
{
    if (strcmp(name, "wait_falling_asleep") == 0)
        (void)mms__increment(&falling_asleep);
}

static const char *both_formats[] = {"mmsync:", "mmap-sync:"};

/* The path of a region of this format that holds a value. */
static const char *path_of(void **state, const char *scheme, mms_writer **writer)
{
    static char path[400];
    mms_writer_options options = sample_options();

    snprintf(path, sizeof path, "%s%s", scheme, scratch_path(state, "region"));
    if (strcmp(scheme, "mmsync:") != 0)
        options.max_slots = options.max_readers = 0;
    *writer = sample_writer_with(path, options);
    publish_text(*writer, "first");
    return path;
}

static mms_region *open_read_only(const char *path)
{
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    mms_region *region = NULL;

    options.read_only = true;
    check_ok(mms_region_open(path, &options, &region));
    check_true(mms_region_read_only(region));
    return region;
}

static uint32_t waiting_flag(const char *path)
{
    uint32_t flag;

    load_bytes(path, "readers", offsetof(struct mms__readers, waiting), &flag, sizeof flag);
    return flag;
}

/* ---- What it returns for ---- */

static void check_answers(mms_region *region)
{
    uint64_t generation = mms_generation(region);

    check_ok(mms_region_wait(region, 0, MMS_FOREVER));
    check_ok(mms_region_wait(region, generation + 1, 0));
    check_code(mms_region_wait(region, generation, 0), MMS_E_TIMEOUT);
    check_code(mms_region_wait(region, generation, 30), MMS_E_TIMEOUT);
    check_detail_mentions("30 ms");
    check_code(mms_region_wait(region, generation, -2), MMS_E_INVALID);
    check_detail_mentions("mms_region_wait: the timeout is below -1");
    check_code(mms_region_wait(NULL, generation, 0), MMS_E_INVALID);
    check_detail_mentions("mms_region_wait: the region is NULL");
}

static void another_generation_is_an_answer_and_none_a_timeout(void **state)
{
    for (int i = 0; i < 2; i++) {
        mms_writer *writer;
        const char *path = path_of(state, both_formats[i], &writer);
        mms_region *readable = open_read_only(path), *writable = sample_region(path);

        check_answers(readable);
        check_answers(writable);
        check_ok(mms_region_close(readable));
        check_ok(mms_region_close(writable));
        check_ok(mms_writer_close(writer));
    }
}

/* ---- Publishes ---- */

struct waiter {
    mms_region *region;
    uint64_t seen;
    int code, rounds, done;
};

static void *wait_for_ever(void *argument)
{
    struct waiter *waiter = argument;

    waiter->code = mms_region_wait(waiter->region, waiter->seen, MMS_FOREVER);
    mms__store_release(&waiter->done, 1);
    return NULL;
}

static void *follow(void *argument)
{
    struct waiter *waiter = argument;

    for (int round = 0; round < ROUNDS; round++) {
        check_ok(mms_region_wait(waiter->region, waiter->seen, PATIENCE_MS));
        waiter->seen = mms_generation(waiter->region);
        (void)mms__increment((uint32_t *)&waiter->rounds);
    }
    return NULL;
}

/* Each value is published after the last one was seen. */
static void check_follows(mms_region *region, mms_writer *writer)
{
    struct waiter waiter = {.region = region, .seen = mms_generation(region)};
    pthread_t thread;

    check_equal(pthread_create(&thread, NULL, follow, &waiter), 0);
    for (int round = 0; round < ROUNDS; round++) {
        char text[24];

        snprintf(text, sizeof text, "value %d", round);
        publish_text(writer, text);
        while (mms__load_acquire(&waiter.rounds) <= round)
            sched_yield();
    }
    check_equal(pthread_join(thread, NULL), 0);
    check_equal(mms_generation(region), waiter.seen);
}

static void who_may_only_read_sees_each_publish_and_writes_nothing(void **state)
{
    mms_writer *writer;
    const char *path = path_of(state, "mmsync:", &writer);
    mms_region *region = open_read_only(path);

    falling_asleep = 0;
    check_follows(region, writer);
    check_true(mms__load_relaxed(&falling_asleep) > 0); /* it had to wait each time */
    check_equal(waiting_flag(path + strlen("mmsync:")), 0);
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static void who_may_only_read_files_of_mmap_sync_sees_each_publish(void **state)
{
    mms_writer *writer;
    const char *path = path_of(state, "mmap-sync:", &writer);
    mms_region *region = open_read_only(path);

    check_follows(region, writer);
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static void who_may_write_the_table_is_woken(void **state)
{
    mms_writer *writer;
    const char *path = path_of(state, "mmsync:", &writer);
    mms_region *region = sample_region(path);

    check_follows(region, writer);
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

/* ---- Other ends ---- */

static pthread_t start(struct waiter *waiter)
{
    pthread_t thread;

    falling_asleep = 0;
    waiter->seen = mms_generation(waiter->region);
    check_equal(pthread_create(&thread, NULL, wait_for_ever, waiter), 0);
    while (mms__load_acquire(&falling_asleep) < 2)
        sched_yield();
    return thread;
}

static int finish(pthread_t thread, const struct waiter *waiter)
{
    check_equal(pthread_join(thread, NULL), 0);
    check_ok(mms_region_close(waiter->region));
    return waiter->code;
}

static void removal_ends_the_wait(void **state)
{
    mms_writer *writer;
    const char *path = path_of(state, "mmsync:", &writer);
    struct waiter waiter = {.region = open_read_only(path)};
    pthread_t thread = start(&waiter);

    check_ok(mms_writer_close(writer));
    check_ok(mms_remove(path));
    check_equal(finish(thread, &waiter), MMS_E_GONE);
}

static void removal_by_hand_ends_the_wait(void **state)
{
    mms_writer *writer;
    const char *path = path_of(state, "mmsync:", &writer);
    struct waiter waiter = {.region = open_read_only(path)};
    pthread_t thread = start(&waiter);

    check_ok(mms_writer_close(writer));
    scratch_delete(path + strlen("mmsync:"));
    check_equal(finish(thread, &waiter), MMS_E_GONE);
}

static void removal_of_files_of_mmap_sync_ends_the_wait(void **state)
{
    mms_writer *writer;
    const char *path = path_of(state, "mmap-sync:", &writer);
    mms_region *region = open_read_only(path);
    uint64_t seen = mms_generation(region);

    check_ok(mms_writer_close(writer));
    check_ok(mms_remove(path));
    check_code(mms_region_wait(region, seen, MMS_FOREVER), MMS_E_GONE);
    check_ok(mms_region_close(region));
}

static void ignore_signal(int number)
{
    (void)number;
}

static void a_signal_ends_the_wait(void **state)
{
    mms_writer *writer;
    const char *path = path_of(state, "mmsync:", &writer);
    struct sigaction action = {.sa_handler = ignore_signal}, before;
    struct waiter waiter = {.region = open_read_only(path)};
    pthread_t thread;

    check_true(sigaction(SIGUSR1, &action, &before) == 0);
    thread = start(&waiter);
    while (!mms__load_acquire(&waiter.done)) { /* again, if it came between two sleeps */
        pthread_kill(thread, SIGUSR1);
        sched_yield();
    }
    check_equal(finish(thread, &waiter), -EINTR);
    check_ok(mms_writer_close(writer));
    sigaction(SIGUSR1, &before, NULL);
}

static void wait_in_child(void *region)
{
    check_code(mms_region_wait(region, mms_generation(region), 0), MMS_E_FORKED);
    check_code(mms_region_wait(region, UINT64_MAX, MMS_FOREVER), MMS_E_FORKED);
    check_code(mms_region_close(region), MMS_E_FORKED);
}

static void a_forked_child_is_refused(void **state)
{
    for (int i = 0; i < 2; i++) {
        mms_writer *writer;
        mms_region *region = open_read_only(path_of(state, both_formats[i], &writer));

        in_child(wait_in_child, region);
        check_ok(mms_region_close(region));
        check_ok(mms_writer_close(writer));
    }
}

/* ---- Another user ---- */

static void wait_without_rights(void *path)
{
    mms_region *region = NULL;
    uint64_t seen;

    check_ok(mms_region_open(path, NULL, &region));
    check_true(mms_region_read_only(region));
    seen = mms_generation(region);
    for (int round = 0; round < ROUNDS; round++) {
        check_ok(mms_region_wait(region, seen, PATIENCE_MS));
        check_true(mms_generation(region) != seen);
        seen = mms_generation(region);
    }
    check_ok(mms_region_close(region));
}

struct publisher {
    mms_writer *writer;
    uint32_t stop;
};

static void *publish_on(void *argument)
{
    struct publisher *publisher = argument;

    for (unsigned i = 0; !mms__load_acquire(&publisher->stop); i++) {
        check_ok(mms_write(publisher->writer, &i, sizeof i, NULL));
        usleep(1000); /* so that the other one falls asleep now and then; nothing depends on it */
    }
    return NULL;
}

static void check_stranger_waits(void **state, const char *scheme, const char *file)
{
    struct publisher publisher = {.stop = 0};
    mms_writer_options options = sample_options();
    char path[400], readers[400];
    pthread_t thread;

    options.mode = 0644;
    options.readers_mode = 0600;
    if (strcmp(scheme, "mmsync:") != 0)
        options.max_slots = options.max_readers = 0;
    snprintf(path, sizeof path, "%s%s", scheme, scratch_path(state, "region"));
    snprintf(readers, sizeof readers, "%s%s", scratch_path(state, "region"), file);
    publisher.writer = sample_writer_with(path, options);
    publish_text(publisher.writer, "first");
    check_true(chmod(readers, 0444) == 0);
    check_equal(pthread_create(&thread, NULL, publish_on, &publisher), 0);
    if (geteuid() == 0)
        in_child_without_rights(wait_without_rights, path);
    else
        wait_without_rights(path);
    mms__store_release(&publisher.stop, 1);
    check_equal(pthread_join(thread, NULL), 0);
    check_ok(mms_writer_close(publisher.writer));
}

/* Root may write a file of mode 0444; other users may not. */
static void a_user_without_the_right_to_write_waits(void **state)
{
    check_stranger_waits(state, "mmsync:", "/readers");
}

static void a_user_without_the_right_to_write_waits_for_files_of_mmap_sync(void **state)
{
    check_stranger_waits(state, "mmap-sync:", "_state");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(another_generation_is_an_answer_and_none_a_timeout),
        scratch_test(who_may_only_read_sees_each_publish_and_writes_nothing),
        scratch_test(who_may_only_read_files_of_mmap_sync_sees_each_publish),
        scratch_test(who_may_write_the_table_is_woken),
        scratch_test(removal_ends_the_wait),
        scratch_test(removal_by_hand_ends_the_wait),
        scratch_test(removal_of_files_of_mmap_sync_ends_the_wait),
        scratch_test(a_signal_ends_the_wait),
        scratch_test(a_forked_child_is_refused),
        scratch_test(a_user_without_the_right_to_write_waits),
        scratch_test(a_user_without_the_right_to_write_waits_for_files_of_mmap_sync),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
