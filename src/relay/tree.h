/* SPDX-License-Identifier: Apache-2.0 */
/* What a value's bytes are known by on other hosts: a hash of each block of 64 KiB, and a tree over
   these hashes, whose root stands for all of the value. After a change only the blocks that it
   touched are read again, and the nodes above them.

   leaf   XXH3-128 of a block's bytes; the last block may be shorter
   node   XXH3-128 of its children, 16 of them at most, one after the other
   root   XXH3-128 of the topmost node (zeros, if there is no block) and the size, 8 bytes, little endian
   Hashes are stored and travel in xxHash's canonical form, most significant byte first. */
#ifndef MMS_RELAY_TREE_H
#define MMS_RELAY_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TREE_FANOUT = 16, TREE_LEVELS = 14 };

#define BLOCK_SIZE ((uint64_t)64 << 10)
enum { CHUNK_BLOCKS = 8 };
#define CHUNK_SIZE (CHUNK_BLOCKS * BLOCK_SIZE)

struct hash {
    unsigned char bytes[16];
};

/* Zeros are the tree of the empty value; but for the root, which tree_root gives. */
struct tree {
    uint64_t size;
    unsigned height; /* levels above the leaves */
    struct tree_level {
        struct hash *nodes;
        uint16_t *stale; /* for each node, which of its children are; not for leaves */
        size_t count, capacity;
    } levels[TREE_LEVELS];
};

static inline uint64_t count_blocks(uint64_t size)
{
    return size / BLOCK_SIZE + (size % BLOCK_SIZE != 0);
}

static inline uint64_t count_chunks(uint64_t size)
{
    return size / CHUNK_SIZE + (size % CHUNK_SIZE != 0);
}

bool hash_equal(const struct hash *a, const struct hash *b);
struct hash hash_bytes(const void *data, size_t size);

/* These bytes may have changed: tree_update reads their blocks again. What lies past the value's
   size is left out, since tree_update takes care of a size that changes. */
void tree_mark(struct tree *tree, uint64_t offset, uint64_t length);

/* All bytes may have changed. */
void tree_mark_all(struct tree *tree);

/* Make it the tree of these bytes, which are those of the last update but for what was marked
   since, and for those past the smaller of both sizes. 0, or -ENOMEM; then all is marked. */
int tree_update(struct tree *tree, const void *data, uint64_t size);

/* Good after tree_update, until the next tree_mark. */
struct hash tree_root(const struct tree *tree);

/* The leaves: count_blocks(tree->size) of them. */
static inline const struct hash *tree_leaves(const struct tree *tree)
{
    return tree->levels[0].nodes;
}

void tree_free(struct tree *tree);

#endif
