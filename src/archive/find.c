/* SPDX-License-Identifier: Apache-2.0 */
/* Looking up keys in trusted archives. */
#include "archive/bytes.h"
#include "archive/key.h"

const void *mms_map_find(const mms_type *type, const void *map, const void *key)
{
    const char *at = map;
    size_t word = mms__word_size(type);
    uint64_t count = mms__get_count(type, at);
    const mms_type_field *field = &type->first->fields[0];
    struct mms__key wanted = mms__key_of_input(field->type, key), found;
    const char *entry;
    uint32_t seed;
    uint64_t slot;

    if (count == 0)
        return NULL;
    memcpy(&seed, (const char *)mms__follow(type, at + word) + 4 * (mms__key_hash(&wanted) % count), 4);
    if (seed == UINT32_MAX)
        return NULL;
    slot = seed < MMS__DISPLACED ? seed : mms__key_seeded_hash(&wanted, seed) % count;
    entry = (const char *)mms__follow(type, at + 2 * word) + slot * type->first->size;
    found = mms__key_of_archived(field->type, entry + field->offset);
    return mms__key_equal(&wanted, &found) ? entry : NULL;
}

/* ---- BTreeMap ---- */

struct position {
    const mms_type *tree;
    struct mms__node_layout layout;
};

static unsigned meta_of(const void *node)
{
    return (unsigned)mms__get_uint(node, 2);
}

static const char *leaf_entry(const struct position *p, const void *node, size_t index)
{
    return (const char *)node + p->layout.leaf_at + index * p->layout.leaf_size;
}

static const char *inner_entry(const struct position *p, const void *node, size_t index)
{
    return (const char *)node + p->layout.inner_at + index * p->layout.inner_size;
}

static struct mms__key key_of_entry(const struct position *p, const void *node, size_t index)
{
    const mms_type *key = p->tree->first->fields[0].type;

    if (meta_of(node) & MMS__NODE_INNER)
        return mms__key_of_archived(key, inner_entry(p, node, index) + p->layout.inner_key_at);
    return mms__key_of_archived(key, leaf_entry(p, node, index));
}

/* How many entries of the node are below the key; or not above it, with `equal`. */
static size_t count_below(const struct position *p, const void *node, const struct mms__key *key, bool equal)
{
    size_t low = 0, high = meta_of(node) & (MMS__NODE_INNER - 1);

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct mms__key found = key_of_entry(p, node, middle);
        int order = mms__key_compare(&found, key);

        if (order < 0 || (equal && order == 0))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The leaf that has the key, if any has; NULL: the first leaf. */
static const void *find_leaf(const struct position *p, const void *tree, const struct mms__key *key)
{
    const char *node = mms__follow(p->tree, (const char *)tree + mms__word_size(p->tree));

    while (meta_of(node) & MMS__NODE_INNER) {
        size_t below = key ? count_below(p, node, key, true) : 0;
        const char *from = below == 0 ? node + p->layout.offset_at : inner_entry(p, node, below - 1);

        node = mms__follow(p->tree, from);
    }
    return node;
}

/* The first entry whose key is not below this one; `key` may be NULL. */
static const char *seek(const mms_type *type, const void *tree, const struct mms__key *key, mms_tree_cursor *cursor)
{
    struct position p = {type, mms__node_layout(type)};

    cursor->node = NULL;
    if (mms__get_count(type, tree) == 0)
        return NULL;
    cursor->node = find_leaf(&p, tree, key);
    cursor->index = key ? count_below(&p, cursor->node, key, false) : 0;
    if (cursor->index < meta_of(cursor->node))
        return leaf_entry(&p, cursor->node, cursor->index);
    cursor->index--;
    return mms_tree_next(type, cursor);
}

const void *mms_tree_seek(const mms_type *type, const void *tree, const void *key, mms_tree_cursor *cursor)
{
    struct mms__key wanted;

    if (!key)
        return seek(type, tree, NULL, cursor);
    wanted = mms__key_of_input(type->first->fields[0].type, key);
    return seek(type, tree, &wanted, cursor);
}

const void *mms_tree_next(const mms_type *type, mms_tree_cursor *cursor)
{
    struct position p = {type, mms__node_layout(type)};
    const char *link;

    if (!cursor->node)
        return NULL;
    if (++cursor->index < meta_of(cursor->node))
        return leaf_entry(&p, cursor->node, cursor->index);
    link = (const char *)cursor->node + p.layout.offset_at;
    cursor->index = 0;
    cursor->node = mms__get_offset(type, link) == 0 ? NULL : mms__follow(type, link);
    return cursor->node ? leaf_entry(&p, cursor->node, 0) : NULL;
}

const void *mms_tree_find(const mms_type *type, const void *tree, const void *key)
{
    const mms_type_field *field = &type->first->fields[0];
    const struct mms__key wanted = mms__key_of_input(field->type, key);
    mms_tree_cursor cursor;
    const char *entry = seek(type, tree, &wanted, &cursor);
    struct mms__key found;

    if (!entry)
        return NULL;
    found = mms__key_of_archived(field->type, entry + field->offset);
    return mms__key_equal(&wanted, &found) ? entry : NULL;
}
