/* SPDX-License-Identifier: Apache-2.0 */
/* mmsync.Record and mmsync.Variant: a struct, and a variant of an enum or Result with its fields. */
#include "archive/bytes.h"
#include "value.h"
#include <string.h>

PyTypeObject *mmspy_record_type, *mmspy_variant_type;

struct fields {
    const char *name;
    const mms_type_field *first;
    size_t count;
    int shape;
};

const mms_type_variant *mmspy_variant_of(const struct mmspy_value *self)
{
    return &self->type->variants[mms__get_uint(self->at, self->type->tag_size)];
}

static struct fields fields_of(const struct mmspy_value *self)
{
    const mms_type_variant *variant;

    if (self->type->kind == MMS_T_STRUCT)
        return (struct fields){self->type->name, self->type->fields, self->type->count, self->type->shape};
    variant = mmspy_variant_of(self);
    return (struct fields){variant->name, variant->fields, variant->count, variant->shape};
}

/* Methods come before fields of the same name, which are reached by value["name"]; but a look for a
   method that is not there is slow, as it makes an exception. */
static bool may_be_method(PyObject *name)
{
    const char *text = PyUnicode_AsUTF8AndSize(name, NULL);

    return text && (text[0] == '_' || strncmp(text, "to_", 3) == 0);
}

static PyObject *find_field(const struct mmspy_value *self, PyObject *name)
{
    struct fields fields = fields_of(self);
    PyObject *found = mmspy_field_named(self, fields.first, fields.count, name);

    if (!found && !PyErr_Occurred())
        PyErr_Format(PyExc_AttributeError, "%s has no field %R", fields.name, name);
    return found;
}

static PyObject *get_attribute(PyObject *object, PyObject *name)
{
    const struct mmspy_value *self = mmspy_value_of(object);
    PyObject *found;

    if (!self)
        return NULL;
    found = may_be_method(name) ? PyObject_GenericGetAttr(object, name) : find_field(self, name);
    if (found || !may_be_method(name) || !PyErr_ExceptionMatches(PyExc_AttributeError))
        return found;
    PyErr_Clear();
    return find_field(self, name);
}

static PyObject *subscript(PyObject *object, PyObject *index)
{
    const struct mmspy_value *self = mmspy_value_of(object);
    struct fields fields;

    if (!self)
        return NULL;
    fields = fields_of(self);
    return mmspy_field_at(self, fields.first, fields.count, index);
}

static Py_ssize_t length(PyObject *object)
{
    const struct mmspy_value *self = mmspy_value_of(object);

    return self ? (Py_ssize_t)fields_of(self).count : -1;
}

static PyObject *repr(PyObject *object)
{
    const struct mmspy_value *self = mmspy_value_of(object);
    struct fields fields;

    if (!self)
        return NULL;
    fields = fields_of(self);
    return mmspy_fields_repr(self, fields.name, fields.first, fields.count, fields.shape);
}

static PyObject *get_fields(PyObject *object, void *ignored)
{
    const struct mmspy_value *self = mmspy_value_of(object);
    struct fields fields;

    (void)ignored;
    if (!self)
        return NULL;
    fields = fields_of(self);
    return mmspy_field_names(fields.first, fields.count);
}

static PyObject *get_name(PyObject *object, void *ignored)
{
    const struct mmspy_value *self = mmspy_value_of(object);

    (void)ignored;
    return self ? PyUnicode_FromString(fields_of(self).name) : NULL;
}

static PyObject *dir(PyObject *object, PyObject *ignored)
{
    PyObject *names = get_fields(object, NULL), *list = names ? PySequence_List(names) : NULL;
    static const char *const ours[] = {"_fields", "_name", "to_dict", "to_json", "to_python"};

    (void)ignored;
    Py_XDECREF(names);
    for (size_t i = 0; list && i < sizeof ours / sizeof *ours; i++) {
        PyObject *name = PyUnicode_FromString(ours[i]);

        if (!name || PyList_Append(list, name) != 0)
            Py_CLEAR(list);
        Py_XDECREF(name);
    }
    return list;
}

static PyMethodDef methods[] = {
    {"to_dict", mmspy_value_to_python, METH_NOARGS, "to_dict($self, /)\n--\n\nAs to_python()."},
    {"__dir__", dir, METH_NOARGS, NULL},
    MMSPY_VALUE_METHODS,
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef members[] = {
    {"_fields", get_fields, NULL, "The names of the fields; of a tuple \"0\", \"1\" and so on.", NULL},
    {"_name", get_name, NULL, "Of the struct, or of the variant.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

PyDoc_STRVAR(record_doc, "A struct: its fields are attributes, value[\"name\"] or value[0].");
PyDoc_STRVAR(variant_doc, "A variant of an enum or of a Result: its `_name`, and fields as those of a Record.");

#define SLOTS(doc)                                                                                                   \
    {                                                                                                                \
        {Py_tp_doc, (void *)(uintptr_t)doc}, {Py_tp_dealloc, mmspy_value_dealloc}, {Py_tp_getattro, get_attribute},  \
            {Py_tp_repr, repr}, {Py_tp_richcompare, mmspy_value_compare}, {Py_tp_hash, PyObject_HashNotImplemented}, \
            {Py_mp_subscript, subscript}, {Py_mp_length, length}, {Py_tp_methods, methods}, {Py_tp_getset, members}, \
            {0, NULL},                                                                                               \
    }

static PyType_Slot record_slots[] = SLOTS(record_doc);
static PyType_Slot variant_slots[] = SLOTS(variant_doc);

PyType_Spec mmspy_record_spec = {
    .name = "mmsync.Record",
    .basicsize = sizeof(struct mmspy_value),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = record_slots,
};

PyType_Spec mmspy_variant_spec = {
    .name = "mmsync.Variant",
    .basicsize = sizeof(struct mmspy_value),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = variant_slots,
};
