/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/table/changed_keys.h"
#include "cli/cmd.h"
#include <ctype.h>
#include <string.h>

struct comparison {
    const mms_table_view *before, *now;
    const mms_range *ranges;
    size_t count;
    const struct notation *notation;
};

/* The key is on a line of its own, so control characters are escaped. */
static int print_key(const char *what, const mms_key *key, const struct notation *notation)
{
    struct bytes text = {.data = NULL};
    int status = notation_text(notation, "a key", key->data, key->size, &text);

    if (!status)
        printf(" %s ", what);
    for (size_t i = 0; i < text.size && !status; i++) {
        unsigned char byte = (unsigned char)text.data[i];

        printf(iscntrl(byte) || (byte == '\\' && !notation_is_typed(notation)) ? "\\x%02x" : "%c", byte);
    }
    if (!status)
        putchar('\n');
    bytes_free(&text);
    return status;
}

/* A put touches all bytes of its value, so if one is in no range, it was not put. The ranges
   ascend and do not overlap, so the first one that ends after `start` decides. */
static bool may_differ(const struct comparison *comparison, const mms_entry *entry)
{
    uint64_t start = (uint64_t)((const char *)entry->value.data - (const char *)comparison->now->data);
    uint64_t end = start + entry->value.size;
    size_t low = 0, high = comparison->count;

    if (!comparison->ranges || start == end)
        return true;
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (comparison->ranges[middle].offset + comparison->ranges[middle].length <= start)
            low = middle + 1;
        else
            high = middle;
    }
    return low < comparison->count && comparison->ranges[low].offset < end;
}

static bool same_value(const mms_table_view *view, const mms_entry *entry, bool *there)
{
    size_t size;
    const void *value = mms_table_get(view, entry->key.data, entry->key.size, &size);

    *there = value != NULL;
    return value && size == entry->value.size && memcmp(value, entry->value.data, size) == 0;
}

/* Adds to *added how many keys are new. */
static int print_put(const struct comparison *comparison, uint64_t *added)
{
    mms_table_cursor cursor = MMS_TABLE_CURSOR_INIT;
    mms_entry entry;
    bool there;

    while (mms_table_next(comparison->now, &cursor, &entry)) {
        if (!may_differ(comparison, &entry) || same_value(comparison->before, &entry, &there))
            continue;
        *added += !there;
        if (print_key("put", &entry.key, comparison->notation))
            return EXIT_FAILED;
    }
    return EXIT_OK;
}

static int print_deleted(const struct comparison *comparison)
{
    mms_table_cursor cursor = MMS_TABLE_CURSOR_INIT;
    mms_entry entry;

    while (mms_table_next(comparison->before, &cursor, &entry))
        if (!mms_table_get(comparison->now, entry.key.data, entry.key.size, NULL) &&
            print_key("del", &entry.key, comparison->notation))
            return EXIT_FAILED;
    return EXIT_OK;
}

int print_changed_keys(const mms_table_view *before, const mms_table_view *now, const mms_range *ranges, size_t count,
                       const struct notation *notation)
{
    const struct comparison comparison = {before, now, ranges, count, notation};
    mms_table_info info;
    uint64_t added = 0;

    if (print_put(&comparison, &added))
        return EXIT_FAILED;
    mms_table_describe(now, &info);
    if (!info.expiring && mms_table_count(before) + added == mms_table_count(now))
        return EXIT_OK; /* none was deleted */
    return print_deleted(&comparison);
}
