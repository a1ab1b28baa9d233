/* SPDX-License-Identifier: Apache-2.0 */
/* Values that stay after they were retired: when they give way, and what the next writer finds. */
#include "forked.h"
#include "keeping.h"
#include "os/clock.h"
#include "region/writer.h"
#include "scratch.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Neither of the two scans frees one, and all others are freed. */
static void check_states(const char *path, mms_writer *writer, size_t keep)
{
    const struct mms__pool *pool = &mms__native_writer_of(writer)->pool;
    mms_past_value values[KEEPING_SLOTS];
    size_t count = list_values(path, values);

    check_true(count > keep);
    for (size_t i = 0; i < count; i++)
        check_equal(pool->slots[values[i].slot].state, i <= keep ? MMS__SLOT_LIVE : MMS__SLOT_FREE);
    check_pool(writer);
}

static void scans_free_all_but_the_kept_values(void **state)
{
    const char *path = scratch_path(state, "region");

    for (uint8_t keep = 0; keep <= 5; keep++) {
        mms_writer *writer = keeping_writer(path, keep);
        struct mms__pool *pool = &mms__native_writer_of(writer)->pool;

        for (unsigned i = 0; i < 40; i++)
            publish_number(writer, i);
        (void)mms__reclaim(pool);
        check_states(path, writer, keep);
        for (unsigned i = 0; i < 3; i++)
            publish_number(writer, i);
        if (pool->can_membarrier) {
            (void)mms__reclaim_quick(pool, mms__now_ns());
            check_states(path, writer, keep);
        }
        check_ok(mms_writer_close(writer));
    }
}

static void kept_values_give_way_before_anybody_waits(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = keeping_writer(path, 200);
    mms_region *region = sample_region(path);
    mms_reader *readers[3];
    mms_receipt receipt;

    for (unsigned i = 0; i < 3; i++) {
        publish_number(writer, i);
        readers[i] = holding_reader(region);
    }
    for (unsigned i = 0; i < 40; i++) { /* three slots are held, one is current: the others are kept, or written */
        char text[24];

        snprintf(text, sizeof text, "value %u", i);
        check_ok(mms_write(writer, text, strlen(text), &receipt));
        check_equal(receipt.waited_ns, 0);
        check_equal(receipt.evicted, 0);
        check_number(path, i);
        check_pool(writer);
    }
    check_equal(list_values(path, (mms_past_value[KEEPING_SLOTS]){{0}}), KEEPING_SLOTS);
    for (unsigned i = 0; i < 3; i++)
        check_ok(mms_reader_close(readers[i]));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

/* An update of much looks for a slot whose value is not much older. Kept values are no such slots: they are not looked
   for, and stay. */
static void large_updates_leave_kept_values_alone(void **state)
{
    enum { SIZE = 1 << 20 };
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();
    mms_writer *writer;
    mms_receipt receipt;
    uint64_t generation = 0;

    options.max_slots = KEEPING_SLOTS;
    options.max_size = SIZE;
    options.keep = 3;
    writer = sample_writer_with(path, options);
    for (int i = 0; i < 40; i++) {
        void *buffer;
        size_t size;

        check_ok(mms_write_update(writer, SIZE, &buffer, &size, &receipt));
        check_true(size == 0 || (((char *)buffer)[0] == i && ((char *)buffer)[SIZE - 1] == i));
        memset(buffer, i + 1, SIZE);
        check_ok(mms_write_touch(writer, 0, SIZE));
        check_ok(mms_write_commit(writer, SIZE, &receipt));
        check_equal(receipt.waited_ns, 0);
        check_equal(count_kept(path), i < 3 ? i : 3);
        check_pool(writer);
        generation = receipt.generation;
    }
    for (unsigned i = 1; i <= 3; i++)
        check_true(slot_of(path, generation - i) < KEEPING_SLOTS);
    check_ok(mms_write_rollback(writer, generation - 3, NULL));
    check_ok(mms_verify(path, NULL, NULL));
    check_ok(mms_writer_close(writer));
}

static void the_next_writer_finds_what_is_whole(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = keeping_writer(path, 3);
    uint64_t last = 0;
    void *buffer;

    for (unsigned i = 0; i < 30; i++)
        last = publish_number(writer, i);
    check_ok(mms_write_begin(writer, 8, &buffer, NULL));
    memcpy(buffer, "aborted!", 8);
    check_ok(mms_write_abort(writer));
    check_ok(mms_writer_close(writer));
    writer = keeping_writer(path, 3);
    check_equal(count_kept(path), 3);
    for (unsigned i = 30; i < 33; i++) /* they stay kept */
        publish_number(writer, i);
    check_ok(mms_writer_close(writer));
    writer = keeping_writer(path, 0);
    check_ok(mms_write_rollback(writer, 0, NULL));
    check_number(path, 31);
    check_true(mms_history(path, NULL, 0, &(size_t){0}) == 0);
    check_code(mms_write_rollback(writer, last + 1, NULL), MMS_E_FORGOTTEN); /* the write that was aborted */
    check_ok(mms_writer_close(writer));
}

/* Values, and then half a one, in a slot that had another. */
static void write_and_die(void *argument)
{
    mms_writer *writer = keeping_writer(argument, 3);
    void *buffer;

    for (unsigned i = 0; i < 30; i++)
        publish_number(writer, i);
    check_ok(mms_write_begin(writer, 8, &buffer, NULL));
    memcpy(buffer, "garb", 4);
    kill(getpid(), SIGKILL);
}

static void a_writer_that_is_killed_loses_no_kept_value(void **state)
{
    char *path = strdup(scratch_path(state, "region"));
    mms_past_value values[KEEPING_SLOTS];
    pid_t child = start_child(write_and_die, path);
    mms_writer *writer;
    uint64_t half;
    size_t count;
    int status;

    check_true(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
    count = list_values(path, values);
    check_true(count >= 4);
    writer = keeping_writer(path, 3);
    for (unsigned i = 1; i <= 3; i++) {
        check_ok(mms_write_rollback(writer, values[i].generation, NULL));
        check_number(path, 29 - i);
    }
    half = values[0].generation + 1;
    count = list_values(path, values);
    for (size_t i = 0; i < count; i++)
        check_true(values[i].generation != half);
    check_ok(mms_writer_close(writer));
    free(path);
}

static void a_reboot_leaves_nothing_to_go_back_to(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = keeping_writer(path, 3);
    size_t count;

    for (unsigned i = 0; i < 10; i++)
        publish_number(writer, i);
    check_ok(mms_writer_close(writer));
    pretend_reboot(path);
    check_ok(mms_history(path, NULL, 0, &count));
    check_equal(count, 0);
    writer = keeping_writer(path, 3);
    check_ok(mms_history(path, NULL, 0, &count));
    check_equal(count, 0);
    check_code(mms_write_rollback(writer, 0, NULL), MMS_E_EMPTY);
    publish_number(writer, 1);
    check_code(mms_write_rollback(writer, 0, NULL), MMS_E_FORGOTTEN);
    check_ok(mms_history(path, NULL, 0, &count));
    check_equal(count, 1);
    check_ok(mms_writer_close(writer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(scans_free_all_but_the_kept_values),
        scratch_test(kept_values_give_way_before_anybody_waits),
        scratch_test(large_updates_leave_kept_values_alone),
        scratch_test(the_next_writer_finds_what_is_whole),
        scratch_test(a_writer_that_is_killed_loses_no_kept_value),
        scratch_test_on_disk(a_reboot_leaves_nothing_to_go_back_to),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
