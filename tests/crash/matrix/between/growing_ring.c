/* SPDX-License-Identifier: Apache-2.0 */
/* The file `changes` is made anew in the middle of a commit, and at each step readers that have never looked at it ask what
   has changed: the answer is complete, and the file is there, with its rights (G12). */
#include "os/clock.h"
#include "region/layout.h"
#include "sample.h"
#include "scratch.h"
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* The ring is 4 KiB at first here, and 64 KiB at most; the value that it is 32 KiB for; and enough updates that its
   positions are above that size. */
enum { SMALLEST_RING = 4 << 10, LONGER_RING = 32 << 10, LARGEST_RING = 64 << 10, LONG = 2 << 20, UPDATES = 700 };
enum { ASKERS = 16, BEFORE = 20 };

static const char *path, *file;
static mms_writer *writer;

static struct {
    mms_region *region;
    mms_reader *reader;
} askers[ASKERS];

/* NULL: nothing happens. */
static void (*act)(void);
static unsigned passed;

static bool is_of_changes(enum step step)
{
    switch (step) {
    case STEP_changes_file_looked_for:
    case STEP_changes_file_made:
    case STEP_changes_file_sized:
    case STEP_changes_file_reserved:
    case STEP_changes_file_filled:
    case STEP_changes_rights_set:
    case STEP_changes_carried:
    case STEP_changes_file_named:
    case STEP_changes_positions_reserved:
    case STEP_changes_record_begun:
    case STEP_changes_record_stored:
    case STEP_changes_head_stored: return true;
    default: return false;
    }
}

void step_reached(enum step step)
{
    void (*now)(void) = act;

    if (!now || (!is_of_changes(step) && step != STEP_verify_records_found))
        return;
    act = NULL;
    now();
    act = now;
}

/* The byte at the generation, modulo 4096, is another one afterwards. */
static void update(size_t size)
{
    mms_receipt receipt;
    unsigned char *buffer, byte;
    size_t old;

    check_ok(mms_write_update(writer, size, (void **)&buffer, &old, &receipt));
    byte = (unsigned char)receipt.generation;
    check_ok(mms_write_patch(writer, receipt.generation % 4096, &byte, 1));
    check_ok(mms_write_commit(writer, size, &receipt));
}

static mms_writer *growing_writer(uint64_t changes_size)
{
    mms_writer_options options = sample_options();

    options.max_size = 2 * LONG;
    options.changes_size = changes_size;
    options.mode = 0644;
    options.max_readers = ASKERS;
    return sample_writer_with(path, options);
}

static void set_up(void **state)
{
    path = scratch_path(state, "region");
    file = scratch_path(state, "region/changes");
    writer = growing_writer(0);
    for (int i = 0; i < UPDATES; i++)
        update(4096);
    check_equal(file_size(path, "changes"), 256 + SMALLEST_RING);
    for (unsigned i = 0; i < ASKERS; i++) {
        askers[i].region = sample_region(path);
        askers[i].reader = sample_reader(askers[i].region);
    }
    passed = 0;
}

static void tear_down(void)
{
    act = NULL;
    for (unsigned i = 0; i < ASKERS; i++) {
        check_ok(mms_reader_close(askers[i].reader));
        check_ok(mms_region_close(askers[i].region));
    }
    check_ok(mms_writer_close(writer));
    check_ok(mms_verify(path, NULL, NULL));
}

/* All of the last updates, each in a place of its own. */
static void check_told(mms_reader *reader)
{
    uint64_t bytes = 0;
    mms_range ranges[4];
    mms_view view;
    size_t count;

    check_ok(mms_read(reader, &view));
    check_ok(mms_changes(reader, view.generation - BEFORE, ranges, 4, &count));
    for (size_t i = 0; i < count; i++)
        bytes += ranges[i].length;
    check_equal(bytes, BEFORE);
    check_ok(mms_release(reader));
}

static void ask_anew(void)
{
    struct stat status;

    check_true(passed < ASKERS);
    check_true(stat(file, &status) == 0);
    check_equal(status.st_mode & 07777, 0644);
    check_told(askers[passed++].reader);
}

/* Bytes below 4096, and all that is new since the value was shorter. */
static void check_told_of_both(mms_reader *reader)
{
    mms_range ranges[4];
    mms_view view;
    size_t count;

    check_ok(mms_read(reader, &view));
    check_equal(view.size, LONG);
    check_ok(mms_changes(reader, view.generation - BEFORE, ranges, 4, &count));
    check_true(count >= 2 && ranges[count - 1].offset == 4096 && ranges[count - 1].length == LONG - 4096);
    check_ok(mms_release(reader));
}

static void readers_are_told_all_while_the_ring_grows(void **state)
{
    set_up(state);
    act = ask_anew;
    update(LONG);
    act = NULL;
    check_equal(file_size(path, "changes"), 256 + LONGER_RING);
    check_true(passed >= 10);
    for (unsigned i = 0; i < passed; i++) /* each has another file */
        check_told_of_both(askers[i].reader);
    tear_down();
}

