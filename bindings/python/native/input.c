/* SPDX-License-Identifier: Apache-2.0 */
/* Input values with parts, and where in them an error is. */
#include "input.h"
#include "value.h"
#include <string.h>

/* ---- Errors ---- */

/* Put what leads to the crumb in front of the text, which is taken over. */
static PyObject *describe(const struct mmspy_crumb *crumb, PyObject *text)
{
    while (crumb && text) {
        PyObject *longer = crumb->name ? PyUnicode_FromFormat(".%s%U", crumb->name, text)
                                       : PyUnicode_FromFormat("[%zd]%U", crumb->index, text);

        Py_DECREF(text);
        text = longer;
        crumb = crumb->up;
    }
    return text;
}

int mmspy_input_refuse(const struct mmspy_arena *arena, const mms_type *type, PyObject *object, const char *wanted)
{
    PyObject *path, *shown;

    if (PyErr_Occurred() && PyErr_ExceptionMatches(PyExc_MemoryError))
        return -1;
    PyErr_Clear();
    path = describe(arena->path, PyUnicode_FromString(""));
    shown = PyObject_GetAttrString((PyObject *)Py_TYPE(object), "__name__");
    if (path && shown)
        mmspy_raise_format(MMS_E_INVALID, "value%U: a %s must be %s, and this is a %U", path, type->name, wanted,
                           shown);
    Py_XDECREF(path);
    Py_XDECREF(shown);
    return -1;
}

int mmspy_input_at(struct mmspy_arena *arena, const char *name, Py_ssize_t index, const mms_type *type, void *out,
                   PyObject *object)
{
    struct mmspy_crumb crumb = {arena->path, name, index};
    int code;

    arena->path = &crumb;
    code = mmspy_input_fill(arena, type, out, object);
    arena->path = crumb.up;
    return code;
}

/* ---- Fields ---- */

static PyObject *find_named(PyObject *object, const char *name)
{
    PyObject *found = PyMapping_Check(object) && !PyTuple_Check(object) ? PyMapping_GetItemString(object, name)
                                                                        : PyObject_GetAttrString(object, name);

    return found;
}

static PyObject *find_indexed(PyObject *object, size_t index)
{
    PyObject *number = PyLong_FromSize_t(index), *found = number ? PyObject_GetItem(object, number) : NULL;

    Py_XDECREF(number);
    return found;
}

static int fill_field(struct mmspy_arena *arena, const mms_type *type, const mms_type_field *field, void *out,
                      PyObject *object, bool named, size_t index)
{
    PyObject *part = named ? find_named(object, field->name) : find_indexed(object, index);
    int code;

    if (!part) {
        struct mmspy_crumb crumb = {arena->path, field->name, 0};

        arena->path = &crumb;
        code = mmspy_input_refuse(arena, type, object, "a dict or an object with this field");
        arena->path = crumb.up;
        return code;
    }
    code = mmspy_input_at(arena, field->name, 0, field->type, (char *)out + field->input_offset, part);
    Py_DECREF(part);
    return code;
}

static bool is_text(PyObject *object)
{
    return PyUnicode_Check(object) || PyBytes_Check(object);
}

/* A misspelt name of a dict would be a field that is left out elsewhere. */
static int check_names(const struct mmspy_arena *arena, const mms_type *type, PyObject *object, size_t count)
{
    if (!PyDict_Check(object) || PyDict_Size(object) == (Py_ssize_t)count)
        return 0;
    return mmspy_input_refuse(arena, type, object, "a dict of its fields, and of no others");
}

/* The Record of a struct around one value, which by itself would stand for that value. */
static bool is_record_of(const mms_type *type, PyObject *object)
{
    return type->kind == MMS_T_STRUCT && Py_TYPE(object) == mmspy_record_type &&
           strcmp(mmspy_value_at(object)->type->name, type->name) == 0;
}

