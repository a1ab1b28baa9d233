/* SPDX-License-Identifier: Apache-2.0 */
/* The options of verbs that publish: geometry and rights of a new region, and how to wait. */
#ifndef MMS_CLI_WRITER_ARGUMENTS_H
#define MMS_CLI_WRITER_ARGUMENTS_H

#include "cli/arguments.h"
#include <mmsync/mmap_sync.h>

enum {
    WRITER_MAX_SIZE = LONG_ONLY,
    WRITER_MAX_SLOTS,
    WRITER_MAX_READERS,
    WRITER_MODE,
    WRITER_READERS_MODE,
    WRITER_GROUP,
    WRITER_REPLACE,
    WRITER_GRACE,
    WRITER_EVICT,
    WRITER_RESET,
    WRITER_UNLOCKED,
    WRITER_FORMAT,
    WRITER_LOCK_WAIT,
    WRITER_FENCE,
    WRITER_HUGE_PAGES,
    WRITER_FORCE_FILESYSTEM,
    WRITER_TRUST,
    WRITER_EXPECT,
    WRITER_KEEP,
    WRITER_DURABLE,
    WRITER_OPTIONS_END /* options of the verb's own are numbered from here */
};

/* clang-format off */
#define WRITER_OPTIONS \
    {"max-size", required_argument, NULL, WRITER_MAX_SIZE}, \
    {"max-slots", required_argument, NULL, WRITER_MAX_SLOTS}, \
    {"max-readers", required_argument, NULL, WRITER_MAX_READERS}, \
    {"mode", required_argument, NULL, WRITER_MODE}, \
    {"readers-mode", required_argument, NULL, WRITER_READERS_MODE}, \
    {"group", required_argument, NULL, WRITER_GROUP}, \
    {"durable", no_argument, NULL, WRITER_DURABLE}, \
    {"replace", no_argument, NULL, WRITER_REPLACE}, \
    {"grace", required_argument, NULL, WRITER_GRACE}, \
    {"evict", no_argument, NULL, WRITER_EVICT}, \
    {"reset", no_argument, NULL, WRITER_RESET}, \
    {"unlocked", no_argument, NULL, WRITER_UNLOCKED}, \
    {"format", required_argument, NULL, WRITER_FORMAT}, \
    {"lock-wait", required_argument, NULL, WRITER_LOCK_WAIT}, \
    {"fence", required_argument, NULL, WRITER_FENCE}, \
    {"huge-pages", required_argument, NULL, WRITER_HUGE_PAGES}, \
    {"force-filesystem", no_argument, NULL, WRITER_FORCE_FILESYSTEM}, \
    {"trust", required_argument, NULL, WRITER_TRUST}

/* Of verbs that publish once. */
#define EXPECT_OPTION {"expect", required_argument, NULL, WRITER_EXPECT}
#define HELP_OF_EXPECT \
    "      --expect GENERATION publish only if this is the newest generation, 0 for none yet;\n" \
    "                          checked under the write lock\n"

/* Of all that publish. */
#define KEEP_OPTION {"keep", required_argument, NULL, WRITER_KEEP}
#define HELP_OF_KEEP \
    "      --keep N            keep N retired values for 'mmsync rollback', 0 to 255 (as many as\n" \
    "                          the last writer)\n"

#define HELP_OF_NEW_REGION \
    "      --max-size SIZE     largest value it takes (4G on 64-bit systems)\n" \
    "      --max-slots N       most values kept at a time, 2 to 32767 (128)\n" \
    "      --max-readers N     most readers, 1 to 65535 (1024)\n" \
    "      --mode OCTAL        mode of the files that hold the value (0640)\n" \
    "      --readers-mode OCTAL\n" \
    "                          mode of the reader table, r and w together; all others\n" \
    "                          can only copy (--mode, with w for each r)\n" \
    "      --group NAME        group of all files\n" \
    "      --durable           its values survive a power cut: each publish waits for the\n" \
    "                          disk, this one and all later ones\n" \
    "      --replace           if there is one with another geometry: build a new one\n" \
    "                          that goes on with its value, and remove the old\n"

#define HELP_OF_WRITE \
    "      --grace MS          how long to wait for readers that hold every slot, or\n" \
    "                          'forever' (1000)\n" \
    "      --evict             then take slots from readers that allow it\n" \
    "      --reset             then take the value that they read, as the crate mmap-sync\n" \
    "                          does (its files only)\n" \
    "      --unlocked          take no write lock, as that crate does by default (its\n" \
    "                          files only)\n" \
    "      --lock-wait MS      how long to wait for another writer to end, or\n" \
    "                          'forever' (2000)\n" \
    "      --fence KIND        auto, symmetric or asymmetric (auto)\n" \
    "      --huge-pages WHEN   auto, off, or on, which fails where there are none (auto)\n" \
    "      --format FORMAT     mmsync, or mmap-sync: the files of the Rust crate; auto takes\n" \
    "                          what is there (auto)\n" \
    "      --force-filesystem  accept a file system that mmsync is not tested on\n" \
    "      --trust USER        accept a region NAME that belongs to USER\n"
/* clang-format on */

/* What they say. */
struct writer_arguments {
    mms_writer_options options;
    mms_mmap_sync_writer_options mmap_sync; /* what options.mmap_sync points to */
    enum format format;
    bool expects; /* --expect was given */
    uint64_t expected;
    bool keeps;      /* --keep was given */
    mms_info before; /* what there was before the open; zeros: nothing */
};

void writer_arguments_init(struct writer_arguments *arguments);
/* One of WRITER_OPTIONS, with its value in optarg. */
void set_writer_option(const struct verb *verb, struct writer_arguments *arguments, int option);

/* Before the open: without --keep, keep as many values as the last writer did; and for --expect remember what is there. An
   exit status, as below: the open makes a region anew if --replace says so, and nothing is to be made anew for nothing. */
int look_before_open(struct writer_arguments *arguments, const char *path);

/* Of --expect, once the region is open for writing: an exit status; anything but EXIT_OK has been reported. */
int check_expected(const struct writer_arguments *arguments, const char *path);

/* Remove a region made for a value that never came: its fixed geometry would be in the way. */
void remove_if_empty(const char *path);

#endif
