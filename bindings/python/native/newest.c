/* SPDX-License-Identifier: Apache-2.0 */
/* mmsync.Newest: what a function makes of the newest value, made once for each generation. It may be
   part of a cycle, as the function may be anything. */
#include "handle.h"

struct newest {
    PyObject_HEAD PyObject *region, *make;
    PyObject *made; /* NULL: nothing yet */
    uint64_t generation;
    unsigned long process;
};

PyTypeObject *mmspy_newest_type;

static struct newest *newest_of(PyObject *self)
{
    return (struct newest *)(void *)self;
}

PyObject *mmspy_newest_new(PyObject *region, PyObject *make)
{
    PyObject *self;

    if (!PyCallable_Check(make))
        return PyErr_Format(PyExc_TypeError, "newest: give a function that takes a snapshot, not %R", make);
    self = mmspy_alloc(mmspy_newest_type);
    if (!self)
        return NULL;
    newest_of(self)->region = Py_NewRef(region);
    newest_of(self)->make = Py_NewRef(make);
    return self;
}

static int newest_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(newest_of(self)->region);
    Py_VISIT(newest_of(self)->make);
    Py_VISIT(newest_of(self)->made);
    return 0;
}

static int newest_forget(PyObject *self)
{
    Py_CLEAR(newest_of(self)->made);
    return 0;
}

static void newest_dealloc(PyObject *self)
{
    PyObject_GC_UnTrack(self);
    newest_forget(self);
    Py_CLEAR(newest_of(self)->make);
    Py_CLEAR(newest_of(self)->region);
    mmspy_free(self);
}

/* The last one may go before the next is made: its slot is free for the writer then. Another thread
   may have made one meanwhile, which this one replaces if it is not older. */
static PyObject *make(struct newest *newest)
{
    uint64_t generation;
    PyObject *snapshot = mmspy_region_snapshot(newest->region, &generation), *made, *old;

    if (!snapshot)
        return NULL;
    made = PyObject_CallFunctionObjArgs(newest->make, snapshot, NULL);
    Py_DECREF(snapshot);
    if (!made || (newest->made && newest->process == mmspy_process && newest->generation > generation))
        return made;
    old = newest->made;
    newest->made = Py_NewRef(made);
    newest->generation = generation;
    newest->process = mmspy_process;
    Py_XDECREF(old);
    return made;
}

/* What was made in a parent is of the parent's memory. */
static PyObject *newest_call(PyObject *self, PyObject *arguments, PyObject *keywords)
{
    struct newest *newest = newest_of(self);
    struct mmspy_handle *handle = mmspy_region_handle(newest->region);

    if (!handle)
        return NULL;
    if (PyTuple_Size(arguments) > 0 || (keywords && PyDict_Size(keywords) > 0))
        return PyErr_Format(PyExc_TypeError, "a Newest is called without arguments");
    if (newest->made && newest->generation == mms_generation(handle->region) && newest->process == mmspy_process)
        return Py_NewRef(newest->made);
    return make(newest);
}

static PyObject *newest_clear(PyObject *self, PyObject *ignored)
{
    (void)ignored;
    newest_forget(self);
    Py_RETURN_NONE;
}

PyDoc_STRVAR(clear_doc, "clear($self, /)\n--\n\nForget what was made, which releases the value.");

static PyMethodDef methods[] = {
    {"clear", newest_clear, METH_NOARGS, clear_doc},
    {"__class_getitem__", Py_GenericAlias, METH_O | METH_CLASS, NULL},
    MMSPY_NO_PICKLE,
    {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(doc,
             "What region.newest(make) returns: call it, and it gives make(snapshot) of the newest value, which it\n"
             "makes once for each generation. It keeps that, and the value with it, until it is called after the\n"
             "next publish, or cleared.");

static PyType_Slot slots[] = {
    {Py_tp_doc, (void *)(uintptr_t)doc},
    {Py_tp_dealloc, newest_dealloc},
    {Py_tp_traverse, newest_traverse},
    {Py_tp_clear, newest_forget},
    {Py_tp_call, newest_call},
    {Py_tp_methods, methods},
    {0, NULL},
};

PyType_Spec mmspy_newest_spec = {
    .name = "mmsync.Newest",
    .basicsize = sizeof(struct newest),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};
