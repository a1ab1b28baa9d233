/* SPDX-License-Identifier: Apache-2.0 */
/* ctest: stress serial */
/* Updates whose values depend on every one before them: how many changes there were decides what
   the next one does, so a reader that has seen one value knows each later one to the last byte. A
   slot that missed a range, or got one from the wrong value, shows at once, and in all later
   values. A second copy is kept up to date by mms_changes alone. Readers and the writer are
   stopped and resumed at random, and killed. In one run the writer touches nothing, and tracks the
   pages that it stores to (MMS_TRACK_AUTO). */
#include "jolt.h"
#include "pattern.h"
#include "scratch.h"
#include <mmsync.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LARGEST = 128 << 10, SMALLEST = 64 << 10, RANGES = 4096, CHANGES = 6, LONGEST = 200 };

/* The first word of a value: the number of changes that made it. */
static uint64_t number_of(const void *value)
{
    uint64_t number;

    memcpy(&number, value, sizeof number);
    return number;
}

/* ---- What change `number` does, to a value of *size bytes ---- */

struct change {
    uint64_t random;
    size_t size; /* afterwards */
};

static struct change begin_change(uint64_t number, size_t size)
{
    struct change change = {.random = number * UINT64_C(0x9e3779b97f4a7c15) | 1, .size = size};

    if (pattern_random(&change.random) % 8 == 0)
        change.size = SMALLEST + (size_t)(pattern_random(&change.random) % (LARGEST - SMALLEST));
    return change;
}

static void change_bytes(struct change *change, unsigned char *value, size_t offset, size_t length)
{
    for (size_t i = 0; i < length; i++)
        value[offset + i] = (unsigned char)(value[offset + i] * 5 + pattern_random(&change->random));
}

/* The i-th of its ranges. */
static mms_range next_range(struct change *change)
{
    size_t length = 1 + (size_t)(pattern_random(&change->random) % LONGEST);

    return (mms_range){8 + pattern_random(&change->random) % (change->size - 8 - length), length};
}

static mms_track tracking; /* of the writer */

/* Also in place, in the buffer of an update, which the writer is told about if it tracks nothing. */
static int make_change(mms_writer *of, unsigned char *value, size_t *size, uint64_t number)
{
    struct change change = begin_change(number, *size);
    mms_writer *writer = tracking == MMS_TRACK_TOUCHES ? of : NULL;
    int code = 0;

    if (change.size > *size) {
        memset(value + *size, 0, change.size - *size);
        change_bytes(&change, value, *size, change.size - *size);
    }
    *size = change.size;
    for (int i = 0; i < CHANGES && code == 0; i++) {
        mms_range range = next_range(&change);

        change_bytes(&change, value, (size_t)range.offset, (size_t)range.length);
        code = writer ? mms_write_touch(writer, (size_t)range.offset, (size_t)range.length) : 0;
    }
    memcpy(value, &number, sizeof number);
    return code == 0 && writer ? mms_write_touch(writer, 0, sizeof number) : code;
}

/* ---- The writer ---- */

static void wrong(char first_error[192], uint64_t *counter, const char *what, const char *detail)
{
    ++*counter;
    jolt_note(first_error, "%s: %s", what, detail);
}

static void count_failure(struct jolt_writer *seen, const char *what)
{
    wrong(seen->first_error, &seen->errors, what, mms_last_error());
}

static void told(struct jolt_run *run, const mms_receipt *receipt)
{
    __atomic_store_n(&run->board->published, receipt->generation, __ATOMIC_RELEASE);
    run->board->writer.writes++;
}

/* Now and then scribble over it and abort: no reader may see any of that. */
static void give_up(struct jolt_run *run, mms_writer *writer, void *buffer, size_t size)
{
    memset(buffer, 0x5a, size);
    if (mms_write_abort(writer) != 0)
        count_failure(&run->board->writer, "mms_write_abort");
    run->board->writer.aborts++;
}

