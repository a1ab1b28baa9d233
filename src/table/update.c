/* SPDX-License-Identifier: Apache-2.0 */
/* How an update of a table begins and ends, and what changes all of it. */
#include "table/update.h"
#include "base/error.h"
#include "base/minmax.h"
#include "os/clock.h"
#include "os/file.h"
#include "table/age.h"
#include "table/change.h"
#include "table/heap.h"
#include "table/index.h"
#include "table/look.h"
#include "table/open.h"
#include <errno.h>
#include <mmsync/step.h>
#include <stdlib.h>

/* What a commit evicts at most, and how many buckets it sweeps for expired entries. */
enum { EVICTIONS_PER_COMMIT = 1024, SWEPT_PER_COMMIT = 2, SWEPT_PER_CHANGE = 2 };

static const uint64_t plain_type[2] = {MMS_TABLE_TYPE_0, MMS_TABLE_TYPE_1};

void mms__dirty(struct mms_table *table, uint64_t offset, uint64_t length)
{
    uint64_t base = table->base_size;

    if (offset < base)
        mms__writer_touch(table->writer, (size_t)offset, (size_t)mms__min(length, base - offset));
}

/* ---- Errors ---- */

static int fail_damaged(const struct mms_table *table)
{
    return mms__fail(MMS_E_CORRUPT,
                     "changing the table %s: it is damaged: %s %llu; abort, or delete all entries with "
                     "mms_table_clear",
                     table->writer->place.path, table->damage, (unsigned long long)table->damaged_at);
}

#undef mms__table_damaged
int mms__table_damaged(struct mms_table *table, const char *what, uint64_t where)
{
    table->damage = what;
    table->damaged_at = where;
    return fail_damaged(table);
}

int mms__table_fail_room(const struct mms_table *table, int code, uint64_t size)
{
    bool evicts = (table->keys.flags & MMS__TABLE_AGED) != 0;

    if (code != MMS_E_TOO_BIG)
        return code; /* mms_write_grow has stored why */
    return mms__fail(
        MMS_E_TOO_BIG,
        "changing the table %s: no room: it would have %llu bytes, more than options.max_size of its writer "
        "allows; %s, or open the writer with a larger options.max_size and options.replace",
        table->writer->place.path, (unsigned long long)size,
        evicts ? "put a smaller value" : "delete entries, create the table with options.max_bytes");
}

static int fail_type(const struct mms__table_head *head, const char *path, const uint64_t wanted[2])
{
    return mms__fail(MMS_E_TYPE,
                     "updating %s: its table has type %016llx%016llx, and this is %016llx%016llx; were both programs "
                     "built from the same schema?",
                     path, (unsigned long long)head->type_id[0], (unsigned long long)head->type_id[1],
                     (unsigned long long)wanted[0], (unsigned long long)wanted[1]);
}

static int fail_size(const char *path, const char *name, uint64_t given, uint64_t found)
{
    if (found == 0)
        return mms__fail(MMS_E_INVALID,
                         "updating the table %s: options.%s is %llu, and the table was created for any; leave it 0",
                         path, name, (unsigned long long)given);
    return mms__fail(MMS_E_INVALID,
                     "updating the table %s: options.%s is %llu, and the table was created with %llu; leave it 0, or "
                     "give the same",
                     path, name, (unsigned long long)given, (unsigned long long)found);
}

/* What entries have room for is decided once. */
static int fail_kind(const char *path, const char *name, const char *created_with)
{
    return mms__fail(MMS_E_INVALID,
                     "updating the table %s: options.%s is only for a table that was created with options.%s, and this "
                     "one was not; leave it out, or remove the region and create the table anew",
                     path, name, created_with);
}

/* ---- A new table ---- */

static bool is_given(const uint64_t pair[2])
{
    return (pair[0] | pair[1]) != 0;
}

static int choose_seed(struct mms_table *table, const mms_table_options *options)
{
    uint64_t seed[2] = {options->seed[0], options->seed[1]};
    int code = is_given(seed) ? 0 : mms__random(seed, sizeof seed);

    if (code != 0)
        return mms__fail(code, "creating the table %s: no random numbers for its seed", table->writer->place.path);
    table->head->seed[0] = seed[0];
    table->head->seed[1] = seed[1];
    return 0;
}

