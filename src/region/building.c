/* SPDX-License-Identifier: Apache-2.0 */
#include "region/building.h"
#include "base/error.h"
#include "base/libc.h"
#include "region/remove.h"
#include <errno.h>
#include <stdio.h>

void mms__building_start(struct mms__building *building, const char *wanted)
{
    *building = (struct mms__building){.wanted = wanted, .parent = MMS__NO_FILE, .lock = MMS__NO_WRITER_LOCK};
    building->place.directory = MMS__NO_FILE;
}

int mms__building_sync(const struct mms__building *building, int fd)
{
    int code = building->place.volatile_memory ? 0 : mms__sync(fd);

    return code == 0 ? 0 : mms__fail(code, "creating %s: writing it to disk", building->wanted);
}

static int rename_to(struct mms__building *building, const struct mms__place *target, unsigned flags)
{
    int parent = building->parent.fd;

    if (renameat2(parent, mms__place_name(&building->place), parent, mms__place_name(target), flags) == 0)
        return 0;
    switch (errno) {
    case EEXIST: return -EAGAIN;
    case EXDEV:
        return mms__fail(
            -EXDEV,
            "giving the new region its name %s: this overlayfs cannot rename directories, because the file system below "
            "it has no extended attributes; make regions on tmpfs (/dev/shm) or on a volume instead",
            target->path);
    case EBUSY:
        return mms__fail(-EBUSY,
                         "giving the new region its name %s: that is a mount point; unmount it, or mount its parent "
                         "directory in its place",
                         target->path);
    default: return mms__fail_rename(-errno, "giving the new region its name", target->path);
    }
}

/* If others lose the name in a crash of the machine, they lose the rest too. */
int mms__building_sync_name(const struct mms__building *building, const char *doing)
{
    int code = building->place.volatile_memory ? 0 : mms__sync(building->parent.fd);

    if (code == 0 || !building->durable)
        return 0;
    return mms__fail(
        code,
        "%s %s: the new region has the name, but writing that to the disk failed; see to the disk (dmesg), "
        "and open it again",
        doing, building->wanted);
}

int mms__building_finish(struct mms__building *building, const struct mms__place *target)
{
    int code = rename_to(building, target, RENAME_NOREPLACE);

    if (code != 0)
        return code;
    code = mms__building_sync_name(building, "creating");
    building->stays = code != 0; /* by now it may have readers */
    return code;
}

enum { PUT_BACK_TRIES = 8 };

static int put_back(struct mms__building *building, const struct mms__place *target)
{
    int code = -EAGAIN;

    for (int tries = 0; tries < PUT_BACK_TRIES && code != 0; tries++) {
        code = rename_to(building, target, RENAME_EXCHANGE);
        if (code == -ENOENT) /* the name is free by now */
            code = rename_to(building, target, RENAME_NOREPLACE);
    }
    return code;
}

/* Anyone who may write the parent directory may give the target's name to something else at any
   moment. If the swap took something else, swap it back. */
int mms__building_exchange(struct mms__building *building, const struct mms__place *target)
{
    int code = rename_to(building, target, RENAME_EXCHANGE), found;

    if (code != 0)
        return code;
    found = mms__check_name(&target->directory, building->parent.fd, mms__place_name(&building->place));
    if (found == 0)
        return 0;
    if (put_back(building, target) != 0) {
        building->stays = true;
        (void)mms__set_aside(&building->place, building->parent.fd);
        return mms__fail(found,
                         "replacing %s: something else had that name by then, and could not be given it back; it is "
                         "%s now, and the new region has the name: move that away before the next writer opens",
                         target->path, building->place.path);
    }
    if (found == MMS_E_GONE)
        return mms__fail(found, "replacing %s: something else has that name now, and is left as it is", target->path);
    return mms__fail(found, "replacing %s: looking at what has that name", target->path);
}

void mms__building_discard(struct mms__building *building)
{
    if (building->place.directory.fd >= 0 && !building->stays) {
        (void)mms__unlink_files(building->place.directory.fd);
        (void)mms__remove_directory(&building->place.directory, building->parent.fd, mms__place_name(&building->place));
    }
    mms__writer_lock_drop(&building->lock);
    mms__place_close(&building->place);
    mms__file_close(&building->parent);
}

void mms__building_release(struct mms__building *building, struct mms__file *directory, struct mms__writer_lock *lock)
{
    *directory = building->place.directory;
    *lock = building->lock;
    mms__file_close(&building->parent);
}
