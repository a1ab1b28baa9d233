/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

struct iterator {
    PyObject_HEAD PyObject *table; /* NULL: at the end */
    mmspy_next_entry *next;
    enum mmspy_part part;
    mms_table_cursor cursor;
    const uint64_t *changes;
    uint64_t begun; /* with so many of them */
};

PyTypeObject *mmspy_table_iterator_type;

static struct iterator *iterator_of(PyObject *self)
{
    return (struct iterator *)(void *)self;
}

PyObject *mmspy_table_iterate(PyObject *table, mmspy_next_entry *next, enum mmspy_part part, const uint64_t *changes)
{
    PyObject *self = mmspy_alloc(mmspy_table_iterator_type);

    if (!self)
        return NULL;
    iterator_of(self)->table = Py_NewRef(table);
    iterator_of(self)->next = next;
    iterator_of(self)->part = part;
    iterator_of(self)->changes = changes;
    iterator_of(self)->begun = changes ? *changes : 0;
    return self;
}

static void iterator_dealloc(PyObject *self)
{
    Py_CLEAR(iterator_of(self)->table);
    mmspy_free(self);
}

/* The table is kept meanwhile: making an entry may run code that goes on with this iterator. */
static PyObject *iterator_next(PyObject *self)
{
    struct iterator *iterator = iterator_of(self);
    PyObject *table = Py_XNewRef(iterator->table), *entry = NULL;

    if (table && iterator->changes && *iterator->changes != iterator->begun)
        PyErr_SetString(PyExc_RuntimeError, "the table was changed during the iteration; iterate over list(table)");
    else if (table)
        entry = iterator->next(table, iterator->part, &iterator->cursor);
    if (!entry)
        Py_CLEAR(iterator->table);
    Py_XDECREF(table);
    return entry;
}

int mmspy_part_read(PyObject *object, enum mmspy_part *out)
{
    long part = PyLong_AsLong(object);

    if (part == -1 && PyErr_Occurred())
        return -1;
    *out = part == 1 ? MMSPY_ITEM : part == 2 ? MMSPY_VALUE : MMSPY_KEY;
    return 0;
}

PyObject *mmspy_entry_object(enum mmspy_keys keys, enum mmspy_part part, const mms_entry *entry, PyObject *table,
                             PyObject *(*value)(PyObject *table, const mms_value *))
{
    PyObject *key, *found;

    if (part == MMSPY_VALUE)
        return value(table, &entry->value);
    key = mmspy_key_object(keys, &entry->key);
    if (part == MMSPY_KEY || !key)
        return key;
    found = value(table, &entry->value);
    if (found)
        return Py_BuildValue("(NN)", key, found);
    Py_DECREF(key);
    return NULL;
}

PyObject *mmspy_table_describe(const mms_table_view *view)
{
    mms_table_info info;

    mms_table_describe(view, &info);
    return Py_BuildValue("{sKsKsKsKsKsKsKsKsKsKs(KK)sO}", "entries", info.count, "buckets", info.buckets, "used_bytes",
                         info.bytes, "free_bytes", info.free_bytes, "size", info.size, "max_bytes", info.max_bytes,
                         "evicted", info.evicted, "expired", info.expired, "key_size", info.key_size, "value_size",
                         info.value_size, "type_id", info.type_id[0], info.type_id[1], "expiring",
                         info.expiring ? Py_True : Py_False);
}

static PyType_Slot slots[] = {
    {Py_tp_dealloc, iterator_dealloc},
    {Py_tp_iter, PyObject_SelfIter},
    {Py_tp_iternext, iterator_next},
    {0, NULL},
};

PyType_Spec mmspy_table_iterator_spec = {
    .name = "mmsync._native.TableIterator",
    .basicsize = sizeof(struct iterator),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};
