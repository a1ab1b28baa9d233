/* SPDX-License-Identifier: Apache-2.0 */
/* mmsync._native.TableView: the table in a snapshot, as a mapping. Its values are memoryviews, each
   of which keeps the snapshot's value, as this object does. */
#include "handle.h"
#include "table_typed.h"
#include <time.h>

struct table_view {
    PyObject_HEAD struct mmspy_pin *pin; /* NULL: its init did not run */
    PyObject *schema;                    /* of a typed table; else NULL */
    mms_table_view view;
    enum mmspy_keys keys;
    bool expiring;
};

static struct table_view *table_view_of(PyObject *self)
{
    return (struct table_view *)(void *)self;
}

static int refuse_again(void)
{
    PyErr_SetString(PyExc_RuntimeError, "a table is opened once; call snapshot.table() again");
    return -1;
}

/* Takes over the pin, which stays there whatever code an exception runs. */
static int open_table(struct table_view *table, struct mmspy_pin *pin, bool may_be_typed)
{
    PyObject *schema = may_be_typed ? mmspy_value_table(pin) : NULL;
    mms_table_view view;
    mms_table_info info;
    int code = schema ? mmspy_typed_open(pin, schema, &view) : mms_table_of(&pin->view, &view);

    if (code != 0)
        mmspy_raise(code);
    if (code != 0 || table->pin) { /* opened by another thread, meanwhile */
        Py_XDECREF(schema);
        return code != 0 ? -1 : refuse_again();
    }
    mms_table_describe(&view, &info);
    table->view = view;
    table->schema = schema;
    table->expiring = info.expiring;
    table->pin = pin;
    return 0;
}

static int table_view_init(PyObject *self, PyObject *arguments, PyObject *keywords)
{
    static char name[][9] = {"snapshot", "keys"};
    char *names[] = {name[0], name[1], NULL};
    struct table_view *table = table_view_of(self);
    PyObject *snapshot, *keys = NULL;
    struct mmspy_pin *pin;

    if (table->pin)
        return refuse_again();
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "O!|O:Table", names, mmspy_snapshot_type, &snapshot, &keys) ||
        (keys && mmspy_keys_read(keys, &table->keys) != 0) || !(pin = mmspy_snapshot_keep(snapshot)))
        return -1;
    if (open_table(table, pin, !keys) == 0)
        return 0;
    (void)mmspy_pin_drop(pin);
    return -1;
}

static void table_view_dealloc(PyObject *self)
{
    struct mmspy_pin *pin = table_view_of(self)->pin;

    if (pin)
        (void)mmspy_pin_drop(pin);
    Py_XDECREF(table_view_of(self)->schema);
    mmspy_free(self);
}

static uint64_t read_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

/* What to look into, as of now. */
static const mms_table_view *view_of(PyObject *self)
{
    struct table_view *table = table_view_of(self);

    if (!table->pin)
        return (const mms_table_view *)(void *)mmspy_raise_format(
            MMS_E_INVALID, "this table is not open; open it with snapshot.table()");
    if (mmspy_pin_check(table->pin) != 0)
        return NULL;
    if (table->expiring)
        table->view.now_ns = read_clock();
    return &table->view;
}

static PyObject *make_value(PyObject *self, const mms_value *value)
{
    const struct table_view *table = table_view_of(self);

    if (table->schema)
        return mmspy_value_make(table->pin, table->schema, mmspy_schema_table(table->schema)->value, value->data);
    return mmspy_slice_view(table->pin, value->data, value->size);
}

/* ---- Looking up ---- */

/* 1 with a value, 0: there is no such key, -1 with an exception. */
static int find(PyObject *self, PyObject *object, mms_value *out)
{
    const mms_table_view *view = view_of(self);
    struct mmspy_key key;

    if (view && table_view_of(self)->schema)
        return mmspy_typed_find(view, table_view_of(self)->schema, object, &out->data);
    if (!view || mmspy_key_read(table_view_of(self)->keys, object, &key) != 0)
        return -1;
    out->data = mms_table_get(view, key.key.data, key.key.size, &out->size);
    mmspy_key_free(&key);
    return out->data != NULL;
}

