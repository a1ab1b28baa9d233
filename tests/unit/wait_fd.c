/* SPDX-License-Identifier: Apache-2.0 */
/* ctest: tsan */
/* mms_wait_fd: when a descriptor is readable, and what it does to threads, signals, forks and other people's files
   (handle/watch.c, handle/watcher.c; G8). wait.c is compiled here with slices of an hour, so that a lost wake-up is not
   repaired a second later, and each test runs a second time without futex_waitv(2). */
#include "os/futex.h"
#include <mmsync/atomic.h>

static bool refuse_any;

bool true_has_any(void);
int true_wait(const uint32_t *word, uint32_t value, uint64_t nanoseconds, int before);

#define mms__futex_has_any true_has_any
#define mms__futex_wait true_wait
#include "os/futex.c"
#undef mms__futex_has_any
#undef mms__futex_wait
bool mms__futex_has_any(void)
{
    return !refuse_any && true_has_any();
}

static const uint32_t *watched; /* NULL: no word */
static uint64_t longest_ns;
static unsigned sleeps; /* on that word */

int mms__futex_wait(const uint32_t *word, uint32_t value, uint64_t nanoseconds, int before)
{
    if (word == mms__load_acquire(&watched)) {
        longest_ns = nanoseconds > longest_ns ? nanoseconds : longest_ns;
        mms__store_release(&sleeps, sleeps + 1);
    }
    return true_wait(word, value, nanoseconds, before);
}

#define MMS__WAIT_SLICE_NS UINT64_C(3600000000000)
#include "region/wait.c"

#include "sample.h"
#include "scratch.h"
#include <dirent.h>
#include <mmsync/wait_fd.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { ROUNDS = 20, PATIENCE_MS = 60000, MANY = 5 };

static int open_fd(mms_region *region)
{
    int fd = -1;

    check_ok(mms_wait_fd(region, &fd));
    check_true(fd > 2);
    return fd;
}

static bool is_readable(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

    return poll(&poll_fd, 1, 0) == 1;
}

static void await_readable(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

    check_equal(poll(&poll_fd, 1, PATIENCE_MS), 1);
}

static void check_acknowledges_now(mms_region *region, int fd, uint64_t expected)
{
    uint64_t generation = UINT64_MAX;

    check_ok(mms_wait_fd_ack(region, fd, &generation));
    check_equal(generation, expected);
}

static void check_acknowledges(mms_region *region, int fd, uint64_t expected)
{
    await_readable(fd);
    check_acknowledges_now(region, fd, expected);
}

/* Threads of the library in this process. */
static int watchers(void)
{
    DIR *tasks = opendir("/proc/self/task");
    int count = 0;

    check_true(tasks != NULL);
    for (struct dirent *task; (task = readdir(tasks));) {
        char path[300], name[32] = "";
        FILE *file;

        snprintf(path, sizeof path, "/proc/self/task/%s/comm", task->d_name);
        file = fopen(path, "r");
        count += file && fgets(name, sizeof name, file) && strcmp(name, "mmsync-wait\n") == 0;
        if (file)
            fclose(file);
    }
    closedir(tasks);
    return count;
}

/* A thread gives itself its name, and leaves its directory a moment after it was joined. */
static void await_watchers(int expected)
{
    while (watchers() != expected)
        sched_yield();
}

struct sample {
    mms_writer *writer;
    mms_region *region;
    const char *path; /* without the scheme */
};

static struct sample open_sample(void **state, const char *scheme, bool read_only)
{
    mms_region_options reading = MMS_REGION_OPTIONS_INIT;
    mms_writer_options writing = sample_options();
    struct sample sample = {.path = scratch_path(state, "region")};
    char path[400];

    reading.read_only = read_only;
    if (strcmp(scheme, "mmsync:") != 0)
        writing.max_slots = writing.max_readers = 0;
    snprintf(path, sizeof path, "%s%s", scheme, sample.path);
    sample.writer = sample_writer_with(path, writing);
    publish_text(sample.writer, "first");
    check_ok(mms_region_open(path, &reading, &sample.region));
    return sample;
}

static void close_sample(struct sample *sample)
{
    check_ok(mms_region_close(sample->region));
    check_ok(mms_writer_close(sample->writer));
}

static struct sample plain_sample(void **state)
{
    return open_sample(state, "mmsync:", false);
}

/* ---- When it is readable ---- */

static void check_follows(void **state, const char *scheme, bool read_only)
{
    struct sample sample = open_sample(state, scheme, read_only);
    int fd = open_fd(sample.region);

    check_acknowledges(sample.region, fd, mms_generation(sample.region));
    for (int round = 0; round < ROUNDS; round++) {
        char text[24];

        check_true(!is_readable(fd));
        snprintf(text, sizeof text, "value %d", round);
        publish_text(sample.writer, text);
        check_acknowledges(sample.region, fd, mms_generation(sample.region));
    }
    check_ok(mms_wait_fd_close(sample.region, fd));
    close_sample(&sample);
}

