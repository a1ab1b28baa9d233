/* SPDX-License-Identifier: Apache-2.0 */
/* Random input values of types that are known at run time only. The same seed gives the same ones. */
#ifndef MMS_RANDOM_VALUE_H
#define MMS_RANDOM_VALUE_H

#include <mmsync/archive.h>

struct random_memory;

struct random {
    uint64_t state; /* the seed; not 0 */
    struct random_memory *memory;
};

uint64_t random_draw(struct random *random); /* 48 bits */
bool random_one_in(struct random *random, unsigned n);

/* A value of a type without pointers, in place of the one that is there. */
void random_leaf(struct random *random, const mms_type *type, void *in);
/* A value of any type whose values end, into zeroed room. What it points to lives until
   random_free. */
void random_value(struct random *random, const mms_type *type, void *in);
void random_free(struct random *random);

/* The tag of an enum, an option or a result. */
void input_put_tag(const mms_type *type, void *in, size_t tag);
size_t input_get_tag(const mms_type *type, const void *in);

/* Make a value of a type without pointers one that is none. False: every value of it is good. */
bool input_spoil(const mms_type *type, void *in);

#endif
