/* SPDX-License-Identifier: Apache-2.0 */
#include "region/slot_memory.h"
#include "base/error.h"
#include "base/minmax.h"
#include "base/round.h"
#include "os/file.h"
#include "region/slot_pages.h"
#include <fcntl.h>
#include <sys/stat.h>

/* Larger values get room in steps of this size, so that a value that grows a little with each
   write does not allocate each time. */
#define LARGE_STEP (UINT64_C(64) << 10)

static uint64_t slot_offset(const struct mms__pool *pool, unsigned slot)
{
    return slot * pool->header.stride;
}

uint64_t mms__slot_room(const struct mms__pool *pool, uint64_t size)
{
    uint64_t unit = size > LARGE_STEP ? LARGE_STEP : mms__page_size();
    uint64_t room = mms__round_up(size ? size : 1, unit);

    return mms__min(room, pool->header.stride);
}

uint64_t mms__slot_room_most(const struct mms__pool *pool, uint64_t size)
{
    return mms__slot_round_most(pool, mms__slot_room(pool, size));
}

static int fail_gone(const struct mms__pool *pool, int code)
{
    if (code != MMS_E_GONE)
        return mms__fail(code, "writing %s: looking for its file `data`", pool->path);
    return mms__fail(code, "writing %s: its file `data` is gone; open the writer again", pool->path);
}

int mms__slot_ensure_file(struct mms__pool *pool)
{
    struct stat status;
    int code = mms__file_ensure(pool->data_file, pool->path, "data", O_RDWR);

    if (code == 0 && fstat(pool->data_file->fd, &status) == 0 && status.st_nlink == 0)
        code = MMS_E_GONE;
    return code == 0 ? 0 : fail_gone(pool, code);
}

/* Tell the next writer how much memory a slot has: before allocating and after freeing, so that
   the figure is never too low. */
static void note_backed(struct mms__pool *pool, unsigned slot, uint64_t size)
{
    pool->backed += size - pool->slots[slot].backed;
    pool->slots[slot].backed = size;
    mms__store_relaxed(&pool->control->slots[slot].allocated, size);
}

bool mms__slot_may_punch(struct mms__pool *pool)
{
    if (!pool->may_punch)
        mms__scan(pool); /* do not reclaim as well: a slot may be taken */
    return pool->may_punch;
}

void mms__slot_trim(struct mms__pool *pool, unsigned slot, uint64_t keep)
{
    struct mms__slot *own = &pool->slots[slot];

    if (!mms__slot_may_punch(pool) ||
        mms__punch(pool->data_file->fd, slot_offset(pool, slot) + keep, own->backed - keep) != 0)
        return;
    MMS__STEP(trim_punched);
    if (own->allocated > keep)
        own->allocated = keep;
    note_backed(pool, slot, keep);
    mms__slot_cut(pool, slot, keep);
    MMS__STEP(trim_noted);
}

static int fail_full(const struct mms__pool *pool, int code, uint64_t size)
{
    if (mms__slot_is_full(code))
        return mms__fail(code, "writing %s: no room for another %llu bytes, and the last value stays; %s", pool->path,
                         (unsigned long long)size, mms__room_advice(pool->volatile_memory));
    return mms__fail(code, "writing %s: getting room for %llu bytes", pool->path, (unsigned long long)size);
}

/* Where a copy shares its blocks with the original (cp on xfs, a snapshot on btrfs), a store to
   such a block takes new room, and raises SIGBUS on a full disk. Storing to it ahead of the value,
   without changing a byte, turns that into an error. A copy made between this and the stores of
   the value can still do harm. */
static int renew(const struct mms__pool *pool, void *start, uint64_t size)
{
    int code = pool->shares_blocks ? mms__populate(start, (size_t)size, true) : 0;

    return code == 0 ? 0 : fail_full(pool, code, size);
}

/* The words that a publish stores. A reader's line may be in a shared block as well: see docs/design.md, limits. */
int mms__slot_renew_words(const struct mms__pool *pool)
{
    int code;

    if (!pool->shares_blocks)
        return 0;
    code = renew(pool, pool->control, mms__control_size(pool->header.max_slots));
    return code == 0 ? renew(pool, pool->table.shared, sizeof(struct mms__readers)) : code;
}

/* Huge pages are for large values only: every slot would take at least one. */
static int get_room(const struct mms__pool *pool, uint64_t offset, uint64_t size)
{
    int code = -EOPNOTSUPP;

    if (size < pool->huge_page)
        code = mms__populate_or_refuse(pool->data + offset, (size_t)size);
    if (code != -EOPNOTSUPP)
        return code;
    code = mms__allocate(pool->data_file->fd, offset, size);
    MMS__STEP(room_allocated);
    return code == 0 ? mms__populate(pool->data + offset, (size_t)size, true) : code;
}

/* Get the first `room` bytes of a slot, which has fewer. Huge pages first: the kernel makes one in
   less time than small pages in its place would take. */
static int get_pages(struct mms__pool *pool, unsigned slot, uint64_t room, uint64_t most_huge)
{
    struct mms__slot *own = &pool->slots[slot];
    uint64_t has = own->allocated, kept = own->backed, start = slot_offset(pool, slot);
    int code, refused;

    if (own->backed < room)
        note_backed(pool, slot, room);
    MMS__STEP(room_noted);
    refused = mms__slot_make_huge(pool, slot, room, most_huge);
    MMS__STEP(room_paged);
    code = get_room(pool, start + has, room - has);
    if (code == 0 && has > 0 && (code = renew(pool, pool->data + start, has)) != 0)
        return code;
    if (code != 0 || (refused != 0 && pool->huge_pages == MMS_HUGE_PAGES_ON)) {
        /* But keep what was there before: an update relies on it. The current value may have more than was noted. */
        if (own->backed > kept && own->state != MMS__SLOT_LIVE)
            mms__slot_trim(pool, slot, kept);
        return code != 0 ? fail_full(pool, code, room - has) : mms__slot_fail_huge(pool, refused);
    }
    MMS__STEP(room_populated);
    own->allocated = room;
    return 0;
}

int mms__slot_provide(struct mms__pool *pool, unsigned slot, uint64_t size, enum mms__pace pace)
{
    uint64_t least = mms__slot_room(pool, size), room = least, most_huge;
    int code;

    if (mms__slot_has_room(pool, slot, size))
        return renew(pool, pool->data + slot_offset(pool, slot), size);
    code = mms__slot_ensure_file(pool);
    if (code != 0)
        return code;
    most_huge = mms__slot_huge_now(pool, slot, least, pace);
    if (most_huge > 0)
        room = mms__slot_round(pool, slot, least);
    code = get_pages(pool, slot, room, most_huge);
    return mms__slot_is_full(code) && room > least ? get_pages(pool, slot, least, most_huge) : code;
}
