/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of a value, and waiting for another one. */
#include "base/error.h"
#include "handle/reader.h"
#include "mmap_sync/backend.h"
#include "mmap_sync/sides.h"
#include "mmap_sync/wyhash.h"
#include "os/cancel.h"
#include "os/clock.h"
#include "os/futex.h"
#include <errno.h>

/* ---- Copies ---- */

enum { COPY_TRIES = 64 };

static int fail_unreadable(struct mms__mmap_sync_region *region)
{
    struct mms_region *front = &region->front;

    return mms__region_is_gone(front) ? mms__region_fail_gone(front) : mms__region_fail_empty(front);
}

/* By read(2): a file that is cut short under us is an error, not a signal. */
static int read_all(struct mms__mmap_sync_region *region, unsigned index, void *buffer, size_t size)
{
    int fd, code = mms__side_file(region, index, size, &fd);

    if (code != 0)
        return code;
    code = mms__read_at(fd, buffer, size, 0);
    return code == 0 ? 0 : mms__fail(code, "reading %s_data_%u", region->front.place.path, index);
}

/* Counted in, so that no writer takes the file meanwhile. 0, or -EAGAIN if the copy is not
   whole. */
static int try_counted(struct mms__mmap_sync_region *region, void *buffer, size_t capacity, uint64_t *word)
{
    struct mms__mmap_sync_state *state = region->state;
    uint64_t size; /* may not fit in a size_t, until it is compared */
    int code = 0;

    *word = mms__mmap_sync_pin(state);
    if (*word == 0)
        return fail_unreadable(region);
    size = mms__mmap_sync_size(*word);
    if (size <= capacity && size > 0)
        code = read_all(region, mms__mmap_sync_index(*word), buffer, (size_t)size);
    MMS__STEP(mmap_sync_copied);
    return mms__mmap_sync_unpin(state, *word) ? code : -EAGAIN;
}

/* The same without being counted. If the version is unchanged afterwards, this value was current
   both times, but a quick writer may have put another in its place and then the same one again;
   the checksum detects that as well as 24 bits can. */
static int try_uncounted(struct mms__mmap_sync_region *region, void *buffer, size_t capacity, uint64_t *word,
                         bool *mismatch)
{
    const struct mms__mmap_sync_state *state = region->seen;
    uint64_t size; /* may not fit in a size_t, until it is compared */
    int code = 0;

    *word = mms__load_seq_cst(&state->version); /* an acquire: the data before it (pair: `publish`) */
    if (*word == 0)
        return fail_unreadable(region);
    MMS__STEP(mmap_sync_copy_looked);
    size = mms__mmap_sync_size(*word);
    if (size <= capacity && size > 0)
        code = read_all(region, mms__mmap_sync_index(*word), buffer, (size_t)size);
    MMS__STEP(mmap_sync_copy_read);
    /* The reads of the data before the second look (pair: the fence in `store`, writer.c): a
       reader that has read a byte of what is written there next finds that the version has moved
       on. */
    mms__fence_acquire();
    if (mms__load_relaxed(&state->version) != *word)
        return -EAGAIN;
    if (code != 0 || size > capacity || region->options.other_hasher)
        return code;
    *mismatch = (mms__wyhash(buffer, (size_t)size) & 0xffffff) != mms__mmap_sync_checksum(*word);
    return *mismatch ? -EAGAIN : 0;
}

static int fail_copy(const struct mms__mmap_sync_region *region, bool mismatch)
{
    if (mismatch)
        return mms__fail(MMS_E_CORRUPT,
                         "copying from %s: the checksum in its version is not that of the bytes; they are damaged, or "
                         "the writer has a hasher of its own (then use options.mmap_sync->other_hasher)",
                         region->front.place.path);
    return mms__fail(MMS_E_AGAIN, "copying from %s: the writer was faster %d times; try again",
                     region->front.place.path, COPY_TRIES);
}

int mms__mmap_sync_copy(struct mms_region *front, void *buffer, size_t capacity, struct mms__copied *out)
{
    struct mms__mmap_sync_region *region = mms__mmap_sync_region_of(front);
    bool mismatch = false;
    int code = -EAGAIN;

    for (int tries = 0; tries < COPY_TRIES && code == -EAGAIN; tries++)
        code = front->read_only ? try_uncounted(region, buffer, capacity, &out->generation, &mismatch)
                                : try_counted(region, buffer, capacity, &out->generation);
    if (code == -EAGAIN)
        return fail_copy(region, mismatch);
    out->size = mms__mmap_sync_size(out->generation);
    return code;
}

