/* SPDX-License-Identifier: Apache-2.0 */
/* ctest: tsan */
/* mms_wait_fd at its ends: regions that go, writers that die, forks, hosts that close what is not theirs, and wrong
   arguments (handle/watch.c). */
#include "forked.h"
#include "libc.h"
#include "region/layout.h"
#include "sample.h"
#include "scratch.h"
#include <errno.h>
#include <fcntl.h>
#include <mmsync/wait_fd.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_MS = 60000 };

struct sample {
    const char *path;
    mms_writer *writer;
    mms_region *region;
    int fd;
};

static int open_fd(mms_region *region)
{
    int fd = -1;

    check_ok(mms_wait_fd(region, &fd));
    return fd;
}

static void await_readable(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

    check_equal(poll(&poll_fd, 1, PATIENCE_MS), 1);
}

static void check_acknowledges(struct sample *sample, uint64_t expected)
{
    uint64_t generation = UINT64_MAX;

    await_readable(sample->fd);
    check_ok(mms_wait_fd_ack(sample->region, sample->fd, &generation));
    check_equal(generation, expected);
}

/* Its first value is acknowledged. */
static struct sample open_sample(void **state)
{
    struct sample sample = {.path = scratch_path(state, "region")};

    sample.writer = sample_writer(sample.path);
    publish_text(sample.writer, "first");
    sample.region = sample_region(sample.path);
    sample.fd = open_fd(sample.region);
    check_acknowledges(&sample, 1);
    return sample;
}

static void close_sample(struct sample *sample)
{
    check_ok(mms_wait_fd_close(sample->region, sample->fd));
    check_ok(mms_region_close(sample->region));
    check_ok(mms_writer_close(sample->writer));
}

/* ---- The region ---- */

static void check_gone(struct sample *sample)
{
    uint64_t generation = 7;

    for (int i = 0; i < 3; i++) {
        await_readable(sample->fd);
        check_code(mms_wait_fd_ack(sample->region, sample->fd, &generation), MMS_E_GONE);
        check_detail_mentions("open the region again");
        check_equal(generation, 7);
    }
}

static void a_region_that_is_removed_leaves_it_readable(void **state)
{
    struct sample sample = open_sample(state);
    int late;

    check_ok(mms_writer_close(sample.writer));
    check_ok(mms_remove(sample.path));
    check_gone(&sample);
    late = sample.fd;
    sample.fd = open_fd(sample.region);
    check_gone(&sample);
    check_ok(mms_wait_fd_close(sample.region, late));
    sample.writer = NULL;
    close_sample(&sample);
}

static void so_does_one_that_is_deleted_by_hand(void **state)
{
    struct sample sample = open_sample(state);

    check_ok(mms_writer_close(sample.writer));
    scratch_delete(sample.path);
    check_gone(&sample);
    sample.writer = NULL;
    close_sample(&sample);
}

static void so_does_one_that_is_replaced(void **state)
{
    struct sample sample = open_sample(state);
    mms_writer_options options = sample_options();

    check_ok(mms_writer_close(sample.writer));
    options.max_size *= 2;
    options.replace = true;
    sample.writer = sample_writer_with(sample.path, options);
    check_gone(&sample);
    close_sample(&sample);
}

static void the_region_is_closed_after_its_descriptors(void **state)
{
    struct sample sample = open_sample(state);

    check_code(mms_region_close(sample.region), MMS_E_BUSY);
    check_detail_mentions("1 of its descriptors");
    publish_text(sample.writer, "next");
    check_acknowledges(&sample, 2);
    close_sample(&sample);
}

/* ---- Writers ---- */

static void die_publishing(void *path)
{
    mms_writer *writer = sample_writer(path);
    uint64_t generation = publish_text(writer, "a");

    for (;;)
        check_true(publish_text(writer, "b") > generation);
}

