/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/table/change.h"
#include "cli/cmd.h"
#include "cli/message.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

static int refuse_type(const struct table_change *change)
{
    return fail("the value of %s is no table; to make one in its place, remove the region first: mmsync rm %s",
                change->path, change->path);
}

int table_change_begin(struct table_change *change, const char *path, const struct table_arguments *arguments)
{
    mms_info info;
    int code;

    *change = (struct table_change){.path = path, .is_new = mms_inspect(path, &info) == -ENOENT};
    code = mms_writer_open(path, &arguments->writer.options, &change->writer);
    if (code)
        return fail_call(code);
    code = mms_table_begin(change->writer, &arguments->table, &change->table);
    if (code == MMS_E_TYPE)
        return refuse_type(change);
    return code ? fail_call(code) : EXIT_OK;
}

/* What was published lies where it was built, until this writer begins another update. */
static int count_entries(const void *data, const mms_receipt *receipt, uint64_t *entries)
{
    mms_view value = {.data = data, .size = receipt->size, .generation = receipt->generation};
    mms_table_view view;
    int code = mms_table_of(&value, &view);

    *entries = code ? 0 : mms_table_count(&view);
    return code;
}

int table_change_commit(struct table_change *change)
{
    mms_receipt receipt = {.generation = 0};
    mms_table_view view;
    uint64_t entries = 0;
    int code = mms_table_current(change->table, &view);

    if (code == 0)
        code = mms_table_commit(change->table, &receipt);
    if (code)
        return fail_call(code);
    change->table = NULL;
    code = count_entries(view.data, &receipt, &entries);
    if (code)
        return fail_call(code);
    printf("generation=%" PRIu64 " entries=%" PRIu64, receipt.generation, entries);
    if (receipt.table_evicted)
        printf(" evicted=%" PRIu64, receipt.table_evicted);
    if (receipt.table_expired)
        printf(" expired=%" PRIu64, receipt.table_expired);
    return EXIT_OK;
}

void table_change_close(struct table_change *change)
{
    bool published = change->writer && !change->table;

    if (change->table)
        mms_table_abort(change->table);
    mms_writer_close(change->writer);
    if (change->is_new && !published)
        remove_if_empty(change->path);
}
