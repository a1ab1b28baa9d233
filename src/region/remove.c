/* SPDX-License-Identifier: Apache-2.0 */
#include "region/remove.h"
#include "base/error.h"
#include "base/libc.h"
#include "os/cancel.h"
#include "os/futex.h"
#include "region/backend.h"
#include "region/directory.h"
#include "region/files.h"
#include "region/parts.h"
#include "region/recognise.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEMPORARY_MARK ".mmsync-"
#define ASIDE_MARK ".aside-"
#define LOCK_WAIT_MS 2000

enum { DIGITS = 16 }; /* random, at the end of a temporary name */

/* A directory is not, whatever its name: to unlink it would fail half-way. */
static bool is_ours(const struct dirent *entry)
{
    for (int i = 0; i < MMS__PART_COUNT; i++)
        if (strcmp(entry->d_name, mms__parts[i].name) == 0)
            return entry->d_type != DT_DIR;
    return false;
}

int mms__fail_rename(int code, const char *doing, const char *path)
{
    if (code != -EINVAL && code != -ENOSYS && code != -EPERM)
        return mms__fail(code, "%s %s", doing, path);
    return mms__fail(
        code,
        "%s %s: renameat2(2) is refused: the file system does not support it, or a filter on system calls "
        "(seccomp) or the directory (sticky, append-only) forbids it; use a region on tmpfs (/dev/shm), or "
        "have that lifted",
        doing, path);
}

int mms__temporary_name(const struct mms__place *target, struct mms__place *temporary)
{
    size_t room = sizeof temporary->path - target->parent_size;
    uint32_t random[2];
    int printed, code = mms__random(random, sizeof random);

    if (code != 0)
        return mms__fail(code, "naming a directory beside %s: getting random bytes", target->path);
    *temporary = *target;
    printed = snprintf(temporary->path + target->parent_size, room, "/.%s" TEMPORARY_MARK "%08x%08x",
                       mms__place_name(target), random[0], random[1]);
    if ((size_t)printed >= room)
        return mms__fail(MMS_E_INVALID,
                         "the path of a region is too long for the temporary name beside it; use a shorter one");
    return 0;
}

/* Stops at the first file that cannot be unlinked, to keep the order. */
int mms__unlink_files(int directory)
{
    /* Distinguishes it from somebody else's empty directory, if we die before it is gone. */
    (void)fchmod(directory, MMS__UNFINISHED_MODE);
    MMS__STEP(remove_marked);
    for (int i = 0; i < MMS__PART_COUNT; i++) {
        if (unlinkat(directory, mms__parts[i].name, 0) != 0 && errno != ENOENT)
            return -errno;
        MMS__STEP(remove_file_unlinked);
    }
    return 0;
}

static DIR *list(int directory)
{
    struct mms__file copy;
    DIR *entries;
    int code = mms__file_open(directory, ".", O_RDONLY | O_DIRECTORY, 0, &copy);

    if (code != 0) {
        errno = -code;
        return NULL;
    }
    entries = fdopendir(copy.fd);
    if (!entries)
        mms__file_close(&copy);
    return entries;
}

int mms__holds_others(int directory, char name[NAME_MAX + 1])
{
    DIR *entries = list(directory);
    struct dirent *entry;
    int code = 0;

    if (!entries)
        return -errno;
    while (code == 0 && (errno = 0, (entry = readdir(entries)))) /* NOLINT(concurrency-mt-unsafe) */
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 && !is_ours(entry)) {
            if (name)
                snprintf(name, NAME_MAX + 1, "%s", entry->d_name);
            code = -ENOTEMPTY;
        }
    if (code == 0 && errno != 0) /* what was not listed may be somebody else's */
        code = -errno;
    closedir(entries);
    return code;
}

int mms__check_for_others(const struct mms__place *place, const char *doing)
{
    char name[NAME_MAX + 1];
    int code = mms__holds_others(place->directory.fd, name);

    if (code == -ENOTEMPTY)
        return mms__fail(code, "%s %s: it holds `%s`, which is not mmsync's; move that away first", doing, place->path,
                         name);
    return code == 0 ? 0 : mms__fail(code, "%s %s: listing its files", doing, place->path);
}

/* Open handles find the tombstone at their next look; sleepers are woken for it. It comes
   before the change of `wake`: whoever has loaded the new `wake` sees it before sleeping
   (pair: the acquire in sleep_once). A tombstone hands nothing on, so no earlier store has to
   be seen with it. */
static void store_tombstone(struct mms__control *control)
{
    mms__store_release(&control->current, MMS__TOMBSTONE);
    MMS__STEP(tombstone_stored);
    mms__store_release(&control->wake, ~mms__load_relaxed(&control->wake));
    MMS__STEP(tombstone_wake_stored);
    mms__futex_wake_all(&control->wake);
    MMS__STEP(tombstone_woken);
}

/* The control file of a region that is to go, writable. No mapping, and no error, where it is
   damaged: then nobody can be using it properly. */
