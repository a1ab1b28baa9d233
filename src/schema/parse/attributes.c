/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes: what they say about a type and its archive. Those that change the archive are
   refused, whatever cfg_attr they stand in, unless --cfg decides that they are not there. */
#include "schema/parse/parse.h"
#include <string.h>

struct reader {
    struct parser *p;
    struct attributes *a;
    enum place place;
    bool open; /* in a cfg_attr that may not hold */
};

static void read_one(struct reader *r, size_t end);

/* Attributes and derives that do not affect fields or archives: Rust's own, and helpers of
   common derives. */
static const char harmless[] =
    " allow warn deny forbid expect deprecated must_use doc repr non_exhaustive default inline cold track_caller "
    "automatically_derived no_mangle unsafe export_name link_section used test ignore should_panic bench "
    "rustfmt clippy diagnostic rust_analyzer omit_bounds check_bytes bytecheck serde serde_as schemars schema builder "
    "getset derivative educe derive_where strum error from source backtrace arbitrary proptest validate garde clap arg "
    "command structopt sqlx diesel prost borsh minicbor bincode cbor n zeroize display debug display_fmt into as_ref "
    "deref deref_mut constructor is_variant unwrap mul index partial_eq graphql juno ts typeshare specta uniffi "
    "pyclass pyo3 wasm_bindgen napi cfg_eval derive macro_use path no_std feature recursion_limit crate_type ";

static bool is_in(const char *words, const struct token *token)
{
    char word[40] = " ";

    if (token->size > sizeof word - 3)
        return false;
    memcpy(word + 1, token->text, token->size);
    word[token->size + 1] = ' ';
    return strstr(words, word) != NULL;
}

static bool begins(const struct token *token, const char *text)
{
    return token->size >= strlen(text) && !memcmp(token->text, text, strlen(text));
}

/* ---- Refusals ---- */

/* An error, with another way out where a cfg_attr may not hold. */
static void refuse(const struct reader *r, const struct token *at, const char *why)
{
    source_error(r->p->lex.source, at->at, "`%.*s` %s%s", (int)at->size, at->text, why,
                 r->open ? "; --cfg can say that this cfg_attr does not hold" : "");
}

static void refuse_with(const struct reader *r, const struct token *at)
{
    if (r->place != ON_ITEM)
        source_error(r->p->lex.source, at->at, "#[with(...)] stores another type; write that type instead%s",
                     r->open ? "; --cfg can say that this cfg_attr does not hold" : "");
}

/* ---- Lists in parentheses ---- */

/* For each part between commas: the lexer is at its first token, and is then moved to the
   comma. */
static void for_each(struct reader *r, void (*read)(struct reader *r, size_t end))
{
    struct parser *p = r->p;
    size_t close = p->lex.token.pair;

    lex_next(&p->lex);
    while (p->lex.index < close) {
        struct lexer start = p->lex;
        size_t end;

        schema_skip_to(p, ',', close, false);
        end = p->lex.index;
        p->lex = start;
        if (p->lex.index < end)
            read(r, end);
        lex_go(&p->lex, end);
        if (end < close)
            lex_next(&p->lex);
    }
    lex_next(&p->lex);
}

/* ---- derive ---- */

static char *read_path(struct parser *p, size_t end)
{
    char *path = model_format(p->model, "%s", p->lex.token.kind == TOKEN_PATH ? "::" : "");

    for (; p->lex.index < end && (p->lex.token.kind == TOKEN_PATH || p->lex.token.kind == TOKEN_NAME);
         lex_next(&p->lex))
        if (p->lex.token.kind == TOKEN_NAME)
            path = model_format(p->model, "%s%s%.*s", path, *path && strcmp(path, "::") != 0 ? "::" : "",
                                (int)p->lex.token.size, p->lex.token.text);
    return path;
}

static const char *last_of(const char *path)
{
    const char *colon = strrchr(path, ':');

    return colon ? colon + 1 : path;
}