static uint64_t first_buckets(uint64_t expected)
{
    uint64_t most = expected < MMS__WORD_UNIT ? expected : MMS__WORD_UNIT; /* none has more */
    uint64_t wanted = most / MMS__LOAD * 2 + 1, buckets = MMS__FIRST_BUCKETS;

    while (buckets < wanted && buckets < MMS__SEGMENT)
        buckets *= 2;
    return buckets < wanted ? wanted : buckets;
}

/* All of it at once: what does not fit is not filled either, one segment after the other. */
static int provide_buckets(struct mms_table *table, uint64_t buckets, const mms_table_options *options)
{
    uint64_t size = mms__index_size(buckets);
    int code = mms__heap_provide(table, size);

    if (code != MMS_E_TOO_BIG || options->expected == 0)
        return code;
    return mms__fail(MMS_E_TOO_BIG,
                     "creating the table %s: room for %llu entries (options.expected) takes %llu bytes and more, and "
                     "options.max_size of its writer does not allow that; expect fewer, or open the writer with a "
                     "larger options.max_size and options.replace",
                     table->writer->place.path, (unsigned long long)options->expected, (unsigned long long)size);
}

static void fill_head(struct mms_table *table, const mms_table_options *options)
{
    struct mms__table_head *head = table->head;
    const uint64_t *type_id = is_given(options->type_id) ? options->type_id : plain_type;

    memset(head, 0, sizeof *head);
    head->magic = MMS__TABLE_MAGIC;
    head->version = MMS__TABLE_VERSION;
    if (options->expiring || options->expires_ns != 0)
        head->flags |= MMS__TABLE_EXPIRING;
    if (options->max_bytes != 0)
        head->flags |= MMS__TABLE_AGED;
    head->size = sizeof *head;
    head->type_id[0] = type_id[0];
    head->type_id[1] = type_id[1];
    head->key_size = options->key_size;
    head->value_size = options->value_size;
    head->max_bytes = options->max_bytes;
    head->buckets = 1; /* until there is one */
}

static int create(struct mms_table *table, const mms_table_options *options)
{
    uint64_t buckets = first_buckets(options->expected);
    void *data = NULL;
    int code = mms__writer_grow(table->writer, sizeof *table->head, &data);

    if (code != 0)
        return mms__table_fail_room(table, code, sizeof *table->head);
    table->data = data;
    table->head = data;
    table->capacity = sizeof *table->head;
    fill_head(table, options);
    code = choose_seed(table, options);
    if (code != 0)
        return code;
    table->now.data = table->data;
    table->now.size = table->head->size;
    table->keys = mms__keys_of(table->head);
    code = provide_buckets(table, buckets, options);
    if (code == 0)
        code = mms__index_make(table, buckets);
    if (code != 0)
        return code;
    return mms_write_set_type(table->writer, is_given(options->type_id) ? options->type_id : plain_type,
                              options->schema, options->schema_size);
}

/* ---- The table that the region has ---- */

static int check_options(const struct mms__table_head *head, const char *path, const mms_table_options *options)
{
    if (is_given(options->type_id) &&
        (options->type_id[0] != head->type_id[0] || options->type_id[1] != head->type_id[1]))
        return fail_type(head, path, options->type_id);
    if (options->key_size != 0 && options->key_size != head->key_size)
        return fail_size(path, "key_size", options->key_size, head->key_size);
    if (options->value_size != 0 && options->value_size != head->value_size)
        return fail_size(path, "value_size", options->value_size, head->value_size);
    if ((options->expiring || options->expires_ns != 0) && !(head->flags & MMS__TABLE_EXPIRING))
        return fail_kind(path, options->expiring ? "expiring" : "expires_ns", "expiring");
    if (options->max_bytes != 0 && !(head->flags & MMS__TABLE_AGED))
        return fail_kind(path, "max_bytes", "max_bytes");
    return 0;
}

/* Whether the bytes are a table that these options may update; `keys` may change in any case. */
static int check_newest(const void *data, size_t size, const char *path, const mms_table_options *options,
                        struct mms__keys *keys)
{
    int code = mms__keys_open(data, size, path, keys);

    return code == 0 ? check_options(data, path, options) : code;
}

/* Check again, because this is a copy. */
static int open_newest(struct mms_table *table, const mms_table_options *options)
{
    int code = check_newest(table->data, (size_t)table->base_size, table->writer->place.path, options, &table->keys);

    if (code == 0 && options->max_bytes != 0)
        table->head->max_bytes = options->max_bytes;
    return code;
}

