/* SPDX-License-Identifier: Apache-2.0 */
/* The writer's calls for tables. The reader's are in src/table/look.c. */
#include "api/options.h"
#include "api/typed.h"
#include "api/writer.h"
#include "base/error.h"
#include "table/update.h"
#include <string.h>

static int check_table(const mms_table *table, const char *call)
{
    if (!table)
        return mms__fail(MMS_E_INVALID, "%s: the table is NULL; get one with mms_table_begin", call);
    if (table->writer->process != mms__process_token())
        return mms__fail(MMS_E_FORKED, "%s: the table %s belongs to the parent process; open a writer in this process",
                         call, table->writer->place.path);
    if (table->writer->in_table)
        return 0;
    return mms__fail(MMS_E_INVALID, "%s: no update of the table %s has begun; call mms_table_begin", call,
                     table->writer->place.path);
}

/* Vouch for all values of the table if those that the update began with were vouched for, as this
   type, or are `gone`. Whatever options.track says, nobody else has a pointer to the bytes. */
static void vouch(mms_table *table, bool gone)
{
    mms_writer *writer = table->writer;
    const mms__word *type_id = table->head->type_id;
    struct mms__updated base;
    const uint64_t *published = writer->typed ? writer->type_id : base.type_id;

    mms__write_updated(writer, &base);
    writer->vouched = (table->base_size == 0 || gone || base.serialized) && mms__same_type(published, type_id);
}

static int check_begin(const mms_writer *writer, mms_table **out)
{
    if (!writer || !out)
        return mms__fail(MMS_E_INVALID, "mms_table_begin: %s is NULL", writer ? "out" : "the writer");
    *out = NULL;
    if (writer->building && writer->process == mms__process_token())
        return mms__fail(MMS_E_INVALID, "mms_table_begin: a %s of %s has already begun; commit or abort it",
                         writer->in_table ? "table" : "write", writer->place.path);
    return mms__writer_check(writer, false, "mms_table_begin");
}

static int begin(mms_writer *writer, const mms_table_options *options, mms_table **out)
{
    void *data;
    size_t size;
    int code = mms__table_prepare(writer, options);

    if (code == 0)
        code = mms__writer_update(writer, 0, true, &data, &size, NULL);
    if (code != 0)
        return code;
    code = mms__table_begin(writer, data, size, options, out);
    if (code != 0)
        (void)mms_write_abort(writer);
    else
        vouch(*out, false);
    return code;
}

int mms_table_begin(mms_writer *writer, const mms_table_options *options, mms_table **out)
{
    mms_table_options read;
    int code = check_begin(writer, out);

    if (code == 0)
        code = mms__table_options_read(options, &read);
    return code == 0 ? begin(writer, &read, out) : code;
}

/* ---- Typed tables ---- */

static int fail_typed_option(const struct mms_writer *writer, const char *name)
{
    return mms__fail(MMS_E_INVALID,
                     "mms_typed_table_begin: options.%s for %s is not that of the table's type; leave it 0", name,
                     writer->place.path);
}

/* Put what the type decides into the options, unless they contradict it. */
static int add_type(const struct mms_writer *writer, const mms_table_options *type, mms_table_options *options)
{
    if ((options->type_id[0] | options->type_id[1]) != 0 && !mms__same_type(options->type_id, type->type_id))
        return fail_typed_option(writer, "type_id");
    if (options->key_size != 0 && options->key_size != type->key_size)
        return fail_typed_option(writer, "key_size");
    if (options->value_size != 0 && options->value_size != type->value_size)
        return fail_typed_option(writer, "value_size");
    options->type_id[0] = type->type_id[0];
    options->type_id[1] = type->type_id[1];
    options->key_size = type->key_size;
    options->value_size = type->value_size;
    options->schema = type->schema;
    options->schema_size = type->schema_size;
    return 0;
}

int mms__table_begin_typed(mms_writer *writer, const mms_table_options *type, const mms_table_options *given,
                           mms_table **out)
{
    mms_table_options options;
    int code = check_begin(writer, out);

    if (code == 0)
        code = mms__table_options_read(given, &options);
    if (code == 0)
        code = add_type(writer, type, &options);
    return code == 0 ? begin(writer, &options, out) : code;
}

int mms__table_check_type(const mms_table *table, const uint64_t type_id[2], const char *call)
{
    int code = check_table(table, call);

    if (code != 0 || mms__same_type(table->head->type_id, type_id))
        return code;
    return mms__fail(MMS_E_TYPE, "%s: the table %s has type %016llx%016llx, and this is %016llx%016llx", call,
                     table->writer->place.path, (unsigned long long)table->head->type_id[0],
                     (unsigned long long)table->head->type_id[1], (unsigned long long)type_id[0],
                     (unsigned long long)type_id[1]);
}

/* ---- Changes ---- */

static int check_key(const mms_table *table, const void *key, size_t size, const char *call)
{
    int code = check_table(table, call);

    if (code != 0)
        return code;
    if (!key && size > 0)
        return mms__fail(MMS_E_INVALID, "%s: key is NULL and key_size %zu", call, size);
    if (size > MMS_TABLE_KEY_MAX)
        return mms__fail(MMS_E_TOO_BIG, "%s: a key of %zu bytes for %s; the longest has %zu", call, size,
                         table->writer->place.path, MMS_TABLE_KEY_MAX);
    if (table->head->key_size != 0 && table->head->key_size != size)
        return mms__fail(MMS_E_INVALID, "%s: a key of %zu bytes, and those of %s have %llu", call, size,
                         table->writer->place.path, (unsigned long long)table->head->key_size);
    return 0;
}

