/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/demo/table.h"
#include "cli/message.h"
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

static const char *const wrongs[OUTCOMES] = {
    [OUTCOME_TORN] = "a value is damaged, or not that of the last commit that changed its key",
    [OUTCOME_WRONG] = "a key has a wrong value, or none, or one where none should be",
};

/* ---- What a table holds ---- */

uint32_t table_groups(const struct data_set *data)
{
    return (data->count + KEYS_PER_COMMIT - 1) / KEYS_PER_COMMIT;
}

uint32_t table_group_of_commit(const struct data_set *data, uint64_t commit)
{
    return (uint32_t)((commit - FIRST_COMMIT - 1) % table_groups(data));
}

unsigned table_group(const struct data_set *data, uint32_t group, uint32_t numbers[KEYS_PER_COMMIT])
{
    unsigned count = 0;

    for (uint32_t number = group; number < data->count; number += table_groups(data))
        numbers[count++] = number;
    return count;
}

uint64_t table_changed(const struct data_set *data, uint32_t number, uint64_t newest)
{
    uint32_t groups = table_groups(data);
    uint64_t first = FIRST_COMMIT + 1 + number % groups;

    return newest < first ? FIRST_COMMIT : newest - (newest - first) % groups;
}

/* Seven of eight; others in each round. */
bool table_is_put(uint32_t number, uint64_t commit)
{
    return mix_bits(commit << 32 ^ number) % 8 != 0;
}

uint64_t table_first_count(const struct data_set *data)
{
    uint64_t count = 0;

    for (uint32_t i = 0; i < data->count; i++)
        count += table_is_put(i, FIRST_COMMIT);
    return count;
}

uint64_t table_most_bytes(const struct data_set *data)
{
    enum { HEAD = 64 << 10, BESIDE = 96 }; /* of an entry: its part of a bucket, its head, and rounding */
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < data->count; i++)
        bytes += BESIDE + data->entries[i].key_size + table_value_size(&data->entries[i]);
    return HEAD + bytes + bytes / 4; /* what is deleted leaves gaps */
}

/* ---- Encoding ---- */

static uint64_t sum(const void *value, size_t size)
{
    return XXH3_64bits((const char *)value + sizeof(uint64_t), size - sizeof(uint64_t));
}

struct table_head table_make_head(uint64_t commit, uint64_t began_ns, uint64_t records)
{
    struct table_head head = {.commit = commit, .began_ns = began_ns, .records = records};

    head.checksum = sum(&head, sizeof head);
    return head;
}

size_t table_value_size(const struct data_entry *entry)
{
    return sizeof(struct table_value) + entry->value_size;
}

void table_make_value(const struct data_entry *entry, uint64_t commit, struct table_value *value)
{
    value->commit = commit;
    value->number = entry->number;
    value->rules = entry->flags;
    memcpy(value->name, entry->value, entry->value_size);
    value->checksum = sum(value, table_value_size(entry));
}

/* ---- The head ---- */

static const char *read_head(const mms_table_view *table, struct table_head *head)
{
    size_t size;
    const void *found = mms_table_get(table, TABLE_HEAD_KEY, sizeof TABLE_HEAD_KEY - 1, &size);

    if (!found || size != sizeof *head)
        return "the table has no head";
    memcpy(head, found, sizeof *head);
    if (head->checksum != sum(head, sizeof *head))
        return "the checksum of the head does not match";
    if (head->records + 1 != mms_table_count(table))
        return "the table has another number of records than its head says";
    return NULL;
}

/* Every commit is a generation; a writer that is killed leaves a generation without one. */
static bool counts_on(const struct snapshot *snapshot, uint64_t commit)
{
    uint64_t generation = snapshot->view.generation;

    if (commit < FIRST_COMMIT || commit > generation)
        return false;
    if (!snapshot->generation || generation < snapshot->generation)
        return true; /* which is found elsewhere */
    return commit > snapshot->commit && commit - snapshot->commit <= generation - snapshot->generation;
}

const char *table_meet(struct snapshot *snapshot)
{
    struct table_head head = {0};
    const char *wrong = read_head(&snapshot->table, &head);

    if (!wrong && !counts_on(snapshot, head.commit))
        wrong = "the table counts commits otherwise than generations";
    snapshot->commit = head.commit;
    snapshot->committed_ns = head.began_ns;
    snapshot->generation = snapshot->view.generation;
    return wrong;
}

