/* SPDX-License-Identifier: Apache-2.0 */
/* Going through what a container holds. */
#include "archive/bytes.h"
#include "value.h"

static bool is_tree(const mms_type *type)
{
    return type->kind == MMS_T_TREE || type->kind == MMS_T_TREE_SET;
}

uint64_t mmspy_entries_count(const mms_type *type, const char *at)
{
    switch (type->kind) {
    case MMS_T_ARRAY: return type->count;
    case MMS_T_VEC: return mms__get_count(type, at + mms__word_size(type));
    default: return mms__get_count(type, at); /* maps and sets of both kinds */
    }
}

struct mmspy_entries mmspy_entries_of(const mms_type *type, const char *at)
{
    struct mmspy_entries entries = {.type = type->first, .left = mmspy_entries_count(type, at)};

    if (is_tree(type)) {
        entries.tree = type;
        entries.at = mms_tree_seek(type, at, NULL, &entries.cursor);
    } else if (entries.left > 0) {
        entries.at = type->kind == MMS_T_ARRAY ? at
                     : type->kind == MMS_T_VEC ? mms__follow(type, at)
                                               : mms__follow(type, at + 2 * mms__word_size(type));
    }
    return entries;
}

void mmspy_entries_next(struct mmspy_entries *entries)
{
    if (entries->tree)
        entries->at = mms_tree_next(entries->tree, &entries->cursor);
    else
        entries->at = --entries->left > 0 ? entries->at + entries->type->size : NULL;
}

/* ---- As an iterator ---- */

struct iterator {
    PyObject_HEAD PyObject *whole; /* NULL: at the end */
    struct mmspy_entries entries;
    int part;
};

PyTypeObject *mmspy_value_iterator_type;

static struct iterator *iterator_of(PyObject *self)
{
    return (struct iterator *)(void *)self;
}

PyObject *mmspy_value_iterate(PyObject *self, int part)
{
    const struct mmspy_value *value = mmspy_value_of(self);
    PyObject *iterator = value ? mmspy_alloc(mmspy_value_iterator_type) : NULL;

    if (!iterator)
        return NULL;
    iterator_of(iterator)->whole = Py_NewRef(self);
    iterator_of(iterator)->entries = mmspy_entries_of(value->type, value->at);
    iterator_of(iterator)->part = part;
    return iterator;
}

static void iterator_dealloc(PyObject *self)
{
    Py_CLEAR(iterator_of(self)->whole);
    mmspy_free(self);
}

static PyObject *field_of(const struct mmspy_value *whole, const struct mmspy_entries *entries, int index)
{
    const mms_type_field *field = &entries->type->fields[index];

    return mmspy_value_part(whole, field->type, entries->at + field->offset);
}

static PyObject *both_of(const struct mmspy_value *whole, const struct mmspy_entries *entries)
{
    PyObject *key = field_of(whole, entries, 0), *value = key ? field_of(whole, entries, 1) : NULL;

    if (value)
        return Py_BuildValue("(NN)", key, value);
    Py_XDECREF(key);
    return NULL;
}

static PyObject *part_of(const struct mmspy_value *whole, const struct mmspy_entries *entry, int part)
{
    switch (part) {
    case MMSPY_WHOLE: return mmspy_value_part(whole, entry->type, entry->at);
    case MMSPY_BOTH: return both_of(whole, entry);
    default: return field_of(whole, entry, part == MMSPY_SECOND);
    }
}

/* Making an object may run code that goes on with this iterator: so it moves on before that, and the value
   is kept meanwhile. */
static PyObject *iterator_next(PyObject *self)
{
    struct iterator *iterator = iterator_of(self);
    const struct mmspy_value *value = iterator->whole ? mmspy_value_of(iterator->whole) : NULL;
    struct mmspy_entries entry = iterator->entries;
    PyObject *whole, *result;

    if (!value)
        return NULL;
    if (!entry.at) {
        Py_CLEAR(iterator->whole);
        return NULL;
    }
    whole = Py_NewRef(iterator->whole);
    mmspy_entries_next(&iterator->entries);
    result = part_of(value, &entry, iterator->part);
    Py_DECREF(whole);
    return result;
}

static PyType_Slot slots[] = {
    {Py_tp_dealloc, iterator_dealloc},
    {Py_tp_iter, PyObject_SelfIter},
    {Py_tp_iternext, iterator_next},
    {0, NULL},
};

PyType_Spec mmspy_value_iterator_spec = {
    .name = "mmsync._native.ValueIterator",
    .basicsize = sizeof(struct iterator),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};
