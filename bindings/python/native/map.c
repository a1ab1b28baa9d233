/* SPDX-License-Identifier: Apache-2.0 */
/* mmsync.Map and mmsync.Set: HashMap and BTreeMap, HashSet and BTreeSet. */
#include "input.h"
#include "value.h"

PyTypeObject *mmspy_map_type, *mmspy_set_type;

/* A key that is not one of the type is in no map. */
const char *mmspy_value_find(const struct mmspy_value *self, PyObject *key)
{
    struct mmspy_arena arena = {0};
    const mms_type *type = self->type;
    const void *wanted = mmspy_input(&arena, type->first->fields[0].type, key), *found = NULL;

    if (wanted && (type->kind == MMS_T_MAP || type->kind == MMS_T_SET))
        found = mms_map_find(type, self->at, wanted);
    else if (wanted)
        found = mms_tree_find(type, self->at, wanted);
    mmspy_arena_free(&arena);
    return found;
}

static PyObject *value_of_entry(const struct mmspy_value *self, const char *entry)
{
    const mms_type_field *field = &self->type->first->fields[1];

    return mmspy_value_part(self, field->type, entry + field->offset);
}

static PyObject *map_subscript(PyObject *object, PyObject *key)
{
    const struct mmspy_value *self = mmspy_value_of(object);
    const char *entry = self ? mmspy_value_find(self, key) : NULL;

    if (entry)
        return value_of_entry(self, entry);
    if (!PyErr_Occurred())
        PyErr_SetObject(PyExc_KeyError, key);
    return NULL;
}

static PyObject *map_get(PyObject *object, PyObject *arguments)
{
    const struct mmspy_value *self = mmspy_value_of(object);
    PyObject *key, *otherwise = Py_None;
    const char *entry;

    if (!self || !PyArg_ParseTuple(arguments, "O|O:get", &key, &otherwise))
        return NULL;
    entry = mmspy_value_find(self, key);
    if (entry)
        return value_of_entry(self, entry);
    return PyErr_Occurred() ? NULL : Py_NewRef(otherwise);
}

static int contains(PyObject *object, PyObject *key)
{
    const struct mmspy_value *self = mmspy_value_of(object);
    const char *entry = self ? mmspy_value_find(self, key) : NULL;

    return PyErr_Occurred() ? -1 : entry != NULL;
}

static Py_ssize_t length(PyObject *object)
{
    const struct mmspy_value *self = mmspy_value_of(object);

    return self ? (Py_ssize_t)mmspy_entries_count(self->type, self->at) : -1;
}

static PyObject *repr(PyObject *object)
{
    const struct mmspy_value *self = mmspy_value_of(object);

    return self ? PyUnicode_FromFormat("<%s of %llu>", self->type->name,
                                       (unsigned long long)mmspy_entries_count(self->type, self->at))
                : NULL;
}

static PyObject *iterate_keys(PyObject *self)
{
    return mmspy_value_iterate(self, MMSPY_FIRST);
}

static PyObject *map_keys(PyObject *self, PyObject *ignored)
{
    (void)ignored;
    return mmspy_value_iterate(self, MMSPY_FIRST);
}

static PyObject *map_values(PyObject *self, PyObject *ignored)
{
    (void)ignored;
    return mmspy_value_iterate(self, MMSPY_SECOND);
}

static PyObject *map_items(PyObject *self, PyObject *ignored)
{
    (void)ignored;
    return mmspy_value_iterate(self, MMSPY_BOTH);
}

static PyMethodDef map_methods[] = {
    {"get", map_get, METH_VARARGS, "get($self, key, default=None, /)\n--\n\nThe value of a key, or the default."},
    {"keys", map_keys, METH_NOARGS, "keys($self, /)\n--\n\nAn iterator over the keys."},
    {"values", map_values, METH_NOARGS, "values($self, /)\n--\n\nAn iterator over the values."},
    {"items", map_items, METH_NOARGS, "items($self, /)\n--\n\nAn iterator over pairs of key and value."},
    {"to_dict", mmspy_value_to_python, METH_NOARGS, "to_dict($self, /)\n--\n\nAs to_python()."},
    MMSPY_VALUE_METHODS,
    {NULL, NULL, 0, NULL},
};

static PyMethodDef set_methods[] = {
    {"to_list", mmspy_value_to_python, METH_NOARGS, "to_list($self, /)\n--\n\nAs to_python()."},
    MMSPY_VALUE_METHODS,
    {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(map_doc, "A HashMap, in no particular order, or a BTreeMap, in that of its keys.");
PyDoc_STRVAR(set_doc, "A HashSet, in no particular order, or a BTreeSet, in its order.");

#define COMMON                                                                                                       \
    {Py_tp_dealloc, mmspy_value_dealloc}, {Py_tp_repr, repr}, {Py_tp_iter, iterate_keys},                            \
        {Py_tp_richcompare, mmspy_value_compare}, {Py_tp_hash, PyObject_HashNotImplemented}, {Py_mp_length, length}, \
    {                                                                                                                \
        Py_sq_contains, contains                                                                                     \
    }

static PyType_Slot map_slots[] = {
    {Py_tp_doc, (void *)(uintptr_t)map_doc}, COMMON,    {Py_tp_methods, map_methods},
    {Py_mp_subscript, map_subscript},        {0, NULL},
};
static PyType_Slot set_slots[] = {
    {Py_tp_doc, (void *)(uintptr_t)set_doc},
    COMMON,
    {Py_tp_methods, set_methods},
    {0, NULL},
};

PyType_Spec mmspy_map_spec = {
    .name = "mmsync.Map",
    .basicsize = sizeof(struct mmspy_value),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = map_slots,
};

PyType_Spec mmspy_set_spec = {
    .name = "mmsync.Set",
    .basicsize = sizeof(struct mmspy_value),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = set_slots,
};
