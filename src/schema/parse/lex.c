/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/parse/lex.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Where a text is cut into tokens. */
struct scanner {
    struct source *source;
    size_t at;
    struct token token;
};

/* Names may have other letters than ASCII's; schema_parse_name refuses those that C is to have. */
static bool is_name_start(char c)
{
    return isalpha((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_name_byte(char c)
{
    return is_name_start(c) || isdigit((unsigned char)c);
}

static const char *here(const struct scanner *scanner)
{
    return scanner->source->text + scanner->at;
}

static void take(struct scanner *scanner, enum token_kind kind, size_t skip, size_t size, size_t end)
{
    scanner->token = (struct token){
        .kind = (uint8_t)kind, .at = (uint32_t)scanner->at, .text = here(scanner) + skip, .size = (uint32_t)size};
    scanner->at += end;
}

/* At the end of a line comment; a doc comment has exactly three slashes. */
static bool take_line_comment(struct scanner *scanner)
{
    const char *text = here(scanner);
    size_t end = strcspn(text, "\n"), size = end > 0 && text[end - 1] == '\r' ? end - 1 : end;
    bool doc = text[2] == '/' && text[3] != '/';

    if (doc)
        take(scanner, TOKEN_DOC, 3, size - 3, end);
    else
        scanner->at += end;
    return doc;
}

static size_t block_comment_end(const char *text)
{
    size_t depth = 0, i = 0;

    while (text[i]) {
        if (text[i] == '/' && text[i + 1] == '*') {
            depth++;
            i += 2;
        } else if (text[i] == '*' && text[i + 1] == '/') {
            i += 2;
            if (--depth == 0)
                return i;
        } else {
            i++;
        }
    }
    return 0;
}

static bool take_block_comment(struct scanner *scanner)
{
    const char *text = here(scanner);
    size_t end = block_comment_end(text);
    bool doc = text[2] == '*' && text[3] != '*' && text[3] != '/';

    if (end == 0) {
        source_error(scanner->source, scanner->at, "this comment is not closed");
        scanner->at = scanner->source->size;
        return false;
    }
    if (doc)
        take(scanner, TOKEN_DOC, 3, end - 5, end);
    else
        scanner->at += end;
    return doc;
}

/* Past spaces and comments. True: stopped at a doc comment, which is now the token. */
static bool skip(struct scanner *scanner)
{
    for (;;) {
        const char *text = here(scanner);

        if (isspace((unsigned char)*text)) {
            scanner->at++;
        } else if (text[0] == '/' && text[1] == '/') {
            if (take_line_comment(scanner))
                return true;
        } else if (text[0] == '/' && text[1] == '*') {
            if (take_block_comment(scanner))
                return true;
        } else {
            return false;
        }
    }
}

static size_t quoted_end(const char *text, char quote)
{
    size_t i = 1;

    while (text[i] && text[i] != quote)
        i += text[i] == '\\' && text[i + 1] ? 2 : 1;
    return text[i] ? i + 1 : 0;
}

/* r"...", r#"..."# and those that begin with br or cr: where it ends; 0 if it is none, SIZE_MAX
   if it has no end. */
static size_t raw_text_end(const char *text)
{
    size_t first = (text[0] == 'b' || text[0] == 'c') && text[1] == 'r' ? 1 : 0;
    size_t hashes = strspn(text + first + 1, "#"), i = first + hashes + 2;

    if (text[first] != 'r' || text[first + hashes + 1] != '"')
        return 0;
    for (; text[i]; i++)
        if (text[i] == '"' && strspn(text + i + 1, "#") >= hashes)
            return i + 1 + hashes;
    return SIZE_MAX;
}

/* "..." and b"...", c"...": as above. */
static size_t text_end(const char *text)
{
    size_t first = (text[0] == 'b' || text[0] == 'c') && text[1] == '"' ? 1 : 0, end;

    if (text[first] != '"')
        return raw_text_end(text);
    end = quoted_end(text + first, '"');
    return end > 0 ? first + end : SIZE_MAX;
}

static void take_text(struct scanner *scanner, size_t end)
{
    if (end == SIZE_MAX) {
        source_error(scanner->source, scanner->at, "this string is not closed");
        end = scanner->source->size - scanner->at;
    }
    take(scanner, TOKEN_TEXT, 0, end, end);
}

/* Bytes of the character that a text begins with, by its first byte. */
static size_t character_size(const char *text)
{
    unsigned char c = (unsigned char)*text;
    size_t size = c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

    return strnlen(text, size);
}

/* 'a', '\n' or b'a', else a lifetime. */
static void take_character(struct scanner *scanner)
{
    const char *text = here(scanner);
    size_t first = *text == 'b' ? 1 : 0, end = first + 1;

    if (is_name_start(text[end]) && text[end + character_size(text + end)] != '\'') {
        while (is_name_byte(text[end]))
            end++;
        take(scanner, TOKEN_TEXT, 0, end, end);
        return;
    }
    end = quoted_end(text + first, '\'');
    if (end == 0) {
        source_error(scanner->source, scanner->at, "this character is not closed");
        end = strlen(text) - first;
    }
    take(scanner, TOKEN_TEXT, 0, first + end, first + end);
}

static void take_name(struct scanner *scanner)
{
    const char *text = here(scanner);
    size_t skipped = text[0] == 'r' && text[1] == '#' && is_name_start(text[2]) ? 2 : 0, end = skipped;

    while (is_name_byte(text[end]))
        end++;
    take(scanner, TOKEN_NAME, skipped, end - skipped, end);
    scanner->token.raw = skipped > 0;
}

static void take_mark(struct scanner *scanner)
{
    const char *text = here(scanner);

    if ((text[0] == '-' || text[0] == '=') && text[1] == '>')
        take(scanner, TOKEN_ARROW, 0, 2, 2);
    else if (text[0] == ':' && text[1] == ':')
        take(scanner, TOKEN_PATH, 0, 2, 2);
    else
        take(scanner, TOKEN_MARK, 0, 1, 1);
}

/* A number; a point belongs to it if a digit follows, so that 0..9 and 1.max(2) are split
   correctly. */
static void take_number(struct scanner *scanner)
{
    const char *text = here(scanner);
    size_t end = 0;

    while (is_name_byte(text[end]) || (text[end] == '.' && isdigit((unsigned char)text[end + 1])))
        end++;
    take(scanner, TOKEN_NUMBER, 0, end, end);
}

static bool scan(struct scanner *scanner)
{
    const char *text;
    size_t end;

    if (skip(scanner))
        return true;
    text = here(scanner);
    end = scanner->at < scanner->source->size ? text_end(text) : 0;
    if (scanner->at >= scanner->source->size) {
        scanner->at = scanner->source->size;
        take(scanner, TOKEN_END, 0, 0, 0);
    } else if (end > 0) {
        take_text(scanner, end);
    } else if (*text == '\'' || (text[0] == 'b' && text[1] == '\'')) {
        take_character(scanner);
    } else if (is_name_start(*text)) {
        take_name(scanner);
    } else if (isdigit((unsigned char)*text)) {
        take_number(scanner);
    } else if (ispunct((unsigned char)*text)) {
        take_mark(scanner);
    } else {
        source_error(scanner->source, scanner->at, "unexpected byte 0x%02x", (unsigned char)*text);
        scanner->at++;
        return false;
    }
    return true;
}

/* ---- The list ---- */

static bool append(struct token_list *list, const struct token *token)
{
    if (list->count == list->room) {
        size_t room = list->room > 0 ? 2 * list->room : 256;
        struct token *tokens = realloc(list->tokens, room * sizeof *tokens);

        if (!tokens)
            return false;
        list->tokens = tokens;
        list->room = room;
    }
    list->tokens[list->count++] = *token;
    return true;
}

static char closing(char open)
{
    switch (open) {
    case '(': return ')';
    case '[': return ']';
    default: return '}';
    }
}

static void no_partner(const struct token_list *list, struct source *source, uint32_t open)
{
    char mark = *list->tokens[open].text;

    source_error(source, list->tokens[open].at, "this `%c` has no matching `%c`", mark, closing(mark));
}

/* Brackets know their partners: those that are open are a list, through their `pair`. */
static bool pair_up(struct token_list *list, struct source *source)
{
    uint32_t open = UINT32_MAX;

    for (uint32_t i = 0; i < list->count; i++) {
        struct token *token = &list->tokens[i];
        uint32_t before;

        if (token->kind != TOKEN_MARK || !strchr("()[]{}", *token->text))
            continue;
        if (strchr("([{", *token->text)) {
            token->pair = open;
            open = i;
            continue;
        }
        if (open == UINT32_MAX) {
            source_error(source, token->at, "this `%c` closes nothing", *token->text);
            return false;
        }
        if (*token->text != closing(*list->tokens[open].text)) {
            no_partner(list, source, open);
            return false;
        }
        before = list->tokens[open].pair;
        list->tokens[open].pair = i;
        token->pair = open;
        open = before;
    }
    if (open != UINT32_MAX)
        no_partner(list, source, open);
    return open == UINT32_MAX;
}

/* Past a byte order mark, and past `#!/path`. */
static size_t first_byte(const struct source *source)
{
    size_t at = source->size >= 3 && memcmp(source->text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    const char *text = source->text + at;

    return text[0] == '#' && text[1] == '!' && text[2 + strspn(text + 2, " \t\r\n")] != '[' ? at + strcspn(text, "\n")
                                                                                            : at;
}

bool lex_all(struct token_list *list, struct source *source)
{
    struct scanner scanner = {.source = source, .at = first_byte(source)};

    *list = (struct token_list){.tokens = NULL};
    do {
        if (!scan(&scanner))
            continue;
        if (!append(list, &scanner.token)) {
            source_error(source, scanner.at, "out of memory");
            return false;
        }
    } while (scanner.token.kind != TOKEN_END || list->count == 0);
    return !source->failed && pair_up(list, source);
}

void lex_free(struct token_list *list)
{
    free(list->tokens);
    *list = (struct token_list){.tokens = NULL};
}

/* ---- A place in it ---- */

void lex_go(struct lexer *lexer, size_t index)
{
    lexer->index = index;
    lexer->token = lexer->tokens[index];
}

void lex_start(struct lexer *lexer, struct source *source, const struct token *tokens)
{
    *lexer = (struct lexer){.source = source, .tokens = tokens};
    lex_go(lexer, 0);
}

void lex_next(struct lexer *lexer)
{
    if (lexer->token.kind != TOKEN_END)
        lex_go(lexer, lexer->index + 1);
}

const struct token *lex_ahead(const struct lexer *lexer, size_t by)
{
    const struct token *token = &lexer->tokens[lexer->index];

    while (by-- > 0 && token->kind != TOKEN_END)
        token++;
    return token;
}

bool token_is_mark(const struct token *token, char mark)
{
    return token->kind == TOKEN_MARK && *token->text == mark;
}

bool token_is_name(const struct token *token, const char *name)
{
    return token->kind == TOKEN_NAME && !token->raw && token->size == strlen(name) &&
           memcmp(token->text, name, token->size) == 0;
}

bool lex_is_mark(const struct lexer *lexer, char mark)
{
    return token_is_mark(&lexer->token, mark);
}

bool lex_is_name(const struct lexer *lexer, const char *name)
{
    return token_is_name(&lexer->token, name);
}

bool lex_opens(const struct lexer *lexer)
{
    return lexer->token.kind == TOKEN_MARK && strchr("([{", *lexer->token.text) != NULL;
}

void lex_skip_group(struct lexer *lexer)
{
    if (lex_opens(lexer))
        lex_go(lexer, lexer->token.pair);
    lex_next(lexer);
}

bool token_is_one_of(const struct token *token, const char *words)
{
    char word[32] = " ";

    if (token->kind != TOKEN_NAME || token->raw || token->size > sizeof word - 3)
        return false;
    memcpy(word + 1, token->text, token->size);
    word[token->size + 1] = ' ';
    return strstr(words, word) != NULL;
}
