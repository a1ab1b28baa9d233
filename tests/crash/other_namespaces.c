/* SPDX-License-Identifier: Apache-2.0 */
/* ctest: crash */
/* Namespaces that make no difference to a region: network, IPC, UTS, cgroup and time. A reader on
   one side and a writer on the other pin, wait, wake, die and are found dead as if there were no
   border. */
#include "child.h"
#include "forked.h"
#include "lookout.h"
#include "sample.h"
#include "scratch.h"
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

static void a_reader_lives_waits_and_dies(const char *path, struct child reader)
{
    mms_writer *writer = sample_writer(path);
    uint64_t generation = publish_pattern(writer, 100);

    child_expect(&reader, "OK pin", "open %s", path);
    child_expect(&reader, "OK", "read");
    use_every_slot(writer, 4);
    child_expect(&reader, "OK", "check");
    child_expect(&reader, "OK", "refresh");
    generation = child_number(&reader, "generation");
    child_send(&reader, "wait %llu 100000", (unsigned long long)generation);
    check_equal(publish_pattern(writer, 200), generation + 1);
    check_true(strncmp(child_receive(&reader), "OK ", 3) == 0);
    child_expect(&reader, "MMS_E_TIMEOUT", "wait %llu 5", (unsigned long long)generation + 1);
    child_kill(&reader);
    check_true(is_gone(path, reader.pid));
    use_every_slot(writer, 4);
    check_ok(mms_writer_close(writer));
}

static void a_writer_lives_and_dies(const char *path, struct child writer)
{
    struct child reader = child_start("reader");
    mms_writer_options options = sample_options();
    mms_writer *next;

    child_expect(&writer, "OK", "open %s " SMALL_REGION, path);
    child_expect(&writer, "OK", "write 100");
    child_expect(&reader, "OK pin", "open %s", path);
    child_expect(&reader, "OK", "read");
    check_code(mms_writer_open(path, &options, &next), MMS_E_BUSY);
    child_expect(&writer, "OK", "loop 1 1000");
    child_expect(&reader, "OK", "check");
    child_kill(&writer);
    options.max_size = 0, options.max_slots = options.max_readers = 0;
    check_ok(mms_writer_open(path, &options, &next));
    (void)publish_pattern(next, 300);
    child_expect(&reader, "OK", "refresh");
    child_end(&reader);
    check_ok(mms_writer_close(next));
}

static struct child start_in(const char *program, int flag)
{
    struct child child = child_start_cloned(program, geteuid() == 0 ? flag : flag | CLONE_NEWUSER);

    if (child.pid < 0)
        skip_because("this kind of namespace may not be made here, even in a user namespace");
    return child;
}

static void across(void **state, int flag)
{
    a_reader_lives_waits_and_dies(scratch_path(state, "read"), start_in("reader", flag));
    a_writer_lives_and_dies(scratch_path(state, "written"), start_in("writer", flag));
}

static void network(void **state)
{
    across(state, CLONE_NEWNET);
}

static void ipc(void **state)
{
    across(state, CLONE_NEWIPC);
}

static void host_name(void **state)
{
    across(state, CLONE_NEWUTS);
}

static void cgroup(void **state)
{
    across(state, CLONE_NEWCGROUP);
}

/* ---- Time: clocks that differ by years ---- */

enum { NO_TIME_NAMESPACE = 77 };

/* Children from here on are in the namespace; this process itself is not. */
static void enter_time_namespace(void)
{
    static const char offsets[] = "monotonic 100000000 0\nboottime 200000000 0\n";
    int fd;

    if (unshare(geteuid() == 0 ? CLONE_NEWTIME : CLONE_NEWTIME | CLONE_NEWUSER) != 0)
        _exit(NO_TIME_NAMESPACE);
    fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, offsets, sizeof offsets - 1) != sizeof offsets - 1)
        _exit(NO_TIME_NAMESPACE);
    close(fd);
}

static void across_times(void *argument)
{
    const char *const *paths = argument;

    enter_time_namespace();
    a_reader_lives_waits_and_dies(paths[0], child_start("reader"));
    a_writer_lives_and_dies(paths[1], child_start("writer"));
}

static void times(void **state)
{
    const char *paths[] = {scratch_path(state, "read"), scratch_path(state, "written")};
    pid_t child = start_child(across_times, paths);
    int status;

    check_true(waitpid(child, &status, 0) == child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == NO_TIME_NAMESPACE)
        skip_because("a time namespace may not be made here");
    check_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(network), scratch_test(ipc), scratch_test(host_name), scratch_test(cgroup), scratch_test(times),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
