/* SPDX-License-Identifier: Apache-2.0 */
/* mms_history, mms_inspect and mms_verify while a writer publishes: their sources are compiled here with a fence at which the
   writer is always faster, and with a read of `durable` in the middle of which it is. What they tell was published and is whole,
   whatever happened meanwhile (G13). */
#include "os/file.h"
#include <mmsync/atomic.h>

static void at_fence(void);
static int read_in_halves(int fd, void *to, size_t size, uint64_t offset);

#undef mms__fence_acquire
#define mms__fence_acquire() (at_fence(), __atomic_thread_fence(__ATOMIC_ACQUIRE))
#define mms__read_at read_in_halves
#include "region/anchor.c"
#undef mms__read_at
#include "region/history.c"
#include "region/inspect.c"
static int open_while_it_goes(const struct mms__place *place, struct mms__inspection *look);
#include "region/changes.h"
static int open_changes(int directory, const struct mms__header *region, bool writable, struct mms__ring *ring);
#define mms__inspection_open open_while_it_goes
#define mms__ring_open open_changes
#include "region/verify.c"
#undef mms__inspection_open
#undef mms__ring_open

#include "keeping.h"
#include "scratch.h"
#include <mmsync/durable.h>
#include <stdio.h>

static struct {
    const char *path;
    mms_writer *writer;
    unsigned fences; /* since a list was asked for */
    unsigned first;  /* it publishes before this one and those after it, */
    unsigned times;  /* so many in all */
    unsigned most;   /* values at a time */
    unsigned number; /* of the last value */
    unsigned reads;  /* of `durable`, in the middle of which it publishes */
    uint64_t generation;
    void (*end)(void); /* of the region, once it is open to be looked at; NULL: it stays */
    unsigned ends;     /* so many times */
    int refusal;       /* of opening `changes`; 0: none */
} rival;

static void publish_next(void)
{
    rival.generation = publish_number(rival.writer, ++rival.number);
}

static void at_fence(void)
{
    if (++rival.fences < rival.first || rival.fences - rival.first >= rival.times)
        return;
    for (unsigned i = 0; i < rival.most; i++)
        publish_next();
}

static void begin(void **state, uint8_t keep)
{
    rival.path = scratch_path(state, "region");
    rival.writer = keeping_writer(rival.path, keep);
    rival.number = 0;
    rival.times = 0;
    for (int i = 0; i < 30; i++)
        publish_next();
}

/* Of the value that was published with this generation: each publish takes one. */
static size_t size_of(uint64_t generation)
{
    return (size_t)snprintf(NULL, 0, "value %u", rival.number - (unsigned)(rival.generation - generation));
}

/* While the writer publishes at the fences from `first` on. Returns how many are listed. */
static size_t list_while(unsigned first, unsigned times, unsigned most, mms_past_value values[KEEPING_SLOTS])
{
    uint64_t oldest = rival.generation - KEEPING_SLOTS;
    size_t count;

    rival.fences = 0;
    rival.first = first;
    rival.times = times;
    rival.most = most;
    count = list_values(rival.path, values);
    rival.times = 0;
    for (size_t i = 0; i < count; i++) {
        check_true(values[i].generation > oldest && values[i].generation <= rival.generation);
        check_true(i == 0 || values[i].generation < values[i - 1].generation);
        check_true(!values[i].current || i == 0);
        check_equal(values[i].size, size_of(values[i].generation));
    }
    return count;
}

/* Whenever it comes, a new value is the first of the list, and the list is as of one moment. */
static void a_list_is_made_anew_if_a_value_comes_meanwhile(void **state)
{
    mms_past_value values[KEEPING_SLOTS];
    unsigned fences;

    begin(state, 3);
    (void)list_while(0, 0, 0, values);
    fences = rival.fences;
    check_true(fences > KEEPING_SLOTS / 2); /* one for each slot in use, and one more */
    for (unsigned most = 1; most <= 2 * KEEPING_SLOTS; most++)
        for (unsigned first = 1; first <= fences; first++) {
            size_t count = list_while(first, 1, most, values);

            check_true(rival.fences > fences); /* more than one list */
            check_true(count > 3);
            check_true(values[0].current);
            check_equal(values[0].generation, rival.generation);
            for (size_t i = 1; i <= 3; i++) {
                check_true(values[i].kept);
                check_equal(values[i].generation, rival.generation - i);
            }
        }
    check_ok(mms_writer_close(rival.writer));
}

