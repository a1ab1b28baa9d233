/* SPDX-License-Identifier: Apache-2.0 */
/* Input values without parts. */
#include "archive/bytes.h"
#include "input.h"
#include <string.h>

static bool is_signed(const mms_type *type)
{
    return (type->kind >= MMS_T_I8 && type->kind <= MMS_T_I128) || type->kind == MMS_T_ISIZE;
}

/* number.to_bytes(size, order, signed=...) */
static PyObject *bytes_of(const mms_type *type, PyObject *number)
{
    PyObject *to_bytes = PyObject_GetAttrString(number, "to_bytes");
    PyObject *keywords = to_bytes ? Py_BuildValue("{sO}", "signed", is_signed(type) ? Py_True : Py_False) : NULL;
    PyObject *arguments = keywords ? Py_BuildValue("(ns)", (Py_ssize_t)type->input_size,
                                                   __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? "little" : "big")
                                   : NULL;
    PyObject *bytes = arguments ? PyObject_Call(to_bytes, arguments, keywords) : NULL;

    Py_XDECREF(arguments);
    Py_XDECREF(keywords);
    Py_XDECREF(to_bytes);
    return bytes;
}

/* The usual ones, of up to 8 bytes: whether it fits. */
static bool fill_word(const mms_type *type, void *out, PyObject *number)
{
    unsigned unused = 64 - 8 * (unsigned)type->input_size;
    uint64_t word;
    bool fits;

    if (is_signed(type)) {
        int64_t value = PyLong_AsLongLong(number);

        word = (uint64_t)value;
        fits = (int64_t)(word << unused) >> unused == value;
    } else {
        word = PyLong_AsUnsignedLongLong(number);
        fits = word << unused >> unused == word;
    }
    if (PyErr_Occurred() || !fits)
        return false;
    mms__put_uint(out, type->input_size, word);
    return true;
}

/* Any integer that fits into so many bytes. */
static int fill_integer(struct mmspy_arena *arena, const mms_type *type, void *out, PyObject *object)
{
    PyObject *number = PyBool_Check(object) ? NULL : PyNumber_Index(object), *bytes;

    if (!number)
        return mmspy_input_refuse(arena, type, object, "an int");
    if (type->input_size <= sizeof(uint64_t)) {
        bool fits = fill_word(type, out, number);

        Py_DECREF(number);
        return fits ? 0 : mmspy_input_refuse(arena, type, object, "an int that fits");
    }
    bytes = bytes_of(type, number);
    Py_DECREF(number);
    if (!bytes)
        return mmspy_input_refuse(arena, type, object, "an int that fits");
    memcpy(out, PyBytes_AsString(bytes), type->input_size);
    Py_DECREF(bytes);
    return 0;
}

static int fill_real(struct mmspy_arena *arena, const mms_type *type, void *out, PyObject *object)
{
    double wide = PyFloat_AsDouble(object);
    float narrow = (float)wide;

    if (PyErr_Occurred())
        return mmspy_input_refuse(arena, type, object, "a float");
    if (type->kind == MMS_T_F32)
        memcpy(out, &narrow, sizeof narrow);
    else
        memcpy(out, &wide, sizeof wide);
    return 0;
}

/* UTF-8 that a str keeps is good as long as the str. */
static int fill_text(struct mmspy_arena *arena, const mms_type *type, void *out, PyObject *object)
{
    mms_str text = {NULL, 0};
    Py_ssize_t size;

    text.data = PyUnicode_Check(object) ? PyUnicode_AsUTF8AndSize(object, &size) : NULL;
    if (!text.data)
        return mmspy_input_refuse(arena, type, object, "a str that is valid Unicode");
    text.size = (size_t)size;
    memcpy(out, &text, sizeof text);
    return mmspy_arena_keep(arena, object);
}

static int fill_character(struct mmspy_arena *arena, const mms_type *type, void *out, PyObject *object)
{
    uint32_t code;

    if (!PyUnicode_Check(object) || PyUnicode_GetLength(object) != 1)
        return mmspy_input_refuse(arena, type, object, "a str of one character");
    code = PyUnicode_ReadChar(object, 0);
    memcpy(out, &code, sizeof code);
    return 0;
}

static int fill_bool(struct mmspy_arena *arena, const mms_type *type, void *out, PyObject *object)
{
    if (!PyBool_Check(object))
        return mmspy_input_refuse(arena, type, object, "a bool");
    *(bool *)out = object == Py_True;
    return 0;
}

/* A Duration (a pair of seconds and nanoseconds), or a number of seconds. */
static int fill_duration(struct mmspy_arena *arena, const mms_type *type, void *out, PyObject *object)
{
    unsigned long long secs;
    mms_duration duration = {0};
    unsigned nanos;
    double seconds;

    if (PyTuple_Check(object) && PyArg_ParseTuple(object, "KI", &secs, &nanos)) {
        duration.secs = secs;
        duration.nanos = nanos;
    } else {
        PyErr_Clear();
        seconds = PyFloat_AsDouble(object);
        if (PyErr_Occurred() || !(seconds >= 0 && seconds < 1.8e19))
            return mmspy_input_refuse(arena, type, object, "a number of seconds, or a pair of seconds and nanoseconds");
        duration.secs = (uint64_t)seconds;
        duration.nanos = (uint32_t)((seconds - (double)duration.secs) * 1e9);
    }
    memcpy(out, &duration, sizeof duration);
    return 0;
}

int mmspy_input_scalar(struct mmspy_arena *arena, const mms_type *type, void *out, PyObject *object)
{
    switch (type->kind) {
    case MMS_T_UNIT: return object == Py_None ? 0 : mmspy_input_refuse(arena, type, object, "None");
    case MMS_T_BOOL: return fill_bool(arena, type, out, object);
    case MMS_T_F32:
    case MMS_T_F64: return fill_real(arena, type, out, object);
    case MMS_T_CHAR: return fill_character(arena, type, out, object);
    case MMS_T_DURATION: return fill_duration(arena, type, out, object);
    case MMS_T_STRING:
    case MMS_T_BOX_STR: return fill_text(arena, type, out, object);
    default: return fill_integer(arena, type, out, object);
    }
}

/* ---- Addresses: mmsync._values.address_bytes(kind, object) gives the very bytes ---- */

static PyObject *call_with(const char *name, int kind, PyObject *object)
{
    PyObject *module = PyImport_ImportModule("mmsync._values");
    PyObject *result = module ? PyObject_CallMethod(module, name, "iO", kind - MMS_T_IPV4, object) : NULL;

    Py_XDECREF(module);
    return result;
}

int mmspy_input_address(struct mmspy_arena *arena, const mms_type *type, void *out, PyObject *object)
{
    PyObject *bytes = call_with("address_bytes", type->kind, object);
    char *data;
    Py_ssize_t size;

    if (!bytes)
        return mmspy_input_refuse(arena, type, object, "such an address, as an object or as text");
    if (PyBytes_AsStringAndSize(bytes, &data, &size) == 0 && (size_t)size == type->input_size)
        memcpy(out, data, type->input_size);
    else
        PyErr_SetString(PyExc_SystemError, "an address of another size");
    Py_DECREF(bytes);
    return PyErr_Occurred() ? -1 : 0;
}
