/* SPDX-License-Identifier: Apache-2.0 */
/* Methods whose classes are written in Python. */
#include "native.h"

static PyObject *find_class(const char *module, const char *name)
{
    PyObject *found = PyImport_ImportModule(module);
    PyObject *type = found ? PyObject_GetAttrString(found, name) : NULL;

    Py_XDECREF(found);
    return type;
}

/* (self, *arguments) */
static PyObject *prepend(PyObject *self, PyObject *arguments)
{
    Py_ssize_t count = arguments ? PyTuple_Size(arguments) : 0;
    PyObject *all = PyTuple_New(count + 1);

    if (!all)
        return NULL;
    (void)PyTuple_SetItem(all, 0, Py_NewRef(self));
    for (Py_ssize_t i = 0; i < count; i++)
        (void)PyTuple_SetItem(all, i + 1, Py_NewRef(PyTuple_GetItem(arguments, i)));
    return all;
}

PyObject *mmspy_call_class(const char *module, const char *name, PyObject *self, PyObject *arguments,
                           PyObject *keywords)
{
    PyObject *type = find_class(module, name), *all = type ? prepend(self, arguments) : NULL;
    PyObject *result = all ? PyObject_Call(type, all, keywords) : NULL;

    Py_XDECREF(all);
    Py_XDECREF(type);
    return result;
}
