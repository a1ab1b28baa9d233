/* SPDX-License-Identifier: Apache-2.0 */
/* When readers hold every slot, a write is refused and names them, or evicts those that allow
   it (G4). */
#include "sample.h"
#include "scratch.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SLOTS = 3 };

struct fixture {
    const char *path;
    mms_writer *writer;
    mms_region *region;         /* allows eviction or not */
    mms_reader *readers[SLOTS]; /* each holds its slot */
};

static struct fixture set_up(void **state, mms_on_grace on_grace, bool allow_evict)
{
    struct fixture fixture = {.path = scratch_path(state, "region")};
    mms_writer_options options = sample_options();
    mms_region_options region = MMS_REGION_OPTIONS_INIT;

    options.max_slots = SLOTS;
    options.on_grace = on_grace;
    fixture.writer = sample_writer_with(fixture.path, options);
    region.allow_evict = allow_evict;
    check_ok(mms_region_open(fixture.path, &region, &fixture.region));
    for (int i = 0; i < SLOTS; i++)
        fixture.readers[i] = sample_reader(fixture.region);
    return fixture;
}

/* Reader i holds value i; then nothing is free. */
static void hold_all(struct fixture *fixture)
{
    const char *const texts[SLOTS] = {"0", "1", "2"};

    for (int i = 0; i < SLOTS; i++) {
        publish_text(fixture->writer, texts[i]);
        check_holds(fixture->readers[i], texts[i]);
    }
}

static void tear_down(struct fixture *fixture)
{
    for (int i = 0; i < SLOTS; i++)
        if (fixture->readers[i])
            check_ok(mms_reader_close(fixture->readers[i]));
    check_ok(mms_region_close(fixture->region));
    check_ok(mms_writer_close(fixture->writer));
}

static void held_slots_make_a_write_fail_and_the_last_value_stays(void **state)
{
    struct fixture fixture = set_up(state, MMS_REFUSE, false);
    mms_info info;
    void *buffer;

    hold_all(&fixture);
    for (int i = 0; i < 3; i++) {
        check_code(mms_write(fixture.writer, "x", 1, NULL), MMS_E_AGAIN);
        check_code(mms_write_begin(fixture.writer, 1, &buffer, NULL), MMS_E_AGAIN);
    }
    check_copies(fixture.path, "2");
    check_ok(mms_inspect(fixture.path, &info));
    check_true(info.refused == 6 && info.evicted == 0);
    check_ok(mms_release(fixture.readers[0]));
    publish_text(fixture.writer, "3");
    check_copies(fixture.path, "3");
    tear_down(&fixture);
}

static void receipt_and_detail_name_the_holders(void **state)
{
    struct fixture fixture = set_up(state, MMS_REFUSE, false);
    mms_receipt receipt = {0};
    char holder[32];

    hold_all(&fixture);
    check_code(mms_write(fixture.writer, "x", 1, &receipt), MMS_E_AGAIN);
    check_equal(receipt.blockers, SLOTS - 1); /* to hold the current value blocks nobody */
    check_equal(receipt.blocker_pid[0], getpid());
    check_equal(receipt.blocker_pid[1], getpid());
    check_equal(receipt.blocker_pid[2], 0);
    check_true(receipt.evicted == 0 && receipt.reclaimed == 0);
    snprintf(holder, sizeof holder, "pid %d", (int)getpid());
    check_detail_mentions(holder);
    check_detail_mentions("max_slots");
    tear_down(&fixture);
}

