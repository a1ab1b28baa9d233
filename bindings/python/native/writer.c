/* SPDX-License-Identifier: Apache-2.0 */
/* mmsync.Writer */
#include "writer.h"
#include "input.h"
#include "schema_object.h"
#include <mmsync/history.h>

PyTypeObject *mmspy_writer_type;

static struct mmspy_writer *writer_of(PyObject *self)
{
    return (struct mmspy_writer *)(void *)self;
}

/* ---- Opening and closing ---- */

enum { LOCK_WAIT_MS = 2000, LOCK_SLICE_MS = 100 }; /* the library's own default, and pieces of it */

/* In pieces, between which Ctrl-C works. */
static int open_patiently(const char *path, mms_writer_options *options, mms_writer **out)
{
    int32_t left = options->lock_wait_ms == 0 ? LOCK_WAIT_MS : options->lock_wait_ms;
    int code;

    for (;;) {
        options->lock_wait_ms = left > LOCK_SLICE_MS || left == MMS_FOREVER ? LOCK_SLICE_MS : left;
        Py_BEGIN_ALLOW_THREADS
        code = mms_writer_open(path, options, out);
        Py_END_ALLOW_THREADS
        if (left > 0)
            left = left > LOCK_SLICE_MS ? left - LOCK_SLICE_MS : MMS_NO_WAIT;
        else if (left == MMS_NO_WAIT)
            return code;
        if (code != MMS_E_BUSY || PyErr_CheckSignals() != 0)
            return code;
    }
}

static int writer_init(PyObject *object, PyObject *arguments, PyObject *keywords)
{
    struct mmspy_writer *self = writer_of(object);
    mms_writer_options options;
    PyObject *path;
    int code;

    if (self->path.given) {
        PyErr_SetString(PyExc_RuntimeError, "a Writer is opened once; make another one");
        return -1;
    }
    if (!PyArg_ParseTuple(arguments, "O:Writer", &path) || mmspy_writer_options_read(keywords, &options) != 0 ||
        mmspy_path_read(path, &self->path) != 0)
        return -1;
    mmspy_writer_prepare(self);
    self->process = mmspy_process;
    self->tracks = options.track != MMS_TRACK_TOUCHES;
    self->newest_options = mmspy_region_options_like(&options);
    code = open_patiently(PyBytes_AsString(self->path.given), &options, &self->writer);
    if (code != 0 && !PyErr_Occurred())
        mmspy_raise(code);
    return PyErr_Occurred() ? -1 : 0;
}

/* A child frees its copy of what was the parent's; the parent's goes on. */
static void writer_dealloc(PyObject *object)
{
    struct mmspy_writer *self = writer_of(object);

    (void)mms_writer_close(self->writer);
    mmspy_handle_drop(self->newest);
    mmspy_path_free(&self->path);
    mmspy_free(object);
}

static PyObject *writer_close(PyObject *object, PyObject *ignored)
{
    struct mmspy_writer *self = writer_of(object);
    struct mmspy_handle *newest;
    mms_writer *writer;

    (void)ignored;
    if (!self->writer)
        Py_RETURN_NONE;
    if (!mmspy_writer_enter(self, NULL, "closing the writer of"))
        return NULL;
    writer = self->writer;
    newest = self->newest;
    self->writer = NULL;
    self->newest = NULL;
    mmspy_writer_leave(self);
    mmspy_handle_drop(newest);
    (void)mms_writer_close(writer);
    Py_RETURN_NONE;
}

static PyObject *writer_enter(PyObject *object, PyObject *ignored)
{
    struct mmspy_writer *self = writer_of(object);

    (void)ignored;
    if (mmspy_writer_check_process(self, "entering the writer of") != 0 ||
        mmspy_writer_check_state(self, self->user, "entering the writer of") != 0)
        return NULL;
    return Py_NewRef(object);
}

/* ---- Writing ---- */

