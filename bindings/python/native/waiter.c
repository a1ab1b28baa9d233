/* SPDX-License-Identifier: Apache-2.0 */
/* mmsync._native.Waiter: a descriptor of mms_wait_fd, for event loops. */
#include "handle.h"
#include <mmsync/wait_fd.h>

struct waiter {
    PyObject_HEAD struct mmspy_handle *handle; /* NULL: closed */
    int fd;                                    /* -1: none */
};

static struct waiter *waiter_of(PyObject *self)
{
    return (struct waiter *)(void *)self;
}

PyTypeObject *mmspy_waiter_type;

PyObject *mmspy_waiter_new(struct mmspy_handle *handle)
{
    PyObject *self = mmspy_alloc(mmspy_waiter_type);
    struct waiter *waiter = waiter_of(self);
    int code;

    if (!self)
        return NULL;
    waiter->handle = mmspy_handle_keep(handle);
    waiter->fd = -1;
    Py_BEGIN_ALLOW_THREADS
    code = mms_wait_fd(handle->region, &waiter->fd);
    Py_END_ALLOW_THREADS
    if (code == 0)
        return self;
    mmspy_raise(code);
    Py_DECREF(self);
    return NULL;
}

/* In a child the descriptor is closed with the region. */
static PyObject *waiter_close(PyObject *self, PyObject *ignored)
{
    struct waiter *waiter = waiter_of(self);
    struct mmspy_handle *handle = waiter->handle;
    int fd = waiter->fd;

    (void)ignored;
    waiter->handle = NULL;
    waiter->fd = -1;
    if (fd >= 0) {
        Py_BEGIN_ALLOW_THREADS(void)
        mms_wait_fd_close(handle->region, fd);
        Py_END_ALLOW_THREADS
    }
    mmspy_handle_drop(handle);
    Py_RETURN_NONE;
}

static void waiter_dealloc(PyObject *self)
{
    Py_XDECREF(waiter_close(self, NULL));
    mmspy_free(self);
}

static PyObject *waiter_fileno(PyObject *self, PyObject *ignored)
{
    (void)ignored;
    return PyLong_FromLong(waiter_of(self)->fd);
}

/* The newest generation; the descriptor is readable when there is another one. */
static PyObject *waiter_acknowledge(PyObject *self, PyObject *ignored)
{
    struct waiter *waiter = waiter_of(self);
    uint64_t generation;
    int code;

    (void)ignored;
    if (!waiter->handle)
        return mmspy_raise_format(MMS_E_INVALID, "the waiter is closed");
    code = mms_wait_fd_ack(waiter->handle->region, waiter->fd, &generation);
    return code == 0 ? PyLong_FromUnsignedLongLong(generation) : mmspy_raise(code);
}

static PyMethodDef methods[] = {
    {"fileno", waiter_fileno, METH_NOARGS, "fileno($self, /)\n--\n\n"},
    {"acknowledge", waiter_acknowledge, METH_NOARGS, "acknowledge($self, /)\n--\n\n"},
    {"close", waiter_close, METH_NOARGS, "close($self, /)\n--\n\n"},
    MMSPY_NO_PICKLE,
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_dealloc, waiter_dealloc},
    {Py_tp_methods, methods},
    {0, NULL},
};

PyType_Spec mmspy_waiter_spec = {
    .name = "mmsync._native.Waiter",
    .basicsize = sizeof(struct waiter),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};
