/* SPDX-License-Identifier: Apache-2.0 */
/* BTreeMap, with the choices of rkyv 0.7: from the last entry to the first, blocks of about 4
   KiB become leaves; then levels of inner nodes, until one node is left. A block holds the
   children of its entries, then the node. */
#include "archive/encode/encoder.h"
#include "archive/key.h"
#include <stdlib.h>

enum { MAX_NODE = 4096, FEWEST_INNER = 2, NODE_DATA_ALIGN = 8 };

struct node {    /* of the level that is written */
    size_t item; /* whose key is the first below it */
    size_t at;
};

struct entry { /* of the block that is written */
    size_t item, child;
    size_t word; /* the first of its words */
};

struct tree {
    struct mms__encoder *e;
    const mms_type *type, *key;
    mms_items items;
    const struct mms__path *path;
    struct mms__node_layout layout;
    size_t *sorted; /* NULL: the items are in order */
    struct node *nodes;
    size_t node_count;
    struct entry *entries;
    size_t entry_count;
    size_t left;              /* items that are in no leaf yet */
    size_t block, mark, next; /* of the leaf that is written: where it begins, its first word; the leaf that follows */
    bool in_leaf;
};

static size_t nth(const struct tree *t, size_t index)
{
    return t->sorted ? t->sorted[index] : index;
}

static const void *item_at(const struct tree *t, size_t item)
{
    return mms__item(t->type->first, t->items, item);
}

static struct mms__key key_of_item(const struct tree *t, size_t item)
{
    return mms__key_of_input(t->key, (const char *)item_at(t, item) + t->type->first->fields[0].input_offset);
}

/* ---- The order of the entries ---- */

static int compare_items(const void *a, const void *b, void *context)
{
    const struct tree *t = context;
    struct mms__key x = key_of_item(t, *(const size_t *)a), y = key_of_item(t, *(const size_t *)b);

    return mms__key_compare(&x, &y);
}

static bool is_ascending(const struct tree *t)
{
    for (size_t i = 1; i < t->items.count; i++)
        if (compare_items(&(size_t){i - 1}, &(size_t){i}, (void *)(uintptr_t)t) >= 0)
            return false;
    return true;
}

static int sort_items(struct tree *t)
{
    if (is_ascending(t))
        return 0;
    t->sorted = mms__resize(NULL, t->items.count, sizeof *t->sorted);
    if (!t->sorted)
        return mms__encode_no_memory(t->path);
    for (size_t i = 0; i < t->items.count; i++)
        t->sorted[i] = i;
    qsort_r(t->sorted, t->items.count, sizeof *t->sorted, compare_items, t);
    for (size_t i = 1; i < t->items.count; i++)
        if (compare_items(&t->sorted[i - 1], &t->sorted[i], t) == 0) {
            struct mms__path path = mms__path_index(t->path, t->sorted[i]);

            return mms__path_fail(MMS_E_INVALID, MMS__ENCODE, &path, "the key is that of element %zu too",
                                  t->sorted[i - 1]);
        }
    return 0;
}

/* ---- Nodes ---- */

static int write_header(const struct tree *t, size_t at, unsigned meta, size_t size, size_t target)
{
    struct mms__encoder *e = t->e;
    uint16_t word = (uint16_t)meta;
    int code;

    if (!e->base)
        return 0;
    memcpy(e->base + at, &word, sizeof word);
    code = mms__encode_count(e, t->type, at + t->layout.size_at, size, t->path);
    return code == 0 ? mms__encode_offset(e, t->type, at + t->layout.offset_at, target, t->path) : code;
}

/* The header of a node with the entries that are collected, and room for them: *at the node,
   *first the entries. */
static int begin_node(struct tree *t, bool inner, size_t block, size_t target, size_t *first)
{
    const struct mms__node_layout *layout = &t->layout;
    size_t entry_align = inner ? layout->inner_align : layout->leaf_align;
    size_t align = inner ? NODE_DATA_ALIGN : layout->header_align, at;
    int code = mms__encode_reserve(t->e, align > entry_align ? align : entry_align, layout->header, 1, &at, t->path);

    if (code == 0)
        code = write_header(t, at, (unsigned)t->entry_count | (inner ? MMS__NODE_INNER : 0), at - block,
                            target == SIZE_MAX ? at + layout->offset_at : target);
    if (code == 0)
        code = mms__encode_reserve(t->e, entry_align, inner ? layout->inner_size : layout->leaf_size, t->entry_count,
                                   first, t->path);
    t->nodes[t->node_count].at = at;
    return code;
}

static bool block_is_full(const struct tree *t, size_t block, size_t entry_size)
{
    uint64_t entries = (uint64_t)t->entry_count * entry_size; /* of 32 bits, two large ones could wrap */

    return t->e->position - block + t->layout.header + entries >= MAX_NODE;
}

static struct mms__path note_entry(struct tree *t, size_t item, size_t child)
{
    t->entries[t->entry_count++] = (struct entry){.item = item, .child = child, .word = t->e->used};
    return mms__path_index(t->path, item);
}

/* For an inner node: the key, which can own nothing but text. */
static int collect_key(struct tree *t, const struct node *node)
{
    const char *in = (const char *)item_at(t, node->item) + t->type->first->fields[0].input_offset;
    struct mms__path path = note_entry(t, node->item, node->at);

    return mms__encode_children(t->e, t->key, in, &path);
}

