/* SPDX-License-Identifier: Apache-2.0 */
/* Definitions: structs and enums. After an error in a field or a variant, parsing goes on with
   the next. */
#include "schema/parse/parse.h"
#include <string.h>

enum { MOST_FIELDS = 65535, MOST_VARIANTS = 65535 };

/* ---- Names ---- */

/* Those of one struct or enum: as they are, and as C has them. */
struct members {
    struct names names, c_names;
};

/* In C `double` is called `double_`, unless there is a field of that name already. */
static const char *unique(struct parser *p, struct members *members, const char *c_name)
{
    while (!names_add(p->model, &members->c_names, c_name, c_name))
        c_name = model_format(p->model, "%s_", c_name);
    return c_name;
}

static bool add_name(struct parser *p, struct members *members, const char *name, size_t at, const char *what)
{
    if (names_add(p->model, &members->names, name, name))
        return true;
    source_error(p->lex.source, at, "there are two %s `%s`", what, name);
    return false;
}

/* Does it stay? An open condition is an error. */
static bool is_kept(struct parser *p, const struct attributes *a, const char *what)
{
    if (a->kept == CFG_OPEN)
        cfg_error(p->lex.source, a->open, model_format(p->model, "whether this %s is there", what));
    return a->kept == CFG_TRUE;
}

/* ---- Fields ---- */

struct field_list {
    mms_type_field *fields;
    struct field_text *texts;
    size_t count, room;
    struct members members;
};

static void grow_fields(struct parser *p, struct field_list *list)
{
    size_t room = list->room > 0 ? 2 * list->room : 8;
    mms_type_field *fields = model_allocate(p->model, room * sizeof *fields);
    struct field_text *texts = model_allocate(p->model, room * sizeof *texts);

    if (list->count > 0) {
        memcpy(fields, list->fields, list->count * sizeof *fields);
        memcpy(texts, list->texts, list->count * sizeof *texts);
    }
    list->fields = fields;
    list->texts = texts;
    list->room = room;
}

static bool add_field(struct parser *p, struct field_list *list, const char *name, const char *doc, size_t at)
{
    struct model_type *type = schema_parse_type(p);
    const char *c_name;

    if (!type)
        return false;
    if (list->count == MOST_FIELDS) {
        source_error(p->lex.source, at, "more than %d fields", MOST_FIELDS);
        return false;
    }
    if (list->count == list->room)
        grow_fields(p, list);
    c_name = name[0] >= '0' && name[0] <= '9' ? model_format(p->model, "_%s", name) : schema_c_name(p->model, name);
    c_name = unique(p, &list->members, c_name);
    list->fields[list->count] = (mms_type_field){.name = name, .type = &type->type};
    list->texts[list->count] = (struct field_text){.doc = doc, .c_name = c_name, .at = at};
    list->count++;
    return true;
}

static bool parse_field(struct parser *p, struct field_list *list, bool named, size_t close)
{
    struct attributes a;
    const char *name;
    size_t at;

    if (!schema_parse_attributes(p, ON_FIELD, &a))
        return false;
    if (!is_kept(p, &a, "field")) {
        schema_skip_to(p, ',', close, true);
        return true;
    }
    schema_skip_visibility(p);
    at = p->lex.token.at;
    if (!named)
        return add_field(p, list, model_format(p->model, "%zu", list->count), a.doc, at);
    name = schema_parse_name(p, "a field");
    if (!name || !schema_parse_mark(p, ':') || !add_name(p, &list->members, name, at, "fields"))
        return false;
    return add_field(p, list, name, a.doc, at);
}

/* The inside of braces or parentheses, with the closing one. */
static void parse_fields(struct parser *p, struct field_list *list, bool named)
{
    size_t close = p->lex.token.pair;

    lex_next(&p->lex);
    while (p->lex.index < close && !source_is_full(p->lex.source)) {
        struct lexer start = p->lex;

        if (parse_field(p, list, named, close)) {
            if (p->lex.index >= close)
                break;
            if (lex_is_mark(&p->lex, ',')) {
                lex_next(&p->lex);
                continue;
            }
            schema_parse_expected(p, named ? "`,` or `}`" : "`,` or `)`");
        } else {
            p->lex = start;
        }
        schema_skip_to(p, ',', close, true);
        if (p->lex.index < close)
            lex_next(&p->lex);
    }
    lex_go(&p->lex, close);
    lex_next(&p->lex);
}

