/* SPDX-License-Identifier: Apache-2.0 */
/* What victims that read do. */
#include "forked.h"
#include "lookout.h"
#include "pattern.h"
#include "region/protocol.h"
#include "sample.h"
#include "stage.h"
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void open_region(struct stage *stage)
{
    check_ok(mms_region_open(stage->path, &stage->reading, &stage->own_region));
}

static void open_reader(struct stage *stage)
{
    check_ok(mms_reader_open(stage->own_region, &stage->own_reader));
}

static void open_both(struct stage *stage)
{
    open_region(stage);
    open_reader(stage);
}

static void check_whole(const mms_view *view)
{
    check_true(pattern_check(view->data, view->size, view->generation));
}

static void read_and_release(struct stage *stage)
{
    mms_view view;

    check_ok(mms_read(stage->own_reader, &view));
    check_whole(&view);
    MMS__STEP(view_held);
    check_whole(&view);
    check_ok(mms_release(stage->own_reader));
}

/* ---- Opening ---- */

static void open_all_and_read(struct stage *stage)
{
    open_both(stage);
    read_and_release(stage);
}

const struct scenario join = {.name = "mms_region_open", .prepare = prepare_values, .act = open_all_and_read};

static void claim_and_read(struct stage *stage)
{
    open_reader(stage);
    read_and_release(stage);
}

const struct scenario claim = {
    .name = "mms_reader_open", .prepare = prepare_values, .set_up = open_region, .act = claim_and_read};

static void die_filling(void *argument)
{
    struct stage *stage = argument;
    mms_region *region = sample_region(stage->path);
    mms_reader *reader;

    while (mms_reader_open(region, &reader) == 0)
        continue;
    kill(getpid(), SIGKILL);
}

static void fill_table(struct stage *stage)
{
    pid_t child = start_child(die_filling, stage);

    check_true(waitpid(child, NULL, 0) == child);
}

/* The order matters: a process that opens a region may get the lock byte of a dead one, and then
   clears its lines. */
static void open_and_fill(struct stage *stage)
{
    open_region(stage);
    fill_table(stage);
}

const struct scenario claim_full = {.name = "mms_reader_open, the table full of dead readers",
                                    .flags = MAY_BE_FULL,
                                    .prepare = prepare_values,
                                    .set_up = open_and_fill,
                                    .act = claim_and_read};

/* ---- Reading ---- */

const struct scenario read_first = {
    .name = "mms_read, the first", .prepare = prepare_values, .set_up = open_both, .act = read_and_release};

static void open_and_read(struct stage *stage)
{
    open_both(stage);
    read_and_release(stage);
}

const struct scenario read_steady = {
    .name = "mms_read, steady state", .prepare = prepare_values, .set_up = open_and_read, .act = read_and_release};

static void open_symmetric(struct stage *stage)
{
    stage->reading.fence = MMS_FENCE_SYMMETRIC;
    open_both(stage);
}

const struct scenario read_symmetric = {
    .name = "mms_read, symmetric fences", .prepare = prepare_values, .set_up = open_symmetric, .act = read_and_release};

/* The writer publishes each time the reader looks. */
static void read_while_it_changes(struct stage *stage)
{
    step_ask_at(STEP_pin_announced, ASK_PUBLISH, MMS__PIN_TRIES + 1);
    read_and_release(stage);
}

const struct scenario read_chased = {.name = "mms_read, a publish at each look",
                                     .prepare = prepare_values,
                                     .set_up = open_both,
                                     .act = read_while_it_changes};

static void read_under_another_mode(struct stage *stage)
{
    step_ask(ASK_SYMMETRIC);
    read_and_release(stage);
    read_and_release(stage);
}

const struct scenario adopt_fence = {.name = "mms_read, the fence mode changed",
                                     .prepare = prepare_values,
                                     .set_up = open_and_read,
                                     .act = read_under_another_mode};

static void hold_and_refresh(struct stage *stage)
{
    mms_view view;
    uint64_t first;

    check_ok(mms_read(stage->own_reader, &view));
    first = view.generation;
    step_ask(ASK_PUBLISH);
    check_whole(&view);
    check_ok(mms_refresh(stage->own_reader, &view));
    check_true(view.generation > first);
    check_whole(&view);
    check_ok(mms_release(stage->own_reader));
}

const struct scenario refresh = {
    .name = "mms_refresh", .prepare = prepare_values, .set_up = open_and_read, .act = hold_and_refresh};

static void copy_value(struct stage *stage)
{
    unsigned char value[4096];
    uint64_t generation;
    size_t size;
    int code;

    do
        code = mms_read_copy(stage->own_region, value, sizeof value, &size, &generation);
    while (code == MMS_E_AGAIN);
    check_ok(code);
    check_true(pattern_check(value, size, generation));
}

static void open_to_copy(struct stage *stage)
{
    stage->reading.read_only = true;
    open_region(stage);
    step_ask(ASK_PUBLISH); /* a value that nobody holds */
}

const struct scenario copy = {
    .name = "mms_read_copy", .prepare = prepare_values, .set_up = open_to_copy, .act = copy_value};

static void verify_until(struct stage *stage)
{
    do
        check_ok(mms_verify(stage->path, NULL, NULL));
    while (!step_happened());
}

const struct scenario verify_region = {.name = "mms_verify", .prepare = prepare_values, .act = verify_until};

/* Something is published when it is about to sleep, if nothing was before. */
static void wait_and_read(struct stage *stage)
{
    uint64_t seen = mms_generation(stage->own_region);

    step_ask_at(STEP_wait_falling_asleep, ASK_PUBLISH, 1);
    check_ok(mms_wait(stage->own_reader, seen, MMS_FOREVER));
    check_true(mms_generation(stage->own_region) > seen);
    read_and_release(stage);
}

const struct scenario wait_for_next = {
    .name = "mms_wait", .prepare = prepare_values, .set_up = open_both, .act = wait_and_read};

/* As if the last publish had woken one of many. */
static void wake_the_rest_and_wait(struct stage *stage)
{
    uint32_t relay = 0;

    mms__relay_open(&relay, 1);
    patch_bytes(stage->path, "readers", offsetof(struct mms__readers, relay), &relay, 4);
    wait_and_read(stage);
}

const struct scenario wait_in_relay = {
    .name = "mms_wait, waking the rest", .prepare = prepare_values, .set_up = open_both, .act = wake_the_rest_and_wait};

/* ---- Closing ---- */

static void close_holding(struct stage *stage)
{
    mms_view view;

    check_ok(mms_read(stage->own_reader, &view));
    check_ok(mms_reader_close(stage->own_reader));
}

const struct scenario close_reader = {.name = "mms_reader_close, holding a view",
                                      .prepare = prepare_values,
                                      .set_up = open_and_read,
                                      .act = close_holding};

static void open_and_close_reader(struct stage *stage)
{
    open_and_read(stage);
    check_ok(mms_reader_close(stage->own_reader));
}

static void close_region(struct stage *stage)
{
    check_ok(mms_region_close(stage->own_region));
}

const struct scenario leave = {
    .name = "mms_region_close", .prepare = prepare_values, .set_up = open_and_close_reader, .act = close_region};
