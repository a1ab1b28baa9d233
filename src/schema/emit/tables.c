/* SPDX-License-Identifier: Apache-2.0 */
/* What can be done with typed tables. */
#include "schema/emit/emit.h"
#include <string.h>

/* ---- Templates ---- */

/* What a mark in a template stands for. */
struct mark {
    char mark;
    const char *text;
};

enum { MARKS = 8 };

/* One table of the schema, in words of C. */
struct words {
    struct mark marks[MARKS];
};

static const char *word_of(const struct words *words, char mark)
{
    for (size_t i = 0; i < MARKS; i++)
        if (words->marks[i].mark == mark)
            return words->marks[i].text;
    return "";
}

static void fill(const struct emit *e, const struct words *words, const char *text)
{
    while (*text) {
        size_t plain = strcspn(text, "$@^~%#`|");

        fwrite(text, 1, plain, e->out);
        text += plain;
        if (*text)
            fputs(word_of(words, *text++), e->out);
    }
}

/* $ the table's name          @ the value's archived type
   ^ the key, as a parameter   ~ the key, as an argument   % its input type   # its type when it is found
   ` a comma and the value, as a parameter                 | the value, as an argument */
static const char writing[] =
    "extern const mms_table_type $_table_type;\n"
    "\n"
    "/* The newest table of the region, ready for changes; an empty one if there is no value yet. End with\n"
    "   mms_table_commit or mms_table_abort. MMS_E_TYPE: the value is no table, or another one. */\n"
    "static inline int $_table_begin(mms_writer *writer, const mms_table_options *options, mms_table **table)\n"
    "{\n"
    "    return mms_typed_table_begin(writer, &$_table_type, options, table);\n"
    "}\n"
    "static inline int $_table_put(mms_table *table, ^`)\n"
    "{\n"
    "    return mms_typed_table_put(table, &$_table_type, ~, |);\n"
    "}\n"
    "/* MMS_E_NOT_FOUND: there is no such key. */\n"
    "static inline int $_table_delete(mms_table *table, ^)\n"
    "{\n"
    "    return mms_typed_table_delete(table, &$_table_type, ~);\n"
    "}\n";

static const char reading[] =
    "/* mms_read, and the table in the view. On failure there is no view. MMS_E_TYPE: the value is no table, or another\n"
    "   one. */\n"
    "static inline int $_table_read(mms_reader *reader, mms_view *view, mms_table_view *table)\n"
    "{\n"
    "    return mms_typed_table_read(reader, &$_table_type, view, table);\n"
    "}\n"
    "/* The table in any view: one that is held, a copy, or bytes from elsewhere. Nobody vouches for its values, so each\n"
    "   is checked when it is looked up. */\n"
    "static inline int $_table_of(const mms_view *view, mms_table_view *table)\n"
    "{\n"
    "    return mms_typed_table_of(view, &$_table_type, table);\n"
    "}\n"
    "/* mms_table_check, and a look at each key and value. */\n"
    "static inline int $_table_check(const mms_table_view *table)\n"
    "{\n"
    "    return mms_typed_table_check(table, &$_table_type);\n"
    "}\n";

static const char getting[] =
    "/* NULL: mms_last_code() is MMS_E_NOT_FOUND, or says what is wrong with the value. */\n"
    "static inline const @ *$_table_get(const mms_table_view *table, ^)\n"
    "{\n"
    "    return MMS_CAST(const @ *, mms_typed_table_get(table, &$_table_type, ~));\n"
    "}\n"
    "/* Many at a time, which fetches memory ahead; returns how many there are. */\n"
    "static inline size_t $_table_get_many(const mms_table_view *table, size_t count, const % *keys, const @ **values)\n"
    "{\n"
    "    const void *found[16];\n"
    "    size_t all = 0, some;\n"
    "\n"
    "    for (size_t i = 0; i < count; i += some) {\n"
    "        some = count - i < 16 ? count - i : 16;\n"
    "        all += mms_typed_table_get_many(table, &$_table_type, some, keys + i, found);\n"
    "        for (size_t k = 0; k < some; k++)\n"
    "            values[i + k] = MMS_CAST(const @ *, found[k]);\n"
    "    }\n"
    "    return all;\n"
    "}\n"
    "/* The next entry, in no particular order; false at the end. Start from MMS_TABLE_CURSOR_INIT. */\n"
    "static inline bool $_table_next(const mms_table_view *table, mms_table_cursor *cursor, # *key, const @ **value)\n"
    "{\n"
    "    const void *found = NULL;\n"
    "    bool more = mms_typed_table_next(table, &$_table_type, cursor, key, &found);\n"
    "\n"
    "    if (more && value)\n"
    "        *value = MMS_CAST(const @ *, found);\n"
    "    return more;\n"
    "}\n"
    "\n";

