/* SPDX-License-Identifier: Apache-2.0 */
/* Archives use the core here, to report errors, and in typed.c. */
#include "archive/path.h"
#include "base/error.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#undef mms__path_fail

struct text {
    char bytes[256];
    size_t used;
};

enum { MOST_SHOWN = 24 }; /* components, of those next to the root */

static void append(struct text *text, const struct mms__path *path)
{
    size_t room = sizeof text->bytes - text->used;
    int length;

    if (path->name)
        length = snprintf(text->bytes + text->used, room, "%s%s", path->up ? "." : "", path->name);
    else
        length = snprintf(text->bytes + text->used, room, "[%zu]", path->index);
    text->used = (size_t)length < room ? text->used + (size_t)length : sizeof text->bytes - 1;
}

static size_t depth_of(const struct mms__path *path)
{
    size_t depth = 0;

    for (; path; path = path->up)
        depth++;
    return depth;
}

static void write_path(struct text *text, const struct mms__path *path)
{
    const struct mms__path *shown[MOST_SHOWN];
    size_t depth = depth_of(path), above = depth > MOST_SHOWN ? depth - MOST_SHOWN : 0, count = 0;

    for (size_t i = 0; i < above; i++)
        path = path->up;
    for (; path; path = path->up)
        shown[count++] = path;
    while (count > 0)
        append(text, shown[--count]);
    if (above > 0)
        snprintf(text->bytes + text->used, sizeof text->bytes - text->used, "... (%zu more)", above);
}

int mms__path_fail(int code, const char *verb, const struct mms__path *path, const char *format, ...)
{
    struct text text = {.used = 0};
    char what[200];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    write_path(&text, path);
    return mms__fail(code, "%s %s: %s", verb, text.bytes, what);
}
