/* SPDX-License-Identifier: Apache-2.0 */
#include "region/directory.h"
#include "base/error.h"
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

bool mms__place_is_gone(const struct mms__place *place)
{
    struct stat status;

    if (stat(place->path, &status) != 0)
        return errno == ENOENT || errno == ENOTDIR;
    return !mms__file_is(&place->directory, status.st_dev, status.st_ino);
}
