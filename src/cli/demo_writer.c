/* SPDX-License-Identifier: Apache-2.0 */
/* The writer: one table after the other, built where readers will read it, each with another part of the data. */
#include "cli/cmd.h"
#include "cli/demo_board.h"
#include "cli/demo_clock.h"
#include "cli/demo_fault.h"
#include "cli/demo_subset.h"
#include "cli/message.h"
#include <mmsync.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A steady rate, and once a second so many at once. */
enum { TABLES_PER_SECOND = 200, TABLES_PER_BURST = 40 };

struct writer {
    struct board *board;
    struct writer_cell *cell;
    struct data_set data;
    uint32_t *chosen; /* room for the numbers of all records */
    mms_writer *handle;
    unsigned char *last; /* the last table and its size; for faults */
    size_t last_size;
};

static bool ordered(const struct writer *writer, enum order order)
{
    return atomic_load(&writer->cell->order) == order;
}

/* The conductor kills it here. */
_Noreturn static void halt(const struct writer *writer)
{
    atomic_store(&writer->cell->state, STATE_HALTED);
    for (;;)
        pause();
}

/* Fill writer->chosen with what the table of this serial holds; returns how many, and their bytes of text. */
static uint32_t choose(struct writer *writer, uint64_t serial, uint64_t *text_size)
{
    struct subset subset = subset_of(serial);
    uint32_t count = 0;

    *text_size = 0;
    for (uint32_t i = 0; i < writer->data.count; i++)
        if (subset_has(subset, i)) {
            writer->chosen[count++] = i;
            *text_size += (uint64_t)writer->data.entries[i].key_size + writer->data.entries[i].value_size;
        }
    return count;
}

static size_t build(struct writer *writer, void *buffer, uint64_t serial, uint32_t count)
{
    struct table_builder builder;

    table_start(&builder, buffer, serial, count);
    for (uint32_t i = 0; i < count; i++) {
        struct table_entry entry = writer->data.entries[writer->chosen[i]];

        if (i == count / 2 && ordered(writer, ORDER_HALT))
            halt(writer);
        if (fault("wrong") && i == count / 2)
            entry.flags ^= 1;
        table_add(&builder, &entry);
    }
    return table_finish(&builder);
}

static void count_table(struct writer_cell *cell, uint64_t generation, size_t size, uint32_t records)
{
    add(&cell->bytes, size);
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

/* Readers hold every slot: the value that is published stays, and the next try comes with the next beat. */
static int refused(struct writer *writer, int code)
{
    if (code != MMS_E_AGAIN)
        return fail_call(code);
    add(&writer->cell->refused, 1);
    return 0;
}

/* What must never happen to a table that readers may hold. */
static void spoil(struct writer *writer, unsigned char *table, size_t size)
{
    size_t half = size / 2;

    if (fault("scribble"))
        table[half] ^= 1;
    if (fault("mix") && writer->last && writer->last != table && writer->last_size >= size)
        memcpy(table + half, writer->last + half, size - half);
    writer->last = table;
    writer->last_size = size;
}

/* The serial is the generation, which is known from the start; so the table's size is known only then. */
static int publish(struct writer *writer)
{
    mms_receipt begun, done;
    uint64_t text_size;
    uint32_t count;
    size_t size;
    void *buffer;
    int code = mms_write_begin(writer->handle, sizeof(struct table_header), &buffer, &begun);

    if (code)
        return refused(writer, code);
    count = choose(writer, begun.generation, &text_size);
    code = mms_write_grow(writer->handle, (size_t)table_size(count, text_size), &buffer);
    if (code) {
        fail_call(code);
        mms_write_abort(writer->handle);
        return EXIT_FAILED;
    }
    size = build(writer, buffer, begun.generation, count);
    code = mms_write_commit(writer->handle, size, &done);
    if (code)
        return fail_call(code);
    if (done.generation != begun.generation)
        return fail("demo: a write began as generation %llu and ended as %llu", (unsigned long long)begun.generation,
                    (unsigned long long)done.generation);
    add(&writer->cell->reclaimed, begun.reclaimed);
    count_table(writer->cell, done.generation, size, count);
    spoil(writer, buffer, size);
    return 0;
}

static int work(struct writer *writer)
{
    const uint64_t beat = UINT64_C(1000000000) / TABLES_PER_SECOND;
    uint64_t next = monotonic_ns();
    int code = 0;

    for (unsigned beats = 1; !code && !ordered(writer, ORDER_END); beats++) {
        unsigned tables = beats % TABLES_PER_SECOND == TABLES_PER_SECOND / 2 ? TABLES_PER_BURST : 1;

        for (unsigned i = 0; !code && i < tables; i++)
            code = publish(writer);
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
    writer->chosen = malloc(writer->data.count * sizeof *writer->chosen);
    if (!writer->chosen)
        return fail_errno("demo");
    put(&writer->cell->loaded_ns, monotonic_ns());
    if (open_region(writer))
        return EXIT_FAILED;
    put(&writer->cell->opened_ns, monotonic_ns());
    return 0;
}

int run_writer(struct board *board, unsigned number)
{
    struct writer writer = {.board = board, .cell = &board->writers[number]};
    int status = prepare(&writer);

    while (!status && number > 0 && fault("silence"))
        pause();
    if (!status)
        status = work(&writer);
    if (mms_writer_close(writer.handle) && !status)
        status = fail("demo: %s", mms_last_error());
    free(writer.chosen);
    data_free(&writer.data);
    return status;
}
