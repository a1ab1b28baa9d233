/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/verdict.h"
#include "cli/cmd.h"
#include "cli/json_text.h"
#include "cli/message.h"
#include "cli/stat.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void verdict_begin(struct verdict *verdict, const char *path, bool json)
{
    *verdict = (struct verdict){.path = path, .json = json, .reasons = json ? json_array() : NULL};
}

int verdict_add(struct verdict *verdict, const char *format, ...)
{
    char *text;
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0)
        return fail("out of memory");
    if (verdict->json)
        json_array_append_new(verdict->reasons, json_text(text));
    else
        fail("%s", text);
    free(text);
    return EXIT_FAILED;
}

int verdict_end(struct verdict *verdict, const mms_info *info, int status)
{
    json_t *object;
    char *text;

    if (!verdict->json)
        return status;
    object = json_object();
    json_object_set_new(object, "region", json_text(verdict->path));
    json_object_set_new(object, "ok", json_boolean(status == EXIT_OK));
    json_object_set_new(object, "reasons", verdict->reasons);
    if (info) {
        bool timed = info->publish_time_ns != 0;

        json_object_set_new(object, "generation", json_integer((json_int_t)info->generation));
        json_object_set_new(object, "size", json_integer((json_int_t)info->size));
        json_object_set_new(object, "age_ns", timed ? json_integer((json_int_t)stat_age_ns(info)) : json_null());
        json_object_set_new(object, "readers_alive", json_integer(info->readers));
    }
    text = json_dumps(object, JSON_INDENT(2));
    json_decref(object);
    if (!text)
        return fail("cannot write JSON: out of memory");
    puts(text);
    free(text);
    return status;
}
