/* SPDX-License-Identifier: Apache-2.0 */
/* Victims that write a durable region, and that recover it after a reboot. What is recovered has another generation, so
   each value has a seed of its own. */
#include "pattern.h"
#include "sample.h"
#include "stage.h"
#include <mmsync/durable.h>
#include <sched.h>

enum { SIZE = 300 };

static void publish_seed(mms_writer *writer, uint64_t seed)
{
    unsigned char value[SIZE];

    pattern_fill(value, sizeof value, PATTERN_FREE_SEED | seed);
    check_ok(mms_write(writer, value, sizeof value, NULL));
}

static mms_writer *open_durable(const struct stage *stage)
{
    mms_writer_options options = stage_options();
    mms_writer *writer;

    options.durable = MMS_DURABLE_COMMIT;
    check_ok(mms_writer_open(stage->path, &options, &writer));
    return writer;
}

static void prepare_durable(struct stage *stage)
{
    mms_writer *writer = open_durable(stage);

    for (uint64_t i = 0; i < 3; i++)
        publish_seed(writer, 100 + i);
    check_ok(mms_writer_close(writer));
}

static void open_own(struct stage *stage)
{
    stage->own_writer = open_durable(stage);
}

static void write_until(struct stage *stage)
{
    for (uint64_t i = 300; !step_happened(); i++) {
        publish_seed(stage->own_writer, i);
        sched_yield();
    }
}

const struct scenario durable_write = {.name = "mms_write, durable",
                                       .flags = WRITES | NEEDS_DISK,
                                       .prepare = prepare_durable,
                                       .set_up = open_own,
                                       .act = write_until};

/* As if the machine had been rebooted since. */
static void prepare_durable_of_old_boot(struct stage *stage)
{
    prepare_durable(stage);
    pretend_reboot(stage->path);
}

static void recover_and_publish(struct stage *stage)
{
    open_own(stage);
    publish_seed(stage->own_writer, 300);
}

const struct scenario durable_boot = {.name = "recover a durable region after a boot",
                                      .flags = WRITES | MAY_BE_EMPTY | NEEDS_DISK,
                                      .prepare = prepare_durable_of_old_boot,
                                      .act = recover_and_publish};
