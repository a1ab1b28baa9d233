/* SPDX-License-Identifier: Apache-2.0 */
/* Typed tables: keys and values are objects of Python as in typed values (value.h). */
#ifndef MMSPY_TABLE_TYPED_H
#define MMSPY_TABLE_TYPED_H

#include "table.h"
#include "value.h"
#include <mmsync/typed_table.h>

/* The table in a pinned value; a code of the library. */
int mmspy_typed_open(struct mmspy_pin *pin, PyObject *schema, mms_table_view *out);

/* 1 with the archived value, 0: there is no such key, -1 with an exception. */
int mmspy_typed_find(const mms_table_view *view, PyObject *schema, PyObject *key, const void **out);
/* A list of what `value` makes of each, or None. */
PyObject *mmspy_typed_find_many(const mms_table_view *view, PyObject *schema, PyObject *keys, PyObject *table,
                                PyObject *(*value)(PyObject *table, const mms_value *));
/* As mmspy_next_entry. */
PyObject *mmspy_typed_next(const mms_table_view *view, PyObject *schema, enum mmspy_part part, mms_table_cursor *cursor,
                           PyObject *table, PyObject *(*value)(PyObject *table, const mms_value *));

#endif
