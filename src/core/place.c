/* SPDX-License-Identifier: Apache-2.0 */
#include "core/place.h"
#include "core/error.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define BARE_NAME_DIRECTORY "/dev/shm"

/* By name, because "0x6969" helps nobody. `supported`: shared maps, fallocate, punching and OFD locks are known to
   work; on btrfs without copy-on-write. */
static const struct filesystem {
    unsigned long magic;
    const char *name;
    bool supported;
} filesystems[] = {
    {TMPFS_MAGIC, "tmpfs", true},
    {EXT4_SUPER_MAGIC, "ext4", true},
    {0x58465342, "xfs", true},
    {BTRFS_SUPER_MAGIC, "btrfs", true},
    {OVERLAYFS_SUPER_MAGIC, "overlayfs", true},
    {HUGETLBFS_MAGIC, "hugetlbfs", false},
    {RAMFS_MAGIC, "ramfs", false},
    {NFS_SUPER_MAGIC, "nfs", false},
    {0xff534d42, "cifs", false},
    {SMB2_SUPER_MAGIC, "smb2", false},
    {0x01021997, "9p", false},
    {0x65735546, "fuse", false},
    {0x2fc12fc1, "zfs", false},
    {0x4d44, "vfat", false},
    {PROC_SUPER_MAGIC, "proc", false},
    {SYSFS_MAGIC, "sysfs", false},
    {SQUASHFS_MAGIC, "squashfs", false},
    {F2FS_SUPER_MAGIC, "f2fs", false},
    {CEPH_SUPER_MAGIC, "ceph", false},
};

static const struct filesystem *find_filesystem(unsigned long magic)
{
    for (size_t i = 0; i < sizeof filesystems / sizeof *filesystems; i++)
        if (filesystems[i].magic == magic)
            return &filesystems[i];
    return NULL;
}

static int check_filesystem(struct mms__place *place, int fd, bool force)
{
    const struct filesystem *known;
    struct statfs status;
    char number[24];

    while (fstatfs(fd, &status) != 0)
        if (errno != EINTR)
            return mms__fail_errno("looking at the file system of %s", place->path);
    known = find_filesystem((unsigned long)status.f_type & UINT32_MAX);
    place->loses_locks = known && known->magic == OVERLAYFS_SUPER_MAGIC;
    place->copies_on_write = known && known->magic == BTRFS_SUPER_MAGIC;
    place->volatile_memory = known && (known->magic == TMPFS_MAGIC || known->magic == RAMFS_MAGIC);
    if (force || (known && known->supported))
        return 0;
    snprintf(number, sizeof number, "type %#lx", (unsigned long)status.f_type & UINT32_MAX);
    return mms__fail(MMS_E_FILESYSTEM,
                     "%s is on %s; use tmpfs, ext4, xfs, btrfs or overlayfs, or set force_filesystem at your own risk",
                     place->path, known ? known->name : number);
}

static bool is_name(const char *text)
{
    return *text && strcmp(text, ".") != 0 && strcmp(text, "..") != 0 && strlen(text) <= NAME_MAX - 32;
}

/* `text`: path without trailing slashes, writable. */
static int split(char *text, const char **parent, const char **name)
{
    char *slash = strrchr(text, '/');

    if (!slash) {
        *parent = BARE_NAME_DIRECTORY;
        *name = text;
    } else {
        *slash = 0;
        *parent = slash == text ? "/" : text;
        *name = slash + 1;
    }
    return is_name(*name) ? 0 : MMS_E_INVALID;
}

int mms__place_find(const char *path, struct mms__place *place)
{
    char text[PATH_MAX], parent_path[PATH_MAX];
    const char *parent, *name;
    size_t length = path ? strlen(path) : 0;
    int printed;

    *place = (struct mms__place){.directory = MMS__NO_FILE};
    if (length == 0 || length >= sizeof text)
        return mms__fail(MMS_E_INVALID, "the path of a region is %s", length ? "too long" : "empty");
    memcpy(text, path, length + 1);
    while (length > 1 && text[length - 1] == '/')
        text[--length] = 0;
    place->bare = !strchr(text, '/');
    if (split(text, &parent, &name) != 0)
        return mms__fail(MMS_E_INVALID, "%s cannot name a region: give a NAME or a path that ends with one", path);
    if (!realpath(parent, parent_path))
        return mms__fail_errno("finding the directory %s, which is to hold the region", parent);
    if (strcmp(parent_path, "/") == 0)
        parent_path[0] = 0;
    printed = snprintf(place->path, sizeof place->path, "%s/%s", parent_path, name);
    if ((size_t)printed >= sizeof place->path)
        return mms__fail(MMS_E_INVALID, "the path of a region is too long");
    place->parent_size = strlen(parent_path);
    return 0;
}

static int check_owner(const struct mms__place *place, const struct mms__trust *trust)
{
    struct stat status;

    if (!place->bare || trust->any_owner)
        return 0;
    if (fstat(place->directory.fd, &status) != 0)
        return mms__fail_errno("looking at the owner of %s", place->path);
    if (status.st_uid == geteuid() || status.st_uid == 0 || (trust->trust_owner && status.st_uid == trust->trusted_uid))
        return 0;
    return mms__fail(
        -EPERM,
        "%s belongs to user %u; anybody can make a name there, so say that you trust that user, or give the path",
        place->path, status.st_uid);
}

int mms__place_enter(struct mms__place *place, const struct mms__trust *trust)
{
    int code = mms__file_open(AT_FDCWD, place->path, O_RDONLY | O_DIRECTORY, 0, &place->directory);

    if (code == -ENOENT)
        return mms__fail(code, "no region at %s: a writer has to create it first", place->path);
    if (code == -ENOTDIR)
        return mms__fail(MMS_E_NOT_REGION, "%s is not a directory, so not a region", place->path);
    if (code != 0)
        return mms__fail(code, "opening the directory %s", place->path);
    code = check_filesystem(place, place->directory.fd, trust->force_filesystem);
    if (code == 0)
        code = check_owner(place, trust);
    if (code != 0)
        mms__place_leave(place);
    return code;
}

void mms__place_leave(struct mms__place *place)
{
    mms__file_close(&place->directory);
}

int mms__place_open_parent(struct mms__place *place, const struct mms__trust *trust, struct mms__file *parent)
{
    char path[sizeof place->path];
    int code;

    memcpy(path, place->path, place->parent_size);
    path[place->parent_size] = 0;
    code = mms__file_open(AT_FDCWD, *path ? path : "/", O_RDONLY | O_DIRECTORY, 0, parent);
    if (code != 0)
        return mms__fail(code, "opening the directory %s", path);
    code = check_filesystem(place, parent->fd, trust->force_filesystem);
    if (code != 0)
        mms__file_close(parent);
    return code;
}

bool mms__place_is_gone(const struct mms__place *place)
{
    struct stat status;

    if (stat(place->path, &status) != 0)
        return errno == ENOENT || errno == ENOTDIR;
    return !mms__file_is(&place->directory, status.st_dev, status.st_ino);
}
