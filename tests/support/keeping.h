/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of values that stay after they were retired (mmsync/history.h). */
#ifndef KEEPING_H
#define KEEPING_H

#include "sample.h"
#include <mmsync/history.h>

enum { KEEPING_SLOTS = 8 };

/* As sample_writer, with so many slots. */
mms_writer *keeping_writer(const char *path, uint8_t keep);
/* Publish "value NUMBER". Returns the generation. */
uint64_t publish_number(mms_writer *writer, unsigned number);
/* That is the newest value. */
void check_number(const char *path, unsigned number);
/* Returns how many values are listed. */
size_t list_values(const char *path, mms_past_value out[KEEPING_SLOTS]);
/* How many of them the last writer keeps. */
size_t count_kept(const char *path);
/* Where the value of a generation is. */
unsigned slot_of(const char *path, uint64_t generation);
/* The writer's slots are consistent. */
void check_pool(mms_writer *writer);

#endif
