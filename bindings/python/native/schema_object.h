/* SPDX-License-Identifier: Apache-2.0 */
/* mmsync.Schema: the types of a value, made from the text of a schema. */
#ifndef MMSPY_SCHEMA_OBJECT_H
#define MMSPY_SCHEMA_OBJECT_H

#include "native.h"
#include <mmsync/typed_table.h>

extern PyType_Spec mmspy_schema_spec;
extern PyTypeObject *mmspy_schema_type;

/* The schema that is stored with a value; those that were used last are kept. */
PyObject *mmspy_schema_stored(const char *text, size_t size, const uint64_t type_id[2]);
/* Its `type` is NULL, with an exception set, if that is one of a table or was not read. */
mms_archive *mmspy_schema_archive(PyObject *schema);
/* NULL without an exception: it is not one of a table. */
const mms_table_type *mmspy_schema_table(PyObject *schema);

#endif
