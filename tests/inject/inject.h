/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of libc that fail on demand. The programs here are linked with --wrap for every function of libc that the library
   calls and that may fail, so a call passes through wrap_*.c first. Each of the functions is a kind of call; what two
   commands of fcntl or of syscall do are two kinds.

   A plan makes call number `nth` of a kind fail, and those after it, `times` in all. Calls are counted while armed. */
#ifndef INJECT_H
#define INJECT_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* In place of an errno: the call does less than it was asked to. */
#define INJECT_SHORT 10000

/* Kind, and the errors with which it plausibly fails: what its manual page lists and correct arguments do not rule out, and
   what a filter of system calls (seccomp) gives where programs run under one. */
/* clang-format off */
#define INJECT_KINDS(KIND) \
    KIND(open, EMFILE, ENFILE, ENOMEM, EACCES, EINTR, EPERM, ENOENT) \
    KIND(openat, EMFILE, ENFILE, ENOMEM, EACCES, EINTR, EIO, ENOSPC, EPERM) \
    KIND(close, EINTR, EIO) \
    KIND(stat, ENOMEM, EIO, EACCES) \
    KIND(fstat, ENOMEM, EIO) \
    KIND(fstatat, ENOMEM, EIO, EACCES) \
    KIND(fstatfs, EIO, EINTR, ENOMEM, ENOSYS) \
    KIND(realpath, EACCES, EIO, ENOMEM) \
    KIND(mkdirat, ENOSPC, EACCES, EIO, ENOMEM, EPERM, EDQUOT, EROFS) \
    KIND(renameat2, ENOSPC, EIO, EACCES, EPERM, ENOSYS, EINVAL, ENOMEM) \
    KIND(unlinkat, EIO, EACCES, EPERM, EBUSY) \
    KIND(unlink, EIO, EACCES, EPERM, EBUSY) \
    KIND(access, EACCES, EIO, ENOMEM) \
    KIND(fdopendir, ENOMEM) \
    KIND(opendir, EMFILE, ENFILE, ENOMEM, EACCES) \
    KIND(readdir, EIO) \
    KIND(closedir, EINTR, EIO) \
    KIND(ftruncate, ENOSPC, EFBIG, EINTR, EIO, EPERM) \
    KIND(fallocate, ENOSPC, EDQUOT, EINTR, EIO, EPERM, ENOSYS, EOPNOTSUPP) \
    KIND(pread, EIO, EINTR, INJECT_SHORT) \
    KIND(pwrite, ENOSPC, EIO, EINTR, EDQUOT, INJECT_SHORT) \
    KIND(read, EIO, EINTR, INJECT_SHORT) \
    KIND(write, EINTR, EPERM) \
    KIND(pipe2, EMFILE, ENFILE, ENOSYS, EPERM) \
    KIND(fsync, EIO, ENOSPC, EINTR) \
    KIND(fdatasync, EIO, ENOSPC, EDQUOT, EROFS, EINTR) \
    KIND(fchmod, EPERM, EIO, EROFS) \
    KIND(fchown, EPERM, EIO, EDQUOT) \
    KIND(ioctl_getflags, ENOTTY, EOPNOTSUPP, EPERM) \
    KIND(ioctl_setflags, EOPNOTSUPP, EPERM, EIO) \
    KIND(ioctl_uffd_api, EINVAL, EPERM) \
    KIND(ioctl_uffd_register, EINVAL, EPERM, ENOMEM) \
    KIND(ioctl_scan, ENOTTY, EPERM, ENOMEM, EINTR, INJECT_SHORT) \
    KIND(fcntl_setlk, EAGAIN, EACCES, ENOLCK, EINTR, ENOMEM, EIO, EINVAL) \
    KIND(fcntl_getlk, ENOLCK, EIO, EINVAL) \
    KIND(fcntl_dupfd, EMFILE, ENOMEM) \
    KIND(flock, EINTR, ENOLCK, EIO, EWOULDBLOCK) \
    KIND(mmap, ENOMEM, EAGAIN, EACCES, ENFILE, EPERM) \
    KIND(munmap, ENOMEM) \
    KIND(mremap, ENOMEM, EAGAIN, EPERM) \
    KIND(msync, EIO, ENOMEM, EINTR, ENOSPC) \
    KIND(madvise, ENOMEM, EAGAIN, EINVAL, EFAULT, EIO, EINTR, EPERM, ENOSYS) \
    KIND(membarrier_register, ENOSYS, EPERM, ENOMEM) \
    KIND(membarrier, ENOSYS, EPERM, ENOMEM) \
    KIND(futex_wait, EINTR, EAGAIN, ENOSYS, EPERM) \
    KIND(futex_wake, ENOSYS, EPERM) \
    KIND(futex_waitv, ENOSYS, EPERM, ENOMEM, EAGAIN, EINTR) \
    KIND(userfaultfd, ENOSYS, EPERM, EINVAL, EMFILE, ENFILE, ENOMEM) \
    KIND(syscall_other, ENOSYS, EPERM) \
    KIND(getrandom, ENOSYS, EINTR, EPERM, INJECT_SHORT) \
    KIND(getrlimit, EPERM, ENOSYS) \
    KIND(nanosleep, EINTR) \
    KIND(pthread_key_create, EAGAIN, ENOMEM) \
    KIND(pthread_setspecific, ENOMEM) \
    KIND(pthread_atfork, ENOMEM) \
    KIND(pthread_attr_init, ENOMEM) \
    KIND(pthread_create, EAGAIN, EINVAL, EPERM) \
    KIND(malloc, ENOMEM) \
    KIND(calloc, ENOMEM) \
    KIND(realloc, ENOMEM) \
    KIND(stdio, ENOSPC, EIO) \
    KIND(fopen, EMFILE, ENFILE, ENOMEM, EACCES, EPERM) \
    KIND(fgets, EIO, ENOMEM) \
    KIND(getline, ENOMEM, EIO) \
    KIND(fclose, EINTR, EIO)
