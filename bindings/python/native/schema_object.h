/* SPDX-License-Identifier: Apache-2.0 */
/* mmsync.Schema: the types of a value, made from the text of a schema. */
#ifndef MMSPY_SCHEMA_OBJECT_H
#define MMSPY_SCHEMA_OBJECT_H

#include "native.h"
#include <mmsync/archive.h>

extern PyType_Spec mmspy_schema_spec;
extern PyTypeObject *mmspy_schema_type;

/* The schema that is stored with a value; those that were used last are kept. */
PyObject *mmspy_schema_stored(const char *text, size_t size, const uint64_t type_id[2]);
mms_archive *mmspy_schema_archive(PyObject *schema);

#endif
