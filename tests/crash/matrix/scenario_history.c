/* SPDX-License-Identifier: Apache-2.0 */
/* Victims that keep values and go back to them. A value that comes back has another generation, so each has a seed of its
   own. */
#include "pattern.h"
#include "sample.h"
#include "stage.h"
#include <mmsync/history.h>
#include <sched.h>

enum { SIZE = 300 };

static void publish_seed(mms_writer *writer, uint64_t seed)
{
    unsigned char value[SIZE];

    pattern_fill(value, sizeof value, PATTERN_FREE_SEED | seed);
    check_ok(mms_write(writer, value, sizeof value, NULL));
}

static void prepare_seeds(struct stage *stage)
{
    mms_writer *writer = stage_writer(stage);

    for (uint64_t i = 0; i < STAGE_SLOTS; i++)
        publish_seed(writer, 100 + i);
    check_ok(mms_writer_close(writer));
}

static void open_keeper(struct stage *stage)
{
    mms_writer_options options = stage_options();

    options.keep = 2;
    check_ok(mms_writer_open(stage->path, &options, &stage->own_writer));
    publish_seed(stage->own_writer, 200);
}

static void go_back_until(struct stage *stage)
{
    for (uint64_t i = 300; !step_happened(); i++) {
        publish_seed(stage->own_writer, i);
        check_ok(mms_write_rollback(stage->own_writer, 0, NULL));
        sched_yield();
    }
}

const struct scenario go_back = {.name = "mms_write_rollback",
                                 .flags = WRITES,
                                 .prepare = prepare_seeds,
                                 .set_up = open_keeper,
                                 .act = go_back_until};

/* A reader of the victim's own is in the way, and gets its value back. */
static void go_back_beside_reader(struct stage *stage)
{
    mms_region *region = sample_region(stage->path);
    mms_reader *reader = sample_reader(region);
    mms_view view;

    for (uint64_t i = 300; !step_happened(); i++) {
        check_ok(mms_read(reader, &view));
        publish_seed(stage->own_writer, i);
        check_ok(mms_write_rollback(stage->own_writer, 0, NULL));
        check_true(is_whole(view.data, view.size, view.generation));
        check_ok(mms_release(reader));
        sched_yield();
    }
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

const struct scenario go_back_by_copy = {.name = "mms_write_rollback, by copy",
                                         .flags = WRITES,
                                         .prepare = prepare_seeds,
                                         .set_up = open_keeper,
                                         .act = go_back_beside_reader};

static void open_hoarder(struct stage *stage)
{
    mms_writer_options options = stage_options();

    options.keep = UINT8_MAX;
    check_ok(mms_writer_open(stage->path, &options, &stage->own_writer));
}

static void write_until_full(struct stage *stage)
{
    for (uint64_t i = 300; !step_happened(); i++) {
        publish_seed(stage->own_writer, i);
        sched_yield();
    }
}

const struct scenario keep_all = {.name = "mms_write, all slots kept",
                                  .flags = WRITES,
                                  .prepare = prepare_seeds,
                                  .set_up = open_hoarder,
                                  .act = write_until_full};
