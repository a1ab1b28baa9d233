/* SPDX-License-Identifier: Apache-2.0 */
#include "table_typed.h"
#include "input.h"

/* Another reader asks whether the library vouches for the values, as in mmspy_value_root: what it
   finds of the same generation is in the same place. Else each value is checked when it is found. */
int mmspy_typed_open(struct mmspy_pin *pin, PyObject *schema, mms_table_view *out)
{
    const mms_table_type *type = mmspy_schema_table(schema);
    mms_reader *reader;
    mms_view view = {0};
    int code = pin->reader ? mms_reader_open(pin->handle->region, &reader) : MMS_E_READ_ONLY;

    if (code == 0) {
        code = mms_typed_table_read(reader, type, &view, out);
        (void)mms_reader_close(reader);
    }
    if (code == 0 && view.generation == pin->view.generation && view.data == pin->view.data)
        return 0;
    return mms_typed_table_of(&pin->view, type, out);
}

/* Why there is no value: 0, or -1 with an exception. */
static int explain_missing(void)
{
    int code = mms_last_code();

    if (code == MMS_E_NOT_FOUND)
        return 0;
    mmspy_raise(code);
    return -1;
}

int mmspy_typed_find(const mms_table_view *view, PyObject *schema, PyObject *key, const void **out)
{
    const mms_table_type *type = mmspy_schema_table(schema);
    struct mmspy_arena arena = {0};
    const void *input = mmspy_input(&arena, type->key, key);
    int found = -1;

    if (input) {
        *out = mms_typed_table_get(view, type, input);
        found = *out ? 1 : explain_missing();
    }
    mmspy_arena_free(&arena);
    return found;
}

/* ---- Many ---- */

static const void *read_keys(struct mmspy_arena *arena, const mms_type *type, PyObject *keys, size_t count)
{
    char *inputs = mmspy_arena_take(arena, count * type->input_size + 1);

    for (size_t i = 0; inputs && i < count; i++)
        if (mmspy_input_fill(arena, type, inputs + i * type->input_size, PyList_GetItem(keys, (Py_ssize_t)i)) != 0)
            return NULL;
    return inputs;
}

static PyObject *list_values(const void **found, size_t count, PyObject *table,
                             PyObject *(*make)(PyObject *table, const mms_value *))
{
    PyObject *list = PyList_New((Py_ssize_t)count);

    for (size_t i = 0; list && i < count; i++) {
        const mms_value value = {found[i], 0};
        PyObject *object = found[i] ? make(table, &value) : Py_NewRef(Py_None);

        if (object)
            (void)PyList_SetItem(list, (Py_ssize_t)i, object);
        else
            Py_CLEAR(list);
    }
    return list;
}

PyObject *mmspy_typed_find_many(const mms_table_view *view, PyObject *schema, PyObject *keys, PyObject *table,
                                PyObject *(*value)(PyObject *table, const mms_value *))
{
    const mms_table_type *type = mmspy_schema_table(schema);
    size_t count = (size_t)PyList_Size(keys);
    struct mmspy_arena arena = {0};
    const void *inputs = read_keys(&arena, type->key, keys, count);
    const void **found = inputs ? mmspy_arena_take(&arena, (count + 1) * sizeof *found) : NULL;
    PyObject *list = NULL;

    if (found) {
        (void)mms_typed_table_get_many(view, type, count, inputs, found);
        list = list_values(found, count, table, value);
    }
    mmspy_arena_free(&arena);
    return list;
}

/* ---- All of it ---- */

static PyObject *make_key(const mms_type *type, const void *key)
{
    const mms_str *text = key;

    if (type->kind == MMS_T_STRING)
        return PyUnicode_DecodeUTF8(text->data, (Py_ssize_t)text->size, NULL);
    return mmspy_value_convert(type, key);
}

static PyObject *make_entry(const mms_type *type, const void *key, enum mmspy_part part, const mms_value *found,
                            PyObject *table, PyObject *(*value)(PyObject *table, const mms_value *))
{
    PyObject *first, *second;

    if (part == MMSPY_VALUE)
        return value(table, found);
    first = make_key(type, key);
    if (part == MMSPY_KEY || !first)
        return first;
    second = value(table, found);
    if (second)
        return Py_BuildValue("(NN)", first, second);
    Py_DECREF(first);
    return NULL;
}

PyObject *mmspy_typed_next(const mms_table_view *view, PyObject *schema, enum mmspy_part part, mms_table_cursor *cursor,
                           PyObject *table, PyObject *(*value)(PyObject *table, const mms_value *))
{
    const mms_table_type *type = mmspy_schema_table(schema);
    struct mmspy_arena arena = {0};
    void *key = mmspy_arena_take(&arena, type->key->size + sizeof(mms_str));
    mms_value found = {NULL, 0};
    PyObject *entry = NULL;

    if (key && mms_typed_table_next(view, type, cursor, key, &found.data))
        entry = make_entry(type->key, key, part, &found, table, value);
    mmspy_arena_free(&arena);
    return entry;
}