static void more_holders_than_a_receipt_names_are_counted(void **state)
{
    enum { READERS = 11, NAMED = sizeof((mms_receipt *)0)->blocker_pid / sizeof(pid_t) };
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();
    mms_reader *readers[READERS];
    mms_receipt receipt;
    mms_region *region;
    mms_writer *writer;

    options.max_slots = 2;
    options.max_readers = READERS;
    writer = sample_writer_with(path, options);
    region = sample_region(path);
    publish_text(writer, "held");
    for (int i = 0; i < READERS; i++) {
        readers[i] = sample_reader(region);
        check_holds(readers[i], "held");
    }
    publish_text(writer, "newer");
    check_code(mms_write(writer, "x", 1, &receipt), MMS_E_AGAIN);
    check_equal(receipt.blockers, READERS);
    for (int i = 0; i < NAMED; i++)
        check_equal(receipt.blocker_pid[i], getpid());
    for (size_t i = 0; i < sizeof receipt.reserved / sizeof *receipt.reserved; i++)
        check_equal(receipt.reserved[i], 0); /* nothing was stored behind them */
    check_equal(receipt.reserved[0], 0);
    for (int i = 0; i < READERS; i++)
        check_ok(mms_reader_close(readers[i]));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static void grace_is_waited_for_before_the_refusal(void **state)
{
    struct fixture fixture = set_up(state, MMS_REFUSE, false);
    mms_writer_options options = sample_options();
    mms_receipt receipt;

    hold_all(&fixture);
    check_ok(mms_writer_close(fixture.writer));
    options.max_slots = SLOTS;
    options.grace_ms = 30;
    fixture.writer = sample_writer_with(fixture.path, options);
    check_code(mms_write(fixture.writer, "x", 1, &receipt), MMS_E_AGAIN);
    check_true(receipt.waited_ns >= 30000000);
    tear_down(&fixture);
}

static void grace_of_an_open_writer_can_be_changed(void **state)
{
    struct fixture fixture = set_up(state, MMS_REFUSE, false);
    mms_receipt receipt;

    hold_all(&fixture);
    check_code(mms_writer_set_grace(fixture.writer, -3), MMS_E_INVALID);
    check_detail_mentions("options.grace_ms is -3");
    check_ok(mms_writer_set_grace(fixture.writer, 20));
    check_code(mms_write(fixture.writer, "x", 1, &receipt), MMS_E_AGAIN);
    check_true(receipt.waited_ns >= 20000000);
    check_ok(mms_writer_set_grace(fixture.writer, MMS_NO_WAIT));
    check_code(mms_write(fixture.writer, "x", 1, &receipt), MMS_E_AGAIN);
    check_true(receipt.waited_ns < 20000000); /* it did not wait at all */
    tear_down(&fixture);
}

/* In the middle of a write, too: it is for those after it. */
static void grace_can_be_changed_while_a_write_is_under_way(void **state)
{
    struct fixture fixture = set_up(state, MMS_REFUSE, false);
    mms_receipt receipt;
    void *buffer;

    check_ok(mms_write_begin(fixture.writer, 1, &buffer, NULL));
    check_ok(mms_writer_set_grace(fixture.writer, 20));
    memset(buffer, 'x', 1);
    check_ok(mms_write_commit(fixture.writer, 1, NULL));
    check_copies(fixture.path, "x");
    hold_all(&fixture);
    check_code(mms_write(fixture.writer, "y", 1, &receipt), MMS_E_AGAIN);
    check_true(receipt.waited_ns >= 20000000);
    tear_down(&fixture);
}

static void idle_readers_hinder_nobody(void **state)
{
    struct fixture fixture = set_up(state, MMS_REFUSE, false);

    hold_all(&fixture);
    for (int i = 0; i < SLOTS; i++)
        check_ok(mms_release(fixture.readers[i]));
    for (int i = 0; i < 50; i++)
        publish_text(fixture.writer, "free");
    tear_down(&fixture);
}

static void readers_that_do_not_allow_it_are_never_evicted(void **state)
{
    struct fixture fixture = set_up(state, MMS_EVICT, false);
    mms_receipt receipt;

    hold_all(&fixture);
    for (int i = 0; i < 5; i++) {
        check_code(mms_write(fixture.writer, "x", 1, &receipt), MMS_E_AGAIN);
        check_equal(receipt.evicted, 0);
    }
    for (int i = 0; i < SLOTS; i++)
        check_ok(mms_release(fixture.readers[i]));
    tear_down(&fixture);
}

static void readers_are_not_evicted_by_a_writer_that_refuses(void **state)
{
    struct fixture fixture = set_up(state, MMS_REFUSE, true);

    hold_all(&fixture);
    check_code(mms_write(fixture.writer, "x", 1, NULL), MMS_E_AGAIN);
    for (int i = 0; i < SLOTS; i++)
        check_ok(mms_release(fixture.readers[i]));
    tear_down(&fixture);
}

static void oldest_view_is_evicted_and_the_others_stay(void **state)
{
    struct fixture fixture = set_up(state, MMS_EVICT, true);
    mms_receipt receipt;
    mms_info info;

    hold_all(&fixture);
    check_ok(mms_write(fixture.writer, "3", 1, &receipt));
    check_equal(receipt.evicted, 1);
    check_ok(mms_inspect(fixture.path, &info));
    check_true(info.refused == 0 && info.evicted == 1);
    check_copies(fixture.path, "3");
    check_code(mms_release(fixture.readers[0]), MMS_E_EVICTED);
    check_detail_mentions("discard");
    check_ok(mms_release(fixture.readers[1]));
    check_ok(mms_release(fixture.readers[2]));
    tear_down(&fixture);
}

/* Reader 0 is evicted; then `call` must report it and leave the reader with nothing. */
static void check_says_evicted(void **state, int (*call)(mms_reader *reader))
{
    struct fixture fixture = set_up(state, MMS_EVICT, true);

    hold_all(&fixture);
    publish_text(fixture.writer, "3");
    check_code(call(fixture.readers[0]), MMS_E_EVICTED);
    check_code(mms_release(fixture.readers[0]), MMS_E_NO_VIEW);
    check_true(check_holds(fixture.readers[0], "3").changed);
    check_ok(mms_release(fixture.readers[0]));
    tear_down(&fixture);
}

static int read_again(mms_reader *reader)
{
    mms_view view;

    return mms_read(reader, &view);
}

static int refresh_it(mms_reader *reader)
{
    mms_view view;

    return mms_refresh(reader, &view);
}

static int release_it(mms_reader *reader)
{
    return mms_release(reader);
}

static void release_of_an_evicted_view_says_so(void **state)
{
    check_says_evicted(state, release_it);
}

static void read_over_an_evicted_view_says_so(void **state)
{
    check_says_evicted(state, read_again);
}

static void refresh_of_an_evicted_view_says_so(void **state)
{
    check_says_evicted(state, refresh_it);
}

static void close_with_an_evicted_view_says_so_and_closes(void **state)
{
    struct fixture fixture = set_up(state, MMS_EVICT, true);

    hold_all(&fixture);
    publish_text(fixture.writer, "3");
    check_code(mms_reader_close(fixture.readers[0]), MMS_E_EVICTED);
    fixture.readers[0] = NULL;
    tear_down(&fixture);
}

static void slot_shared_with_a_reader_that_does_not_allow_it_is_not_taken(void **state)
{
    struct fixture fixture = set_up(state, MMS_EVICT, true);
    mms_region *strict = sample_region(fixture.path);
    mms_reader *reader = sample_reader(strict);
    mms_receipt receipt;

    publish_text(fixture.writer, "0");
    check_holds(fixture.readers[0], "0");
    check_holds(reader, "0");
    publish_text(fixture.writer, "1");
    check_holds(fixture.readers[1], "1");
    publish_text(fixture.writer, "2");
    check_ok(mms_write(fixture.writer, "3", 1, &receipt));
    check_equal(receipt.evicted, 1);
    check_code(mms_release(fixture.readers[1]), MMS_E_EVICTED);
    check_ok(mms_release(fixture.readers[0]));
    check_ok(mms_release(reader));
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(strict));
    tear_down(&fixture);
}

