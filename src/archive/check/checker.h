/* SPDX-License-Identifier: Apache-2.0 */
/* Checking untrusted bytes. The rule for pointers is that of rkyv's validator: while a value is
   checked, its children must lie in the range from `low` to the value; they are claimed in
   ascending order, and what is claimed is out of reach for later ones. So nothing overlaps,
   nothing is visited twice, and there are no cycles. Inside BTreeMaps that rule has a gap,
   which `claimed` closes: no more bytes may be claimed than there are.

   The bytes may change while they are checked, so each word is read once (archive/bytes.h), and
   what is read again is bounded again. Bytes that change may pass or fail; nothing outside of
   them is ever read. */
#ifndef MMS_ARCHIVE_CHECK_CHECKER_H
#define MMS_ARCHIVE_CHECK_CHECKER_H

#include "archive/bytes.h"
#include "archive/key.h"
#include "archive/path.h"

#define MMS__CHECK "checking"

/* The target of a pointer, which is checked later because the stack would become too deep. Its
   bytes are claimed. Its own targets have a range of their own, so the order does not matter. */
struct mms__later {
    const mms_type *type; /* of the pointer: BOX, VEC, MAP, SET, TREE */
    size_t at, count;     /* of the target: the value, the elements, the entries, the root node */
    size_t seeds;         /* of a map: where its displacements are */
    size_t low, high;
    uint64_t length; /* of a tree */
    bool inner;      /* of a tree's root node */
    unsigned depth;
};

struct mms__checker {
    const unsigned char *base;
    size_t size;
    size_t low, high; /* where the next child may be; high is a position, too */
    size_t claimed;
    unsigned depth;
    const char *stack; /* about where it was when the check began */
    struct mms__later *later;
    size_t waiting, room; /* of `later` */
};

/* How much of the stack following pointers may use. Values nested without pointers come on top:
   mmsc allows 128 levels. */
#define MMS__CHECK_STACK 16384

static inline bool mms__check_is_deep(const struct mms__checker *c)
{
    return (size_t)(c->stack - (const char *)__builtin_frame_address(0)) > MMS__CHECK_STACK;
}

int mms__check_wait(struct mms__checker *c, struct mms__later later, const struct mms__path *path);

/* A range taken for children, for mms__check_leave. */
struct mms__claim {
    size_t at;        /* the child */
    size_t low, high; /* what is left after it */
};

/* The value at a position; all of its bytes are in the archive, and aligned. */
int mms__check_value(struct mms__checker *c, const mms_type *type, size_t at, const struct mms__path *path);

/* Follow an offset from `from` to `count` times `size` bytes, and claim them: until
   mms__check_leave children must lie before them. */
int mms__check_enter(struct mms__checker *c, size_t from, int64_t offset, size_t align, size_t size, uint64_t count,
                     struct mms__claim *claim, const struct mms__path *path);
static inline void mms__check_leave(struct mms__checker *c, const struct mms__claim *claim)
{
    c->low = claim->low;
    c->high = claim->high;
}

/* Parts of mms__check_enter: where an offset leads, if `size` bytes of an alignment are there;
   and whether they are in the range. */
int mms__check_target(const struct mms__checker *c, size_t from, int64_t offset, size_t align, size_t size,
                      size_t *target, const struct mms__path *path);
int mms__check_range(const struct mms__checker *c, size_t at, size_t size, const struct mms__path *path);
int mms__check_work(struct mms__checker *c, size_t size, const struct mms__path *path);

/* The key at a position, whose value was checked; its text is bounded again. */
int mms__check_key(const struct mms__checker *c, const mms_type *type, size_t at, struct mms__key *key,
                   const struct mms__path *path);

int mms__check_items(struct mms__checker *c, const mms_type *item, size_t at, size_t count,
                     const struct mms__path *path);
int mms__check_non_zero(const struct mms__checker *c, const mms_type *type, size_t at, const struct mms__path *path);
int mms__check_address(const struct mms__checker *c, const mms_type *type, size_t at, const struct mms__path *path);
int mms__check_map(struct mms__checker *c, const mms_type *type, size_t at, const struct mms__path *path);
int mms__check_tree(struct mms__checker *c, const mms_type *type, size_t at, const struct mms__path *path);
/* Of those that waited. */
int mms__check_entries(struct mms__checker *c, const struct mms__later *map, const struct mms__path *path);
int mms__check_nodes(struct mms__checker *c, const struct mms__later *tree, const struct mms__path *path);

#endif
