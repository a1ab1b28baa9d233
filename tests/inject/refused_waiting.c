/* SPDX-License-Identifier: Apache-2.0 */
/* mms_wait_fd while the kernel refuses one thing that it needs: the error names it, nothing is left, and the next call
   works; and where something else will do, that is used. */
#include "answers.h"
#include "forked.h"
#include "sample.h"
#include "scratch.h"
#include <errno.h>
#include <mmsync/wait_fd.h>
#include <poll.h>

enum { PATIENCE_MS = 60000, ROUNDS = 10 };

static void check_refused(mms_region *region, enum inject_kind kind, unsigned nth, int error, int code,
                          const char *text)
{
    int fd = 7;

    fail_from_here(kind, nth, error, FOR_GOOD);
    check_code(mms_wait_fd(region, &fd), code);
    inject_disarm();
    check_detail_mentions(text);
    check_equal(fd, 7);
}

static void check_acknowledges(mms_region *region, int fd, uint64_t expected)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    uint64_t generation;

    check_equal(poll(&poll_fd, 1, PATIENCE_MS), 1);
    check_ok(mms_wait_fd_ack(region, fd, &generation));
    check_equal(generation, expected);
}

/* From generation `next` on. What is armed stays so. */
static void check_follows(const char *path, mms_region *region, uint64_t next)
{
    mms_writer *writer = sample_writer(path);
    int fd = -1;

    check_ok(mms_wait_fd(region, &fd));
    check_acknowledges(region, fd, next - 1);
    for (int round = 0; round < ROUNDS; round++, next++) {
        publish_text(writer, "next");
        check_acknowledges(region, fd, next);
    }
    check_ok(mms_wait_fd_close(region, fd));
    check_ok(mms_writer_close(writer));
}

static void what_cannot_be_made_is_an_error_and_leaves_nothing(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_region *region;

    sample_closed_region(path, "value");
    region = sample_region(path);
    check_refused(region, INJECT_pipe2, 1, EMFILE, -EMFILE, "making a descriptor");
    check_refused(region, INJECT_fstat, 1, EIO, -EIO, "making a descriptor");
    check_refused(region, INJECT_fstat, 2, EIO, -EIO, "making a descriptor");
    for (unsigned nth = 1; nth <= 3; nth++) /* the descriptor, the watch, the watcher */
        check_refused(region, INJECT_calloc, nth, ENOMEM, -ENOMEM, "making a descriptor");
    check_refused(region, INJECT_pthread_attr_init, 1, ENOMEM, -ENOMEM, "no thread could be started");
    check_refused(region, INJECT_pthread_create, 1, EAGAIN, -ENOMEM, "no thread could be started");
    check_refused(region, INJECT_pthread_create, 1, EPERM, -EPERM, "no thread could be started");
    check_follows(path, region, 2);
    check_ok(mms_region_close(region));
}

static void wait_without_fork_handlers(void *path)
{
    mms_region *region;

    /* The first handlers are those of all regions. These are registered with the first region, or with a descriptor. */
    fail_from_here(INJECT_pthread_atfork, 2, ENOMEM, 1);
    region = sample_region(path);
    inject_disarm();
    check_refused(region, INJECT_pthread_atfork, 1, ENOMEM, -ENOMEM, "making a descriptor");
    check_follows(path, region, 2);
    check_ok(mms_region_close(region));
}

static void a_process_that_cannot_notice_forks_gets_none(void **state)
{
    const char *path = scratch_path(state, "region");

    in_child(make_region, (void *)(uintptr_t)path);
    in_child(wait_without_fork_handlers, (void *)(uintptr_t)path);
}

/* All of these while a descriptor is in use. */
static void check_follows_while(void **state, enum inject_kind kind, int error, unsigned times)
{
    const char *path = scratch_path(state, "region");
    mms_region *region;

    sample_closed_region(path, "value");
    region = sample_region(path);
    fail_from_here(kind, 1, error, times);
    check_follows(path, region, 2);
    inject_disarm();
    check_ok(mms_region_close(region));
}

static void a_stack_that_is_too_small_is_replaced_by_the_default(void **state)
{
    check_follows_while(state, INJECT_pthread_create, EINVAL, 1);
}

static void a_write_that_a_signal_interrupts_is_repeated(void **state)
{
    check_follows_while(state, INJECT_write, EINTR, 3);
}

static void a_kernel_without_futex_waitv_will_do(void **state)
{
    check_follows_while(state, INJECT_futex_waitv, ENOSYS, FOR_GOOD);
}

static void so_will_one_that_refuses_it(void **state)
{
    check_follows_while(state, INJECT_futex_waitv, EPERM, FOR_GOOD);
}

static void check_repeats_waits(void **state, int error)
{
    const char *path = scratch_path(state, "region");
    mms_region *region;

    sample_closed_region(path, "value");
    region = sample_region(path);
    fail_from_here(INJECT_futex_waitv, 2, error, 5); /* after the question whether there is such a call */
    check_follows(path, region, 2);
    inject_disarm();
    check_ok(mms_region_close(region));
}

static void waits_that_find_no_memory_are_repeated(void **state)
{
    check_repeats_waits(state, ENOMEM);
}

/* By a debugger that stops the process: signals are blocked in its thread. */
static void so_are_waits_that_are_interrupted(void **state)
{
    check_repeats_waits(state, EINTR);
}

/* An acknowledgement that came back with the byte still in the pipe would be one for ever. */
static void the_byte_is_read_in_spite_of_signals(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_region *region;
    int fd = -1;

    sample_closed_region(path, "value");
    region = sample_region(path);
    check_ok(mms_wait_fd(region, &fd));
    check_equal(poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, PATIENCE_MS), 1);
    fail_from_here(INJECT_read, 1, EINTR, 3);
    check_acknowledges(region, fd, 1);
    inject_disarm();
    check_equal(counts->failed, 3);
    check_equal(poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 0), 0);
    check_ok(mms_wait_fd_close(region, fd));
    check_ok(mms_region_close(region));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        answers_test(a_process_that_cannot_notice_forks_gets_none), /* first: the handlers stay */
        answers_test(what_cannot_be_made_is_an_error_and_leaves_nothing),
        answers_test(a_stack_that_is_too_small_is_replaced_by_the_default),
        answers_test(a_write_that_a_signal_interrupts_is_repeated),
        answers_test(a_kernel_without_futex_waitv_will_do),
        answers_test(so_will_one_that_refuses_it),
        answers_test(waits_that_find_no_memory_are_repeated),
        answers_test(so_are_waits_that_are_interrupted),
        answers_test(the_byte_is_read_in_spite_of_signals),
    };

    counts = inject_share();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
