/* SPDX-License-Identifier: Apache-2.0 */
/* ctest: stress tsan */
/* No publish is missed by a descriptor of mms_wait_fd: the last generation of each burst is acknowledged through every one
   of them, while threads open and close others, processes are stopped, resumed and killed at random moments, and writers
   die in the middle of a publish (G8). wait.c is compiled here with slices of an hour: a lost wake-up is a test that
   hangs. */
#define MMS__WAIT_SLICE_NS UINT64_C(3600000000000)
#include "region/wait.c"

#include "forked.h"
#include "sample.h"
#include "scratch.h"
#include <mmsync/wait_fd.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REGIONS = 3, CONSUMERS = 3, FDS = 4, ROUNDS = 300, LONGEST_BURST = 40 };

static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static void publish_burst(mms_writer *writer, uint32_t *random, uint64_t *last)
{
    for (uint32_t left = 1 + next_random(random) % LONGEST_BURST; left > 0; left--)
        *last = publish_text(writer, "value");
}

/* ---- Threads of one process ---- */

struct region_of_all {
    mms_writer *writer;
    mms_region *region;
    mms__word acknowledged[CONSUMERS];
};

static struct region_of_all all[REGIONS];
static uint32_t stop;

static void *consume(void *argument)
{
    unsigned self = (unsigned)(uintptr_t)argument;
    int epoll = epoll_create1(EPOLL_CLOEXEC), fds[REGIONS];

    for (unsigned i = 0; i < REGIONS; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};

        check_ok(mms_wait_fd(all[i].region, &fds[i]));
        check_true(epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &event) == 0);
    }
    while (!mms__load_relaxed(&stop)) {
        struct epoll_event event;
        uint64_t generation;

        if (epoll_wait(epoll, &event, 1, 100) < 1) /* to look at `stop` */
            continue;
        check_ok(mms_wait_fd_ack(all[event.data.u32].region, fds[event.data.u32], &generation));
        mms__store_release(&all[event.data.u32].acknowledged[self], generation);
    }
    for (unsigned i = 0; i < REGIONS; i++)
        check_ok(mms_wait_fd_close(all[i].region, fds[i]));
    close(epoll);
    return NULL;
}

static void *open_and_close(void *unused)
{
    for (unsigned i = 0; !mms__load_relaxed(&stop); i++) {
        mms_region *region = all[i % REGIONS].region;
        uint64_t generation;
        int fds[2];

        check_ok(mms_wait_fd(region, &fds[0]));
        check_ok(mms_wait_fd(region, &fds[1]));
        check_ok(mms_wait_fd_ack(region, fds[0], &generation));
        check_ok(mms_wait_fd_close(region, fds[0]));
        check_ok(mms_wait_fd_close(region, fds[1]));
    }
    return unused;
}

static void *publish(void *argument)
{
    struct region_of_all *region = argument;
    uint32_t random = 1 + (uint32_t)(region - all);
    uint64_t last = 0;

    for (int round = check_rounds(ROUNDS); round > 0; round--) {
        publish_burst(region->writer, &random, &last);
        for (int i = 0; i < CONSUMERS; i++)
            while (mms__load_acquire(&region->acknowledged[i]) != last)
                sched_yield();
    }
    return NULL;
}

static void threads_acknowledge_the_last_of_each_burst(void **state)
{
    static const char *const names[REGIONS] = {"one", "two", "three"};
    pthread_t writers[REGIONS], consumers[CONSUMERS], opener;

    memset(all, 0, sizeof all);
    for (unsigned i = 0; i < REGIONS; i++) {
        all[i].writer = sample_writer(scratch_path(state, names[i]));
        all[i].region = sample_region(scratch_path(state, names[i]));
        check_equal(pthread_create(&writers[i], NULL, publish, &all[i]), 0);
    }
    for (unsigned i = 0; i < CONSUMERS; i++)
        check_equal(pthread_create(&consumers[i], NULL, consume, (void *)(uintptr_t)i), 0);
    check_equal(pthread_create(&opener, NULL, open_and_close, NULL), 0);
    for (unsigned i = 0; i < REGIONS; i++)
        pthread_join(writers[i], NULL);
    mms__store_relaxed(&stop, 1);
    pthread_join(opener, NULL);
    for (unsigned i = 0; i < CONSUMERS; i++)
        pthread_join(consumers[i], NULL);
    for (unsigned i = 0; i < REGIONS; i++) {
        check_ok(mms_region_close(all[i].region));
        check_ok(mms_writer_close(all[i].writer));
    }
}

