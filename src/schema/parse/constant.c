/* SPDX-License-Identifier: Apache-2.0 */
/* Constant expressions, as far as array lengths need them. */
#include "schema/parse/parse.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { DEEPEST_EXPRESSION = 64 };

/* A value, and its type if that is known: a literal alone has none. */
struct number {
    int64_t value;
    unsigned bits; /* 0: any integer */
    bool is_signed;
};

static bool parse_binary(struct parser *p, int level, struct number *n);

/* ---- Types of integers ---- */

static bool set_type(struct number *n, const char *name, size_t size)
{
    static const struct {
        const char *name;
        unsigned bits;
        bool is_signed;
    } types[] = {
        {"u8", 8, false},     {"u16", 16, false},  {"u32", 32, false},  {"u64", 64, false}, {"usize", 64, false},
        {"i8", 8, true},      {"i16", 16, true},   {"i32", 32, true},   {"i64", 64, true},  {"isize", 64, true},
        {"u128", 128, false}, {"i128", 128, true}, {"char", 32, false}, {"bool", 8, false},
    };

    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strlen(types[i].name) == size && !memcmp(types[i].name, name, size)) {
            n->bits = types[i].bits;
            n->is_signed = types[i].is_signed;
            return true;
        }
    return false;
}

static int64_t largest(const struct number *n)
{
    unsigned bits = n->bits - (n->is_signed ? 1 : 0);

    return bits > 62 ? INT64_MAX : (int64_t)((UINT64_C(1) << bits) - 1);
}

static bool fits(const struct number *n)
{
    if (n->bits == 0)
        return true;
    if (!n->is_signed)
        return n->value >= 0 && n->value <= largest(n);
    return n->value <= largest(n) && n->value >= -largest(n) - 1;
}

static bool too_large(struct parser *p, size_t at)
{
    source_error(p->lex.source, at, "the value of this expression does not fit its type");
    return false;
}

static bool unknown(struct parser *p, size_t at)
{
    source_error(p->lex.source, at, "mmsc cannot evaluate this expression; write the number");
    return false;
}

/* ---- Literals ---- */

static bool parse_digits(const char *digits, size_t size, struct number *n)
{
    char text[80], *end;
    size_t used = 0;
    int base = 10;

    if (size > 2 && digits[0] == '0' && strchr("box", digits[1])) {
        base = digits[1] == 'x' ? 16 : digits[1] == 'o' ? 8 : 2;
        digits += 2;
        size -= 2;
    }
    for (size_t i = 0; i < size && used < sizeof text - 1; i++)
        if (digits[i] != '_')
            text[used++] = digits[i];
    text[used] = '\0';
    errno = 0;
    n->value = strtoll(text, &end, base);
    return errno == 0 && end != text && *text != '-' && *text != '+' && (!*end || set_type(n, end, strlen(end)));
}

static bool parse_number(struct parser *p, struct number *n)
{
    if (!parse_digits(p->lex.token.text, p->lex.token.size, n)) {
        source_error(p->lex.source, p->lex.token.at,
                     errno != 0 ? "an array of more than 2^32 - 1 elements" : "this is not a whole number");
        return false;
    }
    lex_next(&p->lex);
    return true;
}

/* What stands between the quotes of 'a', '\n' or '\x41'; -1: something else. */
static int character(const char *text, size_t size)
{
    static const char escapes[] = "n\nr\rt\t\\\\0\0'\'\"\"";
    char *end;
    long value;

    if (size == 1 && (unsigned char)*text < 0x80)
        return *text;
    if (size == 2 && *text == '\\')
        for (size_t i = 0; i + 1 < sizeof escapes - 1; i += 2)
            if (escapes[i] == text[1])
                return escapes[i + 1];
    if (size != 4 || text[0] != '\\' || text[1] != 'x')
        return -1;
    value = strtol(text + 2, &end, 16);
    return end == text + 4 ? (int)value : -1;
}

