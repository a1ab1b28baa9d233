/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of an update that other writes lack: writer.c calls them if one is under way. */
#ifndef MMS_REGION_UPDATE_H
#define MMS_REGION_UPDATE_H

#include "region/writer.h"

/* Before the commit: checks that may refuse it, and then the update stays open. Details are stored. */
int mms__update_check(struct mms__native_writer *writer, size_t size);
/* Then record in `changes` what it changed. Returns where the record is; 0: there is no record. */
uint64_t mms__update_record(struct mms__native_writer *writer, size_t size);
/* If the commit fails after that, everything counts as touched: the record took only the touches that fit its size, and the
   commit may be made again with another one. */
void mms__update_failed(struct mms__native_writer *writer);
/* After the publish: prepare a free slot for later updates a little (prepare.h). */
void mms__update_done(struct mms__native_writer *writer);

/* At the abort of a write: if it is an update that touches whatever it changes, give its slot the current value back. */
void mms__update_undo(struct mms__native_writer *writer);
/* After an update, published or not: give back the slot that was taken for the next one. */
void mms__update_end(struct mms__native_writer *writer);

/* Names in the directory have changed: notice if `changes` was deleted. The next update makes it anew. */
void mms__update_look(struct mms__native_writer *writer);
void mms__update_free(struct mms__native_writer *writer, bool inherited);

#endif
