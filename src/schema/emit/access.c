/* SPDX-License-Identifier: Apache-2.0 */
/* Inline functions that look into archived values. */
#include "schema/emit/emit.h"
#include <string.h>

static void head(const struct emit *e, const char *result, const char *name, const char *suffix, const mms_type *type,
                 const char *more)
{
    size_t size = strlen(result);

    fprintf(e->out, "static inline %s%s%s_%s(const %s *self%s)\n{\n", result, result[size - 1] == '*' ? "" : " ", name,
            suffix, emit_archived_name(e, type), more);
}

static void count_of(const struct emit *e, const mms_type *type, const char *block)
{
    head(e, "size_t", emit_name(e, type), "count", type, "");
    fprintf(e->out, "    return MMS_CAST(size_t, self->%s.count);\n}\n", block);
}

static const char *archived_pointer(const struct emit *e, const mms_type *type)
{
    return emit_pointer(e, emit_archived(e, type));
}

/* ---- Box, Vec, arrays ---- */

static void access_box(const struct emit *e, const mms_type *type)
{
    if (!emit_exists(type->first))
        return;
    head(e, archived_pointer(e, type->first), emit_name(e, type), "get", type, "");
    fprintf(e->out, "    return MMS_CAST(%s, mms__at(&self->box, self->box.offset));\n}\n\n",
            archived_pointer(e, type->first));
}

static void access_vec(const struct emit *e, const mms_type *type)
{
    const char *name = emit_name(e, type), *pointer;

    count_of(e, type, "slice");
    if (!emit_exists(type->first)) {
        putc('\n', e->out);
        return;
    }
    pointer = archived_pointer(e, type->first);
    head(e, pointer, name, "data", type, "");
    fprintf(e->out, "    return MMS_CAST(%s, mms__at(&self->slice, self->slice.offset));\n}\n", pointer);
    if (type->first->kind == MMS_T_STRING) {
        head(e, "mms_str", name, "at", type, ", size_t index");
        fprintf(e->out, "    return mms_string%d_get(%s_data(self) + index);\n}\n\n", emit_bits(e), name);
    } else {
        head(e, pointer, name, "at", type, ", size_t index");
        fprintf(e->out, "    return %s_data(self) + index;\n}\n\n", name);
    }
}

/* ---- Option and Result: the value, or NULL ---- */

static void access_option(const struct emit *e, const mms_type *type)
{
    const mms_type *value = type->variants[1].fields[0].type;

    if (!emit_exists(value)) {
        head(e, "bool", emit_name(e, type), "is_some", type, "");
        fputs("    return self->mms_tag == 1;\n}\n\n", e->out);
        return;
    }
    head(e, archived_pointer(e, value), emit_name(e, type), "get", type, "");
    fputs("    return self->mms_tag == 1 ? &self->value : NULL;\n}\n\n", e->out);
}

static void access_result(const struct emit *e, const mms_type *type)
{
    static const char *const names[] = {"ok", "err"};

    head(e, "bool", emit_name(e, type), "is_err", type, "");
    fputs("    return self->tag == 1;\n}\n", e->out);
    for (int i = 0; i < 2; i++) {
        const mms_type *value = type->variants[i].fields[0].type;

        if (!emit_exists(value))
            continue;
        head(e, archived_pointer(e, value), emit_name(e, type), names[i], type, "");
        fprintf(e->out, "    return self->tag == %d ? &self->%s.value : NULL;\n}\n", i, names[i]);
    }
    putc('\n', e->out);
}

/* ---- Maps ---- */

/* Keys that C code can hash and compare by itself; the library does it for the others. */
static bool is_plain_key(const mms_type *key)
{
    return key->kind <= MMS_T_CHAR || key->kind == MMS_T_STRING;
}

static const char *table_of(const struct emit *e, const mms_type *type)
{
    return model_format(e->model, "&%s_types[%zu]", e->stem, model_of(type)->index);
}

/* Statements that set `slot`, or leave the function with `absent`. */
static void locate(const struct emit *e, const mms_type *key, const char *absent)
{
    int bits = emit_bits(e);

    fputs("    size_t slot;\n\n", e->out);
    if ((key->kind == MMS_T_USIZE || key->kind == MMS_T_ISIZE) && bits == 32)
        fprintf(e->out, "    if (key != MMS_CAST(%s, key))\n        return %s;\n",
                key->kind == MMS_T_USIZE ? "uint32_t" : "int32_t", absent);
    if (key->kind == MMS_T_STRING)
        fprintf(e->out, "    if (!mms_map%d_locate_bytes(&self->map, key.data, key.size, 1, &slot))\n", bits);
    else if (key->size == 16)
        fprintf(e->out, "    if (!mms_map%d_locate_bytes(&self->map, &key, 16, 0, &slot))\n", bits);
    else
        fprintf(e->out, "    if (!mms_map%d_locate(&self->map, MMS_CAST(uint%zu_t, key), %zu, &slot))\n", bits,
                8 * key->size, key->size);
    fprintf(e->out, "        return %s;\n", absent);
}

