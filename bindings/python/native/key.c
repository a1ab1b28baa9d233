/* SPDX-License-Identifier: Apache-2.0 */
#include "key.h"
#include <string.h>

static PyTypeObject *const types[] = {&PyBytes_Type, &PyUnicode_Type, &PyLong_Type};

int mmspy_keys_read(PyObject *type, enum mmspy_keys *out)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (type == (PyObject *)(void *)types[i]) {
            *out = (enum mmspy_keys)i;
            return 0;
        }
    mmspy_raise_format(MMS_E_INVALID, "keys must be one of the types bytes, str and int");
    return -1;
}

PyObject *mmspy_keys_object(enum mmspy_keys keys)
{
    return Py_NewRef((PyObject *)(void *)types[keys]);
}

/* ---- From an object ---- */

static int read_bytes(PyObject *object, struct mmspy_key *out)
{
    if (PyUnicode_Check(object)) {
        PyErr_SetString(PyExc_TypeError, "the keys of this table are bytes: give b\"key\", or open it with keys=str");
        return -1;
    }
    if (PyLong_Check(object)) {
        PyErr_SetString(PyExc_TypeError, "the keys of this table are bytes: give b\"key\", or open it with keys=int");
        return -1;
    }
    if (PyObject_GetBuffer(object, &out->buffer, PyBUF_SIMPLE) != 0)
        return -1;
    out->key = (mms_key){out->buffer.buf, (size_t)out->buffer.len};
    return 0;
}

static int read_text(PyObject *object, struct mmspy_key *out)
{
    Py_ssize_t size;
    const char *text;

    if (!PyUnicode_Check(object)) {
        PyErr_SetString(PyExc_TypeError, "the keys of this table are str, as it was opened with keys=str");
        return -1;
    }
    text = PyUnicode_AsUTF8AndSize(object, &size);
    out->key = (mms_key){text, (size_t)size};
    return text ? 0 : -1;
}

static int read_number(PyObject *object, struct mmspy_key *out)
{
    PyObject *number = PyNumber_Index(object);

    if (!number)
        return -1;
    out->number = PyLong_AsUnsignedLongLong(number);
    Py_DECREF(number);
    out->key = (mms_key){&out->number, sizeof out->number};
    if (!PyErr_Occurred())
        return 0;
    PyErr_Clear();
    mmspy_raise_format(MMS_E_INVALID, "a key that is an int must be from 0 to 2**64 - 1");
    return -1;
}

int mmspy_key_read(enum mmspy_keys keys, PyObject *object, struct mmspy_key *out)
{
    out->buffer.obj = NULL;
    switch (keys) {
    case MMSPY_KEYS_STR: return read_text(object, out);
    case MMSPY_KEYS_INT: return read_number(object, out);
    default: return read_bytes(object, out);
    }
}

void mmspy_key_free(struct mmspy_key *key)
{
    if (key->buffer.obj)
        PyBuffer_Release(&key->buffer);
}

/* ---- To an object ---- */

PyObject *mmspy_key_object(enum mmspy_keys keys, const mms_key *key)
{
    uint64_t number;

    if (keys == MMSPY_KEYS_STR)
        return PyUnicode_DecodeUTF8(key->data, (Py_ssize_t)key->size, NULL);
    if (keys == MMSPY_KEYS_BYTES)
        return PyBytes_FromStringAndSize(key->data, (Py_ssize_t)key->size);
    if (key->size != sizeof number)
        return mmspy_raise_format(
            MMS_E_INVALID, "the table has a key of %zu bytes, which is no int of 8 bytes; open it with keys=bytes",
            key->size);
    memcpy(&number, key->data, sizeof number);
    return PyLong_FromUnsignedLongLong(number);
}