/* Whatever it has published is seen, at the latest when another writer comes. */
static void writers_that_are_killed_keep_no_generation_from_it(void **state)
{
    struct sample sample = open_sample(state);

    check_ok(mms_writer_close(sample.writer));
    for (int i = 0; i < check_rounds(20); i++) {
        pid_t child = start_child(die_publishing, (void *)(uintptr_t)sample.path);
        uint64_t last;

        await_readable(sample.fd);
        kill(child, SIGKILL);
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
            continue;
        last = publish_text(sample.writer = sample_writer(sample.path), "the next writer's");
        check_acknowledges(&sample, last);
        check_ok(mms_writer_close(sample.writer));
    }
    sample.writer = NULL;
    close_sample(&sample);
}

/* ---- fork ---- */

static void use_in_child(void *argument)
{
    struct sample *sample = argument;
    uint64_t generation;
    int fd;

    check_code(mms_wait_fd(sample->region, &fd), MMS_E_FORKED);
    check_code(mms_wait_fd_ack(sample->region, sample->fd, &generation), MMS_E_FORKED);
    check_detail_mentions("open the region in this process");
    check_code(mms_wait_fd_close(sample->region, sample->fd), MMS_E_FORKED);
    check_true(fcntl(sample->fd, F_GETFD) == FD_CLOEXEC);
    check_code(mms_region_close(sample->region), MMS_E_FORKED);
    check_true(fcntl(sample->fd, F_GETFD) < 0);
    sample->region = sample_region(sample->path);
    sample->fd = open_fd(sample->region);
    check_acknowledges(sample, mms_generation(sample->region));
    check_ok(mms_wait_fd_close(sample->region, sample->fd));
    check_ok(mms_region_close(sample->region));
}

static void check_child(void **state, void (*run)(forked_part *, void *))
{
    struct sample sample = open_sample(state);

    for (uint64_t round = 2; round < 10; round++) {
        run(use_in_child, &(struct sample){sample.path, sample.writer, sample.region, sample.fd});
        publish_text(sample.writer, "next");
        check_acknowledges(&sample, round);
    }
    close_sample(&sample);
}

static void a_forked_child_opens_its_own(void **state)
{
#ifdef __SANITIZE_THREAD__
    skip_because("ThreadSanitizer starts no threads in a child of a process that has some");
#endif
    need_fork_advice();
    check_child(state, in_child);
}

static void so_does_a_child_that_ran_no_fork_handlers(void **state)
{
#if defined __SANITIZE_THREAD__ || defined __SANITIZE_ADDRESS__
    skip_because("sanitizers do not expect a raw clone(2)");
#endif
    need_fork_advice();
    check_child(state, in_raw_child);
}