static void read_derive(struct reader *r, size_t end)
{
    const char *path = read_path(r->p, end);

    if (strcmp(last_of(path), "Archive") != 0) {
        struct found found = schema_resolve(r->p, r->p->scope, path, false);

        path = found.path ? found.path : "";
    }
    r->a->archived = r->a->archived || !strcmp(last_of(path), "Archive");
}

/* ---- repr(...) of the archived type ---- */

static void read_repr(struct reader *r, size_t end)
{
    const struct token *at = lex_ahead(&r->p->lex, 0);

    (void)end;
    if (r->place == ON_ITEM)
        return;
    if (r->place != ON_TYPE || r->a->repr_count == MOST_REPRS)
        refuse(r, at, "changes the layout of the archived type; only the default is supported");
    else
        r->a->reprs[r->a->repr_count++] = at;
}

static void read_repr_list(struct reader *r)
{
    lex_next(&r->p->lex);
    if (lex_is_mark(&r->p->lex, '('))
        for_each(r, read_repr);
}

static bool allows_struct(const struct token *repr, const struct model_type *type)
{
    return token_is_name(repr, "C") || (token_is_name(repr, "transparent") && type->type.count == 1);
}

/* The tag's size in bits; signed ones have room for half as many variants. */
static bool allows_enum(const struct token *repr, const struct model_type *type)
{
    const char *bits = type->type.tag_size == 1 ? "8" : "16";
    size_t size = strlen(bits);

    if (repr->size != size + 1 || memcmp(repr->text + 1, bits, size) != 0)
        return false;
    return *repr->text == 'u' || (*repr->text == 'i' && type->type.count <= (type->type.tag_size == 1 ? 128 : 32768));
}

bool schema_check_reprs(struct parser *p, const struct attributes *a, const struct model_type *type)
{
    for (size_t i = 0; i < a->repr_count; i++) {
        const struct token *repr = a->reprs[i];

        if (type->type.kind == MMS_T_ENUM ? allows_enum(repr, type) : allows_struct(repr, type))
            continue;
        source_error(p->lex.source, repr->at,
                     "`%.*s` changes the layout of the archived type; only the default is supported", (int)repr->size,
                     repr->text);
        return false;
    }
    return true;
}

/* ---- archive(...) and archive_attr(...) ---- */

static void read_archive(struct reader *r, size_t end)
{
    static const char known[] = " check_bytes copy_safe compare bound archived resolver crate ";
    const struct token *at = lex_ahead(&r->p->lex, 0);

    (void)end;
    if (r->place == ON_ITEM || is_in(known, at))
        return;
    if (token_is_name(at, "repr"))
        read_repr_list(r);
    else if (token_is_name(at, "as"))
        refuse(r, at, "changes the layout of the archived type; only the default is supported");
    else
        refuse(r, at, "is unknown to #[archive(...)] of rkyv 0.7");
}

/* What is put on the archived type, or on its field. A cfg_attr in it may hold at any time,
   --cfg or not. */
static void read_archive_attr(struct reader *r, size_t end)
{
    const struct token *at = lex_ahead(&r->p->lex, 0);

    (void)end;
    if (r->place == ON_ITEM)
        return;
    if (token_is_name(at, "repr")) {
        if (r->place == ON_TYPE)
            read_repr_list(r);
        else
            refuse(r, at, "changes the layout of the archived type; only the default is supported");
    } else if (!is_in(harmless, at)) {
        refuse(r, at, "may change the archived type; mmsc accepts only attributes that do not");
    }
}

/* ---- mmsync's own ---- */

static void read_own(const struct reader *r, const struct token *at)
{
    const struct token *word = at + 1;

    if (word->kind == TOKEN_PATH && token_is_name(word + 1, "table")) {
        r->a->table = at;
        if (r->place != ON_ITEM && r->place != ON_ALIAS)
            source_error(r->p->lex.source, at->at,
                         "#[mmsync::table] stands before an alias: type NAME = HashMap<K, V>;");
        return;
    }
    source_error(r->p->lex.source, at->at, "mmsync has no such attribute; it has #[mmsync::table]");
}