/* Values of the collected entries, the last one first; `inner`: an offset and a key. */
static int write_entries(struct tree *t, bool inner, size_t at)
{
    struct mms__encoder *e = t->e;
    int code = 0;

    for (size_t i = t->entry_count; e->base && i-- > 0 && code == 0;) {
        const struct entry *entry = &t->entries[i];
        struct mms__path path = mms__path_index(t->path, entry->item);

        e->next = entry->word;
        if (!inner) {
            code = mms__encode_value(e, t->type->first, item_at(t, entry->item), at, &path);
            at += t->layout.leaf_size;
            continue;
        }
        code = mms__encode_offset(e, t->type, at, entry->child, &path);
        if (code == 0)
            code = mms__encode_value(e, t->key, item_at(t, entry->item), at + t->layout.inner_key_at, &path);
        at += t->layout.inner_size;
    }
    return code;
}

static int finish_node(struct tree *t, bool inner, size_t block, size_t target, size_t item, size_t mark)
{
    size_t first = 0;
    int code = begin_node(t, inner, block, target, &first);

    if (code == 0)
        code = write_entries(t, inner, first);
    t->nodes[t->node_count++].item = item;
    t->e->used = mark;
    t->entry_count = 0;
    return code;
}

/* Begin what belongs to the next entry. */
static int begin_entry(struct tree *t)
{
    size_t item = nth(t, --t->left);
    struct mms__path path = note_entry(t, item, 0);

    return mms__encode_begin(t->e, t->type->first, item_at(t, item), &path);
}

static int begin_leaf(struct tree *t)
{
    struct node *nodes = t->nodes;

    if ((t->node_count & (t->node_count + 1)) == 0) /* 0, 1, 3, 7, ...: full */
        nodes = mms__resize(t->nodes, t->node_count + 1, 2 * sizeof *nodes);
    if (!nodes)
        return mms__encode_no_memory(t->path);
    t->nodes = nodes;
    t->block = t->e->position;
    t->mark = t->e->used;
    t->next = t->node_count > 0 ? nodes[t->node_count - 1].at : SIZE_MAX;
    t->in_leaf = true;
    return begin_entry(t);
}

static int end_leaf(struct tree *t)
{
    t->in_leaf = false;
    return finish_node(t, false, t->block, t->next, t->entries[t->entry_count - 1].item, t->mark);
}

/* One inner node over nodes[*from] and some after it; never leaves one alone. `count` nodes are
   in the level below. */
static int write_inner(struct tree *t, const struct node *below, size_t count, size_t *from)
{
    size_t block = t->e->position, mark = t->e->used;
    int code = 0;

    while (code == 0 && count - *from > 1) {
        const struct node *node = &below[(*from)++];

        code = collect_key(t, node);
        if (block_is_full(t, block, t->layout.inner_size) && t->entry_count >= FEWEST_INNER)
            break;
    }
    if (code == 0 && count - *from == 2) {
        const struct node *node = &below[(*from)++];

        code = collect_key(t, node);
    }
    if (code != 0)
        return code;
    (*from)++;
    return finish_node(t, true, block, below[*from - 1].at, below[*from - 1].item, mark);
}

/* In place: a level has fewer nodes than the one below it, and a node is stored after those
   that it stands for. */
static int write_level(struct tree *t)
{
    size_t count = t->node_count, from = 0;
    int code = 0;

    t->node_count = 0;
    while (code == 0 && from < count)
        code = write_inner(t, t->nodes, count, &from);
    return code;
}

static int write_levels(struct tree *t)
{
    int code = 0;

    while (code == 0 && t->node_count > 1)
        code = write_level(t);
    return code == 0 ? mms__encode_push(t->e, t->nodes[0].at, t->path) : code;
}

int mms__encode_tree_next(struct mms__encoder *e, void *table, bool *over)
{
    struct tree *t = table;
    size_t before = e->opened;
    int code = 0;

    if (t->items.count == 0) {
        *over = true;
        return mms__encode_push(e, 0, t->path);
    }
    while (code == 0 && e->opened == before && (t->in_leaf || t->left > 0)) {
        if (!t->in_leaf)
            code = begin_leaf(t);
        else if (t->left > 0 && !block_is_full(t, t->block, t->layout.leaf_size))
            code = begin_entry(t);
        else
            code = end_leaf(t);
    }
    *over = code == 0 && e->opened == before;
    return *over ? write_levels(t) : code;
}

void mms__encode_tree_free(void *table)
{
    struct tree *t = table;

    free(t->sorted);
    free(t->entries);
    free(t->nodes);
    free(t);
}

int mms__encode_tree_begin(struct mms__encoder *e, const mms_type *type, mms_items items, const struct mms__path *path,
                           void **table)
{
    size_t most = items.count < MAX_NODE ? items.count : MAX_NODE;
    struct tree *t = calloc(1, sizeof *t);

    *table = t;
    if (!t)
        return mms__encode_no_memory(path);
    t->e = e;
    t->type = type;
    t->key = type->first->fields[0].type;
    t->items = items;
    t->left = items.count;
    t->path = path;
    t->layout = mms__node_layout(type);
    t->entries = mms__resize(NULL, most + FEWEST_INNER, sizeof *t->entries);
    return t->entries ? sort_items(t) : mms__encode_no_memory(path);
}
