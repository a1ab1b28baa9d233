/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a table (docs/format.md). Numbers have the byte order of the machine. Places are
   given in units of 16 bytes from the start of the value. Unit 0 means none, since the head is
   there. */
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

/* Lists of free blocks by size in units: one for each size below SINGLE, then STEPS for each power
   of two. */
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
    mms__word size;      /* of the value: where the next block would begin */

    mms__word count;
    mms__word bytes; /* of the blocks of all entries */
    mms__word type_id[2];
    mms__word key_size, value_size; /* 0: any */
    mms__word max_bytes;
    mms__word oldest; /* with AGED: unit of the entry that was put longest ago */

    mms__word newest;
    mms__word sweep; /* the bucket that is swept next for expired entries */
    mms__word evicted, expired;
    mms__word free_bytes;            /* in the lists */
    mms__word full[MMS__LIST_WORDS]; /* a bit for each list that is not empty */
    mms__word reserved[7];

    mms__word lists[MMS__LISTS]; /* unit of the first free block */
};

static_assert(sizeof(struct mms__table_head) == 2048, "the head of a table");
enum {
    MMS__HEAD_UNITS = sizeof(struct mms__table_head) / MMS__UNIT,
    MMS__HEAD_LINES = sizeof(struct mms__table_head) / MMS__LINE
};

/* ---- Blocks: all that follows the head, without gaps ---- */

/* The first word of a block has flags and, above them, its units. That of an entry has the sizes
   of key and value instead, and its kind is 0. */
enum {
    MMS__BLOCK_FREE = 1,
    MMS__BLOCK_AFTER_FREE = 2, /* the block before it is free */
    MMS__BLOCK_SLACK = 4,      /* an entry that has one unit more than it needs */
    MMS__BLOCK_NODE = 8,
    MMS__BLOCK_SEGMENT = 16,
    MMS__BLOCK_DIRECTORY = 24,
    MMS__BLOCK_KIND = 24,
    MMS__BLOCK_FLAG_BITS = 7,
    MMS__ENTRY_VALUE_SHIFT = 24, /* value size << 24 | key size << 7 | flags */
    MMS__BLOCK_FEWEST = 2        /* units of the smallest block */
};
#define MMS__ENTRY_KEY_MASK ((UINT64_C(1) << 17) - 1)

/* A free block. Its last word holds its units, too, so that its start can be found from the block
   behind it. */
struct mms__free_block {
    mms__word word, next, previous;
};

static_assert(sizeof(struct mms__free_block) + sizeof(mms__word) == (size_t)MMS__BLOCK_FEWEST * MMS__UNIT,
              "the smallest block");

/* ---- Buckets ---- */

/* A word of a bucket is 0, or an entry: a tag of 16 bits, never 0, above its unit; or, in the last
   place only, LINK and the unit of the node where the bucket goes on. */
#define MMS__LINK (UINT64_C(1) << 47)
#define MMS__WORD_UNIT (MMS__LINK - 1)
enum { MMS__TAG_SHIFT = 48 };

enum {
    MMS__BUCKET_WORDS = 8,
    MMS__NODE_WORDS = 7,     /* behind the word of its block */
    MMS__LONGEST_CHAIN = 32, /* nodes behind a bucket */
    MMS__CHAIN_WORDS = MMS__BUCKET_WORDS + MMS__LONGEST_CHAIN * MMS__NODE_WORDS
};

/* Buckets lie in segments of this many; only the first, while it is alone, has room for a smaller
   power of two. The second line of a segment's block is its first bucket, and a word of the
   directory is the number of that line, counted from the start of the value. */
enum { MMS__SEGMENT_BITS = 10, MMS__SEGMENT = 1 << MMS__SEGMENT_BITS, MMS__FIRST_BUCKETS = 8 };

/* Buckets are split when there are more than LOAD / 2 entries for each. */
enum { MMS__LOAD = 9 };

#endif
