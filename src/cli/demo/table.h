/* SPDX-License-Identifier: Apache-2.0 */
/* The value that the demo publishes: an archive of the schema registry.rs, in which readers
   look things up in place, with the functions that mmsc generated. A reader checks the
   structure of each generation once, when it first reads it; from then on pointers lead nowhere
   else. The demo then doubts the contents too: the serial of the table stands in its root and
   in every record, so that a single look-up can tell that two generations are mixed, and a
   checksum covers every byte. */
#ifndef MMS_CLI_DEMO_TABLE_H
#define MMS_CLI_DEMO_TABLE_H

#include "registry.h"

/* What goes into a table. */
struct table_entry {
    const char *key;
    const char *value;
    uint64_t hash; /* of the key; orders the data set */
    uint32_t number;
    uint32_t flags;
    uint16_t key_size;
    uint16_t value_size;
};

/* ---- Building ---- */

struct table_builder {
    HashMap_String_Record_entry *entries;
    Registry value;
};

/* Room for that many entries; 0 or -ENOMEM. */
int table_prepare(struct table_builder *builder, uint32_t capacity, const char *title);
void table_release(struct table_builder *builder);

/* A new table: start, then add each entry. What an entry points to must stay until the table is
   written. */
void table_start(struct table_builder *builder, uint64_t serial);
void table_add(struct table_builder *builder, const struct table_entry *entry);

/* The exact size, and the bytes: to a buffer with `capacity` bytes, aligned to 16;
   MMS_E_TOO_BIG if that is not enough, after a part of them. Return a code of the library. */
int table_size(const struct table_builder *builder, size_t *size);
int table_write(const struct table_builder *builder, void *buffer, size_t capacity, size_t *size);

/* ---- Searching ---- */

enum table_result { TABLE_FOUND, TABLE_ABSENT, TABLE_TORN };

/* In a table whose structure was checked. TABLE_TORN: it has another serial, or the record has. */
enum table_result table_find(const ArchivedRegistry *table, uint64_t serial, const char *key, size_t key_size,
                             const ArchivedRecord **found);

/* ---- Checking ---- */

/* Of a table whose structure was checked: NULL if serial and checksum are right, else what is
   wrong. */
const char *table_check_bytes(const ArchivedRegistry *table, const void *data, size_t size, uint64_t serial);
/* The same, and the structure. */
const char *table_check(const void *data, size_t size, uint64_t serial);

#endif
