/* SPDX-License-Identifier: Apache-2.0 */
#include "region/table.h"
#include "region/protocol.h"
#include "region/writer_lock.h"
#include <errno.h>
#include <mmsync/error.h>
#include <unistd.h>

static int64_t lock_offset(uint32_t owner)
{
    return MMS__LOCK_BASE + owner;
}

/* Owners that are known to be dead: their bytes are locked by us. */
struct dead {
    uint32_t owners[MMS__REAP_BATCH];
    uint32_t count;
};

static bool is_dead(const struct dead *dead, uint32_t owner)
{
    for (uint32_t i = 0; i < dead->count; i++)
        if (dead->owners[i] == owner)
            return true;
    return false;
}

/* Read the owner of each line here, under the locks: it may have changed hands since the last
   look. */
static unsigned clear_lines(const struct mms__table *table, const struct dead *dead)
{
    unsigned cleared = 0;

    for (uint32_t i = 0; dead->count > 0 && i < mms__table_used(table); i++) {
        /* The lock byte, which its owner's end has freed, orders the owner's stores before
           this (G5). */
        uint32_t owner = mms__load_acquire(&table->shared->lines[i].owner);

        if (owner != 0 && is_dead(dead, owner)) {
            mms__line_clear(&table->shared->lines[i]);
            cleared++;
        }
    }
    return cleared;
}

static int try_owner(const struct mms__table *table, int fd, uint32_t owner)
{
    const struct dead former = {{owner}, 1};
    int code = mms__lock_byte(fd, lock_offset(owner));

    MMS__STEP(owner_locked);
    if (code == 0)
        clear_lines(table, &former);
    return code;
}

int mms__table_take_owner(const struct mms__table *table, int fd, uint32_t *owner)
{
    /* Start elsewhere in each process, so that the first try usually succeeds. Go round twice: a
       process that checks an owner locks its byte for a moment. */
    uint32_t first = (uint32_t)getpid() * 2654435761u % table->max_readers;

    for (uint32_t i = 0; i < 2 * table->max_readers; i++) {
        int code;

        *owner = (first + i) % table->max_readers + 1;
        code = try_owner(table, fd, *owner);
        if (code != -EAGAIN)
            return code;
    }
    return MMS_E_FULL;
}

unsigned mms__table_reap(const struct mms__table *table, int fd, const uint32_t *owners, uint32_t count)
{
    struct dead dead = {.count = 0};
    unsigned cleared;

    for (uint32_t i = 0; i < count; i++)
        if (owners[i] != 0 && owners[i] <= table->max_readers && mms__lock_byte(fd, lock_offset(owners[i])) == 0)
            dead.owners[dead.count++] = owners[i];
    MMS__STEP(reap_locked);
    cleared = clear_lines(table, &dead);
    MMS__STEP(reap_cleared);
    for (uint32_t i = 0; i < dead.count; i++)
        mms__unlock_byte(fd, lock_offset(dead.owners[i]));
    MMS__STEP(reap_unlocked);
    return cleared;
}

unsigned mms__table_sweep(const struct mms__table *table, int fd)
{
    unsigned char seen[65536 / 8] = {0};
    uint32_t owners[MMS__REAP_BATCH], count = 0;
    unsigned cleared = 0;

    for (uint32_t i = 0; i < mms__table_used(table); i++) {
        uint32_t owner = mms__load_acquire(&table->shared->lines[i].owner); /* whom to judge, as mms__reap_holders */

        if (owner > table->max_readers) { /* no such owner: somebody has scribbled here */
            mms__line_clear(&table->shared->lines[i]);
            cleared++;
            continue;
        }
        if (owner == 0 || seen[owner / 8] & 1u << owner % 8)
            continue;
        seen[owner / 8] |= (unsigned char)(1u << owner % 8);
        owners[count++] = owner;
        if (count == MMS__REAP_BATCH) {
            cleared += mms__table_reap(table, fd, owners, count);
            count = 0;
        }
    }
    return cleared + mms__table_reap(table, fd, owners, count);
}
