/* SPDX-License-Identifier: Apache-2.0 */
/* The writer: one table after another, each with a different part of the data, built where
   readers will read it. */
#include "cli/cmd.h"
#include "cli/demo/board.h"
#include "cli/demo/clock.h"
#include "cli/demo/fault.h"
#include "cli/demo/subset.h"
#include "cli/message.h"
#include <mmsync.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A steady rate, and a burst once a second. */
enum { TABLES_PER_SECOND = 200, TABLES_PER_BURST = 40 };

struct writer {
    struct board *board;
    struct writer_cell *cell;
    struct data_set data;
    struct archive_builder builder;
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

/* What the table of this serial holds. */
static void choose(struct writer *writer, uint64_t serial)
{
    struct subset subset = subset_of(serial);

    archive_start(&writer->builder, serial);
    for (uint32_t i = 0; i < writer->data.count; i++)
        if (subset_has(subset, i))
            archive_add(&writer->builder, &writer->data.entries[i]);
    if (fault("wrong") && writer->builder.value.records.count)
        writer->builder.entries[writer->builder.value.records.count / 2].value.rules ^= 1;
}

/* Serialize it straight into the slot, with its type and its schema, so that anybody can read
   it. */
static int build(struct writer *writer, void **buffer, size_t *size)
{
    int code = archive_size(&writer->builder, size);

    if (!code)
        code = mms_write_grow(writer->handle, *size, buffer);
    if (!code && ordered(writer, ORDER_HALT)) {
        archive_write(&writer->builder, *buffer, *size / 2, size); /* with room for half, it stops there */
        halt(writer);
    }
    if (!code)
        code = archive_write(&writer->builder, *buffer, *size, size);
    if (!code)
        code = mms_write_set_type(writer->handle, Registry_archive.type_id, Registry_archive.schema,
                                  Registry_archive.schema_size);
    return code;
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

/* Readers hold every slot: the published value stays, and the next beat tries again. */
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

/* The serial is the generation, which is known once the write has begun; Registry_write would
   tell it only afterwards. */
static int publish(struct writer *writer)
{
    mms_receipt begun, done;
    size_t size;
    void *buffer;
    int code = mms_write_begin(writer->handle, sizeof(ArchivedRegistry), &buffer, &begun);

    if (code)
        return refused(writer, code);
    choose(writer, begun.generation);
    code = build(writer, &buffer, &size);
    if (code) {
        fail_call(code);
        mms_write_abort(writer->handle);
        return EXIT_FAILED;
    }
    code = mms_write_commit(writer->handle, size, &done);
    if (code)
        return fail_call(code);
    if (done.generation != begun.generation)
        return fail("demo: a write began as generation %llu and ended as %llu", (unsigned long long)begun.generation,
                    (unsigned long long)done.generation);
    add(&writer->cell->reclaimed, begun.reclaimed);
    count_table(writer->cell, done.generation, size, (uint32_t)writer->builder.value.records.count);
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
    if (archive_prepare(&writer->builder, writer->data.count, data_title(writer->data.kind)))
        return fail("demo: memory is short");
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
        status = fail("demo: %s", last_error());
    archive_release(&writer.builder);
    data_free(&writer.data);
    return status;
}
