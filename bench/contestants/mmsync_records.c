/* SPDX-License-Identifier: Apache-2.0 */
/* Records in one value, one after the other. WHOLE: all of it is published again, from a copy of
   the writer's own. Otherwise only the changes are, by mms_write_update. PAGES: the kernel notes
   them, else they are touched. BENCH_UPDATE, BENCH_TRACK: the library has that. */
#include "mmsync_own.h"
#include "parts.h"

static int build(size_t count)
{
    void *buffer;
    int code = mms_write_begin(mmsync_writer, count * BENCH_RECORD_SIZE, &buffer, NULL);

    if (code != 0)
        return code;
    for (size_t i = 0; i < count; i++)
        parts_fill_record((char *)buffer + i * BENCH_RECORD_SIZE, i, 0);
    return mms_write_commit(mmsync_writer, count * BENCH_RECORD_SIZE, NULL);
}

#if defined(WHOLE) || defined(BENCH_TRACK) || (defined(BENCH_UPDATE) && !defined(PAGES))
static inline void fill(char *value, const struct bench_change *change, size_t at)
{
    for (size_t i = change->places[at]; i < change->places[at] + change->length; i++)
        parts_fill_record(value + i * BENCH_RECORD_SIZE, i, change->stamp);
}
#endif

#if defined(WHOLE)
static char *own;
static size_t own_size;

static int build_own(size_t count)
{
    own_size = count * BENCH_RECORD_SIZE;
    own = malloc(own_size);
    if (!own)
        return mmsync_fail("no memory for a copy of the value");
    for (size_t i = 0; i < count; i++)
        parts_fill_record(own + i * BENCH_RECORD_SIZE, i, 0);
    return build(count);
}

static int change_all(const struct bench_change *change)
{
    for (size_t i = 0; i < change->count; i++)
        fill(own, change, i);
    return mms_write(mmsync_writer, own, own_size, NULL);
}
#elif defined(BENCH_TRACK) || (defined(BENCH_UPDATE) && !defined(PAGES))
#define CHANGES_SOME
#ifndef PAGES
static int touch(const struct bench_change *change, size_t at)
{
    size_t offset = change->places[at] * BENCH_RECORD_SIZE, length = change->length * BENCH_RECORD_SIZE;

    return mms_write_touch(mmsync_writer, offset, length);
}
#endif

static int change_some(const struct bench_change *change)
{
    size_t size;
    void *buffer;
    int code = mms_write_update(mmsync_writer, 0, &buffer, &size, NULL);

    for (size_t i = 0; i < change->count && code == 0; i++) {
#ifndef PAGES
        code = touch(change, i);
#endif
        fill(buffer, change, i);
    }
    return code == 0 ? mms_write_commit(mmsync_writer, size, NULL) : code;
}
#endif

static uint64_t found(void *reader, const struct bench_change *change)
{
    uint64_t count = 0;
    mms_view view;

    if (mms_read(reader, &view) != 0)
        mmsync_stop("mms_read");
    for (size_t i = 0; i < change->count; i++)
        for (size_t at = change->places[i]; at < change->places[i] + change->length; at++)
            count += parts_is_record((const char *)view.data + at * BENCH_RECORD_SIZE, at, change->stamp);
    if (mms_release(reader) != 0)
        mmsync_stop("mms_release");
    return count;
}

const struct bench_parts mmsync_records = {
#if defined(WHOLE)
    .build = build_own,
    .change = change_all,
#else
    .build = build,
#if defined(CHANGES_SOME)
    .change = change_some,
#endif
#endif
    .found = found,
};
