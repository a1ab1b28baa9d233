/* SPDX-License-Identifier: Apache-2.0 */
/* mmsync._native.TableUpdate: the newest table of a writer, between the begin and the end of its
   block. Values are copied in both directions, so nothing of the table's memory is given away. */
#include "table_update.h"
#include "input.h"
#include <time.h>

mms_table *mmspy_table_enter(struct mmspy_table *self, const char *doing)
{
    if (self->state == TABLE_OPEN)
        return mmspy_writer_enter(self->writer, self, doing) ? self->table : NULL;
    return (mms_table *)(void *)mmspy_raise_format(
        MMS_E_INVALID, "%s: use the table within `with writer.table() as table:`, in one block", doing);
}

int mmspy_table_leave(struct mmspy_table *self, int code)
{
    mmspy_writer_leave(self->writer);
    if (code != 0)
        mmspy_raise(code);
    return code == 0 ? 0 : -1;
}

/* ---- Opening ---- */

static int read_seconds(PyObject *object, double *out)
{
    *out = -1;
    if (!object || object == Py_None)
        return 0;
    *out = PyFloat_AsDouble(object);
    if (*out == -1 && PyErr_Occurred())
        return -1;
    if (*out >= 0 && *out < 1e9)
        return 0;
    mmspy_raise_format(MMS_E_INVALID, "entries expire after a number of seconds from 0 on, or None for never");
    return -1;
}

static uint64_t time_after(double seconds)
{
    struct timespec now;

    if (seconds < 0)
        return 0;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec + (uint64_t)(seconds * 1e9);
}

static int read_schema(struct mmspy_table *self, PyObject *schema, PyObject *keys)
{
    if (!schema || schema == Py_None)
        return 0;
    if (Py_TYPE(schema) != mmspy_schema_type || !mmspy_schema_table(schema)) {
        mmspy_raise_format(MMS_E_INVALID, "schema must be a mmsync.Schema of a table, an alias of HashMap with "
                                          "#[mmsync::table]");
        return -1;
    }
    if (keys) {
        mmspy_raise_format(MMS_E_INVALID, "a typed table has keys of its schema: leave `keys` out");
        return -1;
    }
    self->schema = Py_NewRef(schema);
    return 0;
}

/* The value of a keyword, which the caller's dict has, too, or NULL; and it is gone from this dict. */
static int take_option(PyObject *options, const char *name, PyObject **out)
{
    PyObject *key = PyUnicode_FromString(name);
    int code = key ? 0 : -1;

    if (key)
        *out = PyDict_GetItemWithError(options, key);
    if (key && *out)
        code = PyDict_DelItem(options, key);
    else if (PyErr_Occurred())
        code = -1;
    Py_XDECREF(key);
    return code;
}

/* `keys`, `schema` and `expires` are ours, the others the library's. */
static int read_options(struct mmspy_table *self, PyObject *keywords)
{
    static const char *const ours[] = {"keys", "schema", "expires"};
    PyObject *options = keywords ? PyDict_Copy(keywords) : PyDict_New(), *given[3] = {NULL, NULL, NULL};
    int code = options ? 0 : -1;

    for (size_t i = 0; code == 0 && i < 3; i++)
        code = take_option(options, ours[i], &given[i]);
    if (code == 0 && given[0])
        code = mmspy_keys_read(given[0], &self->keys);
    if (code == 0)
        code = read_schema(self, given[1], given[0]);
    if (code == 0)
        code = read_seconds(given[2], &self->expires_s);
    if (code == 0)
        code = mmspy_table_options_read(options, &self->options);
    Py_XDECREF(options);
    return code;
}

static int update_init(PyObject *object, PyObject *arguments, PyObject *keywords)
{
    struct mmspy_table *self = mmspy_table_of(object);
    PyObject *writer;

    if (self->writer) {
        PyErr_SetString(PyExc_RuntimeError, "a table is opened once; call writer.table() again");
        return -1;
    }
    if (!PyArg_ParseTuple(arguments, "O!:Table", mmspy_writer_type, &writer) || read_options(self, keywords) != 0)
        return -1;
    if (self->keys == MMSPY_KEYS_INT && self->options.key_size == 0)
        self->options.key_size = sizeof(uint64_t);
    self->writer = (struct mmspy_writer *)(void *)Py_NewRef(writer);
    return 0;
}

/* ---- The block ---- */

static int begin(struct mmspy_table *self)
{
    mms_writer *writer = mmspy_writer_enter(self->writer, NULL, "opening the table of");
    int code;

    if (!writer)
        return -1;
    self->options.expires_ns = time_after(self->expires_s);
    Py_BEGIN_ALLOW_THREADS
    code = self->schema ? mms_typed_table_begin(writer, mmspy_schema_table(self->schema), &self->options, &self->table)
                        : mms_table_begin(writer, &self->options, &self->table);
    Py_END_ALLOW_THREADS
    if (code == 0) {
        self->state = TABLE_OPEN;
        self->writer->user = self;
    }
    return mmspy_table_leave(self, code);
}

