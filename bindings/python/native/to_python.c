/* SPDX-License-Identifier: Apache-2.0 */
/* A whole value as objects of Python, laid out as serde has it in JSON. */
#include "archive/bytes.h"
#include "value.h"
#include <errno.h>

static PyObject *convert_field(const mms_type_field *field, const char *at)
{
    return mmspy_value_convert(field->type, at + field->offset);
}

/* Appends what it takes over; -1 if that is NULL. */
static int append(PyObject *list, PyObject *item)
{
    int code = item ? PyList_Append(list, item) : -1;

    Py_XDECREF(item);
    return code;
}

static PyObject *convert_tuple(const mms_type_field *fields, size_t count, const char *at)
{
    PyObject *list = PyList_New(0);

    for (size_t i = 0; list && i < count; i++)
        if (append(list, convert_field(&fields[i], at)) != 0)
            Py_CLEAR(list);
    return list;
}

static PyObject *convert_named(const mms_type_field *fields, size_t count, const char *at)
{
    PyObject *dict = PyDict_New();

    for (size_t i = 0; dict && i < count; i++) {
        PyObject *part = convert_field(&fields[i], at);

        if (!part || PyDict_SetItemString(dict, fields[i].name, part) != 0)
            Py_CLEAR(dict);
        Py_XDECREF(part);
    }
    return dict;
}

static PyObject *convert_fields(const mms_type_field *fields, size_t count, int shape, const char *at)
{
    if (shape == MMS_SHAPE_UNIT)
        Py_RETURN_NONE;
    if (shape == MMS_SHAPE_NAMED)
        return convert_named(fields, count, at);
    return count == 1 ? convert_field(&fields[0], at) : convert_tuple(fields, count, at);
}

static PyObject *convert_variant(const mms_type *type, const char *at)
{
    const mms_type_variant *variant = &type->variants[mms__get_uint(at, type->tag_size)];
    PyObject *fields;

    if (variant->shape == MMS_SHAPE_UNIT)
        return PyUnicode_FromString(variant->name);
    fields = convert_fields(variant->fields, variant->count, variant->shape, at);
    return fields ? Py_BuildValue("{sN}", variant->name, fields) : NULL;
}

static PyObject *convert_items(const mms_type *type, const char *at, bool keys)
{
    struct mmspy_entries entries = mmspy_entries_of(type, at);
    PyObject *list = PyList_New(0);

    for (; list && entries.at; mmspy_entries_next(&entries)) {
        PyObject *item =
            keys ? convert_field(&entries.type->fields[0], entries.at) : mmspy_value_convert(entries.type, entries.at);

        if (append(list, item) != 0)
            Py_CLEAR(list);
    }
    return list;
}

static int add_entry(PyObject *to, const struct mmspy_entries *entries, bool dict)
{
    PyObject *key = convert_field(&entries->type->fields[0], entries->at);
    PyObject *value = key ? convert_field(&entries->type->fields[1], entries->at) : NULL;
    int code = -1;

    if (value)
        code = dict ? PyDict_SetItem(to, key, value) : append(to, Py_BuildValue("(OO)", key, value));
    Py_XDECREF(value);
    Py_XDECREF(key);
    return code;
}

/* Keys that are no keys in Python, as they have parts, give a list of pairs. */
static PyObject *convert_map(const mms_type *type, const char *at)
{
    struct mmspy_entries entries = mmspy_entries_of(type, at);
    int kind = type->first->fields[0].type->kind;
    bool dict = kind <= MMS_T_BOX_STR || kind >= MMS_T_IPV4;
    PyObject *result = dict ? PyDict_New() : PyList_New(0);

    for (; result && entries.at; mmspy_entries_next(&entries))
        if (add_entry(result, &entries, dict) != 0)
            Py_CLEAR(result);
    return result;
}

static PyObject *convert_parts(const mms_type *type, const char *at)
{
    switch (type->kind) {
    case MMS_T_BOX: return mmspy_value_convert(type->first, mms__follow(type, at));
    case MMS_T_OPTION:
        if (mms__get_uint(at, type->tag_size) == 0)
            Py_RETURN_NONE;
        return convert_field(type->variants[1].fields, at);
    case MMS_T_VEC:
    case MMS_T_ARRAY: return convert_items(type, at, false);
    case MMS_T_STRUCT: return convert_fields(type->fields, type->count, type->shape, at);
    case MMS_T_MAP:
    case MMS_T_TREE: return convert_map(type, at);
    case MMS_T_SET:
    case MMS_T_TREE_SET: return convert_items(type, at, true);
    default: return convert_variant(type, at);
    }
}

PyObject *mmspy_value_convert(const mms_type *type, const char *at)
{
    bool done;
    PyObject *result = mmspy_scalar(type, at, &done);

    if (done)
        return result;
    if (!mmspy_value_nests(type))
        return convert_parts(type, at);
    if (Py_EnterRecursiveCall(" while converting a value") != 0)
        return NULL;
    result = convert_parts(type, at);
    Py_LeaveRecursiveCall();
    return result;
}

PyObject *mmspy_value_to_python(PyObject *self, PyObject *ignored)
{
    const struct mmspy_value *value = mmspy_value_of(self);

    (void)ignored;
    return value ? mmspy_value_convert(value->type, value->at) : NULL;
}

/* ---- JSON ---- */

static int print(const struct mmspy_value *value, char **text, size_t *size)
{
    FILE *stream = open_memstream(text, size);
    int code;

    if (!stream)
        return -errno;
    code = mms_archive_print(value->type, value->at, stream);
    if (fclose(stream) != 0 && code == 0)
        code = -errno;
    return code;
}

PyObject *mmspy_value_to_json(PyObject *self, PyObject *ignored)
{
    const struct mmspy_value *value = mmspy_value_of(self);
    PyObject *result = NULL;
    char *text = NULL;
    size_t size = 0;
    int code;

    (void)ignored;
    if (!value)
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    code = print(value, &text, &size);
    Py_END_ALLOW_THREADS
    if (code == -ENOMEM)
        PyErr_NoMemory();
    else if (code != 0)
        mmspy_raise(code);
    else
        result = PyUnicode_DecodeUTF8(text, (Py_ssize_t)size, NULL);
    free(text);
    return result;
}
