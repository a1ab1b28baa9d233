/* SPDX-License-Identifier: Apache-2.0 */
/* BTreeMap: each node is claimed with the block before it that holds its entries' children;
   then the leaves, which are all at one depth, must be sorted, linked, and found under the
   right keys. The checks, and what each rejects, follow rkyv's validator; the queue of nodes
   makes the tree's own depth harmless. */
#include "archive/check/checker.h"
#include <errno.h>
#include <stdlib.h>

struct node {
    size_t at, first_key; /* first_key: the position of the lowest key below it; first for leaves, then for all */
    size_t count;
    size_t child; /* of inner nodes: index of the lowest child in the queue; the others follow */
    bool inner;
};

struct tree {
    struct mms__checker *c;
    const mms_type *type;
    const struct mms__path *path;
    struct mms__node_layout layout;
    struct node *nodes;
    size_t used, room;
};

static int fail_node(const struct tree *t, size_t at, const char *what)
{
    return mms__path_fail(MMS_E_CORRUPT, MMS__CHECK, t->path, "the node at byte %zu %s", at, what);
}

/* SIZE_MAX, which no archive has, if it overflows. Not padded to the node's alignment, because
   the writer does not pad; rkyv's check, which wants the padding, refuses some trees that rkyv
   wrote. */
static size_t node_size(const struct tree *t, const struct node *node)
{
    size_t first = node->inner ? t->layout.inner_at : t->layout.leaf_at;
    size_t each = node->inner ? t->layout.inner_size : t->layout.leaf_size;
    size_t size;

    if (__builtin_mul_overflow(node->count, each, &size) || __builtin_add_overflow(size, first, &size))
        return SIZE_MAX;
    return size;
}

static size_t entry_at(const struct tree *t, const struct node *node, size_t index)
{
    if (node->inner)
        return node->at + t->layout.inner_at + index * t->layout.inner_size;
    return node->at + t->layout.leaf_at + index * t->layout.leaf_size;
}

static int key_at(const struct tree *t, size_t position, struct mms__key *key)
{
    return mms__check_key(t->c, t->type->first->fields[0].type, position, key, t->path);
}

static int leaf_key(const struct tree *t, const struct node *leaf, size_t index, struct mms__key *key)
{
    return key_at(t, entry_at(t, leaf, index), key); /* keys come first */
}

static int add_node(struct tree *t, struct node node)
{
    if (t->used == t->room) {
        size_t room = t->room > 0 ? 2 * t->room : 16;
        struct node *nodes = mms__resize(t->nodes, room, sizeof *nodes);

        if (!nodes)
            return mms__path_fail(-ENOMEM, MMS__CHECK, t->path, "no memory");
        t->nodes = nodes;
        t->room = room;
    }
    t->nodes[t->used++] = node;
    return 0;
}

/* ---- One node ---- */

/* Follow an offset to a node whose bytes, all of them, lie in the range. */
static int find_node(struct tree *t, size_t from, struct node *node)
{
    const mms_type *type = t->type;
    int64_t offset = mms__get_offset(type, t->c->base + from);
    int code = mms__check_target(t->c, from, offset, t->layout.header_align, t->layout.header, &node->at, t->path);
    unsigned meta;

    if (code == 0)
        code = mms__check_range(t->c, node->at, t->layout.header, t->path);
    if (code != 0)
        return code;
    meta = (unsigned)mms__get_uint(t->c->base + node->at, 2);
    node->inner = (meta & MMS__NODE_INNER) != 0;
    node->count = meta & (MMS__NODE_INNER - 1);
    if (node->count == 0)
        return fail_node(t, node->at, "is empty");
    if (node->at & ((node->inner ? t->layout.inner_align : t->layout.leaf_align) - 1))
        return fail_node(t, node->at, "is not aligned");
    code = mms__check_range(t->c, node->at, node_size(t, node), t->path);
    return code == 0 ? mms__check_work(t->c, node_size(t, node), t->path) : code;
}

/* Entries from the last to the first, the order in which their children were written. */
static int check_entries(struct tree *t, const struct node *node)
{
    const mms_type *entry = t->type->first;
    int code = 0;

    for (size_t i = node->count; i-- > 0 && code == 0;) {
        struct mms__path path = mms__path_index(t->path, i);

        if (node->inner)
            code = mms__check_value(t->c, entry->fields[0].type, entry_at(t, node, i) + t->layout.inner_key_at, &path);
        else
            code = mms__check_value(t->c, entry, entry_at(t, node, i), &path);
    }
    return code;
}

/* The children lie between `size` bytes before the node and the node. Afterwards what is in
   front of them is left. */
static int check_block(struct tree *t, const struct node *node)
{
    struct mms__checker *c = t->c;
    uint64_t size = mms__get_count(t->type, c->base + node->at + t->layout.size_at);
    size_t low = c->low;
    int code;

    if (size > node->at)
        return fail_node(t, node->at, "says that its entries' parts begin before the archive");
    c->low = node->at - (size_t)size;
    c->high = node->at;
    code = check_entries(t, node);
    c->high = c->low;
    c->low = low;
    return code;
}

/* ---- All of them ---- */

static int check_child(struct tree *t, size_t from)
{
    struct node node = {0};
    int code = find_node(t, from, &node);

    if (code == 0)
        code = check_block(t, &node);
    return code == 0 ? add_node(t, node) : code;
}