static int finish(struct mmspy_table *self, mms_table *table, bool publish)
{
    mms_receipt receipt;
    int code = 0;

    Py_BEGIN_ALLOW_THREADS
    if (publish)
        code = mms_table_commit(table, &receipt);
    if (!publish || code != 0)
        (void)mms_table_abort(table);
    Py_END_ALLOW_THREADS
    if (publish && code == 0) {
        self->generation = self->writer->generation = receipt.generation;
        self->evicted = receipt.table_evicted;
        self->expired = receipt.table_expired;
    }
    return code;
}

static int end(struct mmspy_table *self, bool publish)
{
    mms_table *table = mmspy_table_enter(self, "ending the table of");
    int code;

    if (!table)
        return -1;
    code = finish(self, table, publish);
    self->state = TABLE_OVER;
    self->writer->user = NULL;
    return mmspy_table_leave(self, code);
}

static PyObject *update_enter(PyObject *object, PyObject *ignored)
{
    struct mmspy_table *self = mmspy_table_of(object);

    (void)ignored;
    if (!self->writer || self->state != TABLE_FRESH)
        return mmspy_raise_format(MMS_E_INVALID, "a table has one `with` block; begin another one with writer.table()");
    return begin(self) == 0 ? Py_NewRef(object) : NULL;
}

static PyObject *update_exit(PyObject *object, PyObject *arguments)
{
    PyObject *type, *value, *traceback;

    if (!PyArg_ParseTuple(arguments, "OOO:__exit__", &type, &value, &traceback))
        return NULL;
    return end(mmspy_table_of(object), type == Py_None) == 0 ? Py_NewRef(Py_None) : NULL;
}

static void update_dealloc(PyObject *object)
{
    struct mmspy_table *self = mmspy_table_of(object);
    struct mmspy_writer *writer = self->writer;

    if (self->state == TABLE_OPEN && writer->process == mmspy_process && end(self, false) != 0)
        PyErr_WriteUnraisable(NULL);
    Py_XDECREF(self->schema);
    mmspy_free(object);
    Py_XDECREF((PyObject *)writer);
}

/* ---- Changing ---- */

enum { LARGE = 1 << 20 }; /* copied without the GIL */

static int put(struct mmspy_table *self, const mms_key *key, const Py_buffer *value)
{
    mms_table *table = mmspy_table_enter(self, "putting into the table of");
    PyThreadState *state;
    int code;

    if (!table)
        return -1;
    self->changes++;
    state = value->len >= LARGE ? PyEval_SaveThread() : NULL;
    code = mms_table_put(table, key->data, key->size, value->buf, (size_t)value->len);
    if (state)
        PyEval_RestoreThread(state);
    return mmspy_table_leave(self, code);
}

static int typed_put(struct mmspy_table *self, const void *key, const void *value)
{
    mms_table *table = mmspy_table_enter(self, "putting into the table of");

    if (!table)
        return -1;
    self->changes++;
    return mmspy_table_leave(self, mms_typed_table_put(table, mmspy_schema_table(self->schema), key, value));
}

/* Both are read before the table is locked, as that may run any code. */
static int update_typed_put(struct mmspy_table *self, PyObject *key, PyObject *value)
{
    const mms_table_type *type = mmspy_schema_table(self->schema);
    struct mmspy_arena arena = {0};
    const void *key_input = mmspy_input(&arena, type->key, key);
    const void *value_input = key_input ? mmspy_input(&arena, type->value, value) : NULL;
    int code = value_input ? typed_put(self, key_input, value_input) : -1;

    mmspy_arena_free(&arena);
    return code;
}

static int update_put(struct mmspy_table *self, PyObject *object, PyObject *value)
{
    struct mmspy_key key;
    Py_buffer buffer;
    int code;

    if (self->schema)
        return update_typed_put(self, object, value);

    if (mmspy_key_read(self->keys, object, &key) != 0)
        return -1;
    code = mmspy_buffer_read(value, &buffer);
    if (code == 0) {
        code = put(self, &key.key, &buffer);
        PyBuffer_Release(&buffer);
    }
    mmspy_key_free(&key);
    return code;
}

static int end_delete(struct mmspy_table *self, int code, PyObject *key)
{
    if (code == 0)
        self->changes++;
    mmspy_writer_leave(self->writer);
    if (code == MMS_E_NOT_FOUND)
        PyErr_SetObject(PyExc_KeyError, key);
    else if (code != 0)
        mmspy_raise(code);
    return code == 0 ? 0 : -1;
}

