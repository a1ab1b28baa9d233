/* SPDX-License-Identifier: Apache-2.0 */
#include "core/attach.h"
#include "core/error.h"
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
        return mms__fail(MMS_E_NOT_REGION, "%s has no regular file `%s`, so it is not a region; it is left as it is",
                         place->path, name);
    if (code != 0)
        return mms__fail(code, "opening %s/%s for %s", place->path, name, writable ? "writing" : "reading");
    return 0;
}

static int check_size(const struct mms__place *place, const char *name, int fd, uint64_t expected)
{
    struct stat status;

    if (fstat(fd, &status) != 0)
        return mms__fail_errno("looking at the size of %s/%s", place->path, name);
    if ((uint64_t)status.st_size != expected)
        return mms__fail(MMS_E_CORRUPT,
                         "%s/%s has %llu bytes and should have %llu; remove the region and let a writer create it anew",
                         place->path, name, (unsigned long long)status.st_size, (unsigned long long)expected);
    return 0;
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

static int map_part(const struct mms__place *place, const char *name, int fd, uint64_t size, bool writable,
                    bool private_to_process, struct mms__map *map)
{
    int code = size > SIZE_MAX ? -ENOMEM
                               : mms__map_file(fd, (size_t)size, writable ? PROT_READ | PROT_WRITE : PROT_READ,
                                               private_to_process, map);

    if (code == -ENOMEM)
        return mms__fail(
            code,
            "mapping %llu bytes of %s/%s: the address space is too small or limited (ulimit -v), or this process locks "
            "its memory (mlockall, ulimit -l); create the region with a smaller max_size or fewer max_slots",
            (unsigned long long)size, place->path, name);
    return code == 0 ? 0 : mms__fail(code, "mapping %s/%s", place->path, name);
}

int mms__attach_control(const struct mms__place *place, bool writable, struct mms__file *file, struct mms__map *map,
                        struct mms__header *header)
{
    int code = open_part(place, "control", writable, file);

    if (code != 0)
        return code;
    code = read_header(place, "control", MMS__CONTROL_MAGIC, file->fd, header);
    if (code == 0)
        code = check_size(place, "control", file->fd, mms__control_size(header->max_slots));
    if (code == 0)
        code = map_part(place, "control", file->fd, mms__control_size(header->max_slots), writable, writable, map);
    if (code == 0)
        (void)mms__populate(map->base, map->size, writable); /* so that reading takes no page fault */
    if (code != 0)
        mms__file_close(file);
    return code;
}

static int check_readers(const struct mms__place *place, const struct mms__header *header, int fd)
{
    struct mms__header own;
    int code = read_header(place, "readers", MMS__READERS_MAGIC, fd, &own);

    if (code != 0)
        return code;
    if (memcmp(own.region_id, header->region_id, sizeof own.region_id) != 0 || own.max_readers != header->max_readers)
        return mms__fail(MMS_E_CORRUPT,
                         "%s/readers belongs to another region than %s/control; remove the region and let a "
                         "writer create it anew",
                         place->path, place->path);
    return check_size(place, "readers", fd, mms__readers_size(header->max_readers));
}

int mms__attach_readers(const struct mms__place *place, const struct mms__header *header, bool writable,
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
                     struct mms__map *map)
{
    int code = map_part(place, "readers", fd, mms__readers_size(header->max_readers), writable, writable, map);

    if (code == 0)
        (void)mms__populate(map->base, map->size, writable);
    return code;
}

int mms__attach_data(const struct mms__place *place, const struct mms__header *header, bool writable,
                     struct mms__file *file, struct mms__map *map)
{
    int code = open_part(place, "data", writable, file);

    if (code != 0)
        return code;
    code = check_size(place, "data", file->fd, mms__data_size(header));
    if (code == 0)
        code = map_part(place, "data", file->fd, mms__data_size(header), writable, writable, map);
    if (code != 0)
        mms__file_close(file);
    return code;
}

static bool parse_id(const char *text, uint64_t id[2])
{
    static const char hex[] = "0123456789abcdef";
    int digits = 0;

    for (; *text && digits < 32; text++) {
        const char *digit = strchr(hex, *text);

        if (!digit)
            continue;
        id[digits / 16] = id[digits / 16] << 4 | (uint64_t)(digit - hex);
        digits++;
    }
    return digits == 32;
}

static int read_boot_id(uint64_t id[2])
{
    char text[64] = {0};
    ssize_t size;
    int fd, code;

    do
        fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    while (fd < 0 && errno == EINTR);
    if (fd < 0)
        return -errno;
    do
        size = read(fd, text, sizeof text - 1);
    while (size < 0 && errno == EINTR);
    code = size < 0 ? -errno : parse_id(text, id) ? 0 : -EIO;
    close(fd);
    return code;
}

/* Read once: whoever stores it and whoever compares with it must not differ because one of them had no descriptor
   left. */
int mms__boot_id(uint64_t id[2])
{
    static uint64_t known[2]; /* every thread would store the same */
    static uint32_t is_known;
    int code;

    id[0] = id[1] = 0;
    if (!mms__load_acquire(&is_known)) { /* pair: the release below; who finds it known finds it */
        code = read_boot_id(id);
        if (code != 0) {
            id[0] = id[1] = 0;
            return code;
        }
        mms__store_relaxed(&known[0], id[0]);
        mms__store_relaxed(&known[1], id[1]);
        mms__store_release(&is_known, 1);
    }
    id[0] = mms__load_relaxed(&known[0]);
    id[1] = mms__load_relaxed(&known[1]);
    return 0;
}

int mms__check_boot_id(const struct mms__place *place)
{
    uint64_t id[2];
    int code = place->volatile_memory ? 0 : mms__boot_id(id);

    if (code == 0)
        return 0;
    return mms__fail(
        code,
        "opening %s: /proc/sys/kernel/random/boot_id cannot be read, so it is not known whether the value is "
        "older than this boot; mount /proc, or use a region on tmpfs",
        place->path);
}

bool mms__is_from_another_boot(const struct mms__place *place, const struct mms__control *control)
{
    uint64_t id[2];

    if (place->volatile_memory)
        return false;
    (void)mms__boot_id(id); /* known: mms__check_boot_id comes first */
    /* Acquire: who finds this boot's id finds `current` as the writer that stored it has set it (start_new_boot). */
    return id[0] != mms__load_acquire(&control->boot_id[0]) || id[1] != mms__load_acquire(&control->boot_id[1]);
}
