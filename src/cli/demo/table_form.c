/* SPDX-License-Identifier: Apache-2.0 */
/* The second form of the demo: a table, changed key by key. */
#include "cli/cmd.h"
#include "cli/demo/fault.h"
#include "cli/demo/table.h"
#include "cli/demo/writer.h"
#include "cli/message.h"
#include "cli/now.h"
#include <errno.h>
#include <stdlib.h>

/* A check of the whole table takes as long as thousands of look-ups. */
enum { MET_PER_CHECK = 256 };

static int measure(const struct data_set *data, uint64_t *size)
{
    *size = table_most_bytes(data);
    return 0;
}

/* ---- Reading ---- */

static int read_table(struct snapshot *snapshot, mms_reader *reader)
{
    int code = mms_read(reader, &snapshot->view);

    if (code)
        return code;
    code = mms_table_of(&snapshot->view, &snapshot->table);
    if (!code)
        return 0;
    mms_release(reader); /* the newest view is known to be no table, whatever became of it */
    return code;
}

static bool has(const struct snapshot *snapshot, uint32_t number)
{
    return table_is_put(number, table_changed(snapshot->data, number, snapshot->commit));
}

static void find_many(const struct snapshot *snapshot, uint32_t choice, struct tally *tally)
{
    table_find_group(snapshot, choice % table_groups(snapshot->data), tally);
}

/* All keys of the newest commit, and now and then all that there are. */
static bool check_new(const struct snapshot *snapshot, uint64_t met, struct tally *tally)
{
    if (snapshot->commit > FIRST_COMMIT)
        table_find_group(snapshot, table_group_of_commit(snapshot->data, snapshot->commit), tally);
    if (met % MET_PER_CHECK != 0)
        return false;
    table_check_all(snapshot, tally);
    return true;
}

static const char *check_view(const struct data_set *data, const mms_view *view)
{
    struct snapshot snapshot = {.form = &table_form, .data = data, .view = *view};
    struct tally tally = {.wrong = NULL};

    if (mms_table_of(view, &snapshot.table))
        return last_error();
    tally.wrong = table_meet(&snapshot);
    if (!tally.wrong)
        table_check_all(&snapshot, &tally);
    return tally.wrong;
}

/* ---- Writing ---- */

struct own {
    struct table_value *value; /* room for the largest */
    uint64_t commit, records;  /* of the table, as this writer has left it; 0: not known yet */
};

static int prepare(struct writer *writer)
{
    struct own *own = calloc(1, sizeof *own);

    writer->own = own;
    if (own)
        own->value = malloc(sizeof *own->value + NAME_MOST);
    return own && own->value ? 0 : -ENOMEM;
}

static void release(struct writer *writer)
{
    struct own *own = writer->own;

    if (own)
        free(own->value);
    free(own);
}

static int put_head(mms_table *table, uint64_t commit, uint64_t began_ns, uint64_t records)
{
    struct table_head head = table_make_head(commit, began_ns, records);

    return mms_table_put(table, TABLE_HEAD_KEY, sizeof TABLE_HEAD_KEY - 1, &head, sizeof head);
}

static int put_entry(struct writer *writer, mms_table *table, const struct data_entry *entry, uint64_t commit)
{
    struct own *own = writer->own;
    struct data_entry changed = *entry;

    if (fault("wrong"))
        changed.flags ^= 1;
    table_make_value(&changed, commit, own->value);
    return mms_table_put(table, entry->key, entry->key_size, own->value, table_value_size(entry));
}

/* The first commit: all records that belong there. */
static int fill(struct writer *writer, mms_table *table)
{
    const struct data_set *data = &writer->data;
    int code = put_head(table, FIRST_COMMIT, monotonic_ns(), table_first_count(data));

    for (uint32_t i = 0; !code && i < data->count; i++)
        if (table_is_put(i, FIRST_COMMIT))
            code = put_entry(writer, table, &data->entries[i], FIRST_COMMIT);
    return code;
}

/* One key of a commit: put it, or delete it, or leave it out once more. */
static int change(struct writer *writer, mms_table *table, uint32_t number, uint64_t commit, bool was_there)
{
    const struct data_entry *entry = &writer->data.entries[number];
    int code;

    if (table_is_put(number, commit))
        return put_entry(writer, table, entry, commit);
    if (!was_there)
        return 0;
    code = mms_table_delete(table, entry->key, entry->key_size);
    return code == MMS_E_NOT_FOUND && fault("mix") ? 0 : code;
}

