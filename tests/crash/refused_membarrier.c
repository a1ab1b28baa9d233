/* SPDX-License-Identifier: Apache-2.0 */
/* ctest: crash */
/* Processes whose seccomp filter refuses membarrier(2), as in some containers: they, and
   everybody who shares a region with them, use symmetric fences. */
#include "child.h"
#include "lookout.h"
#include "refuse.h"
#include "sample.h"
#include "scratch.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Tried in a child, since a filter cannot be removed. */
static void need_filters(void)
{
    int status;
    pid_t child = fork();

    if (child == 0)
        _exit(refuse_membarrier(EPERM));
    check_true(waitpid(child, &status, 0) == child);
    if (status != 0)
        skip_because("no seccomp filter may be set here");
}

static struct child start_refused(const char *program, int error)
{
    struct child child = child_start(program);

    child_expect(&child, "OK", "refuse %d", error);
    return child;
}

static struct child start_reader(const char *path)
{
    struct child reader = child_start("reader");

    child_expect(&reader, "OK pin", "open %s", path);
    return reader;
}

static void need_membarrier(void **state)
{
    const char *path = scratch_path(state, "probe");
    mms_writer *writer = sample_writer(path);
    bool symmetric = inspect(path).symmetric;

    check_ok(mms_writer_close(writer));
    if (symmetric)
        skip_because("membarrier is refused to everybody here");
}

static void a_writer_without_it(void **state, int error)
{
    const char *path = scratch_path(state, "region");
    struct child writer, reader;

    need_filters();
    writer = start_refused("writer", error);
    child_expect(&writer, mms_error_name(-error), "open %s asymmetric " SMALL_REGION, path);
    child_expect(&writer, "OK", "open %s symmetric " SMALL_REGION, path);
    child_expect(&writer, "OK", "write 100");
    child_expect(&writer, "OK", "close");
    child_expect(&writer, "OK", "open %s " SMALL_REGION, path);
    check_true(inspect(path).symmetric);
    child_expect(&writer, "OK", "write 100");
    reader = start_reader(path);
    check_true(find_reader(path, reader.pid).symmetric);
    child_expect(&writer, "OK", "loop 1 30000");
    child_expect(&reader, "OK", "spin 100000");
    child_expect(&writer, "OK", "last");
    child_end(&reader);
    child_end(&writer);
}

static void a_reader_without_it(void **state, int error)
{
    const char *path = scratch_path(state, "region");
    struct child writer, reader, other;

    need_filters();
    need_membarrier(state);
    writer = child_start("writer");
    child_expect(&writer, "OK", "open %s " SMALL_REGION, path);
    child_expect(&writer, "OK", "write 100");
    reader = start_refused("reader", error);
    child_expect(&reader, mms_error_name(-error), "open %s asymmetric", path);
    child_expect(&reader, "OK pin", "open %s", path);
    check_true(find_reader(path, reader.pid).symmetric);
    other = start_reader(path);
    check_true(!find_reader(path, other.pid).symmetric);
    child_expect(&writer, "OK", "loop 1 30000");
    child_expect(&reader, "OK", "spin 100000");
    child_expect(&other, "OK", "spin 100000");
    child_expect(&writer, "OK", "last");
    child_end(&reader);
    child_end(&other);
    child_end(&writer);
}

static void a_writer_without_it_eperm(void **state)
{
    a_writer_without_it(state, EPERM);
}

static void a_writer_without_it_enosys(void **state)
{
    a_writer_without_it(state, ENOSYS);
}

static void a_reader_without_it_eperm(void **state)
{
    a_reader_without_it(state, EPERM);
}

static void a_reader_without_it_enosys(void **state)
{
    a_reader_without_it(state, ENOSYS);
}

/* What an idle reader in asymmetric mode has announced may be out of date, so it covers
   everything. The receipt names it, and it adopts the other mode when it reads again. */
