/* SPDX-License-Identifier: Apache-2.0 */
/* The data files as a writer sees them: made, grown and mapped. */
#include "compat/upstream_writer.h"
#include "core/error.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* How often a file may be removed while we open it. */
enum { LOOK_TRIES = 16 };

static int set_rights(const struct mms_writer *writer, int fd, uint32_t asked)
{
    if (asked != 0 && fchmod(fd, asked) != 0)
        return -errno;
    if (writer->options.gid != 0 && fchown(fd, (uid_t)-1, writer->options.gid) != 0)
        return -errno;
    return 0;
}

int mms__target_open(const struct mms_writer *writer, const char *name, uint32_t usual, uint32_t asked,
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
    MMS__STEP(upstream_file_made);
    code = set_rights(writer, file->fd, asked);
    MMS__STEP(upstream_rights_set);
    if (code != 0) {
        (void)unlink(name); /* or the next open would go on with a file of wrong rights */
        mms__file_close(file);
    }
    return code;
}

/* A map of another file is of no use. */
static int open_again(struct mms_writer *writer, const char *name, struct mms__target *target)
{
    const struct mms__trust trust = {.trust_owner = writer->options.trust_owner,
                                     .trusted_uid = writer->options.trusted_uid};
    struct mms__file old = target->file;
    int code = mms__target_open(writer, name, 0640, writer->options.mode, &target->file);

    if (code != 0)
        return mms__fail(code, "opening %s to write it", name);
    if (old.device != target->file.device || old.inode != target->file.inode) {
        mms__unmap(&target->map);
        target->allocated = 0;
    }
    code = mms__owner_check(&writer->place, &trust, &target->file, name);
    if (code != 0)
        mms__file_close(&target->file); /* or the next look would not ask */
    return code;
}

/* The host may have closed the descriptor, and anybody may have unlinked the file: then readers would not find what is
   written to it. */
static int look(struct mms_writer *writer, unsigned index, uint64_t *length)
{
    struct mms__target *target = &mms__upstream_writer_of(writer)->targets[index];
    char name[MMS__FILE_NAME_SIZE];

    mms__data_name(&writer->place, index, name);
    for (int tries = 0; tries < LOOK_TRIES; tries++) {
        struct stat status;
        int code = mms__file_look(&target->file, &status);

        if (code < 0)
            return mms__fail(code, "looking at the size of %s", name);
        if (code > 0 && status.st_nlink > 0) {
            *length = (uint64_t)status.st_size;
            return 0;
        }
        mms__file_close(&target->file);
        code = open_again(writer, name, target);
        if (code != 0)
            return code;
    }
    return mms__fail(-ENOENT, "writing %s: it is removed all the time", name);
}

static int fail_growth(const struct mms_writer *writer, unsigned index, uint64_t size, int code)
{
    if (code == -ENOSPC)
        return mms__fail(code,
                         "writing %s: no room for the %llu bytes of %s_data_%u; make room on the file system (a "
                         "container's /dev/shm often has 64 MiB), the last value stays",
                         writer->place.path, (unsigned long long)size, writer->place.path, index);
    return mms__fail(code, "writing %s: getting room for the %llu bytes of %s_data_%u; the last value stays",
                     writer->place.path, (unsigned long long)size, writer->place.path, index);
}

/* The crate does this when it makes a file longer; a file that was made by other means may have holes, so ours gets the
   room of all that it will write. */
static int reserve(struct mms_writer *writer, unsigned index, uint64_t size, uint64_t length)
{
    struct mms__target *target = &mms__upstream_writer_of(writer)->targets[index];
    uint64_t from = target->allocated < length ? target->allocated : length;
    int code = mms__allocate(target->file.fd, from, size - from);

    /* Where fallocate(2) is not known the length is set by hand, and populating gets the room. */
    if (code == 0 && length < size)
        code = mms__set_length(target->file.fd, size);
    return code == 0 ? 0 : fail_growth(writer, index, size, code);
}

static int map(struct mms_writer *writer, unsigned index, uint64_t size)
{
    struct mms__target *target = &mms__upstream_writer_of(writer)->targets[index];
    struct mms__map map = {0};
    int code;

    if (target->map.base && target->map.size >= size)
        return 0;
    code = mms__map_file(target->file.fd, (size_t)mms__round_up(size, mms__page_size()), PROT_READ | PROT_WRITE, true,
                         &map);
    if (code != 0)
        return mms__fail(code, "mapping the %llu bytes of %s_data_%u", (unsigned long long)size, writer->place.path,
                         index);
    mms__unmap(&target->map);
    target->map = map;
    return 0;
}

/* The crate takes a file that is long enough for one that has its room, so a file that was made longer in vain goes back
   to the length that it had. Nobody is counted on it. */
static int get_room(struct mms_writer *writer, unsigned index, uint64_t size, uint64_t length)
{
    struct mms__target *target = &mms__upstream_writer_of(writer)->targets[index];
    int code = reserve(writer, index, size, length);

    MMS__STEP(upstream_data_reserved);
    if (code == 0)
        code = map(writer, index, size);
    MMS__STEP(upstream_data_mapped);
    if (code == 0 && (code = mms__populate(target->map.base, (size_t)size, true)) != 0)
        code = fail_growth(writer, index, size, code);
    MMS__STEP(upstream_data_populated);
    if (code == 0)
        target->allocated = size;
    else if (length < size)
        (void)mms__set_length(target->file.fd, length);
    return code;
}

int mms__target_prepare(struct mms_writer *writer, unsigned index, uint64_t size)
{
    struct mms__target *target = &mms__upstream_writer_of(writer)->targets[index];
    uint64_t length = 0;
    int code = look(writer, index, &length);

    MMS__STEP(upstream_data_opened);
    if (code != 0 || size == 0)
        return code;
    if (length < size || target->allocated < size)
        return get_room(writer, index, size, length);
    return map(writer, index, size);
}
