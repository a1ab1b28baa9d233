/* SPDX-License-Identifier: Apache-2.0 */
/* The writer: one value after another, at a steady rate. What a value is, its form says. */
#include "cli/demo/writer.h"
#include "cli/cmd.h"
#include "cli/demo/clock.h"
#include "cli/demo/fault.h"
#include "cli/message.h"
#include <unistd.h>

static bool ordered(const struct writer *writer, enum order order)
{
    return atomic_load(&writer->cell->order) == order;
}

void writer_halt_if_ordered(const struct writer *writer)
{
    if (!ordered(writer, ORDER_HALT))
        return;
    atomic_store(&writer->cell->state, STATE_HALTED);
    for (;;)
        pause();
}

int writer_refused(struct writer *writer, int code)
{
    if (code != MMS_E_AGAIN)
        return fail_call(code);
    add(&writer->cell->refused, 1);
    return 0;
}

void writer_count(struct writer *writer, uint64_t generation, size_t size, uint64_t records)
{
    struct writer_cell *cell = writer->cell;

    put(&cell->size, size);
    put(&cell->records, records);
    if (!get(&cell->least_size) || size < get(&cell->least_size))
        put(&cell->least_size, size);
    if (size > get(&cell->greatest_size))
        put(&cell->greatest_size, size);
    put(&cell->generation, generation);
    if (!get(&cell->published)) {
        put(&cell->first_generation, generation);
        put(&cell->published_ns, monotonic_ns());
    }
    add(&cell->published, 1);
}

static int work(struct writer *writer)
{
    const unsigned rate = writer->form->per_second;
    const uint64_t beat = UINT64_C(1000000000) / rate;
    uint64_t next = monotonic_ns();
    int code = 0;

    for (unsigned beats = 1; !code && !ordered(writer, ORDER_END); beats++) {
        unsigned values = beats % rate == rate / 2 ? writer->form->per_burst : 1;

        for (unsigned i = 0; !code && i < values; i++)
            code = writer->form->publish(writer);
        atomic_store(&writer->cell->state, STATE_WORKING);
        next += beat;
        if (next > monotonic_ns())
            sleep_until(next);
        else
            next = monotonic_ns(); /* too slow for the rate: no catching up */
    }
    return code;
}

static int open_region(struct writer *writer)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    int code;

    options.max_size = writer->board->max_size;
    options.max_slots = writer->board->max_slots;
    options.max_readers = CELLS;
    options.lock_wait_ms = 10000;
    code = mms_writer_open(writer->board->region, &options, &writer->handle);
    return code ? fail_call(code) : 0;
}

static int prepare(struct writer *writer)
{
    put(&writer->cell->started_ns, monotonic_ns());
    if (board_data(writer->board, &writer->data))
        return EXIT_FAILED;
    if (writer->form->prepare(writer))
        return fail("demo: memory is short");
    put(&writer->cell->loaded_ns, monotonic_ns());
    if (open_region(writer))
        return EXIT_FAILED;
    put(&writer->cell->opened_ns, monotonic_ns());
    return 0;
}

int run_writer(struct board *board, unsigned number)
{
    struct writer writer = {.board = board, .cell = &board->writers[number], .form = form_of(board->form)};
    int status = prepare(&writer);

    while (!status && number > 0 && fault("silence"))
        pause();
    if (!status)
        status = work(&writer);
    if (mms_writer_close(writer.handle) && !status)
        status = fail("demo: %s", last_error());
    writer.form->release(&writer);
    data_free(&writer.data);
    return status;
}