/* Of values without a size. */
static const char asking[] =
    "static inline bool $_table_contains(const mms_table_view *table, ^)\n"
    "{\n"
    "    return mms_typed_table_get(table, &$_table_type, ~) != NULL;\n"
    "}\n"
    "/* The next key, in no particular order; false at the end. Start from MMS_TABLE_CURSOR_INIT. */\n"
    "static inline bool $_table_next(const mms_table_view *table, mms_table_cursor *cursor, # *key)\n"
    "{\n"
    "    return mms_typed_table_next(table, &$_table_type, cursor, key, NULL);\n"
    "}\n"
    "\n";

/* ---- Words ---- */

/* What C passes as it is; the rest by a pointer. */
static bool by_value(const mms_type *type)
{
    if (type->kind == MMS_T_ENUM)
        return model_of(type)->c_like;
    return type->kind < MMS_T_VEC || type->kind > MMS_T_TREE_SET;
}

static const char *parameter(const struct emit *e, const mms_type *type, const char *name)
{
    const char *input = emit_input(e, type);

    if (!by_value(type))
        return model_format(e->model, "const %s *%s", input, name);
    return model_format(e->model, input[strlen(input) - 1] == '*' ? "%s%s" : "%s %s", input, name);
}

static const char *argument(const struct emit *e, const mms_type *type, const char *name)
{
    return model_format(e->model, by_value(type) ? "&%s" : "%s", name);
}

static bool is_text(const mms_type *type)
{
    return type->kind == MMS_T_STRING || type->kind == MMS_T_BOX_STR;
}

static const char *table_name(const struct emit *e, const struct model_table *table)
{
    return model_format(e->model, "%s%s", e->prefix, table->name);
}

static struct words words_of(const struct emit *e, const struct model_table *table)
{
    const mms_type *key = &table->key->type, *value = &table->value->type;
    bool given = emit_has_input(value);

    return (struct words){{
        {'$', table_name(e, table)},
        {'@', emit_archived(e, value)},
        {'^', parameter(e, key, "key")},
        {'~', argument(e, key, "key")},
        {'%', emit_input(e, key)},
        {'#', is_text(key) ? "mms_str" : emit_archived(e, key)},
        {'`', given ? model_format(e->model, ", %s", parameter(e, value, "value")) : ""},
        {'|', given ? argument(e, value, "value") : "NULL"},
    }};
}

/* ---- Parts ---- */

void emit_tables(const struct emit *e)
{
    for (const struct model_table *table = e->model->tables; table; table = table->next) {
        const struct words words = words_of(e, table);

        fill(e, &words, "/* ---- Tables $ ---- */\n\n");
        emit_doc(e, table->doc, "");
        fill(e, &words, writing);
        fill(e, &words, reading);
        fill(e, &words, emit_exists(&table->value->type) ? getting : asking);
    }
}

void emit_table_sources(const struct emit *e)
{
    size_t index = 0;

    for (const struct model_table *table = e->model->tables; table; table = table->next, index++) {
        const char *name = model_format(e->model, "%s_table_schema_%zu", e->stem, index);
        const char *canon = model_canon_table(e->model, table);
        uint64_t id[2];

        model_type_id(canon, id);
        emit_schema(e, name, canon);
        fprintf(e->out,
                "const mms_table_type %s_table_type = {\"%s\", &%s_types[%zu], &%s_types[%zu],\n"
                "    {UINT64_C(0x%016llx), UINT64_C(0x%016llx)}, %s, sizeof %s - 1};\n\n",
                table_name(e, table), table->name, e->stem, table->key->index, e->stem, table->value->index,
                (unsigned long long)id[0], (unsigned long long)id[1], name, name);
    }
}