static void each_publish_makes_it_readable_until_it_is_acknowledged(void **state)
{
    check_follows(state, "mmsync:", false);
}

static void so_it_does_where_the_process_may_only_read(void **state)
{
    check_follows(state, "mmsync:", true);
}

static void so_it_does_for_files_of_mmap_sync(void **state)
{
    check_follows(state, "mmap-sync:", false);
}

static void an_empty_region_has_nothing_to_acknowledge_until_the_first_value(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);
    mms_region *region = sample_region(path);
    int fd = open_fd(region);
    uint64_t generation = 7;

    check_true(!is_readable(fd));
    check_ok(mms_wait_fd_ack(region, fd, &generation));
    check_equal(generation, 0);
    check_acknowledges(region, fd, publish_text(writer, "first"));
    check_ok(mms_wait_fd_close(region, fd));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

/* As from an eventfd, which is why hosts do it. */
static void a_byte_that_the_host_has_read_is_not_missed(void **state)
{
    struct sample sample = open_sample(state, "mmsync:", false);
    int fd = open_fd(sample.region);
    char bytes[8];

    for (uint64_t generation = 1; generation <= ROUNDS; generation++) {
        await_readable(fd);
        check_equal(read(fd, bytes, sizeof bytes), 1);
        check_acknowledges_now(sample.region, fd, generation);
        check_true(!is_readable(fd));
        publish_text(sample.writer, "next");
    }
    check_ok(mms_wait_fd_close(sample.region, fd));
    close_sample(&sample);
}

static void each_descriptor_has_an_acknowledgement_of_its_own(void **state)
{
    struct sample sample = plain_sample(state);
    int fds[MANY];

    for (int i = 0; i < MANY; i++) {
        fds[i] = open_fd(sample.region);
        check_acknowledges(sample.region, fds[i], 1); /* though the others are ready to sleep on */
    }
    for (uint64_t round = 2; round < ROUNDS; round++) {
        publish_text(sample.writer, "next");
        for (int i = MANY; i-- > 0;) {
            check_acknowledges(sample.region, fds[i], round);
            check_true(!is_readable(fds[i]));
        }
    }
    for (int i = 0; i < MANY; i++)
        check_ok(mms_wait_fd_close(sample.region, fds[i]));
    close_sample(&sample);
}

static void add_to(int epoll, int fd, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.fd = fd};

    check_true(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
}

static void check_epoll(void **state, uint32_t events)
{
    struct sample sample = plain_sample(state);
    int fds[MANY], epoll = epoll_create1(EPOLL_CLOEXEC);

    for (int i = 0; i < MANY; i++)
        add_to(epoll, fds[i] = open_fd(sample.region), events);
    for (uint64_t round = 1; round < ROUNDS; round++) {
        for (int i = 0; i < MANY; i++) { /* each is reported once */
            struct epoll_event event;
            uint64_t generation;

            check_equal(epoll_wait(epoll, &event, 1, PATIENCE_MS), 1);
            check_ok(mms_wait_fd_ack(sample.region, event.data.fd, &generation));
            check_equal(generation, round);
        }
        check_equal(epoll_wait(epoll, &(struct epoll_event){0}, 1, 0), 0);
        publish_text(sample.writer, "next");
    }
    close(epoll);
    for (int i = 0; i < MANY; i++)
        check_ok(mms_wait_fd_close(sample.region, fds[i]));
    close_sample(&sample);
}

static void epoll_reports_the_level(void **state)
{
    check_epoll(state, EPOLLIN);
}

static void epoll_reports_the_edge(void **state)
{
    check_epoll(state, EPOLLIN | EPOLLET);
}

/* ---- What it costs ---- */

/* Nobody asks to be woken as long as nobody would hear it. */
static void while_it_is_readable_a_publish_wakes_nobody(void **state)
{
    struct sample sample = plain_sample(state);
    int fd = open_fd(sample.region);
    uint32_t flag, before, after;
    uint64_t generation;

    await_readable(fd);
    check_code(mms_wait_fd_ack(sample.region, -1, &generation), MMS_E_INVALID); /* now the watcher sleeps again */
    load_bytes(sample.path, "control", offsetof(struct mms__control, wake), &before, sizeof before);
    for (int i = 0; i < ROUNDS; i++)
        publish_text(sample.writer, "unseen");
    load_bytes(sample.path, "control", offsetof(struct mms__control, wake), &after, sizeof after);
    load_bytes(sample.path, "readers", offsetof(struct mms__readers, waiting), &flag, sizeof flag);
    check_true(before == after && flag == 0);
    check_acknowledges(sample.region, fd, ROUNDS + 1);
    check_ok(mms_wait_fd_close(sample.region, fd));
    close_sample(&sample);
}