static void eviction_never_takes_the_current_value(void **state)
{
    struct fixture fixture = set_up(state, MMS_EVICT, true);

    hold_all(&fixture);
    for (int i = 0; i < 10; i++) {
        publish_text(fixture.writer, "next");
        check_holds(fixture.readers[2], "next"); /* MMS_E_EVICTED would be a failure */
        check_memory(check_holds(fixture.readers[2], "next").data, "next", 4);
        (void)mms_release(fixture.readers[0]);
        (void)mms_release(fixture.readers[1]);
    }
    tear_down(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(held_slots_make_a_write_fail_and_the_last_value_stays),
        scratch_test(receipt_and_detail_name_the_holders),
        scratch_test(more_holders_than_a_receipt_names_are_counted),
        scratch_test(grace_is_waited_for_before_the_refusal),
        scratch_test(grace_of_an_open_writer_can_be_changed),
        scratch_test(grace_can_be_changed_while_a_write_is_under_way),
        scratch_test(idle_readers_hinder_nobody),
        scratch_test(readers_that_do_not_allow_it_are_never_evicted),
        scratch_test(readers_are_not_evicted_by_a_writer_that_refuses),
        scratch_test(oldest_view_is_evicted_and_the_others_stay),
        scratch_test(release_of_an_evicted_view_says_so),
        scratch_test(read_over_an_evicted_view_says_so),
        scratch_test(refresh_of_an_evicted_view_says_so),
        scratch_test(close_with_an_evicted_view_says_so_and_closes),
        scratch_test(slot_shared_with_a_reader_that_does_not_allow_it_is_not_taken),
        scratch_test(eviction_never_takes_the_current_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
