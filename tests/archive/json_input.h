/* SPDX-License-Identifier: Apache-2.0 */
/* Input values from JSON, as serde_json writes it; more is accepted where that is ambiguous or has no word:
   {"Some": v} for any Option, "0x7fc00000" for the bits of a float. */
#ifndef MMS_JSON_INPUT_H
#define MMS_JSON_INPUT_H

#include <mmsync/archive.h>

struct json_memory;

struct json_input {
    const char *at;      /* what is left of the text */
    const char *problem; /* NULL, or what is wrong */
    struct json_memory *memory;
};

/* The value of a type: input_size bytes at out. False: see problem. */
bool json_input(struct json_input *in, const mms_type *type, void *out);
void json_input_free(struct json_input *in);

#endif
