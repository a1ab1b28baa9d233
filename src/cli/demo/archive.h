/* SPDX-License-Identifier: Apache-2.0 */
/* The value that the demo publishes: an archive of the schema registry.rs, in which readers
   look things up in place, with the functions that mmsc generated. A reader checks the
   structure of each generation once, when it first reads it; from then on pointers lead nowhere
   else. The demo then doubts the contents too: the serial of the table stands in its root and
   in every record, so that a single look-up can tell that two generations are mixed, and a
   checksum covers every byte. */
#ifndef MMS_CLI_DEMO_ARCHIVE_H
#define MMS_CLI_DEMO_ARCHIVE_H

#include "cli/demo/data.h"
#include "registry.h"

/* ---- Building ---- */

struct archive_builder {
    HashMap_String_Record_entry *entries;
    Registry value;
};

/* Room for that many entries; 0 or -ENOMEM. */
int archive_prepare(struct archive_builder *builder, uint32_t capacity, const char *title);
void archive_release(struct archive_builder *builder);

/* A new table: start, then add each entry. What an entry points to must stay until the table is
   written. */
void archive_start(struct archive_builder *builder, uint64_t serial);
void archive_add(struct archive_builder *builder, const struct data_entry *entry);

/* The exact size, and the bytes: to a buffer with `capacity` bytes, aligned to 16;
   MMS_E_TOO_BIG if that is not enough, after a part of them. Return a code of the library. */
int archive_size(const struct archive_builder *builder, size_t *size);
int archive_write(const struct archive_builder *builder, void *buffer, size_t capacity, size_t *size);

/* ---- Searching ---- */

enum find_result { FIND_FOUND, FIND_ABSENT, FIND_TORN };

/* In a table whose structure was checked. FIND_TORN: it has another serial, or the record has. */
enum find_result archive_find(const ArchivedRegistry *table, uint64_t serial, const char *key, size_t key_size,
                              const ArchivedRecord **found);

/* ---- Checking ---- */

/* Of a table whose structure was checked: NULL if serial and checksum are right, else what is
   wrong. */
const char *archive_check_bytes(const ArchivedRegistry *table, const void *data, size_t size, uint64_t serial);
/* The same, and the structure. */
const char *archive_check(const void *data, size_t size, uint64_t serial);

#endif
