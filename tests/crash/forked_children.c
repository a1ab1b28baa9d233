/* SPDX-License-Identifier: Apache-2.0 */
/* ctest: crash */
/* A process dies while its forked child lives on: the child must not keep its locks alive. And
   a host program that closes every descriptor must not lose them. */
#include "child.h"
#include "forked.h"
#include "lookout.h"
#include "sample.h"
#include "scratch.h"
#include <signal.h>

static void a_child_does_not_keep_its_parents_slot(void **state)
{
    need_fork_advice();
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);
    struct child reader = child_start("reader");
    pid_t pid = reader.pid, grandchild;

    use_every_slot(writer, 4);
    child_expect(&reader, "OK pin", "open %s", path);
    child_expect(&reader, "OK", "read");
    grandchild = (pid_t)child_number(&reader, "fork");
    check_true(!is_gone(path, pid));
    child_kill(&reader);
    check_equal(kill(grandchild, 0), 0);
    check_true(is_gone(path, pid));
    use_every_slot(writer, 4);
    check_equal(kill(grandchild, SIGKILL), 0);
    check_ok(mms_writer_close(writer));
}

static void a_child_does_not_keep_its_parents_writer_lock(void **state)
{
    need_fork_advice();
    const char *path = scratch_path(state, "region");
    struct child first = child_start("writer"), second = child_start("writer");
    pid_t grandchild;

    child_expect(&first, "OK", "open %s " SMALL_REGION, path);
    child_expect(&first, "OK", "write 100");
    grandchild = (pid_t)child_number(&first, "fork");
    child_expect(&second, "MMS_E_BUSY", "open %s " SMALL_REGION, path);
    child_kill(&first);
    check_equal(kill(grandchild, 0), 0);
    child_expect(&second, "OK", "open %s " SMALL_REGION, path);
    child_expect(&second, "OK", "write 100");
    check_equal(kill(grandchild, SIGKILL), 0);
    child_end(&second);
}

/* The same if the parent closes its handles first. */
static void a_child_keeps_nothing_open(void **state)
{
    need_fork_advice();
    const char *path = scratch_path(state, "region");
    struct child first = child_start("writer"), reader = child_start("reader");
    pid_t children[2], pid = reader.pid;
    mms_writer *writer;

    child_expect(&first, "OK", "open %s " SMALL_REGION, path);
    child_expect(&first, "OK", "write 100");
    child_expect(&reader, "OK pin", "open %s", path);
    children[0] = (pid_t)child_number(&reader, "fork");
    children[1] = (pid_t)child_number(&first, "fork");
    child_expect(&reader, "OK", "close");
    child_expect(&first, "OK", "close");
    check_true(find_reader(path, pid).pid == 0);
    writer = sample_writer_with(
        path, (mms_writer_options){.struct_size = sizeof(mms_writer_options), .lock_wait_ms = MMS_NO_WAIT});
    check_ok(mms_writer_close(writer));
    for (int i = 0; i < 2; i++)
        check_equal(kill(children[i], SIGKILL), 0);
    child_end(&reader);
    child_end(&first);
}

/* What daemons and Python's subprocess do. Descriptors 0 to 2 are the pipes to us. */
static void a_reader_survives_closefrom(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);
    struct child reader = child_start("reader");
    pid_t pid = reader.pid;
    mms_receipt receipt;

    use_every_slot(writer, 4);
    child_expect(&reader, "OK pin", "open %s", path);
    child_expect(&reader, "OK", "read");
    child_expect(&reader, "OK", "closefrom 3");
    check_true(!is_gone(path, pid));
    for (int i = 0; i < 100; i++)
        check_ok(mms_write(writer, "others", 6, &receipt));
    child_expect(&reader, "OK", "check");
    use_every_slot(writer, 4);
    child_expect(&reader, "OK", "refresh");
    child_expect(&reader, "OK", "spin 1000");
    child_expect(&reader, "OK", "wait 1 0");
    child_expect(&reader, "OK", "copy");
    child_expect(&reader, "OK", "more 2");
    child_expect(&reader, "OK", "read");
    child_kill(&reader);
    check_true(is_gone(path, pid));
    use_every_slot(writer, 4);
    check_ok(mms_writer_close(writer));
}

static void a_writer_survives_closefrom(void **state)
{
    const char *path = scratch_path(state, "region");
    struct child writer = child_start("writer"), second = child_start("writer"), reader = child_start("reader");

    child_expect(&writer, "OK", "open %s " SMALL_REGION, path);
    child_expect(&writer, "OK", "write 100");
    child_expect(&writer, "OK", "closefrom 3");
    child_expect(&second, "MMS_E_BUSY", "open %s " SMALL_REGION, path);
    child_expect(&writer, "OK", "write 60000 20"); /* must open its file again to grow */
    child_expect(&reader, "OK pin", "open %s", path);
    child_expect(&reader, "OK", "read");
    child_kill(&reader);
    child_expect(&writer, "OK", "write 10 20"); /* and again to see that the reader is dead */
    child_kill(&writer);
    child_expect(&second, "OK", "open %s " SMALL_REGION, path);
    child_expect(&second, "OK", "write 60000");
    child_end(&second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(a_child_does_not_keep_its_parents_slot),
        scratch_test(a_child_does_not_keep_its_parents_writer_lock),
        scratch_test(a_child_keeps_nothing_open),
        scratch_test(a_reader_survives_closefrom),
        scratch_test(a_writer_survives_closefrom),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