/* clang-format on */

enum inject_kind {
#define KIND(name, ...) INJECT_##name,
    INJECT_KINDS(KIND)
#undef KIND
        INJECT_KIND_COUNT
};

enum { INJECT_ERRORS_MAX = 8 };

struct inject_plan {
    enum inject_kind kind;
    unsigned nth; /* from 1; 0: nothing fails */
    int error;
    unsigned times;
};

/* The counts, in memory shared with forked children. */
struct inject_counts {
    unsigned of[INJECT_KIND_COUNT];
    unsigned failed;
    unsigned all;
    unsigned points; /* that may be cancellation points */
};

const char *inject_name(enum inject_kind kind);
/* errors[0..], with a 0 behind the last. */
const int *inject_errors(enum inject_kind kind);
const char *inject_error_name(int error);

struct inject_counts *inject_share(void);
void inject_arm(const struct inject_plan *plan);
void inject_disarm(void);

/* While armed: run something right before call number `nth` of any kind. */
void inject_before(unsigned nth, void (*function)(void));

/* While armed: a cancellation of the calling thread becomes pending before call number `nth` of those that may be
   cancellation points, and acts there, or before the next such call that is made with cancellation enabled. 0: none.
   inject_arm takes it back. */
void inject_cancel(unsigned nth);
/* Of a thread that it has ended: the kind of the call before which it did; INJECT_KIND_COUNT: between such calls. */
enum inject_kind inject_cancelled_in(void);

/* What the code under test has and has not given back, in this process. */
struct inject_holdings {
    long blocks; /* of memory */
    long maps;
};

struct inject_holdings inject_holdings(void);

/* From now on the calling process finds only these processes in /proc, so that the counts do not
   depend on what else runs. The list stays the caller's, and ends with 0. */
void inject_processes(const pid_t *only);

/* From now on fstatfs reports this type; 0: the true one. Then ioctl does nothing, and reports
   success. */
void inject_filesystem(unsigned long magic);

/* ---- For wrap_*.c ---- */

extern struct inject_holdings inject_held;
extern unsigned long inject_magic;
/* True for the number of a process that the library must not see. */
bool inject_hides(const char *name);
extern const void *inject_failed_stream; /* its ferror is true as long as the plan stands */

/* True if this call is to fail; errno is set. */
bool inject_due(enum inject_kind kind);

#ifdef __GLIBC__
#define INJECT_LARGE(name) name##64 /* the library is built with 64-bit file offsets */
#else
#define INJECT_LARGE(name) name
#endif
#define INJECT_JOIN_(a, b) a##b
#define INJECT_JOIN(a, b) INJECT_JOIN_(a, b)
#define INJECT_REAL(symbol) INJECT_JOIN(__real_, symbol)
#define INJECT_WRAP(symbol) INJECT_JOIN(__wrap_, symbol)

/* symbol(parameters): returns `failure` if a call of this kind is due, else calls the real
   function. */
#define INJECT(kind, type, failure, symbol, parameters, arguments)                    \
    type INJECT_REAL(symbol) parameters;                                              \
    type INJECT_WRAP(symbol) parameters;                                              \
    type INJECT_WRAP(symbol) parameters                                               \
    {                                                                                 \
        return inject_due(INJECT_##kind) ? (failure) : INJECT_REAL(symbol) arguments; \
    }

/* What Linux does although it reports an error: make the real call, then fail. */
#define INJECT_DONE(kind, symbol, parameters, arguments) \
    int INJECT_REAL(symbol) parameters;                  \
    int INJECT_WRAP(symbol) parameters;                  \
    int INJECT_WRAP(symbol) parameters                   \
    {                                                    \
        int result = INJECT_REAL(symbol) arguments;      \
                                                         \
        return inject_due(INJECT_##kind) ? -1 : result;  \
    }

#endif
