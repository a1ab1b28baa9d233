/* SPDX-License-Identifier: Apache-2.0 */
#include "region/create.h"
#include "base/error.h"
#include "base/libc.h"
#include "region/anchor.h"
#include "region/boot.h"
#include "region/files.h"
#include "region/parts.h"
#include "region/recognise.h"
#include "region/remove.h"
#include "region/slot_pages.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail_room(int code, const struct mms__building *building, const char *name)
{
    const char *path = building->wanted;

    if (code != -ENOSPC && code != -EDQUOT)
        return mms__fail(code, "creating %s: reserving room for its file `%s`", path, name);
    return mms__fail(code, "creating %s: no room for its file `%s`; %s", path, name,
                     mms__room_advice(building->place.volatile_memory));
}

/* Before the kernel does: its signal (SIGXFSZ) would kill the process. */
static int check_file_size_limit(uint64_t size, const char *path, const char *name)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || size <= limit.rlim_cur)
        return 0;
    return mms__fail(
        -EFBIG,
        "creating %s: its file `%s` needs %llu bytes, and this process may make files of %llu (ulimit -f); "
        "raise the limit, or make options.max_size, options.max_slots or options.max_readers smaller",
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
                         "creating %s: this file system cannot hold files of %llu bytes, which `%s` needs; make "
                         "options.max_size or options.max_slots smaller",
                         path, (unsigned long long)size, name);
    return mms__fail(code, "creating %s: setting the length of `%s`", path, name);
}

static int fail_group(int code, const char *path, const char *name, gid_t gid)
{
    if (code == -EPERM)
        return mms__fail(code,
                         "creating %s/%s: this process is not in group %u, which the file is to have: use options.gid "
                         "to choose another group, or join it; a region that is replaced keeps its group otherwise",
                         path, name, gid);
    return mms__fail(code, "creating %s/%s: giving it to group %u", path, name, gid);
}

static int set_rights(int fd, uint32_t mode, const mms_writer_options *options, const char *path, const char *name)
{
    if (options->has_gid && fchown(fd, (uid_t)-1, options->gid) != 0)
        return fail_group(-errno, path, name, options->gid);
    if (fchmod(fd, mode) != 0)
        return mms__fail_errno("creating %s/%s: setting its mode %04o", path, name, mode);
    return 0;
}

