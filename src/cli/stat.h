/* SPDX-License-Identifier: Apache-2.0 */
/* What `stat` knows, for both ways to print it. */
#ifndef MMS_CLI_STAT_H
#define MMS_CLI_STAT_H

#include <mmsync.h>

struct stat_state {
    const char *path;
    mms_info info;
    mms_reader_info *readers;
    size_t listed;
    char type_name[256]; /* "" if it is not known */
    bool readers_hidden; /* no right to read the reader table */
};

uint64_t stat_age_ns(const struct stat_state *state);
/* 32 hexadecimal digits. */
void stat_format_id(char text[33], const uint64_t id[2]);

int stat_print_json(const struct stat_state *state);

#endif