/* Not half as large as it may be, and not for ever half as large either. */
static void the_ring_gets_as_large_as_it_may(void **state)
{
    set_up(state);
    update(LONG);
    check_equal(file_size(path, "changes"), 256 + LONGER_RING);
    update(2 * LONG);
    check_equal(file_size(path, "changes"), 256 + LARGEST_RING);
    tear_down();
}

static ino_t file_number(void)
{
    struct stat status;

    check_true(stat(file, &status) == 0);
    return status.st_ino;
}

/* A writer with another option has made it so. */
static void a_ring_that_is_larger_than_any_it_would_get_stays(void **state)
{
    ino_t number;

    set_up(state);
    check_ok(mms_writer_close(writer));
    writer = growing_writer(2 * LARGEST_RING);
    update(2 * LONG);
    number = file_number();
    check_ok(mms_writer_close(writer));
    writer = growing_writer(0);
    for (int i = 0; i < BEFORE; i++)
        update(2 * LONG);
    check_equal(file_size(path, "changes"), 256 + 2 * LARGEST_RING);
    check_true(file_number() == number);
    tear_down();
}

/* The pause before another try lasts no longer here. */
static void wait_for_clock_step(void)
{
    uint64_t start = mms__time_coarse_ns();

    while (mms__time_coarse_ns() == start)
        continue;
}

/* What cannot be made changes nothing, and is tried again. */
static void a_ring_that_could_not_grow_grows_later(void **state)
{
    const struct rlimit low = {LONGER_RING, RLIM_INFINITY}, high = {RLIM_INFINITY, RLIM_INFINITY};
    const char *temporary = scratch_path(state, "region/changes.new");
    ino_t number;

    set_up(state);
    number = file_number();
    for (unsigned i = 0; i < 3; i++) {
        size_t old;
        void *buffer;

        check_ok(mms_write_update(writer, LONG, &buffer, &old, NULL));
        check_true(setrlimit(RLIMIT_FSIZE, &low) == 0);
        check_ok(mms_write_commit(writer, LONG, NULL));
        check_true(setrlimit(RLIMIT_FSIZE, &high) == 0);
        check_true(file_number() == number && access(temporary, F_OK) != 0);
        check_told_of_both(askers[i].reader);
    }
    wait_for_clock_step();
    update(LONG);
    check_equal(file_size(path, "changes"), 256 + LONGER_RING);
    check_told_of_both(askers[0].reader);
    tear_down();
}

/* A size that is asked for is given to a file that has another one, with the newest records. */
static void a_ring_gets_the_size_that_is_asked_for(void **state)
{
    set_up(state);
    check_ok(mms_writer_close(writer));
    writer = growing_writer(LARGEST_RING);
    update(4096);
    check_equal(file_size(path, "changes"), 256 + LARGEST_RING);
    for (int i = 0; i < UPDATES; i++)
        update(4096);
    check_told(askers[0].reader);
    check_ok(mms_writer_close(writer));
    writer = growing_writer(SMALLEST_RING);
    act = ask_anew;
    update(4096);
    act = NULL;
    check_equal(file_size(path, "changes"), 256 + SMALLEST_RING);
    for (unsigned i = 0; i < passed; i++)
        check_told(askers[i].reader);
    tear_down();
}

/* As a program leaves it that has just had a password there. */
__attribute__((noinline)) static void soil_stack(void)
{
    volatile char soil[16 << 10];

    for (size_t i = 0; i < sizeof soil; i++)
        soil[i] = 's';
}

/* Whoever may read the file reads that, too. */
static void the_padding_of_the_file_is_not_from_the_stack_of_the_writer(void **state)
{
    char start[256];
    size_t end_of_words = offsetof(struct mms__changes, ring_size) + sizeof(mms__word);

    path = scratch_path(state, "region");
    writer = growing_writer(0);
    soil_stack();
    act = soil_stack;
    update(4096);
    act = NULL;
    load_bytes(path, "changes", 0, start, sizeof start);
    for (size_t i = end_of_words; i < sizeof start; i++)
        check_equal(start[i], 0);
    check_ok(mms_writer_close(writer));
}

static void grow(void)
{
    passed++;
    update(LONG);
}

/* Then the record of the newest value is in a file that mms_verify may have opened too early. */
static void a_ring_that_grows_during_a_verification_is_no_damage(void **state)
{
    set_up(state);
    act = grow;
    check_ok(mms_verify(path, NULL, NULL));
    act = NULL;
    check_equal(passed, 1);
    tear_down();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(the_padding_of_the_file_is_not_from_the_stack_of_the_writer),
        scratch_test(readers_are_told_all_while_the_ring_grows),
        scratch_test(the_ring_gets_as_large_as_it_may),
        scratch_test(a_ring_that_is_larger_than_any_it_would_get_stays),
        scratch_test(a_ring_that_could_not_grow_grows_later),
        scratch_test(a_ring_gets_the_size_that_is_asked_for),
        scratch_test(a_ring_that_grows_during_a_verification_is_no_damage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
