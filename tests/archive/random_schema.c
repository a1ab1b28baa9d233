/* SPDX-License-Identifier: Apache-2.0 */
#include "random_schema.h"
#include <stdlib.h>

enum { MOST_TYPES = 6, MOST_FIELDS = 6, DEPTH = 3 };

static const char *const plain[] = {
    "u8",           "u16",          "u32",       "u64",        "u128",       "i8",         "i16",         "i32",
    "i64",          "i128",         "f32",       "f64",        "usize",      "isize",      "bool",        "char",
    "String",       "Duration",     "()",        "Uuid",       "IpAddr",     "Ipv4Addr",   "Ipv6Addr",    "SocketAddr",
    "SocketAddrV4", "SocketAddrV6", "NonZeroU8", "NonZeroI16", "NonZeroU32", "NonZeroU64", "NonZeroI128",
};

/* Of all maps and sets. */
static const char *const keys[] = {"u8",  "u16", "u32",  "u64",  "u128",   "i8",
                                   "i32", "i64", "bool", "char", "String", "NonZeroU16"};

struct text {
    FILE *out;
    struct random *random;
    unsigned types; /* T0 to the one before that may be used */
};

static unsigned below(struct text *text, size_t n)
{
    return (unsigned)(random_draw(text->random) % n);
}

static void put_type(struct text *text, unsigned depth);

static void put_wrapped(struct text *text, const char *before, unsigned depth, const char *after)
{
    fputs(before, text->out);
    put_type(text, depth);
    fputs(after, text->out);
}

static void put_keyed(struct text *text, const char *name, bool value, unsigned depth)
{
    fprintf(text->out, "%s<%s", name, keys[below(text, sizeof keys / sizeof *keys)]);
    if (value)
        put_wrapped(text, ", ", depth, "");
    putc('>', text->out);
}

static void put_container(struct text *text, unsigned depth)
{
    switch (below(text, 11)) {
    case 0: put_wrapped(text, "Option<", depth, ">"); break;
    case 1: put_wrapped(text, "Vec<", depth, ">"); break;
    case 2: put_wrapped(text, "Box<", depth, ">"); break;
    case 3: put_wrapped(text, "Box<[", depth, "]>"); break;
    case 4:
        put_wrapped(text, "Result<", depth, ", ");
        put_wrapped(text, "", depth, ">");
        break;
    case 5:
        put_wrapped(text, "[", depth, "");
        fprintf(text->out, "; %u]", below(text, 4));
        break;
    case 6: put_keyed(text, "HashMap", true, depth); break;
    case 7: put_keyed(text, "BTreeMap", true, depth); break;
    case 8: put_keyed(text, "HashSet", false, depth); break;
    case 9: put_keyed(text, "BTreeSet", false, depth); break;
    default: put_wrapped(text, "Range<", 0, ">"); break;
    }
}

static void put_type(struct text *text, unsigned depth)
{
    if (depth > 0 && below(text, 2))
        put_container(text, depth - 1);
    else if (text->types > 0 && below(text, 3) == 0)
        fprintf(text->out, "T%u", below(text, text->types));
    else
        fputs(plain[below(text, sizeof plain / sizeof *plain)], text->out);
}

/* Of a struct or a variant. */
static void put_fields(struct text *text, bool named, unsigned least)
{
    unsigned count = least + below(text, MOST_FIELDS + 1 - least);

    fputs(named ? " {" : "(", text->out);
    for (unsigned i = 0; i < count; i++) {
        if (named)
            fprintf(text->out, " f%u:", i);
        put_wrapped(text, " ", DEPTH, ",");
    }
    fputs(named ? " }" : ")", text->out);
}

static void put_struct(struct text *text, const char *name)
{
    bool named = below(text, 3) > 0;

    fprintf(text->out, "struct %s", name);
    put_fields(text, named, 1);
    fputs(named ? "\n" : ";\n", text->out);
}

static void put_enum(struct text *text, const char *name)
{
    unsigned variants = 1 + below(text, 4);

    fprintf(text->out, "enum %s {", name);
    for (unsigned i = 0; i < variants; i++) {
        fprintf(text->out, " V%u", i);
        if (below(text, 2))
            put_fields(text, below(text, 2), 0);
        putc(',', text->out);
    }
    fputs(" }\n", text->out);
}

char *random_schema(struct random *random)
{
    char *result = NULL;
    size_t size;
    struct text text = {.out = open_memstream(&result, &size), .random = random};
    unsigned types = below(&text, MOST_TYPES);

    if (!text.out)
        abort();
    for (; text.types < types; text.types++) {
        char name[8];

        snprintf(name, sizeof name, "T%u", text.types);
        if (below(&text, 2))
            put_struct(&text, name);
        else
            put_enum(&text, name);
    }
    put_struct(&text, "Root");
    fclose(text.out);
    return result;
}
