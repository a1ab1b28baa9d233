/* SPDX-License-Identifier: Apache-2.0 */
#include "core/foreign.h"
#include "core/error.h"
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

/* A directory is ours. Where there is nothing, a new region will be ours as well. */
static mms_format recognise(const struct mms__place *place)
{
    char state[sizeof place->path + 8];
    struct stat status;

    if (stat(place->path, &status) == 0 && S_ISDIR(status.st_mode))
        return MMS_FORMAT_MMSYNC;
    snprintf(state, sizeof state, "%s_state", place->path);
    return stat(state, &status) == 0 && S_ISREG(status.st_mode) ? MMS_FORMAT_MMAP_SYNC : MMS_FORMAT_MMSYNC;
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
        named = wanted != MMS_FORMAT_AUTO ? wanted : recognise(place);
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