/* b'a' and 'a' */
static bool parse_byte(struct parser *p, struct number *n)
{
    const char *text = p->lex.token.text;
    size_t first = *text == 'b' ? 2 : 1;
    int value = -1;

    if (p->lex.token.size > first + 1 && text[first - 1] == '\'')
        value = character(text + first, p->lex.token.size - first - 1);
    if (value < 0)
        return unknown(p, p->lex.token.at);
    *n = (struct number){.value = value, .bits = first == 2 ? 8 : 32};
    lex_next(&p->lex);
    return true;
}

/* ---- Paths ---- */

/* Another constant, where it is defined. */
static bool parse_constant(struct parser *p, const struct item *item, size_t at, struct number *n)
{
    struct item *busy = (struct item *)(uintptr_t)item;
    struct parser there = *p;
    struct number declared = {.bits = 0};
    bool good;

    if (item->busy) {
        source_error(p->lex.source, at, "`%s` depends on itself", item->name);
        return false;
    }
    if (++there.depth > DEEPEST_EXPRESSION || ++p->model->expansions > MOST_EXPANSIONS)
        return unknown(p, at);
    there.scope = item->scope;
    lex_go(&there.lex, item->body);
    if (lex_is_mark(&there.lex, ':')) {
        lex_next(&there.lex);
        if (!set_type(&declared, there.lex.token.text, there.lex.token.size))
            return unknown(p, at);
        lex_next(&there.lex);
    }
    if (!lex_is_mark(&there.lex, '='))
        return unknown(p, at);
    lex_next(&there.lex);
    busy->busy = true;
    good = parse_binary(&there, 0, n) && (lex_is_mark(&there.lex, ';') || unknown(p, at));
    busy->busy = false;
    p->warned = there.warned;
    n->bits = declared.bits;
    n->is_signed = declared.is_signed;
    return good && (fits(n) || too_large(p, at));
}

/* size_of::<u32>(), behind the name. */
static bool parse_size_of(struct parser *p, size_t at, struct number *n)
{
    struct number type = {.bits = 0};

    if (p->lex.token.kind != TOKEN_PATH || !token_is_mark(lex_ahead(&p->lex, 1), '<') ||
        !set_type(&type, lex_ahead(&p->lex, 2)->text, lex_ahead(&p->lex, 2)->size) ||
        !token_is_mark(lex_ahead(&p->lex, 3), '>') || !token_is_mark(lex_ahead(&p->lex, 4), '(') ||
        !token_is_mark(lex_ahead(&p->lex, 5), ')'))
        return unknown(p, at);
    for (int i = 0; i < 6; i++)
        lex_next(&p->lex);
    *n = (struct number){.value = type.bits / 8, .bits = 64};
    return true;
}

/* u8::MAX, std::u32::BITS */
static bool known_constant(const char *type, const char *name, struct number *n)
{
    struct number of = {.bits = 0};

    if (!set_type(&of, type, strlen(type)))
        return false;
    if (!strcmp(name, "MAX") && of.bits < 64)
        of.value = largest(&of);
    else if (!strcmp(name, "MIN") && of.bits < 64)
        of.value = of.is_signed ? -largest(&of) - 1 : 0;
    else if (!strcmp(name, "BITS"))
        of = (struct number){.value = of.bits, .bits = 32};
    else
        return false;
    *n = of;
    return true;
}

/* Type::NAME and Self::NAME, of an impl block. */
static const struct item *associated(struct parser *p, const char *type, const char *name)
{
    const struct scope *scope;

    if (!strcmp(type, "Self")) {
        if (p->self)
            type = p->self->name;
        else if (p->scope->is_impl)
            return names_get(&p->scope->values, name);
    }
    scope = names_get(&p->impls, type);
    return scope ? names_get(&scope->values, name) : NULL;
}