static int check_children(struct tree *t, size_t index)
{
    struct node node = t->nodes[index];
    int code;

    t->nodes[index].child = t->used;
    code = check_child(t, node.at + t->layout.offset_at);
    for (size_t i = 0; i < node.count && code == 0; i++)
        code = check_child(t, entry_at(t, &node, i));
    return code;
}

/* By levels, until the first leaf: *leaves is its index, and all from there on must be leaves
   of that level. */
static int check_levels(struct tree *t, struct node root, size_t *leaves)
{
    size_t index = 0, level_end;
    int code = check_block(t, &root);

    if (code == 0)
        code = add_node(t, root);
    for (level_end = t->used; code == 0 && t->nodes[index].inner; index++) {
        code = check_children(t, index);
        if (index + 1 == level_end)
            level_end = t->used;
    }
    for (size_t i = index; code == 0 && i < t->used; i++)
        if (t->nodes[i].inner || i >= level_end)
            code = fail_node(t, t->nodes[i].at,
                             t->nodes[i].inner ? "is not a leaf, but others of its level are"
                                               : "is a leaf at a different depth from the others");
    *leaves = index;
    return code;
}

static int check_order(const struct tree *t, const struct node *leaf)
{
    for (size_t i = 1; i < leaf->count; i++) {
        struct mms__key a, b;
        int code = leaf_key(t, leaf, i - 1, &a);

        if (code == 0)
            code = leaf_key(t, leaf, i, &b);
        if (code == 0 && mms__key_compare(&b, &a) < 0)
            code = fail_node(t, leaf->at, "is not sorted");
        if (code != 0)
            return code;
    }
    return 0;
}

static int check_link(const struct tree *t, const struct node *leaf, const struct node *next)
{
    size_t from = leaf->at + t->layout.offset_at, target;
    int64_t offset = mms__get_offset(t->type, t->c->base + from);
    struct mms__key a, b;
    int code;

    if (!next)
        return offset == 0 ? 0 : fail_node(t, leaf->at, "is the last leaf, but links to another");
    code = mms__check_target(t->c, from, offset, t->layout.header_align, t->layout.header, &target, t->path);
    if (code != 0)
        return code;
    if (target != next->at)
        return fail_node(t, leaf->at, "does not link to the next leaf");
    code = leaf_key(t, leaf, leaf->count - 1, &a);
    if (code == 0)
        code = leaf_key(t, next, 0, &b);
    if (code == 0 && mms__key_compare(&b, &a) < 0)
        code = fail_node(t, next->at, "has lower keys than the leaf before it");
    return code;
}

static int check_leaves(const struct tree *t, size_t leaves, uint64_t count)
{
    uint64_t found = 0;
    int code = 0;

    for (size_t i = leaves; i < t->used && code == 0; i++) {
        t->nodes[i].first_key = entry_at(t, &t->nodes[i], 0);
        found += t->nodes[i].count;
        code = check_order(t, &t->nodes[i]);
        if (code == 0)
            code = check_link(t, &t->nodes[i], i + 1 < t->used ? &t->nodes[i + 1] : NULL);
    }
    if (code == 0 && found != count)
        code = mms__path_fail(MMS_E_CORRUPT, MMS__CHECK, t->path, "%llu entries, but the length says %llu",
                              (unsigned long long)found, (unsigned long long)count);
    return code;
}

/* Each key of an inner node is the lowest key below its pointer. Children have higher indices
   than their parents. */
static int check_inner_keys(const struct tree *t, size_t leaves)
{
    for (size_t i = leaves; i-- > 0;) {
        const struct node *node = &t->nodes[i];

        t->nodes[i].first_key = t->nodes[node->child].first_key;
        for (size_t k = 0; k < node->count; k++) {
            struct mms__key own, first;
            int code = key_at(t, entry_at(t, node, k) + t->layout.inner_key_at, &own);

            if (code == 0)
                code = key_at(t, t->nodes[node->child + 1 + k].first_key, &first);
            if (code == 0 && !mms__key_equal(&own, &first))
                code = fail_node(t, node->at, "has a key that is not the lowest one below it");
            if (code != 0)
                return code;
        }
    }
    return 0;
}

static int check_tree(struct tree *t, struct node root, uint64_t count)
{
    size_t leaves;
    int code = check_levels(t, root, &leaves);

    if (code == 0)
        code = check_leaves(t, leaves, count);
    return code == 0 ? check_inner_keys(t, leaves) : code;
}

int mms__check_nodes(struct mms__checker *c, const struct mms__later *tree, const struct mms__path *path)
{
    struct tree t = {.c = c, .type = tree->type, .path = path, .layout = mms__node_layout(tree->type)};
    struct node root = {.at = tree->at, .count = tree->count, .inner = tree->inner};
    int code = check_tree(&t, root, tree->length);

    free(t.nodes);
    return code;
}

int mms__check_tree(struct mms__checker *c, const mms_type *type, size_t at, const struct mms__path *path)
{
    struct tree t = {.c = c, .type = type, .path = path, .layout = mms__node_layout(type)};
    uint64_t count = mms__get_count(type, c->base + at);
    struct node root = {0};
    struct mms__later tree;
    size_t high = c->high;
    int code;

    if (count == 0)
        return 0;
    code = find_node(&t, at + mms__word_size(type), &root);
    if (code != 0)
        return code;
    tree = (struct mms__later){.type = type, .at = root.at, .count = root.count, .inner = root.inner, .length = count};
    code = mms__check_is_deep(c) ? mms__check_wait(c, tree, path) : mms__check_nodes(c, &tree, path);
    c->low = root.at + node_size(&t, &root); /* what comes next lies behind the root */
    c->high = high;
    return code;
}
