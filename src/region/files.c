/* SPDX-License-Identifier: Apache-2.0 */
#include "region/files.h"
#include "base/error.h"
#include "os/file_checksum.h"
#include "region/directory.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_part(const struct mms__place *place, const char *name, bool writable, struct mms__file *file)
{
    int code = mms__file_open(place->directory.fd, name, writable ? O_RDWR : O_RDONLY, 0, file);

    if (code == -ENOENT || code == MMS_E_NOT_REGION)
        return mms__fail_missing(place, name);
    if (code == -EPERM && writable) /* permissions would be EACCES */
        return mms__fail(code,
                         "opening %s/%s for writing: it may be immutable or append-only (see lsattr; chattr -ia takes "
                         "that back)",
                         place->path, name);
    if (code != 0)
        return mms__fail(code, "opening %s/%s for %s", place->path, name, writable ? "writing" : "reading");
    return 0;
}

static int check_length(const struct mms__place *place, const char *name, const struct stat *status, uint64_t expected)
{
    if ((uint64_t)status->st_size == expected)
        return 0;
    return mms__fail(MMS_E_CORRUPT,
                     "%s/%s has %llu bytes and should have %llu; remove the region and let a writer create it anew",
                     place->path, name, (unsigned long long)status->st_size, (unsigned long long)expected);
}

static int check_size(const struct mms__place *place, const char *name, int fd, uint64_t expected)
{
    struct stat status;

    if (fstat(fd, &status) != 0)
        return mms__fail_errno("looking at the size of %s/%s", place->path, name);
    return check_length(place, name, &status, expected);
}

static int read_header(const struct mms__place *place, const char *name, const char *magic, int fd,
                       struct mms__header *header)
{
    ssize_t size;

    do
        size = pread(fd, header, sizeof *header, 0);
    while (size < 0 && errno == EINTR);
    if (size < 0)
        return mms__fail_errno("reading %s/%s", place->path, name);
    return mms__header_check(header, (size_t)size, magic, place->path, name);
}

/* Writable mappings are private to the process: a forked child must not have them. */
static int map_part(const struct mms__place *place, const char *name, int fd, uint64_t size, bool writable,
                    struct mms__mapping *mapping)
{
    int protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;
    int code = size > SIZE_MAX ? -ENOMEM : mms__map_file(fd, (size_t)size, protection, writable, mapping);

    if (code == -ENOMEM || code == -EINVAL) /* EINVAL: from valgrind, when addresses run out */
        return mms__fail(
            code,
            "mapping %llu bytes of %s/%s: the address space is too small or limited (ulimit -v), or this process locks "
            "its memory (mlockall, ulimit -l); open a writer with options.replace and a smaller options.max_size or "
            "options.max_slots",
            (unsigned long long)size, place->path, name);
    return code == 0 ? 0 : mms__fail(code, "mapping %s/%s", place->path, name);
}

/* A page that cannot be read looks like one that there is no room for. */
static int check_readable(int fd, uint64_t size)
{
    uint64_t ignored;

    return mms__checksum_file(fd, 0, size, &ignored);
}

/* Populate, so that reads take no page fault. Room for stores was reserved when the file was made;
   it can only be missing where a copy shares its blocks. */
static int populate(const struct mms__place *place, const char *name, int fd, const struct mms__mapping *mapping,
                    bool writable)
{
    int code;

    if (mms__populate(mapping->base, mapping->size, writable) != -ENOSPC || !writable)
        return 0;
    code = check_readable(fd, mapping->size);
    if (code != 0)
        return mms__fail(code, "reading %s/%s: the disk has failed there; see to it (dmesg)", place->path, name);
    return mms__fail(
        -ENOSPC,
        "opening %s/%s for writing: a copy (cp --reflink, a snapshot) shares its blocks, so storing to it takes room, "
        "and the disk is full; free some",
        place->path, name);
}

static int map_and_populate(const struct mms__place *place, const char *name, int fd, uint64_t size, bool writable,
                            struct mms__mapping *mapping)
{
    int code = map_part(place, name, fd, size, writable, mapping);

