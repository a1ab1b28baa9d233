/* SPDX-License-Identifier: Apache-2.0 */
#include "region/directory.h"
#include "base/error.h"
#include "os/mount.h"
#include "region/parts.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whoever may write the directory may have put its files there. */
static int check_directory(const struct mms__place *place, const struct mms__trust *trust)
{
    struct stat status;

    if (fstat(place->directory.fd, &status) != 0)
        return mms__fail_errno("looking at the owner of %s", place->path);
    if (!mms__uid_is_trusted(status.st_uid, trust))
        return mms__fail_untrusted(place->path, status.st_uid);
    if ((status.st_mode & 022) == 0)
        return 0;
    return mms__fail(-EPERM,
                     "%s may be written by others than its owner (mode %04o), so anybody may have made what is in it; "
                     "take that right away (chmod go-w), or give the path",
                     place->path, status.st_mode & 07777);
}

static int check_owner(const struct mms__place *place, const struct mms__trust *trust)
{
    char path[sizeof place->path + 16];
    struct stat status;
    int code = !place->bare || trust->any_owner ? 0 : check_directory(place, trust);

    if (!place->bare || trust->any_owner || code != 0)
        return code;
    for (int i = 0; i < MMS__PART_COUNT; i++) {
        snprintf(path, sizeof path, "%s/%s", place->path, mms__parts[i].name);
        if (fstatat(place->directory.fd, mms__parts[i].name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
            if (!mms__uid_is_trusted(status.st_uid, trust))
                return mms__fail_untrusted(path, status.st_uid);
        } else if (errno != ENOENT) { /* a missing file is reported where it is opened */
            return mms__fail_errno("looking at the owner of %s", path);
        }
    }
    return 0;
}

static bool has_part_of_a_region(const struct mms__place *place)
{
    struct stat status;

    for (int i = 0; i < MMS__PART_COUNT; i++)
        if (fstatat(place->directory.fd, mms__parts[i].name, &status, AT_SYMLINK_NOFOLLOW) == 0)
            return true;
    return false;
}

static bool is_mount_point(const struct mms__place *place)
{
    struct stat parent;

    return fstatat(place->directory.fd, "..", &parent, 0) == 0 && parent.st_dev != place->directory.device;
}

int mms__fail_missing(const struct mms__place *place, const char *name)
{
    if (has_part_of_a_region(place))
        return mms__fail(
            MMS_E_NOT_REGION,
            "%s has no regular file `%s`, so it is not a region, or no longer: somebody has deleted a part "
            "of it; end what uses it, delete the rest (rm -r), and let a writer create it anew",
            place->path, name);
    if (is_mount_point(place))
        return mms__fail(
            MMS_E_NOT_REGION,
            "%s is a mount point, and a region is a directory that is made anew and renamed; give one below "
            "it, say %s/NAME",
            place->path, place->path);
    return mms__fail(MMS_E_NOT_REGION,
                     "%s has no regular file `%s`, so it is not a region; it is left as it is: remove it, or take "
                     "another name",
                     place->path, name);
}

static int fail_kind(const struct mms__place *place)
{
    char target[256];
    ssize_t size = readlink(place->path, target, sizeof target - 1);

    if (size < 0)
        return mms__fail(MMS_E_NOT_REGION, "%s is not a directory, so not a region", place->path);
    target[size] = 0;
    return mms__fail(MMS_E_NOT_REGION,
                     "%s is a symbolic link (to %s), which is not followed, as it may change; give the path of the "
                     "region itself",
                     place->path, target);
}

int mms__place_open(struct mms__place *place, const struct mms__trust *trust)
{
    int code = mms__file_open(AT_FDCWD, place->path, O_RDONLY | O_DIRECTORY, 0, &place->directory);

    if (code == -ENOENT)
        return mms__fail(code, "no region at %s: a writer has to create it first", place->path);
    if (code == -ENOTDIR)
        return fail_kind(place);
    if (code != 0)
        return mms__fail(code, "opening the directory %s", place->path);
    code = mms__place_check_filesystem(place, place->directory.fd, trust->force_filesystem);
    if (code == 0)
        code = check_owner(place, trust);
    if (code != 0)
        mms__place_close(place);
    return code;
}

int mms__place_open_any(struct mms__place *place)
{
    const struct mms__trust trust = {.any_owner = true, .force_filesystem = true};

    return mms__place_open(place, &trust);
}

static int fail_linked(const struct mms__place *place, const char *doing)
{
    return mms__fail(-EMLINK,
                     "%s %s: its file `control` is in another directory too (a hard link), and readers there would be "
                     "told that their region is gone; if this one is a copy, delete it by hand (rm -r), else delete "
                     "the other one (find -samefile %s/control)",
                     doing, place->path, place->path);
}

static int check_own_file(const struct mms__place *place, enum mms__part part, int64_t mount, const char *doing)
{
    const char *name = mms__parts[part].name;
    struct mms__file file;
    struct stat status;
    int code = mms__file_open(place->directory.fd, name, O_PATH, 0, &file);
    int64_t own;

    if (code == -ENOENT || code == MMS_E_NOT_REGION)
        return 0;
    if (code != 0)
        return mms__fail(code, "%s %s: looking at its file `%s`", doing, place->path, name);
    own = mms__mount_id(file.fd);
    code = mms__file_stat(&file, &status);
    mms__file_close(&file);
    if (mount >= 0 && own >= 0 && own != mount)
        return mms__fail(-EBUSY, "%s %s: something is mounted over its file `%s`; unmount that first", doing,
                         place->path, name);
    return code == 0 && part == MMS__PART_CONTROL && status.st_nlink > 1 ? fail_linked(place, doing) : 0;
}

int mms__check_own_files(const struct mms__place *place, const char *doing)
{
    int64_t mount = mms__mount_id(place->directory.fd);
    int code = 0;

    for (int i = 0; code == 0 && i < MMS__PART_COUNT; i++)
        code = check_own_file(place, (enum mms__part)i, mount, doing);
    return code;
}

bool mms__place_is_gone(const struct mms__place *place)
{
    struct stat status;

    if (stat(place->path, &status) != 0)
        return errno == ENOENT || errno == ENOTDIR;
    return !mms__file_is(&place->directory, status.st_dev, status.st_ino);
}
