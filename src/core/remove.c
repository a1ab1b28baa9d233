/* SPDX-License-Identifier: Apache-2.0 */
#include "core/remove.h"
#include "core/attach.h"
#include "core/error.h"
#include "core/foreign.h"
#include "core/futex.h"
#include "core/libc.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEMPORARY_MARK ".mmsync-"
#define LOCK_WAIT_MS 2000

static const char *const file_names[] = {"control", "readers", "data", "lock"};

enum { FILE_COUNT = sizeof file_names / sizeof *file_names };

static bool is_ours(const char *name)
{
    for (int i = 0; i < FILE_COUNT; i++)
        if (strcmp(name, file_names[i]) == 0)
            return true;
    return false;
}

int mms__temporary_name(const struct mms__place *target, struct mms__place *temporary)
{
    size_t room = sizeof temporary->path - target->parent_size;
    uint32_t random[2];
    int printed;

    int code = mms__random(random, sizeof random);

    if (code != 0)
        return mms__fail(code, "naming a directory beside %s: getting random bytes", target->path);
    *temporary = *target;
    printed = snprintf(temporary->path + target->parent_size, room, "/.%s" TEMPORARY_MARK "%08x%08x",
                       mms__place_name(target), random[0], random[1]);
    if ((size_t)printed >= room)
        return mms__fail(MMS_E_INVALID,
                         "the path of a region is too long, as it is built under a longer name beside it");
    return 0;
}

