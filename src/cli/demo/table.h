/* SPDX-License-Identifier: Apache-2.0 */
/* The table that the second form of the demo keeps up to date. The records of the data set are
   dealt out to groups; each commit changes all keys of one group, the next commit those of the
   next, round and round. The number of the last commit, which stands in the table too, therefore
   says of every key which commit has changed it last, and whether it was put or deleted then: a
   single look-up can tell that parts of two states are mixed. Each value has a checksum. */
#ifndef MMS_CLI_DEMO_TABLE_H
#define MMS_CLI_DEMO_TABLE_H

#include "cli/demo/data.h"
#include "cli/demo/form.h"

enum { KEYS_PER_COMMIT = 8, NAME_MOST = UINT16_MAX };

/* The key of the head; no record has such a one. */
#define TABLE_HEAD_KEY "(commit)"

/* Checksums are XXH3 of all that follows them. */
struct table_head {
    uint64_t checksum;
    uint64_t commit;
    uint64_t began_ns; /* monotonic_ns */
    uint64_t records;  /* in the table, without the head */
};

struct table_value {
    uint64_t checksum;
    uint64_t commit; /* that put it */
    uint32_t number; /* of the record in the data set */
    uint32_t rules;
    char name[];
};

/* ---- What a table holds ---- */

/* The commit that makes the table puts all records that belong there; the ones after it change a
   group each. */
enum { FIRST_COMMIT = 1 };

uint32_t table_groups(const struct data_set *data);
/* The group that a commit after the first one changes. */
uint32_t table_group_of_commit(const struct data_set *data, uint64_t commit);
/* Keys of a group; returns how many. */
unsigned table_group(const struct data_set *data, uint32_t group, uint32_t numbers[KEYS_PER_COMMIT]);
/* The last commit up to `newest` that changed this record. */
uint64_t table_changed(const struct data_set *data, uint32_t number, uint64_t newest);
/* Did that commit put it? Otherwise it was deleted, or is not there yet. */
bool table_is_put(uint32_t number, uint64_t commit);
/* How many records are there after the first commit. */
uint64_t table_first_count(const struct data_set *data);
/* A size that the table does not exceed. */
uint64_t table_most_bytes(const struct data_set *data);

/* ---- Encoding ---- */

struct table_head table_make_head(uint64_t commit, uint64_t began_ns, uint64_t records);
size_t table_value_size(const struct data_entry *entry);
void table_make_value(const struct data_entry *entry, uint64_t commit, struct table_value *value);

/* ---- Looking up ---- */

/* With snapshot->view: the table and its head, if the generation is new. NULL, or what is wrong:
   the head is damaged, or counts commits otherwise than generations do. */
const char *table_meet(struct snapshot *snapshot);
/* FIND_TORN: the value is damaged, or not that of the last commit that changed it. */
enum find_result table_find(const struct snapshot *snapshot, const char *key, size_t key_size, struct record *found);
/* All keys of a group in one call of mms_table_get_many. */
void table_find_group(const struct snapshot *snapshot, uint32_t group, struct tally *tally);
/* Every byte that counts, and every record; only what is wrong goes into the tally. */
void table_check_all(const struct snapshot *snapshot, struct tally *tally);

#endif
