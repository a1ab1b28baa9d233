/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens of Rust, as far as struct and enum definitions with their attributes need them. */
#ifndef MMS_LEX_H
#define MMS_LEX_H

#include "schema/source.h"

enum token_kind {
    TOKEN_END,
    TOKEN_NAME,   /* an identifier or keyword; without r# */
    TOKEN_NUMBER, /* an integer literal */
    TOKEN_TEXT,   /* a string, character or lifetime */
    TOKEN_DOC,    /* a doc comment: the text without its marks */
    TOKEN_ARROW,  /* -> or =>, so that no > in them closes anything */
    TOKEN_PATH,   /* :: */
    TOKEN_MARK    /* one character of punctuation */
};

struct token {
    enum token_kind kind;
    size_t at; /* in the source */
    const char *text;
    size_t size;
    bool raw; /* r#name: never a keyword */
};

struct lexer {
    struct source *source;
    size_t at;
    struct token token; /* the current one */
};

void lex_start(struct lexer *lexer, struct source *source);
/* To the next token. At a byte that is part of none: an error, and the end. */
void lex_next(struct lexer *lexer);

bool lex_is_mark(const struct lexer *lexer, char mark);
bool lex_is_name(const struct lexer *lexer, const char *name);

#endif
