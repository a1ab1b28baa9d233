/* SPDX-License-Identifier: Apache-2.0 */
/* What `stat` prints, as text or JSON. */
#ifndef MMS_CLI_STAT_H
#define MMS_CLI_STAT_H

#include "cli/message.h"
#include <mmsync/mmap_sync.h>
#include <mmsync/table.h>

struct stat_state {
    const char *path;
    mms_info info;
    bool is_mmap_sync;
    mms_mmap_sync_info mmap_sync; /* if it is */
    mms_reader_info *readers;
    size_t listed;
    char type_name[256]; /* "" if it is not known */
    bool is_table;
    mms_table_info table;    /* if it is */
    bool readers_hidden;     /* no right to read the reader table */
    struct json_t *followed; /* REGION.source, if it follows another region (followed.h); or NULL */
};

/* How old the value is; only if it has a publish time. 0 if that lies ahead: the clock was set back. */
uint64_t stat_age_ns(const mms_info *info);
/* How far ahead it lies, else 0. */
uint64_t stat_ahead_ns(const mms_info *info);
/* Its process id; "-": there is none, "?": not known. Returns one of these, or text. */
const char *stat_format_writer(char text[TEXT_SIZE], const mms_info *info);
/* Publishes per second between two looks that are `ns` apart; below 0: not known. The version words of mmap-sync are no
   counts. */
double stat_rate(const mms_info *before, const mms_info *now, uint64_t ns);
/* 32 hexadecimal digits. */
void stat_format_id(char text[33], const uint64_t id[2]);

struct stat_lines {
    unsigned interval_ms;
    uint64_t count; /* 0: no end */
    bool json;
};

/* A line each time. Returns an exit status; a failure has been reported. */
int stat_print_lines(const char *path, const struct stat_lines *lines);

int stat_print_json(const struct stat_state *state);
/* What mms_inspect tells alone, or why it cannot: the object of a region in a list. */
int stat_print_summary(const char *path, bool is_mmap_sync, const mms_info *info, const char *error);

#endif
