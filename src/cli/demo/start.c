/* SPDX-License-Identifier: Apache-2.0 */
/* Starting the demo's processes. */
#include "cli/demo/conductor.h"

bool reader_is_working(const struct demo *demo, unsigned cell)
{
    return atomic_load(&demo->board->cells[cell].state) == STATE_WORKING && get(&demo->board->cells[cell].lookups);
}

bool reader_is_gone(const struct demo *demo, unsigned cell)
{
    return !demo->readers[cell].running;
}

bool writer_is_gone(const struct demo *demo, unsigned unused)
{
    (void)unused;
    return !demo->writer.running;
}

static bool writer_is_working(const struct demo *demo, unsigned number)
{
    return get(&demo->board->writers[number].published) > 0;
}

bool start_writer(struct demo *demo)
{
    if (child_start(&demo->writer, "writer", demo->writer_number, demo->board_descriptor))
        return demo_await(demo, writer_is_working, demo->writer_number, "the writer's first value");
    demo_fail(demo, FAILURE_LOST, "the writer could not be started");
    return false;
}

/* Does not wait: the processes read the data side by side. */
bool start_reader(struct demo *demo)
{
    unsigned cell = demo->cells;

    if (!child_start(&demo->readers[cell], "reader", cell, demo->board_descriptor)) {
        demo_fail(demo, FAILURE_LOST, "reader %u could not be started", cell + 1);
        return false;
    }
    demo->cells++;
    return true;
}

uint64_t all_lookups(const struct demo *demo)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < demo->cells; i++)
        sum += get(&demo->board->cells[i].lookups);
    return sum;
}