static int typed_delete(struct mmspy_table *self, PyObject *object)
{
    const mms_table_type *type = mmspy_schema_table(self->schema);
    struct mmspy_arena arena = {0};
    const void *key = mmspy_input(&arena, type->key, object);
    mms_table *table = key ? mmspy_table_enter(self, "deleting from the table of") : NULL;
    int code = table ? end_delete(self, mms_typed_table_delete(table, type, key), object) : -1;

    mmspy_arena_free(&arena);
    return code;
}

static int update_delete(struct mmspy_table *self, PyObject *object)
{
    mms_table *table;
    struct mmspy_key key;
    int code = -1;

    if (self->schema)
        return typed_delete(self, object);
    if (mmspy_key_read(self->keys, object, &key) != 0)
        return -1;
    table = mmspy_table_enter(self, "deleting from the table of");
    if (table)
        code = end_delete(self, mms_table_delete(table, key.key.data, key.key.size), object);
    mmspy_key_free(&key);
    return code;
}

static int update_assign(PyObject *self, PyObject *key, PyObject *value)
{
    return value ? update_put(mmspy_table_of(self), key, value) : update_delete(mmspy_table_of(self), key);
}

static PyObject *update_clear(PyObject *object, PyObject *ignored)
{
    struct mmspy_table *self = mmspy_table_of(object);
    mms_table *table = mmspy_table_enter(self, "clearing the table of");

    (void)ignored;
    if (!table)
        return NULL;
    self->changes++;
    return mmspy_table_leave(self, mms_table_clear(table)) == 0 ? Py_NewRef(Py_None) : NULL;
}

static PyObject *update_expire(PyObject *object, PyObject *after)
{
    struct mmspy_table *self = mmspy_table_of(object);
    mms_table *table;
    double seconds;

    if (read_seconds(after, &seconds) != 0 ||
        !(table = mmspy_table_enter(self, "setting when entries expire in the table of")))
        return NULL;
    return mmspy_table_leave(self, mms_table_set_expiry(table, time_after(seconds))) == 0 ? Py_NewRef(Py_None) : NULL;
}

/* ---- Members ---- */

static PyObject *update_keys(PyObject *self, void *ignored)
{
    (void)ignored;
    return mmspy_table_of(self)->schema ? Py_NewRef(Py_None) : mmspy_keys_object(mmspy_table_of(self)->keys);
}

static PyObject *number(PyObject *self, void *which)
{
    const struct mmspy_table *update = mmspy_table_of(self);
    const uint64_t numbers[] = {update->generation, update->evicted, update->expired};

    return PyLong_FromUnsignedLongLong(numbers[(uintptr_t)which]);
}

PyDoc_STRVAR(clear_doc, "clear($self, /)\n--\n\nDelete all entries, in time that does not depend on how many there "
                        "are.");
PyDoc_STRVAR(expire_doc, "expire_after($self, seconds, /)\n--\n\nWhen entries that are put from here on expire; None: "
                         "never. For a table that was created\nwith `expires` or `expiring`.");

static PyMethodDef methods[] = {
    {"clear", update_clear, METH_NOARGS, clear_doc},
    {"expire_after", update_expire, METH_O, expire_doc},
    {"_iterate", mmspy_table_iterate_part, METH_O, "_iterate($self, part, /)\n--\n\n"},
    {"_info", mmspy_table_info, METH_NOARGS, "_info($self, /)\n--\n\n"},
    {"__enter__", update_enter, METH_NOARGS, NULL},
    {"__exit__", update_exit, METH_VARARGS, NULL},
    {"__class_getitem__", Py_GenericAlias, METH_O | METH_CLASS, NULL},
    MMSPY_NO_PICKLE,
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef members[] = {
    {"key_type", update_keys, NULL, "The type of the keys: bytes, str or int; None in a typed table.", NULL},
    {"generation", number, NULL, "Of the table that was published; 0: none.", (void *)0},
    {"evicted", number, NULL, "How many entries went at the end of the block because of max_bytes.", (void *)1},
    {"expired", number, NULL, "How many expired entries were removed at the end of the block.", (void *)2},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_init, update_init},
    {Py_tp_dealloc, update_dealloc},
    {Py_tp_iter, mmspy_table_iter},
    {Py_tp_methods, methods},
    {Py_tp_getset, members},
    {Py_mp_subscript, mmspy_table_subscript},
    {Py_mp_ass_subscript, update_assign},
    {Py_mp_length, mmspy_table_length},
    {Py_sq_contains, mmspy_table_contains},
    {0, NULL},
};

PyType_Spec mmspy_table_update_spec = {
    .name = "mmsync._native.TableUpdate",
    .basicsize = sizeof(struct mmspy_table),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};
