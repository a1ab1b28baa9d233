/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pid_t test_process;
static pthread_t test_thread;

__attribute__((constructor)) static void remember_test(void)
{
    test_process = getpid();
    test_thread = pthread_self();
}

void check_failed(const char *file, int line, const char *format, ...)
{
    char text[1024];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (getpid() != test_process) {
        fprintf(stderr, "%s:%d: in a child process: %s\n", file, line, text);
        _exit(CHECK_CHILD_FAILED);
    }
    if (!pthread_equal(pthread_self(), test_thread)) {
        fprintf(stderr, "%s:%d: in another thread: %s\n", file, line, text);
        abort();
    }
    print_error("%s\n", text);
    _fail(file, line);
    abort();
}

bool check_is_emulated(void)
{
    const char *emulator = getenv("MMSYNC_TEST_EMULATOR");

    return emulator && *emulator;
}

int check_rounds(int count)
{
    return check_is_emulated() ? (count + 4) / 5 : count;
}

void check_code_at(const char *file, int line, const char *text, int code, int expected)
{
    if (code != expected)
        check_failed(file, line, "%s gave %s, expected %s; last error: %s", text, mms_error_name(code),
                     mms_error_name(expected), mms_last_error());
    if (expected != 0 && !strstr(mms_last_error(), mms_error_name(expected)))
        check_failed(file, line, "%s gave %s, and its detail is about something else: %s", text, mms_error_name(code),
                     mms_last_error());
}

void check_detail_at(const char *file, int line, const char *text)
{
    if (!strstr(mms_last_error(), text))
        check_failed(file, line, "the detail does not mention \"%s\": %s", text, mms_last_error());
}

void check_true_at(const char *file, int line, const char *text, bool condition)
{
    if (!condition)
        check_failed(file, line, "not true: %s", text);
}

void check_equal_at(const char *file, int line, const char *text, uint64_t a, uint64_t b)
{
    if (a != b)
        check_failed(file, line, "not true: %s (%" PRIu64 " and %" PRIu64 ")", text, a, b);
}

void check_string_at(const char *file, int line, const char *text, const char *a, const char *b)
{
    if (strcmp(a, b) != 0)
        check_failed(file, line, "not true: %s (\"%s\" and \"%s\")", text, a, b);
}

void check_memory_at(const char *file, int line, const char *text, const void *a, const void *b, size_t size)
{
    const unsigned char *left = a, *right = b;

    for (size_t i = 0; i < size; i++)
        if (left[i] != right[i])
            check_failed(file, line, "not true: %s (byte %zu of %zu is %02x and %02x)", text, i, size, left[i],
                         right[i]);
}
