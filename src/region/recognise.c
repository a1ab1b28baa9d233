/* SPDX-License-Identifier: Apache-2.0 */
#include "region/recognise.h"
#include "region/header.h"
#include "region/parts.h"
#include "region/remove.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct part {
    bool there, private; /* private: mode 0600, as all are made */
    uint64_t size;
    struct mms__header start; /* zeros where the file ends sooner */
};

/* Read a file of the directory, if this user owns it. False if it exists and cannot be ours. */
static bool read_part(int directory, const char *name, struct part *part)
{
    struct mms__file file;
    struct stat status;
    ssize_t got = -1;
    int code = mms__file_open(directory, name, O_RDONLY, 0, &file);

    *part = (struct part){.there = code != -ENOENT};
    if (code != 0)
        return code == -ENOENT;
    if (fstat(file.fd, &status) == 0 && status.st_uid == geteuid())
        got = pread(file.fd, &part->start, sizeof part->start, 0);
    mms__file_close(&file);
    if (got < 0)
        return false;
    part->private = (status.st_mode & 07777) == 0600;
    part->size = (uint64_t)status.st_size;
    return true;
}

static bool is_blank(const struct part *part)
{
    static const struct mms__header nothing;

    return part->private && memcmp(&part->start, &nothing, sizeof nothing) == 0;
}

static bool has_magic(const struct part *part, const char *magic)
{
    return memcmp(part->start.magic, magic, sizeof part->start.magic) == 0;
}

static bool is_ours_or_blank(const struct part *part, const char *magic)
{
    return !part->there || has_magic(part, magic) || is_blank(part);
}

/* `data` has no magic, but only the region's own is exactly as long as `control` says. It is
   created after `control` and removed before it. */
static bool is_data(const struct part *data, const struct part *control)
{
    uint64_t size;

    if (!data->there)
        return true;
    if (!has_magic(control, MMS__CONTROL_MAGIC))
        return false;
    return (data->size == 0 && data->private) ||
           (!__builtin_mul_overflow(control->start.stride, (uint64_t)control->start.max_slots, &size) &&
            data->size == size);
}

static bool has_any(const struct part *parts)
{
    for (int i = 0; i < MMS__PART_COUNT; i++)
        if (parts[i].there)
            return true;
    return false;
}

/* `lock` is the first file to be made and the last to go. */
bool mms__is_leftover(const struct mms__file *directory)
{
    struct part parts[MMS__PART_COUNT];
    struct stat status;

    if (fstat(directory->fd, &status) != 0 || status.st_uid != geteuid() || mms__holds_others(directory->fd, NULL) != 0)
        return false;
    for (int i = 0; i < MMS__PART_COUNT; i++)
        if (!read_part(directory->fd, mms__parts[i].name, &parts[i]))
            return false;
    if (!parts[MMS__PART_LOCK].there)
        return !has_any(parts) && (status.st_mode & 07777) == MMS__UNFINISHED_MODE;
    for (int i = 0; i < MMS__PART_COUNT; i++)
        if (mms__parts[i].magic && !is_ours_or_blank(&parts[i], mms__parts[i].magic))
            return false;
    return parts[MMS__PART_LOCK].size == 0 && parts[MMS__PART_LOCK].private &&
           is_data(&parts[MMS__PART_DATA], &parts[MMS__PART_CONTROL]);
}
