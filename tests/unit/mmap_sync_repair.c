/* SPDX-License-Identifier: Apache-2.0 */
/* mms_repair takes back counts that dead processes left, and those of the living only when told to
   (mmap_sync/repair.c). */
#include "forked.h"
#include "mmap_sync_sample.h"
#include "sample.h"
#include "scratch.h"
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void hold_and_die(void *path)
{
    check_holds(sample_reader(sample_region(path)), "held");
    _exit(0);
}

static void repair_takes_back_what_the_dead_left(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_writer *writer = mmap_sync_writer(path, MMS_NO_WAIT, false);
    mms_repair_report report;
    int code;

    publish_text(writer, "held");
    in_child(hold_and_die, (void *)(uintptr_t)path);
    publish_text(writer, "next");
    check_code(mms_write(writer, "stuck", 5, NULL), MMS_E_AGAIN);
    code = mms_repair(path, 0, 0, &report);                               /* this process does not suspect itself */
    if (code == MMS_E_AGAIN && report.suspects == 0 && report.unseen > 0) /* we are not root */
        code = mms_repair(path, MMS_REPAIR_FORCE, 0, &report);
    check_ok(code);
    check_equal(report.before[0], 1);
    check_equal(report.after[0], 0);
    publish_text(writer, "free again");
    check_ok(mms_writer_close(writer));
}

/* Two more descriptors are for the state and the list of processes; then there is none for reading
   what a process has mapped. */
static void repair_without_files(void *path)
{
    mms_repair_report report;
    struct rlimit limit;
    int first = dup(0), second = dup(0); /* not always neighbours: the build's make may have left one open */

    check_true(first >= 0 && second > first && close(first) == 0 && close(second) == 0);
    check_ok(getrlimit(RLIMIT_NOFILE, &limit));
    limit.rlim_cur = (rlim_t)second + 1;
    check_true(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    check_code(mms_repair(path, 0, 0, &report), MMS_E_AGAIN);
    check_true(report.unseen >= 1);
    check_equal(report.after[0], 2);
    check_detail_mentions("cannot be seen");
}

static void repair_that_cannot_look_takes_nothing_back(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_writer *writer = mmap_sync_writer(path, MMS_NO_WAIT, false);
    struct mms__mmap_sync_state *shared = mmap_sync_map(path);

    publish_text(writer, "text");
    shared->readers[0] = 2;
    check_ok(mms_writer_close(writer));
    in_child(repair_without_files, (void *)(uintptr_t)path);
    check_equal(shared->readers[0], 2);
    mmap_sync_unmap(shared);
}

static void look_and_leave(void *path)
{
    struct mms__mmap_sync_state *shared = mmap_sync_map(path); /* a live process that may be the one counted */
    mms_repair_report report;
    uint64_t word = shared->version;
    int status;

    check_equal(shared->readers[0], 2);
    if (fork() == 0) {
        check_code(mms_repair(path, 0, 0, &report), MMS_E_AGAIN);
        check_true(report.suspects >= 1);
        check_equal(report.suspect_pid[0], getppid());
        check_detail_mentions("processes have it mapped");
        check_ok(mms_repair(path, 0, 20, &report)); /* nobody came or went, and nothing was published */
        check_equal(report.after[0], 0);
        check_equal(report.after[1], 3);
        check_ok(mms_repair(path, MMS_REPAIR_FORCE, 0, &report));
        check_equal(report.after[1], 0);
        _exit(0);
    }
    check_true(waitpid(-1, &status, 0) > 0 && status == 0);
    check_equal(shared->version, word);
}

static void repair_with_the_living_needs_to_be_told(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_writer *writer = mmap_sync_writer(path, MMS_NO_WAIT, false);
    struct mms__mmap_sync_state *shared;

    publish_text(writer, "first");
    publish_text(writer, "second"); /* file 1 is current */
    check_ok(mms_writer_close(writer));
    shared = mmap_sync_map(path);
    shared->readers[0] = 2;
    shared->readers[1] = 3;
    mmap_sync_unmap(shared);
    in_child(look_and_leave, (void *)(uintptr_t)path);
}

static void unknown_flags_and_negative_times_are_refused(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_writer *writer = mmap_sync_writer(path, MMS_NO_WAIT, false);
    struct mms__mmap_sync_state *shared = mmap_sync_map(path);
    mms_repair_report report;

    publish_text(writer, "value");
    check_ok(mms_writer_close(writer));
    mms__store_release(&shared->readers[0], 1); /* as if held by a dead reader */
    check_code(mms_repair(path, MMS_REPAIR_FORCE << 1, 0, &report), MMS_E_INVALID);
    check_detail_mentions("unknown flags");
    check_code(mms_repair(path, MMS_REPAIR_FORCE, -1, &report), MMS_E_INVALID);
    check_detail_mentions("a time below 0");
    check_equal(crate_count(path, 0), 1);
    check_ok(mms_repair(path, MMS_REPAIR_FORCE, 0, &report));
    check_equal(crate_count(path, 0), 0);
    mmap_sync_unmap(shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(repair_takes_back_what_the_dead_left),
        scratch_test(repair_that_cannot_look_takes_nothing_back),
        scratch_test(repair_with_the_living_needs_to_be_told),
        scratch_test(unknown_flags_and_negative_times_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
