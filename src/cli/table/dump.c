/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/table/dump.h"
#include "cli/cmd.h"
#include "cli/interrupt.h"
#include "cli/json_text.h"
#include "cli/message.h"
#include "cli/result.h"
#include "cli/sink.h"
#include "cli/table/held.h"
#include <errno.h>

static int write_entries(const struct text_style *style, const mms_table_view *view, FILE *out, uint64_t *entries)
{
    mms_table_cursor cursor = MMS_TABLE_CURSOR_INIT;
    struct progress progress;
    mms_entry entry;
    int status = text_write_start(style, view, out);

    progress_start(&progress, "dumping", view->size);
    while (!status && !interrupted() && !ferror(out) && mms_table_next(view, &cursor, &entry)) {
        status = text_write_entry(style, &entry, out);
        ++*entries;
        progress_add(&progress, entry.key.size + entry.value.size);
    }
    progress_end(&progress);
    if (!status)
        text_write_end(style, out);
    return interrupted() ? EXIT_FAILED : status;
}

/* An earlier write may have failed and left a hole, although this one succeeds. A broken pipe is
   not reported. */
static int finish_stream(FILE *out, const struct sink *sink, int status)
{
    bool failed = fflush(out) != 0, before = !failed && ferror(out);
    int error = errno; /* of another call, if only an earlier write failed */

    fclose(out);
    if (status || (!failed && !before) || (failed && error == EPIPE))
        return status || failed ? EXIT_FAILED : EXIT_OK;
    errno = error;
    return failed ? fail_errno("cannot write to %s", sink->name) : fail("cannot write everything to %s", sink->name);
}

static int write_table(const struct text_style *style, const mms_table_view *view, const struct sink *sink,
                       uint64_t *entries)
{
    struct text_style full = *style;
    mms_table_info info;
    FILE *out = sink_stream(sink);

    if (!out)
        return fail_errno("cannot write to %s", sink->name);
    mms_table_describe(view, &info);
    full.expiring = info.expiring;
    if (info.expiring && style->form == FORM_MDB)
        note("the entries of this table may expire, and the form mdb does not say when");
    return finish_stream(out, sink, write_entries(&full, view, out, entries));
}

int dump_table(const char *path, const mms_region_options *options, const struct text_style *style, const char *file)
{
    struct text_style settled = *style;
    struct held_table held;
    struct sink sink;
    uint64_t entries = 0, generation;
    int status = held_table_take(&held, path, options), released;

    if (!status) {
        notation_settle_keys(&settled.keys, &held.types);
        notation_settle_values(&settled.values, &held.types);
        status = sink_open(&sink, file);
        if (!status)
            status = write_table(&settled, &held.view, &sink, &entries);
        if (!status)
            status = sink_commit(&sink);
        sink_close(&sink);
    }
    generation = held.view.generation;
    released = held_table_release(&held);
    status = status ? status : released;
    if (!status && wants_json())
        status = result_print(json_pack("{s:o, s:o, s:o, s:o}", "region", json_text(path), "file", json_text(file),
                                        "generation", result_number(generation), "entries", result_number(entries)));
    return interrupt_finish(status);
}
