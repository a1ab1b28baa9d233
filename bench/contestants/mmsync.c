/* SPDX-License-Identifier: Apache-2.0 */
/* mmsync. CALLS: through the library's functions, as bindings call it; REFRESH: a view is held, and
   refreshed; WHOLE, PAGES, PATCH: see mmsync_records.c and mmsync_entries.c. */
#include "common.h"
#include "hello.h"
#include "mmsync_own.h"
#include "table.h"

mms_writer *mmsync_writer;
bool mmsync_texts;
static mms_region *region;
static unsigned region_users;

static const char *detail(void)
{
    return *common_text ? common_text : mms_last_error();
}

static const char *path_of(const struct bench_place *place)
{
    static char path[4096];

    snprintf(path, sizeof path, "%s/region", place->directory);
    return path;
}

static int create(const struct bench_place *place)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;

    mmsync_texts = place->texts;
    options.max_size = place->max_size > 65536 ? place->max_size + 4096 : 0;
    options.max_readers = place->readers > 1024 ? place->readers : 0;
#if defined(PAGES) && defined(BENCH_TRACK)
    options.track = MMS_TRACK_PAGES;
#endif
    return mms_writer_open(path_of(place), &options, &mmsync_writer);
}

static void destroy(void)
{
    mms_writer_close(mmsync_writer);
}

static int publish(const void *data, size_t size)
{
    return mms_write(mmsync_writer, data, size, NULL);
}

static int write_typed(uint32_t version)
{
    static const mms_str words[] = {{"Hello", 5}, {"World", 5}, {"!", 1}};
    HelloWorld value = {.version = version, .messages = {words, 3}};

    return HelloWorld_write(mmsync_writer, &value, NULL);
}

static void *begin(size_t size)
{
    void *buffer;

    return mms_write_begin(mmsync_writer, size, &buffer, NULL) == 0 ? buffer : NULL;
}

static int commit(size_t size)
{
    return mms_write_commit(mmsync_writer, size, NULL);
}

static void *reader_open(const struct bench_place *place)
{
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    mms_reader *reader = NULL;
    mms_view view;

    mmsync_texts = place->texts;
    options.prefault = place->prefault;
    if (!region && mms_region_open(path_of(place), &options, &region) != 0)
        return NULL;
    if (mms_reader_open(region, &reader) != 0)
        return NULL;
    region_users++;
#ifdef REFRESH
    if (mms_read(reader, &view) != 0)
        return NULL;
#else
    (void)view;
#endif
    return reader;
}

static void reader_close(void *reader)
{
    mms_reader_close(reader);
    if (--region_users == 0) {
        mms_region_close(region);
        region = NULL;
    }
}

int mmsync_fail(const char *what)
{
    return common_fail("%s", what);
}

_Noreturn void mmsync_stop(const char *what)
{
    fprintf(stderr, "mmsync: %s: %s\n", what, mms_last_error());
    _exit(1);
}

static uint64_t read_times(void *reader, size_t times)
{
    uint64_t sum = 0;
    mms_view view;

    for (size_t i = 0; i < times; i++) {
#ifdef REFRESH
        if (mms_refresh(reader, &view) != 0)
            mmsync_stop("mms_refresh");
        sum += common_version_of(view.data, view.size);
#else
        if (mms_read(reader, &view) != 0)
            mmsync_stop("mms_read");
        sum += common_version_of(view.data, view.size);
        if (mms_release(reader) != 0)
            mmsync_stop("mms_release");
#endif
    }
    return sum;
}

static uint64_t read_checked(void *reader, size_t times)
{
    uint64_t sum = 0;
    mms_view view;

    for (size_t i = 0; i < times; i++) {
        const ArchivedHelloWorld *hello = HelloWorld_read(reader, &view);

        if (!hello)
            mmsync_stop("HelloWorld_read");
        sum += hello->version;
        if (mms_release(reader) != 0)
            mmsync_stop("mms_release");
    }
    return sum;
}

static uint64_t touch(void *reader, size_t size)
{
    uint64_t version;
    mms_view view;

    if (mms_read(reader, &view) != 0)
        mmsync_stop("mms_read");
    version = common_touch(view.data, size < view.size ? size : view.size);
    if (mms_release(reader) != 0)
        mmsync_stop("mms_release");
    return version;
}

static int wait_for(void *reader, uint32_t seen)
{
    mms_view view;
    uint64_t generation = mms_generation(region);

    if (mms_read(reader, &view) != 0)
        return -1;
    generation = view.generation;
    if (common_version_of(view.data, view.size) != seen)
        generation = 0;
    if (mms_release(reader) != 0)
        return -1;
    return mms_wait(reader, generation, MMS_FOREVER);
}

static int table_build(size_t count, uint64_t *bytes)
{
    HashMap_u64_Vec_f32_entry *entries = malloc(count * sizeof *entries);
    float *floats = malloc(count * BENCH_TABLE_LONGEST * sizeof *floats);
    Table table = {{entries, count}};
    mms_receipt receipt;
    int code;

    if (!entries || !floats)
        return common_fail("no memory for %zu entries", count);
    for (size_t i = 0; i < count; i++) {
        float *items = floats + i * BENCH_TABLE_LONGEST;
        size_t length = i % BENCH_TABLE_LONGEST + 1;

        for (size_t j = 0; j < length; j++)
            items[j] = (float)(i + j);
        entries[i] = (HashMap_u64_Vec_f32_entry){bench_table_key(i), {items, length}};
    }
    code = Table_write(mmsync_writer, &table, &receipt);
    free(entries);
    free(floats);
    *bytes = receipt.size;
    return code;
}

static uint64_t table_find(void *reader, const uint64_t *indices, size_t count)
{
    uint64_t found = 0;
    mms_view view;

    for (size_t i = 0; i < count; i++) {
        const ArchivedTable *table = Table_read(reader, &view);
        const ArchivedVec_f32 *items;

        if (!table)
            mmsync_stop("Table_read");
        items = HashMap_u64_Vec_f32_get(&table->map, bench_table_key(indices[i]));
        found += items && *Vec_f32_at(items, 0) == (float)indices[i];
        if (mms_release(reader) != 0)
            mmsync_stop("mms_release");
    }
    return found;
}

EXPORT const struct bench_contestant *bench_contestant(void)
{
    static struct bench_contestant contestant = {
        .abi = BENCH_ABI,
        .name = "mmsync",
        .version = mms_version,
        .detail = detail,
        .create = create,
        .destroy = destroy,
        .write = publish,
        .write_typed = write_typed,
        .begin = begin,
        .commit = commit,
        .reader_open = reader_open,
        .reader_close = reader_close,
        .read = read_times,
        .read_checked = read_checked,
        .touch = touch,
        .wait = wait_for,
        .table_build = table_build,
        .table_find = table_find,
    };

    contestant.records = mmsync_records;
    contestant.entries = mmsync_entries;
    contestant.keys = mmsync_keys;
    return &contestant;
}
