/* SPDX-License-Identifier: Apache-2.0 */
/* Growing buffers, and the kinds of text that keys and values are written in. */
#ifndef MMS_CLI_TABLE_BYTES_H
#define MMS_CLI_TABLE_BYTES_H

#include "cli/arguments.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Start from zeros; free with bytes_free. */
struct bytes {
    char *data;
    size_t size, room;
};

/* An exit status; out of memory has been reported, here and below. */
int bytes_add(struct bytes *bytes, const void *data, size_t size);
int bytes_add_one(struct bytes *bytes, char byte);
void bytes_free(struct bytes *bytes);

/* How a key or a value is written in text. */
enum kind {
    KIND_AUTO, /* nobody has said (notation.h) */
    KIND_TEXT, /* as it is */
    KIND_HEX,  /* two digits for each byte */
    KIND_U32,  /* an integer of 4 bytes, in the byte order of this machine */
    KIND_U64   /* of 8 bytes */
};

enum kind parse_kind(const struct verb *verb, const char *name, const char *text);

static inline bool kind_is_number(enum kind kind)
{
    return kind == KIND_U32 || kind == KIND_U64;
}

/* Append the bytes that `text` stands for. If it stands for none, *wrong says why, for the
   caller's message. NULL after EXIT_FAILED: the failure has been reported. */
int kind_read(enum kind kind, const char *text, size_t size, struct bytes *out, const char **wrong);
/* Stores the number that these bytes are. False, which is not reported, if their size is wrong. */
bool kind_number(enum kind kind, const void *data, size_t size, unsigned long long *number);
/* Write the text that stands for these bytes. `what` is for messages: "a key". */
int kind_write(enum kind kind, const char *what, const void *data, size_t size, FILE *out);

void write_hex(const void *data, size_t size, FILE *out);
/* The value of a hexadecimal digit; -1 for any other character. */
int hex_digit(char digit);

#endif