/* The head, then the keys; a writer that is to be killed stays between two of them. */
static int change_group(struct writer *writer, mms_table *table, uint64_t commit, uint64_t *records)
{
    uint64_t began_ns = monotonic_ns();
    uint32_t numbers[KEYS_PER_COMMIT];
    bool was_there[KEYS_PER_COMMIT];
    unsigned count = table_group(&writer->data, table_group_of_commit(&writer->data, commit), numbers);
    int code;

    for (unsigned i = 0; i < count; i++) {
        was_there[i] = table_is_put(numbers[i], table_changed(&writer->data, numbers[i], commit - 1));
        *records += table_is_put(numbers[i], commit);
        *records -= was_there[i];
    }
    code = put_head(table, commit, began_ns, *records);
    for (unsigned i = 0; !code && i < count; i++) {
        if (i == count / 2)
            writer_halt_if_ordered(writer);
        if (i < count / 2 || !fault("mix"))
            code = change(writer, table, numbers[i], commit, was_there[i]);
    }
    add(&writer->cell->updates, count);
    return code;
}

/* Where the last writer stopped; a new table has no head. */
static void find_end(struct own *own, mms_table *table)
{
    const struct table_head *head = NULL;
    mms_table_view view;

    if (!mms_table_current(table, &view))
        head = mms_table_get(&view, TABLE_HEAD_KEY, sizeof TABLE_HEAD_KEY - 1, NULL);
    if (head) {
        own->commit = head->commit;
        own->records = head->records;
    }
}

static int fill_or_change(struct writer *writer, mms_table *table, uint64_t *commit, uint64_t *records)
{
    struct own *own = writer->own;

    if (!own->commit)
        find_end(own, table);
    *commit = own->commit + 1;
    *records = own->records;
    if (*commit > FIRST_COMMIT)
        return change_group(writer, table, *commit, records);
    *records = table_first_count(&writer->data);
    return fill(writer, table);
}

/* What must never happen to a table that readers may hold. */
static void scribble(const struct writer *writer, const mms_table_view *table, uint64_t commit)
{
    uint32_t numbers[KEYS_PER_COMMIT];
    unsigned count = table_group(&writer->data, table_group_of_commit(&writer->data, commit), numbers);

    for (unsigned i = 0; i < count; i++) {
        const struct data_entry *entry = &writer->data.entries[numbers[i]];
        const char *value = mms_table_get(table, entry->key, entry->key_size, NULL);

        if (value)
            ((char *)(uintptr_t)value)[sizeof(struct table_value) - 1] ^= 1;
    }
}

static int commit_changes(struct writer *writer, mms_table *table, uint64_t commit, uint64_t records)
{
    struct own *own = writer->own;
    mms_table_view view = {.data = NULL};
    mms_receipt receipt;
    int code = mms_table_current(table, &view);

    if (!code)
        code = mms_table_commit(table, &receipt);
    if (code)
        return code;
    own->commit = commit;
    own->records = records;
    add(&writer->cell->reclaimed, receipt.reclaimed);
    writer_count(writer, receipt.generation, receipt.size, records);
    if (fault("scribble") && commit > FIRST_COMMIT)
        scribble(writer, &view, commit);
    return 0;
}

static int publish(struct writer *writer)
{
    mms_table_options options = MMS_TABLE_OPTIONS_INIT;
    uint64_t commit, records;
    mms_table *table;
    int code;

    options.expected = writer->data.count + 1;
    code = mms_table_begin(writer->handle, &options, &table);
    if (code)
        return writer_refused(writer, code);
    code = fill_or_change(writer, table, &commit, &records);
    if (!code)
        code = commit_changes(writer, table, commit, records);
    if (!code)
        return 0;
    fail_call(code);
    mms_table_abort(table);
    return EXIT_FAILED;
}

const struct form table_form = {
    .kind = FORM_TABLE,
    .name = "table",
    .values = "commits",
    .half = "half of a commit made",
    .first = "with pages and caches that the commit made new",
    .see = {"keys", "--count"},
    .per_second = 2000,
    .per_burst = 1,
    .measure = measure,
    .read = read_table,
    .meet = table_meet,
    .find = table_find,
    .has = has,
    .find_many = find_many,
    .check_new = check_new,
    .check_view = check_view,
    .prepare = prepare,
    .publish = publish,
    .release = release,
};
