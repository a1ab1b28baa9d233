/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of a typed table. WHOLE: it is serialized again for each commit. Otherwise entries are
   changed in place: by the functions that mmsc made, which keep the value right, so that readers
   need not check it; PATCH, or in an older library: by mms_write_patch, and then they do.
   BENCH_TYPED_UPDATE, BENCH_UPDATE: the library has that. */
#include "entries.h"
#include "mmsync_own.h"
#include "parts.h"

static HashMap_u64_Array_f32_8_entry *own;
static size_t own_count;

static void fill(Array_f32_8 *value, uint64_t stamp)
{
    struct parts_entry entry;

    parts_fill_entry(&entry, stamp);
    memcpy(value->items, entry.floats, sizeof entry.floats);
}

static int publish_own(void)
{
    const Entries table = {{own, own_count}};

    return Entries_write(mmsync_writer, &table, NULL);
}

static int build(size_t count)
{
    own = malloc(count * sizeof *own);
    own_count = count;
    if (!own)
        return mmsync_fail("no memory for the entries");
    for (size_t i = 0; i < count; i++) {
        own[i].key = bench_table_key(i);
        fill(&own[i].value, 0);
    }
    return publish_own();
}

#if defined(WHOLE)
static int change_all(const struct bench_change *change)
{
    for (size_t i = 0; i < change->count; i++)
        fill(&own[change->places[i]].value, change->stamp);
    return publish_own();
}
#elif defined(BENCH_TYPED_UPDATE) && !defined(PATCH)
#define CHANGES_SOME
static int change_some(const struct bench_change *change)
{
    const ArchivedEntries *table;
    size_t size;
    int code = Entries_update(mmsync_writer, &table, &size, NULL);

    for (size_t i = 0; i < change->count && code == 0; i++) {
        Array_f32_8 value;

        fill(&value, change->stamp);
        code = HashMap_u64_Array_f32_8_set(mmsync_writer, &table->map, bench_table_key(change->places[i]), &value);
    }
    return code == 0 ? mms_write_commit(mmsync_writer, size, NULL) : code;
}
#elif defined(BENCH_UPDATE)
#define CHANGES_SOME
static int change_entry(char *buffer, size_t size, uint64_t i, uint64_t stamp)
{
    const ArchivedEntries *table = Entries_root(buffer, size);
    const ArchivedArray_f32_8 *value = HashMap_u64_Array_f32_8_get(&table->map, bench_table_key(i));
    struct parts_entry entry;

    if (!value)
        return mmsync_fail("an entry is missing");
    parts_fill_entry(&entry, stamp);
    return mms_write_patch(mmsync_writer, (size_t)((const char *)value - buffer), entry.floats, sizeof entry.floats);
}

static int change_some(const struct bench_change *change)
{
    void *buffer;
    size_t size;
    int code = mms_write_update(mmsync_writer, 0, &buffer, &size, NULL);

    for (size_t i = 0; i < change->count && code == 0; i++)
        code = change_entry(buffer, size, change->places[i], change->stamp);
    return code == 0 ? mms_write_commit(mmsync_writer, size, NULL) : code;
}
#endif

static bool is_found(void *reader, uint64_t i, uint64_t stamp)
{
    const ArchivedArray_f32_8 *value;
    const ArchivedEntries *table;
    struct parts_entry entry;
    mms_view view;
    bool found;

    table = Entries_read(reader, &view);
    if (!table)
        mmsync_stop("Entries_read");
    value = HashMap_u64_Array_f32_8_get(&table->map, bench_table_key(i));
    if (value)
        memcpy(entry.floats, value->items, sizeof entry.floats);
    found = value && parts_is_entry(&entry, stamp);
    if (mms_release(reader) != 0)
        mmsync_stop("mms_release");
    return found;
}

/* One read for each, as a server that answers requests does. */
static uint64_t found(void *reader, const struct bench_change *change)
{
    uint64_t count = 0;

    for (size_t i = 0; i < change->count; i++)
        count += is_found(reader, change->places[i], change->stamp);
    return count;
}

const struct bench_parts mmsync_entries = {
    .build = build,
#if defined(WHOLE)
    .change = change_all,
#elif defined(CHANGES_SOME)
    .change = change_some,
#endif
    .found = found,
};
