/* SPDX-License-Identifier: Apache-2.0 */
/* mms_wait: when it returns, and what wakes it (region/wait.c; G8). */
#include "region/layout.h"
#include "sample.h"
#include "scratch.h"
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>

/* A thread that waits, and its result. */
struct waiter {
    mms_region *region;
    mms_reader *reader;
    uint64_t seen;
    pthread_t thread;
    int code, done;
};

static void *wait_for_ever(void *argument)
{
    struct waiter *waiter = argument;

    waiter->code = mms_wait(waiter->reader, waiter->seen, MMS_FOREVER);
    mms__store_release(&waiter->done, 1);
    return NULL;
}

static uint32_t waiting_flag(const char *path)
{
    uint32_t flag;

    load_bytes(path, "readers", offsetof(struct mms__readers, waiting), &flag, sizeof flag);
    return flag;
}

/* Returns when the thread has said that it waits. */
static struct waiter *start_waiter(const char *path, struct waiter *waiter)
{
    waiter->region = sample_region(path);
    waiter->reader = sample_reader(waiter->region);
    waiter->seen = mms_generation(waiter->region);
    check_true(pthread_create(&waiter->thread, NULL, wait_for_ever, waiter) == 0);
    while (waiting_flag(path) == 0)
        sched_yield();
    return waiter;
}

static int finish_waiter(struct waiter *waiter)
{
    pthread_join(waiter->thread, NULL);
    check_ok(mms_reader_close(waiter->reader));
    check_ok(mms_region_close(waiter->region));
    return waiter->code;
}

static void other_generation_returns_at_once(void **state)
{
    const char *path = scratch_path(state, "region");
    uint64_t generation = sample_closed_region(path, "value");
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);

    check_ok(mms_wait(reader, 0, MMS_FOREVER));
    check_ok(mms_wait(reader, generation + 1, 0));
    check_ok(mms_wait(reader, UINT64_MAX, 1000));
    check_equal(waiting_flag(path), 0);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

static void same_generation_times_out(void **state)
{
    const char *path = scratch_path(state, "region");
    uint64_t generation = sample_closed_region(path, "value");
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);

    check_code(mms_wait(reader, generation, 0), MMS_E_TIMEOUT);
    check_code(mms_wait(reader, generation, 20), MMS_E_TIMEOUT);
    check_detail_mentions("20 ms");
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

static void waiting_leaves_the_view_alone(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);
    uint64_t generation = publish_text(writer, "held");
    mms_view view = check_holds(reader, "held");

    check_code(mms_wait(reader, generation, 1), MMS_E_TIMEOUT);
    for (int i = 0; i < 8; i++)
        publish_text(writer, "newer");
    check_ok(mms_wait(reader, generation, MMS_FOREVER));
    check_memory(view.data, "held", 4);
    check_ok(mms_release(reader));
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static void publish_wakes_and_clears_the_flag(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);
    struct waiter waiter = {0};

    publish_text(writer, "one");
    for (int i = 0; i < 20; i++) {
        start_waiter(path, &waiter);
        publish_text(writer, "two");
        check_ok(finish_waiter(&waiter));
        publish_text(writer, "three"); /* clears what a waiter that looked again has set */
        check_equal(waiting_flag(path), 0);
    }
    check_ok(mms_writer_close(writer));
}

static void first_value_wakes_those_who_wait_for_any(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);
    struct waiter waiter = {0};

    start_waiter(path, &waiter);
    check_equal(waiter.seen, 0);
    publish_text(writer, "first");
    check_ok(finish_waiter(&waiter));
    check_ok(mms_writer_close(writer));
}

static void publish_wakes_all_waiters(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);
    struct waiter waiters[3] = {0};

    publish_text(writer, "one");
    for (int i = 0; i < 3; i++)
        start_waiter(path, &waiters[i]);
    publish_text(writer, "two");
    for (int i = 0; i < 3; i++)
        check_ok(finish_waiter(&waiters[i]));
    check_ok(mms_writer_close(writer));
}

static void ignore_signal(int number)
{
    (void)number;
}

static void signal_ends_the_wait_with_eintr(void **state)
{
    const char *path = scratch_path(state, "region");
    struct sigaction action = {.sa_handler = ignore_signal}, before;
    struct waiter waiter = {0};

    sample_closed_region(path, "value");
    check_true(sigaction(SIGUSR1, &action, &before) == 0);
    start_waiter(path, &waiter);
    while (!mms__load_acquire(&waiter.done)) { /* again, if it came before the sleep */
        pthread_kill(waiter.thread, SIGUSR1);
        sched_yield();
    }
    check_equal(finish_waiter(&waiter), -EINTR);
    sigaction(SIGUSR1, &before, NULL);
}

static void removal_wakes_with_gone(void **state)
{
    const char *path = scratch_path(state, "region");
    struct waiter waiter = {0};

    sample_closed_region(path, "value");
    start_waiter(path, &waiter);
    check_ok(mms_remove(path));
    check_equal(finish_waiter(&waiter), MMS_E_GONE);
}

static void plain_rm_is_noticed_by_waiters(void **state)
{
    const char *path = scratch_path(state, "region");
    struct waiter waiter = {0};

    sample_closed_region(path, "value");
    start_waiter(path, &waiter);
    scratch_delete(path);
    check_equal(finish_waiter(&waiter), MMS_E_GONE);
}

static void replacement_wakes_with_gone(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();
    struct waiter waiter = {0};

    sample_closed_region(path, "value");
    start_waiter(path, &waiter);
    options.max_slots = 7;
    options.replace = true;
    check_ok(mms_writer_close(sample_writer_with(path, options)));
    check_equal(finish_waiter(&waiter), MMS_E_GONE);
}

/* The last writer died between its publish and its wake. */
static void publish_without_wake(const char *path)
{
    const uint64_t generation = 1000;

    patch_word(path, "control", offsetof(struct mms__control, slots) + offsetof(struct mms__descriptor, generation),
               generation);
    patch_word(path, "control", offsetof(struct mms__control, current), generation << MMS__SLOT_BITS);
}

static void opening_a_writer_wakes_waiters_of_its_dead_predecessor(void **state)
{
    const char *path = scratch_path(state, "region");
    struct waiter waiter = {0};
    uint32_t before, after;

    sample_closed_region(path, "value");
    load_bytes(path, "control", offsetof(struct mms__control, wake), &before, sizeof before);
    start_waiter(path, &waiter);
    publish_without_wake(path);
    check_ok(mms_writer_close(sample_writer(path)));
    load_bytes(path, "control", offsetof(struct mms__control, wake), &after, sizeof after);
    check_true(before != after); /* otherwise it would wake up by itself, and late */
    check_ok(finish_waiter(&waiter));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(other_generation_returns_at_once),
        scratch_test(same_generation_times_out),
        scratch_test(waiting_leaves_the_view_alone),
        scratch_test(publish_wakes_and_clears_the_flag),
        scratch_test_on_disk(publish_wakes_and_clears_the_flag),
        scratch_test(first_value_wakes_those_who_wait_for_any),
        scratch_test(publish_wakes_all_waiters),
        scratch_test(signal_ends_the_wait_with_eintr),
        scratch_test(removal_wakes_with_gone),
        scratch_test(plain_rm_is_noticed_by_waiters),
        scratch_test(replacement_wakes_with_gone),
        scratch_test(opening_a_writer_wakes_waiters_of_its_dead_predecessor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
