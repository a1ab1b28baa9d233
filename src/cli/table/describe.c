/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/table/describe.h"
#include "cli/message.h"
#include <stdio.h>

static bool describe_view(mms_reader *reader, mms_table_info *out)
{
    mms_table_view table;
    mms_view view;
    bool is_table = mms_read(reader, &view) == 0 && mms_table_of(&view, &table) == 0;

    if (is_table)
        mms_table_describe(&table, out);
    return mms_release(reader) == 0 && is_table;
}

bool describe_table(const char *path, mms_table_info *out)
{
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    mms_region *region = NULL;
    mms_reader *reader = NULL;
    bool is_table;

    options.force_filesystem = true;
    is_table = mms_region_open(path, &options, &region) == 0 && !mms_region_read_only(region) &&
               mms_reader_open(region, &reader) == 0 && describe_view(reader, out);
    mms_reader_close(reader);
    mms_region_close(region);
    return is_table;
}

static const char *format_each(char text[TEXT_SIZE], uint64_t size)
{
    if (size == 0)
        snprintf(text, TEXT_SIZE, "any size");
    else
        snprintf(text, TEXT_SIZE, "%llu bytes", (unsigned long long)size);
    return text;
}

void print_table(const mms_table_info *table)
{
    char keys[TEXT_SIZE], values[TEXT_SIZE], text[TEXT_SIZE];
    double each = table->buckets ? (double)table->count / (double)table->buckets : 0;

    printf("table        %llu entries in %llu buckets, %.1f each; keys of %s, values of %s\n",
           (unsigned long long)table->count, (unsigned long long)table->buckets, each,
           format_each(keys, table->key_size), format_each(values, table->value_size));
    printf("entries      take %llu bytes (%s)", (unsigned long long)table->bytes,
           format_size(text, (double)table->bytes));
    printf(", and %llu bytes of the value are free\n", (unsigned long long)table->free_bytes);
    if (table->max_bytes)
        printf("cache        at most %llu bytes; %llu evicted\n", (unsigned long long)table->max_bytes,
               (unsigned long long)table->evicted);
    if (table->expiring)
        printf("expiry       %llu expired and removed\n", (unsigned long long)table->expired);
}
