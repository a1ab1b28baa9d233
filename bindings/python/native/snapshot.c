/* SPDX-License-Identifier: Apache-2.0 */
/* mmsync.Snapshot: a value, pinned as long as the object, a memoryview or an array of it exists. */
#include "handle.h"
#include "pieces.h"
#include "value.h"

struct snapshot {
    PyObject_HEAD struct mmspy_pin *pin; /* NULL: closed */
    Py_ssize_t exports;
};

PyTypeObject *mmspy_snapshot_type;

static struct snapshot *snapshot_of(PyObject *self)
{
    return (struct snapshot *)(void *)self;
}

PyObject *mmspy_snapshot_new(struct mmspy_pin *pin)
{
    PyObject *self = mmspy_alloc(mmspy_snapshot_type);

    if (self)
        snapshot_of(self)->pin = pin;
    else
        (void)mmspy_pin_drop(pin);
    return self;
}

static void snapshot_dealloc(PyObject *self)
{
    struct mmspy_pin *pin = snapshot_of(self)->pin;

    if (pin)
        (void)mmspy_pin_drop(pin);
    mmspy_free(self);
}

int mmspy_pin_check(const struct mmspy_pin *pin)
{
    if (pin->process == mmspy_process)
        return 0;
    mmspy_raise_format(MMS_E_FORKED,
                       "the snapshot belongs to the parent process; take one in this process with region.snapshot()");
    return -1;
}

struct mmspy_pin *mmspy_snapshot_pin(PyObject *self)
{
    struct mmspy_pin *pin = snapshot_of(self)->pin;

    if (!pin)
        return (struct mmspy_pin *)(void *)mmspy_raise_format(
            MMS_E_INVALID, "the snapshot is closed; take another one with region.snapshot()");
    return mmspy_pin_check(pin) == 0 ? pin : NULL;
}

struct mmspy_pin *mmspy_snapshot_keep(PyObject *self)
{
    struct mmspy_pin *pin = mmspy_snapshot_pin(self);

    return pin ? mmspy_pin_keep(pin) : NULL;
}

/* ---- Buffer protocol ---- */

static int snapshot_getbuffer(PyObject *self, Py_buffer *view, int flags)
{
    struct mmspy_pin *pin = mmspy_snapshot_pin(self);

    view->obj = NULL;
    if (!pin || PyBuffer_FillInfo(view, self, (void *)(uintptr_t)pin->view.data, (Py_ssize_t)pin->view.size, 1, flags))
        return -1;
    snapshot_of(self)->exports++;
    return 0;
}

static void snapshot_releasebuffer(PyObject *self, Py_buffer *view)
{
    (void)view;
    snapshot_of(self)->exports--;
}

static Py_ssize_t snapshot_length(PyObject *self)
{
    struct mmspy_pin *pin = mmspy_snapshot_pin(self);

    return pin ? (Py_ssize_t)pin->view.size : -1;
}

/* ---- Closing ---- */

static PyObject *snapshot_close(PyObject *self, PyObject *ignored)
{
    struct snapshot *snapshot = snapshot_of(self);
    struct mmspy_pin *pin = snapshot->pin;
    int code;

    (void)ignored;
    if (!pin)
        Py_RETURN_NONE;
    if (snapshot->exports > 0)
        return PyErr_Format(PyExc_BufferError,
                            "%zd memoryviews or arrays of this snapshot are in use; delete them first. They keep the "
                            "value, so there is no need to close the snapshot",
                            snapshot->exports);
    snapshot->pin = NULL;
    code = mmspy_pin_drop(pin);
    if (code != 0)
        return mmspy_raise(code);
    Py_RETURN_NONE;
}

static PyObject *snapshot_enter(PyObject *self, PyObject *ignored)
{
    (void)ignored;
    return mmspy_snapshot_pin(self) ? Py_NewRef(self) : NULL;
}

/* Leaves the block whatever still uses the value: that keeps it. */
static PyObject *snapshot_exit(PyObject *self, PyObject *arguments)
{
    (void)arguments;
    if (snapshot_of(self)->exports > 0)
        Py_RETURN_NONE;
    return snapshot_close(self, NULL);
}

/* ---- About the value ---- */

