/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of structs and of variants. */
#include "value.h"
#include <string.h>

static PyObject *field(const struct mmspy_value *self, const mms_type_field *field)
{
    return mmspy_value_part(self, field->type, self->at + field->offset);
}

/* NULL without an exception: there is none of that name. */
PyObject *mmspy_field_named(const struct mmspy_value *self, const mms_type_field *fields, size_t count, PyObject *name)
{
    const char *wanted = PyUnicode_AsUTF8AndSize(name, NULL);

    for (size_t i = 0; wanted && i < count; i++)
        if (strcmp(fields[i].name, wanted) == 0)
            return field(self, &fields[i]);
    return NULL;
}

/* By a name or an index. */
PyObject *mmspy_field_at(const struct mmspy_value *self, const mms_type_field *fields, size_t count, PyObject *index)
{
    PyObject *result;
    Py_ssize_t at;

    if (PyUnicode_Check(index)) {
        result = mmspy_field_named(self, fields, count, index);
        if (!result && !PyErr_Occurred())
            PyErr_SetObject(PyExc_KeyError, index);
        return result;
    }
    at = PyNumber_AsSsize_t(index, PyExc_IndexError);
    if (at == -1 && PyErr_Occurred())
        return NULL;
    if (at < 0)
        at += (Py_ssize_t)count;
    if (at >= 0 && (size_t)at < count)
        return field(self, &fields[at]);
    return PyErr_Format(PyExc_IndexError, "there are %zu fields", count);
}

PyObject *mmspy_field_names(const mms_type_field *fields, size_t count)
{
    PyObject *names = PyTuple_New((Py_ssize_t)count);

    for (size_t i = 0; names && i < count; i++) {
        PyObject *name = PyUnicode_FromString(fields[i].name);

        if (name)
            (void)PyTuple_SetItem(names, (Py_ssize_t)i, name);
        else
            Py_CLEAR(names);
    }
    return names;
}

/* What has parts shows how many, but not which: a value may be large. */
static PyObject *brief(PyObject *part)
{
    if (Py_TYPE(part) == mmspy_record_type)
        return PyUnicode_FromFormat("%s(...)", mmspy_value_at(part)->type->name);
    return PyObject_Repr(part);
}

static int append_field(PyObject *list, const struct mmspy_value *self, const mms_type_field *of, bool named)
{
    PyObject *part = field(self, of), *text = part ? brief(part) : NULL, *all = NULL;
    int code = -1;

    if (text)
        all = named ? PyUnicode_FromFormat("%s=%U", of->name, text) : Py_NewRef(text);
    if (all)
        code = PyList_Append(list, all);
    Py_XDECREF(all);
    Py_XDECREF(text);
    Py_XDECREF(part);
    return code;
}

PyObject *mmspy_fields_repr(const struct mmspy_value *self, const char *name, const mms_type_field *fields,
                            size_t count, int shape)
{
    PyObject *list = PyList_New(0), *comma = PyUnicode_FromString(", "), *joined = NULL, *text = NULL;
    bool good = list && comma;

    for (size_t i = 0; good && i < count; i++)
        good = append_field(list, self, &fields[i], shape == MMS_SHAPE_NAMED) == 0;
    if (good)
        joined = PyUnicode_Join(comma, list);
    if (joined)
        text = shape == MMS_SHAPE_UNIT ? PyUnicode_FromString(name) : PyUnicode_FromFormat("%s(%U)", name, joined);
    Py_XDECREF(joined);
    Py_XDECREF(comma);
    Py_XDECREF(list);
    return text;
}