static int map_doomed(const struct mms__place *place, struct mms__mapping *mapping)
{
    struct mms__file file;
    struct mms__header header;
    int code = mms__region_open_control(place, true, &file, mapping, &header);

    if (code != 0)
        return code == MMS_E_CORRUPT ? 0 : code;
    mms__file_close(&file);
    return 0;
}

void mms__tombstone_region(const struct mms__place *place)
{
    struct mms__mapping mapping = {0};

    if (map_doomed(place, &mapping) == 0 && mapping.base)
        store_tombstone(mapping.base);
    mms__unmap(&mapping);
}

int mms__check_name(const struct mms__file *directory, int parent, const char *name)
{
    struct stat status;

    if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? MMS_E_GONE : -errno;
    return mms__file_is(directory, status.st_dev, status.st_ino) ? 0 : MMS_E_GONE;
}

int mms__remove_directory(const struct mms__file *directory, int parent, const char *name)
{
    int code = mms__check_name(directory, parent, name);

    if (code == MMS_E_GONE) /* a sweeper was faster, here and below */
        return 0;
    if (code != 0)
        return code;
    return unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : -errno;
}

int mms__set_aside(struct mms__place *hidden, int parent)
{
    const char *name = mms__place_name(hidden), *wanted = name + 1;
    int length = (int)(strlen(wanted) - strlen(TEMPORARY_MARK) - DIGITS);
    struct mms__place aside = *hidden;

    /* ".NAME.mmsync-0123" becomes "NAME.aside-0123", which no writer sweeps. */
    snprintf(aside.path + aside.parent_size, sizeof aside.path - aside.parent_size, "/%.*s" ASIDE_MARK "%s", length,
             wanted, wanted + length + strlen(TEMPORARY_MARK));
    if (renameat2(parent, name, parent, mms__place_name(&aside), RENAME_NOREPLACE) != 0)
        return -errno;
    *hidden = aside;
    return 0;
}

/* What had the name cannot get it back: something else has taken the name again. */
static int fail_put_back(const struct mms__place *place, struct mms__place *away, int parent)
{
    (void)mms__set_aside(away, parent);
    return mms__fail(MMS_E_GONE,
                     "removing %s: something else had that name by then, and could not be given it back; it is %s "
                     "now, whole: move it back",
                     place->path, away->path);
}

static int fail_removed(const struct mms__place *place)
{
    return mms__fail(MMS_E_GONE, "removing %s: another process has removed or replaced it just now", place->path);
}

static int fail_renamed_away(int code, const struct mms__place *place)
{
    if (code == MMS_E_GONE)
        return mms__fail(code, "removing %s: something else has that name now, and is left as it is", place->path);
    if (code == -EBUSY)
        return mms__fail(code,
                         "removing %s: it is a mount point, and stays as it was; unmount it, or remove it where it was "
                         "mounted from",
                         place->path);
    return mms__fail_rename(code, "removing, by giving it another name first,", place->path);
}

/* Anyone who may write the parent directory may give our name to something else at any moment. If
   we renamed that, rename it back. */
static int rename_away(const struct mms__place *place, struct mms__place *away, int parent)
{
    const char *name = mms__place_name(place), *hidden = mms__place_name(away);
    int code = mms__check_name(&place->directory, parent, name);

    if (code != 0)
        return fail_renamed_away(code, place);
    if (renameat2(parent, name, parent, hidden, RENAME_NOREPLACE) != 0)
        return fail_renamed_away(-errno, place);
    code = mms__check_name(&place->directory, parent, hidden);
    if (code == 0)
        return 0;
    if (renameat2(parent, hidden, parent, name, RENAME_NOREPLACE) != 0)
        return fail_put_back(place, away, parent);
    return fail_renamed_away(code, place);
}

/* With the name gone. */
static int unlink_away(const struct mms__place *place, const struct mms__place *away, int parent)
{
    int code = mms__unlink_files(place->directory.fd);

    MMS__STEP(remove_unlinked);
    if (code == 0)
        code = mms__remove_directory(&place->directory, parent, mms__place_name(away));
    if (code == 0)
        return 0;
    return mms__fail(code, "removing %s: the name is free, and what is left is %s; the next writer sweeps it",
                     place->path, away->path);
}

/* First the name goes, which can fail, then readers are told, which cannot be undone. If we
   die in between, the next sweep tells them. */
static int rename_and_unlink(const struct mms__place *place, struct mms__place *away, struct mms__control *control)
{
    struct mms__file parent = MMS__NO_FILE;
    int code = mms__place_parent(place, O_PATH, &parent);

    if (code != 0)
        return mms__fail(code, "removing %s: opening its parent directory; it stays as it was", place->path);
    code = rename_away(place, away, parent.fd);
    if (code != 0)
        goto close;
    MMS__STEP(remove_renamed);
    if (control)
        store_tombstone(control);
    code = unlink_away(place, away, parent.fd);
close:
    mms__file_close(&parent);
    return code;
}

