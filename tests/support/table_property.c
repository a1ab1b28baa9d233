/* SPDX-License-Identifier: Apache-2.0 */
#include "table_property.h"
#include "memory_writer.h"

enum { KEYS = 40 };

/* Every byte that a caller would use. */
static unsigned use(const void *data, size_t size)
{
    const volatile unsigned char *bytes = data;
    unsigned sum = 0;

    for (size_t i = 0; i < size; i++)
        sum += bytes[i];
    return sum;
}

static void get_some(const mms_table_view *view)
{
    uint64_t numbers[KEYS];
    mms_key keys[KEYS];
    mms_value values[KEYS];

    for (uint64_t i = 0; i < KEYS; i++) {
        numbers[i] = i;
        keys[i] = (mms_key){&numbers[i], 1 + i % 8};
    }
    mms_table_get_many(view, KEYS, keys, values);
    for (size_t i = 0; i < KEYS; i++) {
        size_t size = 0;
        const void *value = mms_table_get(view, keys[i].data, keys[i].size, &size);

        use(value, value ? size : 0);
        use(values[i].data, values[i].data ? values[i].size : 0);
    }
}

/* However the bytes change, an iteration sees no more words than fit into the view, each of them
   no more often than a bucket may have nodes. */
static void get_all(const mms_table_view *view)
{
    mms_table_cursor cursor = MMS_TABLE_CURSOR_INIT;
    uint64_t entries = 0;
    mms_entry entry;

    while (mms_table_next(view, &cursor, &entry)) {
        if (++entries > view->size / 64 * 256)
            check_failed(__FILE__, __LINE__, "an iteration of %zu bytes goes on for ever", view->size);
        if (entries > 1000)
            continue; /* damaged ones may all be the same large one */
        use(entry.key.data, entry.key.size);
        use(entry.value.data, entry.value.size);
    }
}

int table_property_read(const void *bytes, size_t size)
{
    mms_view view = {.data = bytes, .size = size};
    mms_table_info info;
    mms_table_view table;
    int code = mms_table_of(&view, &table);

    if (code != 0)
        return code;
    mms_table_describe(&table, &info);
    get_some(&table);
    get_all(&table);
    return mms_table_check(&table);
}

static int change_some(mms_table *table)
{
    int code = 0;

    for (uint64_t key = 0; code == 0 && key < KEYS; key++) {
        code = mms_table_put(table, &key, 1 + key % 8, "a new value, longer than the last", 4 + (size_t)key % 30);
        if (key % 3 == 0 && code == 0)
            code = mms_table_delete(table, &key, 1 + key % 8);
        if (code == MMS_E_NOT_FOUND || code == MMS_E_TOO_BIG)
            code = 0;
    }
    return code;
}

static int change_and_commit(mms_writer *writer)
{
    mms_table *table;
    int code = mms_table_begin(writer, NULL, &table);

    if (code != 0)
        return code;
    code = change_some(table);
    if (code == 0 || code == MMS_E_INVALID) /* another size than the table's */
        code = mms_table_commit(table, NULL);
    if (code != 0)
        check_ok(mms_table_abort(table));
    return code;
}

int table_property_write(const void *bytes, size_t size)
{
    mms_writer *writer = memory_writer_open(bytes, size);
    const void *value;
    int code;

    memory_writer_limit(size + (64 << 10));
    code = change_and_commit(writer);
    if (code == 0)
        code = change_and_commit(writer);
    value = memory_writer_value(&size);
    (void)table_property_read(value, size);
    memory_writer_close();
    return code;
}
