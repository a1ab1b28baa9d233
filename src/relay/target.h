/* SPDX-License-Identifier: Apache-2.0 */
/* The region that follows: its writer, a reader of its own, and the update that is being made.
   Codes are those of the library, with its detail. */
#ifndef MMS_RELAY_TARGET_H
#define MMS_RELAY_TARGET_H

#include "relay/record.h"
#include <mmsync.h>

struct target {
    const char *path;
    mms_writer *writer;
    mms_region *region;
    mms_reader *reader;
    uint64_t generation; /* of its newest value, which this writer or one before published; 0: none */
    uint64_t max_size;
    bool is_durable;
    /* The update that was begun: NULL if there is none. `size` is how much of the buffer counts;
       at first that is the newest value's size. */
    unsigned char *buffer;
    uint64_t size, capacity;
};

/* Open it; a new one gets the geometry in `options`. */
int target_open(struct target *target, const char *path, const mms_writer_options *options);
void target_close(struct target *target);

/* Begin an update, if none is begun, with room for `capacity` bytes. MMS_E_TOO_BIG, MMS_E_AGAIN,
   -ENOSPC, MMS_E_GONE. */
int target_reserve(struct target *target, uint64_t capacity);
/* The same for the first `end` bytes of an update that will have `whole`: little by little, so that
   the kernel makes memory while the network brings what is to be in it. All at once if there may not
   be room, so as to fail before anything was fetched. */
int target_reserve_step(struct target *target, uint64_t end, uint64_t whole);
/* Bytes of the update, within its capacity. */
int target_put(struct target *target, uint64_t offset, const void *data, uint64_t length);
/* These are right as they are, but may differ in the value that is shown, or in slots that are
   used later. */
int target_touch(struct target *target, uint64_t offset, uint64_t length);
/* Publish the first `size` bytes. The update stays begun if that fails. */
int target_commit(struct target *target, uint64_t size, const struct record *meta, const char *schema,
                  size_t schema_size);
void target_abort(struct target *target);

/* The newest value, as readers see it; ends the view before. MMS_E_EMPTY. */
int target_view(struct target *target, mms_view *view);
/* MMS_E_EVICTED: what was read from it is void. */
int target_view_end(struct target *target);

#endif
