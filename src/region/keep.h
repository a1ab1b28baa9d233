/* SPDX-License-Identifier: Apache-2.0 */
/* Retired values that stay in their slots, so that the writer can go back to them (options.keep). */
#ifndef MMS_REGION_KEEP_H
#define MMS_REGION_KEEP_H

#include <stdbool.h>
#include <stdint.h>

/* options.keep is a byte. */
#define MMS__KEEP_MOST 255

struct mms__pool;

struct mms__keep {
    unsigned count;                    /* options.keep */
    unsigned listed;                   /* generations in the list, whose values are whole: the newest, in order */
    uint64_t list[MMS__KEEP_MOST + 1]; /* with the current one, which is not retired */
    uint32_t spared;                   /* slot + 1, which stays whatever it holds; 0: none */
};

/* After a slot's generation became current, and before a slot with such a value is used for another one. Only with a
   count. */
void mms__keep_note(struct mms__keep *keep, uint64_t generation);
void mms__keep_forget(struct mms__keep *keep, uint64_t generation);
/* List what the last writer has left. */
void mms__keep_inherit(struct mms__pool *pool);

/* Free the oldest value that is kept and that no line covered at the last scan, a full one since when nothing was
   published. Returns 1 or 0. */
unsigned mms__keep_release(struct mms__pool *pool);

#endif