static const char *same_key(const struct emit *e, const mms_type *key, const char *found)
{
    if (key->kind == MMS_T_STRING)
        return model_format(e->model, "mms_str_equal(mms_string%d_get(&%s), key)", emit_bits(e), found);
    if (key->kind == MMS_T_USIZE || key->kind == MMS_T_ISIZE)
        return model_format(e->model, "%s == MMS_CAST(%s, key)", found, emit_archived(e, key));
    if (key->size == 16) /* two halves, where the compiler has no such integers */
        return model_format(e->model, "memcmp(&%s, &key, 16) == 0", found);
    return model_format(e->model, "%s == key", found);
}

static void access_map(const struct emit *e, const mms_type *type)
{
    const mms_type *key = type->first->fields[0].type, *value = type->first->fields[1].type;
    const char *name = emit_name(e, type), *entry = archived_pointer(e, type->first);
    const char *result = emit_exists(value) ? archived_pointer(e, value) : "bool";
    const char *absent = emit_exists(value) ? "NULL" : "false";

    count_of(e, type, "map");
    head(e, entry, name, "entries", type, "");
    fprintf(e->out, "    return MMS_CAST(%s, mms__at(&self->map.entries, self->map.entries));\n}\n", entry);
    head(e, result, name, emit_exists(value) ? "get" : "contains", type,
         model_format(e->model, ", %s key", emit_input(e, key)));
    if (!is_plain_key(key)) {
        fprintf(e->out, "    %sentry = MMS_CAST(%s, mms_map_find(%s, self, &key));\n\n    return entry", entry, entry,
                table_of(e, type));
        fputs(emit_exists(value) ? " ? &entry->value : NULL;\n}\n\n" : " != NULL;\n}\n\n", e->out);
        return;
    }
    fprintf(e->out, "    %sentry;\n", entry);
    locate(e, key, absent);
    fprintf(e->out, "    entry = %s_entries(self) + slot;\n    return %s", name, same_key(e, key, "entry->key"));
    fputs(emit_exists(value) ? " ? &entry->value : NULL;\n}\n\n" : ";\n}\n\n", e->out);
}

static void access_set(const struct emit *e, const mms_type *type)
{
    const mms_type *key = type->first->fields[0].type;
    const char *name = emit_name(e, type), *pointer = archived_pointer(e, key);

    count_of(e, type, "map");
    head(e, pointer, name, "keys", type, "");
    fprintf(e->out, "    return MMS_CAST(%s, mms__at(&self->map.entries, self->map.entries));\n}\n", pointer);
    head(e, "bool", name, "contains", type, model_format(e->model, ", %s key", emit_input(e, key)));
    if (!is_plain_key(key)) {
        fprintf(e->out, "    return mms_map_find(%s, self, &key) != NULL;\n}\n\n", table_of(e, type));
        return;
    }
    locate(e, key, "false");
    fprintf(e->out, "    return %s;\n}\n\n", same_key(e, key, model_format(e->model, "%s_keys(self)[slot]", name)));
}

static void access_tree_key(const struct emit *e, const mms_type *type)
{
    const mms_type *key = type->first->fields[0].type, *value = type->first->fields[1].type;
    const char *name = emit_name(e, type), *entry = archived_pointer(e, type->first), *table = table_of(e, type);

    head(e, emit_exists(value) ? archived_pointer(e, value) : "bool", name, emit_exists(value) ? "get" : "contains",
         type, model_format(e->model, ", %s key", emit_input(e, key)));
    fprintf(e->out, "    %sentry = MMS_CAST(%s, mms_tree_find(%s, self, &key));\n\n", entry, entry, table);
    fputs(emit_exists(value) ? "    return entry ? &entry->value : NULL;\n}\n" : "    return entry != NULL;\n}\n",
          e->out);
}

/* The entries of a BTreeSet are the keys. */
static void access_tree_set_key(const struct emit *e, const mms_type *type)
{
    head(e, "bool", emit_name(e, type), "contains", type,
         model_format(e->model, ", %s key", emit_input(e, type->first->fields[0].type)));
    fprintf(e->out, "    return mms_tree_find(%s, self, &key) != NULL;\n}\n", table_of(e, type));
}