static PyObject *snapshot_generation(PyObject *self, void *ignored)
{
    struct mmspy_pin *pin = snapshot_of(self)->pin;

    (void)ignored;
    if (!pin)
        pin = mmspy_snapshot_pin(self);
    return pin ? PyLong_FromUnsignedLongLong(pin->view.generation) : NULL;
}

static PyObject *snapshot_closed(PyObject *self, void *ignored)
{
    (void)ignored;
    return PyBool_FromLong(!snapshot_of(self)->pin);
}

static PyObject *snapshot_pinned(PyObject *self, void *ignored)
{
    struct mmspy_pin *pin = mmspy_snapshot_pin(self);

    (void)ignored;
    return pin ? PyBool_FromLong(pin->reader != NULL) : NULL;
}

/* The reader of a pin, for calls that need one. */
static mms_reader *reader_of(PyObject *self, const char *doing)
{
    struct mmspy_pin *pin = mmspy_snapshot_pin(self);

    if (!pin)
        return NULL;
    if (!pin->reader)
        mmspy_raise_format(MMS_E_READ_ONLY,
                           "%s: this snapshot is a copy, as this process may not write the file "
                           "`readers` of the region; get that right to know more of a value",
                           doing);
    return pin->reader;
}

static PyObject *describe(const mms_view_info *info)
{
    PyObject *checksum = info->has_checksum ? PyLong_FromUnsignedLongLong(info->checksum) : Py_NewRef(Py_None);

    if (!checksum)
        return NULL;
    return Py_BuildValue("{s(KK)sKsKsNsz#}", "type_id", info->type_id[0], info->type_id[1], "tag", info->tag,
                         "publish_time_ns", info->publish_time_ns, "checksum", checksum, "schema", info->schema,
                         (Py_ssize_t)info->schema_size);
}

/* The pin is kept meanwhile: it has the text of the schema. */
static PyObject *snapshot_describe(PyObject *self, PyObject *ignored)
{
    mms_reader *reader = reader_of(self, "describing a value");
    struct mmspy_pin *pin = reader ? mmspy_snapshot_keep(self) : NULL;
    PyObject *result;
    mms_view_info info;
    int code;

    (void)ignored;
    if (!pin)
        return NULL;
    code = mms_view_describe(reader, &info);
    result = code == 0 ? describe(&info) : mmspy_raise(code);
    (void)mmspy_pin_drop(pin);
    return result;
}

/* ---- Changes ---- */

static PyObject *list_ranges(const mms_range *ranges, size_t count)
{
    PyObject *list = PyList_New((Py_ssize_t)count);

    for (size_t i = 0; list && i < count; i++) {
        PyObject *pair = Py_BuildValue("(KK)", ranges[i].offset, ranges[i].length);

        if (!pair)
            Py_CLEAR(list);
        else
            (void)PyList_SetItem(list, (Py_ssize_t)i, pair);
    }
    return list;
}

/* Of a view that is held, the count stays, once it is known. */
static PyObject *changes_since(mms_reader *reader, uint64_t since)
{
    size_t count = 0, room;
    mms_range *ranges;
    PyObject *list;
    int code = mms_changes(reader, since, NULL, 0, &count);

    if (code != 0)
        return mmspy_raise(code);
    room = count;
    ranges = PyMem_Malloc((room + 1) * sizeof *ranges);
    if (!ranges)
        return PyErr_NoMemory();
    code = mms_changes(reader, since, ranges, room, &count);
    list = code == 0 ? list_ranges(ranges, count < room ? count : room) : mmspy_raise(code);
    PyMem_Free(ranges);
    return list;
}

static PyObject *snapshot_changes(PyObject *self, PyObject *generation)
{
    unsigned long long since = PyLong_AsUnsignedLongLong(generation);
    mms_reader *reader;

    if (since == (unsigned long long)-1 && PyErr_Occurred())
        return NULL;
    reader = reader_of(self, "asking what has changed");
    return reader ? changes_since(reader, since) : NULL;
}

/* ---- Comparing ---- */

