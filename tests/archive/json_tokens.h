/* SPDX-License-Identifier: Apache-2.0 */
/* The words, texts and numbers of JSON, taken from the front of json_input's text. Each function
   skips white space first. */
#ifndef MMS_JSON_TOKENS_H
#define MMS_JSON_TOKENS_H

#include "json_input.h"
#include <stdint.h>

/* Note the first problem. Returns false. */
bool json_fail(struct json_input *in, const char *problem);

/* Zeros, freed by json_input_free; with a byte to spare, for the end of a text. */
void *json_allocate(struct json_input *in, size_t size);

/* The next character, which stays. */
char json_peek(struct json_input *in);

/* False if the next is something else: it stays, and is no problem. */
bool json_take(struct json_input *in, char c);
bool json_take_word(struct json_input *in, const char *word);

/* False, with a problem, if the next is something else. */
bool json_expect(struct json_input *in, char c);
bool json_take_text(struct json_input *in, mms_str *out);
/* Of so many bytes, in this machine's byte order; quoted as well, as keys are. */
bool json_take_integer(struct json_input *in, size_t size, void *out);
bool json_take_float(struct json_input *in, int kind, void *out);
bool json_take_char(struct json_input *in, void *out);
bool json_take_bool(struct json_input *in, void *out);

#endif
