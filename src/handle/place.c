/* SPDX-License-Identifier: Apache-2.0 */
#include "handle/place.h"
#include "base/error.h"
#include "os/text.h"
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

int mms__place_check_filesystem(struct mms__place *place, int fd, bool force)
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
    /* Unless it is known not to. Any file system may lie below overlayfs. */
    place->shares_blocks = !place->volatile_memory && !(known && known->magic == EXT4_SUPER_MAGIC);
    if (force || (known && known->supported))
        return 0;
    snprintf(number, sizeof number, "type %#lx", (unsigned long)status.f_type & UINT32_MAX);
    return mms__fail(
        MMS_E_FILESYSTEM,
        "%s is on %s; use tmpfs, ext4, xfs, btrfs or overlayfs, or options.force_filesystem at your own risk",
        place->path, known ? known->name : number);
}

enum { LONGEST_NAME = NAME_MAX - 32 }; /* a temporary name adds to it */

static bool is_name(const char *text)
{
    return *text && strcmp(text, ".") != 0 && strcmp(text, "..") != 0 && strlen(text) <= LONGEST_NAME;
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

_Static_assert(sizeof(((struct mms__place *)0)->path) >= PATH_MAX, "what realpath(3) may write");

static struct mms__file find_root(void)
{
    struct mms__file root = MMS__NO_FILE;
    struct stat status;

    if (stat("/", &status) == 0) {
        root.device = status.st_dev;
        root.inode = status.st_ino;
    }
    return root;
}

int mms__place_find(const char *path, struct mms__place *place)
{
    char text[sizeof place->path];
    const char *parent, *name;
    size_t length = path ? strlen(path) : 0, room;
    int printed;

    *place = (struct mms__place){.directory = MMS__NO_FILE};
    if (length == 0 || length >= sizeof text)
        return mms__fail(MMS_E_INVALID, "the path of a region is %s", length ? "too long" : "empty");
    memcpy(text, path, length + 1);
    while (length > 1 && text[length - 1] == '/')
        text[--length] = 0;
    place->bare = !strchr(text, '/');
    if (split(text, &parent, &name) != 0)
        return strlen(name) > LONGEST_NAME
                   ? mms__fail(MMS_E_INVALID, "%s cannot name a region: a name has at most %d bytes", path,
                               LONGEST_NAME)
                   : mms__fail(MMS_E_INVALID, "%s cannot name a region: give a NAME or a path that ends with one",
                               path);
    if (!realpath(parent, place->path))
        return mms__fail_errno("finding the directory %s, which is to hold the region", parent);
    place->parent_size = strcmp(place->path, "/") == 0 ? 0 : strlen(place->path);
    room = sizeof place->path - place->parent_size;
    printed = snprintf(place->path + place->parent_size, room, "/%s", name);
    if ((size_t)printed >= room)
        return mms__fail(MMS_E_INVALID, "the path of a region is too long");
    place->root = find_root();
    return 0;
}

/* In a user namespace one user id (nobody) stands for every user that it does not map. If that
   cannot be read, assume such a namespace with the usual id. */
static bool is_anybody(uid_t uid)
{
    char map[128], number[32];

    if (mms__read_text("/proc/self/uid_map", map, sizeof map) == 0 && strstr(map, " 4294967295\n"))
        return false; /* all users are mapped */
    if (mms__read_text("/proc/sys/kernel/overflowuid", number, sizeof number) != 0)
        return uid == 65534;
    return uid == (uid_t)strtol(number, NULL, 10);
}

bool mms__uid_is_trusted(uid_t uid, const struct mms__trust *trust)
{
    if (uid == 0)
        return true;
    return (uid == geteuid() || (trust->trust_owner && uid == trust->trusted_uid)) && !is_anybody(uid);
}

int mms__fail_untrusted(const char *path, uid_t uid)
{
    if (is_anybody(uid))
        return mms__fail(-EPERM,
                         "%s belongs to user %u, which stands for all users that this user namespace does not map; "
                         "anybody can make a name there, so give the path if you know whose it is",
                         path, uid);
    return mms__fail(
        -EPERM,
        "%s belongs to user %u; anybody can make a name there, so trust that user (options.trust_owner), or give the path",
        path, uid);
}

/* A new name needs an inode, which may run out before the room for data does. */
int mms__fail_making(int code, const char *path, const char *what)
{
    if (code != -ENOSPC && code != -EDQUOT)
        return mms__fail(code, "creating %s: making %s", path, what);
    return mms__fail(code,
                     "creating %s: no room for %s; the file system is full or has no inodes left (see df -i): delete "
                     "files, or mount it with more (on tmpfs nr_inodes=)",
                     path, what);
}

void mms__place_close(struct mms__place *place)
{
    mms__file_close(&place->directory);
}

int mms__place_parent(const struct mms__place *place, int flags, struct mms__file *parent)
{
    char path[sizeof place->path];

    /* "/." and not "/": qemu-user remembers where a name led before a chroot(2). */
    memcpy(path, place->path, place->parent_size);
    path[place->parent_size] = 0;
    return mms__file_open(AT_FDCWD, *path ? path : "/.", flags | O_DIRECTORY, 0, parent);
}

int mms__place_open_parent(struct mms__place *place, const struct mms__trust *trust, struct mms__file *parent)
{
    int code = mms__place_parent(place, O_RDONLY, parent);

    if (code != 0)
        return mms__fail(code, "opening the directory %.*s", (int)place->parent_size, place->path);
    code = mms__place_check_filesystem(place, parent->fd, trust->force_filesystem);
    if (code != 0)
        mms__file_close(parent);
    return code;
}

bool mms__place_leads_elsewhere(const struct mms__place *place, const char *suffix, const struct mms__file *file)
{
    char path[sizeof place->path + 16];
    struct mms__file root;
    struct stat status;

    snprintf(path, sizeof path, "%s%s", place->path, suffix);
    if (stat(path, &status) == 0) {
        if (mms__file_is(file, status.st_dev, status.st_ino))
            return false;
    } else if (errno != ENOENT && !(errno == ENOTDIR && *suffix == '/')) { /* the directory is a file now */
        return false;
    }
    root = find_root();
    return mms__file_is(&root, place->root.device, place->root.inode);
}
