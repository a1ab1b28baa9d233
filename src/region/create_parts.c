/* SPDX-License-Identifier: Apache-2.0 */
#include "region/create_parts.h"
#include "base/error.h"
#include "region/anchor.h"
#include "region/boot.h"
#include "region/parts.h"
#include <errno.h>
#include <fcntl.h>
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

int mms__create_rights(int fd, uint32_t mode, const mms_writer_options *options, const char *path, const char *name)
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

static int write_start(int fd, const void *bytes, size_t size, uint64_t offset, const char *path, const char *name)
{
    int code = mms__write_at(fd, bytes, size, offset);

    return code == 0 ? 0 : mms__fail(code, "creating %s: writing `%s`", path, name);
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
    code = mms__create_rights(fd, plan->mode, options, path, name);
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
    return write_start(fd, (const char *)&words + start, offsetof(struct mms__control, slots) - start, start, path,
                       "control");
}

/* It says that there is no value yet: so from the start there is one that is good. */
static int write_first_anchor(const struct mms__header *header, int fd, const char *path)
{
    struct mms__anchor anchor = {.sequence = 1}; /* generation 0 */

    mms__anchor_seal(&anchor, header);
    return write_start(fd, &anchor, sizeof anchor, mms__anchor_at(0), path, "durable");
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
    code = mms__building_sync(building, file.fd);
close:
    mms__file_close(&file);
    return code;
}

int mms__create_parts(const struct mms__building *building, const mms_writer_options *options,
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
