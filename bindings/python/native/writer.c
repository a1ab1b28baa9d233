/* SPDX-License-Identifier: Apache-2.0 */
/* mmsync.Writer */
#include "writer.h"
#include "input.h"
#include "schema_object.h"

PyTypeObject *mmspy_writer_type;

static struct mmspy_writer *writer_of(PyObject *self)
{
    return (struct mmspy_writer *)(void *)self;
}

/* ---- One thread at a time ---- */

static void lock(struct mmspy_writer *self)
{
    if (pthread_mutex_trylock(&self->mutex) == 0)
        return;
    Py_BEGIN_ALLOW_THREADS
    pthread_mutex_lock(&self->mutex);
    Py_END_ALLOW_THREADS
}

void mmspy_writer_leave(struct mmspy_writer *self)
{
    pthread_mutex_unlock(&self->mutex);
}

static int check_process(const struct mmspy_writer *self, const char *doing)
{
    if (self->process == mmspy_process)
        return 0;
    mmspy_raise_format(MMS_E_FORKED, "%s %s: the writer belongs to the parent process; open one in this process", doing,
                       mmspy_path_text(&self->path));
    return -1;
}

static int check_state(const struct mmspy_writer *self, const void *user, const char *doing)
{
    const char *path = mmspy_path_text(&self->path);

    if (!self->writer)
        mmspy_raise_format(MMS_E_INVALID, "%s %s: the writer is closed; open another one with mmsync.Writer(path)",
                           doing, path);
    else if (self->user == user)
        return 0;
    else if (user)
        mmspy_raise_format(MMS_E_INVALID, "%s %s: this block is over; begin another one", doing, path);
    else if (!self->build)
        mmspy_raise_format(MMS_E_INVALID, "%s %s: a table of it is open; leave its `with` block", doing, path);
    else
        mmspy_raise_format(MMS_E_INVALID,
                           "%s %s: a build of it is open, or its memory is still in use; leave its `with` "
                           "block, and delete the arrays and memoryviews of its memory",
                           doing, path);
    return -1;
}

mms_writer *mmspy_writer_enter(struct mmspy_writer *self, const void *user, const char *doing)
{
    if (check_process(self, doing) != 0)
        return NULL;
    lock(self);
    if (check_state(self, user, doing) == 0)
        return self->writer;
    mmspy_writer_leave(self);
    return NULL;
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
    pthread_mutex_init(&self->mutex, NULL);
    self->process = mmspy_process;
    self->tracks = options.track != MMS_TRACK_TOUCHES;
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
    mmspy_path_free(&self->path);
    mmspy_free(object);
}

static PyObject *writer_close(PyObject *object, PyObject *ignored)
{
    struct mmspy_writer *self = writer_of(object);
    mms_writer *writer;

    (void)ignored;
    if (!self->writer)
        Py_RETURN_NONE;
    if (!mmspy_writer_enter(self, NULL, "closing the writer of"))
        return NULL;
    writer = self->writer;
    self->writer = NULL;
    mmspy_writer_leave(self);
    (void)mms_writer_close(writer);
    Py_RETURN_NONE;
}

static PyObject *writer_enter(PyObject *object, PyObject *ignored)
{
    struct mmspy_writer *self = writer_of(object);

    (void)ignored;
    if (check_process(self, "entering the writer of") != 0 ||
        check_state(self, self->user, "entering the writer of") != 0)
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

    if (!PyArg_ParseTuple(arguments, "nn:touch", &offset, &length) || check_process(self, "touching") != 0)
        return NULL;
    if (!self->build)
        return mmspy_raise_format(MMS_E_INVALID, "touch belongs into the block of `with writer.update() as memory:`");
    if (mmspy_build_touch(self->build, offset, length) != 0)
        return NULL;
    Py_RETURN_NONE;
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
PyDoc_STRVAR(build_doc,
             "build($self, size, /)\n--\n\nBuild a value in place: `with writer.build(size) as memory:` gives "
             "writable memory of\nundefined content, which is published when the block ends, and not if it "
             "ends with an\nexception.");
PyDoc_STRVAR(update_doc,
             "update($self, /, size=None)\n--\n\nChange the newest value: as build, but the memory holds that value "
             "already. `size`: its new\nsize, if that changes. The cost follows what you change. A writer opened "
             "with\ntrack='touches' has to be told: what you do not touch stays as it was, and if nothing\nis "
             "touched, all of the value counts as changed.");
PyDoc_STRVAR(
    touch_doc,
    "touch($self, offset, length, /)\n--\n\nIn an update: these bytes change. With track='touches', touch every "
    "change, or none.");
PyDoc_STRVAR(table_doc,
             "table($self, /, **options)\n--\n\nChange the newest table: `with writer.table() as table:` gives a "
             "mapping, whose changes are\npublished as one generation when the block ends, and not if it "
             "ends with an exception. See\nmmsync.table.Table.");
PyDoc_STRVAR(close_doc, "close($self, /)\n--\n\nGive up the writer's lock. The value stays for the readers.");

static PyMethodDef methods[] = {
    {"write", writer_write, METH_O, write_doc},
    {"write_value", writer_write_value, METH_VARARGS, write_value_doc},
    {"build", writer_build, METH_O, build_doc},
    {"update", (PyCFunction)(void (*)(void))writer_update, METH_VARARGS | METH_KEYWORDS, update_doc},
    {"touch", writer_touch, METH_VARARGS, touch_doc},
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
