/* SPDX-License-Identifier: Apache-2.0 */
#include "core/create.h"
#include "core/attach.h"
#include "core/error.h"
#include "core/libc.h"
#include "core/remove.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail_room(int code, const char *path, const char *name)
{
    if (code != -ENOSPC && code != -EDQUOT)
        return mms__fail(code, "creating %s: reserving room for its file `%s`", path, name);
    return mms__fail(code,
                     "creating %s: no room for its file `%s`; free some, or in a container give it more shared memory "
                     "(its /dev/shm has 64 MiB by default)",
                     path, name);
}

/* The signal that comes with a file size limit would kill the process. */
static int check_file_size_limit(uint64_t size, const char *path, const char *name)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || size <= limit.rlim_cur)
        return 0;
    return mms__fail(-EFBIG,
                     "creating %s: its file `%s` is to be %llu bytes long, and this process may make %llu (ulimit -f); "
                     "raise the limit, or make max_size, max_slots or max_readers smaller",
                     path, name, (unsigned long long)size, (unsigned long long)limit.rlim_cur);
}

static int set_length(int fd, uint64_t size, const char *path, const char *name)
{
    int code = check_file_size_limit(size, path, name);

    if (code != 0)
        return code;
    code = mms__set_length(fd, size);
    if (code == 0)
        return 0;
    if (code == -EFBIG)
        return mms__fail(code,
                         "creating %s: this file system has no files of %llu bytes, as `%s` is to be; make max_size or "
                         "max_slots smaller",
                         path, (unsigned long long)size, name);
    return mms__fail(code, "creating %s: setting the length of `%s`", path, name);
}

static int set_rights(int fd, uint32_t mode, gid_t group, const char *path, const char *name)
{
    if (group != 0 && fchown(fd, (uid_t)-1, group) != 0)
        return mms__fail_errno("creating %s/%s: giving it to group %u", path, name, group);
    if (fchmod(fd, mode) != 0)
        return mms__fail_errno("creating %s/%s: setting its mode %04o", path, name, mode);
    return 0;
}

struct part {
    const char *name, *magic; /* magic NULL: no header */
    uint64_t size;
    bool reserve; /* all of it, now: words in it are stored through maps */
    uint32_t mode;
};

static int write_start(int fd, const void *bytes, size_t size, off_t offset, const char *path, const char *name)
{
    ssize_t written;

    do
        written = pwrite(fd, bytes, size, offset);
    while (written < 0 && errno == EINTR);
    if (written == (ssize_t)size)
        return 0;
    if (written >= 0)
        errno = ENOSPC;
    return mms__fail_errno("creating %s: writing `%s`", path, name);
}

static int make_part(const struct mms__building *building, const struct part *part, const struct mms__header *plan,
                     gid_t group, struct mms__file *file)
{
    const char *path = building->wanted;
    struct mms__header header = *plan;
    int code = mms__file_open(building->place.directory.fd, part->name, O_RDWR | O_CREAT | O_EXCL, 0600, file);

    if (code != 0)
        return mms__fail(code, "creating %s/%s", path, part->name);
    MMS__STEP(create_file_made);
    code = set_length(file->fd, part->size, path, part->name);
    MMS__STEP(create_file_sized);
    if (code == 0 && part->reserve) {
        code = mms__allocate(file->fd, 0, part->size);
        if (code != 0)
            code = fail_room(code, path, part->name);
    }
    MMS__STEP(create_file_reserved);
    if (code == 0 && part->magic) {
        mms__header_seal(&header, part->magic);
        code = write_start(file->fd, &header, sizeof header, 0, path, part->name);
    }
    MMS__STEP(create_header_written);
    if (code == 0)
        code = set_rights(file->fd, part->mode, group, path, part->name);
    MMS__STEP(create_rights_set);
    if (code != 0)
        mms__file_close(file);
    return code;
}

static int write_session(const struct mms__place *place, int fd, uint64_t floor, const char *path)
{
    struct mms__control words = {.floor = floor, .fence = MMS__ASYMMETRIC};
    size_t start = offsetof(struct mms__control, boot_id);
    int code = mms__check_boot_id(place);

    if (code != 0)
        return code;
    (void)mms__boot_id(words.boot_id);
    return write_start(fd, (const char *)&words + start, offsetof(struct mms__control, slots) - start, (off_t)start,
                       path, "control");
}

