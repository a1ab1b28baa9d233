/* SPDX-License-Identifier: Apache-2.0 */
/* Victims that update, and what the next writer's updates must give. Every value here has its
   own seed, because an update that changes a few bytes continues with the seed of the value
   before it. */
#include "pattern.h"
#include "sample.h"
#include "stage.h"
#include <sched.h>
#include <string.h>

enum { SIZE = 4000, PIECE = 640, SMALL_RING = 4096, UPDATES_BEFORE = 200, LONG_SIZE = 2 << 20 };

static void publish_whole(mms_writer *writer, uint64_t seed)
{
    unsigned char value[SIZE];

    pattern_fill(value, sizeof value, PATTERN_FREE_SEED | seed);
    check_ok(mms_write(writer, value, sizeof value, NULL));
}

/* Every slot gets other bytes: one that has not caught up shows it. */
static void prepare_free_values(struct stage *stage)
{
    mms_writer *writer = stage_writer(stage);

    for (uint64_t i = 0; i < STAGE_SLOTS; i++)
        publish_whole(writer, 100 + i);
    check_ok(mms_writer_close(writer));
}

/* Another value, stored piece by piece in no particular order. */
static void patch_all(mms_writer *writer, uint64_t seed)
{
    unsigned char value[SIZE];

    pattern_fill(value, sizeof value, PATTERN_FREE_SEED | seed);
    for (size_t piece = 0; piece * PIECE < SIZE; piece++) {
        size_t at = piece * 3 % 7 * PIECE;

        check_ok(mms_write_patch(writer, at, value + at, at + PIECE < SIZE ? PIECE : SIZE - at));
    }
}

/* One in three is a new value; the others only claim a change, so that there are many short
   records. */
static uint64_t update(mms_writer *writer, uint64_t number)
{
    mms_receipt receipt;
    size_t size;
    void *buffer;

    check_ok(mms_write_update(writer, 0, &buffer, &size, &receipt));
    check_equal(size, SIZE);
    check_true(pattern_check(buffer, size, receipt.generation));
    if (number % 3 == 0)
        patch_all(writer, number);
    else
        check_ok(mms_write_touch(writer, number * 8 % SIZE, 8));
    check_ok(mms_write_commit(writer, size, &receipt));
    return receipt.generation;
}

static void open_updater(struct stage *stage)
{
    mms_writer_options options = stage_options();

    options.changes_size = SMALL_RING;
    check_ok(mms_writer_open(stage->path, &options, &stage->own_writer));
}

static void open_and_update_often(struct stage *stage)
{
    open_updater(stage);
    for (uint64_t i = 0; i < UPDATES_BEFORE; i++)
        update(stage->own_writer, i);
}

static void update_until(struct stage *stage)
{
    for (uint64_t i = 1000; !step_happened(); i++) {
        update(stage->own_writer, i);
        sched_yield();
    }
}

const struct scenario update_first = {.name = "the first update",
                                      .flags = WRITES,
                                      .prepare = prepare_free_values,
                                      .set_up = open_updater,
                                      .act = update_until};

const struct scenario update_next = {.name = "mms_write_update",
                                     .flags = WRITES,
                                     .prepare = prepare_free_values,
                                     .set_up = open_and_update_often,
                                     .act = update_until};

/* An update that is aborted leaves a slot that the next ones prepare. */
static void abort_and_update(struct stage *stage)
{
    for (uint64_t i = 1000; !step_happened(); i++) {
        size_t size;
        void *buffer;

        check_ok(mms_write_update(stage->own_writer, 0, &buffer, &size, NULL));
        memset(buffer, 1, size);
        check_ok(mms_write_abort(stage->own_writer));
        update(stage->own_writer, i);
        sched_yield();
    }
}

const struct scenario update_prepared = {.name = "mms_write_update after one that was aborted",
                                         .flags = WRITES,
                                         .prepare = prepare_free_values,
                                         .set_up = open_and_update_often,
                                         .act = abort_and_update};

/* So many that their records fit into a larger ring at the same positions. */
static void update_in_the_first_ring(struct stage *stage)
{
    mms_writer_options options = stage_options();

    check_ok(mms_writer_open(stage->path, &options, &stage->own_writer));
    for (uint64_t i = 0; i < 4 * UPDATES_BEFORE; i++)
        update(stage->own_writer, i);
}

static void update_to_a_long_value(struct stage *stage)
{
    unsigned char *buffer;
    size_t size;

    check_ok(mms_write_update(stage->own_writer, LONG_SIZE, (void **)&buffer, &size, NULL));
    pattern_fill(buffer, LONG_SIZE, PATTERN_FREE_SEED | 4711);
    check_ok(mms_write_touch(stage->own_writer, 0, LONG_SIZE));
    check_ok(mms_write_commit(stage->own_writer, LONG_SIZE, NULL));
}

const struct scenario update_longer = {.name = "mms_write_update of a value that grows",
                                       .flags = WRITES,
                                       .prepare = prepare_free_values,
                                       .set_up = update_in_the_first_ring,
                                       .act = update_to_a_long_value};

/* ---- Afterwards ---- */

/* The view is the value before the update, and differs from it only where the ranges say. */
static void check_next_view(mms_reader *reader, const mms_view *before, const unsigned char *old)
{
    mms_range ranges[16];
    mms_view view;
    size_t count, at = 0;

    check_ok(mms_read(reader, &view));
    check_true(view.generation > before->generation);
    check_true(pattern_check(view.data, view.size, view.generation));
    check_ok(mms_changes(reader, before->generation, ranges, 16, &count));
    check_true(count <= 16);
    for (size_t i = 0; i <= count; i++) {
        size_t end = i < count ? (size_t)ranges[i].offset : view.size;

        check_memory((const unsigned char *)view.data + at, old + at, end - at);
        at = i < count ? end + (size_t)ranges[i].length : end;
    }
    check_ok(mms_release(reader));
}

void check_updates(const struct stage *stage, mms_writer *writer)
{
    mms_region *region = sample_region(stage->path);
    mms_reader *reader = sample_reader(region);
    unsigned char old[SIZE];
    mms_view before;

    publish_whole(writer, 77);
    for (uint64_t i = 0; i < 3 * STAGE_SLOTS; i++) {
        check_ok(mms_read(reader, &before));
        memcpy(old, before.data, before.size);
        check_ok(mms_release(reader));
        update(writer, i);
        check_next_view(reader, &before, old);
    }
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}
