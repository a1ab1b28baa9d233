/* SPDX-License-Identifier: Apache-2.0 */
/* The table of the demo's second form: any state but that of its last commit is found. */
#include "cli/demo/table.h"
#include "scratch.h"
#include <stdio.h>
#include <stdlib.h>

enum { RECORDS = 61, GROUPS = 8 };

struct fixture {
    char texts[RECORDS][2][24];
    struct data_entry entries[RECORDS];
    struct data_set data;
    mms_writer *writer;
    mms_region *region;
    mms_reader *reader;
    struct snapshot snapshot;
    uint64_t commit;
};

/* ---- Fixture ---- */

static void make_entries(struct fixture *fixture)
{
    for (uint32_t i = 0; i < RECORDS; i++) {
        char(*texts)[24] = fixture->texts[i];

        snprintf(texts[0], sizeof texts[0], "key-%u", i * 7919u);
        snprintf(texts[1], sizeof texts[1], "%.*s", (int)(i % 20), "a name of some length");
        fixture->entries[i] = (struct data_entry){.key = texts[0],
                                                  .value = texts[1],
                                                  .number = i,
                                                  .flags = i % 5,
                                                  .key_size = (uint16_t)strlen(texts[0]),
                                                  .value_size = (uint16_t)strlen(texts[1])};
    }
    fixture->data = (struct data_set){.kind = DATA_OUI, .entries = fixture->entries, .count = RECORDS};
}

static struct fixture *open_fixture(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    const char *path = scratch_path(state, "region");

    check_true(fixture != NULL);
    make_entries(fixture);
    options.max_size = 1 << 20;
    check_ok(mms_writer_open(path, &options, &fixture->writer));
    check_ok(mms_region_open(path, NULL, &fixture->region));
    check_ok(mms_reader_open(fixture->region, &fixture->reader));
    fixture->snapshot = (struct snapshot){.form = &table_form, .data = &fixture->data};
    return fixture;
}

static void close_fixture(struct fixture *fixture)
{
    check_ok(mms_reader_close(fixture->reader));
    check_ok(mms_region_close(fixture->region));
    check_ok(mms_writer_close(fixture->writer));
    free(fixture);
}

/* ---- A writer, step by step ---- */

static void put_entry(struct fixture *fixture, mms_table *table, uint32_t number, uint64_t commit)
{
    const struct data_entry *entry = &fixture->entries[number];
    size_t size = table_value_size(entry);
    struct table_value *value = calloc(1, size);

    check_true(value != NULL);
    table_make_value(entry, commit, value);
    check_ok(mms_table_put(table, entry->key, entry->key_size, value, size));
    free(value);
}

static uint64_t count_at(const struct fixture *fixture, uint64_t commit)
{
    uint64_t count = 0;

    for (uint32_t i = 0; i < RECORDS; i++)
        count += table_is_put(i, table_changed(&fixture->data, i, commit));
    return count;
}

static void put_head(mms_table *table, uint64_t commit, uint64_t records)
{
    struct table_head head = table_make_head(commit, 1, records);

    check_ok(mms_table_put(table, TABLE_HEAD_KEY, strlen(TABLE_HEAD_KEY), &head, sizeof head));
}

/* Change the first `keys` keys of a commit's group; the first commit puts all. */
static void change(struct fixture *fixture, mms_table *table, uint64_t commit, unsigned keys)
{
    uint32_t numbers[KEYS_PER_COMMIT];
    unsigned count = table_group(&fixture->data, table_group_of_commit(&fixture->data, commit), numbers);

    for (unsigned i = 0; i < count && i < keys; i++) {
        const struct data_entry *entry = &fixture->entries[numbers[i]];

        if (table_is_put(numbers[i], commit))
            put_entry(fixture, table, numbers[i], commit);
        else if (mms_table_delete(table, entry->key, entry->key_size))
            check_code(mms_last_code(), MMS_E_NOT_FOUND);
    }
}

static mms_table *begin(struct fixture *fixture)
{
    mms_table *table;

    check_ok(mms_table_begin(fixture->writer, NULL, &table));
    return table;
}

static void fill(struct fixture *fixture)
{
    mms_table *table = begin(fixture);

    check_ok(mms_table_clear(table));
    for (uint32_t i = 0; i < RECORDS; i++)
        if (table_is_put(i, FIRST_COMMIT))
            put_entry(fixture, table, i, FIRST_COMMIT);
    put_head(table, FIRST_COMMIT, table_first_count(&fixture->data));
    check_ok(mms_table_commit(table, NULL));
    fixture->commit = FIRST_COMMIT;
}

static void commit_next(struct fixture *fixture, unsigned keys)
{
    mms_table *table = begin(fixture);

    fixture->commit++;
    change(fixture, table, fixture->commit, keys);
    put_head(table, fixture->commit, count_at(fixture, fixture->commit));
    check_ok(mms_table_commit(table, NULL));
}