/* A writer that is faster each time does not keep the call for ever. */
static void a_list_ends_however_fast_the_writer_is(void **state)
{
    mms_past_value values[KEEPING_SLOTS];

    begin(state, 3);
    for (unsigned most = 1; most <= 2 * KEEPING_SLOTS; most++) {
        (void)list_while(1, UINT32_MAX, most, values);
        check_true(rival.fences <= 1000 * (KEEPING_SLOTS + 1));
    }
    check_true(list_while(0, 0, 0, values) > 3 && values[0].generation == rival.generation);
    check_ok(mms_writer_close(rival.writer));
}

/* ---- One value ---- */

static void publish_while(unsigned first, unsigned times)
{
    rival.fences = 0;
    rival.first = first;
    rival.times = times;
    rival.most = 2 * KEEPING_SLOTS; /* the slot that is looked at has another value afterwards */
}

static void a_look_at_a_value_is_repeated_if_it_is_replaced_meanwhile(void **state)
{
    mms_info info;

    begin(state, 0);
    for (unsigned times = 1; times <= 3; times++) {
        publish_while(1, times);
        check_ok(mms_inspect(rival.path, &info));
        check_equal(rival.fences, times + 1);
        check_equal(info.generation, rival.generation);
        check_equal(info.size, size_of(rival.generation));
    }
    publish_while(1, UINT32_MAX);
    check_code(mms_inspect(rival.path, &info), MMS_E_AGAIN); /* nothing is damaged */
    check_detail_mentions("try again");
    rival.times = 0;
    check_ok(mms_inspect(rival.path, &info));
    check_ok(mms_writer_close(rival.writer));
}

static void note_finding(void *context, const char *finding)
{
    (void)context;
    check_failed(__FILE__, __LINE__, "verify finds: %s", finding);
}

/* The records of changes, too, which are of updates. */
static void what_is_replaced_while_it_is_verified_is_no_finding(void **state)
{
    unsigned fences = 1;

    begin(state, 0);
    for (int i = 0; i < 3; i++) {
        void *buffer;
        size_t size;

        check_ok(mms_write_update(rival.writer, 0, &buffer, &size, NULL));
        check_ok(mms_write_patch(rival.writer, 0, "V", 1));
        check_ok(mms_write_commit(rival.writer, size, NULL));
    }
    for (unsigned first = 0; first <= fences; first++) {
        publish_while(first, first > 0);
        check_ok(mms_verify(rival.path, note_finding, NULL));
        fences = first == 0 ? rival.fences : fences;
    }
    check_true(fences > 1);
    check_ok(mms_writer_close(rival.writer));
}

static int open_while_it_goes(const struct mms__place *place, struct mms__inspection *look)
{
    int code = mms__inspection_open(place, look);

    if (rival.ends > 0) {
        rival.ends--;
        rival.end();
    }
    return code;
}

static void remove_region(void)
{
    check_ok(mms_writer_close(rival.writer));
    check_ok(mms_remove(rival.path));
}

static void remove_and_make_anew(void)
{
    remove_region();
    sample_closed_region(rival.path, "of another region");
}

static void replace_region(void)
{
    mms_writer_options options = sample_options();

    options.max_slots = KEEPING_SLOTS + 1;
    options.replace = true;
    check_ok(mms_writer_close(rival.writer));
    check_ok(mms_writer_close(sample_writer_with(rival.path, options)));
}

/* Its files go one by one, and nothing is damaged. */
static void a_region_that_goes_while_it_is_verified_is_no_finding(void **state)
{
    void (*const ends[])(void) = {remove_region, remove_and_make_anew, replace_region};

    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        begin(state, 0);
        rival.end = ends[i];
        rival.ends = 1;
        check_code(mms_verify(rival.path, note_finding, NULL), ends[i] == remove_region ? -ENOENT : 0);
        if (ends[i] != remove_region)
            check_ok(mms_remove(rival.path));
    }
}

