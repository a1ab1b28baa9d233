/* SPDX-License-Identifier: Apache-2.0 */
/* What victims do with the files of mmap-sync. */
#include "forked.h"
#include "mmap_sync_sample.h"
#include "pattern.h"
#include "sample.h"
#include "stage.h"
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LARGE = 300000 };

/* ---- Values ---- */

mms_writer_options mmap_sync_options(void)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;

    options.grace_ms = options.lock_wait_ms = patience_ms();
    return options;
}

mms_writer *stage_mmap_sync_writer(const struct stage *stage)
{
    return sample_writer_with(crate_path(stage->path), mmap_sync_options());
}

int try_next(struct stage *stage, mms_writer *writer, size_t size, mms_receipt *receipt)
{
    static unsigned char value[LARGE];
    uint64_t number = __atomic_add_fetch(&stage->board->written, 1, __ATOMIC_ACQ_REL);

    pattern_fill(value, size, PATTERN_FREE_SEED | number);
    return mms_write(writer, value, size, receipt);
}

uint64_t publish_next(struct stage *stage, mms_writer *writer, size_t size)
{
    check_ok(try_next(stage, writer, size, NULL));
    return __atomic_load_n(&stage->board->written, __ATOMIC_ACQUIRE);
}

static void prepare_nothing_there(struct stage *stage)
{
    (void)stage;
}

static void prepare_files(struct stage *stage)
{
    mms_writer *writer = stage_mmap_sync_writer(stage);

    for (size_t i = 0; i < 3; i++)
        publish_next(stage, writer, 100 + i);
    check_ok(mms_writer_close(writer));
}

/* ---- Writing ---- */

static void open_writer(struct stage *stage)
{
    stage->own_writer = stage_mmap_sync_writer(stage);
}

static void open_and_publish(struct stage *stage)
{
    open_writer(stage);
    publish_next(stage, stage->own_writer, 50);
}

/* Opens both files, which are long enough and mapped then. */
static void open_and_publish_twice(struct stage *stage)
{
    open_and_publish(stage);
    publish_next(stage, stage->own_writer, 51);
}

static void write_until(struct stage *stage)
{
    do {
        publish_next(stage, stage->own_writer, 50);
        sched_yield();
    } while (!step_happened());
}

static void build(struct stage *stage)
{
    uint64_t number = __atomic_add_fetch(&stage->board->written, 1, __ATOMIC_ACQ_REL);
    void *buffer;

    check_ok(mms_write_begin(stage->own_writer, 4000, &buffer, NULL));
    pattern_fill(buffer, 2000, PATTERN_FREE_SEED | number);
    MMS__STEP(value_half_written);
    check_ok(mms_write_grow(stage->own_writer, LARGE, &buffer));
    pattern_fill(buffer, LARGE, PATTERN_FREE_SEED | number);
    check_ok(mms_write_commit(stage->own_writer, LARGE, NULL));
}

static void open_to_reset(struct stage *stage)
{
    mms_mmap_sync_writer_options reset = MMS_MMAP_SYNC_WRITER_OPTIONS_INIT;
    mms_writer_options options = mmap_sync_options();

    reset.reset = true;
    options.mmap_sync = &reset;
    options.grace_ms = 1;
    stage->own_writer = sample_writer_with(crate_path(stage->path), options);
    publish_next(stage, stage->own_writer, 50); /* the conductor's view has the other file */
}

static void write_one(struct stage *stage)
{
    publish_next(stage, stage->own_writer, 52);
}

static void close_own_writer(struct stage *stage)
{
    check_ok(mms_writer_close(stage->own_writer));
}

static void remove_files(struct stage *stage)
{
    check_ok(mms_remove(stage->path));
}

const struct scenario up_create = {.name = "create files of mmap-sync",
                                   .flags = UPSTREAM | WRITES | ABSENT_AT_FIRST | MAY_BE_ABSENT | MAY_BE_EMPTY,
                                   .prepare = prepare_nothing_there,
                                   .act = open_and_publish};
const struct scenario up_take_over = {
    .name = "the next writer of them", .flags = UPSTREAM | WRITES, .prepare = prepare_files, .act = open_and_publish};
const struct scenario up_write = {.name = "mms_write to them",
                                  .flags = UPSTREAM | WRITES,
                                  .prepare = prepare_files,
                                  .set_up = open_and_publish_twice,
                                  .act = write_until};
const struct scenario up_build = {.name = "begin, grow, commit to them",
                                  .flags = UPSTREAM | WRITES,
                                  .prepare = prepare_files,
                                  .set_up = open_and_publish_twice,
                                  .act = build};
const struct scenario up_reset = {.name = "mms_write to them with `reset`, under a view",
                                  .flags = UPSTREAM | WRITES | RESETS,
                                  .prepare = prepare_files,
                                  .set_up = open_to_reset,
                                  .act = write_one};
const struct scenario up_close = {.name = "mms_writer_close of them",
                                  .flags = UPSTREAM | WRITES,
                                  .prepare = prepare_files,
                                  .set_up = open_and_publish_twice,
                                  .act = close_own_writer};
const struct scenario up_remove = {.name = "mms_remove of them",
                                   .flags = UPSTREAM | WRITES | MAY_BE_ABSENT | MAY_BE_EMPTY,
                                   .prepare = prepare_files,
                                   .act = remove_files};

/* ---- Reading ---- */

static void open_region(struct stage *stage)
{
    check_ok(mms_region_open(stage->path, &stage->reading, &stage->own_region));
}

