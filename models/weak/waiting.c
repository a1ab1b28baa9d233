/* SPDX-License-Identifier: Apache-2.0 */
/* Readers sleep until something newer is there; no wake-up is lost. G8. wait.c is compiled as it is. The kernel's futex: a
   waiter compares the word and goes to sleep under the lock of the word's bucket, and a waker takes that lock, so a
   mutex stands for it here. With -DDIES the writer is killed anywhere and the next one takes over. With -DMMS__MANY=1 it
   wakes one waiter, who wakes the rest. */
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
#include "scenario.h"

static pthread_mutex_t bucket = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t writer_lock = PTHREAD_MUTEX_INITIALIZER;
static uint32_t begun;        /* by the first writer; under its lock */
static uint64_t asleep[2];    /* until something newer than this generation is there; under the bucket's lock */
static uint32_t sleeps_on[2]; /* its thread has ended in its sleep; as above */

static int sleep_as(unsigned waiter, uint64_t seen, const uint32_t *word, uint32_t value)
{
    bool sleeps;

    pthread_mutex_lock(&bucket);
    sleeps = mms__load_relaxed(word) == value;
    if (sleeps)
        PLAIN_STORE(asleep[waiter], seen);
    pthread_mutex_unlock(&bucket);
    if (!sleeps)
        return -EAGAIN;
    /* Somebody woke it by now; or it sleeps on, and goes on at the end, if somebody does. */
    pthread_mutex_lock(&bucket);
    sleeps = PLAIN_LOAD(asleep[waiter]) != 0;
    if (sleeps)
        PLAIN_STORE(sleeps_on[waiter], 1);
    pthread_mutex_unlock(&bucket);
    return sleeps ? -EINTR : 0;
}

static unsigned wake_some(unsigned most)
{
    unsigned woken = 0;

    pthread_mutex_lock(&bucket);
    for (int i = 0; i < WAITERS && woken < most; i++)
        if (PLAIN_LOAD(asleep[i]) != 0) {
            PLAIN_STORE(asleep[i], 0);
            woken++;
        }
    pthread_mutex_unlock(&bucket);
    return woken;
}

void mms__futex_wake_all(uint32_t *word)
{
    (void)word;
    (void)wake_some(WAITERS);
}

bool mms__futex_wake_one(uint32_t *word)
{
    (void)word;
    return wake_some(1) == 1;
}

#include "region/remove.c"

static void *remove_it(void *unused)
{
    store_tombstone(CONTROL);
    return unused;
}

/* Which waiter calls: wait.c knows its region, and each waiter has its own. */
#define mms__futex_wait(word, value, nanoseconds, before) \
    sleep_as(mms__native_region_of(front)->owner - 1, seen, (word), (value))
#include "region/wait.c"
#include "region/wake.h"

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
    (void)writer_publish(writer, slot);
    mms__wake_waiters(&CONTROL->wake, READERS);
}

static void *write_some(void *unused)
{
    struct writer writer;

    (void)unused;
    pthread_mutex_lock(&writer_lock);
    PLAIN_STORE(begun, 1);
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
    struct mms__native_writer writer;

    (void)unused;
    memset(&writer, 0, sizeof writer);
    writer.control = CONTROL;
    writer.readers_map.base = READERS;
    pthread_mutex_lock(&writer_lock);
    explore_assume(PLAIN_LOAD(begun) == 1); /* it is the second */
    wake_readers(&writer);
    pthread_mutex_unlock(&writer_lock);
    return NULL;
}

/* One round of mms_wait: it has gone to sleep, or has something to look at. */
static void *wait_once(void *process_of_mine)
{
    struct process *process = process_of_mine;
    uint64_t seen = mms__current_generation(mms__region_current(&process->region));
    struct mms__sleep sleep = {0};
    int code = sleep_once(&process->region.front, seen, 1, &sleep, 0);

    CHECK(code == 0 || code == -EAGAIN || code == -EINTR || (REMOVES && code == MMS_E_GONE));
    return NULL;
}

/* Those who were woken after their threads had ended. */
static void go_on(struct process *processes)
{
    for (int round = 0; round < WAITERS; round++)
        for (int i = 0; i < WAITERS; i++)
            if (PLAIN_LOAD(sleeps_on[i]) != 0 && PLAIN_LOAD(asleep[i]) == 0) {
                PLAIN_STORE(sleeps_on[i], 0);
                pass_on(&processes[i].region, true, false);
            }
}

int main(void)
{
    /* The successor comes while somebody may be just falling asleep. */
    static void *(*const threads[])(void *) = {take_over, REMOVES ? remove_it : write_some, wait_once, wait_once};
    struct process processes[2];
    void *arguments[] = {NULL, NULL, &processes[0], &processes[1]};

    lay_out();
    NAME(asleep);
    NAME(bucket);
    for (uint32_t i = 0; i < WAITERS; i++)
        process_fill(&processes[i], i + 1, false);
    run_threads(threads + !DIES, arguments + !DIES, 1 + DIES + WAITERS);
    go_on(processes);
    /* All is over, and who is asleep sleeps on. The tombstone is no generation that anybody has seen. */
    for (int i = 0; i < WAITERS; i++)
        CHECK(PLAIN_LOAD(asleep[i]) == 0 ||
              PLAIN_LOAD(asleep[i]) == mms__word_generation(mms__load_relaxed(&CONTROL->current)));
    return 0;
}