static void remove_and_begin_anew(void)
{
    remove_region();
    rival.writer = keeping_writer(rival.path, 0);
}

/* Whoever replaces it each time does not keep the call for ever. */
static void a_region_that_goes_each_time_is_told_of(void **state)
{
    begin(state, 0);
    rival.end = remove_and_begin_anew;
    rival.ends = UINT32_MAX;
    check_code(mms_verify(rival.path, note_finding, NULL), MMS_E_GONE);
    check_detail_mentions("kept being replaced");
    check_equal(UINT32_MAX - rival.ends, RACES);
    rival.ends = 0;
    check_ok(mms_verify(rival.path, note_finding, NULL));
    check_ok(mms_writer_close(rival.writer));
}

/* ---- What is whole on the disk ---- */

static int read_in_halves(int fd, void *to, size_t size, uint64_t offset)
{
    const size_t half = size / 2;
    int code = mms__read_at(fd, to, half, offset);

    if (rival.reads > 0) {
        rival.reads--;
        publish_next();
    }
    return code != 0 ? code : mms__read_at(fd, (char *)to + half, size - half, offset + half);
}

static void count_finding(void *context, const char *finding)
{
    (void)finding;
    ++*(unsigned *)context;
}

/* `order`: which of them the writer replaces first. */
static void publish_while_blocks_are_read(unsigned order, unsigned reads)
{
    rival.reads = 0;
    do
        publish_next();
    while (rival.number % 2 != order);
    rival.reads = reads;
}

static void begin_durable(void **state)
{
    mms_writer_options options = sample_options();

    options.max_slots = KEEPING_SLOTS;
    options.durable = MMS_DURABLE_COMMIT;
    rival.path = scratch_path(state, "region");
    rival.writer = sample_writer_with(rival.path, options);
    rival.times = rival.number = 0;
}

/* The writer replaces one block after the other, so that both are torn as they are read, in one of the two orders. */
static void blocks_that_are_replaced_while_they_are_verified_are_no_finding(void **state)
{
    unsigned findings = 0, refused = 0;

    begin_durable(state);
    for (unsigned order = 0; order < 2; order++) {
        for (unsigned reads = 0; reads < 9; reads++) {
            publish_while_blocks_are_read(order, reads);
            check_ok(mms_verify(rival.path, note_finding, NULL));
        }
        publish_while_blocks_are_read(order, UINT32_MAX); /* a writer that is always faster */
        refused += mms_verify(rival.path, count_finding, &findings) == MMS_E_AGAIN;
    }
    rival.reads = 0;
    check_equal(findings, 0);
    check_equal(refused, 1);
    check_detail_mentions("try again");
    check_ok(mms_writer_close(rival.writer));
}

static int open_changes(int directory, const struct mms__header *region, bool writable, struct mms__ring *ring)
{
    return rival.refusal != 0 ? rival.refusal : mms__ring_open(directory, region, writable, ring);
}

/* To try again would not help. */
static void what_cannot_be_opened_is_told_before_what_is_too_fast(void **state)
{
    begin_durable(state);
    rival.refusal = -EMFILE;
    for (unsigned order = 0; order < 2; order++) {
        publish_while_blocks_are_read(order, UINT32_MAX);
        check_code(mms_verify(rival.path, note_finding, NULL), -EMFILE);
        check_detail_mentions("opening its file `changes`");
    }
    rival.refusal = 0;
    rival.reads = 0;
    check_ok(mms_verify(rival.path, note_finding, NULL));
    check_ok(mms_writer_close(rival.writer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(a_list_is_made_anew_if_a_value_comes_meanwhile),
        scratch_test(a_list_ends_however_fast_the_writer_is),
        scratch_test(a_look_at_a_value_is_repeated_if_it_is_replaced_meanwhile),
        scratch_test(what_is_replaced_while_it_is_verified_is_no_finding),
        scratch_test(a_region_that_goes_while_it_is_verified_is_no_finding),
        scratch_test(a_region_that_goes_each_time_is_told_of),
        scratch_test_on_disk(blocks_that_are_replaced_while_they_are_verified_are_no_finding),
        scratch_test_on_disk(what_cannot_be_opened_is_told_before_what_is_too_fast),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
