/* SPDX-License-Identifier: Apache-2.0 */
/* Inline functions that change archived values in an update: of what has a fixed place, and is not part
   of a key. A type that is a key somewhere has none, as nothing tells one in a key from another. */
#include "schema/emit/emit.h"

/* ---- What can be set ---- */

static bool can_set(const mms_type *type)
{
    return emit_exists(type) && emit_has_input(type) && (type->flags & MMS_TF_LEAF) != 0;
}

static bool is_in_keys(const mms_type *type)
{
    return model_of(type)->key_ways != 0;
}

/* The entries of a map, key and value: a struct that is neither the schema's nor a range. */
static bool is_entry(const mms_type *type)
{
    return type->kind == MMS_T_STRUCT && !model_of(type)->defined && model_of(type)->range == 0;
}

/* ---- Functions ---- */

/* What C passes as it is; the rest by a pointer. */
static bool by_value(const mms_type *type)
{
    switch (type->kind) {
    case MMS_T_STRUCT:
    case MMS_T_ARRAY:
    case MMS_T_OPTION:
    case MMS_T_RESULT: return false;
    case MMS_T_ENUM: return model_of(type)->c_like;
    default: return true;
    }
}

/* NAME_SUFFIX(writer, self, MORE value), whose body calls mms_archive_CALL(writer, its table, self, ARGUMENTS value);
   `before` are arguments in front of self. */
struct setter {
    const mms_type *type, *value;
    const char *name, *suffix, *self; /* self: its C type */
    const char *more, *call, *before, *arguments;
};

static void setter(const struct emit *e, const struct setter *s)
{
    const char *value = emit_input(e, s->value);

    if (emit_is_shared(s->type))
        fprintf(e->out, "#ifndef MMS_SETTER_%s_%s\n#define MMS_SETTER_%s_%s\n", s->name, s->suffix, s->name, s->suffix);
    fprintf(e->out, "static inline int %s_%s(mms_writer *writer, const %s *self, %s", s->name, s->suffix, s->self,
            s->more ? s->more : "");
    if (by_value(s->value))
        fprintf(e->out, "%s value)\n", value);
    else
        fprintf(e->out, "const %s *value)\n", value);
    fprintf(e->out, "{\n    return mms_archive_%s(writer, &%s_types[%zu], %sself, %s%svalue);\n}\n", s->call, e->stem,
            model_of(s->type)->index, s->before ? s->before : "", s->arguments ? s->arguments : "",
            by_value(s->value) ? "&" : "");
    if (emit_is_shared(s->type))
        fputs("#endif\n", e->out);
}

/* As a setter of the type itself. */
static struct setter of_type(const struct emit *e, const mms_type *type, const mms_type *value, const char *suffix,
                             const char *call)
{
    return (struct setter){
        .type = type,
        .value = value,
        .name = emit_name(e, type),
        .suffix = suffix,
        .self = emit_archived_name(e, type),
        .call = call,
    };
}

static void set_whole(const struct emit *e, const mms_type *type)
{
    struct setter s = of_type(e, type, type, "set", "set");

    if (can_set(type))
        setter(e, &s);
}

static void set_fields(const struct emit *e, struct setter s, size_t variant, const mms_type_field *fields,
                       size_t first, size_t count)
{
    s.call = "set_field";
    for (size_t i = first; i < count; i++) {
        if (!can_set(fields[i].type))
            continue;
        s.value = fields[i].type;
        s.suffix = model_format(e->model, "set_%s", fields[i].name);
        s.before = model_format(e->model, "%zu, %zu, ", variant, i);
        setter(e, &s);
    }
}

static void set_struct(const struct emit *e, const mms_type *type)
{
    bool entry = is_entry(type);

    set_fields(e, of_type(e, type, type, NULL, NULL), 0, type->fields, entry ? 1 : 0, type->count);
    if (!entry)
        set_whole(e, type);
}

static void set_enum(const struct emit *e, const mms_type *type)
{
    for (size_t i = 0; i < type->count; i++) {
        const mms_type_variant *variant = &type->variants[i];
        struct setter s = of_type(e, type, type, NULL, NULL);

        s.name = model_format(e->model, "%s_%s", s.name, variant->name);
        s.self = model_format(e->model, "%s_%s", s.self, variant->name);
        set_fields(e, s, i, variant->fields, 0, variant->count);
    }
    set_whole(e, type);
}

static void set_result(const struct emit *e, const mms_type *type)
{
    static const char *const suffixes[] = {"set_ok", "set_err"}, *const fields[] = {"0, 0, ", "1, 0, "};

    for (size_t i = 0; i < 2; i++) {
        struct setter s = of_type(e, type, type->variants[i].fields[0].type, suffixes[i], "set_field");

        s.before = fields[i];
        if (can_set(s.value))
            setter(e, &s);
    }
    set_whole(e, type);
}

static void set_items(const struct emit *e, const mms_type *type)
{
    struct setter s = of_type(e, type, type->first, "set_at", "set_item");

    s.more = "size_t index, ";
    s.arguments = "index, ";
    if (can_set(s.value))
        setter(e, &s);
    set_whole(e, type);
}

static void set_box(const struct emit *e, const mms_type *type)
{
    struct setter s = of_type(e, type, type->first, "set", "set_item");

    s.arguments = "0, ";
    if (can_set(s.value))
        setter(e, &s);
}

static void set_map(const struct emit *e, const mms_type *type)
{
    struct setter s = of_type(e, type, type->first->fields[1].type, "set", "set_value");

    s.more = model_format(e->model, "%s key, ", emit_input(e, type->first->fields[0].type));
    s.arguments = "&key, ";
    if (can_set(s.value))
        setter(e, &s);
}

static void set_one(const struct emit *e, const mms_type *type)
{
    switch (type->kind) {
    case MMS_T_STRUCT: set_struct(e, type); break;
    case MMS_T_ENUM: set_enum(e, type); break;
    case MMS_T_OPTION: set_whole(e, type); break;
    case MMS_T_RESULT: set_result(e, type); break;
    case MMS_T_ARRAY:
    case MMS_T_VEC: set_items(e, type); break;
    case MMS_T_BOX: set_box(e, type); break;
    case MMS_T_MAP:
    case MMS_T_TREE: set_map(e, type); break;
    default: break;
    }
}

void emit_setters(const struct emit *e)
{
    fputs(
        "/* ---- Setters: in an update, each changes a part of the value, and touches it; see mms_archive_set ---- */\n\n",
        e->out);
    for (size_t i = 0; i < e->model->count; i++) {
        const mms_type *type = &e->model->types[i]->type;

        if (emit_exists(type) && !emit_is_bare_key(type) && !is_in_keys(type))
            set_one(e, type);
    }
    putc('\n', e->out);
}
