/* SPDX-License-Identifier: Apache-2.0 */
/* The value that the demo publishes: a table that is searched where it lies.

       header | records, ordered by the hash of their key | index | pool of keys and values

   The top bits of a hash choose a bucket; index[bucket] .. index[bucket + 1] are its records, four at most on average.
   The serial of the table stands in the header and in every record, so that a single look-up can tell that two
   generations are mixed; a checksum covers every byte. Nothing in a table is believed before it is checked against the
   size of the view: a reader survives a torn table, and can say so. Native byte order; no format for keeping. */
#ifndef MMS_CLI_DEMO_TABLE_H
#define MMS_CLI_DEMO_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table_header {
    char magic[8];
    uint64_t serial;
    uint64_t size; /* of everything, this header too */
    uint32_t records;
    uint32_t bucket_bits;
    uint32_t index_offset;
    uint32_t pool_offset;
    uint64_t reserved[2];
    uint64_t checksum; /* over all other bytes */
};

struct table_record {
    uint64_t hash;
    uint64_t stamp;  /* the serial of the table */
    uint32_t number; /* of the record in the data set */
    uint32_t text;   /* in the pool: the key, then the value */
    uint16_t key_size;
    uint16_t value_size;
    uint32_t flags;
};

_Static_assert(sizeof(struct table_header) == 64 && sizeof(struct table_record) == 32, "no padding: all is summed");

/* What goes into a table. */
struct table_entry {
    const char *key;
    const char *value;
    uint64_t hash; /* table_hash of the key */
    uint32_t number;
    uint32_t flags;
    uint16_t key_size;
    uint16_t value_size;
};

uint64_t table_hash(const void *key, size_t size);

/* ---- Building ---- */

struct table_builder {
    unsigned char *base;
    struct table_record *records;
    uint32_t *index;
    unsigned char *pool;
    uint32_t expected, added, bucket, pool_used, bucket_bits;
    uint64_t serial;
};

/* Bytes of a table with so many records, whose keys and values have text_size bytes together; UINT32_MAX at most. */
uint64_t table_size(uint32_t records, uint64_t text_size);

/* `buffer` has table_size(records, text_size) bytes, aligned to 8. Add exactly `records` entries, ordered by hash, with
   exactly text_size bytes of text, and then finish. */
void table_start(struct table_builder *builder, void *buffer, uint64_t serial, uint32_t records);
void table_add(struct table_builder *builder, const struct table_entry *entry);
/* Returns the size of the table. */
size_t table_finish(struct table_builder *builder);

/* ---- Searching ---- */

/* Copied from the header once checked: what may be torn must not be asked twice. */
struct table {
    const struct table_record *records;
    const uint32_t *index;
    const char *pool;
    size_t pool_size;
    uint64_t serial;
    uint32_t count; /* of records */
    uint32_t bucket_bits;
};

enum table_result { TABLE_FOUND, TABLE_ABSENT, TABLE_TORN };

/* Look at a header; constant time. False if this is no table of that serial with exactly `size` bytes. */
bool table_open(struct table *table, const void *data, size_t size, uint64_t serial);
/* `found` is a copy: what it was checked for stays true of it, even if the table changes under the reader's hands. */
enum table_result table_find(const struct table *table, const char *key, size_t key_size, struct table_record *found);
/* Key and value of a record that table_find gave. */
const char *table_key(const struct table *table, const struct table_record *record);
const char *table_value(const struct table *table, const struct table_record *record);

/* Check everything. NULL if the table is whole, else what is wrong with it. */
const char *table_check(const void *data, size_t size, uint64_t serial);

#endif
