/* SPDX-License-Identifier: Apache-2.0 */
/* Typed values, looked into where they are. What has no parts becomes an object of Python; what has
   some becomes one of the types below, which all are a place in a pinned value. */
#ifndef MMSPY_VALUE_H
#define MMSPY_VALUE_H

#include "handle.h"
#include "schema_object.h"

struct mmspy_value {
    PyObject_HEAD struct mmspy_pin *pin;
    PyObject *schema;
    const mms_type *type;
    const char *at;
};

extern PyType_Spec mmspy_record_spec, mmspy_list_spec, mmspy_map_spec, mmspy_set_spec, mmspy_variant_spec;
extern PyType_Spec mmspy_value_iterator_spec;
extern PyTypeObject *mmspy_record_type, *mmspy_list_type, *mmspy_map_type, *mmspy_set_type, *mmspy_variant_type;
extern PyTypeObject *mmspy_value_iterator_type;

/* The value of a snapshot, checked unless the library vouches for it. */
PyObject *mmspy_value_root(PyObject *snapshot);
/* The schema of a typed table; NULL without an exception: it is not typed. */
PyObject *mmspy_value_table(const struct mmspy_pin *pin);
/* An object for a place in a value, which was checked. */
PyObject *mmspy_value_make(struct mmspy_pin *pin, PyObject *schema, const mms_type *type, const char *at);
/* All of it as dicts, lists and so on. */
PyObject *mmspy_value_convert(const mms_type *type, const char *at);

static inline const struct mmspy_value *mmspy_value_at(PyObject *self)
{
    return (const struct mmspy_value *)(void *)self;
}

/* NULL with an exception in a child. */
const struct mmspy_value *mmspy_value_of(PyObject *self);
/* A part of a value. */
PyObject *mmspy_value_part(const struct mmspy_value *whole, const mms_type *type, const char *at);
void mmspy_value_dealloc(PyObject *self);
PyObject *mmspy_value_compare(PyObject *a, PyObject *b, int operation);

/* Whether values of this type may be nested without end. */
static inline bool mmspy_value_nests(const mms_type *type)
{
    return type->kind == MMS_T_BOX || type->kind == MMS_T_VEC || (type->kind >= MMS_T_MAP && type->kind < MMS_T_IPV4);
}

/* scalar.c: what has no parts; *done false: it has some. */
PyObject *mmspy_scalar(const mms_type *type, const char *at, bool *done);
/* The format of a number in the buffer protocol, or NULL. */
const char *mmspy_scalar_format(const mms_type *type);

/* to_python.c: all of a value as dicts, lists and so on, as serde has it in JSON; and as JSON. */
PyObject *mmspy_value_to_python(PyObject *self, PyObject *ignored);
PyObject *mmspy_value_to_json(PyObject *self, PyObject *ignored);
#define MMSPY_VALUE_METHODS                                                     \
    {"to_python", mmspy_value_to_python, METH_NOARGS,                           \
     "to_python($self, /)\n--\n\nAll of it as dicts, lists and so on."},        \
        {"to_json", mmspy_value_to_json, METH_NOARGS,                           \
         "to_json($self, /)\n--\n\nAll of it as a line of JSON, as by serde."}, \
        MMSPY_NO_PICKLE

/* entries.c: what a Vec, array, map or set holds, one after the other. */
struct mmspy_entries {
    const mms_type *type; /* of an entry: of maps and sets a struct of key and value */
    const char *at;       /* NULL: at the end */
    uint64_t left;
    const mms_type *tree; /* NULL: they are next to each other */
    mms_tree_cursor cursor;
};
struct mmspy_entries mmspy_entries_of(const mms_type *type, const char *at);
uint64_t mmspy_entries_count(const mms_type *type, const char *at);
void mmspy_entries_next(struct mmspy_entries *entries);

enum { MMSPY_WHOLE, MMSPY_FIRST, MMSPY_SECOND, MMSPY_BOTH }; /* parts of an entry */
PyObject *mmspy_value_iterate(PyObject *self, int part);

/* The entry of a key in a map or set; NULL without an exception: there is none. */
const char *mmspy_value_find(const struct mmspy_value *self, PyObject *key);

/* Fields of a struct or of a variant. */
PyObject *mmspy_field_named(const struct mmspy_value *self, const mms_type_field *fields, size_t count, PyObject *name);
PyObject *mmspy_field_at(const struct mmspy_value *self, const mms_type_field *fields, size_t count, PyObject *index);
PyObject *mmspy_field_names(const mms_type_field *fields, size_t count);
PyObject *mmspy_fields_repr(const struct mmspy_value *self, const char *name, const mms_type_field *fields,
                            size_t count, int shape);
const mms_type_variant *mmspy_variant_of(const struct mmspy_value *self);

#endif
