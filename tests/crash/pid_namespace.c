/* SPDX-License-Identifier: Apache-2.0 */
/* ctest: crash */
/* Containers that share memory but not process ids: kernel locks, never pids, show which processes
   are dead. */
#include "child.h"
#include "lookout.h"
#include "sample.h"
#include "scratch.h"
#include <sched.h>
#include <signal.h>
#include <unistd.h>

/* Its first process, which calls itself 1. */
static struct child start_elsewhere(const char *program)
{
    struct child child = child_start_cloned(program, geteuid() == 0 ? CLONE_NEWPID : CLONE_NEWPID | CLONE_NEWUSER);

    if (child.pid < 0)
        skip_because("a PID namespace may not be made here, even in a user namespace");
    check_equal(child_number(&child, "pid"), 1);
    return child;
}

static void a_killed_reader_is_found_dead(void **state)
{
    const char *path = scratch_path(state, "region");
    struct child reader = start_elsewhere("reader"), other = start_elsewhere("reader");
    mms_writer *writer = sample_writer(path);

    use_every_slot(writer, 4);
    for (int i = 0; i < 20; i++) {
        child_expect(&reader, "OK pin", "open %s", path);
        child_expect(&reader, "OK", "read");
        check_true(!is_gone(path, 1));
        use_every_slot(writer, 4);
        child_expect(&reader, "OK", "check");
        child_kill(&reader);
        check_true(is_gone(path, 1));
        use_every_slot(writer, 4);
        reader = start_elsewhere("reader");
    }
    child_kill(&other);
    child_kill(&reader);
    check_ok(mms_writer_close(writer));
}

/* Two processes with pid 1: the death of one does not free what the other one holds. */
static void equal_pids_are_told_apart(void **state)
{
    const char *path = scratch_path(state, "region");
    struct child dies = start_elsewhere("reader"), lives = start_elsewhere("reader");
    mms_writer *writer = sample_writer(path);

    use_every_slot(writer, 4);
    child_expect(&dies, "OK pin", "open %s", path);
    child_expect(&lives, "OK pin", "open %s", path);
    child_expect(&dies, "OK", "read");
    child_expect(&lives, "OK", "read");
    child_kill(&dies);
    use_every_slot(writer, 4);
    check_equal(inspect(path).readers, 1);
    child_expect(&lives, "OK", "check");
    child_expect(&lives, "OK", "release");
    child_end(&lives);
    check_ok(mms_writer_close(writer));
}

static void a_killed_writer_leaves_its_lock(void **state)
{
    const char *path = scratch_path(state, "region");
    struct child first = start_elsewhere("writer"), second = child_start("writer");

    child_expect(&first, "OK", "open %s " SMALL_REGION, path);
    child_expect(&first, "OK", "write 100");
    child_expect(&second, "MMS_E_BUSY", "open %s " SMALL_REGION, path);
    child_kill(&first);
    child_expect(&second, "OK", "open %s " SMALL_REGION, path);
    child_expect(&second, "OK", "write 100");
    child_end(&second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(a_killed_reader_is_found_dead),
        scratch_test(equal_pids_are_told_apart),
        scratch_test(a_killed_writer_leaves_its_lock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
