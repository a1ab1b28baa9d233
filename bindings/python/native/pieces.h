/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of a value that lie in memory of Python: a sequence of (offset, buffer). */
#ifndef MMSPY_PIECES_H
#define MMSPY_PIECES_H

#include "native.h"

struct mmspy_piece {
    size_t offset;
    Py_buffer buffer;
};

struct mmspy_pieces {
    struct mmspy_piece *all;
    size_t count, bytes;
};

/* -1 with an exception: what is no such sequence, or does not fit into a value of so many bytes. */
int mmspy_pieces_read(PyObject *sequence, size_t size, struct mmspy_pieces *out);
void mmspy_pieces_free(struct mmspy_pieces *pieces);

/* Into the memory of a value, without the GIL. */
void mmspy_pieces_copy(const struct mmspy_pieces *pieces, void *memory);
/* For each whether the value has other bytes there. */
PyObject *mmspy_pieces_differing(const struct mmspy_pieces *pieces, const char *data);

#endif
