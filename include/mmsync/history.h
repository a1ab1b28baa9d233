/* SPDX-License-Identifier: Apache-2.0 */
/* Going back to an older value. A writer that was opened with options.keep = N leaves the last N
   values in their slots after newer ones have replaced them, so a bad publish can be taken back
   at once:

     options.keep = 3;
     mms_writer_open("prices", &options, &writer);
     ...
     mms_write_rollback(writer, 0, NULL);    the value before the current one is the newest again

   Kept values take memory, and slots: if readers hold all others, the oldest kept value gives
   way before a write waits or evicts. They outlive the writer, even one that was killed: the
   next one finds them, but keeps them only if its own options say so. Without `keep` the value
   before the current one is often still there; the next write may use its slot. A reboot leaves
   nothing to go back to, and a writer that opens a durable region the one before at most. Not for the files of mmap-sync: MMS_E_INVALID. */
#ifndef MMSYNC_HISTORY_H
#define MMSYNC_HISTORY_H

#include <mmsync.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) /* the library hides what no header declares */

/* A value that is whole in its slot. */
typedef struct mms_past_value {
    uint64_t generation;
    uint64_t size;
    uint64_t type_id[2];
    uint64_t tag;
    uint64_t publish_time_ns; /* CLOCK_REALTIME, to within a few milliseconds */
    uint64_t checksum;        /* valid with has_checksum */
    bool has_checksum;
    bool current;
    bool kept; /* the last writer keeps it; of others that are not current, the next write may use the slot */
    unsigned slot;
    uint64_t reserved[4];
} mms_past_value;

/* List them, newest first, from outside: no writer need be alive, and what is listed may be gone
   when you see it. *count is how many there are; the first `capacity` are stored. If a writer is
   faster at each of 100 tries, the list may lack some, even the current one. */
int mms_history(const char *path, mms_past_value *out, size_t capacity, size_t *count);

/* Make the value of an older generation the newest one, under a generation of its own; 0: the
   one before the current. Type, schema, tag and checksum are those that it was published with.
   Its bytes stay where they are, unless a reader still holds it there: then they are copied, and
   receipt->slot differs from what mms_history said. Afterwards mms_changes cannot say what
   differs from other values (MMS_E_FORGOTTEN). No write may be under way. MMS_E_FORGOTTEN: the
   value is no longer there; MMS_E_INVALID: it is the current one; MMS_E_EMPTY; if it has to be
   copied, the errors of mms_write. */
int mms_write_rollback(mms_writer *writer, uint64_t generation, mms_receipt *receipt);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
