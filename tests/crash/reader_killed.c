/* SPDX-License-Identifier: Apache-2.0 */
/* ctest: crash */
/* Readers that are killed: the kernel shows that they are dead, and what they held comes back
   (G5). */
#include "child.h"
#include "lookout.h"
#include "sample.h"
#include "scratch.h"
#include <signal.h>

enum { KILLS = 200 };

static mms_writer *open_writer(const char *path)
{
    mms_writer_options options = sample_options();

    options.max_readers = 8;
    return sample_writer_with(path, options);
}

static struct child start_reader(const char *path)
{
    struct child reader = child_start("reader");

    child_expect(&reader, "OK pin", "open %s", path);
    return reader;
}

/* Each one holds the newest value when it dies. The writer has no grace period, 4 slots, and room
   for 8 readers. */
static void slots_of_holders_come_back(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = open_writer(path);

    use_every_slot(writer, 4);
    for (int i = 0; i < check_rounds(KILLS); i++) {
        struct child reader = start_reader(path);
        pid_t pid = reader.pid;

        child_expect(&reader, "OK", "read");
        check_true(find_reader(path, pid).alive && find_reader(path, pid).pinned);
        child_kill(&reader);
        check_true(is_gone(path, pid));
        check_equal(inspect(path).readers, 0);
        use_every_slot(writer, 4);
        check_true(is_gone(path, pid));
    }
    check_true(inspect(path).slots_used <= 4);
    check_ok(mms_verify(path, NULL, NULL));
    check_ok(mms_writer_close(writer));
}

/* Killed while they announce, validate, read or release. */
static void readers_die_at_any_moment(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = open_writer(path);
    uint64_t random = 20231;

    use_every_slot(writer, 4);
    for (int i = 0; i < check_rounds(KILLS); i++) {
        struct child reader = start_reader(path);

        child_expect(&reader, "OK", "loop");
        random_moment(&random);
        child_kill(&reader);
        use_every_slot(writer, 4);
    }
    check_equal(inspect(path).readers, 0);
    check_ok(mms_writer_close(writer));
    writer = open_writer(path);
    check_equal(inspect(path).readers_dead, 0); /* a new writer also reaps readers in nobody's way */
    use_every_slot(writer, 4);
    check_ok(mms_writer_close(writer));
}

/* This needs no writer: a full table is swept by the reader that finds it full. */
static void dead_readers_do_not_fill_the_table(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = open_writer(path);

    use_every_slot(writer, 4);
    check_ok(mms_writer_close(writer));
    for (int i = 0; i < check_rounds(50); i++) {
        struct child reader = start_reader(path);

        child_expect(&reader, "OK", "more 7");
        child_expect(&reader, "MMS_E_FULL", "more 1");
        child_expect(&reader, "OK", "read");
        child_kill(&reader);
    }
}

/* Stopped is not dead: the reader keeps its slot, and the writer says so; it gets the slot when
   the reader is gone. */
static void a_stopped_reader_keeps_its_slot(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = open_writer(path);
    struct child readers[3];
    mms_receipt receipt;

    use_every_slot(writer, 4);
    for (int i = 0; i < 3; i++) {
        readers[i] = start_reader(path);
        child_expect(&readers[i], "OK", "read");
        child_stop(&readers[i]);
        publish_pattern(writer, 36);
    }
    check_code(mms_write(writer, "more", 4, &receipt), MMS_E_AGAIN);
    check_equal(receipt.blockers, 3);
    for (int i = 0; i < 3; i++)
        check_true(receipt.blocker_pid[0] == readers[i].pid || receipt.blocker_pid[1] == readers[i].pid ||
                   receipt.blocker_pid[2] == readers[i].pid);
    child_signal(&readers[1], SIGCONT);
    child_expect(&readers[1], "OK", "check");
    child_expect(&readers[1], "OK", "release");
    use_every_slot(writer, 4);
    for (int i = 0; i < 3; i++)
        child_kill(&readers[i]);
    use_every_slot(writer, 4);
    check_ok(mms_writer_close(writer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(slots_of_holders_come_back),
        scratch_test(readers_die_at_any_moment),
        scratch_test(dead_readers_do_not_fill_the_table),
        scratch_test(a_stopped_reader_keeps_its_slot),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
