/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/model.h"
#include <stdalign.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct block {
    struct block *next;
    max_align_t bytes[];
};

static _Noreturn void no_memory(void)
{
    fputs("mmsc: no memory\n", stderr);
    exit(EXIT_FAILURE);
}

/* Small pieces are cut off a block's end. */
void *model_allocate(struct model *model, size_t size)
{
    enum { BLOCK = 65536, SMALL = 4096 };
    struct block *block, **place;

    size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if (size <= model->free) {
        model->free -= size;
        return (char *)model->blocks->bytes + model->free;
    }
    block = calloc(1, sizeof *block + (size > SMALL ? size : BLOCK));
    if (!block)
        no_memory();
    /* A large one goes behind the first block, which may have room yet. */
    place = size > SMALL && model->blocks ? &model->blocks->next : &model->blocks;
    block->next = *place;
    *place = block;
    if (size > SMALL)
        return block->bytes;
    model->free = BLOCK - size;
    return (char *)block->bytes + model->free;
}

char *model_format(struct model *model, const char *format, ...)
{
    va_list arguments, again;
    char *text, first[1];
    int length;

    va_start(arguments, format);
    va_copy(again, arguments);
    length = vsnprintf(first, sizeof first, format, arguments);
    va_end(arguments);
    if (length < 0)
        no_memory();
    text = model_allocate(model, (size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}

struct model_type *model_find(const struct model *model, const char *name)
{
    return (struct model_type *)(uintptr_t)names_get(&model->by_name, name);
}

const struct model_table *model_find_table(const struct model *model, const char *name)
{
    return names_get(&model->table_names, name);
}

struct model_type *model_intern(struct model *model, const char *name, const char *mangled, int kind, size_t at)
{
    struct model_type *type = model_find(model, name);

    if (type)
        return type;
    if (model->count == model->room) {
        model->room = model->room > 0 ? 2 * model->room : 32;
        model->types = realloc(model->types, model->room * sizeof(struct model_type *));
        if (!model->types)
            no_memory();
    }
    type = model_allocate(model, sizeof *type);
    type->type.name = name;
    type->type.kind = kind;
    type->mangled = mangled;
    type->at = at;
    type->index = model->count;
    model->types[model->count++] = type;
    names_add(model, &model->by_name, name, type);
    return type;
}

bool model_read(struct model *model, struct source *source, bool wide, bool stored)
{
    *model = (struct model){.source = source, .wide = wide, .stored = stored};
    return model_parse(model) && model_check(model) && model_measure(model) && model_check_keys(model) &&
           model_check_tables(model);
}

void model_free(struct model *model)
{
    while (model->blocks) {
        struct block *next = model->blocks->next;

        free(model->blocks);
        model->blocks = next;
    }
    free(model->types);
    *model = (struct model){.source = NULL};
}
