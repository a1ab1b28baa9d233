/* SPDX-License-Identifier: Apache-2.0 */
/* What the name of an output leads to. */
#ifndef MMS_CLI_TARGET_PATH_H
#define MMS_CLI_TARGET_PATH_H

#include <stdbool.h>

enum target_kind {
    TARGET_PATH,       /* `path`: where all symbolic links lead, whether or not that exists */
    TARGET_DESCRIPTOR, /* `fd`, of this process: /dev/stdout, /dev/fd/N, /proc/self/fd/N, or a link to one */
    TARGET_OF_OTHERS,  /* a descriptor of another process: `path` opens what it has open */
};

struct target {
    enum target_kind kind;
    int fd;
    char *path; /* to be freed */
};

/* 0, or an error. */
int target_find(struct target *target, const char *name);

#endif
