/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/lex.h"
#include <ctype.h>
#include <string.h>

static bool is_name_start(char c)
{
    return isalpha((unsigned char)c) || c == '_';
}

static bool is_name_byte(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static const char *here(const struct lexer *lexer)
{
    return lexer->source->text + lexer->at;
}

static void take(struct lexer *lexer, enum token_kind kind, size_t skip, size_t size, size_t end)
{
    lexer->token = (struct token){.kind = kind, .at = lexer->at, .text = here(lexer) + skip, .size = size};
    lexer->at += end;
}

/* At the end of a line comment; a doc comment has exactly three slashes. */
static bool take_line_comment(struct lexer *lexer)
{
    const char *text = here(lexer);
    size_t end = strcspn(text, "\n"), size = end > 0 && text[end - 1] == '\r' ? end - 1 : end;
    bool doc = text[2] == '/' && text[3] != '/';

    if (doc)
        take(lexer, TOKEN_DOC, 3, size - 3, end);
    else
        lexer->at += end;
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

static bool take_block_comment(struct lexer *lexer)
{
    const char *text = here(lexer);
    size_t end = block_comment_end(text);
    bool doc = text[2] == '*' && text[3] != '*' && text[3] != '/';

    if (end == 0) {
        source_error(lexer->source, lexer->at, "the comment that starts here has no end");
        lexer->at = lexer->source->size;
        return false;
    }
    if (doc)
        take(lexer, TOKEN_DOC, 3, end - 5, end);
    else
        lexer->at += end;
    return doc;
}

/* Past spaces and comments. True: stopped at a doc comment, which is now the token. */
static bool skip(struct lexer *lexer)
{
    for (;;) {
        const char *text = here(lexer);

        if (isspace((unsigned char)*text)) {
            lexer->at++;
        } else if (text[0] == '/' && text[1] == '/') {
            if (take_line_comment(lexer))
                return true;
        } else if (text[0] == '/' && text[1] == '*') {
            if (take_block_comment(lexer))
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

/* r"..." and r#"..."#: where it ends; 0 if it is none. */
static size_t raw_text_end(const char *text)
{
    size_t hashes = strspn(text + 1, "#"), i = hashes + 2;

    if (text[0] != 'r' || text[hashes + 1] != '"')
        return 0;
    for (; text[i]; i++)
        if (text[i] == '"' && strspn(text + i + 1, "#") >= hashes)
            return i + 1 + hashes;
    return 0;
}

static void take_quoted(struct lexer *lexer)
{
    const char *text = here(lexer);
    size_t end = raw_text_end(text);

    if (*text == '"')
        end = quoted_end(text, '"');
    if (end == 0) {
        source_error(lexer->source, lexer->at, "the text that starts here has no end");
        end = strlen(text);
    }
    take(lexer, TOKEN_TEXT, 0, end, end);
}

/* 'a' or '\n', else a lifetime. */
static void take_character(struct lexer *lexer)
{
    const char *text = here(lexer);
    size_t end = 1;

    if (is_name_start(text[1]) && text[2] != '\'') {
        while (is_name_byte(text[end]))
            end++;
    } else {
        end = quoted_end(text, '\'');
    }
    if (end == 0) {
        source_error(lexer->source, lexer->at, "the character that starts here has no end");
        end = strlen(text);
    }
    take(lexer, TOKEN_TEXT, 0, end, end);
}

static void take_name(struct lexer *lexer)
{
    const char *text = here(lexer);
    size_t skipped = text[0] == 'r' && text[1] == '#' && is_name_start(text[2]) ? 2 : 0, end = skipped;

    while (is_name_byte(text[end]))
        end++;
    take(lexer, TOKEN_NAME, skipped, end - skipped, end);
    lexer->token.raw = skipped > 0;
}

static void take_mark(struct lexer *lexer)
{
    const char *text = here(lexer);

    if ((text[0] == '-' || text[0] == '=') && text[1] == '>')
        take(lexer, TOKEN_ARROW, 0, 2, 2);
    else if (text[0] == ':' && text[1] == ':')
        take(lexer, TOKEN_PATH, 0, 2, 2);
    else
        take(lexer, TOKEN_MARK, 0, 1, 1);
}

void lex_next(struct lexer *lexer)
{
    const char *text;
    size_t end = 0;

    if (skip(lexer))
        return;
    text = here(lexer);
    if (lexer->at >= lexer->source->size || lexer->source->failed) {
        lexer->at = lexer->source->size;
        take(lexer, TOKEN_END, 0, 0, 0);
    } else if (*text == '"' || raw_text_end(text) > 0) {
        take_quoted(lexer);
    } else if (is_name_start(*text)) {
        take_name(lexer);
    } else if (isdigit((unsigned char)*text)) {
        while (is_name_byte(text[end]))
            end++;
        take(lexer, TOKEN_NUMBER, 0, end, end);
    } else if (*text == '\'') {
        take_character(lexer);
    } else if (ispunct((unsigned char)*text)) {
        take_mark(lexer);
    } else {
        source_error(lexer->source, lexer->at,
                     (unsigned char)*text >= 0x80 ? "names must be ASCII here" : "a byte 0x%02x has no place here",
                     (unsigned char)*text);
        lexer->at = lexer->source->size;
        take(lexer, TOKEN_END, 0, 0, 0);
    }
}

void lex_start(struct lexer *lexer, struct source *source)
{
    *lexer = (struct lexer){.source = source};
    if (source->size >= 3 && memcmp(source->text, "\xef\xbb\xbf", 3) == 0)
        lexer->at = 3;
    lex_next(lexer);
}

bool lex_is_mark(const struct lexer *lexer, char mark)
{
    return lexer->token.kind == TOKEN_MARK && *lexer->token.text == mark;
}

bool lex_is_name(const struct lexer *lexer, const char *name)
{
    return lexer->token.kind == TOKEN_NAME && !lexer->token.raw && lexer->token.size == strlen(name) &&
           memcmp(lexer->token.text, name, lexer->token.size) == 0;
}
