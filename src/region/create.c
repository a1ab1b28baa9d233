/* SPDX-License-Identifier: Apache-2.0 */
#include "region/create.h"
#include "base/error.h"
#include "base/libc.h"
#include "region/create_parts.h"
#include "region/recognise.h"
#include "region/remove.h"
#include "region/slot_pages.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

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
    code = mms__create_parts(building, &options, header, floor);
    if (code != 0)
        return code;
    MMS__STEP(create_files_made);
    code = mms__create_rights(building->place.directory.fd, directory_mode(&options), &options, building->wanted, "");
    if (code != 0)
        return code;
    MMS__STEP(create_directory_readable);
    return mms__building_sync(building, building->place.directory.fd);
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

    mms__building_start(building, target->path);
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
        mms__building_start(building, target->path);
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
