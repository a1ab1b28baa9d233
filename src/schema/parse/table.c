/* SPDX-License-Identifier: Apache-2.0 */
/* #[mmsync::table] type NAME = HashMap<K, V>; */
#include "schema/parse/parse.h"
#include <string.h>

/* The path that the parser is at, up to its arguments; NULL after an error. */
static const char *parse_path(struct parser *p)
{
    const char *path = "";

    while (p->lex.token.kind == TOKEN_NAME || p->lex.token.kind == TOKEN_PATH) {
        path = model_format(p->model, "%s%.*s", path, (int)p->lex.token.size, p->lex.token.text);
        lex_next(&p->lex);
        if (p->lex.token.kind == TOKEN_PATH && token_is_mark(lex_ahead(&p->lex, 1), '<'))
            lex_next(&p->lex);
    }
    return *path ? path : NULL;
}

/* Is it the standard HashMap, whatever it is called here? */
static const struct known_type *find_map(struct parser *p, const char *path)
{
    struct found found = schema_resolve(p, p->scope, path, false);
    const struct known_type *known = found.item || found.open || found.glob ? NULL : found.known;

    if (known && known->form == KNOWN_ALIAS)
        known = known_by_name(known->as);
    return known && known->kind == MMS_T_MAP && !known->advice ? known : NULL;
}

/* Behind the `=`. */
static bool parse_map(struct parser *p, const struct item *item, struct model_table *table)
{
    struct model_type *arguments[2] = {NULL, NULL};
    size_t at = p->lex.token.at;
    const char *path = parse_path(p);
    const struct known_type *map = path ? find_map(p, path) : NULL;

    if (!map) {
        source_error(p->lex.source, at, "the table `%s` needs to be a HashMap<K, V> of the standard library",
                     item->name);
        return false;
    }
    if (!schema_parse_mark(p, '<') || !schema_parse_type_arguments(p, map, arguments))
        return false;
    names_add(p->model, &p->model->standard, map->name, map);
    table->key = arguments[0];
    table->value = arguments[1];
    return schema_parse_mark(p, ';');
}

static void add_table(struct parser *p, struct model_table *table)
{
    struct model *model = p->model;

    if (known_by_name(table->name)) { /* in stored text it would be its own HashMap */
        source_error(p->lex.source, table->at, "`%s` is a standard type, too; rename the table", table->name);
        return;
    }
    if (!names_add(model, &model->table_names, table->name, table)) {
        source_error(p->lex.source, table->at, "there are two tables `%s`", table->name);
        return;
    }
    if (model->last_table)
        model->last_table->next = table;
    else
        model->tables = table;
    model->last_table = table;
}

void schema_parse_table(struct parser *p, const struct item *item)
{
    struct model_table *table = model_allocate(p->model, sizeof *table);
    struct attributes a;

    p->scope = item->scope;
    p->self = NULL;
    p->depth = 0;
    lex_go(&p->lex, item->attributes);
    schema_parse_attributes(p, ON_ALIAS, &a);
    lex_go(&p->lex, item->body);
    *table = (struct model_table){.name = item->name, .doc = a.doc, .at = item->at};
    if (lex_is_mark(&p->lex, '<')) {
        source_error(p->lex.source, p->lex.token.at, "the table `%s` is generic; write an alias for each", item->name);
        return;
    }
    if (schema_parse_mark(p, '=') && parse_map(p, item, table))
        add_table(p, table);
}
