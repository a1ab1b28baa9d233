/* SPDX-License-Identifier: Apache-2.0 */
/* Short cuts for tests of durable regions (mmsync/durable.h). */
#ifndef DURABLE_SAMPLE_H
#define DURABLE_SAMPLE_H

#include "sample.h"
#include <mmsync/durable.h>

/* As sample_options, with as few slots as such a region may have. */
mms_writer_options durable_options(void);
void publish_and_close(const char *path, mms_writer_options options, const char *text);
/* As mms_inspect tells it: the generation that is on the disk. */
uint64_t durable_generation(const char *path);

/* The place of the newest anchor, 0 or 1. */
unsigned newest_anchor(const char *path);
/* Tear the other one. */
void flip_older_anchor(const char *path);

#endif
