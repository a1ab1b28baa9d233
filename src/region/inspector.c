/* SPDX-License-Identifier: Apache-2.0 */
/* Inspecting a region again and again: its files stay mapped, and the name of `control`, at which each look looks last, tells
   whether the path still leads to them. A mapped file keeps its inode number, so no other file can be taken for it. */
#include "handle/inspector.h"
#include "base/error.h"
#include "region/backend.h"
#include "region/inspection.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>

/* Descriptors are the host's: the upper half is left to it. */
static rlim_t affordable_descriptors(void)
{
    struct rlimit limit;

    return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur / 2 : 0;
}

/* `lock` and `readers` have the locks that tell who is alive, and an open file tells its size in less time than a name. */
static void keep_files(struct mms__inspection *look)
{
    struct mms__file *const files[] = {&look->data_file, &look->readers_file, &look->lock_file};

    mms__file_close(&look->control_file);
    mms__file_close(&look->place.directory);
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): they are pointers */
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (files[i]->fd >= 0 && (rlim_t)files[i]->fd >= look->keep_below)
            mms__file_close(files[i]);
}

/* False: the path leads elsewhere by now, or what is mapped is damaged or gone, so all that counts is what is there. */
static bool look_again(struct mms__inspection *look, mms_info *out)
{
    mms_info info;

    if (mms__inspection_tell(look, &info) != 0 || look->has_moved)
        return false;
    keep_files(look);
    *out = info;
    return true;
}

void mms__native_inspector_closing(struct mms_inspector *inspector)
{
    mms__inspection_close(inspector->kept);
    free(inspector->kept);
    inspector->kept = NULL;
}

static int look_first(struct mms_inspector *inspector, mms_info *out)
{
    struct mms__inspection *look = malloc(sizeof *look);
    int code;

    if (!look)
        return mms__fail(-ENOMEM, "inspecting %s", inspector->place.path);
    code = mms__inspection_open(&inspector->place, look);
    if (code != 0) {
        free(look);
        return code;
    }
    inspector->kept = look;
    look->keep_below = affordable_descriptors();
    code = mms__inspection_tell(look, out);
    keep_files(look);
    return code;
}

int mms__native_inspect_again(struct mms_inspector *inspector, mms_info *out)
{
    if (inspector->kept && look_again(inspector->kept, out))
        return 0;
    if (inspector->kept)
        mms__native_inspector_closing(inspector);
    return look_first(inspector, out);
}
