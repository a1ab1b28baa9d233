/* SPDX-License-Identifier: Apache-2.0 */
/* How the keys, or the values, of a table are written in text: as bytes of some kind, or by their
   type. Keys of a type are JSON, without quotes if that is a text; values are JSON. */
#ifndef MMS_CLI_TABLE_NOTATION_H
#define MMS_CLI_TABLE_NOTATION_H

#include "cli/table/bytes.h"
#include "cli/table/types.h"

struct notation {
    enum kind kind;             /* as it was asked for; KIND_AUTO: by the type, or as text */
    const mms_table_type *type; /* NULL: bytes */
    bool of_key;
};

/* Before anything is written or read: what the table says. */
void notation_settle_keys(struct notation *notation, const struct table_types *types);
void notation_settle_values(struct notation *notation, const struct table_types *types);

static inline bool notation_is_typed(const struct notation *notation)
{
    return notation->type != NULL;
}

/* Write the text that stands for these bytes. `what` is for messages: "a key". An exit status; anything
   but EXIT_OK has been reported, here and below. */
int notation_write(const struct notation *notation, const char *what, const void *data, size_t size, FILE *out);
/* The same, appended to bytes. */
int notation_text(const struct notation *notation, const char *what, const void *data, size_t size, struct bytes *out);
/* The same as JSON. */
int notation_write_json(const struct notation *notation, const void *data, size_t size, FILE *out);
/* Append the bytes that a text stands for. After EXIT_FAILED *wrong, of NOTATION_WRONG bytes, says what it is
   not, for the caller's message; "": that was reported. */
enum { NOTATION_WRONG = 320 };
int notation_read(const struct notation *notation, const char *text, size_t size, struct bytes *out, char *wrong);

/* Put an entry into a typed table: the text of a key, and a value in JSON. *wrong as above; or returns the
   library's code, which nobody has reported. */
int typed_put(mms_table *table, const mms_table_type *type, const struct bytes *key, const struct bytes *value,
              char *wrong);

#endif
