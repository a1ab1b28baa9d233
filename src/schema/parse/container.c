/* SPDX-License-Identifier: Apache-2.0 */
/* Vec<T>, Option<T>, HashMap<K, V> and the like: known types that hold others. */
#include "schema/parse/parse.h"

static const mms_type_field *one_field(struct model *model, const char *name, const mms_type *type)
{
    mms_type_field *fields = model_allocate(model, 2 * sizeof *fields);

    fields[0].name = name;
    fields[0].type = type;
    return fields;
}

static void add_variants(struct model *model, struct model_type *type, const char *first, const mms_type *of_first,
                         const char *second, const mms_type *of_second)
{
    mms_type_variant *variants = model_allocate(model, 2 * sizeof *variants);

    variants[0].name = first;
    variants[0].shape = of_first ? MMS_SHAPE_TUPLE : MMS_SHAPE_UNIT;
    variants[0].count = of_first ? 1 : 0;
    variants[0].fields = of_first ? one_field(model, "0", of_first) : NULL;
    variants[1].name = second;
    variants[1].shape = MMS_SHAPE_TUPLE;
    variants[1].count = 1;
    variants[1].fields = one_field(model, "0", of_second);
    type->type.variants = variants;
    type->type.count = 2;
    type->type.tag_size = 1;
}

/* What a map holds: a struct that has no name in Rust. */
static const mms_type *entry_of(struct model *model, const struct model_type *map, const struct model_type *key,
                                const struct model_type *value)
{
    struct model_type *entry = model_intern(model, model_format(model, "%s entry", map->type.name),
                                            model_format(model, "%s_entry", map->mangled), MMS_T_STRUCT, map->at);
    mms_type_field *fields = model_allocate(model, 2 * sizeof *fields);
    struct field_text *texts = model_allocate(model, 2 * sizeof *texts);

    fields[0] = (mms_type_field){.name = "key", .type = &key->type};
    texts[0].c_name = "key";
    if (value) {
        fields[1] = (mms_type_field){.name = "value", .type = &value->type};
        texts[1].c_name = "value";
    }
    entry->type.fields = fields;
    entry->fields = texts;
    entry->type.count = value ? 2 : 1;
    entry->bare = !value;
    entry->type.shape = MMS_SHAPE_NAMED;
    return &entry->type;
}

struct model_type *schema_make_container(struct model *model, const struct known_type *known,
                                         struct model_type **arguments, size_t at)
{
    int kind = known->kind;
    struct model_type *a = arguments[0], *b = arguments[1], *type;
    const char *name =
        model_format(model, b ? "%s<%s, %s>" : "%s<%s>", known->name, a->type.name, b ? b->type.name : "");
    const char *mangled = model_format(model, b ? "%s_%s_%s" : "%s_%s", known->name, a->mangled, b ? b->mangled : "");

    names_add(model, &model->standard, known->name, known);
    type = model_find(model, name);
    if (type)
        return type;
    type = model_intern(model, name, mangled, kind, at);
    switch (kind) {
    case MMS_T_OPTION: add_variants(model, type, "None", NULL, "Some", &a->type); break;
    case MMS_T_RESULT: add_variants(model, type, "Ok", &a->type, "Err", &b->type); break;
    case MMS_T_MAP:
    case MMS_T_SET:
    case MMS_T_TREE:
    case MMS_T_TREE_SET: type->type.first = entry_of(model, type, a, b); break;
    default: type->type.first = &a->type; break;
    }
    return type;
}

/* A slice's `[` is not followed by a length. */
static bool is_slice(const struct parser *p)
{
    struct parser ahead = *p;
    size_t close = p->lex.token.pair;

    if (!lex_is_mark(&p->lex, '['))
        return false;
    lex_next(&ahead.lex);
    schema_skip_to(&ahead, ';', close, false);
    return ahead.lex.index == close;
}

/* Box<str> and Box<[T]>. The current token is what follows the `<`. */
static struct model_type *parse_fat_box(struct parser *p, size_t at)
{
    struct model *model = p->model;
    struct model_type *type = NULL, *item;

    if (lex_is_name(&p->lex, "str")) {
        lex_next(&p->lex);
        type = model_intern(model, "Box<str>", "Box_str", MMS_T_BOX_STR, at);
    } else {
        lex_next(&p->lex);
        item = schema_parse_type(p);
        if (!item || !schema_parse_mark(p, ']'))
            return NULL;
        type = model_intern(model, model_format(model, "Box<[%s]>", item->type.name),
                            model_format(model, "Box_slice_%s", item->mangled), MMS_T_VEC, at);
        type->type.first = &item->type;
    }
    if (lex_is_mark(&p->lex, ','))
        lex_next(&p->lex);
    return schema_parse_mark(p, '>') ? type : NULL;
}

/* What follows the last argument: nothing, or a map's hasher, which archives do not use. */
static bool parse_hasher(struct parser *p, const struct known_type *known)
{
    size_t comma = p->lex.token.at;

    lex_next(&p->lex);
    if (lex_is_mark(&p->lex, '>'))
        return true;
    if (known->form == KNOWN_HASHED) {
        schema_skip_arguments(p);
        return true;
    }
    source_error(p->lex.source, comma, "%s takes %d type%s here; an allocator is not part of the data", known->name,
                 known->arguments, known->arguments == 1 ? "" : "s");
    return false;
}

bool schema_parse_type_arguments(struct parser *p, const struct known_type *known, struct model_type **arguments)
{
    int parsed = 0;

    do {
        if (parsed > 0 && !schema_parse_mark(p, ','))
            return false;
        arguments[parsed] = schema_parse_type(p);
        if (!arguments[parsed])
            return false;
    } while (++parsed < known->arguments);
    if (lex_is_mark(&p->lex, ',') && !parse_hasher(p, known))
        return false;
    return schema_parse_mark(p, '>');
}

struct model_type *schema_parse_container(struct parser *p, const struct known_type *known, size_t at)
{
    struct model_type *arguments[2] = {NULL, NULL};
    int count = known->arguments;

    if (p->lex.token.kind == TOKEN_PATH && token_is_mark(lex_ahead(&p->lex, 1), '<'))
        lex_next(&p->lex);
    if (!lex_is_mark(&p->lex, '<')) {
        schema_parse_expected(p, count == 1 ? "`<` and a type" : "`<` and two types");
        return NULL;
    }
    lex_next(&p->lex);
    if (known->kind == MMS_T_BOX && (lex_is_name(&p->lex, "str") || is_slice(p)))
        return parse_fat_box(p, at);
    return schema_parse_type_arguments(p, known, arguments) ? schema_make_container(p->model, known, arguments, at)
                                                            : NULL;
}