static PyObject *publish(struct mmspy_writer *self, const Py_buffer *value)
{
    mms_writer *writer = mmspy_writer_enter(self, NULL, "writing to");
    mms_receipt receipt;
    int code;

    if (!writer)
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    code = mms_write(writer, value->buf, (size_t)value->len, &receipt);
    Py_END_ALLOW_THREADS
    if (code == 0)
        self->generation = receipt.generation;
    mmspy_writer_leave(self);
    return code == 0 ? PyLong_FromUnsignedLongLong(receipt.generation) : mmspy_raise(code);
}

static PyObject *writer_sync(PyObject *object, PyObject *ignored)
{
    struct mmspy_writer *self = writer_of(object);
    mms_writer *writer = mmspy_writer_enter(self, NULL, "syncing");
    int code;

    (void)ignored;
    if (!writer)
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    code = mms_sync(writer);
    Py_END_ALLOW_THREADS
    mmspy_writer_leave(self);
    if (code != 0)
        return mmspy_raise(code);
    Py_RETURN_NONE;
}

static PyObject *writer_write(PyObject *object, PyObject *value)
{
    Py_buffer buffer;
    PyObject *result;

    if (mmspy_buffer_read(value, &buffer) != 0)
        return NULL;
    result = publish(writer_of(object), &buffer);
    PyBuffer_Release(&buffer);
    return result;
}

static int publish_value(mms_writer *writer, const mms_archive *archive, const void *input, mms_receipt *receipt)
{
    int code;

    Py_BEGIN_ALLOW_THREADS
    code = mms_archive_publish(writer, archive, input, receipt);
    Py_END_ALLOW_THREADS
    return code;
}

static PyObject *writer_write_value(PyObject *object, PyObject *arguments)
{
    struct mmspy_writer *self = writer_of(object);
    struct mmspy_arena arena = {0};
    PyObject *schema, *value;
    const mms_archive *archive;
    const void *input;
    mms_writer *writer = NULL;
    mms_receipt receipt;
    int code = 0;

    if (!PyArg_ParseTuple(arguments, "O!O:write_value", mmspy_schema_type, &schema, &value))
        return NULL;
    archive = mmspy_schema_archive(schema);
    input = archive->type ? mmspy_input(&arena, archive->type, value) : NULL;
    if (input)
        writer = mmspy_writer_enter(self, NULL, "writing to");
    if (writer) {
        code = publish_value(writer, archive, input, &receipt);
        if (code == 0)
            self->generation = receipt.generation;
        mmspy_writer_leave(self);
    }
    mmspy_arena_free(&arena);
    if (!writer)
        return NULL;
    return code == 0 ? PyLong_FromUnsignedLongLong(receipt.generation) : mmspy_raise(code);
}

static PyObject *writer_rollback(PyObject *object, PyObject *arguments, PyObject *keywords)
{
    static char name[] = "generation";
    char *names[] = {name, NULL};
    struct mmspy_writer *self = writer_of(object);
    PyObject *wanted = Py_None;
    unsigned long long generation = 0;
    mms_receipt receipt;
    mms_writer *writer;
    int code;

    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "|O:rollback", names, &wanted))
        return NULL;
    if (wanted != Py_None && (generation = PyLong_AsUnsignedLongLong(wanted)) == (unsigned long long)-1 &&
        PyErr_Occurred())
        return NULL;
    writer = mmspy_writer_enter(self, NULL, "rolling back");
    if (!writer)
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    code = mms_write_rollback(writer, generation, &receipt);
    Py_END_ALLOW_THREADS
    if (code == 0)
        self->generation = receipt.generation;
    mmspy_writer_leave(self);
    return code == 0 ? PyLong_FromUnsignedLongLong(receipt.generation) : mmspy_raise(code);
}

static PyObject *writer_build(PyObject *object, PyObject *size)
{
    Py_ssize_t bytes = PyNumber_AsSsize_t(size, PyExc_OverflowError);

    if (bytes == -1 && PyErr_Occurred())
        return NULL;
    if (bytes < 0)
        return mmspy_raise_format(MMS_E_INVALID, "the size of a build must be 0 or more bytes");
    return mmspy_build_new(writer_of(object), bytes, false);
}

