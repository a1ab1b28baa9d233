/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/region_file.h"
#include <limits.h>
#include <mmsync/mmap_sync.h>
#include <stdio.h>
#include <string.h>

static bool is_inside_region(const char *path)
{
    char directory[PATH_MAX];
    mms_info info;

    snprintf(directory, sizeof directory, "%.*s", (int)(strrchr(path, '/') + 1 - path), path);
    return mms_inspect(directory, &info) == 0 && !mms_is_mmap_sync(directory);
}

static bool is_file_of_mmap_sync(const char *path)
{
    static const char *const suffixes[] = {"_state", "_data_0", "_data_1"};
    char prefix[PATH_MAX + sizeof "mmap-sync:"];
    mms_info info;

    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        size_t size = strlen(path), suffix = strlen(suffixes[i]);

        if (size < suffix || strcmp(path + size - suffix, suffixes[i]) != 0)
            continue;
        snprintf(prefix, sizeof prefix, "mmap-sync:%.*s", (int)(size - suffix), path);
        if (mms_inspect(prefix, &info) == 0)
            return true;
    }
    return false;
}

bool is_region_file(const char *path)
{
    return is_inside_region(path) || is_file_of_mmap_sync(path);
}
