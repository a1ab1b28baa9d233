/* SPDX-License-Identifier: Apache-2.0 */
/* What C libraries other than a recent glibc lack or declare otherwise: musl, and glibc before
   2.32. */
#ifndef MMS_BASE_LIBC_H
#define MMS_BASE_LIBC_H

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The declared type of ioctl(2)'s second argument. */
#ifdef __GLIBC__
typedef unsigned long mms__ioctl_request;
#else
typedef int mms__ioctl_request;
#endif

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1u
#define RENAME_EXCHANGE 2u
static inline int renameat2(int from_directory, const char *from, int to_directory, const char *to, unsigned flags)
{
    return (int)syscall(SYS_renameat2, from_directory, from, to_directory, to, flags);
}
#endif

/* The errors that the system calls made here can give, and those that a host's shims are
   likely to. */
/* clang-format off */
#define MMS__ERRNO_MAP(X) \
    X(EPERM) X(ENOENT) X(EINTR) X(EIO) X(ENXIO) X(E2BIG) X(EBADF) X(ECHILD) X(EAGAIN) X(ENOMEM) X(EACCES) \
    X(EFAULT) X(EBUSY) X(EEXIST) X(EXDEV) X(ENODEV) X(ENOTDIR) X(EISDIR) X(EINVAL) X(ENFILE) X(EMFILE) X(ENOTTY) \
    X(ETXTBSY) X(EFBIG) X(ENOSPC) X(ESPIPE) X(EROFS) X(EMLINK) X(EPIPE) X(EDOM) X(ERANGE) X(EDEADLK) \
    X(ENAMETOOLONG) X(ENOLCK) X(ENOSYS) X(ENOTEMPTY) X(ELOOP) X(ENODATA) X(ETIME) X(EOVERFLOW) X(EILSEQ) \
    X(EOPNOTSUPP) X(ETIMEDOUT) X(ECONNREFUSED) X(EALREADY) X(ESTALE) X(EDQUOT) X(ECANCELED) X(EUCLEAN) \
    X(EHWPOISON)
/* clang-format on */

/* "ENOSPC"; NULL for one that is not in the list. */
static inline const char *mms__errno_name_listed(int error)
{
#define NAME(name) {name, #name},
    static const struct {
        int error;
        const char *name;
    } listed[] = {MMS__ERRNO_MAP(NAME)};
#undef NAME

    for (size_t i = 0; i < sizeof listed / sizeof *listed; i++)
        if (listed[i].error == error)
            return listed[i].name;
    return NULL;
}

#if defined __GLIBC__ && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 32)
static inline const char *mms__errno_name(int error)
{
    return strerrorname_np(error);
}
static inline const char *mms__errno_text(int error)
{
    return strerrordesc_np(error);
}
#else
static inline const char *mms__errno_name(int error)
{
    return mms__errno_name_listed(error);
}
/* For errors that both libraries know, strerror returns a constant, so other threads do no
   harm. */
static inline const char *mms__errno_text(int error)
{
    return mms__errno_name_listed(error) ? strerror(error) : NULL;
}
#endif

#endif