static PyObject *snapshot_differing(PyObject *self, PyObject *sequence)
{
    struct mmspy_pin *pin = mmspy_snapshot_pin(self);
    struct mmspy_pieces pieces;
    PyObject *list;

    if (!pin || mmspy_pieces_read(sequence, pin->view.size, &pieces) != 0)
        return NULL;
    pin = mmspy_snapshot_keep(self); /* reading them has run code of theirs */
    list = pin ? mmspy_pieces_differing(&pieces, pin->view.data) : NULL;
    if (pin)
        (void)mmspy_pin_drop(pin);
    mmspy_pieces_free(&pieces);
    return list;
}

static PyObject *snapshot_value(PyObject *self, void *ignored)
{
    (void)ignored;
    return mmspy_value_root(self);
}

static PyObject *snapshot_repr(PyObject *self)
{
    struct mmspy_pin *pin = snapshot_of(self)->pin;

    if (!pin)
        return PyUnicode_FromString("<mmsync.Snapshot, closed>");
    return PyUnicode_FromFormat("<mmsync.Snapshot generation %llu, %zu bytes%s>",
                                (unsigned long long)pin->view.generation, pin->view.size,
                                pin->process == mmspy_process ? "" : ", of the parent process");
}

static PyObject *snapshot_table(PyObject *self, PyObject *arguments, PyObject *keywords)
{
    return mmspy_call_class("mmsync.table", "View", self, arguments, keywords);
}

PyDoc_STRVAR(close_doc,
             "close($self, /)\n--\n\nRelease the value now. BufferError while a memoryview or an array uses it.");
PyDoc_STRVAR(describe_doc,
             "describe($self, /)\n--\n\nWhat was published with the value: type_id, tag, publish_time_ns, "
             "checksum, schema.");
PyDoc_STRVAR(changes_doc,
             "changes($self, since, /)\n--\n\nThe (offset, length) of the bytes that may differ from the value of "
             "generation `since`.\n\nForgottenError if all of them may: it is too long ago, or a value "
             "was published as a whole.");

PyDoc_STRVAR(table_doc, "table($self, /, keys=bytes)\n--\n\nThe table that was published, as a mapping. "
                        "`keys`: the type of its keys, bytes, str or int.\nSee mmsync.table.View.");

static PyMethodDef methods[] = {
    {"table", (PyCFunction)(void (*)(void))snapshot_table, METH_VARARGS | METH_KEYWORDS, table_doc},
    {"close", snapshot_close, METH_NOARGS, close_doc},
    {"describe", snapshot_describe, METH_NOARGS, describe_doc},
    {"changes", snapshot_changes, METH_O, changes_doc},
    {"_differing", snapshot_differing, METH_O, "_differing($self, pieces, /)\n--\n\n"},
    {"__enter__", snapshot_enter, METH_NOARGS, NULL},
    {"__exit__", snapshot_exit, METH_VARARGS, NULL},
    MMSPY_NO_PICKLE,
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef members[] = {
    {"value", snapshot_value, NULL, "The typed value that was published with its schema, looked into in place.", NULL},
    {"generation", snapshot_generation, NULL, "The number of the publish; it only grows.", NULL},
    {"closed", snapshot_closed, NULL, NULL, NULL},
    {"pinned", snapshot_pinned, NULL, "Whether the bytes are the region's own; else they are a copy.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

PyDoc_STRVAR(doc, "One value of a region, as region.snapshot() returns it. It supports the buffer protocol,\n"
                  "read-only: memoryview(snapshot), bytes(snapshot), numpy.frombuffer(snapshot, dtype).\n"
                  "The value does not change until the snapshot and all that was made of it are gone.");

static PyType_Slot slots[] = {
    {Py_tp_doc, (void *)(uintptr_t)doc},
    {Py_tp_dealloc, snapshot_dealloc},
    {Py_tp_repr, snapshot_repr},
    {Py_tp_methods, methods},
    {Py_tp_getset, members},
    {Py_sq_length, snapshot_length},
    {Py_bf_getbuffer, snapshot_getbuffer},
    {Py_bf_releasebuffer, snapshot_releasebuffer},
    {0, NULL},
};

PyType_Spec mmspy_snapshot_spec = {
    .name = "mmsync.Snapshot",
    .basicsize = sizeof(struct snapshot),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};
