/* SPDX-License-Identifier: Apache-2.0 */
/* Removing mmap-sync's files: first the value, so that whoever has them open learns of it, then the names. */
#include "base/error.h"
#include "mmap_sync/backend.h"
#include "mmap_sync/files.h"
#include "os/cancel.h"
#include "os/clock.h"
#include "os/futex.h"
#include "os/process.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct mms__trust anybody = {.any_owner = true, .force_filesystem = true};

#define LOCK_WAIT_MS 2000
#define LOCK_RETRY_NS 2000000

/* The state, to be emptied. No mapping if it is empty or may not be written: then processes that
   have it open learn of the removal when they find the names gone. */
static int map_doomed(const struct mms__place *place, const struct mms__file *file, bool writable,
                      struct mms__mapping *mapping)
{
    struct stat status;
    int code;

    if (!writable)
        return 0;
    if (fstat(file->fd, &status) != 0)
        return mms__fail_errno("removing %s: looking at the size of its state; it stays as it was", place->path);
    if (status.st_size < (off_t)MMS__STATE_SIZE)
        return 0;
    code = mms__map_file(file->fd, MMS__STATE_SIZE, PROT_READ | PROT_WRITE, false, mapping);
    return code == 0 ? 0 : mms__fail(code, "removing %s: mapping its state; it stays as it was", place->path);
}

/* Processes that have it open no longer find a value: the crate's readers say "uninitialized
   state", ours MMS_E_EMPTY, and MMS_E_GONE once the name is gone. */
static void empty(struct mms__mmap_sync_state *state)
{
    mms__store_seq_cst(&state->version, 0); /* publishes nothing; as strong as all stores of a version */
    MMS__STEP(mmap_sync_emptied);
    mms__futex_wake_all((uint32_t *)(void *)&state->version + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__));
}

static int unlink_all(const struct mms__place *place)
{
    char name[MMS__FILE_NAME_SIZE];

    for (unsigned i = 0; i < 2; i++) {
        mms__data_name(place, i, name);
        if (unlink(name) != 0 && errno != ENOENT)
            return mms__fail_errno("removing %s; readers find no value any more. The state stays: try again", name);
        MMS__STEP(mmap_sync_data_unlinked);
    }
    mms__state_name(place, name); /* last: the others cannot be found without it */
    if (unlink(name) != 0 && errno != ENOENT)
        return mms__fail_errno("removing %s; readers find no value any more: try again", name);
    MMS__STEP(mmap_sync_state_unlinked);
    return 0;
}

/* Before the value is emptied: a removal that cannot be finished must not begin. */
static int check_directory(const struct mms__place *place)
{
    char directory[sizeof place->path + 2];

    memcpy(directory, place->path, place->parent_size);
    memcpy(directory + place->parent_size, "/.", 3);
    if (access(directory, W_OK | X_OK) == 0)
        return 0;
    return mms__fail_errno(
        "removing %s: this user may not delete files from its directory; it stays as it was. Get the "
        "right to write that directory",
        place->path);
}

static int fail_removed(const struct mms__place *place)
{
    return mms__fail(MMS_E_AGAIN,
                     "removing %s: another process has just removed or replaced it; try again if it is "
                     "still there",
                     place->path);
}

/* With the lock held. */
static int remove_locked(const struct mms__place *place, const struct mms__file *file, bool writable)
{
    struct mms__mapping mapping = {0};
    int code = mms__state_check_name(place, file);

    if (code == MMS_E_GONE)
        return fail_removed(place);
    if (code != 0)
        return code;
    code = check_directory(place);
    if (code != 0)
        return code;
    code = map_doomed(place, file, writable, &mapping);
    if (code != 0)
        return code;
    MMS__STEP(mmap_sync_remove_mapped);
    if (mapping.base)
        empty(mapping.base);
    code = unlink_all(place);
    mms__unmap(&mapping);
    return code;
}

/* With forks held off: a child would inherit the descriptor and the mapping, each of which keeps the lock, and that would
   stay where the removal fails. -EWOULDBLOCK: a writer has the lock. */
static int try_remove(const struct mms__place *place)
{
    struct mms__file file;
    bool writable = true;
    int code = mms__state_open(place, &anybody, O_RDWR, &file);

    if (code == -EACCES || code == -EROFS) {
        writable = false;
        code = mms__state_open(place, &anybody, O_RDONLY, &file);
    }
    if (code != 0)
        return code;
    MMS__STEP(mmap_sync_remove_opened);
    code = mms__state_lock(place, &file);
    MMS__STEP(mmap_sync_remove_locked);
    if (code == 0)
        code = remove_locked(place, &file, writable);
    mms__file_close(&file);
    return code;
}

int mms__mmap_sync_remove(const struct mms__place *place)
{
    uint64_t deadline = mms__deadline(LOCK_WAIT_MS);

    for (bool waited = false;; waited = true) {
        int code;

        mms__fork_hold();
        code = try_remove(place);
        mms__fork_release();
        if (code == -ENOENT && waited)
            return fail_removed(place);
        if (code != -EWOULDBLOCK)
            return code;
        if (mms__now_ns() >= deadline)
            return mms__fail(MMS_E_BUSY, "removing %s: another process has the write lock of %s_state; end it first",
                             place->path, place->path);
        mms__sleep_ns(LOCK_RETRY_NS);
    }
}
