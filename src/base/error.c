/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/libc.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#undef mms__fail
#undef mms__fail_errno

static _Thread_local char last_error[512];
static _Thread_local int last_code;

const char *mms_strerror(int code)
{
    const char *text;

    switch (code) {
    case 0: return "success";
#define TEXT(name, value, text) \
    case value: return text;
        MMS_ERROR_MAP(TEXT)
#undef TEXT
    }
    text = code < 0 && code > -4096 ? mms__errno_text(-code) : NULL;
    return text ? text : "unknown error";
}

const char *mms_error_name(int code)
{
    const char *name;

    switch (code) {
    case 0: return "OK";
#define NAME(name, value, text) \
    case value: return "MMS_E_" #name;
        MMS_ERROR_MAP(NAME)
#undef NAME
    }
    name = code < 0 && code > -4096 ? mms__errno_name(-code) : NULL;
    return name ? name : "UNKNOWN";
}

const char *mms_last_error(void)
{
    return last_error;
}

int mms_last_code(void)
{
    return last_code;
}

/* Advice that does not depend on the call that failed. */
static const char *advice(int code)
{
    switch (code) {
    case -EMFILE: return "; this process has no file descriptor left: close some, or raise the limit (ulimit -n)";
    case -ENFILE: return "; this machine has no open file left: end processes, or raise fs.file-max (sysctl)";
    default: return "";
    }
}

static int store(int code, const char *format, va_list arguments)
{
    int length = vsnprintf(last_error, sizeof last_error, format, arguments);

    last_code = code;
    if ((size_t)length < sizeof last_error)
        snprintf(last_error + length, sizeof last_error - (size_t)length, "%s (%s: %s)", advice(code),
                 mms_error_name(code), mms_strerror(code));
    return code;
}

int mms__fail(int code, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    store(code, format, arguments);
    va_end(arguments);
    return code;
}

int mms__fail_errno(const char *format, ...)
{
    int code = errno > 0 ? -errno : -EIO;
    va_list arguments;

    va_start(arguments, format);
    store(code, format, arguments);
    va_end(arguments);
    return code;
}

int mms__fail_text(int code, const char *text)
{
    size_t size = strlen(text) + 1;

    memcpy(last_error, text, size < sizeof last_error ? size : sizeof last_error - 1);
    last_code = code;
    return code;
}
