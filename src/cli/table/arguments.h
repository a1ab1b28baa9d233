/* SPDX-License-Identifier: Apache-2.0 */
/* Options and arguments that the verbs for tables share. */
#ifndef MMS_CLI_TABLE_ARGUMENTS_H
#define MMS_CLI_TABLE_ARGUMENTS_H

#include "cli/table/notation.h"
#include "cli/writer_arguments.h"
#include <mmsync/table.h>

/* Verbs that read. */
enum {
    TABLE_KEYS = WRITER_OPTIONS_END,
    TABLE_VALUES,
    TABLE_FORCE_FILESYSTEM,
    TABLE_TRUST,
    TABLE_EXPECTED,
    TABLE_MAX_BYTES,
    TABLE_EXPIRING,
    TABLE_OPTIONS_END
};

/* clang-format off */
#define TABLE_KIND_OPTIONS \
    {"keys", required_argument, NULL, TABLE_KEYS}, \
    {"values", required_argument, NULL, TABLE_VALUES}

#define TABLE_READ_OPTIONS \
    {"force-filesystem", no_argument, NULL, TABLE_FORCE_FILESYSTEM}, \
    {"trust", required_argument, NULL, TABLE_TRUST}

#define TABLE_CREATE_OPTIONS \
    {"expected", required_argument, NULL, TABLE_EXPECTED}, \
    {"max-bytes", required_argument, NULL, TABLE_MAX_BYTES}, \
    {"expiring", no_argument, NULL, TABLE_EXPIRING}

/* As WRITER_OPTIONS, for tables: mmap-sync's files have none. */
#define TABLE_WRITER_OPTIONS \
    {"max-size", required_argument, NULL, WRITER_MAX_SIZE}, \
    {"max-slots", required_argument, NULL, WRITER_MAX_SLOTS}, \
    {"max-readers", required_argument, NULL, WRITER_MAX_READERS}, \
    {"mode", required_argument, NULL, WRITER_MODE}, \
    {"readers-mode", required_argument, NULL, WRITER_READERS_MODE}, \
    {"group", required_argument, NULL, WRITER_GROUP}, \
    {"durable", no_argument, NULL, WRITER_DURABLE}, \
    {"replace", no_argument, NULL, WRITER_REPLACE}, \
    {"grace", required_argument, NULL, WRITER_GRACE}, \
    {"evict", no_argument, NULL, WRITER_EVICT}, \
    {"lock-wait", required_argument, NULL, WRITER_LOCK_WAIT}, \
    {"force-filesystem", no_argument, NULL, WRITER_FORCE_FILESYSTEM}, \
    {"trust", required_argument, NULL, WRITER_TRUST}, \
    EXPECT_OPTION, \
    KEEP_OPTION

#define HELP_OF_KEYS \
    "      --keys KIND         how a key is written: text, hex, u32 or u64, an integer of the\n" \
    "                          machine (as its type says, or else text)\n"
#define HELP_OF_VALUES \
    "      --values KIND       the same for values (JSON of its type, or else text)\n"

#define HELP_OF_TABLE_READ \
    "      --force-filesystem  accept a file system that mmsync is not tested on\n" \
    "      --trust USER        accept a region NAME that belongs to USER\n"

#define HELP_OF_NEW_TABLE \
    "      --expected N        make room for N entries; it grows as needed\n" \
    "      --max-bytes SIZE    a cache: past SIZE of memory the entries that were written\n" \
    "                          longest ago are evicted (no limit)\n" \
    "      --expiring          entries may expire\n"

#define HELP_OF_TABLE_WRITE \
    HELP_OF_EXPECT \
    HELP_OF_KEEP \
    "      --grace MS          how long to wait for readers that hold every slot, or\n" \
    "                          'forever' (1000)\n" \
    "      --evict             then take slots from readers that allow it\n" \
    "      --lock-wait MS      how long to wait for another writer to end, or\n" \
    "                          'forever' (2000)\n" HELP_OF_TABLE_READ
/* clang-format on */

/* What they say. */
struct table_arguments {
    struct writer_arguments writer; /* of verbs that write */
    mms_region_options region;      /* of verbs that read */
    mms_table_options table;
    struct notation keys, values;
};

void table_arguments_init(struct table_arguments *arguments);
/* One of these options, with its value in optarg. */
void set_table_option(const struct verb *verb, struct table_arguments *arguments, int option);

/* Once the table is known: how keys and values are written if no option has said so. */
void table_arguments_settle(struct table_arguments *arguments, const struct table_types *types);

/* As count_operands, but only the region must not be empty. */
int count_table_operands(const struct verb *verb, int argc, char **argv, int least);

/* Store the key, or the value, that a text stands for. An exit status; anything but EXIT_OK has
   been reported. */
int key_argument(const struct table_arguments *arguments, const char *text, struct bytes *key);
int read_value_text(const struct table_arguments *arguments, const char *text, size_t size, struct bytes *value);

#endif
