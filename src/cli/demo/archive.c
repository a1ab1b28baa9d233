/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/demo/archive.h"
#include "cli/message.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

/* The checksum is the last field, so what it covers is in one piece. */
static uint64_t checksum_of(const void *data, size_t size)
{
    return XXH3_64bits(data, size - sizeof(ArchivedRegistry) + offsetof(ArchivedRegistry, checksum));
}

/* ---- Building ---- */

int archive_prepare(struct archive_builder *builder, uint32_t capacity, const char *title)
{
    *builder = (struct archive_builder){.entries = calloc(capacity, sizeof *builder->entries)};
    builder->value.title = mms_str_of(title);
    builder->value.records.data = builder->entries;
    return builder->entries ? 0 : -ENOMEM;
}

void archive_release(struct archive_builder *builder)
{
    free(builder->entries);
    *builder = (struct archive_builder){.entries = NULL};
}

void archive_start(struct archive_builder *builder, uint64_t serial)
{
    builder->value.serial = serial;
    builder->value.records.count = 0;
}

void archive_add(struct archive_builder *builder, const struct data_entry *entry)
{
    builder->entries[builder->value.records.count++] = (HashMap_String_Record_entry){
        .key = {entry->key, entry->key_size},
        .value = {.stamp = builder->value.serial,
                  .number = entry->number,
                  .rules = entry->flags,
                  .name = {entry->value, entry->value_size}},
    };
}

int archive_size(const struct archive_builder *builder, size_t *size)
{
    return Registry_size(&builder->value, size);
}

int archive_write(const struct archive_builder *builder, void *buffer, size_t capacity, size_t *size)
{
    int code = Registry_serialize(&builder->value, buffer, capacity, size);
    ArchivedRegistry *root;

    if (code)
        return code;
    root = (void *)((char *)buffer + *size - sizeof *root);
    root->checksum = checksum_of(buffer, *size);
    return 0;
}

/* ---- Searching ---- */

enum find_result archive_find(const ArchivedRegistry *table, uint64_t serial, const char *key, size_t key_size,
                              const ArchivedRecord **found)
{
    if (table->serial != serial)
        return FIND_TORN;
    *found = HashMap_String_Record_get(&table->records, (mms_str){key, key_size});
    if (!*found)
        return FIND_ABSENT;
    return (*found)->stamp == serial ? FIND_FOUND : FIND_TORN;
}

/* ---- Checking ---- */

const char *archive_check_bytes(const ArchivedRegistry *table, const void *data, size_t size, uint64_t serial)
{
    if (table->serial != serial)
        return "the table is that of another generation";
    if (table->checksum != checksum_of(data, size))
        return "the checksum does not match";
    return NULL;
}

const char *archive_check(const void *data, size_t size, uint64_t serial)
{
    const ArchivedRegistry *table = Registry_check(data, size);

    return table ? archive_check_bytes(table, data, size, serial) : last_error();
}
