/* SPDX-License-Identifier: Apache-2.0 */
#define XXH_INLINE_ALL
#include "schema/model.h"
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* The first line; the rest is the definitions that the root needs, the root's first, each as in
   Rust. */
#define FIRST_LINE "// mmsync %s 1: %s, offsets %d\n"

struct canon {
    struct model *model;
    FILE *out;
    const struct model_type **queue; /* definitions that were met */
    size_t count;
};

static void meet(struct canon *c, const mms_type *type);

/* Each once; the types remember in which text they were last. */
static void put_on_queue(struct canon *c, struct model_type *type)
{
    if (type->met == c->model->canons)
        return;
    type->met = c->model->canons;
    c->queue[c->count++] = type;
}

static void meet_fields(struct canon *c, const mms_type_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++)
        meet(c, fields[i].type);
}

/* Put the definitions that a type names on the queue. Types that are not definitions are not
   recursive. */
static void meet(struct canon *c, const mms_type *type)
{
    struct model_type *found = model_of(type);

    if (found->defined) {
        put_on_queue(c, found);
        return;
    }
    if (found->met == c->model->canons) /* a container, once more */
        return;
    found->met = c->model->canons;
    if (type->first)
        meet(c, type->first);
    if (type->kind == MMS_T_STRUCT)
        meet_fields(c, type->fields, type->count);
    for (size_t i = 0; type->variants && i < type->count; i++)
        meet_fields(c, type->variants[i].fields, type->variants[i].count);
}

static void write_fields(const struct canon *c, const mms_type_field *fields, size_t count, int shape)
{
    const char *separator = shape == MMS_SHAPE_NAMED ? " " : "";

    if (shape == MMS_SHAPE_UNIT)
        return;
    fputs(shape == MMS_SHAPE_NAMED ? " {" : "(", c->out);
    for (size_t i = 0; i < count; i++) {
        if (shape == MMS_SHAPE_NAMED)
            fprintf(c->out, "%s%s: %s", separator, fields[i].name, fields[i].type->name);
        else
            fprintf(c->out, "%s%s", separator, fields[i].type->name);
        separator = ", ";
    }
    fputs(shape == MMS_SHAPE_NAMED ? " }" : ")", c->out);
}

static void write_definition(const struct canon *c, const mms_type *type)
{
    fprintf(c->out, "%s %s", type->kind == MMS_T_ENUM ? "enum" : "struct", type->name);
    if (type->kind == MMS_T_STRUCT) {
        write_fields(c, type->fields, type->count, type->shape);
        fputs(type->shape == MMS_SHAPE_NAMED ? "\n" : ";\n", c->out);
        return;
    }
    fputs(" {\n", c->out);
    for (size_t i = 0; i < type->count; i++) {
        fprintf(c->out, "    %s", type->variants[i].name);
        write_fields(c, type->variants[i].fields, type->variants[i].count, type->variants[i].shape);
        fputs(",\n", c->out);
    }
    fputs("}\n", c->out);
}

/* All definitions on the queue, and those that they need. */
static void write_definitions(struct canon *c)
{
    for (size_t i = 0; i < c->count; i++) {
        const mms_type *type = &c->queue[i]->type;

        write_definition(c, type);
        if (type->kind == MMS_T_STRUCT)
            meet_fields(c, type->fields, type->count);
        for (size_t k = 0; type->variants && k < type->count; k++)
            meet_fields(c, type->variants[k].fields, type->variants[k].count);
    }
}

/* The text of a type, or of a table: one of them is NULL. */
static const char *write_canon(struct model *model, const struct model_type *root, const struct model_table *table)
{
    struct canon c = {.model = model};
    char *text = NULL;
    const char *copy;
    size_t size;
    int failed;

    if (!model->queue)
        model->queue = model_allocate(model, (model->count + 1) * sizeof(struct model_type *));
    c.queue = model->queue;
    model->canons++;
    c.out = open_memstream(&text, &size);
    if (!c.out)
        abort();
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): without a table there is a root */
    fprintf(c.out, FIRST_LINE, table ? "table" : "archive", table ? table->name : root->type.name,
            model->wide ? 64 : 32);
    if (table) {
        fprintf(c.out, "#[mmsync::table]\ntype %s = HashMap<%s, %s>;\n", table->name, table->key->type.name,
                table->value->type.name);
        meet(&c, &table->key->type);
        meet(&c, &table->value->type);
    } else {
        put_on_queue(&c, model_of(&root->type));
    }
    write_definitions(&c);
    failed = ferror(c.out);
    if (fclose(c.out) != 0 || failed)
        abort(); /* as above: no memory; half a text would be another type */
    copy = model_format(model, "%s", text);
    free(text);
    return copy;
}

const char *model_canon(struct model *model, const struct model_type *root)
{
    return write_canon(model, root, NULL);
}

const char *model_canon_table(struct model *model, const struct model_table *table)
{
    return write_canon(model, NULL, table);
}

void model_type_id(const char *canon, uint64_t type_id[2])
{
    XXH128_hash_t hash = XXH3_128bits(canon, strlen(canon));

    type_id[0] = hash.high64;
    type_id[1] = hash.low64;
}

/* The text behind a start, up to `end`; NULL if it has another one. */
static const char *behind(const char *text, const char *end, const char *start)
{
    size_t size = strlen(start);

    return (size_t)(end - text) >= size && memcmp(text, start, size) == 0 ? text + size : NULL;
}

bool model_canon_head(const char *text, size_t text_size, struct canon_head *head)
{
    const char *end = memchr(text, '\n', text_size), *name, *comma;
    size_t length;

    if (!end)
        return false;
    name = behind(text, end, "// mmsync archive 1: ");
    head->table = !name;
    if (!name)
        name = behind(text, end, "// mmsync table 1: ");
    comma = name ? memchr(name, ',', (size_t)(end - name)) : NULL;
    if (!comma)
        return false;
    length = (size_t)(comma - name);
    head->wide = behind(comma, end, ", offsets 64") == end;
    if (length == 0 || length >= sizeof head->name || (!head->wide && behind(comma, end, ", offsets 32") != end))
        return false;
    memcpy(head->name, name, length);
    head->name[length] = '\0';
    return true;
}
