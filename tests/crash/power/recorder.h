/* SPDX-License-Identifier: Apache-2.0 */
/* A writer whose region is on a disk that is recorded (disk.h), and the values that it has published: so that each power cut
   can be replayed, and what comes back be compared. One at a time. */
#ifndef POWER_RECORDER_H
#define POWER_RECORDER_H

#include "disk.h"
#include "replay.h"
#include <mmsync.h>

enum { VALUES_MOST = 64, SIZE_MOST = 12 << 10 };

/* Value number `count` is the last one. */
extern struct recorded {
    struct replay_value values[VALUES_MOST];
    unsigned char bytes[VALUES_MOST][SIZE_MOST];
    uint64_t count;
    mms_writer *writer;
} past;

mms_writer_options durable_options(void);
/* Record a new one, in a region that has been on the disk for a while, with no value. Returns its path. */
const char *set_up(void **state, mms_writer_options options);
void reopen(const char *path, mms_writer_options options);

void publish(size_t size);
/* Where commits do not wait: nothing is promised before sync_values. */
void publish_unsynced(size_t size);
void sync_values(void);
/* This fails. */
void publish_in_vain(size_t size, int code);
/* In place, with some bytes of each page stored and touched. */
void change(size_t at, size_t length);
/* To the value that is so many publishes old. */
void go_back(unsigned by);
void abandon(void);

/* Close the writer, and replay the power cuts. */
void fail_the_power(void **state);
/* As `replay` says; what was recorded is filled in. */
void fail_the_power_of(void **state, struct replay replay);

#endif
