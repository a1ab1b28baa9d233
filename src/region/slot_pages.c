/* SPDX-License-Identifier: Apache-2.0 */
#include "region/slot_pages.h"
#include "base/error.h"
#include "base/minmax.h"
#include "os/huge_pages.h"
#include <errno.h>

/* A slot takes this part more at most, so that it ends with a huge page. */
enum { PART_MORE = 64 };

/* An update makes this many times as much huge as it gets memory. */
enum { CATCH_UP = 2 };

int mms__huge_pages_choose(const struct mms__place *place, mms_huge_pages asked, mms_huge_pages *chosen)
{
    const char *why = NULL;

    if (sizeof(void *) < 8)
        why = "32-bit processes have none; use a 64-bit one";
    else if (!place->volatile_memory)
        why = "only files on tmpfs have them; make the region there (/dev/shm)";
    else if (!mms__can_collapse())
        why = "this kernel does not make them on request; use Linux 6.1 with transparent huge pages";
    if (why && asked == MMS_HUGE_PAGES_ON)
        return mms__fail(-EOPNOTSUPP, "opening %s with huge pages: %s, or use options.huge_pages = MMS_HUGE_PAGES_AUTO",
                         place->path, why);
    *chosen = why ? MMS_HUGE_PAGES_OFF : asked;
    return 0;
}

/* The first huge page that lies in a slot as a whole, counted from the slot's start, */
static uint64_t first_in(const struct mms__pool *pool, unsigned slot)
{
    uint64_t start = slot * pool->header.stride;

    return mms__round_up(start, mms__huge_page()) - start;
}

/* and where the last one ends that lies in its first `room` bytes. */
static uint64_t end_in(const struct mms__pool *pool, unsigned slot, uint64_t room)
{
    uint64_t first = first_in(pool, slot);

    return room < first ? first : first + (room - first) / mms__huge_page() * mms__huge_page();
}

uint64_t mms__slot_round(const struct mms__pool *pool, unsigned slot, uint64_t room)
{
    uint64_t end;

    if (pool->huge_pages == MMS_HUGE_PAGES_OFF)
        return room;
    end = end_in(pool, slot, room + mms__huge_page() - 1);
    return end > first_in(pool, slot) && end > room && end - room <= room / PART_MORE && end <= pool->header.stride
               ? end
               : room;
}

uint64_t mms__slot_round_most(const struct mms__pool *pool, uint64_t room)
{
    return pool->huge_pages == MMS_HUGE_PAGES_OFF || room < mms__huge_page() / 2 ? room : room + room / PART_MORE;
}

static void note(struct mms__pool *pool, unsigned slot)
{
    mms__store_relaxed(&pool->control->slots[slot].huge, pool->slots[slot].huge);
}

/* Making a huge page may take milliseconds: the kernel clears all of it and waits for the other
   processors, and a host may have to find the memory. An update that makes the value little longer
   gets small pages, also in a slot that lacks much because readers held it for long. One that makes
   it much longer also makes up for earlier ones, bit by bit. */
uint64_t mms__slot_huge_now(const struct mms__pool *pool, unsigned slot, uint64_t room, enum mms__pace pace)
{
    uint64_t has = pool->slots[slot].allocated, settled = mms__pool_current_size(pool), lacks;

    has = mms__max(has, settled);
    lacks = room > has ? room - has : 0;
    if (pool->huge_pages == MMS_HUGE_PAGES_OFF)
        return 0;
    if (pool->huge_pages == MMS_HUGE_PAGES_ON || pace == MMS__PACE_WHOLE)
        return UINT64_MAX;
    return lacks < mms__huge_page() / 2 ? 0 : mms__round_up(CATCH_UP * lacks, mms__huge_page());
}

int mms__slot_make_huge(struct mms__pool *pool, unsigned slot, uint64_t room, uint64_t most)
{
    struct mms__slot *own = &pool->slots[slot];
    uint64_t from, end, made;
    int code;

    if (most == 0)
        return 0;
    from = end_in(pool, slot, own->paged);
    end = end_in(pool, slot, room);
    if (end <= from)
        return 0;
    if (end - from > most)
        room = end = from + most;
    code = mms__collapse(pool->data_file->fd, slot * pool->header.stride + from, end - from, &made);
    if (code != 0 && pool->huge_pages == MMS_HUGE_PAGES_ON)
        return code; /* the next write tries again */
    own->paged = room;
    own->huge += made;
    note(pool, slot);
    return code;
}

static const char *reason(int code)
{
    switch (code) {
    case -ENOMEM: return "there is no memory in pieces so large";
    case -EBUSY: return "the memory limit of its cgroup leaves no room for them";
    case -EAGAIN: return "some pages of the file cannot be moved, as if they were pinned for a device";
    default: return "the kernel refuses, as with `deny` in shmem_enabled, or after prctl(PR_SET_THP_DISABLE)";
    }
}

int mms__slot_fail_huge(const struct mms__pool *pool, int code)
{
    return mms__fail(code,
                     "writing %s in huge pages: %s; the last value stays. To take small pages then, use "
                     "options.huge_pages = MMS_HUGE_PAGES_AUTO",
                     pool->path, reason(code));
}

void mms__slot_cut(struct mms__pool *pool, unsigned slot, uint64_t keep)
{
    struct mms__slot *own = &pool->slots[slot];
    uint64_t whole;

    if (pool->huge_pages == MMS_HUGE_PAGES_OFF)
        return;
    whole = end_in(pool, slot, keep) - first_in(pool, slot);
    own->paged = mms__min(own->paged, keep);
    own->huge = mms__min(own->huge, whole);
    note(pool, slot);
}