static bool parse_path(struct parser *p, struct number *n)
{
    size_t at = p->lex.token.at;
    const char *path = p->lex.token.kind == TOKEN_PATH ? "::" : "", *name = "", *type = "";
    struct found found;
    const struct item *item;

    for (;;) {
        if (p->lex.token.kind == TOKEN_PATH && lex_ahead(&p->lex, 1)->kind == TOKEN_NAME)
            lex_next(&p->lex);
        if (p->lex.token.kind != TOKEN_NAME)
            break;
        type = name;
        name = model_format(p->model, "%.*s", (int)p->lex.token.size, p->lex.token.text);
        path = model_format(p->model, "%s%s%s", path, *type ? "::" : "", name);
        lex_next(&p->lex);
        if (p->lex.token.kind != TOKEN_PATH || lex_ahead(&p->lex, 1)->kind != TOKEN_NAME)
            break;
    }
    if (!strcmp(name, "size_of") || !strcmp(name, "align_of"))
        return parse_size_of(p, at, n);
    if (lex_opens(&p->lex) || lex_is_mark(&p->lex, '!') || p->lex.token.kind == TOKEN_PATH)
        return unknown(p, at);
    if (known_constant(type, name, n))
        return true;
    found = schema_resolve(p, p->scope, path, true);
    item = *type && (!found.item || found.item->kind != ITEM_CONSTANT) ? associated(p, type, name) : found.item;
    if (!item || item->kind != ITEM_CONSTANT) {
        source_error(p->lex.source, at, "there is no constant `%s` in this file; write the number", path);
        return false;
    }
    if (found.open || item->open) {
        cfg_error(p->lex.source, found.open ? found.open : item->open, model_format(p->model, "`%s`", item->name));
        return false;
    }
    return parse_constant(p, item, at, n);
}

/* ---- Operators ---- */

static bool parse_primary(struct parser *p, struct number *n)
{
    *n = (struct number){.value = 0};
    if (p->lex.token.kind == TOKEN_NUMBER)
        return parse_number(p, n);
    if (p->lex.token.kind == TOKEN_TEXT)
        return parse_byte(p, n);
    if (lex_is_mark(&p->lex, '(') || lex_is_mark(&p->lex, '{')) {
        char close = lex_is_mark(&p->lex, '(') ? ')' : '}';

        lex_next(&p->lex);
        return parse_binary(p, 0, n) && schema_parse_mark(p, close);
    }
    if (p->lex.token.kind == TOKEN_PATH ||
        (p->lex.token.kind == TOKEN_NAME && !lex_is_name(&p->lex, "if") && !lex_is_name(&p->lex, "match") &&
         !lex_is_name(&p->lex, "unsafe") && !lex_is_name(&p->lex, "const")))
        return parse_path(p, n);
    return unknown(p, p->lex.token.at);
}

static bool parse_unary(struct parser *p, struct number *n)
{
    size_t at = p->lex.token.at;
    bool minus = lex_is_mark(&p->lex, '-'), complement = lex_is_mark(&p->lex, '!');
    bool good;

    if (!minus && !complement)
        return parse_primary(p, n) && (!lex_is_mark(&p->lex, '.') || unknown(p, p->lex.token.at));
    lex_next(&p->lex);
    if (++p->depth > DEEPEST_EXPRESSION)
        return unknown(p, at);
    good = parse_unary(p, n);
    p->depth--;
    if (!good)
        return false;
    if (complement)
        n->value = n->is_signed ? ~n->value : largest(n) ^ n->value;
    else
        n->value = -n->value;
    return (complement && (n->bits == 0 || n->bits > 63) && !n->is_signed) || !fits(n) ? too_large(p, at) : true;
}

/* Cut to a type, as Rust does. */
static bool cut(struct parser *p, size_t at, struct number *n, const struct number *type)
{
    uint64_t bits = (uint64_t)n->value;

    if (type->bits < 64) {
        bits &= (UINT64_C(1) << type->bits) - 1;
        if (type->is_signed && bits >> (type->bits - 1))
            bits |= ~((UINT64_C(1) << type->bits) - 1);
    } else if (!type->is_signed && n->value < 0) {
        return too_large(p, at);
    }
    *n = *type;
    n->value = (int64_t)bits;
    return true;
}

static bool parse_cast(struct parser *p, struct number *n)
{
    if (!parse_unary(p, n))
        return false;
    while (lex_is_name(&p->lex, "as")) {
        struct number type = {.bits = 0};

        lex_next(&p->lex);
        if (p->lex.token.kind != TOKEN_NAME || !set_type(&type, p->lex.token.text, p->lex.token.size))
            return unknown(p, p->lex.token.at);
        if (!cut(p, p->lex.token.at, n, &type))
            return false;
        lex_next(&p->lex);
    }
    return true;
}

