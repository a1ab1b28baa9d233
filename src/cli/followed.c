/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/followed.h"
#include "cli/json_text.h"
#include <mmsync.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool followed_path(const char *path, char out[PATH_MAX])
{
    size_t length = strlen(path);
    int used;

    while (length > 1 && path[length - 1] == '/')
        length--;
    used = snprintf(out, PATH_MAX, "%.*s.source", (int)(length < PATH_MAX ? length : PATH_MAX), path);
    return used > 0 && used < PATH_MAX;
}

static json_t *read_object(mms_region *region)
{
    json_t *object = NULL;
    char *text = malloc(FOLLOWED_SIZE_MOST);
    size_t size;
    int code = MMS_E_AGAIN;

    for (int i = 0; text && i < 100 && code == MMS_E_AGAIN; i++)
        code = mms_read_copy(region, text, FOLLOWED_SIZE_MOST, &size, NULL);
    if (text && code == 0)
        object = json_loadb(text, size, 0, NULL);
    free(text);
    if (json_is_object(object))
        return object;
    json_decref(object);
    return NULL;
}

json_t *followed_read(const char *path)
{
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    char beside[PATH_MAX];
    mms_region *region;
    json_t *object;

    options.read_only = true;
    options.trust_owner = true; /* the words are shown, or compared with what the log says */
    options.force_filesystem = true;
    if (!followed_path(path, beside) || mms_region_open(beside, &options, &region) != 0)
        return NULL;
    object = read_object(region);
    mms_region_close(region);
    return object;
}

unsigned long long followed_number(const json_t *followed, const char *key)
{
    return (unsigned long long)json_integer_value(json_object_get(followed, key));
}

const char *followed_text(const json_t *followed, const char *key)
{
    const char *text = json_string_value(json_object_get(followed, key));

    return text ? text : "";
}
