/* SPDX-License-Identifier: Apache-2.0 */
/* Readers sleep until something newer is there; no wake-up is lost. G8. wait.c is compiled as it is. The kernel's futex: a
   waiter compares the word and goes to sleep under the lock of the word's bucket, and a waker takes that lock, so a
   mutex stands for it here. With -DDIES the writer is killed anywhere and the next one takes over. */
#define SLOTS 3
#ifndef PUBLISHES
#define PUBLISHES 1
#endif
#ifndef WAITERS
#define WAITERS 1
#endif
#ifndef DIES
#define DIES 0
#endif
#ifndef REMOVES
#define REMOVES 0 /* there is no writer: somebody removes the region */
#endif
#define LINES 1
#define WAKING 1
#include "scenario.h"

static pthread_mutex_t bucket = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t writer_lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t asleep[2]; /* until something newer than this generation is there; under the bucket's lock */

static int sleep_as(unsigned waiter, uint64_t seen, const uint32_t *word, uint32_t value)
{
    bool sleeps;

    pthread_mutex_lock(&bucket);
    sleeps = mms__load_relaxed(word) == value;
    if (sleeps)
        PLAIN_STORE(asleep[waiter], seen);
    pthread_mutex_unlock(&bucket);
    return sleeps ? -ETIMEDOUT : -EAGAIN;
}

static void wake_all(void)
{
    pthread_mutex_lock(&bucket);
    for (int i = 0; i < WAITERS; i++)
        PLAIN_STORE(asleep[i], 0);
    pthread_mutex_unlock(&bucket);
}

void mms__futex_wake_all(uint32_t *word)
{
    (void)word;
    wake_all();
}

#include "core/remove.c"

static void *remove_it(void *unused)
{
    bury(CONTROL);
    return unused;
}

/* Which waiter calls: wait.c knows its region, and each waiter has its own. */
#define mms__futex_wait(word, value, nanoseconds) sleep_as(region->owner - 1, seen, (word), (value))
#include "core/wait.c"

static bool membarrier_is_refused(void)
{
    return true;
}

static void publish_and_wake(struct writer *writer)
{
    unsigned slot;

    if (!writer_take(writer, &slot))
        return;
    writer_fill(writer, slot);
    if (writer_publish(writer, slot))
        wake_all();
}

static void *write_some(void *unused)
{
    struct writer writer;

    (void)unused;
    pthread_mutex_lock(&writer_lock);
    if (DIES)
        MAY_DIE();
    writer_open(&writer, false);
    for (int i = 0; i < PUBLISHES; i++)
        publish_and_wake(&writer);
    pthread_mutex_unlock(&writer_lock);
    return NULL;
}

static void *take_over(void *unused)
{
    struct mms_writer writer;

    (void)unused;
    memset(&writer, 0, sizeof writer);
    writer.control = CONTROL;
    writer.readers_map.base = READERS;
    pthread_mutex_lock(&writer_lock);
    wake_readers(&writer);
    pthread_mutex_unlock(&writer_lock);
    return NULL;
}

/* One round of mms_wait: it has gone to sleep, or has something to look at. */
static void *wait_once(void *process_of_mine)
{
    struct process *process = process_of_mine;
    uint64_t seen = generation_of(mms__region_current(&process->region));
    int code = sleep_once(&process->region, seen, 1);

    CHECK(code == 0 || code == 1 || (REMOVES && code == MMS_E_GONE));
    return NULL;
}

int main(void)
{
    static void *(*const threads[])(void *) = {REMOVES ? remove_it : write_some, wait_once, wait_once};
    struct process processes[2];
    void *arguments[] = {NULL, &processes[0], &processes[1]};

    lay_out();
    NAME(asleep);
    NAME(bucket);
    for (uint32_t i = 0; i < WAITERS; i++)
        process_fill(&processes[i], i + 1, false);
    run_threads(threads, arguments, 1 + WAITERS);
    if (DIES)
        run_threads((void *(*const[])(void *)){take_over}, arguments, 1);
    /* All is over, and who is asleep sleeps on. The tombstone is no generation that anybody has seen. */
    for (int i = 0; i < WAITERS; i++)
        CHECK(PLAIN_LOAD(asleep[i]) == 0 ||
              PLAIN_LOAD(asleep[i]) == mms__word_generation(mms__load_relaxed(&CONTROL->current)));
    return 0;
}
