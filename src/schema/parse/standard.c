/* SPDX-License-Identifier: Apache-2.0 */
/* The standard types: those that are archived as another type is, and what a known name stands
   for. */
#include "schema/parse/parse.h"
#include <string.h>

static struct model_type *intern_known(struct parser *p, const struct known_type *known, size_t at)
{
    struct model_type *type = model_intern(p->model, known->name, known->name, known->kind, at);

    if (type->type.kind != known->kind) {
        source_error(p->lex.source, at, "`%s` is a type of this schema too; C needs two names for them", known->name);
        return NULL;
    }
    type->type.flags |= known->flags;
    return type;
}

static struct model_type *parse_range(struct parser *p, const struct known_type *known, struct model_type *of,
                                      size_t at)
{
    const char *name = model_format(p->model, "%s<%s>", known->name, of->type.name);
    struct model_type *type = model_find(p->model, name);
    mms_type_field *fields;
    struct field_text *texts;
    size_t count = 0;

    names_add(p->model, &p->model->standard, known->name, known);
    if (type)
        return type;
    type = model_intern(p->model, name, model_format(p->model, "%s_%s", known->name, of->mangled), MMS_T_STRUCT, at);
    fields = model_allocate(p->model, 2 * sizeof *fields);
    texts = model_allocate(p->model, 2 * sizeof *texts);
    if (strstr(known->as, "start"))
        fields[count++].name = texts[0].c_name = "start";
    if (strstr(known->as, "end"))
        fields[count].name = texts[count].c_name = "end", count++;
    for (size_t i = 0; i < count; i++)
        fields[i].type = &of->type;
    type->type.fields = fields;
    type->fields = texts;
    type->type.count = count;
    type->type.shape = MMS_SHAPE_NAMED;
    type->range = !strcmp(known->name, "RangeInclusive") ? MODEL_RANGE_INCLUSIVE : MODEL_RANGE;
    return type;
}

/* At SmallVec<[T; N]>, or ArrayVec<[T; N]>: not at ArrayVec<[T; N], M>, which is of arrays. */
static bool has_inline_items(const struct parser *p)
{
    return lex_is_mark(&p->lex, '[') && token_is_mark(&p->lex.tokens[p->lex.token.pair + 1], '>');
}

static struct model_type *parse_inline_items(struct parser *p)
{
    struct model_type *item;
    uint64_t length;

    lex_next(&p->lex);
    item = schema_parse_type(p);
    return item && schema_parse_mark(p, ';') && schema_parse_length(p, &length) && schema_parse_mark(p, ']') ? item
                                                                                                             : NULL;
}

static struct model_type *parse_vec_like(struct parser *p, const struct known_type *known, size_t at)
{
    struct model_type *arguments[2] = {NULL, NULL};

    if (known->as && has_inline_items(p)) {
        arguments[0] = parse_inline_items(p);
    } else if (known->as && !strstr(known->as, "capacity")) {
        schema_parse_expected(p, "an array, as [T; 4]");
        return NULL;
    } else {
        arguments[0] = schema_parse_type(p);
    }
    if (!arguments[0])
        return NULL;
    if (lex_is_mark(&p->lex, ',') && known->as)
        schema_skip_arguments(p);
    return schema_parse_mark(p, '>') ? schema_make_container(p->model, known_by_name("Vec"), arguments, at) : NULL;
}

/* NonZero<u8> is NonZeroU8. */
static struct model_type *non_zero_of(struct parser *p, const struct model_type *of, size_t at)
{
    char *name = model_format(p->model, "NonZero%s", of->type.name);
    const struct known_type *known;

    if (name[7] >= 'a' && name[7] <= 'z')
        name[7] = (char)(name[7] - 'a' + 'A');
    known = known_by_name(name);
    if (known)
        return intern_known(p, known, at);
    source_error(p->lex.source, at, "NonZero<%s>: only integers have such a type", of->type.name);
    return NULL;
}

static struct model_type *parse_nothing(struct parser *p, size_t at)
{
    if (lex_is_mark(&p->lex, '<')) {
        lex_next(&p->lex);
        schema_skip_arguments(p);
        if (!schema_parse_mark(p, '>'))
            return NULL;
    }
    return model_intern(p->model, "()", "Unit", MMS_T_UNIT, at);
}

/* With one argument, from its `<` on. */
static struct model_type *parse_around(struct parser *p, const struct known_type *known, size_t at)
{
    struct model_type *of;

    if (!lex_is_mark(&p->lex, '<')) {
        schema_parse_expected(p, "`<` and a type");
        return NULL;
    }
    lex_next(&p->lex);
    if (known->form == KNOWN_VEC)
        return parse_vec_like(p, known, at);
    of = schema_parse_type(p);
    if (!of || !schema_parse_mark(p, '>'))
        return NULL;
    if (known->form == KNOWN_RANGE)
        return parse_range(p, known, of, at);
    return known->form == KNOWN_NON_ZERO ? non_zero_of(p, of, at) : of;
}

/* What a name, or a path, of a known type stands for. */
struct model_type *schema_parse_known(struct parser *p, const struct known_type *known, size_t at)
{
    if (known->advice) {
        source_error(p->lex.source, at, "%s cannot be archived here: %s", known->name, known->advice);
        return NULL;
    }
    switch (known->form) {
    case KNOWN_ALIAS: return schema_parse_known(p, known_by_name(known->as), at);
    case KNOWN_NOTHING: return parse_nothing(p, at);
    case KNOWN_VEC:
    case KNOWN_RANGE:
    case KNOWN_NON_ZERO:
    case KNOWN_INNER: return parse_around(p, known, at);
    default: return known->arguments > 0 ? schema_parse_container(p, known, at) : intern_known(p, known, at);
    }
}
