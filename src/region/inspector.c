/* SPDX-License-Identifier: Apache-2.0 */
/* Inspecting a region again and again: its files stay mapped, and their names tell whether they are still the region's.
   A mapped file keeps its inode number, so no other file can be taken for it. */
#include "handle/inspector.h"
#include "base/error.h"
#include "region/backend.h"
#include "region/inspection.h"
#include "region/parts.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

static bool leads_to(const struct mms__inspection *look, const char *name, const struct mms__file *file)
{
    struct stat status;

    return fstatat(look->place.directory.fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           mms__file_is(file, status.st_dev, status.st_ino);
}

/* Only the locks in it are of interest: which readers are dead. */
static void open_readers(struct mms__inspection *look)
{
    struct mms__file file;

    if (!look->readers || !mms__inspection_has_readers(look))
        return;
    if (mms__file_open(look->place.directory.fd, "readers", O_RDONLY, 0, &file) != 0)
        return;
    if (mms__file_is(&look->readers_file, file.device, file.inode))
        look->readers_file.fd = file.fd;
    else
        mms__file_close(&file);
}

static void close_files(struct mms__inspection *look)
{
    mms__file_close(&look->control_file);
    mms__file_close(&look->readers_file);
    mms__file_close(&look->place.directory);
}

/* -EAGAIN: the name leads elsewhere by now. */
static int look_again(struct mms__inspection *look, mms_info *out)
{
    int code = -EAGAIN;

    if (mms__file_open(AT_FDCWD, look->place.path, O_RDONLY | O_DIRECTORY, 0, &look->place.directory) != 0)
        return -EAGAIN;
    if (leads_to(look, "control", &look->control_file)) {
        open_readers(look);
        code = mms__inspection_tell(look, out);
    }
    close_files(look);
    return code;
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
    code = mms__inspection_tell(look, out);
    close_files(look);
    return code;
}

int mms__native_inspect_again(struct mms_inspector *inspector, mms_info *out)
{
    int code = inspector->kept ? look_again(inspector->kept, out) : -EAGAIN;

    if (code != -EAGAIN && code != MMS_E_GONE)
        return code;
    if (inspector->kept)
        mms__native_inspector_closing(inspector);
    return look_first(inspector, out);
}
