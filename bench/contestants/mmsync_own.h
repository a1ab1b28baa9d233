/* SPDX-License-Identifier: Apache-2.0 */
/* What the source files of the contestant mmsync share. */
#ifndef BENCH_MMSYNC_OWN_H
#define BENCH_MMSYNC_OWN_H

#include "contestant.h"
#include <mmsync.h>

extern mms_writer *mmsync_writer;
extern bool mmsync_texts;

int mmsync_fail(const char *what); /* where mms_last_error() does not say it */
_Noreturn void mmsync_stop(const char *what);

/* Without functions if the library that is measured cannot do that. */
extern const struct bench_parts mmsync_records, mmsync_entries;
extern const struct bench_keys mmsync_keys;

#endif