/* Where it cannot ask to be woken, nor wait for two words at once, the watcher looks again as soon as a reader would. */
static void a_region_of_which_it_hears_nothing_is_looked_at_as_often(void **state)
{
    struct sample sample = open_sample(state, "mmsync:", true);
    int fd;

    watched = &mms__native_region_of(sample.region)->control->wake;
    fd = open_fd(sample.region);
    check_acknowledges(sample.region, fd, 1);
    while (mms__load_acquire(&sleeps) < ROUNDS) /* with nothing published */
        sched_yield();
    publish_text(sample.writer, "next");
    check_acknowledges(sample.region, fd, 2);
    check_ok(mms_wait_fd_close(sample.region, fd));
    check_true(longest_ns > 0 && longest_ns <= LONGEST_NS);
    watched = NULL;
    close_sample(&sample);
}

/* The path of one of many regions, until the next call. */
static const char *numbered(const char *directory, int i)
{
    static char path[400];

    snprintf(path, sizeof path, "%s/region-%d", directory, i);
    return path;
}

static void open_many(const char *directory, mms_region **regions, int *fds, int count)
{
    for (int i = 0; i < count; i++) {
        sample_closed_region(numbered(directory, i), "value");
        regions[i] = sample_region(numbered(directory, i));
        fds[i] = open_fd(regions[i]);
        check_acknowledges(regions[i], fds[i], 1);
    }
}

static void one_thread_waits_for_all_regions_as_long_as_there_are_descriptors(void **state)
{
    const char *directory = scratch_path(state, "");
    mms_region *regions[MMS__FUTEXES_MAX];
    int fds[MMS__FUTEXES_MAX], count = refuse_any ? 3 : MMS__FUTEXES_MAX, more;

    if (!refuse_any && !true_has_any())
        skip_because("there is no futex_waitv here");
    await_watchers(0);
    open_many(directory, regions, fds, count);
    more = open_fd(regions[0]);
    await_watchers(refuse_any ? 3 : 2); /* one more region than words to wait for */
    for (int i = 0; i < count; i++) {
        mms_writer *writer = sample_writer(numbered(directory, i));

        publish_text(writer, "next");
        check_acknowledges(regions[i], fds[i], 2);
        check_ok(mms_writer_close(writer));
    }
    for (int i = 0; i < count; i++)
        check_ok(mms_wait_fd_close(regions[i], fds[i]));
    await_watchers(1);
    check_ok(mms_wait_fd_close(regions[0], more));
    await_watchers(0);
    fds[0] = open_fd(regions[0]);
    check_acknowledges(regions[0], fds[0], 2);
    await_watchers(1);
    check_ok(mms_wait_fd_close(regions[0], fds[0]));
    for (int i = 0; i < count; i++)
        check_ok(mms_region_close(regions[i]));
}

static volatile sig_atomic_t handled;

static void handle(int number)
{
    (void)number;
    handled = 1;
}

static void its_thread_takes_no_signals(void **state)
{
    struct sample sample = plain_sample(state);
    struct sigaction action = {.sa_handler = handle}, old;
    sigset_t mask, before, pending;
    int fd;

    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR1);
    check_true(sigaction(SIGUSR1, &action, &old) == 0);
    fd = open_fd(sample.region);
    check_true(pthread_sigmask(SIG_BLOCK, &mask, &before) == 0); /* here alone */
    kill(getpid(), SIGUSR1);
    for (uint64_t round = 1; round < ROUNDS; round++) {
        check_acknowledges(sample.region, fd, round);
        publish_text(sample.writer, "next");
    }
    check_true(sigpending(&pending) == 0 && sigismember(&pending, SIGUSR1) && !handled);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    check_true(handled);
    handled = 0;
    sigaction(SIGUSR1, &old, NULL);
    check_ok(mms_wait_fd_close(sample.region, fd));
    close_sample(&sample);
}

static int run(bool without_any)
{
    const struct CMUnitTest tests[] = {
        scratch_test(one_thread_waits_for_all_regions_as_long_as_there_are_descriptors), /* first: it counts threads */
        scratch_test(each_publish_makes_it_readable_until_it_is_acknowledged),
        scratch_test(so_it_does_where_the_process_may_only_read),
        scratch_test(so_it_does_for_files_of_mmap_sync),
        scratch_test(an_empty_region_has_nothing_to_acknowledge_until_the_first_value),
        scratch_test(a_byte_that_the_host_has_read_is_not_missed),
        scratch_test(each_descriptor_has_an_acknowledgement_of_its_own),
        scratch_test(epoll_reports_the_level),
        scratch_test(epoll_reports_the_edge),
        scratch_test(while_it_is_readable_a_publish_wakes_nobody),
        scratch_test(its_thread_takes_no_signals),
    };

    refuse_any = without_any;
    return cmocka_run_group_tests_name(without_any ? "without futex_waitv" : "with futex_waitv", tests, NULL, NULL);
}

/* With futex_waitv there is one sleep for all words. */
static int run_what_is_so_without_any(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(a_region_of_which_it_hears_nothing_is_looked_at_as_often),
    };

    return cmocka_run_group_tests_name("only without futex_waitv", tests, NULL, NULL);
}

int main(void)
{
    return run(false) || run(true) || run_what_is_so_without_any();
}