static PyObject *writer_update(PyObject *object, PyObject *arguments, PyObject *keywords)
{
    static char name[] = "size";
    char *names[] = {name, NULL};
    PyObject *size = Py_None;
    Py_ssize_t bytes = -1;

    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "|O:update", names, &size))
        return NULL;
    if (size != Py_None && (bytes = PyNumber_AsSsize_t(size, PyExc_OverflowError)) == -1 && PyErr_Occurred())
        return NULL;
    if (size != Py_None && bytes < 0)
        return mmspy_raise_format(MMS_E_INVALID, "the new size of a value must be 0 or more bytes");
    return mmspy_build_new(writer_of(object), bytes, true);
}

static PyObject *writer_touch(PyObject *object, PyObject *arguments)
{
    struct mmspy_writer *self = writer_of(object);
    Py_ssize_t offset, length;

    if (!PyArg_ParseTuple(arguments, "nn:touch", &offset, &length) || mmspy_writer_check_process(self, "touching") != 0)
        return NULL;
    if (!self->build)
        return mmspy_raise_format(MMS_E_INVALID, "touch belongs into the block of `with writer.update() as memory:`");
    if (mmspy_build_touch(self->build, offset, length) != 0)
        return NULL;
    Py_RETURN_NONE;
}

/* ---- Reading ---- */

static int open_newest(struct mmspy_writer *self)
{
    struct mmspy_handle *handle = mmspy_handle_open(self->path.absolute, &self->newest_options);

    if (!handle)
        return -1;
    if (!self->writer || self->newest) { /* closed, or opened by another thread, meanwhile */
        mmspy_handle_drop(handle);
        return mmspy_writer_check_state(self, self->user, "reading");
    }
    self->newest = handle;
    return 0;
}

static PyObject *writer_snapshot(PyObject *object, PyObject *ignored)
{
    struct mmspy_writer *self = writer_of(object);
    struct mmspy_pin *pin;

    (void)ignored;
    if (mmspy_writer_check_process(self, "reading") != 0 ||
        mmspy_writer_check_state(self, self->user, "reading") != 0 || (!self->newest && open_newest(self) != 0))
        return NULL;
    pin = mmspy_pin_newest(self->newest);
    return pin ? mmspy_snapshot_new(pin) : NULL;
}

/* ---- Members ---- */

static PyObject *writer_generation(PyObject *object, void *ignored)
{
    (void)ignored;
    return PyLong_FromUnsignedLongLong(writer_of(object)->generation);
}

static PyObject *writer_path(PyObject *object, void *ignored)
{
    (void)ignored;
    return PyUnicode_DecodeFSDefault(mmspy_path_text(&writer_of(object)->path));
}

static PyObject *writer_closed(PyObject *object, void *ignored)
{
    (void)ignored;
    return PyBool_FromLong(!writer_of(object)->writer);
}

static PyObject *writer_repr(PyObject *object)
{
    PyObject *path = writer_path(object, NULL), *text = NULL;

    if (path)
        text = PyUnicode_FromFormat("<mmsync.Writer %R%s>", path, writer_of(object)->writer ? "" : ", closed");
    Py_XDECREF(path);
    return text;
}

static PyObject *writer_table(PyObject *self, PyObject *arguments, PyObject *keywords)
{
    return mmspy_call_class("mmsync.table", "Table", self, arguments, keywords);
}

PyDoc_STRVAR(write_doc,
             "write($self, buffer, /)\n--\n\nPublish a copy of a contiguous buffer, and return its generation.");
PyDoc_STRVAR(write_value_doc,
             "write_value($self, schema, value, /)\n--\n\nPublish a value of a Schema, and return its generation. "
             "Structs are dicts or objects with\nsuch attributes, tuples and lists sequences, enums "
             "\"Name\" or {\"Name\": fields}.");
