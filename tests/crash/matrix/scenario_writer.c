/* SPDX-License-Identifier: Apache-2.0 */
/* What victims that write, create, replace or remove do. */
#include "forked.h"
#include "lookout.h"
#include "pattern.h"
#include "refuse.h"
#include "region/layout.h"
#include "sample.h"
#include "stage.h"
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LARGE = 4 << 20 };

static void prepare(struct stage *stage, unsigned values)
{
    mms_writer *writer = stage_writer(stage);

    for (unsigned i = 0; i < values; i++)
        publish_pattern(writer, 100 + i);
    check_ok(mms_writer_close(writer));
}

void prepare_values(struct stage *stage)
{
    prepare(stage, STAGE_SLOTS + 2);
}

void prepare_value(struct stage *stage)
{
    prepare(stage, 1);
}

static void prepare_nothing(struct stage *stage)
{
    (void)stage;
}

static void open_writer(struct stage *stage)
{
    stage->own_writer = stage_writer(stage);
}

static void open_and_publish(struct stage *stage)
{
    open_writer(stage);
    publish_pattern(stage->own_writer, 50);
}

const struct scenario create = {.name = "create a region",
                                .flags = WRITES | ABSENT_AT_FIRST | MAY_BE_ABSENT | MAY_BE_EMPTY,
                                .prepare = prepare_nothing,
                                .act = open_and_publish};

const struct scenario take_over = {
    .name = "open the next writer", .flags = WRITES, .prepare = prepare_values, .act = open_and_publish};

/* ---- Publishing ---- */

/* From the caller's own memory. Until the victim has passed its point, whether somebody sleeps is
   not up to us. */
static void write_until(struct stage *stage)
{
    unsigned char value[200];

    pattern_fill(value, sizeof value, PATTERN_FREE_SEED | 7);
    do {
        check_ok(mms_write(stage->own_writer, value, sizeof value, NULL));
        sched_yield();
    } while (!step_happened());
}

const struct scenario write_small = {
    .name = "mms_write", .flags = WRITES, .prepare = prepare_values, .set_up = open_writer, .act = write_until};

/* As if so many slept that the writer wakes only one. */
static void write_to_many(struct stage *stage)
{
    do {
        patch_bytes(stage->path, "readers", offsetof(struct mms__readers, waiting), &(uint32_t){UINT32_MAX}, 4);
        check_ok(mms_write(stage->own_writer, "", 0, NULL));
        sched_yield();
    } while (!step_happened());
}

const struct scenario write_many = {.name = "mms_write, many waiting",
                                    .flags = WRITES,
                                    .prepare = prepare_values,
                                    .set_up = open_writer,
                                    .act = write_to_many};

const struct scenario extend = {
    .name = "the first writes", .flags = WRITES, .prepare = prepare_value, .set_up = open_writer, .act = write_until};

const struct scenario reclaim = {.name = "mms_write, reclaiming",
                                 .flags = WRITES,
                                 .prepare = prepare_values,
                                 .set_up = open_writer,
                                 .act = write_until};

/* In place: half of a value, more room, the value, and a type with a schema behind it. */
static void build(struct stage *stage)
{
    static const char schema[] = "struct Example { a: u64 }";
    static const uint64_t type_id[2] = {1, 2};
    mms_receipt receipt;
    void *buffer;

    check_ok(mms_write_begin(stage->own_writer, 4000, &buffer, &receipt));
    pattern_fill(buffer, 2000, receipt.generation);
    MMS__STEP(value_half_written);
    check_ok(mms_write_grow(stage->own_writer, 300000, &buffer));
    pattern_fill(buffer, 250000, receipt.generation);
    check_ok(mms_write_set_type(stage->own_writer, type_id, schema, sizeof schema - 1));
    check_ok(mms_write_commit(stage->own_writer, 250000, NULL));
}

const struct scenario write_built = {
    .name = "begin, grow, commit", .flags = WRITES, .prepare = prepare_values, .set_up = open_writer, .act = build};

/* Large values, then small ones until the memory of the large ones is freed. */
static void write_large_then_small(struct stage *stage)
{
    for (int i = 0; i < 2; i++)
        publish_pattern(stage->own_writer, LARGE);
    do
        publish_pattern(stage->own_writer, 64);
    while (!step_happened());
}

const struct scenario trim = {.name = "small values after large ones",
                              .flags = WRITES,
                              .prepare = prepare_values,
                              .set_up = open_writer,
                              .act = write_large_then_small};

static void open_and_lose_membarrier(struct stage *stage)
{
    mms_writer_options options = stage_options();

    options.grace_ms = 1;
    check_ok(mms_writer_open(stage->path, &options, &stage->own_writer));
    check_true(refuse_membarrier(EPERM) == 0);
}

/* Readers that do not read again never adopt the other fences, and so block a writer without
   membarrier. */
static void write_until_in_the_way(struct stage *stage)
{
    mms_receipt receipt;
    int code = 0;

    for (int i = 0; i < 2 * STAGE_SLOTS && code == 0; i++)
        code = mms_write(stage->own_writer, "", 0, &receipt);
    if (code != 0) {
        check_code(code, MMS_E_AGAIN);
        check_true(receipt.blockers > 0);
    }
}

const struct scenario lose_membarrier = {.name = "mms_write, membarrier refused by now",
                                         .flags = WRITES,
                                         .prepare = prepare_values,
                                         .set_up = open_and_lose_membarrier,
                                         .act = write_until_in_the_way};