/* { ... }, ( ... ) or nothing. */
static void parse_body(struct parser *p, struct field_list *list, int *shape)
{
    *shape = MMS_SHAPE_UNIT;
    if (lex_is_mark(&p->lex, '{'))
        *shape = MMS_SHAPE_NAMED;
    else if (lex_is_mark(&p->lex, '('))
        *shape = MMS_SHAPE_TUPLE;
    else
        return;
    parse_fields(p, list, *shape == MMS_SHAPE_NAMED);
}

/* ---- Variants ---- */

static bool parse_variant(struct parser *p, struct members *members, mms_type_variant *variant,
                          struct variant_text *text)
{
    struct field_list list = {.count = 0};

    text->at = p->lex.token.at;
    variant->name = schema_parse_name(p, "a variant");
    if (!variant->name)
        return false;
    parse_body(p, &list, &variant->shape);
    variant->fields = list.fields;
    variant->count = list.count;
    text->fields = list.texts;
    return add_name(p, members, variant->name, text->at, "variants");
}

static void add_variant(struct parser *p, struct model_type *type, const mms_type_variant *variant,
                        const struct variant_text *text)
{
    size_t count = type->type.count;
    mms_type_variant *variants = (mms_type_variant *)(uintptr_t)type->type.variants;
    struct variant_text *texts = (struct variant_text *)(uintptr_t)type->variants;

    if ((count & (count - 1)) == 0) { /* 0, 1, 2, 4, ...: full */
        size_t room = count > 0 ? 2 * count : 1;

        variants = model_allocate(p->model, room * sizeof *variants);
        texts = model_allocate(p->model, room * sizeof *texts);
        if (count > 0) {
            memcpy(variants, type->type.variants, count * sizeof *variants);
            memcpy(texts, type->variants, count * sizeof *texts);
        }
    }
    variants[count] = *variant;
    texts[count] = *text;
    type->type.variants = variants;
    type->variants = texts;
    type->type.count++;
}

/* `= 7` says nothing about the archive, but keys are hashed and ordered by it. */
static void check_value(struct parser *p, struct model_type *type, size_t close)
{
    const char *index = model_format(p->model, "%zu", type->type.count);
    const struct token *value = lex_ahead(&p->lex, 1);

    if (!lex_is_mark(&p->lex, '='))
        return;
    if (value->size != strlen(index) || memcmp(value->text, index, value->size) != 0 ||
        !(p->lex.index + 2 == close || token_is_mark(value + 1, ',')))
        type->valued = true;
}

static void take_variant(struct parser *p, struct model_type *type, struct members *members, size_t close)
{
    mms_type_variant variant = {.name = NULL};
    struct variant_text text = {.doc = NULL};
    struct attributes a;

    if (schema_parse_attributes(p, ON_VARIANT, &a) && is_kept(p, &a, "variant")) {
        schema_skip_visibility(p);
        if (parse_variant(p, members, &variant, &text)) {
            if (type->type.count == MOST_VARIANTS)
                source_error(p->lex.source, text.at, "more than %d variants", MOST_VARIANTS);
            check_value(p, type, close);
            text.doc = a.doc;
            text.c_name = unique(p, members, schema_c_name(p->model, variant.name));
            add_variant(p, type, &variant, &text);
            type->c_like = type->c_like && variant.count == 0;
        }
        if (p->lex.index < close && !lex_is_mark(&p->lex, ',') && !lex_is_mark(&p->lex, '='))
            schema_parse_expected(p, "`,` or `}`");
    }
    schema_skip_to(p, ',', close, false);
    if (p->lex.index < close)
        lex_next(&p->lex);
}

/* ---- Definitions ---- */

/* The name, and the type that is to be filled; the lexer is then at what follows. */
static struct model_type *parse_head(struct parser *p, const struct item *item, const struct attributes *a, int kind)
{
    struct model_type *type;

