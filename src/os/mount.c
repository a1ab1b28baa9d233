/* SPDX-License-Identifier: Apache-2.0 */
#include "os/mount.h"
#include "os/text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int64_t mms__mount_id(int fd)
{
    static const char label[] = "mnt_id:";
    char path[48], text[256];
    const char *found;

    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
    (void)mms__read_text(path, text, sizeof text); /* nothing, if it fails */
    found = strstr(text, label);
    return found ? strtoll(found + sizeof label - 1, NULL, 10) : -1;
}