/* ---- Readers in the way ---- */

/* Readers that allow eviction hold all slots but one. */
static void prepare_holders(struct stage *stage)
{
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    mms_writer *writer = stage_writer(stage);

    options.allow_evict = true;
    publish_pattern(writer, 90);
    check_ok(mms_region_open(stage->path, &options, &stage->evicted_region));
    for (unsigned i = 0; i < EVICTED_READERS; i++) {
        check_ok(mms_reader_open(stage->evicted_region, &stage->evicted_reader[i]));
        check_ok(mms_read(stage->evicted_reader[i], &stage->evicted_view[i]));
        publish_pattern(writer, 91 + i);
    }
    check_ok(mms_writer_close(writer));
}

static void open_evictor(struct stage *stage)
{
    mms_writer_options options = stage_options();

    options.on_grace = MMS_EVICT;
    options.grace_ms = 1;
    check_ok(mms_writer_open(stage->path, &options, &stage->own_writer));
}

/* The conductor's own view and the watcher's do not allow it: until one of the others was taken,
   or none is left. */
static void write_by_force(struct stage *stage)
{
    for (int i = 0; i < 100 && !step_happened(); i++) {
        mms_receipt receipt;
        void *buffer;

        check_ok(mms_write_begin(stage->own_writer, 80, &buffer, &receipt));
        memset(buffer, 0xee, 40); /* not what stood there, and not what comes */
        MMS__STEP(value_half_written);
        pattern_fill(buffer, 80, receipt.generation);
        check_ok(mms_write_commit(stage->own_writer, 80, &receipt));
    }
}

const struct scenario evict = {.name = "mms_write, evicting",
                               .flags = WRITES,
                               .prepare = prepare_holders,
                               .set_up = open_evictor,
                               .act = write_by_force};

static void die_holding(void *argument)
{
    struct stage *stage = argument;
    mms_region *region = sample_region(stage->path);
    mms_view view;

    for (int i = 0; i < 2; i++)
        check_ok(mms_read(sample_reader(region), &view));
    kill(getpid(), SIGKILL);
}

static void expect_killed(pid_t child)
{
    int status;

    check_true(waitpid(child, &status, 0) == child);
    check_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* Once all others have opened the region: whoever opens it may get the lock byte of a dead
   process, and clears its lines. */
static void leave_dead_reader(struct stage *stage)
{
    expect_killed(start_child(die_holding, stage));
}

const struct scenario reap_dead = {.name = "open the next writer, a reader is dead",
                                   .flags = WRITES,
                                   .prepare = prepare_values,
                                   .set_up = leave_dead_reader,
                                   .act = open_and_publish};

/* ---- The whole region ---- */

static void remove_region(struct stage *stage)
{
    check_ok(mms_remove(stage->path));
}

const struct scenario take_away = {.name = "mms_remove",
                                   .flags = WRITES | MAY_BE_ABSENT | MAY_BE_EMPTY,
                                   .prepare = prepare_values,
                                   .act = remove_region};

static void replace_region(struct stage *stage)
{
    mms_writer_options options = stage_options();

    options.max_size *= 2;
    options.replace = true;
    check_ok(mms_writer_open(stage->path, &options, &stage->own_writer));
    publish_pattern(stage->own_writer, 70);
}

/* For a value that continues under another generation: its bytes do not follow from that. */
static void prepare_any_value(struct stage *stage)
{
    unsigned char value[300];
    mms_writer *writer = stage_writer(stage);

    pattern_fill(value, sizeof value, PATTERN_FREE_SEED | 8);
    for (int i = 0; i < STAGE_SLOTS; i++)
        check_ok(mms_write(writer, value, sizeof value, NULL));
    check_ok(mms_writer_close(writer));
}

const struct scenario replace = {
    .name = "replace the geometry", .flags = WRITES, .prepare = prepare_any_value, .act = replace_region};

static void die_removing(void *argument)
{
    struct stage *stage = argument;

    step_arm(STEP_remove_renamed, 1, STEP_KILL);
    (void)mms_remove(stage->path);
}

static void prepare_leftover(struct stage *stage)
{
    prepare_values(stage);
    expect_killed(start_child(die_removing, stage));
}

const struct scenario sweep = {.name = "create a region, another was left half removed",
                               .flags = WRITES | ABSENT_AT_FIRST | MAY_BE_ABSENT | MAY_BE_EMPTY,
                               .prepare = prepare_leftover,
                               .act = open_and_publish};

static void close_own_writer(struct stage *stage)
{
    check_ok(mms_writer_close(stage->own_writer));
    stage->own_writer = NULL;
}

const struct scenario close_writer = {.name = "mms_writer_close",
                                      .flags = WRITES,
                                      .prepare = prepare_values,
                                      .set_up = open_and_publish,
                                      .act = close_own_writer};

/* As if the machine had been rebooted since. */
static void prepare_old_boot(struct stage *stage)
{
    prepare_values(stage);
    pretend_reboot(stage->path);
}

const struct scenario new_boot = {.name = "open the first writer after a boot",
                                  .flags = WRITES | MAY_BE_EMPTY | MUST_BE_EMPTY | NEEDS_DISK,
                                  .prepare = prepare_old_boot,
                                  .act = open_and_publish};