/* `size` has 64 bits because compilers warn of a comparison that is always false, as it would be
   with a size_t of 32 bits. */
static int check_value(const mms_table *table, uint64_t size, const char *call)
{
    const char *path = table->writer->place.path;

    if (size > MMS_TABLE_VALUE_MAX)
        return mms__fail(MMS_E_TOO_BIG, "%s: a value of %llu bytes for %s; the longest has %llu", call,
                         (unsigned long long)size, path, (unsigned long long)MMS_TABLE_VALUE_MAX);
    if (table->head->value_size != 0 && table->head->value_size != size)
        return mms__fail(MMS_E_INVALID, "%s: a value of %llu bytes, and those of %s have %llu", call,
                         (unsigned long long)size, path, (unsigned long long)table->head->value_size);
    return 0;
}

/* What is put without its type may not be a value of the table's type. */
static void distrust(mms_table *table)
{
    if (table)
        table->writer->vouched = false;
}

static int put(mms_table *table, const mms_key *key, const mms_value *value, const char *call)
{
    void *room;
    int code = check_key(table, key->data, key->size, call);

    if (code == 0)
        code = check_value(table, value->size, call);
    if (code != 0)
        return code;
    if (!value->data && value->size > 0)
        return mms__fail(MMS_E_INVALID, "%s: value is NULL and size %zu", call, value->size);
    code = mms__table_reserve(table, key->data, key->size, value->size, &room);
    if (code == 0 && value->size > 0)
        memcpy(room, value->data, value->size);
    return code;
}

int mms_table_put(mms_table *table, const void *key, size_t key_size, const void *value, size_t size)
{
    distrust(table);
    return put(table, &(mms_key){key, key_size}, &(mms_value){value, size}, "mms_table_put");
}

int mms__table_put_typed(mms_table *table, const mms_key *key, const mms_value *value, const char *call)
{
    return put(table, key, value, call);
}

int mms_table_reserve(mms_table *table, const void *key, size_t key_size, size_t size, void **value)
{
    int code = check_key(table, key, key_size, "mms_table_reserve");

    if (code == 0)
        code = check_value(table, size, "mms_table_reserve");
    if (code != 0)
        return code;
    if (!value)
        return mms__fail(MMS_E_INVALID, "mms_table_reserve: value is NULL");
    distrust(table);
    return mms__table_reserve(table, key, key_size, size, value);
}

int mms_table_put_many(mms_table *table, size_t count, const mms_key *keys, const mms_value *values, size_t *done)
{
    int code = check_table(table, "mms_table_put_many");
    size_t i = 0;

    if (code == 0)
        distrust(table);
    if (code == 0 && count > 0 && (!keys || !values))
        code = mms__fail(MMS_E_INVALID, "mms_table_put_many: %s is NULL", keys ? "values" : "keys");
    while (code == 0 && i < count) {
        if (i % MMS__FETCHED == 0)
            mms__table_fetch(table, count - i < MMS__FETCHED ? count - i : MMS__FETCHED, keys + i);
        code = put(table, &keys[i], &values[i], "mms_table_put_many");
        i += code == 0;
    }
    if (done)
        *done = i;
    return code;
}

int mms_table_delete(mms_table *table, const void *key, size_t key_size)
{
    int code = check_key(table, key, key_size, "mms_table_delete");

    return code == 0 ? mms__table_delete(table, key, key_size) : code;
}

int mms_table_clear(mms_table *table)
{
    int code = check_table(table, "mms_table_clear");

    if (code == 0)
        code = mms__table_clear(table);
    if (code == 0)
        vouch(table, true);
    return code;
}

int mms_table_set_expiry(mms_table *table, uint64_t expires_ns)
{
    int code = check_table(table, "mms_table_set_expiry");

    if (code != 0)
        return code;
    if (!(table->head->flags & MMS__TABLE_EXPIRING))
        return mms__fail(MMS_E_INVALID,
                         "mms_table_set_expiry: entries of %s do not expire; create the table with options.expiring",
                         table->writer->place.path);
    table->expires_ns = expires_ns;
    return 0;
}

/* ---- The end ---- */

int mms_table_commit(mms_table *table, mms_receipt *receipt)
{
    int code = check_table(table, "mms_table_commit");

    if (code == 0)
        code = mms__table_finish(table);
    if (code == 0)
        code = mms__writer_commit(table->writer, (size_t)table->now.size, table->writer->vouched, receipt);
    if (code == 0 && receipt) {
        receipt->table_evicted = table->evicted;
        receipt->table_expired = table->expired;
    }
    return code;
}

int mms_table_abort(mms_table *table)
{
    int code = check_table(table, "mms_table_abort");

    return code == 0 ? mms_write_abort(table->writer) : code;
}

int mms_table_current(mms_table *table, mms_table_view *out)
{
    int code = check_table(table, "mms_table_current");

    if (code != 0)
        return code;
    if (!out)
        return mms__fail(MMS_E_INVALID, "mms_table_current: out is NULL");
    mms__table_show(table, out);
    return 0;
}