/* The name must not survive a crash of the machine if the content does not: nobody could tell what that was. */
static int make_durable(const struct mms__building *building, int fd)
{
    if (building->place.volatile_memory)
        return 0;
    while (fsync(fd) != 0)
        if (errno != EINTR)
            return mms__fail_errno("creating %s: writing it to disk", building->wanted);
    return 0;
}

static int make_parts(struct mms__building *building, const mms_writer_options *options, const struct mms__header *plan,
                      uint64_t floor)
{
    const struct part parts[] = {
        {"control", MMS__CONTROL_MAGIC, mms__control_size(plan->max_slots), true, options->mode},
        {"readers", MMS__READERS_MAGIC, mms__readers_size(plan->max_readers), true, options->readers_mode},
        {"data", NULL, mms__data_size(plan), false, options->mode},
    };
    int code = 0;

    for (size_t i = 0; code == 0 && i < sizeof parts / sizeof *parts; i++) {
        struct mms__file file = MMS__NO_FILE;

        code = make_part(building, &parts[i], plan, options->gid, &file);
        if (code == 0 && i == 0)
            code = write_session(&building->place, file.fd, floor, building->wanted);
        MMS__STEP(create_file_filled);
        if (code == 0)
            code = make_durable(building, file.fd);
        mms__file_close(&file);
    }
    return code;
}

static int make_directory(const struct mms__place *target, struct mms__building *building)
{
    int code = mms__temporary_name(target, &building->place);

    building->place.directory = MMS__NO_FILE;
    if (code != 0)
        return code;
    if (mkdirat(building->parent.fd, mms__place_name(&building->place), 0700) != 0)
        return mms__fail_errno("creating the region %s: making a directory beside it", target->path);
    MMS__STEP(create_directory_made);
    code = mms__file_open(building->parent.fd, mms__place_name(&building->place), O_RDONLY | O_DIRECTORY, 0,
                          &building->place.directory);
    if (code == 0)
        return 0;
    if (code == -ENOENT)
        return -EAGAIN; /* swept while it was empty */
    (void)unlinkat(building->parent.fd, mms__place_name(&building->place), AT_REMOVEDIR);
    return mms__fail(code, "creating %s: opening its directory", target->path);
}

/* On a file system that copies on write a store to a page that was read before may find no room, reserved or not. */
static int stop_copy_on_write(const struct mms__building *building)
{
    int flags, fd = building->place.directory.fd;

    if (!building->place.copies_on_write)
        return 0;
    if (ioctl(fd, (mms__ioctl_request)FS_IOC_GETFLAGS, &flags) == 0) {
        flags |= FS_NOCOW_FL; /* files made in the directory inherit it */
        if (ioctl(fd, (mms__ioctl_request)FS_IOC_SETFLAGS, &flags) == 0)
            return 0;
    }
    return mms__fail_errno("creating %s: turning copy-on-write off for its files, as memory maps need it",
                           building->wanted);
}

static void set_default_modes(mms_writer_options *options)
{
    if (options->mode == 0)
        options->mode = 0640;
    if (options->readers_mode == 0)
        options->readers_mode = options->mode | (options->mode & 0444) >> 1;
}

static uint32_t directory_mode(const mms_writer_options *options)
{
    uint32_t readable = (options->mode | options->readers_mode) & 0444;

    return 0700 | (readable | readable >> 2);
}

static int fill_directory(struct mms__building *building, const mms_writer_options *given,
                          const struct mms__header *plan, uint64_t floor)
{
    mms_writer_options options = *given;
    int code = stop_copy_on_write(building);

    MMS__STEP(create_directory_opened);
    set_default_modes(&options);
    if (code == 0)
        code = mms__writer_lock_try(&building->place, true, &building->lock);
    if (code == 0)
        code = make_parts(building, &options, plan, floor);
    MMS__STEP(create_files_made);
    if (code == 0)
        code = set_rights(building->place.directory.fd, directory_mode(&options), options.gid, building->wanted, "");
    MMS__STEP(create_directory_readable);
    return code == 0 ? make_durable(building, building->place.directory.fd) : code;
}

