/* SPDX-License-Identifier: Apache-2.0 */
/* Looking into the table of a block, as it would be published now. What is found is copied. */
#include "input.h"
#include "table_update.h"

/* The table as it would be published now, with the mutex held. */
static int current(struct mmspy_table *self, mms_table_view *out)
{
    mms_table *table = mmspy_table_enter(self, "reading the table of");
    int code;

    if (!table)
        return -1;
    code = mms_table_current(table, out);
    return code == 0 ? 0 : mmspy_table_leave(self, code);
}

static PyObject *copy_value(PyObject *self, const mms_value *value)
{
    PyObject *schema = mmspy_table_of(self)->schema;

    if (schema)
        return mmspy_value_convert(mmspy_schema_table(schema)->value, value->data);
    return PyBytes_FromStringAndSize(value->data, (Py_ssize_t)value->size);
}

static int typed_find(struct mmspy_table *self, PyObject *wanted, PyObject **copy)
{
    const mms_table_type *type = mmspy_schema_table(self->schema);
    struct mmspy_arena arena = {0};
    const void *key = mmspy_input(&arena, type->key, wanted);
    mms_table_view view;
    mms_value value = {NULL, 0};
    int found = -1;

    if (key && current(self, &view) == 0) {
        value.data = mms_typed_table_get(&view, type, key);
        found = value.data ? 1 : mms_last_code() == MMS_E_NOT_FOUND ? 0 : -1;
        if (found < 0)
            mmspy_raise(mms_last_code());
        else if (found > 0 && copy && !(*copy = copy_value((PyObject *)self, &value)))
            found = -1;
        mmspy_writer_leave(self->writer);
    }
    mmspy_arena_free(&arena);
    return found;
}

/* 1, 0: there is no such key, -1 with an exception. `copy`, if not NULL, is made of the value. */
static int find(PyObject *object, PyObject *wanted, PyObject **copy)
{
    struct mmspy_table *self = mmspy_table_of(object);
    struct mmspy_key key;
    mms_table_view view;
    mms_value value = {NULL, 0};

    if (self->schema)
        return typed_find(self, wanted, copy);
    if (mmspy_key_read(self->keys, wanted, &key) != 0)
        return -1;
    if (current(self, &view) != 0) {
        mmspy_key_free(&key);
        return -1;
    }
    value.data = mms_table_get(&view, key.key.data, key.key.size, &value.size);
    if (value.data && copy)
        *copy = copy_value(object, &value);
    mmspy_writer_leave(self->writer);
    mmspy_key_free(&key);
    if (value.data && copy && !*copy)
        return -1;
    return value.data != NULL;
}

PyObject *mmspy_table_subscript(PyObject *self, PyObject *key)
{
    PyObject *value = NULL;

    if (find(self, key, &value) == 0)
        PyErr_SetObject(PyExc_KeyError, key);
    return value;
}

int mmspy_table_contains(PyObject *self, PyObject *key)
{
    return find(self, key, NULL);
}

Py_ssize_t mmspy_table_length(PyObject *self)
{
    mms_table_view view;
    uint64_t count;

    if (current(mmspy_table_of(self), &view) != 0)
        return -1;
    count = mms_table_count(&view);
    mmspy_writer_leave(mmspy_table_of(self)->writer);
    return (Py_ssize_t)count;
}

PyObject *mmspy_table_info(PyObject *self, PyObject *ignored)
{
    mms_table_view view;
    PyObject *info;

    (void)ignored;
    if (current(mmspy_table_of(self), &view) != 0)
        return NULL;
    info = mmspy_table_describe(&view);
    mmspy_writer_leave(mmspy_table_of(self)->writer);
    return info;
}

/* ---- All of it ---- */

static PyObject *next_entry(PyObject *object, enum mmspy_part part, mms_table_cursor *cursor)
{
    struct mmspy_table *self = mmspy_table_of(object);
    PyObject *result = NULL;
    mms_table_view view;
    mms_entry entry;

    if (current(self, &view) != 0)
        return NULL;
    if (self->schema)
        result = mmspy_typed_next(&view, self->schema, part, cursor, object, copy_value);
    else if (mms_table_next(&view, cursor, &entry))
        result = mmspy_entry_object(self->keys, part, &entry, object, copy_value);
    mmspy_writer_leave(self->writer);
    return result;
}

PyObject *mmspy_table_iterate_part(PyObject *self, PyObject *what)
{
    enum mmspy_part part;

    if (mmspy_part_read(what, &part) != 0)
        return NULL;
    return mmspy_table_iterate(self, next_entry, part, &mmspy_table_of(self)->changes);
}

PyObject *mmspy_table_iter(PyObject *self)
{
    return mmspy_table_iterate(self, next_entry, MMSPY_KEY, &mmspy_table_of(self)->changes);
}
