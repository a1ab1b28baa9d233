/* SPDX-License-Identifier: Apache-2.0 */
#include "core/foreign.h"
#include "core/error.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const struct {
    const char *scheme;
    mms_format format;
} schemes[] = {
    {"mmsync:", MMS_FORMAT_MMSYNC},
    {"mmap-sync:", MMS_FORMAT_MMAP_SYNC},
};

static mms_format cut_scheme(const char **path)
{
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t length = strlen(schemes[i].scheme);

        if (strncmp(*path, schemes[i].scheme, length) == 0) {
            *path += length;
            return schemes[i].format;
        }
    }
    return MMS_FORMAT_AUTO;
}

/* The kind of a file, 0 if there is none. */
static int look_at(const char *path, mode_t *kind)
{
    struct stat status;

    *kind = 0;
    if (stat(path, &status) == 0)
        *kind = status.st_mode & S_IFMT;
    else if (errno != ENOENT && errno != ELOOP)
        return mms__fail_errno("looking at what %s is", path);
    return 0;
}

/* A directory is ours. Where there is nothing, a new region will be ours as well. */
static int recognise(const struct mms__place *place, mms_format *format)
{
    char state[sizeof place->path + 8];
    mode_t kind;
    int code = look_at(place->path, &kind);

    *format = MMS_FORMAT_MMSYNC;
    if (code != 0 || kind == S_IFDIR)
        return code;
    snprintf(state, sizeof state, "%s_state", place->path);
    code = look_at(state, &kind);
    if (kind == S_IFREG)
        *format = MMS_FORMAT_MMAP_SYNC;
    return code;
}

int mms__foreign_find(const char *path, mms_format wanted, struct mms__place *place,
                      const struct mms__foreign **foreign)
{
    mms_format named = path ? cut_scheme(&path) : MMS_FORMAT_AUTO;
    int code = mms__place_find(path, place);

    *foreign = NULL;
    if (code != 0)
        return code;
    if (named != MMS_FORMAT_AUTO && wanted != MMS_FORMAT_AUTO && named != wanted)
        return mms__fail(MMS_E_INVALID, "%s: the path names one format, and the options another", place->path);
    if (named == MMS_FORMAT_AUTO)
        named = wanted;
    if (named == MMS_FORMAT_AUTO)
        code = recognise(place, &named);
    if (code != 0)
        return code;
    if (named == MMS_FORMAT_MMAP_SYNC)
        *foreign = &mms__mmap_sync;
    return 0;
}

mms_format mms_format_of(const char *path)
{
    const struct mms__foreign *foreign;
    struct mms__place place;

    if (mms__foreign_find(path, MMS_FORMAT_AUTO, &place, &foreign) != 0)
        return MMS_FORMAT_AUTO;
    return foreign ? foreign->format : MMS_FORMAT_MMSYNC;
}