/* `lock` goes last, and not if another file stays: without it the rest would never be swept. */
int mms__unlink_files(int directory)
{
    for (int i = 0; i < FILE_COUNT; i++) {
        if (unlinkat(directory, file_names[i], 0) != 0 && errno != ENOENT)
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

int mms__check_for_others(const struct mms__place *place, const char *doing)
{
    DIR *entries = list(place->directory.fd);
    struct dirent *entry;
    int code = 0;

    if (!entries)
        return mms__fail_errno("%s %s: listing its files", doing, place->path);
    while (code == 0 && (errno = 0, (entry = readdir(entries)))) /* NOLINT(concurrency-mt-unsafe) */
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 && !is_ours(entry->d_name))
            code = mms__fail(-ENOTEMPTY, "%s %s: it holds `%s`, which is not mmsync's; take that away first", doing,
                             place->path, entry->d_name);
    if (code == 0 && errno != 0) /* what was not listed may be somebody's */
        code = mms__fail_errno("%s %s: listing its files", doing, place->path);
    closedir(entries);
    return code;
}

/* Open handles find the tombstone at their next look; sleepers are woken for it. The tombstone before `wake` changes: who has
   loaded the new `wake` sees it before it sleeps (pair: the acquire in sleep_once). It is the same for all, so nothing
   before it has to be seen with it. */
static void bury(struct mms__control *control)
{
    mms__store_release(&control->current, MMS__TOMBSTONE);
    MMS__STEP(bury_tombstone_stored);
    mms__store_release(&control->wake, ~mms__load_relaxed(&control->wake));
    MMS__STEP(bury_wake_stored);
    mms__futex_wake_all(&control->wake);
    MMS__STEP(bury_woken);
}

/* The control file of what is to go, writable; or nothing, where it is damaged and nobody can be using it properly. */
static int map_doomed(const struct mms__place *place, struct mms__map *map)
{
    struct mms__file file;
    struct mms__header header;
    int code = mms__attach_control(place, true, &file, map, &header);

    if (code == 0)
        mms__file_close(&file);
    return code == MMS_E_CORRUPT ? 0 : code;
}

void mms__bury_entered(const struct mms__place *place)
{
    struct mms__map map = {0};

    if (map_doomed(place, &map) == 0 && map.base)
        bury(map.base);
    mms__unmap(&map);
}

int mms__check_name(const struct mms__file *directory, int parent, const char *name)
{
    struct stat status;

    if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? MMS_E_GONE : -errno;
    return mms__file_is(directory, status.st_dev, status.st_ino) ? 0 : MMS_E_GONE;
}

static int open_parent(const struct mms__place *place, int flags, struct mms__file *parent)
{
    char path[sizeof place->path];

    memcpy(path, place->path, place->parent_size);
    path[place->parent_size] = 0;
    return mms__file_open(AT_FDCWD, *path ? path : "/", flags | O_DIRECTORY, 0, parent);
}

/* Whoever may write the directory beside us may give our name to something else at any moment: that is put back. */
static int rename_away(const struct mms__place *place, const struct mms__place *away, int parent)
{
    const char *name = mms__place_name(place), *hidden = mms__place_name(away);

    int code = mms__check_name(&place->directory, parent, name);

    if (code != 0)
        return code;
    if (renameat2(parent, name, parent, hidden, RENAME_NOREPLACE) != 0)
        return -errno;
    code = mms__check_name(&place->directory, parent, hidden);
    if (code != 0)
        (void)renameat2(parent, hidden, parent, name, RENAME_NOREPLACE);
    return code;
}

/* First the name goes, which can fail, then readers are told, which cannot be undone. Who dies between the two leaves
   it to the next sweep. */
static int rename_and_unlink(const struct mms__place *place, const struct mms__place *away,
                             struct mms__control *control)
{
    struct mms__file parent = MMS__NO_FILE;
    int code = open_parent(place, O_PATH, &parent);

    if (code == 0)
        code = rename_away(place, away, parent.fd);
    if (code != 0) {
        mms__file_close(&parent);
        if (code == MMS_E_GONE)
            return mms__fail(code, "removing %s: something else has that name by now, and is left as it is",
                             place->path);
        return mms__fail(code, "removing %s: renaming it; it stays as it was", place->path);
    }
    MMS__STEP(remove_renamed);
    if (control)
        bury(control);
    code = mms__unlink_files(place->directory.fd);
    MMS__STEP(remove_unlinked);
    if (code == 0 && unlinkat(parent.fd, mms__place_name(away), AT_REMOVEDIR) != 0 && errno != ENOENT)
        code = -errno; /* ENOENT: a sweeper was faster */
    mms__file_close(&parent);
    return code == 0
               ? 0
               : mms__fail(code, "removing %s: the name is free, and what is left is %s; the next writer sweeps it",
                           place->path, away->path);
}

static int remove_entered(const struct mms__place *place)
{
    struct mms__map map = {0};
    struct mms__place away;
    int code = mms__check_for_others(place, "removing");

    if (code == 0)
        code = mms__temporary_name(place, &away);
    if (code == 0)
        code = map_doomed(place, &map);
    MMS__STEP(remove_mapped);
    if (code == 0)
        code = rename_and_unlink(place, &away, map.base);
    mms__unmap(&map);
    return code;
}

int mms_remove(const char *path)
{
    struct mms__trust trust = {.any_owner = true, .force_filesystem = true};
    struct mms__writer_lock lock;
    const struct mms__foreign *foreign;
    struct mms__place place;
    int code = mms__foreign_find(path, MMS_FORMAT_AUTO, &place, &foreign);

    if (code == 0 && foreign)
        return foreign->remove(&place);
    if (code == 0)
        code = mms__place_enter(&place, &trust);
    if (code != 0)
        return code;
    code = mms__writer_lock_wait(&place, LOCK_WAIT_MS, &lock);
    if (code == MMS_E_NOT_REGION && mms__place_is_gone(&place))
        code = mms__fail(MMS_E_GONE, "removing %s: somebody else has", place.path);
    if (code == 0) {
        MMS__STEP(remove_locked);
        code = mms__place_is_gone(&place) ? mms__fail(MMS_E_GONE, "removing %s: somebody else has", place.path)
                                          : remove_entered(&place);
        mms__writer_lock_drop(&lock);
    }
    mms__place_leave(&place);
    return code;
}

/* ".NAME.mmsync-" and 16 hexadecimal digits, nothing else. */
static bool is_temporary_name(const char *name, const struct mms__place *target)
{
    char prefix[NAME_MAX + 1];
    size_t length = (size_t)snprintf(prefix, sizeof prefix, ".%s" TEMPORARY_MARK, mms__place_name(target));

    return strncmp(name, prefix, length) == 0 && strlen(name) == length + 16 &&
           strspn(name + length, "0123456789abcdef") == 16;
}

/* Anybody can make such a name in a directory like /dev/shm, and truncate files under our maps. */
static bool belongs_to_us(const struct mms__file *directory)
{
    struct stat status;

    return fstat(directory->fd, &status) == 0 && status.st_uid == geteuid();
}

/* Who builds or removes holds the lock; where nobody does, that process is dead. Where there is no `lock` the process
   may be alive, before its second step or its last, and can do without the empty directory (mms__build tries again). */
static void sweep_one(const struct mms__place *target, int parent, const char *name)
{
    struct mms__place left = *target;
    struct mms__writer_lock lock;
    int code;

    if (mms__file_open(parent, name, O_RDONLY | O_DIRECTORY, 0, &left.directory) != 0)
        return;
    code = belongs_to_us(&left.directory) ? mms__writer_lock_try(&left, false, &lock) : -EACCES;
    if (code == 0) {
        MMS__STEP(sweep_locked);
        /* A builder may have finished, and given the directory another name, while we waited for its lock. */
        if (mms__check_name(&left.directory, parent, name) == 0) {
            mms__bury_entered(&left); /* a replaced region, or a removed one, whose readers have not been told */
            (void)mms__unlink_files(left.directory.fd);
            MMS__STEP(sweep_unlinked);
            (void)unlinkat(parent, name, AT_REMOVEDIR);
            MMS__STEP(sweep_removed);
        }
        mms__writer_lock_drop(&lock);
    } else if (code == MMS_E_NOT_REGION) {
        (void)unlinkat(parent, name, AT_REMOVEDIR);
    }
    mms__place_leave(&left);
}

void mms__sweep_leftovers(const struct mms__place *target)
{
    struct mms__file directory;
    DIR *entries;

    if (open_parent(target, O_RDONLY, &directory) != 0)
        return;
    entries = list(directory.fd);
    for (struct dirent *entry; entries && (entry = readdir(entries));) /* NOLINT(concurrency-mt-unsafe) */
        if (is_temporary_name(entry->d_name, target))
            sweep_one(target, directory.fd, entry->d_name);
    if (entries)
        closedir(entries);
    mms__file_close(&directory);
}
