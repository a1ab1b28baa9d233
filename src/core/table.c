/* SPDX-License-Identifier: Apache-2.0 */
#include "core/table.h"
#include "core/lock.h"
#include "core/protocol.h"
#include <errno.h>
#include <mmsync/error.h>
#include <unistd.h>

static int64_t lock_offset(uint32_t owner)
{
    return MMS__LOCK_BASE + owner;
}

/* With the owner's byte locked. The owner is read again: it may have been cleared since it was looked at. */
static unsigned clear_lines(const struct mms__table *table, uint32_t owner)
{
    unsigned cleared = 0;

    for (uint32_t i = 0; i < mms__table_used(table); i++)
        if (mms__load_acquire(&table->shared->lines[i].owner) == owner) {
            mms__line_clear(&table->shared->lines[i]);
            cleared++;
        }
    return cleared;
}

int mms__table_take_owner(const struct mms__table *table, int fd, uint32_t *owner)
{
    /* Start somewhere else in each process, so that the first try usually succeeds. */
    uint32_t first = (uint32_t)getpid() * 2654435761u % table->max_readers;

    for (uint32_t i = 0; i < table->max_readers; i++) {
        uint32_t candidate = (first + i) % table->max_readers + 1;
        int code = mms__lock_byte(fd, lock_offset(candidate));

        if (code == 0) {
            clear_lines(table, candidate);
            *owner = candidate;
        }
        if (code != -EAGAIN)
            return code;
    }
    return MMS_E_FULL;
}

unsigned mms__table_bury(const struct mms__table *table, int fd, uint32_t owner)
{
    unsigned cleared;

    if (owner == 0 || owner > table->max_readers || mms__lock_byte(fd, lock_offset(owner)) != 0)
        return 0;
    cleared = clear_lines(table, owner);
    mms__unlock_byte(fd, lock_offset(owner));
    return cleared;
}

unsigned mms__table_sweep(const struct mms__table *table, int fd)
{
    unsigned char seen[65536 / 8] = {0};
    unsigned cleared = 0;

    for (uint32_t i = 0; i < mms__table_used(table); i++) {
        uint32_t owner = mms__load_acquire(&table->shared->lines[i].owner);

        if (owner == 0 || owner > table->max_readers || seen[owner / 8] & 1u << owner % 8)
            continue;
        seen[owner / 8] |= (unsigned char)(1u << owner % 8);
        cleared += mms__table_bury(table, fd, owner);
    }
    return cleared;
}