static void update(struct jolt_run *run, mms_writer *writer, uint64_t dice)
{
    mms_receipt receipt;
    size_t size;
    void *buffer;
    int code = mms_write_update(writer, LARGEST, &buffer, &size, &receipt);

    if (code != 0) {
        count_failure(&run->board->writer, "mms_write_update");
        return;
    }
    if (dice % 16 == 0) {
        give_up(run, writer, buffer, size);
        return;
    }
    code = make_change(writer, buffer, &size, number_of(buffer) + 1);
    if (code == 0)
        code = mms_write_commit(writer, size, &receipt);
    if (code != 0)
        count_failure(&run->board->writer, "committing");
    else
        told(run, &receipt);
}

/* The same, as a whole value. */
static void write_whole(struct jolt_run *run, mms_writer *writer)
{
    static unsigned char value[LARGEST];
    mms_receipt receipt;
    size_t size;
    void *buffer;

    if (mms_write_update(writer, LARGEST, &buffer, &size, &receipt) != 0) {
        count_failure(&run->board->writer, "mms_write_update");
        return;
    }
    memcpy(value, buffer, size);
    give_up(run, writer, buffer, size);
    (void)make_change(NULL, value, &size, number_of(value) + 1);
    if (mms_write(writer, value, size, &receipt) != 0)
        count_failure(&run->board->writer, "mms_write");
    else
        told(run, &receipt);
}

static mms_writer_options options_of(const struct jolt_run *run)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;

    options.max_size = LARGEST;
    options.max_slots = run->config.max_slots;
    options.max_readers = JOLT_READERS_MAX;
    options.lock_wait_ms = options.grace_ms = MMS_FOREVER;
    options.changes_size = 16 << 10; /* some forty records: it wraps under the readers */
    options.track = tracking;
    return options;
}

static void write_updates(struct jolt_run *run, uint64_t seed)
{
    mms_writer_options options = options_of(run);
    mms_writer *writer;

    if (mms_writer_open(run->region, &options, &writer) != 0) {
        count_failure(&run->board->writer, "mms_writer_open");
        exit(1);
    }
    while (!jolt_is_over(run) && run->board->writer.errors == 0) {
        uint64_t dice = pattern_random(&seed);

        if (dice % 64 == 1)
            write_whole(run, writer);
        else
            update(run, writer, dice);
    }
    (void)mms_writer_close(writer);
}

/* ---- A reader ---- */

struct follower {
    struct jolt_run *run;
    struct jolt_reader *seen;
    mms_region *region;
    mms_reader *reader;
    uint64_t generation; /* of its copy, by ranges */
    unsigned char model[LARGEST], copy[LARGEST];
    size_t model_size;
};

static void open_follower(struct follower *follower)
{
    if (mms_region_open(follower->run->region, NULL, &follower->region) != 0 ||
        mms_reader_open(follower->region, &follower->reader) != 0) {
        wrong(follower->seen->first_error, &follower->seen->errors, "opening", mms_last_error());
        exit(1);
    }
}

/* The model, rebuilt from nothing by every process, goes on to the change that the value
   claims. */
static void check_model(struct follower *follower, const mms_view *view)
{
    uint64_t number = number_of(view->data);

    if (number < number_of(follower->model))
        wrong(follower->seen->first_error, &follower->seen->backward, "reading", "a value with fewer changes");
    while (number_of(follower->model) < number)
        (void)make_change(NULL, follower->model, &follower->model_size, number_of(follower->model) + 1);
    if (view->size != follower->model_size || memcmp(view->data, follower->model, view->size) != 0)
        wrong(follower->seen->first_error, &follower->seen->torn, "reading",
              "a value is not what its changes make of it");
}

static void copy_ranges(struct follower *follower, const mms_view *view, const mms_range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++)
        memcpy(follower->copy + ranges[i].offset, (const char *)view->data + ranges[i].offset,
               (size_t)ranges[i].length);
}