static unsigned count_descriptors(void)
{
    unsigned count = 0;

    for (int fd = 3; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

struct forking {
    struct sample *sample;
    unsigned left; /* in a child that was forked while nobody opened descriptors */
    int stop;
};

static void *open_and_close(void *argument)
{
    struct forking *forking = argument;

    while (!mms__load_acquire(&forking->stop))
        check_ok(mms_wait_fd_close(forking->sample->region, open_fd(forking->sample->region)));
    return NULL;
}

static void close_and_count(void *argument)
{
    struct forking *forking = argument;
    unsigned count;

    check_code(mms_region_close(forking->sample->region), MMS_E_FORKED);
    count = count_descriptors();
    if (forking->left == 0)
        _exit((int)count);
    check_equal(count, forking->left);
}

static unsigned count_in_child(struct forking *forking)
{
    int status;
    pid_t child = fork();

    if (child == 0)
        close_and_count(forking);
    check_true(waitpid(child, &status, 0) == child && WIFEXITED(status));
    return (unsigned)WEXITSTATUS(status);
}

/* A descriptor that is half made belongs to no region that the child could close. */
static void a_child_inherits_no_half_made_descriptor(void **state)
{
    struct sample sample = open_sample(state);
    struct forking forking = {.sample = &sample};
    pthread_t opener;

    forking.left = count_in_child(&forking);
    check_true(pthread_create(&opener, NULL, open_and_close, &forking) == 0);
    for (int i = 0; i < 100; i++)
        in_child(close_and_count, &forking);
    mms__store_release(&forking.stop, 1);
    check_true(pthread_join(opener, NULL) == 0);
    close_sample(&sample);
}

/* ---- Hosts that close descriptors ---- */

/* The other end of the pipe. */
static int other_end(int fd)
{
    struct stat one, other;

    check_true(fstat(fd, &one) == 0);
    for (int i = 3; i < 1024; i++)
        if (i != fd && fstat(i, &other) == 0 && one.st_dev == other.st_dev && one.st_ino == other.st_ino)
            return i;
    check_failed(__FILE__, __LINE__, "the library has no end of its own");
}

static void check_closed_by_host(struct sample *sample)
{
    uint64_t generation;
    int lost = sample->fd;

    check_code(mms_wait_fd_ack(sample->region, lost, &generation), -EBADF);
    check_detail_mentions("open another");
    sample->fd = open_fd(sample->region);
    check_acknowledges(sample, mms_generation(sample->region));
    if (sample->fd != lost)
        check_ok(mms_wait_fd_close(sample->region, lost));
}

static void nothing_is_written_to_a_file_that_gets_the_number_of_the_library(void **state)
{
    struct sample sample = open_sample(state);
    int own = other_end(sample.fd), file = open(scratch_path(state, "file"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    struct stat status;

    check_true(dup2(file, own) == own);
    publish_text(sample.writer, "next");
    await_readable(sample.fd); /* it is at its end */
    check_closed_by_host(&sample);
    check_true(fstat(own, &status) == 0 && status.st_size == 0);
    close(own);
    close(file);
    close_sample(&sample);
}

static void nothing_is_read_from_a_file_that_gets_its_number(void **state)
{
    struct sample sample = open_sample(state);
    int file = open(scratch_path(state, "file"), O_RDWR | O_CREAT | O_CLOEXEC, 0600), number = sample.fd;

    check_true(write(file, "text", 4) == 4 && lseek(file, 0, SEEK_SET) == 0);
    check_true(dup2(file, number) == number);
    publish_text(sample.writer, "next");
    check_closed_by_host(&sample);
    check_equal(lseek(file, 0, SEEK_CUR), 0);
    check_true(fcntl(number, F_GETFD) >= 0);
    close(number);
    close(file);
    close_sample(&sample);
}

/* ---- Arguments ---- */

static void wrong_arguments_are_refused(void **state)
{
    struct sample sample = open_sample(state);
    mms_region *other = sample_region(sample.path);
    uint64_t generation;
    int fd = -1;

    check_code(mms_wait_fd(NULL, &fd), MMS_E_INVALID);
    check_code(mms_wait_fd(sample.region, NULL), MMS_E_INVALID);
    check_detail_mentions("fd is NULL");
    check_code(mms_wait_fd_ack(NULL, sample.fd, &generation), MMS_E_INVALID);
    check_code(mms_wait_fd_ack(sample.region, sample.fd, NULL), MMS_E_INVALID);
    check_detail_mentions("generation is NULL");
    check_code(mms_wait_fd_close(NULL, sample.fd), MMS_E_INVALID);
    for (int tries = 0; tries < 2; tries++) { /* of a region without descriptors, and of one that had some */
        check_code(mms_wait_fd_ack(other, sample.fd, &generation), MMS_E_INVALID);
        check_detail_mentions("has not opened descriptor");
        check_code(mms_wait_fd_close(other, sample.fd), MMS_E_INVALID);
        fd = open_fd(other);
        check_ok(mms_wait_fd_close(other, fd));
    }
    check_code(mms_wait_fd_ack(sample.region, -1, &generation), MMS_E_INVALID);
    check_code(mms_wait_fd_close(sample.region, -1), MMS_E_INVALID);
    check_ok(mms_region_close(other));
    close_sample(&sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(a_region_that_is_removed_leaves_it_readable),
        scratch_test(so_does_one_that_is_deleted_by_hand),
        scratch_test(so_does_one_that_is_replaced),
        scratch_test(the_region_is_closed_after_its_descriptors),
        scratch_test(writers_that_are_killed_keep_no_generation_from_it),
        scratch_test(a_forked_child_opens_its_own),
        scratch_test(so_does_a_child_that_ran_no_fork_handlers),
        scratch_test(a_child_inherits_no_half_made_descriptor),
        scratch_test(nothing_is_written_to_a_file_that_gets_the_number_of_the_library),
        scratch_test(nothing_is_read_from_a_file_that_gets_its_number),
        scratch_test(wrong_arguments_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
