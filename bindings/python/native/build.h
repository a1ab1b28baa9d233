/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MMSPY_BUILD_H
#define MMSPY_BUILD_H

#include "writer.h"

/* ABANDONED: the block has ended, but something still uses the memory. Nothing is published, and
   the write ends with the last of these. */
enum mmspy_build_state { FRESH, OPEN, ABANDONED, OVER };

struct mmspy_build {
    PyObject_HEAD struct mmspy_writer *writer;
    struct mmspy_build *next, **link; /* of those whose memory is in use */
    PyObject *view;                   /* weak reference to the memoryview that the block was given */
    void *memory;
    size_t room; /* bytes there */
    size_t old;  /* bytes of it that hold the newest value */
    Py_ssize_t size;
    Py_ssize_t exports;
    uint64_t generation;
    enum mmspy_build_state state;
    bool update, touched;
};

void mmspy_build_forked(void);

#endif
