/* SPDX-License-Identifier: Apache-2.0 */
/* Tables. BENCH_TABLES: the library has them. */
#include "mmsync_own.h"
#include "values.h"
#ifdef BENCH_TABLES
#include <mmsync/table.h>

enum { AT_ONCE = 16 };

static mms_table *own;

static int load_begin(size_t count)
{
    mms_table_options options = MMS_TABLE_OPTIONS_INIT;

    options.expected = count;
    return mms_table_begin(mmsync_writer, &options, &own);
}

/* As many keys at once as the library fetches ahead. */
static int put_some(const struct bench_some *some, size_t at, size_t count)
{
    size_t size = values_size(mmsync_texts);
    char bytes[AT_ONCE][VALUES_LONGEST];
    mms_value values[AT_ONCE];
    mms_key keys[AT_ONCE];

    for (size_t i = 0; i < count; i++) {
        values_fill(bytes[i], size, some->numbers[at + i], some->stamp);
        values[i] = (mms_value){bytes[i], size};
        keys[i] = (mms_key){some->keys[at + i].data, some->keys[at + i].size};
    }
    return mms_table_put_many(own, count, keys, values, NULL);
}

static int load(const struct bench_some *some)
{
    int code = 0;

    for (size_t at = 0; at < some->count && code == 0; at += AT_ONCE)
        code = put_some(some, at, some->count - at < AT_ONCE ? some->count - at : AT_ONCE);
    return code;
}

static int load_end(uint64_t *bytes)
{
    mms_receipt receipt;
    int code = mms_table_commit(own, &receipt);

    *bytes = receipt.size;
    return code;
}

static int put_one(const struct bench_some *some)
{
    char value[VALUES_LONGEST];
    size_t size = values_size(mmsync_texts);

    values_fill(value, size, some->numbers[0], some->stamp);
    return mms_table_put(own, some->keys[0].data, some->keys[0].size, value, size);
}

static int put(const struct bench_some *some)
{
    int code = mms_table_begin(mmsync_writer, NULL, &own);

    if (code == 0)
        code = some->count == 1 ? put_one(some) : load(some);
    return code == 0 ? mms_table_commit(own, NULL) : code;
}

static void begin_read(mms_reader *reader, mms_view *view, mms_table_view *table)
{
    if (mms_read(reader, view) != 0)
        mmsync_stop("mms_read");
    if (mms_table_follow(view, table) != 0)
        mmsync_stop("mms_table_follow");
}

static void end_read(mms_reader *reader)
{
    if (mms_release(reader) != 0)
        mmsync_stop("mms_release");
}

static uint64_t get(void *reader, const struct bench_some *some)
{
    size_t wanted = values_size(mmsync_texts), size = 0;
    mms_table_view table = MMS_TABLE_VIEW_INIT;
    uint64_t found = 0;

    for (size_t i = 0; i < some->count; i++) {
        mms_view view;
        const void *value;

        begin_read(reader, &view, &table);
        value = mms_table_get(&table, some->keys[i].data, some->keys[i].size, &size);
        found += value && size == wanted && values_is(value, wanted, some->numbers[i], some->stamp);
        end_read(reader);
    }
    return found;
}

enum { MANY = 256 };

static uint64_t get_part(const mms_table_view *table, const struct bench_some *some, size_t at, size_t count)
{
    size_t wanted = values_size(mmsync_texts);
    mms_value values[MANY];
    mms_key keys[MANY];
    uint64_t found = 0;

    for (size_t i = 0; i < count; i++)
        keys[i] = (mms_key){some->keys[at + i].data, some->keys[at + i].size};
    (void)mms_table_get_many(table, count, keys, values);
    for (size_t i = 0; i < count; i++)
        found += values[i].data && values[i].size == wanted &&
                 values_is(values[i].data, wanted, some->numbers[at + i], some->stamp);
    return found;
}

static uint64_t get_many(void *reader, const struct bench_some *some)
{
    mms_table_view table = MMS_TABLE_VIEW_INIT;
    uint64_t found = 0;
    mms_view view;

    begin_read(reader, &view, &table);
    for (size_t at = 0; at < some->count; at += MANY)
        found += get_part(&table, some, at, some->count - at < MANY ? some->count - at : MANY);
    end_read(reader);
    return found;
}

const struct bench_keys mmsync_keys = {load_begin, load, load_end, put, get, get_many};
#else
const struct bench_keys mmsync_keys = {.put = NULL};
#endif
