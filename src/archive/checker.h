/* SPDX-License-Identifier: Apache-2.0 */
/* Checking bytes that nobody vouches for. The rule for pointers is that of rkyv's validator: while a value is checked,
   its children must lie in the range from `low` to the value; they are claimed in ascending order, and what is claimed
   is out of reach for those that follow. So nothing overlaps, nothing is visited twice, and there are no cycles. Inside
   BTreeMaps that rule has a gap, which `claimed` closes: no more bytes may be claimed than there are. */
#ifndef MMS_CHECKER_H
#define MMS_CHECKER_H

#include "archive/load.h"
#include "archive/path.h"

#define MMS__CHECK "checking"

struct mms__checker {
    const unsigned char *base;
    size_t size;
    size_t low, high; /* where the next child may be; high is a position, too */
    size_t claimed;
    unsigned depth;
};

/* A range that was taken for children; to be given to mms__check_leave. */
struct mms__claim {
    size_t at;        /* the child */
    size_t low, high; /* what is left after it */
};

/* The value at a position, all of whose bytes are in the archive, and aligned. */
int mms__check_value(struct mms__checker *c, const mms_type *type, size_t at, const struct mms__step *step);

/* Follow an offset from `from` to `count` times `size` bytes, and claim them: until mms__check_leave children must lie
   before them. */
int mms__check_enter(struct mms__checker *c, size_t from, int64_t offset, size_t align, size_t size, uint64_t count,
                     struct mms__claim *claim, const struct mms__step *step);
static inline void mms__check_leave(struct mms__checker *c, const struct mms__claim *claim)
{
    c->low = claim->low;
    c->high = claim->high;
}

/* Parts of mms__check_enter: where an offset leads, if `size` bytes of an alignment are there; and whether they are in
   the range. */
int mms__check_target(const struct mms__checker *c, size_t from, int64_t offset, size_t align, size_t size,
                      size_t *target, const struct mms__step *step);
int mms__check_range(const struct mms__checker *c, size_t at, size_t size, const struct mms__step *step);
int mms__check_work(struct mms__checker *c, size_t size, const struct mms__step *step);

int mms__check_items(struct mms__checker *c, const mms_type *item, size_t at, size_t count,
                     const struct mms__step *step);
int mms__check_map(struct mms__checker *c, const mms_type *type, size_t at, const struct mms__step *step);
int mms__check_tree(struct mms__checker *c, const mms_type *type, size_t at, const struct mms__step *step);

#endif
