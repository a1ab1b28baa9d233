/* SPDX-License-Identifier: Apache-2.0 */
#include "table_texts.h"
#include "sample.h"
#include <string.h>

struct handles open_table_handles_of(void **state, uint64_t max_size)
{
    mms_writer_options options = sample_options();

    options.max_size = max_size;
    options.check_touch = true;
    return open_handles_with(state, options);
}

struct handles open_table_handles(void **state)
{
    return open_table_handles_of(state, 4u << 20);
}

mms_table *begin_table_with(struct handles *handles, const mms_table_options *options)
{
    mms_table *table;

    check_ok(mms_table_begin(handles->writer, options, &table));
    return table;
}

mms_table *begin_table(struct handles *handles)
{
    return begin_table_with(handles, NULL);
}

void put_text(mms_table *table, const char *key, const char *value)
{
    check_ok(mms_table_put(table, key, strlen(key), value, strlen(value)));
}

void publish_entry(struct handles *handles, const char *key, const char *value)
{
    mms_table *table = begin_table(handles);

    put_text(table, key, value);
    check_ok(mms_table_commit(table, NULL));
}

mms_table_view read_table(struct handles *handles)
{
    mms_view view;
    mms_table_view table;

    check_ok(mms_read(handles->reader, &view));
    check_ok(mms_table_of(&view, &table));
    check_ok(mms_table_check(&table));
    return table;
}

void check_has_text(const mms_table_view *view, const char *key, const char *text)
{
    size_t size;
    const void *value = mms_table_get(view, key, strlen(key), &size);

    check_true((value != NULL) == (text != NULL));
    if (!text)
        return;
    check_equal(size, strlen(text));
    check_memory(value, text, size);
}

void check_entry(struct handles *handles, const char *key, const char *text)
{
    mms_table_view view = read_table(handles);

    check_has_text(&view, key, text);
    check_ok(mms_release(handles->reader));
}
