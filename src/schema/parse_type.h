/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MMS_PARSE_TYPE_H
#define MMS_PARSE_TYPE_H

#include "schema/lex.h"
#include "schema/model.h"

struct parser {
    struct lexer lex;
    struct model *model;
    unsigned depth; /* of types in types */
};

/* A type that is only mentioned as yet. */
enum { MODEL_UNDEFINED = -1 };

/* "expected WHAT, found ...", at the current token. */
void schema_parse_expected(struct parser *p, const char *what);
bool schema_parse_mark(struct parser *p, char mark);         /* take it, or an error */
char *schema_parse_name(struct parser *p, const char *what); /* take an identifier; NULL after an error */

/* The name, or with an underscore if C or C++ has another use for it. */
const char *schema_c_name(struct model *model, const char *name);

/* NULL after an error. */
struct model_type *schema_parse_type(struct parser *p);

#endif
