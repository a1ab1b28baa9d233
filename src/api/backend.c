/* SPDX-License-Identifier: Apache-2.0 */
#include "api/backend.h"
#include "base/error.h"
#include "mmap_sync/backend.h"
#include "region/backend.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const struct {
    const char *scheme;
    const struct mms__backend *backend;
} schemes[] = {
    {"mmsync:", &mms__native},
    {"mmap-sync:", &mms__mmap_sync},
};

/* False if the path has no scheme. */
static bool cut_scheme(const char **path, const struct mms__backend **backend)
{
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t length = strlen(schemes[i].scheme);

        if (strncmp(*path, schemes[i].scheme, length) == 0) {
            *path += length;
            *backend = schemes[i].backend;
            return true;
        }
    }
    return false;
}

/* The type of a file, as in st_mode; 0 if it does not exist. */
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
int mms__backend_recognise(const struct mms__place *place, const struct mms__backend **backend)
{
    char state[sizeof place->path + 8];
    mode_t kind;
    int code = look_at(place->path, &kind);

    *backend = &mms__native;
    if (code != 0 || kind == S_IFDIR)
        return code;
    snprintf(state, sizeof state, "%s_state", place->path);
    code = look_at(state, &kind);
    if (kind == S_IFREG)
        *backend = &mms__mmap_sync;
    return code;
}

int mms__backend_find(const char *path, struct mms__place *place, const struct mms__backend **backend)
{
    bool named;
    int code;

    *backend = &mms__native;
    named = path && cut_scheme(&path, backend);
    code = mms__place_find(path, place);
    return code == 0 && !named ? mms__backend_recognise(place, backend) : code;
}

bool mms__backend_is_named(const char *path)
{
    const struct mms__backend *ignored;

    return cut_scheme(&path, &ignored);
}
