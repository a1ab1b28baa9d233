/* SPDX-License-Identifier: Apache-2.0 */
/* Values as users write them: JSON, in which a value that stands alone needs no quotes. Each function
   takes one from the front of the text, after white space. False: what is wrong is in `problem`. */
#ifndef MMS_CLI_SET_LITERAL_H
#define MMS_CLI_SET_LITERAL_H

#include <mmsync/archive.h>

/* A step into the value that is read, for messages; the outermost has no `outer`. */
struct literal_crumb {
    const struct literal_crumb *outer;
    enum { CRUMB_NAME, CRUMB_INDEX, CRUMB_KEY } what;
    mms_str text; /* of a name, or of a key as it is written */
    size_t index;
};

struct literal {
    const char *at, *end;          /* what is left of the text */
    const char *token;             /* where the value or the name begins that was read last */
    bool alone;                    /* text may go without quotes, up to the end */
    char *room;                    /* for what texts say: as long as all of this */
    char problem[200], place[120]; /* what is wrong, and where in the value: items[3].level */
    const char *wrong;             /* where in the text */
    const struct literal_crumb *crumb;
    bool whole; /* types with pointers are taken, too; end with literal_free */
    unsigned depth;
    struct literal_block *blocks; /* what they lead to */
};

/* Note the first problem. Returns false. */
bool literal_fail(struct literal *literal, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same: "a u8 is expected, a whole number from 0 to 255, and not 'what is there'". */
bool literal_expected(struct literal *literal, const char *format, ...) __attribute__((format(printf, 2, 3)));

#ifdef __clang_analyzer__ /* as in base/error.h */
#define literal_fail(...) (literal_fail(__VA_ARGS__), false)
#define literal_expected(...) (literal_expected(__VA_ARGS__), false)
#endif

/* Zeroed memory for what a value leads to; NULL is a problem. */
void *literal_allocate(struct literal *literal, size_t size);
void literal_free(struct literal *literal);

/* The next character, which stays; 0 at the end. */
char literal_peek(struct literal *literal);
/* Nothing is left. */
bool literal_at_end(struct literal *literal);
/* False if something else is next: it stays, and is no problem. */
bool literal_take(struct literal *literal, char c);
bool literal_take_word(struct literal *literal, const char *word);

bool literal_mark(struct literal *literal, char c);
/* Good as long as the text and the room. */
bool literal_text(struct literal *literal, mms_str *out);
/* As input of the type, an integer or a float; out has its size. */
bool literal_integer(struct literal *literal, const mms_type *type, void *out);
bool literal_float(struct literal *literal, const mms_type *type, void *out);

#endif
