/* SPDX-License-Identifier: Apache-2.0 */
/* Definitions: structs and enums; what else Rust has between them is skipped, or an error. */
#include "schema/parse_type.h"
#include <string.h>

enum { MOST_FIELDS = 4096, MOST_VARIANTS = 65535 };

/* ---- Around definitions ---- */

/* To the mark that closes the one just before the current token. */
static bool skip_group(struct parser *p, size_t at, char open, char close)
{
    for (unsigned depth = 1; p->lex.token.kind != TOKEN_END; lex_next(&p->lex)) {
        if (lex_is_mark(&p->lex, open))
            depth++;
        else if (lex_is_mark(&p->lex, close) && --depth == 0) {
            lex_next(&p->lex);
            return true;
        }
    }
    source_error(p->lex.source, at, "the `%c` that starts here has no `%c`", open, close);
    return false;
}

/* Attributes that change what rkyv writes; those that do not are skipped. */
static bool check_attribute(struct parser *p)
{
    struct parser ahead = *p;
    bool archive = lex_is_name(&p->lex, "archive") || lex_is_name(&p->lex, "archive_attr");

    if (lex_is_name(&p->lex, "with")) {
        source_error(p->lex.source, p->lex.token.at, "#[with(...)] stores another type; write that type instead");
        return false;
    }
    for (; archive && !lex_is_mark(&ahead.lex, ']') && ahead.lex.token.kind != TOKEN_END; lex_next(&ahead.lex)) {
        if (!lex_is_name(&ahead.lex, "repr") && !lex_is_name(&ahead.lex, "as"))
            continue;
        source_error(p->lex.source, ahead.lex.token.at,
                     "`%.*s` changes the layout of the archived type; only the default is supported",
                     (int)ahead.lex.token.size, ahead.lex.token.text);
        return false;
    }
    return true;
}

/* Doc comments, appended to what there is. */
static void add_doc(struct parser *p, const char **doc)
{
    const char *text = p->lex.token.text, *end = text + p->lex.token.size;

    while (text < end) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        const char *line = text, *line_end = stop ? stop : end;

        while (line < line_end && (*line == ' ' || *line == '\t'))
            line++;
        if (line < line_end && *line == '*')
            line++;
        if (line > text + 1 && line < line_end && *line == ' ')
            line++;
        while (line_end > line && (line_end[-1] == ' ' || line_end[-1] == '\r'))
            line_end--;
        if (line_end > line || *doc)
            *doc = model_format(p->model, "%s%.*s\n", *doc ? *doc : "", (int)(line_end - line), line);
        text = stop ? stop + 1 : end;
    }
}

/* Doc comments and attributes before something. */
static bool parse_attributes(struct parser *p, const char **doc)
{
    *doc = NULL;
    for (;;) {
        if (p->lex.token.kind == TOKEN_DOC) {
            add_doc(p, doc);
            lex_next(&p->lex);
        } else if (lex_is_mark(&p->lex, '#')) {
            size_t at = p->lex.token.at;

            lex_next(&p->lex);
            if (lex_is_mark(&p->lex, '!'))
                lex_next(&p->lex);
            if (!schema_parse_mark(p, '[') || !check_attribute(p) || !skip_group(p, at, '[', ']'))
                return false;
        } else {
            return !p->lex.source->failed;
        }
    }
}

static bool parse_visibility(struct parser *p)
{
    struct lexer before;
    size_t at = p->lex.token.at;

    if (!lex_is_name(&p->lex, "pub"))
        return true;
    lex_next(&p->lex);
    if (!lex_is_mark(&p->lex, '('))
        return true;
    before = p->lex;
    lex_next(&p->lex);
    if (lex_is_name(&p->lex, "crate") || lex_is_name(&p->lex, "super") || lex_is_name(&p->lex, "self") ||
        lex_is_name(&p->lex, "in"))
        return skip_group(p, at, '(', ')');
    p->lex = before; /* of a type */
    return true;
}

/* ---- Fields ---- */

struct field_list {
    mms_type_field *fields;
    struct field_text *texts;
    size_t count, room;
};

/* In C `double` is called `double_`, unless there is a field of that name already. */
static const char *field_c_name(struct parser *p, const struct field_list *list, const char *name)
{
    const char *c_name =
        name[0] >= '0' && name[0] <= '9' ? model_format(p->model, "_%s", name) : schema_c_name(p->model, name);

    for (size_t i = 0; i < list->count; i++)
        if (!strcmp(list->texts[i].c_name, c_name)) {
            c_name = model_format(p->model, "%s_", c_name);
            i = (size_t)-1;
        }
    return c_name;
}

