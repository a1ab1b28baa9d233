/* SPDX-License-Identifier: Apache-2.0 */
/* The data files as a writer sees them: made, grown and mapped. */
#include "base/error.h"
#include "base/round.h"
#include "mmap_sync/writer.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* How often a file may be removed while we open it. */
enum { OPEN_TRIES = 16 };

static int set_rights(const struct mms__mmap_sync_writer *writer, int fd, uint32_t asked)
{
    if (asked != 0 && fchmod(fd, asked) != 0)
        return -errno;
    if (writer->front.options.has_gid && fchown(fd, (uid_t)-1, writer->front.options.gid) != 0)
        return -errno;
    return 0;
}

int mms__target_open(const struct mms__mmap_sync_writer *writer, const char *name, uint32_t usual, uint32_t asked,
                     struct mms__file *file)
{
    int code = mms__file_open(AT_FDCWD, name, O_RDWR, 0, file);

    if (code != -ENOENT)
        return code;
    code = mms__file_open(AT_FDCWD, name, O_RDWR | O_CREAT | O_EXCL, usual, file);
    if (code == -EEXIST) /* another has just made it */
        return mms__file_open(AT_FDCWD, name, O_RDWR, 0, file);
    if (code != 0)
        return code;
    MMS__STEP(mmap_sync_file_made);
    code = set_rights(writer, file->fd, asked);
    MMS__STEP(mmap_sync_rights_set);
    if (code != 0) {
        (void)unlink(name); /* or the next open would use a file with the wrong rights */
        mms__file_close(file);
    }
    return code;
}

/* A mapping of another file is useless. */
static int open_again(struct mms__mmap_sync_writer *writer, const char *name, struct mms__target *target)
{
    const struct mms__trust trust = MMS__TRUST_OF(&writer->front.options);
    struct mms__file old = target->file;
    int code = mms__target_open(writer, name, 0640, writer->front.options.mode, &target->file);

    if (code == -ENOSPC || code == -EDQUOT)
        return mms__fail_making(code, writer->front.place.path, name);
    if (code != 0)
        return mms__fail(code, "opening %s to write it", name);
    if (!mms__file_is(&old, target->file.device, target->file.inode)) {
        mms__unmap(&target->map);
        target->allocated = 0;
    }
    code = mms__owner_check(&writer->front.place, &trust, &target->file, name);
    if (code != 0)
        mms__file_close(&target->file); /* or the next call would not check it */
    return code;
}

/* The host may have closed the descriptor, and anybody may have unlinked the file: readers
   would not find what is written there. */
static int open_target(struct mms__mmap_sync_writer *writer, unsigned index, uint64_t *length)
{
    struct mms__target *target = &writer->targets[index];
    char name[MMS__FILE_NAME_SIZE];

    mms__data_name(&writer->front.place, index, name);
    for (int tries = 0; tries < OPEN_TRIES; tries++) {
        struct stat status;
        int code = mms__file_stat(&target->file, &status);

        if (code == 0 && status.st_nlink > 0) {
            *length = (uint64_t)status.st_size;
            if (target->allocated > *length) /* somebody has cut it short */
                target->allocated = *length;
            target->looked = true;
            return 0;
        }
        if (code != 0 && code != -EBADF)
            return mms__fail(code, "looking at the size of %s", name);
        mms__file_close(&target->file);
        code = open_again(writer, name, target);
        if (code != 0)
            return code;
    }
    return mms__fail(-ENOENT, "writing %s: it kept being removed (%d tries)", name, OPEN_TRIES);
}

static int fail_growth(const struct mms__mmap_sync_writer *writer, unsigned index, uint64_t size, int code)
{
    if (code == -ENOSPC)
        return mms__fail(code,
                         "writing %s: no room for the %llu bytes of %s_data_%u; make room on the file system (a "
                         "container's /dev/shm often has 64 MiB); the last value stays",
                         writer->front.place.path, (unsigned long long)size, writer->front.place.path, index);
    return mms__fail(code, "writing %s: reserving the %llu bytes of %s_data_%u; the last value stays",
                     writer->front.place.path, (unsigned long long)size, writer->front.place.path, index);
}

/* The crate reserves room when it makes a file longer. A file made by other means may have holes,
   so our writer reserves all that it will write. */
static int reserve(struct mms__mmap_sync_writer *writer, unsigned index, uint64_t size, uint64_t length)
{
    struct mms__target *target = &writer->targets[index];
    int code = mms__allocate(target->file.fd, target->allocated, size - target->allocated);

    if (code != 0)
        return fail_growth(writer, index, size, code);
    if (length >= size)
        return 0;
    /* Where there is no fallocate(2), this sets the length, and populating reserves the room. */
    code = mms__set_length(target->file.fd, size);
    return code == 0 ? 0 : fail_growth(writer, index, size, code);
}

static int map(struct mms__mmap_sync_writer *writer, unsigned index, uint64_t size)
{
    struct mms__target *target = &writer->targets[index];
    struct mms__mapping map = {0};
    int code;

    if (target->map.base && target->map.size >= size)
        return 0;
    code = mms__map_file(target->file.fd, (size_t)mms__round_up(size, mms__page_size()), PROT_READ | PROT_WRITE, true,
                         &map);
    if (code != 0)
        return mms__fail(code, "mapping the %llu bytes of %s_data_%u", (unsigned long long)size,
                         writer->front.place.path, index);
    mms__unmap(&target->map);
    target->map = map;
    return 0;
}

/* The crate assumes that a file that is long enough has its room reserved, so a file that grew in
   vain goes back to its old length. No reader is counted on it. */
static int get_room(struct mms__mmap_sync_writer *writer, unsigned index, uint64_t size, uint64_t length)
{
    struct mms__target *target = &writer->targets[index];
    int code = reserve(writer, index, size, length);

    if (code != 0)
        goto shorten;
    MMS__STEP(mmap_sync_data_reserved);
    code = map(writer, index, size);
    if (code != 0)
        goto shorten;
    MMS__STEP(mmap_sync_data_mapped);
    code = mms__populate(target->map.base, (size_t)size, true);
    if (code != 0) {
        code = fail_growth(writer, index, size, code);
        goto shorten;
    }
    MMS__STEP(mmap_sync_data_populated);
    target->allocated = size;
    return 0;
shorten:
    if (length < size)
        (void)mms__set_length(target->file.fd, length);
    return code;
}

/* Copying more takes so much longer than a look at the file that each such write has one. */
enum { UNLOOKED_MOST = 16384 };

int mms__target_prepare(struct mms__mmap_sync_writer *writer, unsigned index, uint64_t size)
{
    struct mms__target *target = &writer->targets[index];
    uint64_t length = 0;
    int code;

    if (target->looked && size <= UNLOOKED_MOST && size <= target->allocated && size <= target->map.size)
        return 0;
    code = open_target(writer, index, &length);
    MMS__STEP(mmap_sync_data_opened);
    if (code != 0 || size == 0)
        return code;
    if (length < size || target->allocated < size)
        return get_room(writer, index, size, length);
    return map(writer, index, size);
}