/* ---- A reader ---- */

static void pin(struct fixture *fixture)
{
    check_ok(table_form.read(&fixture->snapshot, fixture->reader));
}

static void let_go(struct fixture *fixture)
{
    check_ok(mms_release(fixture->reader));
}

static struct tally find_all(const struct fixture *fixture)
{
    struct tally tally = {.wrong = NULL};

    for (uint32_t group = 0; group < GROUPS; group++)
        table_find_group(&fixture->snapshot, group, &tally);
    return tally;
}

static bool all_is_right(const struct fixture *fixture)
{
    struct tally tally = {.wrong = NULL};

    table_check_all(&fixture->snapshot, &tally);
    check_equal(tally.wrong == NULL, tally.counts[OUTCOME_TORN] + tally.counts[OUTCOME_WRONG] == 0);
    return !tally.wrong;
}

static void check_good(struct fixture *fixture)
{
    struct tally tally;

    pin(fixture);
    check_true(!table_meet(&fixture->snapshot));
    tally = find_all(fixture);
    check_true(!tally.wrong);
    check_equal(tally.counts[OUTCOME_FOUND], count_at(fixture, fixture->commit));
    check_equal(tally.counts[OUTCOME_FOUND] + tally.counts[OUTCOME_ABSENT], RECORDS);
    check_true(all_is_right(fixture));
    check_true(!table_form.check_view(&fixture->data, &fixture->snapshot.view));
    let_go(fixture);
}

/* ---- Tests ---- */

static void every_state_is_known(void **state)
{
    struct fixture *fixture = open_fixture(state);

    fill(fixture);
    check_good(fixture);
    for (unsigned i = 0; i < 5 * GROUPS + 3; i++) {
        commit_next(fixture, KEYS_PER_COMMIT);
        check_good(fixture);
    }
    close_fixture(fixture);
}

/* By the definition: what the last commit with that group has done, or else the first. */
static void commits_take_turns(void **state)
{
    struct fixture *fixture = open_fixture(state);
    uint64_t last[RECORDS];

    check_equal(table_groups(&fixture->data), GROUPS);
    for (uint32_t i = 0; i < RECORDS; i++)
        last[i] = FIRST_COMMIT;
    for (uint64_t commit = FIRST_COMMIT + 1; commit < 100; commit++) {
        uint32_t numbers[KEYS_PER_COMMIT];
        unsigned count = table_group(&fixture->data, table_group_of_commit(&fixture->data, commit), numbers);

        check_true(count == KEYS_PER_COMMIT || count == KEYS_PER_COMMIT - 1);
        for (unsigned i = 0; i < count; i++)
            last[numbers[i]] = commit;
        for (uint32_t i = 0; i < RECORDS; i++)
            check_equal(table_changed(&fixture->data, i, commit), last[i]);
    }
    close_fixture(fixture);
}

/* A commit that is there in part, whichever part it is, from none of its keys to all but one. */
static void a_part_of_a_commit_is_found(void **state)
{
    struct fixture *fixture = open_fixture(state);

    for (unsigned keys = 0; keys < KEYS_PER_COMMIT; keys++) {
        struct tally tally;
        const char *wrong;

        fill(fixture);
        fixture->snapshot.generation = 0;
        for (unsigned i = 0; i < GROUPS; i++)
            commit_next(fixture, KEYS_PER_COMMIT);
        commit_next(fixture, keys);
        pin(fixture);
        wrong = table_meet(&fixture->snapshot);
        tally = find_all(fixture);
        check_true(tally.wrong && tally.counts[OUTCOME_TORN] + tally.counts[OUTCOME_WRONG] > 0);
        check_true(wrong || !all_is_right(fixture));
        let_go(fixture);
    }
    close_fixture(fixture);
}

/* The head of one commit with the keys of the one before, and the reverse. */
static void a_head_of_another_commit_is_found(void **state)
{
    struct fixture *fixture = open_fixture(state);

    fill(fixture);
    for (unsigned i = 0; i < 2 * GROUPS; i++)
        commit_next(fixture, KEYS_PER_COMMIT);
    for (uint64_t commit = fixture->commit - 1; commit <= fixture->commit + 1; commit += 2) {
        mms_table *table = begin(fixture);

        put_head(table, commit, count_at(fixture, fixture->commit));
        check_ok(mms_table_commit(table, NULL));
        pin(fixture);
        fixture->snapshot.generation = 0;
        check_true(!table_meet(&fixture->snapshot));
        check_true(find_all(fixture).wrong != NULL);
        check_true(!all_is_right(fixture));
        let_go(fixture);
    }
    close_fixture(fixture);
}