/* ---- Beginning ---- */

int mms__table_prepare(mms_writer *writer, const mms_table_options *options)
{
    const struct mms__backend *backend = writer->backend;
    struct mms__keys keys;
    const void *newest;
    size_t size;

    if (!writer->table)
        writer->table = calloc(1, sizeof *writer->table);
    if (!writer->table)
        return mms__fail(-ENOMEM, "updating the table %s: no memory", writer->place.path);
    newest = backend->newest ? backend->newest(writer, &size) : NULL;
    return newest ? check_newest(newest, size, writer->place.path, options, &keys) : 0;
}

int mms__table_begin(mms_writer *writer, void *data, size_t size, const mms_table_options *options, mms_table **out)
{
    struct mms_table *table = writer->table;
    int code;

    *table = (struct mms_table){
        .writer = writer,
        .data = data,
        .head = data,
        .capacity = size,
        .base_size = size,
        .now = {.data = data, .size = size, .keys = &table->keys, .now_ns = mms__read_clock(CLOCK_REALTIME_COARSE)},
        .expires_ns = options->expires_ns,
    };
    mms__dirty(table, 0, offsetof(struct mms__table_head, lists)); /* nearly all of it changes in any case */
    code = size == 0 ? create(table, options) : open_newest(table, options);
    if (code != 0)
        return code;
    writer->in_table = true;
    *out = table;
    return 0;
}

/* ---- Changes ---- */

int mms__table_reserve(mms_table *table, const void *key, size_t key_size, size_t size, void **value)
{
    uint64_t units = mms__entry_units(table->keys.entry_head, key_size, size), most = table->head->max_bytes;

    if (most != 0 && units << MMS__UNIT_BITS > most)
        return mms__fail(
            MMS_E_TOO_BIG,
            "putting a key into %s: the entry takes %llu bytes, and options.max_bytes of the table is %llu",
            table->writer->place.path, (unsigned long long)(units << MMS__UNIT_BITS), (unsigned long long)most);
    return mms__change_put(table, key, key_size, size, value);
}

int mms__table_delete(mms_table *table, const void *key, size_t key_size)
{
    int code = mms__change_delete(table, key, key_size);

    if (code == MMS_E_NOT_FOUND)
        return mms__fail(MMS_E_NOT_FOUND, "deleting a key of %zu bytes from %s", key_size, table->writer->place.path);
    return code;
}

/* Make the head that of a table without entries; its buckets are made next. */
static void forget_entries(struct mms_table *table)
{
    struct mms__table_head *head = table->head;

    head->size = table->now.size = sizeof *head;
    head->count = head->bytes = head->free_bytes = 0;
    head->oldest = head->newest = head->sweep = 0;
    memset(head->full, 0, sizeof head->full);
    memset(head->lists, 0, sizeof head->lists);
    mms__dirty(table, offsetof(struct mms__table_head, lists), sizeof head->lists);
}

int mms__table_clear(mms_table *table)
{
    int code = mms__heap_provide(table, mms__index_size(MMS__FIRST_BUCKETS));

    if (code != 0)
        return code;
    forget_entries(table);
    table->damage = NULL; /* whatever was damaged is gone */
    table->changes++;
    MMS__STEP(table_forgotten);
    return mms__index_make(table, MMS__FIRST_BUCKETS);
}

void mms__table_fetch(const mms_table *table, size_t count, const mms_key *keys)
{
    mms__look_fetch(&table->now, count, keys);
}

void mms__table_show(const struct mms_table *table, mms_table_view *out)
{
    mms__look_show(table->data, table->now.size, table->now.now_ns, out);
}

/* ---- The end ---- */

static int tidy(struct mms_table *table)
{
    int code = mms__age_evict(table, 0, EVICTIONS_PER_COMMIT);

    return code == 0 ? mms__age_sweep(table, SWEPT_PER_COMMIT + SWEPT_PER_CHANGE * table->changes) : code;
}

/* After a sync that failed no commit will do, and the bytes stay: an anchor on the disk may name them. */
int mms__table_finish(mms_table *table)
{
    int code = table->damage ? fail_damaged(table) : 0;

    if (code != 0 || table->writer->gone)
        return code;
    code = tidy(table);
    if (code != 0)
        return code;
    table->changes = 0; /* it may be committed again */
    MMS__STEP(table_tidied);
    return 0;
}
