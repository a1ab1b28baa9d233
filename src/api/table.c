/* SPDX-License-Identifier: Apache-2.0 */
/* The writer's calls for tables. Those of readers are in src/table/look.c. */
#include "api/options.h"
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

int mms_table_begin(mms_writer *writer, const mms_table_options *options, mms_table **out)
{
    mms_table_options read;
    int code;

    if (!writer || !out)
        return mms__fail(MMS_E_INVALID, "mms_table_begin: %s is NULL", writer ? "out" : "the writer");
    *out = NULL;
    if (writer->building && writer->process == mms__process_token())
        return mms__fail(MMS_E_INVALID, "mms_table_begin: a %s of %s has already begun; commit or abort it",
                         writer->in_table ? "table" : "write", writer->place.path);
    code = mms__table_options_read(options, &read);
    return code == 0 ? mms__table_begin(writer, &read, out) : code;
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

/* 64 bits, also where no value can be that large: a comparison that is always false is a warning. */
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
    return put(table, &(mms_key){key, key_size}, &(mms_value){value, size}, "mms_table_put");
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
    return mms__table_reserve(table, key, key_size, size, value);
}

int mms_table_put_many(mms_table *table, size_t count, const mms_key *keys, const mms_value *values, size_t *done)
{
    int code = check_table(table, "mms_table_put_many");
    size_t i = 0;

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

    return code == 0 ? mms__table_clear(table) : code;
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

    return code == 0 ? mms__table_commit(table, receipt) : code;
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