/* These files have no room for one. */
int mms__mmap_sync_copy_schema(struct mms_region *front, char *buffer, size_t capacity, struct mms__copied *out)
{
    (void)buffer, (void)capacity;
    out->generation = mms__mmap_sync_generation(front);
    return out->generation == 0 ? mms__region_fail_empty(front) : 0;
}

/* ---- Waiting ---- */

/* Writers of ours wake those who could say that they wait; the crate's do not, so sleeps are short, and grow. */
#define SHORTEST_NS UINT64_C(50000)
#define LONGEST_NS UINT64_C(10000000)

/* The half of the version word that has the index and the size; a change that does not affect it
   is noticed at the end of the sleep. */
static const uint32_t *low_half(const struct mms__mmap_sync_state *state)
{
    return (const uint32_t *)(const void *)&state->version + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
}

int mms__mmap_sync_wait_begin(struct mms_region *front, uint64_t seen, struct mms__sleep *sleep)
{
    struct mms__mmap_sync_region *region = mms__mmap_sync_region_of(front);
    uint64_t longer = sleep->longest_ns == 0 ? SHORTEST_NS : sleep->longest_ns * 2;

    if (region->state)
        mms__store_seq_cst(mms__mmap_sync_waiting(region->state), 1);
    /* Either this finds what was published, or whoever publishes it finds the word above. Pair: `publish`, writer.c. */
    if (mms__load_seq_cst(&region->seen->version) != seen)
        return 0;
    *sleep = (struct mms__sleep){low_half(region->seen), (uint32_t)seen, longer < LONGEST_NS ? longer : LONGEST_NS};
    return -EAGAIN;
}

/* It looks once a second whether the file was unlinked. */
int mms__mmap_sync_wait_end(struct mms_region *front, int result)
{
    if (result == -EINTR)
        return mms__fail(result, "waiting for %s: a signal came", front->place.path);
    if (result != 0 && result != -EAGAIN && result != -ETIMEDOUT)
        return mms__fail(result, "waiting for %s: futex(2)", front->place.path);
    return mms__region_glance(front) ? mms__region_fail_gone(front) : -EAGAIN;
}

static int fail_timeout(struct mms__mmap_sync_region *region, uint64_t seen, int timeout_ms)
{
    if (mms__region_is_gone(&region->front))
        return mms__region_fail_gone(&region->front);
    return mms__fail(MMS_E_TIMEOUT, "waiting for %s: nothing but version %llu in %d ms", region->front.place.path,
                     (unsigned long long)seen, timeout_ms);
}

/* Returns what mms__mmap_sync_wait_begin does. */
static int sleep_once(struct mms_region *front, uint64_t seen, uint64_t left, struct mms__sleep *sleep, int before)
{
    int code = mms__mmap_sync_wait_begin(front, seen, sleep);

    if (code != -EAGAIN)
        return code;
    MMS__STEP(mmap_sync_falling_asleep);
    code = mms__futex_wait(sleep->word, sleep->value, left < sleep->longest_ns ? left : sleep->longest_ns, before);
    MMS__STEP(mmap_sync_woken);
    return mms__mmap_sync_wait_end(front, code);
}

int mms__mmap_sync_wait(struct mms_region *front, uint64_t seen, int timeout_ms)
{
    MMS__HOLD_CANCEL(before);
    struct mms__sleep sleep = {0};
    uint64_t deadline = mms__deadline(timeout_ms);
    int code = mms__mmap_sync_generation(front) != seen ? 0 : -EAGAIN;

    while (code == -EAGAIN) {
        uint64_t now = mms__now_ns(), left = deadline > now ? deadline - now : 0;

        if (left == 0)
            return fail_timeout(mms__mmap_sync_region_of(front), seen, timeout_ms);
        code = sleep_once(front, seen, left, &sleep, before);
    }
    if (code == 0 && mms__mmap_sync_generation(front) == 0)
        return fail_unreadable(mms__mmap_sync_region_of(front));
    return code;
}
