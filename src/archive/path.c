/* SPDX-License-Identifier: Apache-2.0 */
/* The one place where archives touch the core: to store the detail of an error. */
#include "archive/path.h"
#include "core/error.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#undef mms__path_fail

struct text {
    char bytes[256];
    size_t used;
};

enum { DEEPEST = 24 }; /* steps shown, of those next to the root */

static void append(struct text *text, const struct mms__step *step)
{
    size_t room = sizeof text->bytes - text->used;
    int length;

    if (step->name)
        length = snprintf(text->bytes + text->used, room, "%s%s", step->up ? "." : "", step->name);
    else
        length = snprintf(text->bytes + text->used, room, "[%zu]", step->index);
    text->used = (size_t)length < room ? text->used + (size_t)length : sizeof text->bytes - 1;
}

static size_t depth_of(const struct mms__step *step)
{
    size_t depth = 0;

    for (; step; step = step->up)
        depth++;
    return depth;
}

static void write_path(struct text *text, const struct mms__step *step)
{
    const struct mms__step *shown[DEEPEST];
    size_t depth = depth_of(step), above = depth > DEEPEST ? depth - DEEPEST : 0, count = 0;

    for (size_t i = 0; i < above; i++)
        step = step->up;
    for (; step; step = step->up)
        shown[count++] = step;
    while (count > 0)
        append(text, shown[--count]);
    if (above > 0)
        snprintf(text->bytes + text->used, sizeof text->bytes - text->used, "... (%zu more)", above);
}

int mms__path_fail(int code, const char *verb, const struct mms__step *step, const char *format, ...)
{
    struct text path = {.used = 0};
    char what[200];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    write_path(&path, step);
    return mms__fail(code, "%s %s: %s", verb, path.bytes, what);
}