/* With the directory open and its writer's lock held. */
static int remove_locked(const struct mms__place *place)
{
    struct mms__mapping mapping = {0};
    struct mms__place away;
    int code;

    if (mms__place_is_gone(place))
        return fail_removed(place);
    code = mms__check_for_others(place, "removing");
    if (code == 0)
        code = mms__check_own_files(place, "removing");
    if (code != 0)
        return code;
    code = mms__temporary_name(place, &away);
    if (code != 0)
        return code;
    code = map_doomed(place, &mapping);
    if (code != 0)
        return code;
    MMS__STEP(remove_mapped);
    code = rename_and_unlink(place, &away, mapping.base);
    mms__unmap(&mapping);
    return code;
}

static int lock_to_remove(const struct mms__place *place, struct mms__writer_lock *lock)
{
    int code = mms__writer_lock_wait(place, LOCK_WAIT_MS, PTHREAD_CANCEL_DISABLE, lock);

    if (code == MMS_E_BUSY) /* its own detail advises a longer wait, which is for writers */
        return mms__fail(code, "removing %s: another process has it open as its writer; end that first", place->path);
    if (code == MMS_E_NOT_REGION && mms__place_is_gone(place))
        return fail_removed(place);
    return code;
}

int mms__native_remove(const struct mms__place *found)
{
    struct mms__place place = *found;
    struct mms__writer_lock lock;
    int code = mms__place_open_any(&place);

    if (code == -ENOENT)
        return mms__fail(code, "removing %s: there is no region of that name", place.path);
    if (code != 0)
        return code;
    code = lock_to_remove(&place, &lock);
    if (code != 0)
        goto close;
    MMS__STEP(remove_locked);
    code = remove_locked(&place);
    mms__writer_lock_drop(&lock);
close:
    mms__place_close(&place);
    return code;
}

/* Exactly ".NAME.mmsync-" and 16 hexadecimal digits. */
static bool is_temporary_name(const char *name, const struct mms__place *target)
{
    char prefix[NAME_MAX + 1];
    size_t length = (size_t)snprintf(prefix, sizeof prefix, ".%s" TEMPORARY_MARK, mms__place_name(target));

    return strncmp(name, prefix, length) == 0 && strlen(name) == length + DIGITS &&
           strspn(name + length, "0123456789abcdef") == DIGITS;
}

static bool is_durable(const struct mms__place *left)
{
    struct mms__mapping mapping = {0};
    struct mms__header header;
    struct mms__file file;

    if (mms__region_open_control(left, false, &file, &mapping, &header) != 0)
        return false;
    mms__file_close(&file);
    mms__unmap(&mapping);
    return mms__header_is_durable(&header);
}

/* With the lock held. A builder may have finished, and renamed the directory, while we waited
   for its lock. And a writer may have died between the exchange of a durable region and the sync of that: then a power
   cut would give this one its name back. */
static void sweep_locked(const struct mms__place *left, int parent, const char *name)
{
    if (mms__check_name(&left->directory, parent, name) != 0 || (is_durable(left) && mms__sync(parent) != 0))
        return;
    mms__tombstone_region(left); /* it may have been replaced or removed, and its readers not told yet */
    (void)mms__unlink_files(left->directory.fd);
    MMS__STEP(sweep_unlinked);
    (void)mms__remove_directory(&left->directory, parent, name);
    MMS__STEP(sweep_removed);
}

/* In a directory like /dev/shm anybody can make such a name, and truncate files under our
   mappings; and a user may have given such a name to something else. Builders and removers hold
   the lock; if it is free, that process is dead. If there is no `lock`, the process may be alive,
   just before its second step or its last, and does not need the empty directory (mms__build tries
   again). */
static void sweep_one(const struct mms__place *target, int parent, const char *name)
{
    struct mms__place left = *target;
    struct mms__writer_lock lock;
    int code;

    if (mms__file_open(parent, name, O_RDONLY | O_DIRECTORY, 0, &left.directory) != 0)
        return;
    code = mms__is_leftover(&left.directory) ? mms__writer_lock_try(&left, false, &lock) : -EACCES;
    if (code == 0) {
        MMS__STEP(sweep_locked);
        sweep_locked(&left, parent, name);
        mms__writer_lock_drop(&lock);
    } else if (code == MMS_E_NOT_REGION) {
        (void)mms__remove_directory(&left.directory, parent, name);
    }
    mms__place_close(&left);
}

void mms__sweep_leftovers(const struct mms__place *target)
{
    struct mms__file directory;
    DIR *entries;

    if (mms__place_parent(target, O_RDONLY, &directory) != 0)
        return;
    entries = list(directory.fd);
    if (!entries)
        goto close;
    for (struct dirent *entry; (entry = readdir(entries));) /* NOLINT(concurrency-mt-unsafe) */
        if (is_temporary_name(entry->d_name, target))
            sweep_one(target, directory.fd, entry->d_name);
    closedir(entries);
close:
    mms__file_close(&directory);
}
