/* SPDX-License-Identifier: Apache-2.0 */
/* What `#[cfg(...)]` asks, and what the command line answers. */
#ifndef MMS_SCHEMA_PARSE_CFG_H
#define MMS_SCHEMA_PARSE_CFG_H

#include "schema/parse/lex.h"

/* One decision: `unix` or `feature = "x"` holds, or does not. */
struct cfg_fact {
    const char *key, *value; /* no value: NULL */
    size_t key_size, value_size;
    bool holds;
};

struct cfg {
    struct cfg_fact *facts;
    size_t count;
};

enum cfg_answer { CFG_FALSE, CFG_TRUE, CFG_OPEN };

/* Add what --cfg says: NAME, KEY=VALUE, KEY="VALUE", or one of them in not(...). The text must
   stay. False: it is none of these, or there is no memory. */
bool cfg_add(struct cfg *cfg, const char *text);

/* The predicate at the lexer's place, which is left behind it. Where the answer is open, `open`
   gets the part that nobody has decided. */
enum cfg_answer cfg_evaluate(struct lexer *lexer, const struct token **open);
enum cfg_answer cfg_both(enum cfg_answer a, enum cfg_answer b);

/* "`feature = "x"`; decide with ...", for an error. */
void cfg_error(struct source *source, const struct token *open, const char *what);

/* True for a predicate that is `test`, which is false where programs run. */
bool cfg_is_test(const struct token *open);

#endif
