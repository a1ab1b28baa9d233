/* SPDX-License-Identifier: Apache-2.0 */
/* What the two sides of tables share: iterating over them, and describing them. */
#ifndef MMSPY_TABLE_H
#define MMSPY_TABLE_H

#include "key.h"

enum mmspy_part { MMSPY_KEY, MMSPY_ITEM, MMSPY_VALUE };

/* The key, the value, or a tuple of both that comes next, or NULL, without an exception at the end. */
typedef PyObject *mmspy_next_entry(PyObject *table, enum mmspy_part part, mms_table_cursor *cursor);

/* An iterator over a table. `changes`, which may be NULL, is a part of the table, and counts its
   changes: they end the iteration. */
PyObject *mmspy_table_iterate(PyObject *table, mmspy_next_entry *next, enum mmspy_part part, const uint64_t *changes);
/* The argument of _iterate: 0 to 2. */
int mmspy_part_read(PyObject *object, enum mmspy_part *out);
/* `value` makes a value, for all parts but keys. */
PyObject *mmspy_entry_object(enum mmspy_keys keys, enum mmspy_part part, const mms_entry *entry, PyObject *table,
                             PyObject *(*value)(PyObject *table, const mms_value *));

PyObject *mmspy_table_describe(const mms_table_view *view);

extern PyType_Spec mmspy_table_update_spec, mmspy_table_view_spec, mmspy_table_iterator_spec, mmspy_slice_spec;
extern PyTypeObject *mmspy_table_iterator_type, *mmspy_slice_type;

#endif