/* An operator of a level, from | to *; 0: none. `l` is <<, `r` is >>. */
static char operator_at(const struct parser *p, int level)
{
    static const char *const levels[] = {"|", "^", "&", "lr", "+-", "*/%"};
    const struct token *token = lex_ahead(&p->lex, 0), *next = lex_ahead(&p->lex, 1);
    char mark;

    if (token->kind != TOKEN_MARK)
        return '\0';
    mark = *token->text;
    if (mark == '<' || mark == '>') {
        if (!token_is_mark(next, mark) || next->at != token->at + 1)
            return '\0';
        mark = "lr"[mark == '>'];
    }
    if (!strchr(levels[level], mark))
        return '\0';
    return mark;
}

static bool apply(char sign, const struct number *a, const struct number *b, int64_t *result)
{
    switch (sign) {
    case '+': return !__builtin_add_overflow(a->value, b->value, result);
    case '-': return !__builtin_sub_overflow(a->value, b->value, result);
    case '*': return !__builtin_mul_overflow(a->value, b->value, result);
    case '/':
    case '%':
        if (b->value == 0 || (b->value == -1 && a->value == INT64_MIN))
            return false;
        *result = sign == '/' ? a->value / b->value : a->value % b->value;
        return true;
    case '|': *result = a->value | b->value; return true;
    case '&': *result = a->value & b->value; return true;
    case '^': *result = a->value ^ b->value; return true;
    case 'r':
        *result = b->value >= 0 && b->value < 63 ? a->value >> b->value : 0;
        return b->value >= 0 && (a->bits == 0 || b->value < (int64_t)a->bits);
    default:
        if (b->value < 0 || b->value > 62 || (a->bits > 0 && b->value >= (int64_t)a->bits))
            return false;
        if (a->bits > 0 && a->bits < 64) { /* what is shifted out is lost */
            *result = (int64_t)((uint64_t)a->value << b->value & ((UINT64_C(1) << a->bits) - 1));
            return !a->is_signed || *result <= largest(a);
        }
        return !__builtin_mul_overflow(a->value, (int64_t)1 << b->value, result);
    }
}

static bool refuse_operation(struct parser *p, size_t at, char sign, const struct number *right)
{
    if (!strchr("/%", sign) || right->value != 0)
        return too_large(p, at);
    source_error(p->lex.source, at, "this divides by zero");
    return false;
}

static bool parse_binary(struct parser *p, int level, struct number *n)
{
    enum { LEVELS = 6, SHIFTS = 3 };
    bool good;
    char sign;

    if (level == LEVELS)
        return parse_cast(p, n);
    if (level == 0 && ++p->depth > DEEPEST_EXPRESSION)
        return unknown(p, p->lex.token.at);
    good = parse_binary(p, level + 1, n);
    while (good && (sign = operator_at(p, level)) != '\0') {
        size_t at = p->lex.token.at;
        struct number right;

        lex_next(&p->lex);
        if (level == SHIFTS)
            lex_next(&p->lex);
        good = parse_binary(p, level + 1, &right);
        if (good && !apply(sign, n, &right, &n->value))
            good = refuse_operation(p, at, sign, &right);
        if (good && level != SHIFTS && n->bits == 0) {
            n->bits = right.bits;
            n->is_signed = right.is_signed;
        }
        good = good && (fits(n) || too_large(p, at));
    }
    if (level == 0)
        p->depth--;
    return good;
}

bool schema_parse_length(struct parser *p, uint64_t *length)
{
    size_t at = p->lex.token.at;
    struct number n;

    if (!parse_binary(p, 0, &n))
        return false;
    if (n.value < 0) {
        source_error(p->lex.source, at, "the length of an array is negative");
        return false;
    }
    if (n.value > UINT32_MAX) {
        source_error(p->lex.source, at, "an array of more than 2^32 - 1 elements");
        return false;
    }
    *length = (uint64_t)n.value;
    return true;
}
