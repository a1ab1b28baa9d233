/* SPDX-License-Identifier: Apache-2.0 */
/* The first form of the demo: one archive after another, each with a different part of the data,
   built where readers will read it. */
#include "cli/cmd.h"
#include "cli/demo/fault.h"
#include "cli/demo/writer.h"
#include "cli/message.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Of a table with all records, the largest there is. */
static int measure(const struct data_set *data, uint64_t *size)
{
    struct archive_builder builder;
    size_t bytes = 0;
    int code = archive_prepare(&builder, data->count, data_title(data->kind));

    if (code)
        return fail("demo: memory is short");
    archive_start(&builder, 0);
    for (uint32_t i = 0; i < data->count; i++)
        archive_add(&builder, &data->entries[i]);
    code = archive_size(&builder, &bytes);
    archive_release(&builder);
    *size = bytes;
    return code ? fail_call(code) : 0;
}

/* ---- Reading ---- */

static int read_archive(struct snapshot *snapshot, mms_reader *reader)
{
    snapshot->registry = Registry_read(reader, &snapshot->view);
    return snapshot->registry ? 0 : mms_last_code();
}

static const char *meet(struct snapshot *snapshot)
{
    snapshot->subset = subset_of(snapshot->view.generation);
    snapshot->generation = snapshot->view.generation;
    return NULL;
}

static enum find_result find(const struct snapshot *snapshot, const char *key, size_t key_size, struct record *found)
{
    const ArchivedRecord *record;
    enum find_result result = archive_find(snapshot->registry, snapshot->view.generation, key, key_size, &record);

    if (result == FIND_FOUND) {
        mms_str name = Record_get_name(record);

        *found = (struct record){record->number, record->rules, name.data, name.size};
    }
    return result;
}

static bool has(const struct snapshot *snapshot, uint32_t number)
{
    return subset_has(snapshot->subset, number);
}

static bool check_new(const struct snapshot *snapshot, uint64_t met, struct tally *tally)
{
    const mms_view *view = &snapshot->view;
    const char *wrong = archive_check_bytes(snapshot->registry, view->data, view->size, view->generation);

    (void)met;
    if (wrong)
        tally_add(tally, OUTCOME_TORN, wrong);
    return true;
}

static const char *check_view(const struct data_set *data, const mms_view *view)
{
    (void)data;
    return archive_check(view->data, view->size, view->generation);
}

/* ---- Writing ---- */

struct own {
    struct archive_builder builder;
    unsigned char *last; /* the last table and its size; for faults */
    size_t last_size;
};

static int prepare(struct writer *writer)
{
    struct own *own = calloc(1, sizeof *own);

    writer->own = own;
    return own ? archive_prepare(&own->builder, writer->data.count, data_title(writer->data.kind)) : -ENOMEM;
}

static void release(struct writer *writer)
{
    struct own *own = writer->own;

    if (own)
        archive_release(&own->builder);
    free(own);
}

/* What the table of this serial holds. */
static void choose(struct writer *writer, uint64_t serial)
{
    struct archive_builder *builder = &((struct own *)writer->own)->builder;
    struct subset subset = subset_of(serial);

    archive_start(builder, serial);
    for (uint32_t i = 0; i < writer->data.count; i++)
        if (subset_has(subset, i))
            archive_add(builder, &writer->data.entries[i]);
    if (fault("wrong") && builder->value.records.count)
        builder->entries[builder->value.records.count / 2].value.rules ^= 1;
}

/* Serialize it straight into the slot, with its type and its schema, so that anybody can read
   it. */
static int build(struct writer *writer, void **buffer, size_t *size)
{
    struct archive_builder *builder = &((struct own *)writer->own)->builder;
    int code = archive_size(builder, size);

    if (!code)
        code = mms_write_grow(writer->handle, *size, buffer);
    if (!code && atomic_load(&writer->cell->order) == ORDER_HALT) {
        archive_write(builder, *buffer, *size / 2, size); /* with room for half, it stops there */
        writer_halt_if_ordered(writer);
    }
    if (!code)
        code = archive_write(builder, *buffer, *size, size);
    if (!code)
        code = mms_write_set_type(writer->handle, Registry_archive.type_id, Registry_archive.schema,
                                  Registry_archive.schema_size);
    return code;
}

/* What must never happen to a table that readers may hold. */
static void spoil(struct own *own, unsigned char *table, size_t size)
{
    size_t half = size / 2;

    if (fault("scribble"))
        table[half] ^= 1;
    if (fault("mix") && own->last && own->last != table && own->last_size >= size)
        memcpy(table + half, own->last + half, size - half);
    own->last = table;
    own->last_size = size;
}

/* The serial is the generation, which is known once the write has begun; Registry_write would
   tell it only afterwards. */
static int publish(struct writer *writer)
{
    struct own *own = writer->own;
    mms_receipt begun, done;
    size_t size;
    void *buffer;
    int code = mms_write_begin(writer->handle, sizeof(ArchivedRegistry), &buffer, &begun);

    if (code)
        return writer_refused(writer, code);
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
    add(&writer->cell->bytes, size);
    writer_count(writer, done.generation, size, own->builder.value.records.count);
    spoil(own, buffer, size);
    return 0;
}

const struct form archive_form = {
    .kind = FORM_ARCHIVE,
    .name = "archive",
    .values = "tables",
    .half = "half a table written",
    .first = "with the check of the whole archive, once per generation",
    .see = {"read", "--json"},
    .per_second = 200,
    .per_burst = 40,
    .measure = measure,
    .read = read_archive,
    .meet = meet,
    .find = find,
    .has = has,
    .check_new = check_new,
    .check_view = check_view,
    .prepare = prepare,
    .publish = publish,
    .release = release,
};
