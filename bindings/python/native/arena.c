/* SPDX-License-Identifier: Apache-2.0 */
#include "input.h"
#include <stddef.h>
#include <stdlib.h>

struct mmspy_block {
    struct mmspy_block *next;
    PyObject *kept;
    max_align_t memory[];
};

static struct mmspy_block *add(struct mmspy_arena *arena, size_t size)
{
    struct mmspy_block *block = calloc(1, sizeof *block + size);

    if (!block)
        return (struct mmspy_block *)(void *)PyErr_NoMemory();
    block->next = arena->blocks;
    arena->blocks = block;
    return block;
}

void *mmspy_arena_take(struct mmspy_arena *arena, size_t size)
{
    struct mmspy_block *block = add(arena, size);

    return block ? block->memory : NULL;
}

int mmspy_arena_keep(struct mmspy_arena *arena, PyObject *object)
{
    struct mmspy_block *block = add(arena, 0);

    if (block)
        block->kept = Py_NewRef(object);
    return block ? 0 : -1;
}

void mmspy_arena_free(struct mmspy_arena *arena)
{
    while (arena->blocks) {
        struct mmspy_block *block = arena->blocks;

        arena->blocks = block->next;
        Py_XDECREF(block->kept);
        free(block);
    }
}
