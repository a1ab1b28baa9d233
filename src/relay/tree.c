/* SPDX-License-Identifier: Apache-2.0 */
#include "relay/tree.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

bool hash_equal(const struct hash *a, const struct hash *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

struct hash hash_bytes(const void *data, size_t size)
{
    XXH128_canonical_t canonical;
    struct hash hash;

    XXH128_canonicalFromHash(&canonical, XXH3_128bits(data, size));
    memcpy(hash.bytes, canonical.digest, sizeof hash.bytes);
    return hash;
}

/* ---- What is stale ---- */

/* On each level the bit of the child, up to the top: a level that is added later may lack it. */
static void mark_block(struct tree *tree, size_t index)
{
    for (unsigned level = 1; level <= tree->height; level++, index /= TREE_FANOUT) {
        uint16_t *stale = &tree->levels[level].stale[index / TREE_FANOUT];

        *stale = (uint16_t)(*stale | 1u << index % TREE_FANOUT);
    }
}

static void mark_blocks(struct tree *tree, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++)
        mark_block(tree, i);
}

void tree_mark(struct tree *tree, uint64_t offset, uint64_t length)
{
    uint64_t end;

    if (length == 0 || offset >= tree->size)
        return;
    end = length < tree->size - offset ? offset + length : tree->size;
    mark_blocks(tree, (size_t)(offset / BLOCK_SIZE), (size_t)count_blocks(end));
}

void tree_mark_all(struct tree *tree)
{
    tree_mark(tree, 0, tree->size);
}

/* ---- Another size ---- */

static int reserve(struct tree_level *level, size_t count, bool leaves)
{
    size_t capacity = count + count / 8;
    void *memory;

    if (count <= level->capacity)
        return 0;
    memory = realloc(level->nodes, capacity * sizeof *level->nodes);
    if (!memory)
        return -ENOMEM;
    level->nodes = memory;
    if (!leaves) {
        memory = realloc(level->stale, capacity * sizeof *level->stale);
        if (!memory)
            return -ENOMEM;
        level->stale = memory;
    }
    level->capacity = capacity;
    return 0;
}

static size_t count_parents(size_t children)
{
    return children / TREE_FANOUT + (children % TREE_FANOUT != 0);
}

static int reserve_all(struct tree *tree, size_t blocks)
{
    size_t count = blocks;

    for (unsigned level = 0; level < TREE_LEVELS; level++, count = count_parents(count)) {
        if (reserve(&tree->levels[level], count, level == 0) != 0)
            return -ENOMEM;
        if (level > 0 && count <= 1)
            break;
    }
    return 0;
}

/* Nodes that are gone are not stale, nor are they anybody's children. */
static void set_count(struct tree_level *level, size_t count, size_t children)
{
    if (count > level->count)
        memset(level->stale + level->count, 0, (count - level->count) * sizeof *level->stale);
    level->count = count;
    if (children % TREE_FANOUT != 0)
        level->stale[count - 1] = (uint16_t)(level->stale[count - 1] & ((1u << children % TREE_FANOUT) - 1));
}

/* As many levels as it takes to come from the blocks to a single node. */
static void set_counts(struct tree *tree, size_t blocks)
{
    unsigned before = tree->height, level = 0;
    size_t children = blocks;

    tree->levels[0].count = blocks;
    while (blocks > 0 && (level == 0 || children > 1)) {
        size_t count = count_parents(children);

        level++;
        set_count(&tree->levels[level], count, children);
        if (level > before) /* what was marked so far went up to the old top only */
            tree->levels[level].stale[0] = 1;
        children = count;
    }
    tree->height = level;
    for (; level < before; level++)
        tree->levels[level + 1].count = 0;
}

static int resize(struct tree *tree, uint64_t size)
{
    uint64_t smaller = size < tree->size ? size : tree->size;
    size_t blocks = (size_t)count_blocks(size), first = (size_t)(smaller / BLOCK_SIZE);

    if (size == tree->size)
        return 0;
    if (reserve_all(tree, blocks) != 0)
        return -ENOMEM;
    set_counts(tree, blocks);
    tree->size = size;
    if (blocks > 0 && first >= blocks) /* the last node has fewer children, if no other bytes */
        first = blocks - 1;
    mark_blocks(tree, first, blocks);
    return 0;
}

/* ---- Hashing ---- */

static struct hash hash_block(const struct tree *tree, const unsigned char *data, size_t index)
{
    uint64_t offset = index * BLOCK_SIZE, rest = tree->size - offset;

    return hash_bytes(data + offset, (size_t)(rest < BLOCK_SIZE ? rest : BLOCK_SIZE));
}

static struct hash hash_node(const struct tree_level *below, size_t index)
{
    size_t first = index * TREE_FANOUT, rest = below->count - first;

    return hash_bytes(below->nodes + first, (rest < TREE_FANOUT ? rest : TREE_FANOUT) * sizeof *below->nodes);
}

/* Depth first, into stale children only. The depth is bounded by TREE_LEVELS. */
static void refresh(struct tree *tree, const unsigned char *data, unsigned level, size_t index)
{
    struct tree_level *at = &tree->levels[level];

    if (level == 0) {
        at->nodes[index] = hash_block(tree, data, index);
        return;
    }
    for (unsigned stale = at->stale[index]; stale != 0; stale &= stale - 1)
        refresh(tree, data, level - 1, index * TREE_FANOUT + (unsigned)__builtin_ctz(stale));
    at->stale[index] = 0;
    at->nodes[index] = hash_node(at - 1, index);
}

int tree_update(struct tree *tree, const void *data, uint64_t size)
{
    if (resize(tree, size) != 0) {
        tree_mark_all(tree);
        return -ENOMEM;
    }
    if (tree->height > 0 && tree->levels[tree->height].stale[0] != 0)
        refresh(tree, data, tree->height, 0);
    return 0;
}

struct hash tree_root(const struct tree *tree)
{
    unsigned char text[sizeof(struct hash) + 8] = {0};

    if (tree->height > 0)
        memcpy(text, tree->levels[tree->height].nodes, sizeof(struct hash));
    for (unsigned i = 0; i < 8; i++)
        text[sizeof(struct hash) + i] = (unsigned char)(tree->size >> 8 * i);
    return hash_bytes(text, sizeof text);
}

void tree_free(struct tree *tree)
{
    for (unsigned level = 0; level < TREE_LEVELS; level++) {
        free(tree->levels[level].nodes);
        free(tree->levels[level].stale);
    }
    memset(tree, 0, sizeof *tree);
}
