/* SPDX-License-Identifier: Apache-2.0 */
/* Objects of Python as input values of archives (mmsync/archive.h). */
#ifndef MMSPY_INPUT_H
#define MMSPY_INPUT_H

#include "native.h"
#include <mmsync/archive.h>

struct mmspy_block;

/* Memory and objects that an input value is made of. Zeros are an empty one. */
struct mmspy_arena {
    struct mmspy_block *blocks;
    const struct mmspy_crumb *path; /* of what is being converted, for errors */
};
void mmspy_arena_free(struct mmspy_arena *arena);
void *mmspy_arena_take(struct mmspy_arena *arena, size_t size);
/* Keep the object until the arena ends. */
int mmspy_arena_keep(struct mmspy_arena *arena, PyObject *object);

/* The value as input, as long as the arena; NULL with an exception that names the part. */
const void *mmspy_input(struct mmspy_arena *arena, const mms_type *type, PyObject *object);

/* Within: */
int mmspy_input_fill(struct mmspy_arena *arena, const mms_type *type, void *out, PyObject *object);
int mmspy_input_scalar(struct mmspy_arena *arena, const mms_type *type, void *out, PyObject *object);
int mmspy_input_address(struct mmspy_arena *arena, const mms_type *type, void *out, PyObject *object);
int mmspy_input_refuse(const struct mmspy_arena *arena, const mms_type *type, PyObject *object, const char *wanted);

struct mmspy_crumb {
    const struct mmspy_crumb *up;
    const char *name; /* NULL: an index */
    Py_ssize_t index;
};
int mmspy_input_at(struct mmspy_arena *arena, const char *name, Py_ssize_t index, const mms_type *type, void *out,
                   PyObject *object);

#endif