static void access_tree(const struct emit *e, const mms_type *type)
{
    const mms_type *key = type->first->fields[0].type;
    const char *name = emit_name(e, type), *entry = archived_pointer(e, type->first), *table = table_of(e, type);

    count_of(e, type, "tree");
    if (type->kind == MMS_T_TREE)
        access_tree_key(e, type);
    else
        access_tree_set_key(e, type);
    head(e, entry, name, "first", type, ", mms_tree_cursor *cursor");
    fprintf(e->out, "    return MMS_CAST(%s, mms_tree_seek(%s, self, NULL, cursor));\n}\n", entry, table);
    fputs("/* The first entry that is not below the key. */\n", e->out);
    head(e, entry, name, "seek", type, model_format(e->model, ", %s key, mms_tree_cursor *cursor", emit_input(e, key)));
    fprintf(e->out, "    return MMS_CAST(%s, mms_tree_seek(%s, self, &key, cursor));\n}\n", entry, table);
    fprintf(
        e->out,
        "static inline %s%s_next(mms_tree_cursor *cursor)\n{\n    return MMS_CAST(%s, mms_tree_next(%s, cursor));\n}\n"
        "\n",
        entry, name, entry, table);
}

/* ---- Definitions of the schema ---- */

static void access_text_fields(const struct emit *e, const char *archived, const char *name,
                               const mms_type_field *fields, const struct field_text *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (fields[i].type->kind == MMS_T_STRING || fields[i].type->kind == MMS_T_BOX_STR)
            fprintf(e->out,
                    "static inline mms_str %s_get_%s(const %s *self)\n{\n    return mms_%s%d_%s(&self->%s);\n}\n", name,
                    fields[i].name, archived, fields[i].type->kind == MMS_T_STRING ? "string" : "slice", emit_bits(e),
                    fields[i].type->kind == MMS_T_STRING ? "get" : "text", texts[i].c_name);
}

static void access_struct(const struct emit *e, const mms_type *type)
{
    access_text_fields(e, emit_archived_name(e, type), emit_name(e, type), type->fields, model_of(type)->fields,
                       type->count);
}

static bool variant_exists(const mms_type_variant *variant)
{
    for (size_t i = 0; i < variant->count; i++)
        if (emit_exists(variant->fields[i].type))
            return true;
    return false;
}

static void access_enum(const struct emit *e, const mms_type *type)
{
    const struct model_type *model = model_of(type);
    const char *name = emit_name(e, type), *archived = emit_archived_name(e, type);
    const char *tag = model->c_like ? name : model_format(e->model, "%s_Tag", name);

    head(e, tag, name, model->c_like ? "get" : "tag", type, "");
    fprintf(e->out, "    return MMS_CAST(%s, self->tag);\n}\n", tag);
    for (size_t i = 0; i < type->count; i++) {
        const char *variant = model_format(e->model, "%s_%s", archived, type->variants[i].name);

        if (!variant_exists(&type->variants[i]))
            continue;
        fprintf(
            e->out,
            "static inline const %s *%s_as_%s(const %s *self)\n{\n    return self->tag == %zu ? &self->%s : NULL;\n}\n",
            variant, name, type->variants[i].name, archived, i, model->variants[i].c_name);
        access_text_fields(e, variant, model_format(e->model, "%s_%s", name, type->variants[i].name),
                           type->variants[i].fields, model->variants[i].fields, type->variants[i].count);
    }
    putc('\n', e->out);
}

static void access_one(const struct emit *e, const mms_type *type)
{
    switch (type->kind) {
    case MMS_T_BOX: access_box(e, type); break;
    case MMS_T_VEC: access_vec(e, type); break;
    case MMS_T_OPTION: access_option(e, type); break;
    case MMS_T_RESULT: access_result(e, type); break;
    case MMS_T_MAP: access_map(e, type); break;
    case MMS_T_SET: access_set(e, type); break;
    case MMS_T_TREE:
    case MMS_T_TREE_SET: access_tree(e, type); break;
    case MMS_T_STRUCT: access_struct(e, type); break;
    default: access_enum(e, type); break;
    }
}

static bool has_access(const mms_type *type)
{
    if (!emit_exists(type) || emit_is_bare_key(type))
        return false;
    return type->kind == MMS_T_BOX || type->kind == MMS_T_VEC ||
           (type->kind >= MMS_T_STRUCT && type->kind <= MMS_T_TREE_SET);
}

void emit_accessors(const struct emit *e)
{
    for (size_t i = 0; i < e->model->count; i++) {
        const mms_type *type = &e->model->types[i]->type;

        if (!has_access(type))
            continue;
        if (!emit_is_shared(type)) {
            access_one(e, type);
            continue;
        }
        fprintf(e->out, "#ifndef MMS_ACCESS_%s\n#define MMS_ACCESS_%s\n", emit_name(e, type), emit_name(e, type));
        access_one(e, type);
        fputs("#endif\n\n", e->out);
    }
}
