/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/demo_table.h"
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

static const char table_magic[8] = "mmsdemo";

uint64_t table_hash(const void *key, size_t size)
{
    return XXH3_64bits(key, size);
}

/* At least two buckets, so that a shift by 64 never happens. */
static uint32_t bucket_bits_for(uint32_t records)
{
    uint32_t bits = 1;

    while (bits < 30 && records >> bits > 2)
        bits++;
    return bits;
}

static uint32_t bucket_of(uint64_t hash, uint32_t bucket_bits)
{
    return (uint32_t)(hash >> (64 - bucket_bits));
}

static uint64_t index_offset_for(uint32_t records)
{
    return sizeof(struct table_header) + (uint64_t)records * sizeof(struct table_record);
}

static uint64_t pool_offset_for(uint32_t records, uint32_t bucket_bits)
{
    return index_offset_for(records) + ((UINT64_C(1) << bucket_bits) + 1) * sizeof(uint32_t);
}

static uint64_t checksum_of(const struct table_header *header, size_t size)
{
    uint64_t seed = XXH3_64bits(header, offsetof(struct table_header, checksum));

    return XXH3_64bits_withSeed(header + 1, size - sizeof *header, seed);
}

/* ---- Building ---- */

uint64_t table_size(uint32_t records, uint64_t text_size)
{
    return pool_offset_for(records, bucket_bits_for(records)) + text_size;
}

void table_start(struct table_builder *builder, void *buffer, uint64_t serial, uint32_t records)
{
    uint32_t bits = bucket_bits_for(records);
    unsigned char *base = buffer;

    *builder = (struct table_builder){
        .base = base,
        .records = (void *)(base + sizeof(struct table_header)),
        .index = (void *)(base + index_offset_for(records)),
        .pool = base + pool_offset_for(records, bits),
        .expected = records,
        .bucket_bits = bits,
        .serial = serial,
    };
}

static void close_buckets(struct table_builder *builder, uint32_t end)
{
    while (builder->bucket < end)
        builder->index[builder->bucket++] = builder->added;
}

void table_add(struct table_builder *builder, const struct table_entry *entry)
{
    unsigned char *text = builder->pool + builder->pool_used;

    close_buckets(builder, bucket_of(entry->hash, builder->bucket_bits) + 1);
    builder->records[builder->added++] = (struct table_record){
        .hash = entry->hash,
        .stamp = builder->serial,
        .number = entry->number,
        .text = builder->pool_used,
        .key_size = entry->key_size,
        .value_size = entry->value_size,
        .flags = entry->flags,
    };
    memcpy(text, entry->key, entry->key_size);
    memcpy(text + entry->key_size, entry->value, entry->value_size);
    builder->pool_used += (uint32_t)entry->key_size + entry->value_size;
}

size_t table_finish(struct table_builder *builder)
{
    struct table_header *header = (void *)builder->base;
    uint32_t pool_offset = (uint32_t)(builder->pool - builder->base);

    close_buckets(builder, (UINT32_C(1) << builder->bucket_bits) + 1);
    *header = (struct table_header){
        .serial = builder->serial,
        .size = (uint64_t)pool_offset + builder->pool_used,
        .records = builder->added,
        .bucket_bits = builder->bucket_bits,
        .index_offset = (uint32_t)index_offset_for(builder->expected),
        .pool_offset = pool_offset,
    };
    memcpy(header->magic, table_magic, sizeof header->magic);
    header->checksum = checksum_of(header, (size_t)header->size);
    return (size_t)header->size;
}

/* ---- Searching ---- */

bool table_open(struct table *table, const void *data, size_t size, uint64_t serial)
{
    const volatile struct table_header *there = data;
    const unsigned char *base = data;
    struct table_header header;

    if (size < sizeof header)
        return false;
    header = *there; /* once, as in read_record */
    if (memcmp(header.magic, table_magic, sizeof header.magic) || header.size != size || header.serial != serial)
        return false;
    if (header.bucket_bits < 1 || header.bucket_bits > 30 || header.pool_offset > size ||
        header.index_offset != index_offset_for(header.records) ||
        header.pool_offset != pool_offset_for(header.records, header.bucket_bits))
        return false;
    *table = (struct table){
        .records = (const void *)(base + sizeof header),
        .index = (const void *)(base + header.index_offset),
        .pool = (const char *)base + header.pool_offset,
        .pool_size = size - header.pool_offset,
        .serial = serial,
        .count = header.records,
        .bucket_bits = header.bucket_bits,
    };
    return true;
}

static bool record_is_sound(const struct table *table, const struct table_record *record)
{
    return record->stamp == table->serial &&
           (uint64_t)record->text + record->key_size + record->value_size <= table->pool_size;
}

/* Volatile: read once, before it is checked, and never again. */
static struct table_record read_record(const struct table *table, uint32_t i)
{
    const volatile struct table_record *record = &table->records[i];

    return *record;
}

static uint32_t read_index(const struct table *table, uint32_t i)
{
    const volatile uint32_t *index = &table->index[i];

    return *index;
}

enum table_result table_find(const struct table *table, const char *key, size_t key_size, struct table_record *found)
{
    uint64_t hash = table_hash(key, key_size);
    uint32_t bucket = bucket_of(hash, table->bucket_bits);
    uint32_t first = read_index(table, bucket), end = read_index(table, bucket + 1);

    if (first > end || end > table->count)
        return TABLE_TORN;
    for (uint32_t i = first; i < end; i++) {
        struct table_record record = read_record(table, i);

        if (!record_is_sound(table, &record))
            return TABLE_TORN;
        if (record.hash == hash && record.key_size == key_size && !memcmp(table_key(table, &record), key, key_size)) {
            *found = record;
            return TABLE_FOUND;
        }
    }
    return TABLE_ABSENT;
}

const char *table_key(const struct table *table, const struct table_record *record)
{
    return table->pool + record->text;
}

const char *table_value(const struct table *table, const struct table_record *record)
{
    return table->pool + record->text + record->key_size;
}

/* ---- Checking ---- */

static const char *check_records(const struct table *table)
{
    for (uint32_t i = 0; i < table->count; i++) {
        if (!record_is_sound(table, &table->records[i]))
            return "a record carries the stamp of another table, or points outside";
        if (i && table->records[i].hash < table->records[i - 1].hash)
            return "the records are out of order";
    }
    return NULL;
}

static const char *check_index(const struct table *table)
{
    uint32_t buckets = UINT32_C(1) << table->bucket_bits;

    for (uint32_t i = 0; i < buckets; i++)
        if (table->index[i] > table->index[i + 1])
            return "the index goes backwards";
    if (table->index[0] != 0 || table->index[buckets] != table->count)
        return "the index does not cover the records";
    return NULL;
}

const char *table_check(const void *data, size_t size, uint64_t serial)
{
    const struct table_header *header = data;
    struct table table;
    const char *wrong;

    if (!table_open(&table, data, size, serial))
        return "the header belongs to another table, or is damaged";
    if (header->checksum != checksum_of(header, size))
        return "the checksum does not match";
    wrong = check_records(&table);
    return wrong ? wrong : check_index(&table);
}