struct part_plan {
    enum mms__part part;
    uint64_t size;
    bool reserve; /* all of it, now: it is stored to through mappings */
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

/* On a file system with huge pages fallocate would take one for each file, so small pages are
   faulted in instead. */
int mms__reserve_file(const struct mms__place *place, int fd, uint64_t size)
{
    struct mms__mapping mapping;
    int code = -EOPNOTSUPP;

    if (place->volatile_memory && mms__huge_page_size(fd) > 0 &&
        mms__map_file(fd, (size_t)size, PROT_READ | PROT_WRITE, false, &mapping) == 0) {
        mms__forbid_huge_pages(&mapping);
        code = mms__populate_or_refuse(mapping.base, mapping.size);
        mms__unmap(&mapping);
    }
    return code == -EOPNOTSUPP ? mms__allocate(fd, 0, size) : code;
}

static int reserve_part(const struct mms__building *building, const struct part_plan *plan, int fd)
{
    int code = plan->reserve ? mms__reserve_file(&building->place, fd, plan->size) : 0;

    return code == 0 ? 0 : fail_room(code, building, mms__parts[plan->part].name);
}

static int write_header(const struct mms__building *building, const struct mms__header *planned, enum mms__part part,
                        int fd)
{
    struct mms__header header = *planned;

    if (!mms__parts[part].magic)
        return 0;
    mms__header_seal(&header, mms__parts[part].magic);
    return write_start(fd, &header, sizeof header, 0, building->wanted, mms__parts[part].name);
}

/* A new file, open, from its length to its rights. */
static int fill_part(const struct mms__building *building, const struct part_plan *plan,
                     const struct mms__header *header, const mms_writer_options *options, int fd)
{
    const char *path = building->wanted, *name = mms__parts[plan->part].name;
    int code = set_length(fd, plan->size, path, name);

    if (code != 0)
        return code;
    MMS__STEP(create_file_sized);
    code = reserve_part(building, plan, fd);
    if (code != 0)
        return code;
    MMS__STEP(create_file_reserved);
    code = write_header(building, header, plan->part, fd);
    if (code != 0)
        return code;
    MMS__STEP(create_header_written);
    code = set_rights(fd, plan->mode, options, path, name);
    MMS__STEP(create_rights_set);
    return code;
}

static int write_session(const struct mms__place *place, int fd, uint64_t floor, const char *path)
{
    struct mms__control words = {.floor = floor, .fence = MMS__ASYMMETRIC};
    size_t start = offsetof(struct mms__control, boot_id);
    int code = mms__check_boot(place, NULL);
    struct mms__boot now;

    if (code != 0)
        return code;
    (void)mms__boot_now(&now);
    words.boot_id[0] = now.id[0];
    words.boot_id[1] = now.id[1];
    words.boot_id_kind = now.id_kind;
    words.boot_began_ns = now.began_ns;
    words.boot_up_ns = now.up_ns;
    return write_start(fd, (const char *)&words + start, offsetof(struct mms__control, slots) - start, (off_t)start,
                       path, "control");
}

/* It says that there is no value yet: so from the start there is one that is good. */
static int write_first_anchor(const struct mms__header *header, int fd, const char *path)
{
    struct mms__anchor anchor = {.sequence = 1}; /* generation 0 */

    mms__anchor_seal(&anchor, header);
    return write_start(fd, &anchor, sizeof anchor, (off_t)mms__anchor_at(0), path, "durable");
}

/* After a machine crash the name must not exist without the content: there would be no telling
   what it was. */
static int make_durable(const struct mms__building *building, int fd)
{
    if (building->place.volatile_memory)
        return 0;
    while (fsync(fd) != 0)
        if (errno != EINTR)
            return mms__fail_errno("creating %s: writing it to disk", building->wanted);
    return 0;
}

static int make_part(const struct mms__building *building, const struct part_plan *plan,
                     const struct mms__header *header, const mms_writer_options *options, uint64_t floor)
{
    const char *name = mms__parts[plan->part].name;
    struct mms__file file;
    int code = mms__file_open(building->place.directory.fd, name, O_RDWR | O_CREAT | O_EXCL, 0600, &file);

    if (code != 0)
        return mms__fail_making(code, building->wanted, name);
    MMS__STEP(create_file_made);
    code = fill_part(building, plan, header, options, file.fd);
    if (code != 0)
        goto close;
    if (plan->part == MMS__PART_CONTROL)
        code = write_session(&building->place, file.fd, floor, building->wanted);
    else if (plan->part == MMS__PART_DURABLE)
        code = write_first_anchor(header, file.fd, building->wanted);
    if (code != 0)
        goto close;
    MMS__STEP(create_file_filled);
    code = make_durable(building, file.fd);
close:
    mms__file_close(&file);
    return code;
}

static int make_parts(const struct mms__building *building, const mms_writer_options *options,
                      const struct mms__header *header, uint64_t floor)
{
    const struct part_plan plans[] = {
        {MMS__PART_CONTROL, mms__control_size(header->max_slots), true, options->mode},
        {MMS__PART_READERS, mms__readers_size(header->max_readers), true, options->readers_mode},
        {MMS__PART_DATA, mms__data_size(header), false, options->mode},
        {MMS__PART_DURABLE, mms__durable_size(), true, options->mode},
    };
    size_t count = sizeof plans / sizeof *plans - (mms__header_is_durable(header) ? 0 : 1);

    for (size_t i = 0; i < count; i++) {
        int code = make_part(building, &plans[i], header, options, floor);

        if (code != 0)
            return code;
    }
    return 0;
}

static int make_directory(const struct mms__place *target, struct mms__building *building)
{
    int code = mms__temporary_name(target, &building->place);

    building->place.directory = MMS__NO_FILE;
    if (code != 0)
        return code;
    if (mkdirat(building->parent.fd, mms__place_name(&building->place), MMS__UNFINISHED_MODE) != 0)
        return mms__fail_making(-errno, target->path, "a directory beside it");
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

/* On a copy-on-write file system, a store to a page that was read before may find no room,
   reserved or not. */
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
                          const struct mms__header *header, uint64_t floor)
{
    mms_writer_options options = *given;
    int code = stop_copy_on_write(building);

    if (code != 0)
        return code;
    MMS__STEP(create_directory_opened);
    set_default_modes(&options);
    code = mms__writer_lock_try(&building->place, true, &building->lock);
    if (code != 0)
        return code;
    code = make_parts(building, &options, header, floor);
    if (code != 0)
        return code;
    MMS__STEP(create_files_made);
    code = set_rights(building->place.directory.fd, directory_mode(&options), &options, building->wanted, "");
    if (code != 0)
        return code;
    MMS__STEP(create_directory_readable);
    return make_durable(building, building->place.directory.fd);
}

static void start_building(struct mms__building *building, const char *wanted)
{
    *building = (struct mms__building){.wanted = wanted, .parent = MMS__NO_FILE, .lock = MMS__NO_WRITER_LOCK};
    building->place.directory = MMS__NO_FILE;
}

static int check_disk(const struct mms__place *place, const struct mms__header *header)
{
    if (!place->volatile_memory || !mms__header_is_durable(header))
        return 0;
    return mms__fail(MMS_E_FILESYSTEM,
                     "creating %s: it would lie in memory (tmpfs or ramfs), which a power cut empties, and "
                     "options.durable was asked for; give a path on a disk",
                     place->path);
}

/* -EAGAIN: it was swept before it was locked, as if a dead process had left it. */
static int build_once(const struct mms__place *target, const struct mms__trust *trust,
                      const mms_writer_options *options, uint64_t floor, struct mms__building *building)
{
    struct mms__place checked = *target;
    mms_huge_pages huge_pages;
    struct mms__header header;
    int code = mms__header_plan(options, target->path, &header);

    start_building(building, target->path);
    if (code != 0)
        return code;
    building->durable = mms__header_is_durable(&header);
    code = mms__place_open_parent(&checked, trust, &building->parent);
    if (code != 0)
        return code;
    code = check_disk(&checked, &header);
    if (code != 0)
        goto discard;
    code = mms__huge_pages_choose(&checked, options->huge_pages, &huge_pages); /* before there is anything */
    if (code != 0)
        goto discard;
    code = make_directory(&checked, building);
    if (code != 0)
        goto discard;
    code = fill_directory(building, options, &header, floor);
    if (code != 0)
        goto discard;
    return 0;
discard:
    mms__building_discard(building);
    return code;
}

static int try_address_space(uint64_t size)
{
    struct mms__mapping map;
    int code = size > SIZE_MAX ? -ENOMEM : mms__map_reserve((size_t)size, &map);

    if (code == 0)
        mms__unmap(&map);
    return code;
}

/* A size that this process can map, leaving as much again for everything else. */
static uint64_t suggest_max_size(uint64_t size, uint32_t max_slots)
{
    enum { LEAST = 1 << 20 };
    uint64_t each, power = 1;

    while (size > LEAST && try_address_space(size) != 0)
        size /= 2;
    each = size / 2 / max_slots;
    while (power <= each / 2)
        power *= 2;
    return power;
}

/* Before anything is made: a region that this process cannot map would stay behind, empty and
   in everybody's way. */
static int check_address_space(const struct mms__place *target, const mms_writer_options *options)
{
    struct mms__header plan;
    uint64_t size;
    int code = mms__header_plan(options, target->path, &plan);

    if (code != 0)
        return code;
    size = mms__data_size(&plan) + mms__control_size(plan.max_slots) + mms__readers_size(plan.max_readers);
    code = try_address_space(size);
    if (code == 0)
        return 0;
    return mms__fail(code,
                     "creating %s: this process cannot map its %llu bytes: the address space is too small or limited "
                     "(ulimit -v), or this process locks its memory (mlockall, ulimit -l); give it a smaller "
                     "options.max_size, say %llu, or smaller options.max_slots",
                     target->path, (unsigned long long)size,
                     (unsigned long long)suggest_max_size(size, plan.max_slots));
}

enum { BUILD_TRIES = 16 };

int mms__build(const struct mms__place *target, const struct mms__trust *trust, const mms_writer_options *options,
               uint64_t floor, struct mms__building *building)
{
    int code = check_address_space(target, options);

    if (code != 0) {
        start_building(building, target->path);
        return code;
    }
    for (int tries = 0; tries < BUILD_TRIES; tries++) {
        code = build_once(target, trust, options, floor, building);
        if (code != -EAGAIN)
            return code;
    }
    return mms__fail(MMS_E_BUSY, "creating %s: it kept being removed before it was finished (%d tries)", target->path,
                     BUILD_TRIES);
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
