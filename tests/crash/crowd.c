/* SPDX-License-Identifier: Apache-2.0 */
/* ctest: crash */
/* 64 processes with 1,024 readers, as many as a region holds by default. */
#include "child.h"
#include "lookout.h"
#include "sample.h"
#include "scratch.h"

enum { PROCESSES = 64, LINES_EACH = 16 };

static struct child readers[PROCESSES];

static mms_writer *open_writer(const char *path)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;

    options.max_size = 64 << 10;
    options.max_slots = 128; /* the default is lower on 32-bit machines */
    options.grace_ms = MMS_NO_WAIT;
    return sample_writer_with(path, options);
}

static void start_readers(const char *path, int from, int to)
{
    for (int i = from; i < to; i++) {
        readers[i] = child_start("reader");
        child_send(&readers[i], "open %s", path);
        child_send(&readers[i], "more %d", LINES_EACH - 1);
    }
    for (int i = from; i < to; i++) {
        check_string(child_receive(&readers[i]), "OK pin");
        check_string(child_receive(&readers[i]), "OK");
    }
}

static void ask_all(const char *question, int from, int to)
{
    for (int i = from; i < to; i++)
        child_send(&readers[i], "%s", question);
    for (int i = from; i < to; i++)
        check_memory(child_receive(&readers[i]), "OK", 2);
}

static void each_keeps_another_generation(mms_writer *writer)
{
    for (int i = 0; i < PROCESSES; i++) {
        child_expect(&readers[i], "OK", "read");
        publish_pattern(writer, 100);
    }
    use_every_slot(writer, 128);
    ask_all("check", 0, PROCESSES);
    ask_all("refresh", 0, PROCESSES);
}

static void half_are_killed_and_replaced(const char *path, mms_writer *writer)
{
    for (int i = 0; i < PROCESSES / 2; i++)
        child_kill(&readers[i]);
    check_equal(inspect(path).readers, PROCESSES / 2 * LINES_EACH);
    start_readers(path, 0, PROCESSES / 2);
    check_equal(inspect(path).readers, PROCESSES * LINES_EACH);
    ask_all("read", 0, PROCESSES);
    use_every_slot(writer, 128);
    ask_all("check", 0, PROCESSES);
    ask_all("spin 1000", 0, PROCESSES);
}

static void a_thousand_readers(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = open_writer(path);
    struct child late = child_start("reader");

    publish_pattern(writer, 100);
    start_readers(path, 0, PROCESSES);
    check_equal(inspect(path).readers, PROCESSES * LINES_EACH);
    child_expect(&late, "MMS_E_FULL", "open %s", path);
    each_keeps_another_generation(writer);
    half_are_killed_and_replaced(path, writer);

    for (int i = 0; i < PROCESSES; i++)
        child_end(&readers[i]);
    child_end(&late);
    check_equal(inspect(path).readers, 0);
    use_every_slot(writer, 128);
    check_ok(mms_writer_close(writer));
    writer = open_writer(path); /* which reaps the rest: 15 of 16 lines were left open */
    check_equal(inspect(path).readers_dead, 0);
    check_ok(mms_writer_close(writer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {scratch_test(a_thousand_readers)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