    if (code != 0)
        return code;
    code = populate(place, name, fd, mapping, writable);
    if (code != 0)
        mms__unmap(mapping);
    return code;
}

int mms__region_open_control(const struct mms__place *place, bool writable, struct mms__file *file,
                             struct mms__mapping *mapping, struct mms__header *header)
{
    int code = open_part(place, "control", writable, file);

    if (code != 0)
        return code;
    code = read_header(place, "control", MMS__CONTROL_MAGIC, file->fd, header);
    if (code != 0)
        goto close;
    code = check_size(place, "control", file->fd, mms__control_size(header->max_slots));
    if (code != 0)
        goto close;
    code = map_and_populate(place, "control", file->fd, mms__control_size(header->max_slots), writable, mapping);
    if (code != 0)
        goto close;
    return 0;
close:
    mms__file_close(file);
    return code;
}

static int fail_other_region(const struct mms__place *place, const char *name)
{
    return mms__fail(MMS_E_CORRUPT,
                     "%s/%s belongs to another region than %s/control; remove the region and let a writer create it "
                     "anew",
                     place->path, name, place->path);
}

static int check_readers(const struct mms__place *place, const struct mms__header *header, int fd)
{
    struct mms__header own;
    int code = read_header(place, "readers", MMS__READERS_MAGIC, fd, &own);

    if (code != 0)
        return code;
    if (memcmp(own.region_id, header->region_id, sizeof own.region_id) != 0 || own.max_readers != header->max_readers)
        return fail_other_region(place, "readers");
    return check_size(place, "readers", fd, mms__readers_size(header->max_readers));
}

int mms__region_open_readers(const struct mms__place *place, const struct mms__header *header, bool writable,
                             struct mms__file *file)
{
    int code = open_part(place, "readers", writable, file);

    if (code != 0)
        return code;
    code = check_readers(place, header, file->fd);
    if (code != 0)
        mms__file_close(file);
    return code;
}

int mms__map_readers(const struct mms__place *place, const struct mms__header *header, bool writable, int fd,
                     struct mms__mapping *mapping)
{
    return map_and_populate(place, "readers", fd, mms__readers_size(header->max_readers), writable, mapping);
}

int mms__open_data(const struct mms__place *place, const struct mms__header *header, bool writable,
                   struct mms__file *file)
{
    int code = open_part(place, "data", writable, file);

    if (code != 0)
        return code;
    code = check_size(place, "data", file->fd, mms__data_size(header));
    if (code != 0)
        mms__file_close(file);
    return code;
}

int mms__check_data(const struct mms__place *place, const struct mms__header *header)
{
    struct stat status;

    if (fstatat(place->directory.fd, "data", &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(status.st_mode))
        return mms__fail_missing(place, "data");
    return check_length(place, "data", &status, mms__data_size(header));
}

int mms__map_data(const struct mms__place *place, const struct mms__header *header, bool writable, int fd,
                  struct mms__mapping *mapping)
{
    return map_part(place, "data", fd, mms__data_size(header), writable, mapping);
}

int mms__region_open_data(const struct mms__place *place, const struct mms__header *header, bool writable,
                          struct mms__file *file, struct mms__mapping *mapping)
{
    int code = mms__open_data(place, header, writable, file);

    if (code != 0)
        return code;
    code = mms__map_data(place, header, writable, file->fd, mapping);
    if (code != 0)
        mms__file_close(file);
    return code;
}

static int check_durable(const struct mms__place *place, const struct mms__header *header, int fd)
{
    struct mms__header own;
    int code = read_header(place, "durable", MMS__DURABLE_MAGIC, fd, &own);

    if (code != 0)
        return code;
    if (memcmp(own.region_id, header->region_id, sizeof own.region_id) != 0)
        return fail_other_region(place, "durable");
    return check_size(place, "durable", fd, mms__durable_size());
}

int mms__open_durable(const struct mms__place *place, const struct mms__header *header, bool writable,
                      struct mms__file *file)
{
    int code = open_part(place, "durable", writable, file);

    if (code != 0)
        return code;
    code = check_durable(place, header, file->fd);
    if (code != 0)
        mms__file_close(file);
    return code;
}
