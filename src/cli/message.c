/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/message.h"
#include "cli/cmd.h"
#include "cli/json_escape.h"
#include "cli/output_watch.h"
#include "cli/progress.h"
#include "cli/wording.h"
#include <errno.h>
#include <mmsync.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* What message.h tells analyzers. */
#undef fail
#undef fail_errno
#undef fail_as
#undef fail_call

enum { LINE_SIZE = 5120 }; /* a path of PATH_MAX bytes in a sentence */

/* The bytes of the control character there; 0: it is another. Those of C1, as U+009B, have two in
   UTF-8. */
static int control_size(const char *at)
{
    const unsigned char first = (unsigned char)at[0], second = (unsigned char)at[first == 0xc2];

    if (first == 0xc2)
        return second >= 0x80 && second <= 0x9f ? 2 : 0;
    return first < ' ' || first == 0x7f ? 1 : 0;
}

void make_printable(char *text)
{
    while (*text) {
        int size = control_size(text);

        if (size == 0)
            text++;
        for (; size > 0; size--)
            *text++ = '?';
    }
}

static bool as_json;

void want_json(void)
{
    as_json = true;
}

bool wants_json(void)
{
    return as_json;
}

static void print_object(const char *level, int code, const char *text)
{
    static _Thread_local char escaped[6 * LINE_SIZE];

    progress_hide();
    json_escape(text, escaped, sizeof escaped);
    if (code)
        fprintf(stderr, "{\"level\": \"%s\", \"name\": \"%s\", \"code\": %d, \"message\": \"%s\"}\n", level,
                mms_error_name(code), code, escaped);
    else
        fprintf(stderr, "{\"level\": \"%s\", \"name\": null, \"code\": null, \"message\": \"%s\"}\n", level, escaped);
}

/* Paths may hold control characters. */
static void print_plain(char *line)
{
    make_printable(line);
    progress_hide();
    fprintf(stderr, "mmsync: %s\n", line);
}

static void print_line(const char *level, int code, const char *format, va_list arguments, const char *reason)
{
    char line[LINE_SIZE];
    int length = vsnprintf(line, sizeof line, format, arguments);

    if (reason && length >= 0 && (size_t)length < sizeof line)
        snprintf(line + length, sizeof line - (size_t)length, ": %s", reason);
    if (as_json)
        print_object(level, code, line);
    else
        print_plain(line);
}

int fail(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print_line("error", 0, format, arguments, NULL);
    va_end(arguments);
    return EXIT_FAILED;
}

int fail_errno(const char *format, ...)
{
    const int error = errno;
    const char *reason = strerror(error);
    va_list arguments;

    va_start(arguments, format);
    print_line("error", -error, format, arguments, reason);
    va_end(arguments);
    return EXIT_FAILED;
}

int fail_as(int code, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print_line("error", code, format, arguments, NULL);
    va_end(arguments);
    return EXIT_FAILED;
}

const char *last_error(void)
{
    static _Thread_local char text[LINE_SIZE];

    return in_words_of_tool(mms_last_error(), text, sizeof text);
}

int fail_call(int code)
{
    const char *detail = last_error();

    return fail_as(code, "%s", *detail ? detail : mms_strerror(code));
}

void note(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print_line("note", 0, format, arguments, NULL);
    va_end(arguments);
}

static int flush_errno; /* of the flush that failed: a later one has nothing left to fail with */

bool flush_output(void)
{
    if (fflush(stdout) == 0)
        return true;
    flush_errno = errno;
    return false;
}

int finish_output(int status)
{
    static bool finished, told;
    bool failed = !flush_output(), before = !failed && ferror(stdout); /* then errno is of something else */

    /* Some file systems report a full disk only now. */
    if (!failed && !before && !finished && close(STDOUT_FILENO) && errno != EBADF)
        failed = true;
    finished = true;
    if (!failed && !before)
        return status;
    if (before && flush_errno) {
        errno = flush_errno;
        failed = true;
    }
    if (told || (failed && errno == EPIPE) || output_hung_up())
        return EXIT_FAILED;
    told = true;
    return failed ? fail_errno("cannot write to standard output") : fail("cannot write everything to standard output");
}

void print_escaped(const char *text)
{
    while (*text) {
        int size = control_size(text);

        if (size == 0)
            putchar(*text++);
        for (; size > 0; size--)
            printf("\\x%02x", (unsigned)(unsigned char)*text++);
    }
}

const char *format_size(char text[TEXT_SIZE], double bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    size_t unit = 0;

    while (bytes >= 1023.95 && unit + 1 < sizeof units / sizeof *units) {
        bytes /= 1024;
        unit++;
    }
    snprintf(text, TEXT_SIZE, "%.*f %s", unit && bytes - (double)(uint64_t)bytes >= 0.05 ? 1 : 0, bytes, units[unit]);
    return text;
}

const char *format_time(char text[TEXT_SIZE], uint64_t realtime_ns)
{
    time_t seconds = (time_t)(realtime_ns / 1000000000);
    struct tm utc;
    size_t length;

    if (!gmtime_r(&seconds, &utc))
        memset(&utc, 0, sizeof utc);
    length = strftime(text, TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text + length, TEXT_SIZE - length, ".%03uZ", (unsigned)(realtime_ns / 1000000 % 1000));
    return text;
}

const char *format_duration(char text[TEXT_SIZE], uint64_t ns)
{
    double seconds = (double)ns / 1e9;

    if (seconds < 120)
        snprintf(text, TEXT_SIZE, "%.*f s", seconds < 10 ? 3 : 1, seconds);
    else if (seconds < 7200)
        snprintf(text, TEXT_SIZE, "%.0f min", seconds / 60);
    else if (seconds < 48 * 3600.0)
        snprintf(text, TEXT_SIZE, "%.0f h", seconds / 3600);
    else
        snprintf(text, TEXT_SIZE, "%.0f d", seconds / 86400);
    return text;
}
