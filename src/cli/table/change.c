/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/table/change.h"
#include "cli/cmd.h"
#include "cli/interrupt.h"
#include "cli/lock_wait.h"
#include "cli/message.h"
#include "cli/result.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

static int refuse_type(const struct table_change *change)
{
    return fail("the value of %s is no table; to make one in its place, remove the region first: mmsync rm %s",
                change->path, change->path);
}

/* The types of a table that is there: this writer has it, so it stays. */
static int learn_types(struct table_change *change, const struct table_arguments *arguments)
{
    const mms_writer_options *writer = &arguments->writer.options;
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    mms_region *region = NULL;
    mms_table_view view;
    int code = mms_table_current(change->table, &view), status;

    options.read_only = true;
    options.force_filesystem = writer->force_filesystem;
    options.trust_owner = writer->trust_owner;
    options.trusted_uid = writer->trusted_uid;
    if (code == 0)
        code = mms_region_open(change->path, &options, &region);
    status = code ? fail_call(code) : table_types_fetch(&change->types, region, view.type_id);
    mms_region_close(region);
    return status;
}

int table_change_begin(struct table_change *change, const char *path, struct table_arguments *arguments)
{
    mms_info info;
    int code;

    *change = (struct table_change){.path = path, .is_new = mms_inspect(path, &info) == -ENOENT};
    if (look_before_open(&arguments->writer, path))
        return EXIT_FAILED;
    code = open_writer(path, &arguments->writer.options, &change->writer);
    if (code)
        return fail_call(code);
    if (check_expected(&arguments->writer, path))
        return EXIT_FAILED;
    interrupt_kills(!change->is_new); /* there may be readers to wait for */
    code = mms_table_begin(change->writer, &arguments->table, &change->table);
    interrupt_kills(false);
    if (code == MMS_E_TYPE)
        return refuse_type(change);
    if (code)
        return fail_call(code);
    if (!change->is_new && learn_types(change, arguments))
        return EXIT_FAILED;
    table_arguments_settle(arguments, &change->types);
    return EXIT_OK;
}

/* Bytes may be put into a typed table, and then nobody vouches for them. */
int table_change_prepare_puts(struct table_change *change, const struct notation *keys, const struct notation *values)
{
    change->typed = notation_is_typed(keys) && notation_is_typed(values);
    if (!change->types.type || change->typed)
        return EXIT_OK;
    if (notation_is_typed(keys) || notation_is_typed(values))
        return fail("the table of %s has types: give both --keys and --values to put bytes into it, or neither",
                    change->path);
    note("the table has types, and these are bytes: from now on its readers check each value that they look up");
    return EXIT_OK;
}

int table_change_put(struct table_change *change, const struct bytes *key, const struct bytes *value, char *wrong)
{
    *wrong = '\0';
    if (change->typed)
        return typed_put(change->table, change->types.type, key, value, wrong);
    return mms_table_put(change->table, key->data, key->size, value->data, value->size);
}

/* Counts the entries of the published table, which stays where it was built until this writer
   begins another update. */
static int count_entries(const void *data, const mms_receipt *receipt, uint64_t *entries)
{
    mms_view value = {.data = data, .size = receipt->size, .generation = receipt->generation};
    mms_table_view view;
    int code = mms_table_of(&value, &view);

    *entries = code ? 0 : mms_table_count(&view);
    return code;
}

struct outcome {
    const mms_receipt *receipt;
    uint64_t entries;
    const char *what; /* and how many: of the verb's own; NULL: nothing */
    uint64_t count;
};

static int print_line(const struct outcome *outcome)
{
    const mms_receipt *receipt = outcome->receipt;

    printf("generation=%" PRIu64 " entries=%" PRIu64, receipt->generation, outcome->entries);
    if (receipt->table_evicted)
        printf(" evicted=%" PRIu64, receipt->table_evicted);
    if (receipt->table_expired)
        printf(" expired=%" PRIu64, receipt->table_expired);
    if (outcome->what)
        printf(" %s=%" PRIu64, outcome->what, outcome->count);
    putchar('\n');
    return EXIT_OK;
}

static int print_json(const char *path, const struct outcome *outcome)
{
    json_t *object = result_of(path, outcome->receipt);

    json_object_set_new(object, "entries", result_number(outcome->entries));
    json_object_set_new(object, "entries_evicted", result_number(outcome->receipt->table_evicted));
    json_object_set_new(object, "entries_expired", result_number(outcome->receipt->table_expired));
    if (outcome->what)
        json_object_set_new(object, outcome->what, result_number(outcome->count));
    return result_print(object);
}

int table_change_commit(struct table_change *change, const char *what, uint64_t count)
{
    mms_receipt receipt = {.generation = 0};
    struct outcome outcome = {.receipt = &receipt, .what = what, .count = count};
    mms_table_view view;
    int code = mms_table_current(change->table, &view);

    if (code == 0)
        code = mms_table_commit(change->table, &receipt);
    if (code)
        return fail_call(code);
    change->table = NULL;
    code = count_entries(view.data, &receipt, &outcome.entries);
    if (code)
        return fail_call(code);
    return wants_json() ? print_json(change->path, &outcome) : print_line(&outcome);
}

void table_change_close(struct table_change *change)
{
    if (change->table)
        mms_table_abort(change->table);
    mms_writer_close(change->writer);
    table_types_free(&change->types);
    if (change->is_new) /* and nothing was published */
        remove_if_empty(change->path);
}
