/* SPDX-License-Identifier: Apache-2.0 */
/* Type expressions. */
#include "schema/parse_type.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { DEEPEST = 64, MOST_TYPES = 16384 };

static const struct {
    const char *name;
    int kind;
} scalars[] = {
    {"bool", MMS_T_BOOL},   {"u8", MMS_T_U8},         {"u16", MMS_T_U16},
    {"u32", MMS_T_U32},     {"u64", MMS_T_U64},       {"u128", MMS_T_U128},
    {"i8", MMS_T_I8},       {"i16", MMS_T_I16},       {"i32", MMS_T_I32},
    {"i64", MMS_T_I64},     {"i128", MMS_T_I128},     {"usize", MMS_T_USIZE},
    {"isize", MMS_T_ISIZE}, {"f32", MMS_T_F32},       {"f64", MMS_T_F64},
    {"char", MMS_T_CHAR},   {"String", MMS_T_STRING}, {"Duration", MMS_T_DURATION},
};

static const struct {
    const char *name;
    int kind;
    int arguments;
} containers[] = {
    {"Box", MMS_T_BOX, 1},     {"Vec", MMS_T_VEC, 1},     {"Option", MMS_T_OPTION, 1}, {"Result", MMS_T_RESULT, 2},
    {"HashMap", MMS_T_MAP, 2}, {"HashSet", MMS_T_SET, 1}, {"BTreeMap", MMS_T_TREE, 2},
};

/* Standard types that one would expect to work, and what to do. */
static const struct {
    const char *name, *advice;
} refused[] = {
    {"str", "use String, or Box<str>"},
    {"Rc", "use Box; shared values are stored once for each pointer"},
    {"Arc", "use Box; shared values are stored once for each pointer"},
    {"Cow", "use the owned type"},
    {"BTreeSet", "use BTreeMap<T, ()>"},
    {"VecDeque", "use Vec"},
    {"LinkedList", "use Vec"},
    {"BinaryHeap", "use Vec"},
    {"IndexMap", "use HashMap or BTreeMap"},
    {"Cell", "archives do not change"},
    {"RefCell", "archives do not change"},
    {"Mutex", "archives do not change"},
    {"PhantomData", "leave the field out"},
    {"SystemTime", "store a Duration since 1970"},
    {"Instant", "it means nothing in another process"},
    {"PathBuf", "use String"},
    {"OsString", "use String"},
    {"CString", "use String"},
};

void schema_parse_expected(struct parser *p, const char *what)
{
    const struct token *token = &p->lex.token;

    if (token->kind == TOKEN_END)
        source_error(p->lex.source, token->at, "expected %s, found the end of the file", what);
    else
        source_error(p->lex.source, token->at, "expected %s, found `%.*s`", what, (int)token->size, token->text);
}

bool schema_parse_mark(struct parser *p, char mark)
{
    const char what[] = {'`', mark, '`', '\0'};

    if (!lex_is_mark(&p->lex, mark)) {
        schema_parse_expected(p, what);
        return false;
    }
    lex_next(&p->lex);
    return true;
}

char *schema_parse_name(struct parser *p, const char *what)
{
    char *name;

    if (p->lex.token.kind != TOKEN_NAME) {
        schema_parse_expected(p, what);
        return NULL;
    }
    name = model_format(p->model, "%.*s", (int)p->lex.token.size, p->lex.token.text);
    lex_next(&p->lex);
    return name;
}

/* ---- Names that C has other uses for ---- */

const char *schema_c_name(struct model *model, const char *name)
{
    static const char words[] =
        " alignas alignof and and_eq asm auto bitand bitor bool break case catch char char16_t char32_t char8_t class "
        "co_await co_return co_yield compl concept const const_cast consteval constexpr constinit continue decltype "
        "default delete do double dynamic_cast else enum explicit export extern false float for friend goto if inline "
        "int long mutable namespace new noexcept not not_eq nullptr operator or or_eq private protected public register "
        "reinterpret_cast requires restrict return short signed sizeof static static_assert static_cast struct switch "
        "template this thread_local throw true try typedef typeid typename typeof union unsigned using virtual void "
        "volatile wchar_t while xor xor_eq linux unix errno stdin stdout stderr FILE NULL EOF tag mms_tag asm typeof "
        "typeof_unqual _Alignas _Alignof _Atomic _BitInt _Bool _Complex _Float16 _Generic _Imaginary _Noreturn "
        "_Static_assert _Thread_local size_t ssize_t ptrdiff_t max_align_t intptr_t uintptr_t int8_t int16_t int32_t "
        "int64_t uint8_t uint16_t uint32_t uint64_t main ";
    const char *found = strstr(words, model_format(model, " %s ", name));

    return found ? model_format(model, "%s_", name) : name;
}