static PyObject *table_view_subscript(PyObject *self, PyObject *key)
{
    mms_value value;
    int found = find(self, key, &value);

    if (found == 0)
        PyErr_SetObject(PyExc_KeyError, key);
    return found == 1 ? make_value(self, &value) : NULL;
}

static int table_view_contains(PyObject *self, PyObject *key)
{
    mms_value value;

    return find(self, key, &value);
}

static PyObject *table_view_get(PyObject *self, PyObject *arguments)
{
    PyObject *key, *otherwise = Py_None;
    mms_value value;
    int found;

    if (!PyArg_ParseTuple(arguments, "O|O:get", &key, &otherwise))
        return NULL;
    found = find(self, key, &value);
    if (found == 0)
        return Py_NewRef(otherwise);
    return found == 1 ? make_value(self, &value) : NULL;
}

/* ---- Many at a time ---- */

struct many {
    struct mmspy_key *keys;
    mms_key *wanted;
    mms_value *found;
    Py_ssize_t count; /* of the keys that are read */
};

static void many_free(struct many *many)
{
    for (Py_ssize_t i = 0; many->keys && i < many->count; i++)
        mmspy_key_free(&many->keys[i]);
    PyMem_Free(many->keys);
    PyMem_Free(many->wanted);
    PyMem_Free(many->found);
}

static int many_read(struct many *many, enum mmspy_keys keys, PyObject *list, Py_ssize_t count)
{
    many->keys = PyMem_Calloc((size_t)count + 1, sizeof *many->keys);
    many->wanted = PyMem_Calloc((size_t)count + 1, sizeof *many->wanted);
    many->found = PyMem_Calloc((size_t)count + 1, sizeof *many->found);
    if (!many->keys || !many->wanted || !many->found) {
        PyErr_NoMemory();
        return -1;
    }
    for (; many->count < count; many->count++) {
        struct mmspy_key *key = &many->keys[many->count];

        if (mmspy_key_read(keys, PyList_GetItem(list, many->count), key) != 0)
            return -1;
        many->wanted[many->count] = key->key;
    }
    return 0;
}

static PyObject *many_list(const struct many *many, PyObject *self)
{
    PyObject *list = PyList_New(many->count);

    for (Py_ssize_t i = 0; list && i < many->count; i++) {
        PyObject *value = many->found[i].data ? make_value(self, &many->found[i]) : Py_NewRef(Py_None);

        if (value)
            (void)PyList_SetItem(list, i, value);
        else
            Py_CLEAR(list);
    }
    return list;
}

/* The list is our own: nobody changes it while its keys are in use. */
static PyObject *table_view_get_many(PyObject *self, PyObject *keys)
{
    const mms_table_view *view = view_of(self);
    PyObject *list = view ? PySequence_List(keys) : NULL, *result = NULL;
    struct many many = {0};

    if (!list)
        return NULL;
    if (table_view_of(self)->schema) {
        result = mmspy_typed_find_many(view, table_view_of(self)->schema, list, self, make_value);
        Py_DECREF(list);
        return result;
    }
    if (many_read(&many, table_view_of(self)->keys, list, PyList_Size(list)) == 0) {
        mms_table_get_many(view, (size_t)many.count, many.wanted, many.found);
        result = many_list(&many, self);
    }
    many_free(&many);
    Py_DECREF(list);
    return result;
}

/* ---- All of it ---- */

static PyObject *next_entry(PyObject *self, enum mmspy_part part, mms_table_cursor *cursor)
{
    const mms_table_view *view = view_of(self);
    mms_entry entry;

    if (view && table_view_of(self)->schema)
        return mmspy_typed_next(view, table_view_of(self)->schema, part, cursor, self, make_value);
    if (!view || !mms_table_next(view, cursor, &entry))
        return NULL;
    return mmspy_entry_object(table_view_of(self)->keys, part, &entry, self, make_value);
}