static void open_both(struct stage *stage)
{
    open_region(stage);
    stage->own_reader = sample_reader(stage->own_region);
}

static void read_and_release(struct stage *stage)
{
    mms_view view;
    uint64_t number;

    check_ok(mms_read(stage->own_reader, &view));
    number = check_value(view.data, view.size);
    MMS__STEP(view_held);
    check_equal(check_value(view.data, view.size), number);
    check_ok(mms_release(stage->own_reader));
}

static void open_all_and_read(struct stage *stage)
{
    open_both(stage);
    read_and_release(stage);
}

static void read_while_it_changes(struct stage *stage)
{
    step_ask_at(STEP_mmap_sync_looked, ASK_PUBLISH, 1);
    read_and_release(stage);
}

static void hold_and_refresh(struct stage *stage)
{
    mms_view view;
    uint64_t first;

    check_ok(mms_read(stage->own_reader, &view));
    first = check_value(view.data, view.size);
    step_ask(ASK_PUBLISH);
    check_equal(check_value(view.data, view.size), first);
    check_ok(mms_refresh(stage->own_reader, &view));
    check_true(check_value(view.data, view.size) > first);
    check_ok(mms_release(stage->own_reader));
}

static void copy_once(struct stage *stage)
{
    unsigned char value[4096];
    size_t size;
    int code;

    do
        code = mms_read_copy(stage->own_region, value, sizeof value, &size, NULL);
    while (code == MMS_E_AGAIN);
    check_ok(code);
    (void)check_value(value, size);
}

static void open_to_copy(struct stage *stage)
{
    stage->reading.read_only = true;
    open_region(stage);
}

static void wait_and_read(struct stage *stage)
{
    uint64_t seen = mms_generation(stage->own_region);

    step_ask_at(STEP_mmap_sync_falling_asleep, ASK_PUBLISH, 1);
    check_ok(mms_wait(stage->own_reader, seen, MMS_FOREVER));
    read_and_release(stage);
}

static void close_holding(struct stage *stage)
{
    mms_view view;

    check_ok(mms_read(stage->own_reader, &view));
    check_ok(mms_reader_close(stage->own_reader));
}

static void open_and_close_reader(struct stage *stage)
{
    open_all_and_read(stage);
    check_ok(mms_reader_close(stage->own_reader));
}

static void close_region(struct stage *stage)
{
    check_ok(mms_region_close(stage->own_region));
}

#define READS(title, before, what)                                                                \
    {                                                                                             \
        .name = title, .flags = UPSTREAM, .prepare = prepare_files, .set_up = before, .act = what \
    }

const struct scenario up_join = READS("mms_region_open of them", NULL, open_all_and_read);
const struct scenario up_read = READS("mms_read of them, the first", open_both, read_and_release);
const struct scenario up_read_again = READS("mms_read of them, the same value", open_all_and_read, read_and_release);
const struct scenario up_read_chased =
    READS("mms_read of them, a publish at its look", open_both, read_while_it_changes);
const struct scenario up_refresh = READS("mms_refresh of them", open_both, hold_and_refresh);
const struct scenario up_copy = READS("mms_read_copy of them", open_region, copy_once);
const struct scenario up_copy_uncounted = READS("mms_read_copy of them, not counted", open_to_copy, copy_once);
const struct scenario up_wait = READS("mms_wait at them", open_both, wait_and_read);
const struct scenario up_close_reader =
    READS("mms_reader_close at them, holding a view", open_all_and_read, close_holding);
const struct scenario up_leave = READS("mms_region_close of them", open_and_close_reader, close_region);

/* ---- Repair ---- */

static void die_holding(void *argument)
{
    const struct stage *stage = argument;
    mms_view view;

    check_ok(mms_read(sample_reader(sample_region(stage->path)), &view));
    kill(getpid(), SIGKILL);
}

/* The file that comes next has a count, left by somebody who is dead. */
static void prepare_dead_reader(struct stage *stage)
{
    pid_t child;
    int status;

    prepare_files(stage);
    child = start_child(die_holding, stage);
    check_true(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
    open_writer(stage);
    publish_next(stage, stage->own_writer, 60);
    check_ok(mms_writer_close(stage->own_writer));
}

/* Somebody who came while this process was frozen may be the one counted. */
static void check_repaired(int code)
{
    if (code != MMS_E_AGAIN || !step_happened())
        check_ok(code);
}

static void repair(struct stage *stage)
{
    mms_repair_report report;
    int code = mms_repair(stage->path, 0, 0, &report);

    /* Other users' processes, for one who is not root. Not after a time in which this process
       stood still: by force it would take the view of somebody who has come since. */
    if (code == MMS_E_AGAIN && report.suspects == 0 && !step_happened())
        code = mms_repair(stage->path, MMS_REPAIR_FORCE, 0, &report);
    check_repaired(code);
}

static void repair_by_time(struct stage *stage)
{
    check_repaired(mms_repair(stage->path, 0, 5, NULL));
}

const struct scenario up_repair = {
    .name = "mms_repair", .flags = UPSTREAM | REPAIRS, .prepare = prepare_dead_reader, .act = repair};

/* This process has the state mapped, so nobody can say whose count it is. */
static void prepare_dead_beside_living(struct stage *stage)
{
    prepare_dead_reader(stage);
    stage->region = sample_region(stage->path);
}

const struct scenario up_repair_by_time = {.name = "mms_repair beside the living, by time",
                                           .flags = UPSTREAM | REPAIRS,
                                           .prepare = prepare_dead_beside_living,
                                           .act = repair_by_time};
