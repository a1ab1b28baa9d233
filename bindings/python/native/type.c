/* SPDX-License-Identifier: Apache-2.0 */
/* Heap types without garbage collection: none of their objects can be part of a cycle. */
#include "native.h"

PyObject *mmspy_alloc(PyTypeObject *type)
{
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);

    return alloc(type, 0);
}

void mmspy_free(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);

    release(self);
    Py_DECREF(type);
}

/* Also what copy.copy and multiprocessing call. */
PyObject *mmspy_refuse_pickle(PyObject *self, PyObject *ignored)
{
    PyObject *name = PyObject_GetAttrString((PyObject *)Py_TYPE(self), "__name__");

    (void)ignored;
    if (name)
        PyErr_Format(PyExc_TypeError,
                     "cannot pickle or copy a %U: send the path and let the other process open the region itself; to "
                     "send a value, send bytes(snapshot)",
                     name);
    Py_XDECREF(name);
    return NULL;
}