static PyObject *table_view_iter(PyObject *self)
{
    return mmspy_table_iterate(self, next_entry, MMSPY_KEY, NULL);
}

static PyObject *table_view_iterate(PyObject *self, PyObject *what)
{
    enum mmspy_part part;

    return mmspy_part_read(what, &part) == 0 ? mmspy_table_iterate(self, next_entry, part, NULL) : NULL;
}

static Py_ssize_t table_view_length(PyObject *self)
{
    const mms_table_view *view = view_of(self);
    uint64_t count = view ? mms_table_count(view) : 0;

    if (view && count <= view->size)
        return (Py_ssize_t)count;
    if (view) /* memory is taken for as many, as by list(table) */
        mmspy_raise_format(MMS_E_CORRUPT, "the table has %zu bytes, and says that it has more entries than that",
                           view->size);
    return -1;
}

static PyObject *table_view_info(PyObject *self, PyObject *ignored)
{
    const mms_table_view *view = view_of(self);

    (void)ignored;
    return view ? mmspy_table_describe(view) : NULL;
}

static PyObject *table_view_check(PyObject *self, PyObject *ignored)
{
    const mms_table_view *view = view_of(self);
    struct mmspy_pin *pin = table_view_of(self)->pin;
    PyObject *schema = table_view_of(self)->schema;
    int code;

    (void)ignored;
    if (!view)
        return NULL;
    mmspy_pin_keep(pin);
    Py_BEGIN_ALLOW_THREADS
    code = schema ? mms_typed_table_check(view, mmspy_schema_table(schema)) : mms_table_check(view);
    Py_END_ALLOW_THREADS
    if (code != 0)
        mmspy_raise(code);
    (void)mmspy_pin_drop(pin);
    return code == 0 ? Py_NewRef(Py_None) : NULL;
}

static PyObject *table_view_keys(PyObject *self, void *ignored)
{
    (void)ignored;
    return table_view_of(self)->schema ? Py_NewRef(Py_None) : mmspy_keys_object(table_view_of(self)->keys);
}

static PyObject *table_view_generation(PyObject *self, void *ignored)
{
    (void)ignored;
    return PyLong_FromUnsignedLongLong(table_view_of(self)->view.generation);
}

PyDoc_STRVAR(get_doc, "get($self, key, default=None, /)\n--\n\nThe value of a key as a memoryview, or the default.");
PyDoc_STRVAR(get_many_doc,
             "get_many($self, keys, /)\n--\n\nA list of the values of all these keys, None where there is "
             "none. In a large table\neach takes a fraction of the time of a single look-up.");
PyDoc_STRVAR(check_doc, "check($self, /)\n--\n\nCheck every structure of the table: CorruptError if it is "
                        "damaged.");

static PyMethodDef methods[] = {
    {"get", table_view_get, METH_VARARGS, get_doc},
    {"get_many", table_view_get_many, METH_O, get_many_doc},
    {"check", table_view_check, METH_NOARGS, check_doc},
    {"_iterate", table_view_iterate, METH_O, "_iterate($self, part, /)\n--\n\n"},
    {"_info", table_view_info, METH_NOARGS, "_info($self, /)\n--\n\n"},
    {"__class_getitem__", Py_GenericAlias, METH_O | METH_CLASS, NULL},
    MMSPY_NO_PICKLE,
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef members[] = {
    {"key_type", table_view_keys, NULL, "The type of the keys: bytes, str or int; None in a typed table.", NULL},
    {"generation", table_view_generation, NULL, "Of the snapshot.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_init, table_view_init},
    {Py_tp_dealloc, table_view_dealloc},
    {Py_tp_iter, table_view_iter},
    {Py_tp_methods, methods},
    {Py_tp_getset, members},
    {Py_mp_subscript, table_view_subscript},
    {Py_mp_length, table_view_length},
    {Py_sq_contains, table_view_contains},
    {0, NULL},
};

PyType_Spec mmspy_table_view_spec = {
    .name = "mmsync._native.TableView",
    .basicsize = sizeof(struct table_view),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};
