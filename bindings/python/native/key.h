/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of tables as Python objects: bytes, str (UTF-8), or int (8 bytes in the machine's order). */
#ifndef MMSPY_KEY_H
#define MMSPY_KEY_H

#include "native.h"

enum mmspy_keys { MMSPY_KEYS_BYTES, MMSPY_KEYS_STR, MMSPY_KEYS_INT };

/* Which, from one of the types bytes, str, int. */
int mmspy_keys_read(PyObject *type, enum mmspy_keys *out);
PyObject *mmspy_keys_object(enum mmspy_keys keys);

struct mmspy_key {
    mms_key key; /* what the library wants, as long as this struct stays where it is */
    uint64_t number;
    Py_buffer buffer; /* obj NULL: not used */
};
int mmspy_key_read(enum mmspy_keys keys, PyObject *object, struct mmspy_key *out);
void mmspy_key_free(struct mmspy_key *key);
PyObject *mmspy_key_object(enum mmspy_keys keys, const mms_key *key);

#endif
