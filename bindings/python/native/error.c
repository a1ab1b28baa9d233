/* SPDX-License-Identifier: Apache-2.0 */
/* Errors become exceptions of the classes in mmsync._errors. The texts are the library's. */
#include "native.h"
#include <stdarg.h>

static PyObject *make_error; /* mmsync._errors.from_code(code, name, detail) */

int mmspy_error_init(PyObject *module)
{
    PyObject *errors = PyImport_ImportModule("mmsync._errors");

    (void)module;
    if (!errors)
        return -1;
    Py_XDECREF(make_error);
    make_error = PyObject_GetAttrString(errors, "from_code");
    Py_DECREF(errors);
    return make_error ? 0 : -1;
}

/* Takes over `detail`, which is NULL if it could not be made. */
static PyObject *raise_detail(int code, PyObject *detail)
{
    PyObject *error = NULL;

    if (detail)
        error = PyObject_CallFunction(make_error, "isO", code, mms_error_name(code), detail);
    Py_XDECREF(detail);
    if (!error)
        return NULL;
    PyErr_SetObject((PyObject *)Py_TYPE(error), error);
    Py_DECREF(error);
    return NULL;
}

/* Paths in it need not be UTF-8. */
PyObject *mmspy_raise(int code)
{
    return raise_detail(code, PyUnicode_DecodeFSDefault(mms_last_error()));
}

PyObject *mmspy_raise_format(int code, const char *format, ...)
{
    va_list arguments;
    PyObject *detail;

    va_start(arguments, format);
    detail = PyUnicode_FromFormatV(format, arguments);
    va_end(arguments);
    return raise_detail(code, detail);
}