/* ---- Containers ---- */

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
    entry->type.shape = MMS_SHAPE_NAMED;
    return &entry->type;
}

static struct model_type *make_container(struct model *model, size_t index, struct model_type **arguments, size_t at)
{
    int kind = containers[index].kind;
    struct model_type *a = arguments[0], *b = arguments[1], *type;
    const char *name =
        model_format(model, b ? "%s<%s, %s>" : "%s<%s>", containers[index].name, a->type.name, b ? b->type.name : "");
    const char *mangled =
        model_format(model, b ? "%s_%s_%s" : "%s_%s", containers[index].name, a->mangled, b ? b->mangled : "");

    type = model_find(model, name);
    if (type)
        return type;
    type = model_intern(model, name, mangled, kind, at);
    switch (kind) {
    case MMS_T_OPTION: add_variants(model, type, "None", NULL, "Some", &a->type); break;
    case MMS_T_RESULT: add_variants(model, type, "Ok", &a->type, "Err", &b->type); break;
    case MMS_T_MAP:
    case MMS_T_SET:
    case MMS_T_TREE: type->type.first = entry_of(model, type, a, b); break;
    default: type->type.first = &a->type; break;
    }
    return type;
}

/* Box<str> and Box<[T]>; NULL without an error: it is neither. The current token is what follows the `<`. */
static struct model_type *parse_fat_box(struct parser *p, size_t at)
{
    struct model *model = p->model;
    struct model_type *type = NULL, *item;

    if (lex_is_name(&p->lex, "str")) {
        lex_next(&p->lex);
        type = model_intern(model, "Box<str>", "Box_str", MMS_T_BOX_STR, at);
    } else if (lex_is_mark(&p->lex, '[')) {
        struct lexer before = p->lex;

        lex_next(&p->lex);
        item = schema_parse_type(p);
        if (item && lex_is_mark(&p->lex, ';')) {
            p->lex = before; /* an array */
            return NULL;
        }
        if (!item || !schema_parse_mark(p, ']'))
            return NULL;
        type = model_intern(model, model_format(model, "Box<[%s]>", item->type.name),
                            model_format(model, "Box_slice_%s", item->mangled), MMS_T_VEC, at);
        type->type.first = &item->type;
    }
    return type && schema_parse_mark(p, '>') ? type : NULL;
}

static struct model_type *parse_container(struct parser *p, size_t index, size_t at)
{
    struct model_type *arguments[2] = {NULL, NULL}, *fat;
    int count = containers[index].arguments, parsed = 0;

    if (!lex_is_mark(&p->lex, '<')) {
        schema_parse_expected(p, count == 1 ? "`<` and a type" : "`<` and two types");
        return NULL;
    }
    lex_next(&p->lex);
    if (containers[index].kind == MMS_T_BOX && ((fat = parse_fat_box(p, at)) || p->lex.source->failed))
        return fat;
    do {
        if (parsed > 0 && !schema_parse_mark(p, ','))
            return NULL;
        arguments[parsed] = schema_parse_type(p);
        if (!arguments[parsed])
            return NULL;
    } while (++parsed < count);
    if (lex_is_mark(&p->lex, ',')) {
        size_t comma = p->lex.token.at;

        lex_next(&p->lex);
        if (!lex_is_mark(&p->lex, '>')) {
            source_error(p->lex.source, comma,
                         "%s takes %d type%s here; a hasher or an allocator is no part of the data",
                         containers[index].name, count, count == 1 ? "" : "s");
            return NULL;
        }
    }
    return schema_parse_mark(p, '>') ? make_container(p->model, index, arguments, at) : NULL;
}

/* ---- Arrays and names ---- */

static bool parse_length(struct parser *p, uint64_t *length)
{
    char digits[40], *end;
    size_t used = 0;

    if (p->lex.token.kind != TOKEN_NUMBER) {
        schema_parse_expected(p, "the array's length as a number");
        return false;
    }
    for (size_t i = 0; i < p->lex.token.size && used < sizeof digits - 1; i++)
        if (p->lex.token.text[i] != '_')
            digits[used++] = p->lex.token.text[i];
    digits[used] = '\0';
    errno = 0;
    if (!strncmp(digits, "0b", 2))
        *length = strtoull(digits + 2, &end, 2);
    else if (!strncmp(digits, "0o", 2))
        *length = strtoull(digits + 2, &end, 8);
    else
        *length = strtoull(digits, &end, !strncmp(digits, "0x", 2) ? 16 : 10);
    if (errno != 0 || (*end && strcmp(end, "usize") != 0) || *length > UINT32_MAX) {
        source_error(p->lex.source, p->lex.token.at,
                     errno != 0 || *length > UINT32_MAX ? "an array of more than 2^32 - 1 elements"
                                                        : "this is no whole number");
        return false;
    }
    lex_next(&p->lex);
    return true;
}