static int fill_fields(struct mmspy_arena *arena, const mms_type *type, const mms_type_field *fields, size_t count,
                       int shape, void *out, PyObject *object)
{
    if (shape == MMS_SHAPE_UNIT || count == 0)
        return object == Py_None || shape != MMS_SHAPE_UNIT ? 0 : mmspy_input_refuse(arena, type, object, "None");
    if (shape == MMS_SHAPE_TUPLE && count == 1 && !is_record_of(type, object))
        return mmspy_input_at(arena, fields[0].name, 0, fields[0].type, (char *)out + fields[0].input_offset, object);
    if (shape == MMS_SHAPE_TUPLE && (is_text(object) || PyObject_Size(object) != (Py_ssize_t)count))
        return mmspy_input_refuse(arena, type, object, "a sequence of its fields");
    if (shape == MMS_SHAPE_NAMED && check_names(arena, type, object, count) != 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (fill_field(arena, type, &fields[i], out, object, shape == MMS_SHAPE_NAMED, i) != 0)
            return -1;
    return 0;
}

/* ---- Variants ---- */

static int fill_tagged(struct mmspy_arena *arena, const mms_type *type, void *out, size_t tag, PyObject *payload)
{
    const mms_type_variant *variant = &type->variants[tag];
    uint32_t number = (uint32_t)tag;

    if (type->kind == MMS_T_ENUM)
        memcpy(out, &number, sizeof number);
    else
        *(bool *)out = tag != 0;
    return fill_fields(arena, type, variant->fields, variant->count, variant->shape, out, payload);
}

static bool variant_named(const mms_type *type, const char *name, size_t *tag)
{
    for (size_t i = 0; name && i < type->count; i++)
        if (strcmp(type->variants[i].name, name) == 0) {
            *tag = i;
            return true;
        }
    return false;
}

/* "Name", {"Name": fields}, or a Variant. */
static int fill_enum(struct mmspy_arena *arena, const mms_type *type, void *out, PyObject *object)
{
    PyObject *key = object, *payload = Py_None;
    Py_ssize_t position = 0;
    size_t tag;
    int code;

    if (Py_TYPE(object) == mmspy_variant_type) {
        PyObject *same = mmspy_value_to_python(object, NULL);

        code = same ? fill_enum(arena, type, out, same) : -1;

        Py_XDECREF(same);
        return code;
    }
    if (PyDict_Check(object) && (PyDict_Size(object) != 1 || !PyDict_Next(object, &position, &key, &payload)))
        return mmspy_input_refuse(arena, type, object, "a dict with one variant");
    if (!PyUnicode_Check(key) || !variant_named(type, PyUnicode_AsUTF8AndSize(key, NULL), &tag))
        return mmspy_input_refuse(arena, type, object, "the name of a variant, or a dict of a name and its fields");
    Py_INCREF(payload); /* its own code may take it out of the dict */
    code = fill_tagged(arena, type, out, tag, payload);
    Py_DECREF(payload);
    return code;
}

/* ---- Items ---- */

static int set_items(void *out, const void *data, size_t count)
{
    mms_items items = {data, count};

    memcpy(out, &items, sizeof items);
    return 0;
}

static int fill_each(struct mmspy_arena *arena, const mms_type *type, char *out, PyObject *list, Py_ssize_t count)
{
    for (Py_ssize_t i = 0; i < count; i++)
        if (mmspy_input_at(arena, NULL, i, type, out + (size_t)i * type->input_size, PyList_GetItem(list, i)) != 0)
            return -1;
    return 0;
}

/* Arrays of numbers are taken as they are. 1: done, 0: not such a buffer, -1 with an exception. */
static int take_buffer(struct mmspy_arena *arena, const mms_type *item, void *out, Py_ssize_t wanted, PyObject *object)
{
    const char *format = item->size == item->input_size ? mmspy_scalar_format(item) : NULL;
    Py_buffer buffer;
    char *copy = NULL;
    Py_ssize_t count;

    if (!format || !PyObject_CheckBuffer(object) || PyObject_GetBuffer(object, &buffer, PyBUF_ND | PyBUF_FORMAT) != 0) {
        PyErr_Clear();
        return 0;
    }
    count = buffer.itemsize > 0 ? buffer.len / buffer.itemsize : 0;
    if (buffer.ndim != 1 || (size_t)buffer.itemsize != item->size || !buffer.format ||
        (strcmp(buffer.format, format) != 0 &&
         !(item->size == 8 && strchr("lL", *buffer.format) && strchr("qQ", *format) &&
           (*buffer.format == 'l') == (*format == 'q'))) ||
        (wanted >= 0 && count != wanted)) {
        PyBuffer_Release(&buffer);
        return 0;
    }
    copy = wanted >= 0 ? out : mmspy_arena_take(arena, (size_t)buffer.len);
    if (copy)
        memcpy(copy, buffer.buf, (size_t)buffer.len);
    PyBuffer_Release(&buffer);
    if (copy && wanted < 0)
        set_items(out, copy, (size_t)count);
    return copy ? 1 : -1;
}

static int fill_vec(struct mmspy_arena *arena, const mms_type *type, void *out, PyObject *object)
{
    int taken = take_buffer(arena, type->first, out, -1, object), code = -1;
    PyObject *list;
    Py_ssize_t count;
    char *items;

    if (taken != 0)
        return taken > 0 ? 0 : -1;
    list = PyUnicode_Check(object) || PyDict_Check(object) ? NULL : PySequence_List(object);
    if (!list)
        return mmspy_input_refuse(arena, type, object, "a list, or an array of such numbers");
    count = PyList_Size(list);
    items = mmspy_arena_take(arena, (size_t)count * type->first->input_size);
    if (items && fill_each(arena, type->first, items, list, count) == 0)
        code = set_items(out, items, (size_t)count);
    Py_DECREF(list);
    return code;
}

static int fill_array(struct mmspy_arena *arena, const mms_type *type, void *out, PyObject *object)
{
    int taken = take_buffer(arena, type->first, out, (Py_ssize_t)type->count, object), code = -1;
    PyObject *list;

    if (taken != 0)
        return taken > 0 ? 0 : -1;
    list = PyUnicode_Check(object) ? NULL : PySequence_List(object);
    if (!list || (size_t)PyList_Size(list) != type->count) {
        Py_XDECREF(list);
        return mmspy_input_refuse(arena, type, object, "a list of that many items");
    }
    code = fill_each(arena, type->first, out, list, PyList_Size(list));
    Py_DECREF(list);
    return code;
}

static int fill_entry(struct mmspy_arena *arena, const mms_type *entry, char *out, PyObject *pair, Py_ssize_t index)
{
    PyObject *key, *value;

    if (!PyTuple_Check(pair) || PyTuple_Size(pair) != 2)
        return mmspy_input_refuse(arena, entry, pair, "a tuple of key and value");
    key = PyTuple_GetItem(pair, 0);
    value = PyTuple_GetItem(pair, 1);
    if (mmspy_input_at(arena, NULL, index, entry->fields[0].type, out + entry->fields[0].input_offset, key) != 0)
        return -1;
    return mmspy_input_at(arena, NULL, index, entry->fields[1].type, out + entry->fields[1].input_offset, value);
}

/* object.items(), or the object itself if it has none. */
static PyObject *items_of(PyObject *object)
{
    PyObject *method = PyObject_GetAttrString(object, "items"), *items;

    if (!method && PyErr_ExceptionMatches(PyExc_AttributeError)) {
        PyErr_Clear();
        return Py_NewRef(object);
    }
    items = method ? PyObject_CallObject(method, NULL) : NULL;
    Py_XDECREF(method);
    return items;
}

/* A mapping, or pairs; of a set the keys. */
static int fill_entries(struct mmspy_arena *arena, const mms_type *type, void *out, PyObject *object, bool map)
{
    const mms_type *entry = type->first;
    PyObject *source = map ? items_of(object) : Py_NewRef(object);
    PyObject *list = source && !is_text(source) ? PySequence_List(source) : NULL;
    Py_ssize_t count = list ? PyList_Size(list) : 0;
    char *items = NULL;
    int code = 0;

    Py_XDECREF(source);
    if (!list)
        return mmspy_input_refuse(arena, type, object, map ? "a dict, or pairs of key and value" : "a set or a list");
    items = mmspy_arena_take(arena, (size_t)count * entry->input_size);
    for (Py_ssize_t i = 0; items && code == 0 && i < count; i++) {
        char *at = items + (size_t)i * entry->input_size;

        code = map ? fill_entry(arena, entry, at, PyList_GetItem(list, i), i)
                   : mmspy_input_at(arena, NULL, i, entry->fields[0].type, at + entry->fields[0].input_offset,
                                    PyList_GetItem(list, i));
    }
    Py_DECREF(list);
    return items && code == 0 ? set_items(out, items, (size_t)count) : -1;
}

/* ---- All of them ---- */

static int fill_box(struct mmspy_arena *arena, const mms_type *type, void *out, PyObject *object)
{
    void *content = mmspy_arena_take(arena, type->first->input_size);

    if (!content || mmspy_input_fill(arena, type->first, content, object) != 0)
        return -1;
    memcpy(out, &content, sizeof content);
    return 0;
}

static int fill_parts(struct mmspy_arena *arena, const mms_type *type, void *out, PyObject *object)
{
    switch (type->kind) {
    case MMS_T_BOX: return fill_box(arena, type, out, object);
    case MMS_T_VEC: return fill_vec(arena, type, out, object);
    case MMS_T_ARRAY: return fill_array(arena, type, out, object);
    case MMS_T_STRUCT: return fill_fields(arena, type, type->fields, type->count, type->shape, out, object);
    case MMS_T_OPTION:
        return object == Py_None ? fill_tagged(arena, type, out, 0, Py_None) : fill_tagged(arena, type, out, 1, object);
    case MMS_T_MAP:
    case MMS_T_TREE: return fill_entries(arena, type, out, object, true);
    case MMS_T_SET:
    case MMS_T_TREE_SET: return fill_entries(arena, type, out, object, false);
    default: return fill_enum(arena, type, out, object);
    }
}

int mmspy_input_fill(struct mmspy_arena *arena, const mms_type *type, void *out, PyObject *object)
{
    int code;

    if (type->kind >= MMS_T_IPV4)
        return mmspy_input_address(arena, type, out, object);
    if (type->kind < MMS_T_BOX)
        return mmspy_input_scalar(arena, type, out, object);
    if (!mmspy_value_nests(type))
        return fill_parts(arena, type, out, object);
    if (Py_EnterRecursiveCall(" while converting a value") != 0)
        return -1;
    code = fill_parts(arena, type, out, object);
    Py_LeaveRecursiveCall();
    return code;
}

const void *mmspy_input(struct mmspy_arena *arena, const mms_type *type, PyObject *object)
{
    void *out = mmspy_arena_take(arena, type->input_size);

    return out && mmspy_input_fill(arena, type, out, object) == 0 ? out : NULL;
}