static void an_idle_reader_is_named(void **state)
{
    const char *path = scratch_path(state, "region");
    struct child writer, reader;
    char expected[64];
    const char *answer;

    need_filters();
    need_membarrier(state);
    writer = child_start("writer");
    child_expect(&writer, "OK", "open %s " SMALL_REGION, path);
    child_expect(&writer, "OK", "write 100");
    reader = start_reader(path);
    child_expect(&reader, "OK", "read");
    child_expect(&reader, "OK", "release");
    check_true(!find_reader(path, reader.pid).symmetric);
    child_expect(&writer, "OK", "write 100 20");

    child_expect(&writer, "OK", "refuse %d", EPERM);
    do
        answer = child_ask(&writer, "write 100");
    while (strncmp(answer, "OK", 2) == 0);
    snprintf(expected, sizeof expected, "MMS_E_AGAIN 1 %d", (int)reader.pid);
    check_string(answer, expected);
    check_true(inspect(path).symmetric);
    child_expect(&reader, "OK", "read");
    check_true(find_reader(path, reader.pid).symmetric);
    child_expect(&writer, "OK", "write 100 20");
    child_expect(&reader, "OK", "check");
    child_expect(&writer, "OK", "loop 1 30000");
    child_expect(&reader, "OK", "spin 100000");
    child_expect(&writer, "OK", "last");
    child_end(&reader);
    child_end(&writer);
}

/* The reader has already seen the newest value, and every slot is in use, so the writer, which has
   lost membarrier, can publish nothing that would make the reader look. It must be told to switch
   in another way. */
static void a_reader_that_is_up_to_date_adopts(void **state)
{
    const char *path = scratch_path(state, "region");
    struct child first, second, reader;

    need_filters();
    need_membarrier(state);
    first = child_start("writer");
    child_expect(&first, "OK", "open %s " SMALL_REGION, path);
    child_expect(&first, "OK", "write 100 20");
    reader = start_reader(path);
    child_expect(&reader, "OK", "spin 10");
    child_kill(&first);
    second = start_refused("writer", EPERM);
    child_expect(&second, "OK", "open %s " SMALL_REGION, path);
    child_expect(&second, "MMS_E_AGAIN 1", "write 100");
    child_expect(&reader, "OK", "spin 10");
    child_expect(&second, "OK", "write 100");
    child_end(&reader);
    child_end(&second);
}

/* As above, but a second writer comes without membarrier before the reader looks: its nudge must
   not undo the first. */
static void a_reader_that_missed_a_nudge_adopts(void **state)
{
    const char *path = scratch_path(state, "region");
    struct child first, refused, reader;

    need_filters();
    need_membarrier(state);
    first = child_start("writer");
    child_expect(&first, "OK", "open %s " SMALL_REGION, path);
    child_expect(&first, "OK", "write 100 20");
    reader = start_reader(path);
    child_expect(&reader, "OK", "spin 10");
    child_kill(&first);
    for (int i = 0; i < 4; i++) {
        refused = start_refused("writer", EPERM);
        child_expect(&refused, "OK", "open %s " SMALL_REGION, path);
        child_expect(&refused, "MMS_E_AGAIN 1", "write 100");
        if (i < 3)
            child_kill(&refused);
    }
    child_expect(&reader, "OK", "spin 10");
    check_true(find_reader(path, reader.pid).symmetric);
    child_expect(&refused, "OK", "write 100");
    child_end(&reader);
    child_end(&refused);
}

/* And back: a successor with membarrier asks for asymmetric readers again. */
static void readers_change_back(void **state)
{
    const char *path = scratch_path(state, "region");
    struct child writer, reader;

    need_filters();
    need_membarrier(state);
    writer = start_refused("writer", ENOSYS);
    child_expect(&writer, "OK", "open %s " SMALL_REGION, path);
    child_expect(&writer, "OK", "write 100");
    reader = start_reader(path);
    child_expect(&reader, "OK", "spin 10");
    check_true(find_reader(path, reader.pid).symmetric);
    child_kill(&writer);
    writer = child_start("writer");
    child_expect(&writer, "OK", "open %s " SMALL_REGION, path);
    check_true(!inspect(path).symmetric);
    child_expect(&writer, "OK", "write 100");
    child_expect(&reader, "OK", "spin 10");
    check_true(!find_reader(path, reader.pid).symmetric);
    child_end(&reader);
    child_end(&writer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(a_writer_without_it_eperm),
        scratch_test(a_writer_without_it_enosys),
        scratch_test(a_reader_without_it_eperm),
        scratch_test(a_reader_without_it_enosys),
        scratch_test(an_idle_reader_is_named),
        scratch_test(a_reader_that_is_up_to_date_adopts),
        scratch_test(a_reader_that_missed_a_nudge_adopts),
        scratch_test(readers_change_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
