/* SPDX-License-Identifier: Apache-2.0 */
/* mmsync.List: a Vec, slice or array. One of numbers, or of arrays of numbers, supports the buffer
   protocol: numpy.asarray(list) is not a copy. */
#include "archive/bytes.h"
#include "value.h"
#include <stdlib.h>

PyTypeObject *mmspy_list_type;

enum { MOST_DIMENSIONS = 8 };

static Py_ssize_t list_length(PyObject *object)
{
    const struct mmspy_value *self = mmspy_value_of(object);

    return self ? (Py_ssize_t)mmspy_entries_count(self->type, self->at) : -1;
}

static PyObject *item(const struct mmspy_value *self, Py_ssize_t index)
{
    const mms_type *type = self->type->first;

    return mmspy_value_part(self, type, mmspy_entries_of(self->type, self->at).at + (size_t)index * type->size);
}

static PyObject *slice_of(const struct mmspy_value *self, PyObject *slice, Py_ssize_t length)
{
    Py_ssize_t start, stop, step, count;
    PyObject *list;

    if (PySlice_Unpack(slice, &start, &stop, &step) != 0)
        return NULL;
    count = PySlice_AdjustIndices(length, &start, &stop, step);
    list = PyList_New(count);
    for (Py_ssize_t i = 0; list && i < count; i++) {
        PyObject *part = item(self, start + i * step);

        if (part)
            (void)PyList_SetItem(list, i, part);
        else
            Py_CLEAR(list);
    }
    return list;
}

static PyObject *list_subscript(PyObject *object, PyObject *index)
{
    const struct mmspy_value *self = mmspy_value_of(object);
    Py_ssize_t at, length;

    if (!self)
        return NULL;
    length = (Py_ssize_t)mmspy_entries_count(self->type, self->at);
    if (Py_TYPE(index) == &PySlice_Type)
        return slice_of(self, index, length);
    at = PyNumber_AsSsize_t(index, PyExc_IndexError);
    if (at == -1 && PyErr_Occurred())
        return NULL;
    if (at < 0)
        at += length;
    if (at >= 0 && at < length)
        return item(self, at);
    return PyErr_Format(PyExc_IndexError, "the list has %zd items", length);
}

static PyObject *list_item(PyObject *object, Py_ssize_t index)
{
    PyObject *number = PyLong_FromSsize_t(index), *result = number ? list_subscript(object, number) : NULL;

    Py_XDECREF(number);
    return result;
}

static PyObject *list_iter(PyObject *self)
{
    return mmspy_value_iterate(self, MMSPY_WHOLE);
}

static PyObject *list_repr(PyObject *object)
{
    const struct mmspy_value *self = mmspy_value_of(object);

    return self ? PyUnicode_FromFormat("<%s of %llu>", self->type->name,
                                       (unsigned long long)mmspy_entries_count(self->type, self->at))
                : NULL;
}

/* ---- Buffer protocol ---- */

struct shape {
    const char *format;
    Py_ssize_t item;
    int dimensions;
    Py_ssize_t sizes[MOST_DIMENSIONS], strides[MOST_DIMENSIONS];
};

static bool shape_of(const struct mmspy_value *self, struct shape *out)
{
    const mms_type *type = self->type->first;

    out->sizes[0] = (Py_ssize_t)mmspy_entries_count(self->type, self->at);
    out->dimensions = 1;
    while (type->kind == MMS_T_ARRAY && out->dimensions < MOST_DIMENSIONS) {
        out->sizes[out->dimensions++] = (Py_ssize_t)type->count;
        type = type->first;
    }
    out->format = mmspy_scalar_format(type);
    out->item = (Py_ssize_t)type->size;
    for (Py_ssize_t i = out->dimensions - 1, bytes = out->item; i >= 0; i--) {
        out->strides[i] = bytes;
        bytes *= out->sizes[i];
    }
    return out->format != NULL;
}

static Py_ssize_t bytes_of(const struct shape *shape)
{
    return shape->sizes[0] * shape->strides[0];
}

static int fill(Py_buffer *view, const struct shape *shape, int flags)
{
    struct shape *kept = malloc(sizeof *kept);

    if (!kept) {
        PyErr_NoMemory();
        return -1;
    }
    *kept = *shape;
    view->internal = kept;
    view->itemsize = shape->item;
    view->format = (flags & PyBUF_FORMAT) == PyBUF_FORMAT ? (char *)(uintptr_t)shape->format : NULL;
    view->ndim = shape->dimensions;
    view->shape = (flags & PyBUF_ND) == PyBUF_ND ? kept->sizes : NULL;
    view->strides = (flags & PyBUF_STRIDES) == PyBUF_STRIDES ? kept->strides : NULL;
    if (!view->shape)
        view->ndim = 1;
    return 0;
}

static int list_getbuffer(PyObject *object, Py_buffer *view, int flags)
{
    const struct mmspy_value *self = mmspy_value_of(object);
    const void *data;
    struct shape shape;

    view->obj = NULL;
    if (!self)
        return -1;
    if (!shape_of(self, &shape)) {
        PyErr_Format(PyExc_BufferError, "a list of %s has no buffer, as only those of numbers do; use its items",
                     self->type->first->name);
        return -1;
    }
    data = mmspy_entries_of(self->type, self->at).at;
    if (PyBuffer_FillInfo(view, object, (void *)(uintptr_t)(data ? data : self->at), bytes_of(&shape), 1, flags) != 0)
        return -1;
    if (fill(view, &shape, flags) == 0)
        return 0;
    Py_CLEAR(view->obj);
    return -1;
}

static void list_releasebuffer(PyObject *object, Py_buffer *view)
{
    (void)object;
    free(view->internal);
}

static PyMethodDef methods[] = {
    {"to_list", mmspy_value_to_python, METH_NOARGS, "to_list($self, /)\n--\n\nAs to_python()."},
    MMSPY_VALUE_METHODS,
    {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(doc,
             "A Vec or an array. If of numbers, it supports the buffer protocol: numpy.asarray(list) does not copy.");

static PyType_Slot slots[] = {
    {Py_tp_doc, (void *)(uintptr_t)doc},
    {Py_tp_dealloc, mmspy_value_dealloc},
    {Py_tp_repr, list_repr},
    {Py_tp_iter, list_iter},
    {Py_tp_richcompare, mmspy_value_compare},
    {Py_tp_hash, PyObject_HashNotImplemented},
    {Py_tp_methods, methods},
    {Py_mp_subscript, list_subscript},
    {Py_mp_length, list_length},
    {Py_sq_length, list_length},
    {Py_sq_item, list_item},
    {Py_bf_getbuffer, list_getbuffer},
    {Py_bf_releasebuffer, list_releasebuffer},
    {0, NULL},
};

PyType_Spec mmspy_list_spec = {
    .name = "mmsync.List",
    .basicsize = sizeof(struct mmspy_value),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};
