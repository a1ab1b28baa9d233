/* SPDX-License-Identifier: Apache-2.0 */
/* Victims that change a table, and what a value of the matrix must be: a pattern, or a table whose
   keys all follow from a number that is in it. So one that mixes two states, or has a half-made
   change, shows it. */
#include "pattern.h"
#include "sample.h"
#include "stage.h"
#include <mmsync/table.h>
#include <sched.h>
#include <string.h>

/* Each commit renews one key in TURNS; the one numbered CLEARED has all of them, in an empty table,
   with longer values. */
enum { KEYS = 300, TURNS = 10, CLEARED = TURNS, LONGEST = 300, EXPIRES_NS = 1 /* in 1970 */ };

static const char number_key[] = "number";

/* ---- The state of a number ---- */

/* The commit that has renewed a key last. */
static uint64_t turn_of(uint64_t number, uint64_t key)
{
    uint64_t first = number < CLEARED ? 0 : CLEARED, back = (number + TURNS - key % TURNS) % TURNS;

    return number - first < back ? first : number - back;
}

static bool is_there(uint64_t number, uint64_t key)
{
    return (key * 7 + turn_of(number, key)) % 3 != 0;
}

/* Returns the size. */
static size_t value_of(uint64_t number, uint64_t key, unsigned char value[LONGEST])
{
    uint64_t turn = turn_of(number, key);
    size_t size = (size_t)((key * 31 + turn * 17) % (turn < CLEARED ? LONGEST / 2 : LONGEST));

    memset(value, (int)((key + turn) & 255), size);
    return size;
}

static void check_key(const mms_table_view *table, uint64_t number, uint64_t key)
{
    unsigned char expected[LONGEST];
    size_t size;
    const void *value = mms_table_get(table, &key, sizeof key, &size);

    check_true((value != NULL) == is_there(number, key));
    if (!value)
        return;
    check_equal(size, value_of(number, key, expected));
    check_memory(value, expected, size);
}

static uint64_t number_of(const mms_table_view *table)
{
    uint64_t number;
    size_t size;
    const void *value = mms_table_get(table, number_key, sizeof number_key, &size);

    check_true(value != NULL && size == sizeof number);
    memcpy(&number, value, sizeof number);
    return number;
}

static void check_table(const mms_table_view *table)
{
    uint64_t number = number_of(table), entries = 0, expected = 1;
    mms_table_cursor cursor = MMS_TABLE_CURSOR_INIT;
    mms_entry entry;

    check_ok(mms_table_check(table));
    for (uint64_t key = 0; key < KEYS; key++) {
        check_key(table, number, key);
        expected += is_there(number, key);
    }
    while (mms_table_next(table, &cursor, &entry))
        entries++;
    check_equal(entries, expected);
}

bool is_whole(const void *data, size_t size, uint64_t generation)
{
    const mms_view view = {.data = data, .size = size};
    mms_table_view table;

    if (mms_table_of(&view, &table) != 0)
        return pattern_check(data, size, generation);
    check_table(&table);
    return true;
}

/* ---- Changing ---- */

static void change_key(mms_table *table, uint64_t number, uint64_t key)
{
    unsigned char value[LONGEST];

    if (is_there(number, key))
        check_ok(mms_table_put(table, &key, sizeof key, value, value_of(number, key, value)));
    else
        (void)mms_table_delete(table, &key, sizeof key);
}

static void renew_keys(mms_table *table, uint64_t number)
{
    bool all = number % CLEARED == 0 && number <= CLEARED;

    for (uint64_t key = 0; key < KEYS; key++)
        if (all || turn_of(number, key) == number)
            change_key(table, number, key);
    check_ok(mms_table_put(table, number_key, sizeof number_key, &number, sizeof number));
}

/* Entries that nobody sees, for the sweep. */
static void put_expired(mms_table *table, uint64_t number)
{
    check_ok(mms_table_set_expiry(table, EXPIRES_NS));
    for (uint32_t key = 0; key < 8; key++)
        check_ok(mms_table_put(table, &(uint32_t){key + (uint32_t)number}, sizeof key, "gone", 4));
    check_ok(mms_table_set_expiry(table, 0));
}

static void change_table(mms_writer *writer, uint64_t number)
{
    mms_table_options options = MMS_TABLE_OPTIONS_INIT;
    mms_table *table;

    options.expiring = true;
    options.max_bytes = STAGE_MAX_SIZE;
    check_ok(mms_table_begin(writer, &options, &table));
    if (number == CLEARED)
        check_ok(mms_table_clear(table));
    put_expired(table, number);
    renew_keys(table, number);
    check_ok(mms_table_commit(table, NULL));
}

static void prepare_tables(struct stage *stage)
{
    mms_writer *writer = stage_writer(stage);

    for (uint64_t number = 0; number < CLEARED; number++)
        change_table(writer, number);
    check_ok(mms_writer_close(writer));
}

static void open_writer(struct stage *stage)
{
    stage->own_writer = stage_writer(stage);
}

static void change_until(struct stage *stage)
{
    for (uint64_t number = CLEARED; !step_happened(); number++) {
        change_table(stage->own_writer, number);
        sched_yield();
    }
}

/* What an abort gives its slot back is what the update after it begins with. */
static void abort_and_change_until(struct stage *stage)
{
    mms_table_options options = MMS_TABLE_OPTIONS_INIT;
    mms_table *table;

    for (uint64_t number = CLEARED; !step_happened(); number++) {
        check_ok(mms_table_begin(stage->own_writer, &options, &table));
        check_ok(mms_table_put(table, number_key, sizeof number_key, "aborted", 7));
        check_ok(mms_table_abort(table));
        change_table(stage->own_writer, number);
        sched_yield();
    }
}

const struct scenario change_keys = {.name = "mms_table_put and others",
                                     .flags = WRITES,
                                     .prepare = prepare_tables,
                                     .set_up = open_writer,
                                     .act = change_until};

const struct scenario abort_keys = {.name = "mms_table_abort and others",
                                    .flags = WRITES,
                                    .prepare = prepare_tables,
                                    .set_up = open_writer,
                                    .act = abort_and_change_until};