/* ---- Looking up ---- */

static enum find_result judge(const struct snapshot *snapshot, const struct table_value *value, size_t size,
                              struct record *found)
{
    if (!value)
        return FIND_ABSENT;
    if (size < sizeof *value || value->checksum != sum(value, size) || value->number >= snapshot->data->count ||
        value->commit != table_changed(snapshot->data, value->number, snapshot->commit))
        return FIND_TORN;
    *found = (struct record){value->number, value->rules, value->name, size - sizeof *value};
    return FIND_FOUND;
}

enum find_result table_find(const struct snapshot *snapshot, const char *key, size_t key_size, struct record *found)
{
    size_t size = 0;
    const struct table_value *value = mms_table_get(&snapshot->table, key, key_size, &size);

    return judge(snapshot, value, size, found);
}

static bool is_there(const struct snapshot *snapshot, uint32_t number)
{
    return table_is_put(number, table_changed(snapshot->data, number, snapshot->commit));
}

/* What is found under the key of a record. */
static enum outcome judge_entry(const struct snapshot *snapshot, uint32_t number, const void *value, size_t size)
{
    struct record record;

    switch (judge(snapshot, value, size, &record)) {
    case FIND_TORN: return OUTCOME_TORN;
    case FIND_ABSENT: return is_there(snapshot, number) ? OUTCOME_WRONG : OUTCOME_ABSENT;
    default: break;
    }
    return is_there(snapshot, number) && record_is(&record, &snapshot->data->entries[number]) ? OUTCOME_FOUND
                                                                                              : OUTCOME_WRONG;
}

void table_find_group(const struct snapshot *snapshot, uint32_t group, struct tally *tally)
{
    uint32_t numbers[KEYS_PER_COMMIT];
    mms_value values[KEYS_PER_COMMIT];
    mms_key keys[KEYS_PER_COMMIT] = {{0}};
    unsigned count = table_group(snapshot->data, group, numbers);

    for (unsigned i = 0; i < count; i++) {
        const struct data_entry *entry = &snapshot->data->entries[numbers[i]];

        keys[i] = (mms_key){entry->key, entry->key_size};
    }
    mms_table_get_many(&snapshot->table, count, keys, values);
    for (unsigned i = 0; i < count; i++) {
        enum outcome outcome = judge_entry(snapshot, numbers[i], values[i].data, values[i].size);

        tally_add(tally, outcome, wrongs[outcome]);
    }
}

/* ---- Checking all ---- */

static enum outcome judge_any(const struct snapshot *snapshot, const mms_entry *entry)
{
    const struct data_entry *expected;
    struct record record;

    if (judge(snapshot, entry->value.data, entry->value.size, &record) != FIND_FOUND)
        return OUTCOME_TORN;
    expected = &snapshot->data->entries[record.number];
    if (entry->key.size != expected->key_size || memcmp(entry->key.data, expected->key, expected->key_size) != 0)
        return OUTCOME_WRONG;
    return record_is(&record, expected) && is_there(snapshot, record.number) ? OUTCOME_FOUND : OUTCOME_WRONG;
}

/* No key is there twice (mms_table_check), so all that should be there are if their number is right. */
void table_check_all(const struct snapshot *snapshot, struct tally *tally)
{
    mms_table_cursor cursor = MMS_TABLE_CURSOR_INIT;
    uint64_t expected = 0, found = 0;
    mms_entry entry;

    if (mms_table_check(&snapshot->table)) {
        tally_add(tally, OUTCOME_TORN, last_error());
        return;
    }
    while (mms_table_next(&snapshot->table, &cursor, &entry)) {
        enum outcome outcome;

        if (entry.key.size == sizeof TABLE_HEAD_KEY - 1 && !memcmp(entry.key.data, TABLE_HEAD_KEY, entry.key.size))
            continue;
        outcome = judge_any(snapshot, &entry);
        if (outcome != OUTCOME_FOUND)
            tally_add(tally, outcome, wrongs[outcome]);
        found++;
    }
    for (uint32_t i = 0; i < snapshot->data->count; i++)
        expected += is_there(snapshot, i);
    if (found != expected)
        tally_add(tally, OUTCOME_TORN, "there are more or fewer records than should be");
}