/* In cfg_attr(any(), ...), which never holds: Rust does not look for these attributes there, and they
   are there for mmsc. */
static void read_own_list(const struct reader *r, size_t close)
{
    struct parser *p = r->p;

    while (p->lex.index < close) {
        schema_skip_to(p, ',', close, false);
        if (p->lex.index < close)
            lex_next(&p->lex);
        if (p->lex.index < close && lex_is_name(&p->lex, "mmsync"))
            read_own(r, lex_ahead(&p->lex, 0));
    }
}

/* ---- cfg and cfg_attr ---- */

static bool never_holds(const struct token *at)
{
    return token_is_name(at, "any") && token_is_mark(at + 1, '(') && token_is_mark(at + 2, ')');
}

static void add_condition(struct attributes *a, enum cfg_answer answer, const struct token *open, bool test_only)
{
    a->kept = cfg_both(a->kept, answer);
    if (answer == CFG_OPEN) {
        a->open = open;
        a->test_only = a->test_only || test_only;
    }
}

/* Is a predicate false if `test` is? */
static bool is_test_only(struct parser *p)
{
    struct cfg cfg = {.count = p->lex.source->cfg ? p->lex.source->cfg->count : 0};
    const struct cfg *before = p->lex.source->cfg;
    const struct token *open;
    struct lexer lexer = p->lex;
    enum cfg_answer answer;

    cfg.facts = model_allocate(p->model, (cfg.count + 1) * sizeof *cfg.facts);
    if (cfg.count > 0)
        memcpy(cfg.facts, before->facts, cfg.count * sizeof *cfg.facts);
    cfg.facts[cfg.count++] = (struct cfg_fact){.key = "test", .key_size = 4};
    p->lex.source->cfg = &cfg;
    answer = cfg_evaluate(&lexer, &open);
    p->lex.source->cfg = before;
    return answer == CFG_FALSE;
}

static void read_cfg(struct reader *r, size_t end)
{
    const struct token *open = NULL;
    bool test_only = is_test_only(r->p);
    enum cfg_answer answer = cfg_evaluate(&r->p->lex, &open);

    if (r->p->lex.index != end && answer != CFG_OPEN) {
        open = lex_ahead(&r->p->lex, 0);
        answer = CFG_OPEN; /* what it is nobody knows */
    }
    if (r->open && answer == CFG_FALSE) {
        answer = CFG_OPEN;
        open = lex_ahead(&r->p->lex, 0);
    }
    add_condition(r->a, answer, open, test_only && !r->open);
}

/* cfg_attr(predicate, attribute, ...) */
static void read_cfg_attr(struct reader *r)
{
    struct parser *p = r->p;
    size_t close = p->lex.token.pair;
    const struct token *open = NULL;
    enum cfg_answer answer;
    bool before = r->open;

    lex_next(&p->lex);
    if (never_holds(lex_ahead(&p->lex, 0))) {
        read_own_list(r, close);
        return;
    }
    answer = cfg_evaluate(&p->lex, &open);
    if (answer == CFG_FALSE)
        return;
    r->open = r->open || answer == CFG_OPEN;
    schema_skip_to(p, ',', close, false);
    while (p->lex.index < close) {
        struct lexer start;
        size_t end;

        lex_next(&p->lex);
        start = p->lex;
        schema_skip_to(p, ',', close, false);
        end = p->lex.index;
        p->lex = start;
        if (p->lex.index < end)
            read_one(r, end);
        lex_go(&p->lex, end);
    }
    r->open = before;
}

/* ---- One attribute ---- */

static void read_unknown(const struct reader *r, const struct token *at)
{
    const char *name;

    if (r->place == ON_ITEM || is_in(harmless, at))
        return;
    if (begins(at, "archive") || begins(at, "rkyv")) {
        refuse(r, at, "is an attribute of rkyv that mmsc does not know");
        return;
    }
    name = model_format(r->p->model, "%.*s", (int)at->size, at->text);
    if (names_add(r->p->model, &r->p->warned, name, name))
        source_warning(r->p->lex.source, at->at,
                       "mmsc does not know the attribute `%s`; if it changes fields, the archive will differ", name);
}

