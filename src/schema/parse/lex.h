/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens of Rust. All tokens of a text are made at once, so that uninteresting parts can be
   skipped by their brackets. */
#ifndef MMS_SCHEMA_PARSE_LEX_H
#define MMS_SCHEMA_PARSE_LEX_H

#include "schema/source.h"
#include <stdint.h>

enum token_kind {
    TOKEN_END,
    TOKEN_NAME,   /* an identifier or keyword; without r# */
    TOKEN_NUMBER, /* a literal that begins with a digit */
    TOKEN_TEXT,   /* a string, character or lifetime */
    TOKEN_DOC,    /* a doc comment: the text without its marks */
    TOKEN_ARROW,  /* -> or =>, so that no > in them closes anything */
    TOKEN_PATH,   /* :: */
    TOKEN_MARK    /* one character of punctuation */
};

struct token {
    const char *text;
    uint32_t at; /* in the source */
    uint32_t size;
    uint32_t pair; /* of a bracket: the index of its other one */
    uint8_t kind;
    bool raw; /* r#name: never a keyword */
};

struct token_list {
    struct token *tokens; /* the last one is TOKEN_END */
    size_t count, room;
};

/* A place in the list. */
struct lexer {
    struct source *source;
    const struct token *tokens;
    size_t index;
    struct token token; /* the current one */
};

/* All tokens of a source, to be freed with lex_free. False after errors: invalid tokens,
   unmatched brackets. */
bool lex_all(struct token_list *list, struct source *source);
void lex_free(struct token_list *list);

void lex_start(struct lexer *lexer, struct source *source, const struct token *tokens);
void lex_next(struct lexer *lexer);
void lex_go(struct lexer *lexer, size_t index);

/* Past the bracket that closes the current one; past the token itself, if that opens nothing. */
void lex_skip_group(struct lexer *lexer);

const struct token *lex_ahead(const struct lexer *lexer, size_t by);
bool lex_is_mark(const struct lexer *lexer, char mark);
bool lex_is_name(const struct lexer *lexer, const char *name);
bool lex_opens(const struct lexer *lexer); /* at ( [ or { */

bool token_is_mark(const struct token *token, char mark);
bool token_is_name(const struct token *token, const char *name);
/* One of the words, each with a space before and behind it. */
bool token_is_one_of(const struct token *token, const char *words);

#endif
