/* SPDX-License-Identifier: Apache-2.0 */
/* BTreeMap, with the choices of rkyv 0.7: from the last entry to the first, blocks of about 4 KiB become leaves; then
   levels of inner nodes, until one node is left. A block is the children of its entries, then the node. */
#include "archive/encoder.h"
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
    const struct mms__step *step;
    struct mms__node_layout layout;
    size_t *sorted; /* NULL: the items are in order */
    struct node *nodes;
    size_t node_count;
    struct entry *entries;
    size_t entry_count;
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
    t->sorted = malloc(t->items.count * sizeof *t->sorted);
    if (!t->sorted)
        return mms__encode_no_memory(t->step);
    for (size_t i = 0; i < t->items.count; i++)
        t->sorted[i] = i;
    qsort_r(t->sorted, t->items.count, sizeof *t->sorted, compare_items, t);
    for (size_t i = 1; i < t->items.count; i++)
        if (compare_items(&t->sorted[i - 1], &t->sorted[i], t) == 0) {
            struct mms__step step = mms__step_index(t->step, t->sorted[i]);

            return mms__path_fail(MMS_E_INVALID, MMS__ENCODE, &step, "the key is that of element %zu too",
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
    code = mms__encode_count(e, t->type, at + t->layout.size_at, size, t->step);
    return code == 0 ? mms__encode_offset(e, t->type, at + t->layout.offset_at, target, t->step) : code;
}

/* The header of a node with the entries that are collected, and room for them: *at the node, *first the entries. */
static int begin_node(struct tree *t, bool inner, size_t block, size_t target, size_t *first)
{
    const struct mms__node_layout *layout = &t->layout;
    size_t entry_align = inner ? layout->inner_align : layout->leaf_align;
    size_t align = inner ? NODE_DATA_ALIGN : layout->header_align, at;
    int code = mms__encode_reserve(t->e, align > entry_align ? align : entry_align, layout->header, 1, &at, t->step);

    if (code == 0)
        code = write_header(t, at, (unsigned)t->entry_count | (inner ? MMS__NODE_INNER : 0), at - block,
                            target == SIZE_MAX ? at + layout->offset_at : target);
    if (code == 0)
        code = mms__encode_reserve(t->e, entry_align, inner ? layout->inner_size : layout->leaf_size, t->entry_count,
                                   first, t->step);
    t->nodes[t->node_count].at = at;
    return code;
}

static bool block_is_full(const struct tree *t, size_t block, size_t entry_size)
{
    return t->e->position - block + t->layout.header + t->entry_count * entry_size >= MAX_NODE;
}

static int collect(struct tree *t, const mms_type *type, size_t item, size_t child, const void *in)
{
    struct mms__step step = mms__step_index(t->step, item);

    t->entries[t->entry_count++] = (struct entry){.item = item, .child = child, .word = t->e->used};
    return mms__encode_children(t->e, type, in, &step);
}

/* Values of the collected entries, the last one first; `inner`: an offset and a key. */
static int write_entries(struct tree *t, bool inner, size_t at)
{
    struct mms__encoder *e = t->e;
    int code = 0;

    for (size_t i = t->entry_count; e->base && i-- > 0 && code == 0;) {
        const struct entry *entry = &t->entries[i];
        struct mms__step step = mms__step_index(t->step, entry->item);

        e->next = entry->word;
        if (!inner) {
            code = mms__encode_value(e, t->type->first, item_at(t, entry->item), at, &step);
            at += t->layout.leaf_size;
            continue;
        }
        code = mms__encode_offset(e, t->type, at, entry->child, &step);
        if (code == 0)
            code = mms__encode_value(e, t->key, item_at(t, entry->item), at + t->layout.inner_key_at, &step);
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

static int write_leaf(struct tree *t, size_t *left)
{
    size_t block = t->e->position, mark = t->e->used, item = 0;
    size_t next = t->node_count > 0 ? t->nodes[t->node_count - 1].at : SIZE_MAX;
    int code = 0;

    do {
        item = nth(t, --*left);
        code = collect(t, t->type->first, item, 0, item_at(t, item));
    } while (code == 0 && *left > 0 && !block_is_full(t, block, t->layout.leaf_size));
    return code == 0 ? finish_node(t, false, block, next, item, mark) : code;
}

/* One inner node over nodes[*from] and some after it; never leaves one alone. `count` nodes are in the level below. */
static int write_inner(struct tree *t, const struct node *below, size_t count, size_t *from)
{
    size_t block = t->e->position, mark = t->e->used;
    int code = 0;

    while (code == 0 && count - *from > 1) {
        const struct node *node = &below[(*from)++];

        code = collect(t, t->key, node->item, node->at,
                       (const char *)item_at(t, node->item) + t->type->first->fields[0].input_offset);
        if (block_is_full(t, block, t->layout.inner_size) && t->entry_count >= FEWEST_INNER)
            break;
    }
    if (code == 0 && count - *from == 2) {
        const struct node *node = &below[(*from)++];

        code = collect(t, t->key, node->item, node->at,
                       (const char *)item_at(t, node->item) + t->type->first->fields[0].input_offset);
    }
    if (code != 0)
        return code;
    (*from)++;
    return finish_node(t, true, block, below[*from - 1].at, below[*from - 1].item, mark);
}

/* In place: a level has fewer nodes than the one below it, and a node is stored after those that it stands for. */
static int write_level(struct tree *t)
{
    size_t count = t->node_count, from = 0;
    int code = 0;

    t->node_count = 0;
    while (code == 0 && from < count)
        code = write_inner(t, t->nodes, count, &from);
    return code;
}

static int write_nodes(struct tree *t)
{
    size_t left = t->items.count;
    int code = 0;

    while (code == 0 && left > 0) {
        struct node *nodes = t->nodes;

        if ((t->node_count & (t->node_count + 1)) == 0) /* 0, 1, 3, 7, ...: full */
            nodes = realloc(t->nodes, 2 * (t->node_count + 1) * sizeof *nodes);
        if (!nodes)
            return mms__encode_no_memory(t->step);
        t->nodes = nodes;
        code = write_leaf(t, &left);
    }
    while (code == 0 && t->node_count > 1)
        code = write_level(t);
    return code;
}

int mms__encode_tree(struct mms__encoder *e, const mms_type *type, mms_items items, const struct mms__step *step)
{
    struct tree tree = {.e = e,
                        .type = type,
                        .key = type->first->fields[0].type,
                        .items = items,
                        .step = step,
                        .layout = mms__node_layout(type)};
    size_t most = items.count < MAX_NODE ? items.count : MAX_NODE;
    int code;

    if (items.count == 0)
        return mms__encode_push(e, 0, step);
    code = sort_items(&tree);
    if (code == 0) {
        tree.entries = malloc((most + FEWEST_INNER) * sizeof *tree.entries);
        code = tree.entries ? write_nodes(&tree) : mms__encode_no_memory(step);
    }
    if (code == 0)
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): an item, so a node */
        code = mms__encode_push(e, tree.nodes[0].at, step);
    free(tree.sorted);
    free(tree.entries);
    free(tree.nodes);
    return code;
}
