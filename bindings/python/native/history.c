/* SPDX-License-Identifier: Apache-2.0 */
/* The values that a region still has. */
#include "native.h"
#include <mmsync/history.h>
#include <stdlib.h>

static PyObject *value_of(const mms_past_value *value)
{
    PyObject *checksum = value->has_checksum ? PyLong_FromUnsignedLongLong(value->checksum) : Py_NewRef(Py_None);

    return Py_BuildValue("{sKsKs(KK)sKsKsNsOsOsI}", "generation", value->generation, "size", value->size, "type_id",
                         value->type_id[0], value->type_id[1], "tag", value->tag, "publish_time_ns",
                         value->publish_time_ns, "checksum", checksum, "current", value->current ? Py_True : Py_False,
                         "kept", value->kept ? Py_True : Py_False, "slot", value->slot);
}

static PyObject *list_of(const mms_past_value *values, size_t count)
{
    PyObject *list = PyList_New(0);

    for (size_t i = 0; list && i < count; i++) {
        PyObject *value = value_of(&values[i]);

        if (!value || PyList_Append(list, value) != 0)
            Py_CLEAR(list);
        Py_XDECREF(value);
    }
    return list;
}

PyObject *mmspy_history_list(const char *path)
{
    mms_past_value *values = NULL, *more;
    size_t capacity = 0, count = 32;
    PyObject *list;
    int code = 0;

    while (code == 0 && count > capacity) {
        capacity = count;
        more = realloc(values, capacity * sizeof *values);
        if (!more) {
            free(values);
            return PyErr_NoMemory();
        }
        values = more;
        Py_BEGIN_ALLOW_THREADS
        code = mms_history(path, values, capacity, &count);
        Py_END_ALLOW_THREADS
    }
    list = code == 0 ? list_of(values, count) : mmspy_raise(code);
    free(values);
    return list;
}

PyObject *mmspy_history(PyObject *module, PyObject *path)
{
    PyObject *bytes, *list;

    (void)module;
    if (!PyUnicode_FSConverter(path, &bytes))
        return NULL;
    list = mmspy_history_list(PyBytes_AsString(bytes));
    Py_DECREF(bytes);
    return list;
}