static void check_followed(struct follower *follower, const mms_view *view)
{
    static mms_range ranges[RANGES];
    size_t count;
    int code = mms_changes(follower->reader, follower->generation, ranges, RANGES, &count);

    if (code == 0 && count <= RANGES) {
        copy_ranges(follower, view, ranges, count);
        follower->seen->refreshes++; /* followed by ranges */
        if (memcmp(follower->copy, view->data, view->size) != 0)
            wrong(follower->seen->first_error, &follower->seen->stale, "following", "a byte that changed was left out");
    } else if (code != MMS_E_FORGOTTEN) {
        wrong(follower->seen->first_error, &follower->seen->errors, "mms_changes", mms_last_error());
    }
    memcpy(follower->copy, view->data, view->size);
    follower->generation = view->generation;
}

static void read_once(struct follower *follower)
{
    mms_view view;

    if (mms_read(follower->reader, &view) != 0) {
        wrong(follower->seen->first_error, &follower->seen->errors, "mms_read", mms_last_error());
        return;
    }
    check_model(follower, &view);
    if (view.changed)
        check_followed(follower, &view);
    if (mms_release(follower->reader) != 0)
        wrong(follower->seen->first_error, &follower->seen->errors, "mms_release", mms_last_error());
    follower->seen->reads++;
}

static void read_updates(struct jolt_run *run, unsigned index, uint64_t seed)
{
    static struct follower follower;

    (void)seed;
    follower.run = run;
    follower.seen = &run->board->readers[index];
    follower.model_size = SMALLEST;
    open_follower(&follower);
    while (!jolt_is_over(run))
        read_once(&follower);
    (void)mms_reader_close(follower.reader);
    (void)mms_region_close(follower.region);
}

/* ---- Both ---- */

static bool create(struct jolt_run *run, char *directory, size_t size)
{
    mms_writer_options options = options_of(run);
    static const unsigned char zeros[SMALLEST];
    mms_writer *writer;

    snprintf(directory, size, "/dev/shm/%s-updates-XXXXXX", scratch_name());
    if (!mkdtemp(directory))
        return false;
    snprintf(run->region, sizeof run->region, "%s/region", directory);
    run->board = mmap(NULL, sizeof *run->board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (run->board == MAP_FAILED || mms_writer_open(run->region, &options, &writer) != 0)
        return false;
    return mms_write(writer, zeros, sizeof zeros, NULL) == 0 && mms_writer_close(writer) == 0;
}

static bool is_good(const struct jolt_run *run, const struct jolt_reader *sum)
{
    const struct jolt_writer *writer = &run->board->writer;

    printf(
        "%llu published, %llu aborted; %llu read, %llu followed by ranges; %llu jolts, %llu readers and %llu writers "
        "killed\n",
        (unsigned long long)writer->writes, (unsigned long long)writer->aborts, (unsigned long long)sum->reads,
        (unsigned long long)sum->refreshes, (unsigned long long)run->jolts, (unsigned long long)run->readers_killed,
        (unsigned long long)run->writers_killed);
    printf("%s%s%s\n", run->first_error, sum->first_error, writer->first_error);
    return jolt_failures(sum) == 0 && writer->errors == 0 && writer->writes > 0 && sum->reads > 0 && sum->refreshes > 0;
}

static bool run_updates(unsigned max_slots)
{
    struct jolt_run run = {.config = jolt_defaults(), .read = read_updates, .write = write_updates};
    char directory[200];
    struct jolt_reader sum;
    bool good;

    run.config.seconds = 4;
    run.config.kill = true;
    run.config.max_slots = max_slots;
    run.random = jolt_now_ns();
    if (!create(&run, directory, sizeof directory)) {
        printf("making a region: %s\n", mms_last_error());
        return false;
    }
    good = jolt_drive(&run);
    sum = jolt_sum(&run);
    good &= is_good(&run, &sum);
    good &= mms_verify(run.region, NULL, NULL) == 0;
    return mms_remove(run.region) == 0 && rmdir(directory) == 0 && good;
}

int main(void)
{
    bool good = run_updates(0);

    good &= run_updates(6);
    tracking = MMS_TRACK_AUTO;
    good &= run_updates(6);
    printf("%s\n", good ? "sound" : "FAILED");
    return good ? 0 : 1;
}
