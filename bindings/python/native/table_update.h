/* SPDX-License-Identifier: Apache-2.0 */
/* mmsync._native.TableUpdate, in two files: what changes the table, and what looks into it. */
#ifndef MMSPY_TABLE_UPDATE_H
#define MMSPY_TABLE_UPDATE_H

#include "table_typed.h"
#include "writer.h"

enum mmspy_table_state { TABLE_FRESH, TABLE_OPEN, TABLE_OVER };

struct mmspy_table {
    PyObject_HEAD struct mmspy_writer *writer; /* NULL: its init did not run */
    mms_table *table;
    PyObject *schema; /* of a typed table; else NULL */
    mms_table_options options;
    enum mmspy_keys keys;
    enum mmspy_table_state state;
    double expires_s; /* from the begin on; below 0: never */
    uint64_t changes; /* iterations notice it */
    uint64_t generation, evicted, expired;
};

static inline struct mmspy_table *mmspy_table_of(PyObject *self)
{
    return (struct mmspy_table *)(void *)self;
}

/* The table, with the writer's mutex held, or NULL with an exception; and the end of that, which
   raises a code that is not 0. */
mms_table *mmspy_table_enter(struct mmspy_table *self, const char *doing);
int mmspy_table_leave(struct mmspy_table *self, int code);

/* table_current.c */
PyObject *mmspy_table_subscript(PyObject *self, PyObject *key);
int mmspy_table_contains(PyObject *self, PyObject *key);
Py_ssize_t mmspy_table_length(PyObject *self);
PyObject *mmspy_table_iter(PyObject *self);
PyObject *mmspy_table_iterate_part(PyObject *self, PyObject *part);
PyObject *mmspy_table_info(PyObject *self, PyObject *ignored);

#endif
