/* SPDX-License-Identifier: Apache-2.0 */
/* What belongs to the host program stays untouched, during and after every call: signal handlers,
   the mask and the alternate stack. And places from which the library may be called: before main,
   after its own destructor of thread keys, at exit. */
#include "forked.h"
#include "mmap_sync_sample.h"
#include "sample.h"
#include "scratch.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- Signals ---- */

struct host {
    struct sigaction actions[NSIG];
    sigset_t mask;
    stack_t stack;
};

static struct host look_at_host(void)
{
    struct host host;

    memset(&host, 0, sizeof host);
    for (int i = 1; i < NSIG; i++)
        (void)sigaction(i, NULL, &host.actions[i]); /* libc keeps some for itself */
    check_true(pthread_sigmask(SIG_SETMASK, NULL, &host.mask) == 0);
    check_true(sigaltstack(NULL, &host.stack) == 0);
    return host;
}

static void check_host(const struct host *before)
{
    struct host now = look_at_host();

    for (int i = 1; i < NSIG; i++) {
        check_true(now.actions[i].sa_handler == before->actions[i].sa_handler);
        check_true(now.actions[i].sa_flags == before->actions[i].sa_flags);
        check_true(sigismember(&now.mask, i) == sigismember(&before->mask, i));
    }
    check_true(now.stack.ss_sp == before->stack.ss_sp && now.stack.ss_flags == before->stack.ss_flags);
}

static void handle(int number)
{
    (void)number;
    abort();
}

static void set_up_host(void)
{
    static char stack[65536];
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_ONSTACK};
    sigset_t blocked;

    check_true(sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, NULL) == 0);
    check_true(sigaction(SIGBUS, &action, NULL) == 0 && sigaction(SIGSEGV, &action, NULL) == 0);
    check_true(sigaction(SIGXFSZ, &action, NULL) == 0);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    check_true(pthread_sigmask(SIG_BLOCK, &blocked, NULL) == 0);
}

static void note_finding(void *host, const char *finding)
{
    (void)finding;
    check_host(host);
}

static void make_calls(void *argument)
{
    const char *path = argument;
    mms_writer_options options = sample_options();
    struct host before;
    mms_writer *writer;
    mms_region *region;
    mms_reader *reader;
    mms_view view;
    mms_info info;

    if (mms_is_mmap_sync(path))
        options.max_slots = options.max_readers = 0;
    set_up_host();
    before = look_at_host();
    check_ok(mms_writer_open(path, &options, &writer));
    check_host(&before);
    check_ok(mms_write(writer, "value", 5, NULL));
    check_host(&before);
    region = sample_region(path);
    reader = sample_reader(region);
    check_ok(mms_read(reader, &view));
    check_host(&before);
    check_code(mms_wait(reader, view.generation, 1), MMS_E_TIMEOUT);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_inspect(path, &info));
    check_ok(mms_verify(path, note_finding, &before));
    check_ok(mms_writer_close(writer));
    check_ok(mms_remove(path));
    check_host(&before);
}

static void signals_stay_the_hosts(void **state)
{
    in_child(make_calls, (char *)(uintptr_t)scratch_path(state, "region"));
}

static void signals_stay_the_hosts_at_files_of_mmap_sync(void **state)
{
    char path[400];

    snprintf(path, sizeof path, "mmap-sync:%s", scratch_path(state, "region"));
    in_child(make_calls, path);
}

/* ---- Where the library may be called from ---- */

static const char *exit_path;
static int before_main_code = 1;

/* There is no region; what matters is that the call says so. */
__attribute__((constructor(101))) static void look_before_main(void)
{
    mms_region *region;

    before_main_code = mms_region_open("mmsync-test/no/such/region", NULL, &region);
}

static void calls_before_main_work(void **state)
{
    (void)state;
    check_true(before_main_code == -ENOENT);
}

static void read_once(void)
{
    check_reads(sample_reader(sample_region(exit_path)), "value");
}

static void exit_with_a_reader(void *argument)
{
    exit_path = argument;
    check_true(atexit(read_once) == 0);
    read_once();
    exit(0);
}

/* After the destructors: those of priority 101 run last. */
__attribute__((destructor(101))) static void read_at_the_end(void)
{
    if (exit_path)
        read_once();
}

static void calls_at_exit_work(void **state)
{
    const char *path = scratch_path(state, "region");

    (void)sample_closed_region(path, "value");
    in_child(exit_with_a_reader, (char *)(uintptr_t)path);
}

static pthread_key_t late_key;
static int late_rounds;

/* In the second round of destructors, after the library's own has run. */
static void read_late(void *path)
{
    if (++late_rounds < 3) {
        check_true(pthread_setspecific(late_key, path) == 0);
        return;
    }
    exit_path = path;
    read_once();
}

static void *read_and_end(void *path)
{
    check_true(pthread_setspecific(late_key, path) == 0);
    exit_path = path;
    read_once();
    return NULL;
}

/* Another round of destructors closes the second reader. */
static void end_a_thread(void *argument)
{
    const char *path = argument;
    pthread_t thread;
    mms_info info;

    check_true(pthread_key_create(&late_key, read_late) == 0);
    check_true(pthread_create(&thread, NULL, read_and_end, argument) == 0);
    check_true(pthread_join(thread, NULL) == 0);
    check_ok(mms_inspect(path, &info));
    check_equal(info.readers, 0);
    exit_path = NULL;
}

static void calls_at_the_end_of_a_thread_work(void **state)
{
    const char *path = scratch_path(state, "region");

    (void)sample_closed_region(path, "value");
    in_child(end_a_thread, (char *)(uintptr_t)path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(signals_stay_the_hosts),
        scratch_test(signals_stay_the_hosts_at_files_of_mmap_sync),
        cmocka_unit_test(calls_before_main_work),
        scratch_test(calls_at_exit_work),
        scratch_test(calls_at_the_end_of_a_thread_work),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