/* Commits and generations go on together; a commit that is lost, or counted twice, is found. */
static void a_lost_commit_is_found(void **state)
{
    struct fixture *fixture = open_fixture(state);
    const int64_t steps[] = {0, -1, 3};

    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        mms_table *table;

        fill(fixture);
        fixture->snapshot.generation = 0;
        commit_next(fixture, KEYS_PER_COMMIT);
        check_good(fixture);
        table = begin(fixture);
        put_head(table, (uint64_t)((int64_t)fixture->commit + steps[i]), count_at(fixture, fixture->commit));
        check_ok(mms_table_commit(table, NULL));
        pin(fixture);
        check_true(table_meet(&fixture->snapshot) != NULL);
        let_go(fixture);
    }
    close_fixture(fixture);
}

/* A copy of a view in which one bit after another is another one: no look-up takes a damaged value
   for a good one, and the check of all finds what look-ups meet. */
static void each_flipped_bit_of_a_value_is_found(void **state)
{
    struct fixture *fixture = open_fixture(state);
    struct snapshot copy;
    unsigned char *bytes;
    unsigned found = 0;

    fill(fixture);
    commit_next(fixture, KEYS_PER_COMMIT);
    pin(fixture);
    check_true(!table_meet(&fixture->snapshot));
    bytes = aligned_alloc(16, (fixture->snapshot.view.size + 15) & ~(size_t)15);
    check_true(bytes != NULL);
    memcpy(bytes, fixture->snapshot.view.data, fixture->snapshot.view.size);
    copy = fixture->snapshot;
    copy.view.data = bytes;
    check_ok(mms_table_of(&copy.view, &copy.table));
    for (uint32_t i = 0; i < RECORDS; i++) {
        const struct data_entry *entry = &fixture->entries[i];
        size_t size = 0;
        const void *value = mms_table_get(&copy.table, entry->key, entry->key_size, &size);
        unsigned char *own = value ? bytes + ((const unsigned char *)value - bytes) : NULL;
        struct record record;

        for (size_t bit = 0; bit < size * 8; bit++, found++) {
            own[bit / 8] ^= (unsigned char)(1u << bit % 8);
            check_equal(table_find(&copy, entry->key, entry->key_size, &record), FIND_TORN);
            check_true(bit % 97 != 0 || table_form.check_view(&fixture->data, &copy.view) != NULL);
            own[bit / 8] ^= (unsigned char)(1u << bit % 8);
        }
    }
    check_true(found > 0);
    check_true(!table_form.check_view(&fixture->data, &copy.view));
    let_go(fixture);
    free(bytes);
    close_fixture(fixture);
}

/* Values that are whole, and those of other records. */
static void a_wrong_value_is_found(void **state)
{
    struct fixture *fixture = open_fixture(state);
    uint32_t numbers[2], count = 0;
    struct data_entry entry;
    struct tally tally;
    mms_table *table;

    fill(fixture);
    for (uint32_t i = 0; i < RECORDS && count < 2; i++)
        if (table_is_put(i, FIRST_COMMIT))
            numbers[count++] = i;
    entry = fixture->entries[numbers[0]];
    fixture->entries[numbers[0]].flags ^= 1;
    table = begin(fixture);
    put_entry(fixture, table, numbers[0], FIRST_COMMIT);
    check_ok(mms_table_commit(table, NULL));
    fixture->entries[numbers[0]] = entry;
    pin(fixture);
    check_true(!table_meet(&fixture->snapshot));
    tally = find_all(fixture);
    check_equal(tally.counts[OUTCOME_WRONG], 1);
    check_equal(tally.counts[OUTCOME_TORN], 0);
    check_true(!all_is_right(fixture));
    let_go(fixture);
    close_fixture(fixture);
}

static void other_values_are_refused(void **state)
{
    struct fixture *fixture = open_fixture(state);
    mms_table *table;

    check_ok(mms_write(fixture->writer, "no table", 8, NULL));
    check_code(table_form.read(&fixture->snapshot, fixture->reader), MMS_E_TYPE);
    check_equal(fixture->snapshot.view.generation, 1);
    check_ok(mms_write_update(fixture->writer, 0, &(void *){NULL}, &(size_t){0}, NULL));
    check_ok(mms_write_abort(fixture->writer));
    check_code(mms_table_begin(fixture->writer, NULL, &table), MMS_E_TYPE);
    close_fixture(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(every_state_is_known),        scratch_test(commits_take_turns),
        scratch_test(a_part_of_a_commit_is_found), scratch_test(a_head_of_another_commit_is_found),
        scratch_test(a_lost_commit_is_found),      scratch_test(each_flipped_bit_of_a_value_is_found),
        scratch_test(a_wrong_value_is_found),      scratch_test(other_values_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
