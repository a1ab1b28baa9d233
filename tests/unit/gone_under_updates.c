/* SPDX-License-Identifier: Apache-2.0 */
/* A region that is deleted by hand: updates and rollbacks of its writer notice it too, the first update as well as one of a
   tight loop, at the latest after 1024 of them, and stay refused (region/writer.c, region/changes_file.c). */
#include "os/clock.h"
#include "region/writer.h"
#include "sample.h"
#include "scratch.h"
#include <mmsync/history.h>
#include <stdio.h>

enum { MOST_CALLS = 1024 };

/* However slow this machine is, the writer finds that no time has passed since it looked at all names. */
static void stop_the_clock(mms_writer *writer)
{
    mms__native_writer_of(writer)->looked_ns = mms__time_coarse_ns();
}

static int update(mms_writer *writer)
{
    size_t size;
    void *buffer;
    int code = mms_write_update(writer, 0, &buffer, &size, NULL);

    if (code != 0)
        return code;
    code = mms_write_commit(writer, size, NULL);
    if (code != 0)
        check_ok(mms_write_abort(writer));
    return code;
}

static int go_back(mms_writer *writer)
{
    return mms_write_rollback(writer, 0, NULL);
}

static int call_often(int (*call)(mms_writer *writer), mms_writer *writer)
{
    int code = 0;

    for (int i = 0; i < MOST_CALLS && code == 0; i++) {
        stop_the_clock(writer);
        code = call(writer);
    }
    return code;
}

/* Others than the first call after that do not even look. */
static void check_notices(void **state, int (*call)(mms_writer *writer))
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);
    size_t size;
    void *buffer;

    publish_text(writer, "older");
    publish_text(writer, "value");
    check_ok(call_often(call, writer));
    scratch_delete(path);
    check_code(call_often(call, writer), MMS_E_GONE);
    check_detail_mentions("open the writer again");
    for (int i = 0; i < 10; i++) {
        stop_the_clock(writer);
        check_code(call(writer), MMS_E_GONE);
        stop_the_clock(writer);
        check_code(mms_write_update(writer, 0, &buffer, &size, NULL), MMS_E_GONE);
    }
    check_code(mms_write(writer, "lost", 4, NULL), MMS_E_GONE);
    check_ok(mms_writer_close(writer));
}

static void updates_in_a_tight_loop_notice(void **state)
{
    check_notices(state, update);
}

static void rollbacks_in_a_tight_loop_notice(void **state)
{
    check_notices(state, go_back);
}

static void make_file(const char *path)
{
    FILE *file = fopen(path, "we");

    check_true(file && fclose(file) == 0);
}

/* It makes the file `changes` before it has looked at anything. */
static void check_first_update(void **state, void (*put)(const char *path))
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);
    size_t size;
    void *buffer;

    publish_text(writer, "value");
    scratch_delete(path);
    put(path);
    check_code(mms_write_update(writer, 0, &buffer, &size, NULL), MMS_E_GONE);
    check_detail_mentions("open the writer again");
    check_ok(mms_writer_close(writer));
    scratch_delete(path);
}

static void nothing_there(const char *path)
{
    (void)path;
}

static void another_region_there(const char *path)
{
    sample_closed_region(path, "another");
}

static void the_first_update_notices(void **state)
{
    check_first_update(state, nothing_there);
    check_first_update(state, make_file);
    check_first_update(state, another_region_there);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(the_first_update_notices),
        scratch_test(updates_in_a_tight_loop_notice),
        scratch_test(rollbacks_in_a_tight_loop_notice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
