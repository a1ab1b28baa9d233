/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold after each operation of a storm. */
#include "region/writer.h"
#include "storm_state.h"
#include <mmsync/table.h>
#include <string.h>

void storm_entry_bytes(int key, uint32_t version, unsigned char *bytes, size_t size)
{
    memset(bytes, (int)((unsigned)key * 31 + version * 7 + 1) & 0xff, size);
}

static const char *entry_fault(const struct contents *contents, const mms_table_view *table, int key)
{
    static unsigned char expected[LARGEST];
    size_t size;
    const void *bytes = mms_table_get(table, &key, sizeof key, &size);

    if (!bytes)
        return contents->version[key] == 0 ? NULL : "an entry is missing";
    if (contents->version[key] == 0)
        return "an entry was deleted, and is there";
    if (size != contents->size[key])
        return "an entry has another size";
    storm_entry_bytes(key, contents->version[key], expected, size);
    return memcmp(bytes, expected, size) == 0 ? NULL : "an entry has other bytes";
}

static const char *schema_fault(mms_reader *reader)
{
    mms_view_info info;

    if (!storm.kind->typed)
        return NULL;
    if (mms_view_describe(reader, &info) != 0)
        return "it is not described";
    if (info.schema_size != SCHEMA_SIZE || memcmp(info.schema, storm_schema, SCHEMA_SIZE) != 0)
        return "it has another schema";
    return NULL;
}

/* NULL, or what is wrong. */
static const char *view_fault(mms_reader *reader, const mms_view *view, const struct contents *contents)
{
    const char *fault = schema_fault(reader);
    mms_table_view table;

    if (!fault && mms_table_of(view, &table) != 0)
        fault = "it is not a table";
    for (int key = 0; key < KEYS && !fault; key++)
        fault = entry_fault(contents, &table, key);
    return fault;
}

bool storm_read_current(mms_view *view)
{
    int code = mms_read(storm.look, view);

    if (code == MMS_E_EMPTY)
        return false;
    check_ok(code);
    return true;
}

static void check_current(void)
{
    const char *fault;
    mms_table_view table;
    mms_view view;

    if (!storm_read_current(&view))
        return;
    fault = view_fault(storm.look, &view, &storm.now);
    if (fault)
        check_failed(__FILE__, __LINE__, "generation %llu: %s", (unsigned long long)view.generation, fault);
    check_ok(mms_table_of(&view, &table));
    check_ok(mms_table_check(&table));
    storm.past[view.generation % PAST].generation = view.generation;
    storm.past[view.generation % PAST].contents = storm.now;
    check_ok(mms_release(storm.look));
}

static void check_pool(void)
{
    const char *fault = mms__pool_invariant(&mms__native_writer_of(storm.writer)->pool);

    if (fault)
        check_failed(__FILE__, __LINE__, "%s", fault);
}

static void let_go(struct holder *holder, const char *fault)
{
    int code = mms_release(holder->reader);

    holder->view.data = NULL;
    if (code == MMS_E_EVICTED && holder->evictable)
        return;
    check_ok(code);
    if (fault)
        check_failed(__FILE__, __LINE__, "the held generation %llu: %s", (unsigned long long)holder->view.generation,
                     fault);
}

/* A view stays as it is, unless its reader was evicted. */
static void check_held(void)
{
    for (int i = 0; i < READERS; i++) {
        struct holder *holder = &storm.holders[i];
        const char *fault = holder->view.data ? view_fault(holder->reader, &holder->view, &holder->contents) : NULL;

        if (fault)
            let_go(holder, fault);
    }
}

void storm_hold_or_release(struct holder *holder)
{
    int code;

    if (holder->view.data) {
        let_go(holder, view_fault(holder->reader, &holder->view, &holder->contents));
        return;
    }
    code = mms_read(holder->reader, &holder->view);
    if (code == MMS_E_EMPTY) {
        holder->view.data = NULL;
        return;
    }
    check_ok(code);
    holder->contents = storm.now;
}

void storm_check(void)
{
    check_pool();
    check_current();
    check_held();
}
