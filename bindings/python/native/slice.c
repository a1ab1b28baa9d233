/* SPDX-License-Identifier: Apache-2.0 */
/* A part of a pinned value: what memoryviews of a table's values are made of. */
#include "handle.h"
#include "table.h"

struct slice {
    PyObject_HEAD struct mmspy_pin *pin;
    const void *data;
    Py_ssize_t size;
};

PyTypeObject *mmspy_slice_type;

static struct slice *slice_of(PyObject *self)
{
    return (struct slice *)(void *)self;
}

PyObject *mmspy_slice_view(struct mmspy_pin *pin, const void *data, size_t size)
{
    PyObject *self = mmspy_alloc(mmspy_slice_type), *view;

    if (!self)
        return NULL;
    slice_of(self)->pin = mmspy_pin_keep(pin);
    slice_of(self)->data = data;
    slice_of(self)->size = (Py_ssize_t)size;
    view = PyMemoryView_FromObject(self);
    Py_DECREF(self);
    return view;
}

static void slice_dealloc(PyObject *self)
{
    struct mmspy_pin *pin = slice_of(self)->pin;

    if (pin)
        (void)mmspy_pin_drop(pin);
    mmspy_free(self);
}

static int slice_getbuffer(PyObject *self, Py_buffer *view, int flags)
{
    struct slice *slice = slice_of(self);

    view->obj = NULL;
    if (mmspy_pin_check(slice->pin) != 0)
        return -1;
    return PyBuffer_FillInfo(view, self, (void *)(uintptr_t)slice->data, slice->size, 1, flags);
}

static PyType_Slot slots[] = {
    {Py_tp_dealloc, slice_dealloc},
    {Py_bf_getbuffer, slice_getbuffer},
    {0, NULL},
};

PyType_Spec mmspy_slice_spec = {
    .name = "mmsync._native.Slice",
    .basicsize = sizeof(struct slice),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};