static struct model_type *parse_array(struct parser *p, size_t at)
{
    struct model_type *item, *type;
    uint64_t length;

    lex_next(&p->lex);
    item = schema_parse_type(p);
    if (!item)
        return NULL;
    if (lex_is_mark(&p->lex, ']')) {
        source_error(p->lex.source, at, "a slice has no size of its own; use Vec<%s> or Box<[%s]>", item->type.name,
                     item->type.name);
        return NULL;
    }
    if (!schema_parse_mark(p, ';') || !parse_length(p, &length) || !schema_parse_mark(p, ']'))
        return NULL;
    type = model_intern(p->model, model_format(p->model, "[%s; %llu]", item->type.name, (unsigned long long)length),
                        model_format(p->model, "Array_%s_%llu", item->mangled, (unsigned long long)length), MMS_T_ARRAY,
                        at);
    type->type.first = &item->type;
    type->type.count = (size_t)length;
    return type;
}

static bool is_refused(struct parser *p, const char *name, size_t at)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (!strcmp(name, refused[i].name)) {
            source_error(p->lex.source, at, "%s cannot be archived; %s", name, refused[i].advice);
            return true;
        }
    return false;
}

static struct model_type *parse_named(struct parser *p)
{
    size_t at = p->lex.token.at;
    char *name = schema_parse_name(p, "a type");

    while (name && p->lex.token.kind == TOKEN_PATH) {
        lex_next(&p->lex);
        at = p->lex.token.at;
        name = schema_parse_name(p, "a type");
    }
    if (!name)
        return NULL;
    for (size_t i = 0; i < sizeof scalars / sizeof *scalars; i++)
        if (!strcmp(name, scalars[i].name))
            return model_intern(p->model, scalars[i].name, scalars[i].name, scalars[i].kind, at);
    for (size_t i = 0; i < sizeof containers / sizeof *containers; i++)
        if (!strcmp(name, containers[i].name))
            return parse_container(p, i, at);
    if (!model_find(p->model, name) && is_refused(p, name, at))
        return NULL;
    if (lex_is_mark(&p->lex, '<')) {
        source_error(p->lex.source, p->lex.token.at,
                     "%s<...> is generic; write a struct for each type that it is used with", name);
        return NULL;
    }
    return model_intern(p->model, name, schema_c_name(p->model, name), MODEL_UNDEFINED, at);
}

static struct model_type *parse_one(struct parser *p)
{
    static const char *const words[] = {"dyn", "impl", "fn", "unsafe", "extern", "for"};
    size_t at = p->lex.token.at;

    if (lex_is_mark(&p->lex, '['))
        return parse_array(p, at);
    if (lex_is_mark(&p->lex, '(')) {
        lex_next(&p->lex);
        if (!lex_is_mark(&p->lex, ')')) {
            source_error(p->lex.source, at, "tuples have no fixed layout in Rust; define a struct with these fields");
            return NULL;
        }
        lex_next(&p->lex);
        return model_intern(p->model, "()", "Unit", MMS_T_UNIT, at);
    }
    if (lex_is_mark(&p->lex, '&') || lex_is_mark(&p->lex, '*')) {
        source_error(p->lex.source, at, "references and raw pointers cannot be archived; use Box, or the type itself");
        return NULL;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (lex_is_name(&p->lex, words[i])) {
            source_error(p->lex.source, at, "`%s` types cannot be archived", words[i]);
            return NULL;
        }
    return parse_named(p);
}

struct model_type *schema_parse_type(struct parser *p)
{
    struct model_type *type;

    if (p->lex.token.kind == TOKEN_PATH)
        lex_next(&p->lex);
    if (++p->depth > DEEPEST) {
        source_error(p->lex.source, p->lex.token.at, "types are nested more than %d deep", DEEPEST);
        return NULL;
    }
    type = parse_one(p);
    p->depth--;
    if (p->model->count > MOST_TYPES)
        source_error(p->lex.source, p->lex.token.at, "more than %d types", MOST_TYPES);
    return p->lex.source->failed ? NULL : type;
}
