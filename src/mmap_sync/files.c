/* SPDX-License-Identifier: Apache-2.0 */
#include "mmap_sync/files.h"
#include "base/error.h"
#include "handle/lock.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

void mms__state_name(const struct mms__place *place, char name[MMS__FILE_NAME_SIZE])
{
    snprintf(name, MMS__FILE_NAME_SIZE, "%s_state", place->path);
}

void mms__data_name(const struct mms__place *place, unsigned index, char name[MMS__FILE_NAME_SIZE])
{
    snprintf(name, MMS__FILE_NAME_SIZE, "%s_data_%u", place->path, index);
}

int mms__owner_check(const struct mms__place *place, const struct mms__trust *trust, const struct mms__file *file,
                     const char *name)
{
    struct stat status;

    if (!place->bare || trust->any_owner)
        return 0;
    if (fstat(file->fd, &status) != 0)
        return mms__fail_errno("looking at the owner of %s", name);
    return mms__uid_is_trusted(status.st_uid, trust) ? 0 : mms__fail_untrusted(name, status.st_uid);
}

int mms__state_open(const struct mms__place *place, const struct mms__trust *trust, int flags, struct mms__file *file)
{
    char name[MMS__FILE_NAME_SIZE];
    int code;

    mms__state_name(place, name);
    code = mms__file_open(AT_FDCWD, name, flags, 0, file);
    if (code == -ENOENT)
        return mms__fail(code, "no files of mmap-sync at %s: a writer has to create them first", name);
    if (code == MMS_E_NOT_REGION)
        return mms__fail(code,
                         "%s is not a regular file, so it is not mmap-sync's state; if it is a symbolic link, give the "
                         "prefix that it leads to",
                         name);
    if (code != 0)
        return mms__fail(code, "opening %s", name);
    code = mms__owner_check(place, trust, file, name);
    if (code != 0)
        mms__file_close(file);
    return code;
}

int mms__state_check(const struct mms__place *place, const struct mms__file *file)
{
    struct stat status;

    if (fstat(file->fd, &status) != 0)
        return mms__fail_errno("looking at the size of %s_state", place->path);
    if (status.st_size == (off_t)MMS__STATE_SIZE)
        return 0;
    if (status.st_size == 0)
        return mms__fail(MMS_E_EMPTY, "%s_state is empty: a writer has just made it, or died then; write a value",
                         place->path);
    return mms__fail(MMS_E_CORRUPT,
                     "%s_state has %lld bytes, but mmap-sync's state has %zu; it is left as it is: remove it, and "
                     "a writer makes it anew, or, if it is another program's, name your region mmsync:%s",
                     place->path, (long long)status.st_size, MMS__STATE_SIZE, place->path);
}

int mms__state_lock(const struct mms__place *place, const struct mms__file *file)
{
    char name[MMS__FILE_NAME_SIZE];
    int code;

    do
        code = flock(file->fd, LOCK_EX | LOCK_NB) == 0 ? 0 : -errno;
    while (code == -EINTR);
    if (code == 0 || code == -EWOULDBLOCK)
        return code;
    mms__state_name(place, name);
    return mms__fail_lock(code, "locking", name, "");
}

int mms__state_check_name(const struct mms__place *place, const struct mms__file *file)
{
    char name[MMS__FILE_NAME_SIZE];
    struct stat ours, named;

    mms__state_name(place, name);
    if (fstat(file->fd, &ours) != 0)
        return mms__fail_errno("checking that %s is the file that was opened", name);
    if (stat(name, &named) != 0)
        return errno == ENOENT ? MMS_E_GONE : mms__fail_errno("checking that %s is the file that was opened", name);
    if (ours.st_nlink == 0 || ours.st_dev != named.st_dev || ours.st_ino != named.st_ino)
        return MMS_E_GONE;
    return 0;
}

static int open_data(const struct mms__place *place, unsigned index, int flags, struct mms__file *file)
{
    char name[MMS__FILE_NAME_SIZE];
    int code;

    mms__data_name(place, index, name);
    code = mms__file_open(AT_FDCWD, name, flags, 0, file);
    if (code == -ENOENT)
        return mms__fail(code, "%s is missing; the next publish makes it anew", name);
    if (code == MMS_E_NOT_REGION)
        return mms__fail(code, "%s is not a regular file, so it is not mmap-sync's data", name);
    return code == 0 ? 0 : mms__fail(code, "opening %s", name);
}

/* How often a file may be removed while we open it. */
enum { OPEN_TRIES = 16 };

int mms__data_open(const struct mms__place *place, unsigned index, int flags, struct mms__file *file, uint64_t *size)
{
    for (int tries = 0; tries < OPEN_TRIES; tries++) {
        struct stat status;
        int code = mms__file_stat(file, &status);

        if (code == 0 && status.st_nlink > 0) {
            *size = (uint64_t)status.st_size;
            return 0;
        }
        if (code != 0 && code != -EBADF)
            return mms__fail(code, "looking at the size of %s_data_%u", place->path, index);
        mms__file_close(file); /* if it is open, it is unlinked: a newer one has the name */
        code = open_data(place, index, flags, file);
        if (code != 0)
            return code;
    }
    return mms__fail(-ENOENT, "opening %s_data_%u: it kept being removed (%d tries)", place->path, index, OPEN_TRIES);
}