/* -EAGAIN: a sweeper took it for something that the dead have left, before it was locked. */
static int build_once(const struct mms__place *target, const struct mms__trust *trust,
                      const mms_writer_options *options, uint64_t floor, struct mms__building *building)
{
    struct mms__place checked = *target;
    struct mms__header plan;
    int code;

    *building = (struct mms__building){.wanted = target->path, .parent = MMS__NO_FILE, .lock = MMS__NO_WRITER_LOCK};
    building->place.directory = MMS__NO_FILE;
    code = mms__header_plan(options, target->path, &plan);
    if (code == 0)
        code = mms__place_open_parent(&checked, trust, &building->parent);
    if (code == 0)
        code = make_directory(&checked, building);
    if (code == 0)
        code = fill_directory(building, options, &plan, floor);
    if (code != 0)
        mms__building_discard(building);
    return code;
}

enum { BUILD_TRIES = 16 };

int mms__build(const struct mms__place *target, const struct mms__trust *trust, const mms_writer_options *options,
               uint64_t floor, struct mms__building *building)
{
    int code = -EAGAIN;

    for (int tries = 0; tries < BUILD_TRIES && code == -EAGAIN; tries++)
        code = build_once(target, trust, options, floor, building);
    return code == -EAGAIN
               ? mms__fail(MMS_E_BUSY, "creating %s: other processes remove it before it is finished", target->path)
               : code;
}

static int rename_to(struct mms__building *building, const struct mms__place *target, unsigned flags)
{
    int parent = building->parent.fd;

    if (renameat2(parent, mms__place_name(&building->place), parent, mms__place_name(target), flags) == 0) {
        (void)make_durable(building, parent); /* the name may be lost in a crash of the machine: then all of it is */
        return 0;
    }
    if (errno == EXDEV)
        return mms__fail(
            -EXDEV,
            "giving the new region its name %s: this overlayfs cannot rename directories, for want of extended "
            "attributes below it; make regions on tmpfs (/dev/shm) or on a volume instead",
            target->path);
    return errno == EEXIST ? -EAGAIN : mms__fail_errno("giving the new region its name %s", target->path);
}

int mms__building_finish(struct mms__building *building, const struct mms__place *target)
{
    return rename_to(building, target, RENAME_NOREPLACE);
}

enum { PUT_BACK_TRIES = 8 };

static int put_back(struct mms__building *building, const struct mms__place *target)
{
    int code = -EAGAIN;

    for (int tries = 0; tries < PUT_BACK_TRIES && code != 0; tries++) {
        code = rename_to(building, target, RENAME_EXCHANGE);
        if (code == -ENOENT) /* by now the name is free */
            code = rename_to(building, target, RENAME_NOREPLACE);
    }
    return code;
}

/* Whoever may write the directory beside it may give the target's name to something else at any moment: that is put
   back. */
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
        return mms__fail(found,
                         "replacing %s: something else had that name by then, and could not be given it back; it is "
                         "%s now, and the new region has the name: move that away before the next writer opens",
                         target->path, building->place.path);
    }
    if (found == MMS_E_GONE)
        return mms__fail(found, "replacing %s: something else has that name by now, and is left as it is",
                         target->path);
    return mms__fail(found, "replacing %s: looking at what has that name", target->path);
}

void mms__building_discard(struct mms__building *building)
{
    if (building->place.directory.fd >= 0 && !building->stays) {
        (void)mms__unlink_files(building->place.directory.fd);
        (void)unlinkat(building->parent.fd, mms__place_name(&building->place), AT_REMOVEDIR);
    }
    mms__writer_lock_drop(&building->lock);
    mms__place_leave(&building->place);
    mms__file_close(&building->parent);
}

void mms__building_release(struct mms__building *building, struct mms__file *directory, struct mms__writer_lock *lock)
{
    *directory = building->place.directory;
    *lock = building->lock;
    mms__file_close(&building->parent);
}
