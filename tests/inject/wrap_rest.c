/* SPDX-License-Identifier: Apache-2.0 */
/* Threads, time, random bytes, system calls without a function of their own, output and input. */
#include "inject.h"
#include <linux/membarrier.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>

static ssize_t fall_short(size_t half)
{
    return errno == 0 ? (ssize_t)half : -1;
}

INJECT(getrandom, ssize_t, fall_short(size / 2), getrandom, (void *to, size_t size, unsigned flags), (to, size, flags))
INJECT(getrlimit, int, -1, INJECT_LARGE(getrlimit), (int resource, void *out), (resource, out))
INJECT(nanosleep, int, -1, nanosleep, (const struct timespec *time, struct timespec *left), (time, left))
INJECT(pthread_key_create, int, errno, pthread_key_create, (pthread_key_t * key, void (*end)(void *)), (key, end))
INJECT(pthread_setspecific, int, errno, pthread_setspecific, (pthread_key_t key, const void *value), (key, value))
INJECT(pthread_atfork, int, errno, pthread_atfork, (void (*before)(void), void (*parent)(void), void (*child)(void)),
       (before, parent, child))
INJECT(pthread_attr_init, int, errno, pthread_attr_init, (pthread_attr_t * attributes), (attributes))
INJECT(pthread_create, int, errno, pthread_create,
       (pthread_t * thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument),
       (thread, attributes, run, argument))

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif
#ifdef SYS_futex_time64
#define IS_FUTEX(number) ((number) == SYS_futex || (number) == SYS_futex_time64)
#else
#define IS_FUTEX(number) ((number) == SYS_futex)
#endif

static enum inject_kind syscall_kind(long number, long first, long second)
{
    if (number == SYS_membarrier)
        return first == MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED ? INJECT_membarrier_register : INJECT_membarrier;
    if (IS_FUTEX(number))
        return second == 0 ? INJECT_futex_wait : INJECT_futex_wake;
    if (number == SYS_futex_waitv)
        return INJECT_futex_waitv;
    return number == SYS_userfaultfd ? INJECT_userfaultfd : INJECT_syscall_other;
}

long __real_syscall(long number, long a, long b, long c, long d, long e, long f);
long __wrap_syscall(long number, long a, long b, long c, long d, long e, long f);
long __wrap_syscall(long number, long a, long b, long c, long d, long e, long f)
{
    return inject_due(syscall_kind(number, a, b)) ? -1 : __real_syscall(number, a, b, c, d, e, f);
}

/* Output that fails leaves its mark in the stream, as a full disk does. */
static bool output_fails(FILE *stream)
{
    if (!inject_due(INJECT_stdio))
        return false;
    inject_failed_stream = stream;
    return true;
}

int __real_ferror(FILE *stream);
int __wrap_ferror(FILE *stream);
int __wrap_ferror(FILE *stream)
{
    return stream == inject_failed_stream || __real_ferror(stream);
}

int __real_fputs(const char *text, FILE *stream);
int __wrap_fputs(const char *text, FILE *stream);
int __wrap_fputs(const char *text, FILE *stream)
{
    return output_fails(stream) ? EOF : __real_fputs(text, stream);
}

int __real_putc(int byte, FILE *stream);
int __wrap_putc(int byte, FILE *stream);
int __wrap_putc(int byte, FILE *stream)
{
    return output_fails(stream) ? EOF : __real_putc(byte, stream);
}

size_t __real_fwrite(const void *from, size_t size, size_t count, FILE *stream);
size_t __wrap_fwrite(const void *from, size_t size, size_t count, FILE *stream);
size_t __wrap_fwrite(const void *from, size_t size, size_t count, FILE *stream)
{
    return output_fails(stream) ? 0 : __real_fwrite(from, size, count, stream);
}

int __wrap_fprintf(FILE *stream, const char *format, ...);
int __wrap_fprintf(FILE *stream, const char *format, ...)
{
    va_list arguments;
    int result;

    if (output_fails(stream))
        return -1;
    va_start(arguments, format);
    result = vfprintf(stream, format, arguments);
    va_end(arguments);
    return result;
}

/* ---- Input ---- */

INJECT(fopen, FILE *, NULL, INJECT_LARGE(fopen), (const char *path, const char *mode), (path, mode))
INJECT(fgets, char *, NULL, fgets, (char *to, int size, FILE *stream), (to, size, stream))
#ifdef __GLIBC__
INJECT(fgets, char *, NULL, __fgets_chk, (char *to, size_t room, int size, FILE *stream), (to, room, size, stream))
#endif
/* The line is a block of memory that its reader frees. */
static ssize_t hold_line(bool was_none, char *const *line, ssize_t length)
{
    inject_held.blocks += was_none && *line != NULL;
    return length;
}

#define INJECT_LINE(symbol, parameters, arguments)                       \
    ssize_t INJECT_REAL(symbol) parameters;                              \
    ssize_t INJECT_WRAP(symbol) parameters;                              \
    ssize_t INJECT_WRAP(symbol) parameters                               \
    {                                                                    \
        bool was_none = *line == NULL;                                   \
                                                                         \
        if (inject_due(INJECT_getline))                                  \
            return -1;                                                   \
        return hold_line(was_none, line, INJECT_REAL(symbol) arguments); \
    }

INJECT_LINE(getline, (char **line, size_t *size, FILE *stream), (line, size, stream))
INJECT_LINE(getdelim, (char **line, size_t *size, int end, FILE *stream), (line, size, end, stream))
#ifdef __GLIBC__
INJECT_LINE(__getdelim, (char **line, size_t *size, int end, FILE *stream), (line, size, end, stream))
#endif
INJECT_DONE(fclose, fclose, (FILE * stream), (stream))