PyDoc_STRVAR(rollback_doc,
             "rollback($self, /, generation=None)\n--\n\nMake an older value the newest one again, and return its "
             "new generation: the one before\nthe current, or that of a generation which region.history() lists. "
             "ForgottenError if it is\nno longer there: open the writer with keep=3, say.");
PyDoc_STRVAR(build_doc,
             "build($self, size, /)\n--\n\nBuild a value in place: `with writer.build(size) as memory:` gives "
             "writable memory of\nundefined content, which is published when the block ends, but not if it "
             "ends with an\nexception.");
PyDoc_STRVAR(update_doc,
             "update($self, /, size=None)\n--\n\nChange the newest value: as build, but the memory holds that value "
             "already. `size`: its new\nsize, if that changes. It costs what you change. A writer opened "
             "with\ntrack='touches' has to be told: what you do not touch stays as it was, and if nothing\nis "
             "touched, all of the value counts as changed.");
PyDoc_STRVAR(
    touch_doc,
    "touch($self, offset, length, /)\n--\n\nIn an update: these bytes change. With track='touches', touch every "
    "change, or none.");
PyDoc_STRVAR(snapshot_doc,
             "snapshot($self, /)\n--\n\nThe newest value, for the writer to look at. EmptyError if there is none "
             "yet.");
PyDoc_STRVAR(table_doc,
             "table($self, /, **options)\n--\n\nChange the newest table: `with writer.table() as table:` gives a "
             "mapping, whose changes are\npublished as one generation when the block ends, but not if it "
             "ends with an exception. See\nmmsync.table.Table.");
PyDoc_STRVAR(
    sync_doc,
    "sync($self, /)\n--\n\nMake the newest value of a durable region (durable='commit' or 'sync') survive a power "
    "cut,\nif it does not yet. With durable='commit' each write has done so when it returns.");
PyDoc_STRVAR(close_doc, "close($self, /)\n--\n\nGive up the writer's lock. The value stays for the readers.");

static PyMethodDef methods[] = {
    {"write", writer_write, METH_O, write_doc},
    {"write_value", writer_write_value, METH_VARARGS, write_value_doc},
    {"rollback", (PyCFunction)(void (*)(void))writer_rollback, METH_VARARGS | METH_KEYWORDS, rollback_doc},
    {"build", writer_build, METH_O, build_doc},
    {"update", (PyCFunction)(void (*)(void))writer_update, METH_VARARGS | METH_KEYWORDS, update_doc},
    {"touch", writer_touch, METH_VARARGS, touch_doc},
    {"sync", writer_sync, METH_NOARGS, sync_doc},
    {"snapshot", writer_snapshot, METH_NOARGS, snapshot_doc},
    {"table", (PyCFunction)(void (*)(void))writer_table, METH_VARARGS | METH_KEYWORDS, table_doc},
    {"close", writer_close, METH_NOARGS, close_doc},
    {"__enter__", writer_enter, METH_NOARGS, NULL},
    {"__exit__", writer_close, METH_VARARGS, NULL},
    MMSPY_NO_PICKLE,
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef members[] = {
    {"generation", writer_generation, NULL, "Of the last value that this object published; 0: none.", NULL},
    {"path", writer_path, NULL, NULL, NULL},
    {"closed", writer_closed, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

PyDoc_STRVAR(doc,
             "Writer(path, /, **options)\n--\n\nThe writer of a region, which is created if it does not exist. There "
             "is one at a time: BusyError\nafter lock_wait_ms. The options are those of mms_writer_options in "
             "mmsync.h, by name.");

static PyType_Slot slots[] = {
    {Py_tp_doc, (void *)(uintptr_t)doc},
    {Py_tp_init, writer_init},
    {Py_tp_dealloc, writer_dealloc},
    {Py_tp_repr, writer_repr},
    {Py_tp_methods, methods},
    {Py_tp_getset, members},
    {0, NULL},
};

PyType_Spec mmspy_writer_spec = {
    .name = "mmsync.Writer",
    .basicsize = sizeof(struct mmspy_writer),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};