    lex_go(&p->lex, item->body);
    if (lex_is_mark(&p->lex, '<') && !item->archived)
        return NULL; /* an error where it is used */
    if (lex_is_mark(&p->lex, '<')) {
        source_error(p->lex.source, p->lex.token.at, "`%s` is generic; only the standard containers can be",
                     item->name);
        return NULL;
    }
    if (names_get(&p->by_hand, item->name) && !item->archived)
        return NULL; /* an error where it is used */
    type = model_intern(p->model, item->name, schema_c_name(p->model, item->name), MODEL_UNDEFINED, item->at);
    if (type->type.kind != MODEL_UNDEFINED) {
        source_error(p->lex.source, item->at,
                     type->defined ? "`%s` is defined twice" : "`%s` is a type of its own already", item->name);
        return NULL;
    }
    type->type.kind = kind;
    type->defined = true;
    type->doc = a->doc;
    type->at = item->at;
    if (lex_is_name(&p->lex, "where"))
        schema_skip_to(p, '{', p->end, false);
    return type;
}

static void parse_struct(struct parser *p, const struct item *item, const struct attributes *a)
{
    struct model_type *type = parse_head(p, item, a, MMS_T_STRUCT);
    struct field_list list = {.count = 0};

    if (!type)
        return;
    parse_body(p, &list, &type->type.shape);
    type->type.fields = list.fields;
    type->type.count = list.count;
    type->fields = list.texts;
    if (type->type.shape == MMS_SHAPE_NAMED)
        return;
    if (lex_is_name(&p->lex, "where"))
        schema_skip_to(p, ';', p->end, false);
    schema_parse_mark(p, ';');
}

static void parse_enum(struct parser *p, const struct item *item, const struct attributes *a)
{
    struct model_type *type = parse_head(p, item, a, MMS_T_ENUM);
    struct members members = {.names = {.count = 0}};
    size_t close;

    if (!type)
        return;
    if (!lex_is_mark(&p->lex, '{')) {
        schema_parse_expected(p, "`{`");
        return;
    }
    type->c_like = true;
    close = p->lex.token.pair;
    lex_next(&p->lex);
    while (p->lex.index < close && !source_is_full(p->lex.source))
        take_variant(p, type, &members, close);
    if (type->type.count == 0)
        source_error(p->lex.source, type->at, "`%s` has no variants, so it has no values", type->type.name);
    type->type.tag_size = type->type.count <= 255 ? 1 : 2;
    type->tag_repr = a->tag_repr == type->type.tag_size;
}

static void define(struct parser *p, const struct item *item)
{
    struct attributes a;
    const struct model_type *type;

    p->scope = item->scope;
    p->self = item;
    p->depth = 0;
    lex_go(&p->lex, item->attributes);
    schema_parse_attributes(p, ON_TYPE, &a);
    if (token_is_name(&p->lex.tokens[item->keyword], "enum"))
        parse_enum(p, item, &a);
    else
        parse_struct(p, item, &a);
    type = model_find(p->model, item->name);
    if (type && type->defined && type->at == item->at)
        schema_check_reprs(p, &a, type);
}

/* An open condition is an error, unless it is only for tests and nothing else has the name. */
static bool is_there(struct parser *p, const struct item *item)
{
    if (!item->open)
        return true;
    if (!item->test_only || item->twin)
        cfg_error(p->lex.source, item->open, model_format(p->model, "whether `%s` is there", item->name));
    return false;
}

static void define_all(struct parser *p)
{
    for (const struct item *item = p->items; item && !source_is_full(p->lex.source); item = item->next)
        if (item->kind == ITEM_TYPE && schema_is_counted(p, item) && is_there(p, item))
            define(p, item);
        else if (item->kind == ITEM_ALIAS && item->table && is_there(p, item))
            schema_parse_table(p, item);
}

bool model_parse(struct model *model)
{
    struct token_list list;
    struct parser parser = {.model = model};

    if (lex_all(&list, model->source)) {
        lex_start(&parser.lex, model->source, list.tokens);
        parser.end = list.count - 1;
        schema_scan(&parser);
        define_all(&parser);
    }
    lex_free(&list);
    return !model->source->failed;
}
