/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of a value, and waiting for another one. */
#include "compat/compat.h"
#include "compat/sides.h"
#include "compat/wyhash.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/futex.h"
#include "core/protocol.h"
#include <errno.h>

/* ---- Copies ---- */

enum { COPY_TRIES = 64 };

static int fail_unreadable(struct mms_region *region)
{
    return mms__fail_unpinnable(region, mms__region_was_unlinked(region) ? MMS__TOMBSTONE : 0);
}

/* By read calls: a file that is cut short under us is an error and no signal. */
static int read_all(struct mms_region *region, unsigned index, void *buffer, size_t size)
{
    int fd, code = mms__side_file(region, index, size, &fd);

    if (code != 0)
        return code;
    code = mms__read_at(fd, buffer, size, 0);
    return code == 0 ? 0 : mms__fail(code, "reading %s_data_%u", region->place.path, index);
}

/* Counted in, so that no writer takes the file meanwhile. 1: whole, 0: not, or a code. */
static int try_counted(struct mms_region *region, void *buffer, size_t capacity, uint64_t *word)
{
    struct mms__upstream *state = mms__upstream_of(region)->state;
    uint64_t size; /* may be more than a size_t can say, until it is compared */
    int code = 0;

    *word = mms__upstream_pin(state);
    if (*word == 0)
        return fail_unreadable(region);
    size = mms__upstream_size(*word);
    if (size <= capacity && size > 0)
        code = read_all(region, mms__upstream_index(*word), buffer, (size_t)size);
    MMS__STEP(upstream_copied);
    return mms__upstream_unpin(state, *word) ? (code == 0 ? 1 : code) : 0;
}

/* Not counted. If the version is the same afterwards then this value was current at both times, but a writer that is
   quick enough may have put another into its place and then the same again; the 24 bits of the checksum tell, as well
   as 24 bits can. */
static int try_uncounted(struct mms_region *region, void *buffer, size_t capacity, uint64_t *word, bool *mismatch)
{
    const struct mms__upstream *state = mms__upstream_of(region)->seen;
    uint64_t size; /* may be more than a size_t can say, until it is compared */
    int code = 0;

    *word = mms__load_seq_cst(&state->version); /* an acquire: the data before it (pair: `publish`) */
    if (*word == 0)
        return fail_unreadable(region);
    MMS__STEP(upstream_copy_looked);
    size = mms__upstream_size(*word);
    if (size <= capacity && size > 0)
        code = read_all(region, mms__upstream_index(*word), buffer, (size_t)size);
    MMS__STEP(upstream_copy_read);
    /* The reads of the data before the second look (pair: the fence in `store`, upstream_writer.c): who has read a byte of
       what is written there next finds that the version has moved on. */
    mms__fence_acquire();
    if (mms__load_relaxed(&state->version) != *word)
        return 0;
    if (code != 0 || size > capacity || region->options.foreign_hasher)
        return code != 0 ? code : 1;
    *mismatch = (mms__wyhash(buffer, (size_t)size) & 0xffffff) != mms__upstream_checksum(*word);
    return !*mismatch;
}

static int fail_copy(const struct mms_region *region, bool mismatch)
{
    if (mismatch)
        return mms__fail(MMS_E_CORRUPT,
                         "copying from %s: the checksum in its version is not that of the bytes; they are damaged, or "
                         "the writer has a hasher of its own (then set foreign_hasher)",
                         region->place.path);
    return mms__fail(MMS_E_AGAIN, "copying from %s: the writer was faster %d times; try again", region->place.path,
                     COPY_TRIES);
}

int mms__compat_copy(struct mms_region *region, void *buffer, size_t capacity, size_t *size, uint64_t *generation)
{
    bool mismatch = false;
    uint64_t word = 0;
    uint64_t found;
    int code = 0;

    for (int tries = 0; tries < COPY_TRIES && code == 0; tries++)
        code = region->read_only ? try_uncounted(region, buffer, capacity, &word, &mismatch)
                                 : try_counted(region, buffer, capacity, &word);
    if (code <= 0)
        return code < 0 ? code : fail_copy(region, mismatch);
    found = mms__upstream_size(word);
    if (size)
        *size = (size_t)found == found ? (size_t)found : SIZE_MAX;
    if (generation)
        *generation = word;
    if (found > capacity)
        return mms__fail(MMS_E_TOO_BIG, "copying from %s: the value has %llu bytes, the buffer %zu; give a larger one",
                         region->place.path, (unsigned long long)found, capacity);
    return 0;
}

/* ---- Waiting ---- */

/* Writers of ours wake; the crate's do not, so sleeps are short, and grow. */
#define SHORTEST_NS UINT64_C(50000)
#define LONGEST_NS UINT64_C(10000000)
#define LOOK_NS UINT64_C(1000000000) /* between looks whether the file was unlinked */

/* The half of the version word that has the index and the size; a change that leaves it alone is seen at the end of the
   sleep. */
static const uint32_t *low_half(const struct mms__upstream *state)
{
    return (const uint32_t *)(const void *)&state->version + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
}

static int sleep_once(struct mms_region *region, uint64_t seen, uint64_t nanoseconds)
{
    const struct mms__upstream *state = mms__upstream_of(region)->seen;
    int code;

    MMS__STEP(upstream_falling_asleep);
    code = mms__futex_wait(low_half(state), (uint32_t)seen, nanoseconds);
    MMS__STEP(upstream_woken);
    if (code == -EINTR)
        return mms__fail(code, "waiting for %s: a signal came", region->place.path);
    if (code != 0 && code != -EAGAIN && code != -ETIMEDOUT)
        return mms__fail(code, "waiting for %s: futex(2)", region->place.path);
    return 0;
}

static int fail_timeout(const struct mms_region *region, uint64_t seen, int timeout_ms)
{
    return mms__fail(MMS_E_TIMEOUT, "waiting for %s: nothing but version %llu in %d ms", region->place.path,
                     (unsigned long long)seen, timeout_ms);
}

int mms__compat_wait(struct mms_reader *reader, uint64_t seen, int timeout_ms)
{
    struct mms_region *region = reader->region;
    uint64_t deadline = mms__deadline(timeout_ms), next_look = mms__now_ns() + LOOK_NS, pause = SHORTEST_NS;

    while (mms__compat_generation(region) == seen) {
        uint64_t now = mms__now_ns(), left = deadline > now ? deadline - now : 0;
        int code;

        if (left == 0)
            return fail_timeout(region, seen, timeout_ms);
        if (now >= next_look && mms__region_was_unlinked(region))
            return mms__fail_unpinnable(region, MMS__TOMBSTONE);
        if (now >= next_look)
            next_look = now + LOOK_NS;
        code = sleep_once(region, seen, left < pause ? left : pause);
        if (code != 0)
            return code;
        pause = pause * 2 < LONGEST_NS ? pause * 2 : LONGEST_NS;
    }
    if (mms__compat_generation(region) == 0)
        return fail_unreadable(region);
    return 0;
}