static bool add_field(struct parser *p, struct field_list *list, const char *name, const char *doc, size_t at)
{
    struct model_type *type = schema_parse_type(p);

    if (!type)
        return false;
    if (list->count == MOST_FIELDS) {
        source_error(p->lex.source, at, "more than %d fields", MOST_FIELDS);
        return false;
    }
    if (list->count == list->room) {
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
    list->fields[list->count] = (mms_type_field){.name = name, .type = &type->type};
    list->texts[list->count] = (struct field_text){.doc = doc, .c_name = field_c_name(p, list, name), .at = at};
    list->count++;
    return true;
}

static bool parse_field(struct parser *p, struct field_list *list, bool named)
{
    const char *doc, *name;
    size_t at;

    if (!parse_attributes(p, &doc) || !parse_visibility(p))
        return false;
    at = p->lex.token.at;
    if (!named)
        return add_field(p, list, model_format(p->model, "%zu", list->count), doc, at);
    name = schema_parse_name(p, "a field");
    if (!name || !schema_parse_mark(p, ':'))
        return false;
    for (size_t i = 0; i < list->count; i++)
        if (!strcmp(list->fields[i].name, name)) {
            source_error(p->lex.source, at, "there are two fields `%s`", name);
            return false;
        }
    return add_field(p, list, name, doc, at);
}

/* The inside of braces or parentheses, with the closing one. */
static bool parse_fields(struct parser *p, struct field_list *list, bool named)
{
    char close = named ? '}' : ')';

    while (!lex_is_mark(&p->lex, close)) {
        if (!parse_field(p, list, named))
            return false;
        if (lex_is_mark(&p->lex, ','))
            lex_next(&p->lex);
        else if (!lex_is_mark(&p->lex, close)) {
            schema_parse_expected(p, named ? "`,` or `}`" : "`,` or `)`");
            return false;
        }
    }
    lex_next(&p->lex);
    return true;
}

/* { ... }, ( ... ) or nothing. */
static bool parse_body(struct parser *p, struct field_list *list, int *shape)
{
    *shape = MMS_SHAPE_UNIT;
    if (lex_is_mark(&p->lex, '{'))
        *shape = MMS_SHAPE_NAMED;
    else if (lex_is_mark(&p->lex, '('))
        *shape = MMS_SHAPE_TUPLE;
    else
        return true;
    lex_next(&p->lex);
    return parse_fields(p, list, *shape == MMS_SHAPE_NAMED);
}

/* ---- Definitions ---- */

/* The name after `struct` or `enum`, and the type that is to be filled. */
static struct model_type *parse_head(struct parser *p, const char *doc, int kind)
{
    size_t at;
    const char *name;
    struct model_type *type;

    lex_next(&p->lex);
    at = p->lex.token.at;
    name = schema_parse_name(p, "a name");
    if (!name)
        return NULL;
    if (lex_is_mark(&p->lex, '<')) {
        source_error(p->lex.source, p->lex.token.at, "`%s` is generic; only the standard containers can be", name);
        return NULL;
    }
    type = model_intern(p->model, name, schema_c_name(p->model, name), MODEL_UNDEFINED, at);
    if (type->type.kind != MODEL_UNDEFINED) {
        source_error(p->lex.source, at, type->defined ? "`%s` is defined twice" : "`%s` is a type of its own already",
                     name);
        return NULL;
    }
    type->type.kind = kind;
    type->defined = true;
    type->doc = doc;
    type->at = at;
    return type;
}

static bool parse_struct(struct parser *p, const char *doc)
{
    struct model_type *type = parse_head(p, doc, MMS_T_STRUCT);
    struct field_list list = {.count = 0};

    if (!type || !parse_body(p, &list, &type->type.shape))
        return false;
    type->type.fields = list.fields;
    type->type.count = list.count;
    type->fields = list.texts;
    return type->type.shape == MMS_SHAPE_NAMED || schema_parse_mark(p, ';');
}

/* `= 7`, which says nothing about the archive. */
static void skip_discriminant(struct parser *p)
{
    if (!lex_is_mark(&p->lex, '='))
        return;
    while (!lex_is_mark(&p->lex, ',') && !lex_is_mark(&p->lex, '}') && p->lex.token.kind != TOKEN_END)
        lex_next(&p->lex);
}

static const char *variant_c_name(struct parser *p, const struct model_type *type, const char *name)
{
    const char *c_name = schema_c_name(p->model, name);

    for (size_t i = 0; i < type->type.count; i++)
        if (!strcmp(type->variants[i].c_name, c_name)) {
            c_name = model_format(p->model, "%s_", c_name);
            i = (size_t)-1;
        }
    return c_name;
}

static bool parse_variant(struct parser *p, const struct model_type *type, mms_type_variant *variant,
                          struct variant_text *text)
{
    struct field_list list = {.count = 0};

    if (!parse_attributes(p, &text->doc))
        return false;
    text->at = p->lex.token.at;
    variant->name = schema_parse_name(p, "a variant");
    if (!variant->name || !parse_body(p, &list, &variant->shape))
        return false;
    skip_discriminant(p);
    variant->fields = list.fields;
    variant->count = list.count;
    text->fields = list.texts;
    text->c_name = variant_c_name(p, type, variant->name);
    return true;
}

static bool check_variant(struct parser *p, const struct model_type *type, const mms_type_variant *variant, size_t at)
{
    for (size_t i = 0; i < type->type.count; i++)
        if (!strcmp(type->type.variants[i].name, variant->name)) {
            source_error(p->lex.source, at, "there are two variants `%s`", variant->name);
            return false;
        }
    if (type->type.count < MOST_VARIANTS)
        return true;
    source_error(p->lex.source, at, "more than %d variants", MOST_VARIANTS);
    return false;
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

static bool parse_enum(struct parser *p, const char *doc)
{
    struct model_type *type = parse_head(p, doc, MMS_T_ENUM);

    if (!type || !schema_parse_mark(p, '{'))
        return false;
    type->c_like = true;
    while (!lex_is_mark(&p->lex, '}')) {
        mms_type_variant variant = {.name = NULL};
        struct variant_text text = {.doc = NULL};

        if (!parse_variant(p, type, &variant, &text) || !check_variant(p, type, &variant, text.at))
            return false;
        add_variant(p, type, &variant, &text);
        type->c_like = type->c_like && variant.count == 0;
        if (lex_is_mark(&p->lex, ','))
            lex_next(&p->lex);
        else if (!lex_is_mark(&p->lex, '}')) {
            schema_parse_expected(p, "`,` or `}`");
            return false;
        }
    }
    lex_next(&p->lex);
    if (type->type.count == 0)
        source_error(p->lex.source, type->at, "`%s` has no variants, so it has no values", type->type.name);
    type->type.tag_size = type->type.count <= 255 ? 1 : 2;
    return !p->lex.source->failed;
}

/* `use` and `extern crate`: to the semicolon. */
static bool skip_statement(struct parser *p)
{
    while (!lex_is_mark(&p->lex, ';')) {
        if (p->lex.token.kind == TOKEN_END) {
            schema_parse_expected(p, "`;`");
            return false;
        }
        lex_next(&p->lex);
    }
    lex_next(&p->lex);
    return true;
}

static bool parse_item(struct parser *p)
{
    const char *doc;

    if (!parse_attributes(p, &doc))
        return false;
    if (p->lex.token.kind == TOKEN_END)
        return true;
    if (!parse_visibility(p))
        return false;
    if (lex_is_name(&p->lex, "struct"))
        return parse_struct(p, doc);
    if (lex_is_name(&p->lex, "enum"))
        return parse_enum(p, doc);
    if (lex_is_name(&p->lex, "use") || lex_is_name(&p->lex, "extern"))
        return skip_statement(p);
    if (lex_is_name(&p->lex, "union"))
        source_error(p->lex.source, p->lex.token.at, "unions cannot be archived; use an enum");
    else if (lex_is_name(&p->lex, "type"))
        source_error(p->lex.source, p->lex.token.at, "type aliases are not supported; write the type out");
    else
        schema_parse_expected(p, "`struct`, `enum` or `use`");
    return false;
}

bool model_parse(struct model *model)
{
    struct parser parser = {.model = model};

    lex_start(&parser.lex, model->source);
    while (parser.lex.token.kind != TOKEN_END)
        if (!parse_item(&parser))
            return false;
    return !model->source->failed;
}