/* ---- Processes ---- */

/* Shared with the consumers' processes. */
struct board {
    mms__word acknowledged[CONSUMERS][FDS];
};

struct consumer {
    struct board *board;
    const char *path;
    unsigned index;
};

static void consume_in_child(void *argument)
{
    struct consumer *consumer = argument;
    mms_region *region = sample_region(consumer->path);
    int epoll = epoll_create1(EPOLL_CLOEXEC), fds[FDS];

    for (unsigned i = 0; i < FDS; i++) {
        struct epoll_event event = {.events = i % 2 ? EPOLLIN : EPOLLIN | EPOLLET, .data.u32 = i};

        check_ok(mms_wait_fd(region, &fds[i]));
        check_true(epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &event) == 0);
    }
    for (;;) { /* until it is killed */
        struct epoll_event event;
        uint64_t generation;

        if (epoll_wait(epoll, &event, 1, -1) < 1)
            continue;
        check_ok(mms_wait_fd_ack(region, fds[event.data.u32], &generation));
        mms__store_release(&consumer->board->acknowledged[consumer->index][event.data.u32], generation);
    }
}

static pid_t start_consumer(struct consumer *consumer)
{
    memset(consumer->board->acknowledged[consumer->index], 0, sizeof consumer->board->acknowledged[0]);
    return start_child(consume_in_child, consumer);
}

static void kill_child(pid_t child)
{
    kill(child, SIGKILL);
    while (waitpid(child, NULL, 0) < 0)
        continue;
}

/* Until all have seen the last generation, stop one of them or let it go on, now and then. */
static void jolt_until_seen(struct board *board, const pid_t *children, uint64_t last, uint32_t *random)
{
    for (unsigned i = 0; i < CONSUMERS * FDS;) {
        pid_t child = children[next_random(random) % CONSUMERS];

        if (next_random(random) % 4 == 0) {
            kill(child, SIGSTOP);
            sched_yield();
            kill(child, SIGCONT);
        }
        if (mms__load_acquire(&board->acknowledged[i / FDS][i % FDS]) == last)
            i++;
        else
            sched_yield();
    }
}

static void die_publishing(void *path)
{
    mms_writer *writer = sample_writer(path);

    for (;;)
        publish_text(writer, "value");
}

/* Returns the next writer. */
static mms_writer *kill_a_writer(const char *path, uint32_t *random)
{
    pid_t child = start_child(die_publishing, (void *)(uintptr_t)path);

    usleep(next_random(random) % 2000); /* when does not matter */
    kill_child(child);
    return sample_writer(path);
}

static void processes_acknowledge_the_last_of_each_burst(void **state)
{
#ifdef __SANITIZE_THREAD__
    skip_because("ThreadSanitizer starts no threads in a child of a process that has had some");
#endif
    need_fork_advice();
    const char *path = scratch_path(state, "region");
    struct board *board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct consumer consumers[CONSUMERS];
    mms_writer *writer = sample_writer(path);
    pid_t children[CONSUMERS];
    uint32_t random = 7;
    uint64_t last = 0;

    check_true(board != MAP_FAILED);
    for (unsigned i = 0; i < CONSUMERS; i++) {
        consumers[i] = (struct consumer){board, path, i};
        children[i] = start_consumer(&consumers[i]);
    }
    for (int round = check_rounds(ROUNDS); round > 0; round--) {
        unsigned victim = next_random(&random) % CONSUMERS;

        publish_burst(writer, &random, &last);
        jolt_until_seen(board, children, last, &random);
        if (round % 8 == 0) {
            publish_burst(writer, &random, &last);
            kill_child(children[victim]);
            children[victim] = start_consumer(&consumers[victim]);
        }
        if (round % 8 == 4) {
            check_ok(mms_writer_close(writer));
            writer = kill_a_writer(path, &random);
        }
    }
    for (unsigned i = 0; i < CONSUMERS; i++)
        kill_child(children[i]);
    check_ok(mms_writer_close(writer));
    munmap(board, sizeof *board);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(threads_acknowledge_the_last_of_each_burst),
        scratch_test(processes_acknowledge_the_last_of_each_burst),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
