/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a table (docs/format.md). Numbers are in the machine's order. A place is named by its
   unit: the number of the 16 bytes that begin there, counted from the start of the value. 0 names
   none, as the head is there. */
#ifndef MMS_TABLE_LAYOUT_H
#define MMS_TABLE_LAYOUT_H

#include <assert.h>
#include <mmsync/atomic.h>
#include <mmsync/table.h>

/* "mmsyncT\n" on a little-endian machine. */
#define MMS__TABLE_MAGIC UINT64_C(0x0a54636e79736d6d)
enum { MMS__TABLE_VERSION = 1 };

enum { MMS__UNIT = 16, MMS__UNIT_BITS = 4, MMS__LINE = 64, MMS__UNITS_PER_LINE = MMS__LINE / MMS__UNIT };

/* ---- The head ---- */

enum { MMS__TABLE_EXPIRING = 1, MMS__TABLE_AGED = 2, MMS__TABLE_FLAGS = MMS__TABLE_EXPIRING | MMS__TABLE_AGED };

/* Lists of free blocks by their size in units: one for each size below SINGLE, then 8 for each power of two. */
enum {
    MMS__SINGLE = 32,
    MMS__SINGLE_BITS = 5,
    MMS__STEPS = 8,
    MMS__STEP_BITS = 3,
    MMS__LISTS = 224,
    MMS__LIST_WORDS = 4
};

struct mms__table_head {
    uint64_t magic;
    uint32_t version, flags;
    mms__word seed[2];
    mms__word buckets;
    mms__word directory; /* unit of its first word */
    mms__word segments;  /* words that it has room for */
    mms__word size;      /* of the table, which is that of the value: where the next block begins */

    mms__word count;
    mms__word bytes; /* of all entries' blocks */
    mms__word type_id[2];
    mms__word key_size, value_size; /* 0: any */
    mms__word max_bytes;
    mms__word oldest; /* entries in the order of their puts, with AGED */

    mms__word newest;
    mms__word sweep; /* the bucket to look at next for entries that have expired */
    mms__word evicted, expired;
    mms__word free_bytes;            /* in the lists */
    mms__word full[MMS__LIST_WORDS]; /* a bit for each list: it is not empty */
    mms__word reserved[7];

    mms__word lists[MMS__LISTS]; /* unit of the first free block */
};

static_assert(sizeof(struct mms__table_head) == 2048, "the head of a table");
enum {
    MMS__HEAD_UNITS = sizeof(struct mms__table_head) / MMS__UNIT,
    MMS__HEAD_LINES = sizeof(struct mms__table_head) / MMS__LINE
};

/* ---- Blocks: what everything behind the head lies in, without gaps ---- */

/* The first word of a block: flags, and above them its units. An entry's has its sizes instead. The
   bits of a block's kind are 0 in entries. */
enum {
    MMS__BLOCK_FREE = 1,
    MMS__BLOCK_AFTER_FREE = 2, /* the block before it is free */
    MMS__BLOCK_SLACK = 4,      /* an entry with a unit more than it needs */
    MMS__BLOCK_NODE = 8,
    MMS__BLOCK_SEGMENT = 16,
    MMS__BLOCK_DIRECTORY = 24,
    MMS__BLOCK_KIND = 24,
    MMS__BLOCK_FLAG_BITS = 7,
    MMS__ENTRY_VALUE_SHIFT = 24, /* value size << 24 | key size << 7 | flags */
    MMS__BLOCK_FEWEST = 2        /* units of the smallest block */
};
#define MMS__ENTRY_KEY_MASK ((UINT64_C(1) << 17) - 1)

/* A free block: its units are in its last word too, so that the block behind it finds its start. */
struct mms__free_block {
    mms__word word, next, previous;
};

static_assert(sizeof(struct mms__free_block) + sizeof(mms__word) == MMS__BLOCK_FEWEST * MMS__UNIT,
              "the smallest block");

/* ---- Buckets ---- */

/* A word of a bucket: 16 bits of the hash, never 0, above the unit of an entry; or LINK and the unit
   of a node, where the bucket goes on; or 0. A link is in a last word only. */
#define MMS__LINK (UINT64_C(1) << 47)
#define MMS__WORD_UNIT (MMS__LINK - 1)
enum { MMS__TAG_SHIFT = 48 };

enum {
    MMS__BUCKET_WORDS = 8,
    MMS__NODE_WORDS = 7,     /* behind the word of its block */
    MMS__LONGEST_CHAIN = 32, /* nodes behind a bucket */
    MMS__CHAIN_WORDS = MMS__BUCKET_WORDS + MMS__LONGEST_CHAIN * MMS__NODE_WORDS
};

/* Buckets lie in segments of this many, but for the first while there is no other: that has room for
   a power of two. A segment is a block whose second line is its first bucket. A word of the
   directory is the line of that, counted from the start of the value. */
enum { MMS__SEGMENT_BITS = 10, MMS__SEGMENT = 1 << MMS__SEGMENT_BITS, MMS__FIRST_BUCKETS = 8 };

/* A bucket is split once there are more entries than LOAD / 2 for each. */
enum { MMS__LOAD = 9 };

#endif
