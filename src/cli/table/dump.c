/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/table/dump.h"
#include "cli/cmd.h"
#include "cli/interrupt.h"
#include "cli/message.h"
#include "cli/sink.h"
#include "cli/table/held.h"
#include <errno.h>

static int write_entries(const struct text_style *style, const mms_table_view *view, FILE *out)
{
    mms_table_cursor cursor = MMS_TABLE_CURSOR_INIT;
    struct progress progress;
    mms_entry entry;
    int status = text_write_start(style, view, out);

    progress_start(&progress, "dumping", view->size);
    while (!status && !interrupted() && !ferror(out) && mms_table_next(view, &cursor, &entry)) {
        status = text_write_entry(style, &entry, out);
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

static int write_table(const struct text_style *style, const mms_table_view *view, const struct sink *sink)
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
    return finish_stream(out, sink, write_entries(&full, view, out));
}

int dump_table(const char *path, const mms_region_options *options, const struct text_style *style, const char *file)
{
    struct text_style settled = *style;
    struct held_table held;
    struct sink sink;
    int status = held_table_take(&held, path, options), released;

    if (!status) {
        notation_settle_keys(&settled.keys, &held.types);
        notation_settle_values(&settled.values, &held.types);
        status = sink_open(&sink, file);
        if (!status)
            status = write_table(&settled, &held.view, &sink);
        if (!status)
            status = sink_commit(&sink);
        sink_close(&sink);
    }
    released = held_table_release(&held);
    return interrupt_finish(status ? status : released);
}