/* #[repr(u8)]: 1; #[repr(u16)]: 2. */
static unsigned repr_size(const struct parser *p, size_t end)
{
    unsigned size = 0;

    for (size_t i = p->lex.index; i < end; i++) {
        size = token_is_name(&p->lex.tokens[i], "u8") ? 1 : size;
        size = token_is_name(&p->lex.tokens[i], "u16") ? 2 : size;
    }
    return size;
}

/* A list in parentheses, and nothing behind it. */
static bool has_list(const struct reader *r, size_t end)
{
    const struct token *next = lex_ahead(&r->p->lex, 1);

    return token_is_mark(next, '(') && next->pair + 1 == end;
}

/* The lexer is at its name; what is before `end` belongs to it. */
static void read_one(struct reader *r, size_t end)
{
    struct parser *p = r->p;
    const struct token *at = lex_ahead(&p->lex, 0);
    bool list = has_list(r, end);

    if (token_is_name(at, "cfg") || token_is_name(at, "cfg_attr") || token_is_name(at, "derive") ||
        token_is_name(at, "archive") || token_is_name(at, "archive_attr")) {
        if (!list) {
            source_error(p->lex.source, at->at, "`%.*s` needs a list in parentheses", (int)at->size, at->text);
            return;
        }
        lex_next(&p->lex);
        if (token_is_name(at, "cfg_attr"))
            read_cfg_attr(r);
        else
            for_each(r, token_is_name(at, "cfg")       ? read_cfg
                        : token_is_name(at, "derive")  ? read_derive
                        : token_is_name(at, "archive") ? read_archive
                                                       : read_archive_attr);
    } else if (token_is_name(at, "repr") && list) {
        if (!r->open)
            r->a->tag_repr = repr_size(p, end);
    } else if (token_is_name(at, "mmsync")) {
        read_own(r, at);
    } else if (token_is_name(at, "with")) {
        refuse_with(r, at);
    } else if (token_is_name(at, "rkyv") && !(at[1].kind == TOKEN_PATH)) {
        source_error(p->lex.source, at->at,
                     "#[rkyv(...)] belongs to rkyv 0.8, whose archives differ; mmsc takes schemas for rkyv 0.7");
    } else {
        read_unknown(r, at);
    }
}

/* ---- Doc comments ---- */

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

/* ---- All ---- */

/* At the bracket. */
static void read_attribute(struct parser *p, enum place place, struct attributes *a)
{
    struct reader r = {.p = p, .a = a, .place = place};
    size_t close = p->lex.token.pair;

    lex_next(&p->lex);
    if (p->lex.index < close)
        read_one(&r, close);
    lex_go(&p->lex, close);
    lex_next(&p->lex);
}

bool schema_parse_attributes(struct parser *p, enum place place, struct attributes *a)
{
    *a = (struct attributes){.kept = CFG_TRUE};
    for (;;) {
        if (p->lex.token.kind == TOKEN_DOC) {
            if (place != ON_ITEM)
                add_doc(p, &a->doc);
            lex_next(&p->lex);
        } else if (lex_is_mark(&p->lex, '#')) {
            lex_next(&p->lex);
            if (lex_is_mark(&p->lex, '!'))
                lex_next(&p->lex);
            if (!lex_is_mark(&p->lex, '[')) {
                schema_parse_expected(p, "`[`");
                return false;
            }
            read_attribute(p, place, a);
        } else {
            return true;
        }
    }
}

void schema_parse_inner_attributes(struct parser *p, struct attributes *a)
{
    *a = (struct attributes){.kept = CFG_TRUE};
    while (lex_is_mark(&p->lex, '#') && token_is_mark(lex_ahead(&p->lex, 1), '!') &&
           token_is_mark(lex_ahead(&p->lex, 2), '[')) {
        lex_next(&p->lex);
        lex_next(&p->lex);
        read_attribute(p, ON_ITEM, a);
    }
}
