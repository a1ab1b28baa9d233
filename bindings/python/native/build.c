/* SPDX-License-Identifier: Apache-2.0 */
/* mmsync.Build: the memory of a value that is being built. It is not published, and not used for
   anything else, while a memoryview or an array of it is alive: nobody can write into a value that
   readers have. */
#include "build.h"
#include "pieces.h"
#include <sys/mman.h>
#include <unistd.h>

PyTypeObject *mmspy_build_type;
static struct mmspy_build *open_builds; /* for a child, which has lost their memory */

static struct mmspy_build *build_of(PyObject *self)
{
    return (struct mmspy_build *)(void *)self;
}

static void link_in(struct mmspy_build *build)
{
    build->next = open_builds;
    build->link = &open_builds;
    if (open_builds)
        open_builds->link = &build->next;
    open_builds = build;
}

static void unlink_from(struct mmspy_build *build)
{
    *build->link = build->next;
    if (build->next)
        build->next->link = build->link;
}

PyObject *mmspy_build_new(struct mmspy_writer *writer, Py_ssize_t size, bool update)
{
    PyObject *self = mmspy_alloc(mmspy_build_type);

    if (!self)
        return NULL;
    build_of(self)->writer = writer;
    Py_INCREF((PyObject *)writer);
    build_of(self)->size = size;
    build_of(self)->update = update;
    return self;
}

/* ---- Beginning ---- */

static int begin_write(struct mmspy_build *build, mms_writer *writer)
{
    size_t capacity = build->size < 0 ? 0 : (size_t)build->size, old = 0;
    int code;

    Py_BEGIN_ALLOW_THREADS
    code = build->update ? mms_write_update(writer, capacity, &build->memory, &old, NULL)
                         : mms_write_begin(writer, capacity, &build->memory, NULL);
    Py_END_ALLOW_THREADS
    if (build->size < 0)
        build->size = (Py_ssize_t)old;
    build->old = old;
    build->room = old > (size_t)build->size ? old : (size_t)build->size;
    return code;
}

static int begin(struct mmspy_build *build)
{
    mms_writer *writer = mmspy_writer_enter(build->writer, NULL, build->update ? "updating" : "building in");
    int code;

    if (!writer)
        return -1;
    code = begin_write(build, writer);
    if (code == 0) {
        build->state = OPEN;
        build->writer->user = build->writer->build = build;
        link_in(build);
    }
    mmspy_writer_leave(build->writer);
    if (code != 0)
        mmspy_raise(code);
    return code == 0 ? 0 : -1;
}

/* ---- Ending ---- */

/* What the writer must know before the commit, if it does not find out by itself. Without touches all
   of the old bytes may have changed. */
static int touch_all(const struct mmspy_build *build, mms_writer *writer)
{
    if (!build->update || build->touched || build->old == 0 || build->writer->tracks)
        return 0;
    return mms_write_touch(writer, 0, build->old);
}

static int end_write(struct mmspy_build *build, mms_writer *writer, bool publish, mms_receipt *receipt)
{
    int code = 0;

    Py_BEGIN_ALLOW_THREADS
    if (publish)
        code = touch_all(build, writer);
    if (publish && code == 0)
        code = mms_write_commit(writer, (size_t)build->size, receipt);
    if (!publish || code != 0)
        (void)mms_write_abort(writer);
    Py_END_ALLOW_THREADS
    return code;
}

/* A failed commit has changed nothing, and ends the build as well. */
static int end(struct mmspy_build *build, bool publish)
{
    mms_writer *writer = mmspy_writer_enter(build->writer, build, "publishing a build of");
    mms_receipt receipt;
    int code;

    if (!writer)
        return -1;
    code = end_write(build, writer, publish, &receipt);
    if (code == 0 && publish)
        build->writer->generation = build->generation = receipt.generation;
    build->state = OVER;
    build->writer->user = build->writer->build = NULL;
    unlink_from(build);
    mmspy_writer_leave(build->writer);
    if (code != 0)
        mmspy_raise(code);
    return code == 0 ? 0 : -1;
}

/* ---- Buffer protocol ---- */

static int build_getbuffer(PyObject *self, Py_buffer *view, int flags)
{
    struct mmspy_build *build = build_of(self);

    view->obj = NULL;
    if (build->state != OPEN) {
        PyErr_SetString(PyExc_BufferError, "use the memory that `with writer.build(size) as memory:` gives");
        return -1;
    }
    if (PyBuffer_FillInfo(view, self, build->memory, build->size, 0, flags) != 0)
        return -1;
    build->exports++;
    return 0;
}

/* The last user of a build that could not be published is gone. In a child there is nothing to give
   back. */
static void build_releasebuffer(PyObject *self, Py_buffer *view)
{
    struct mmspy_build *build = build_of(self);
    PyObject *type, *value, *traceback;

    (void)view;
    build->exports--;
    if (build->exports > 0 || build->state != ABANDONED || build->writer->process != mmspy_process)
        return;
    PyErr_Fetch(&type, &value, &traceback);
    if (end(build, false) != 0)
        PyErr_WriteUnraisable(self);
    PyErr_Restore(type, value, traceback);
}

static void build_dealloc(PyObject *self)
{
    struct mmspy_build *build = build_of(self);
    struct mmspy_writer *writer = build->writer;

    if ((build->state == OPEN || build->state == ABANDONED) && writer->process == mmspy_process &&
        end(build, false) != 0)
        PyErr_WriteUnraisable(NULL);
    Py_XDECREF(build->view);
    mmspy_free(self);
    Py_DECREF((PyObject *)writer);
}

/* ---- The block ---- */

static PyObject *build_enter(PyObject *self, PyObject *ignored)
{
    struct mmspy_build *build = build_of(self);
    PyObject *view;

    (void)ignored;
    if (build->state != FRESH)
        return mmspy_raise_format(MMS_E_INVALID,
                                  "a build has one `with` block; begin another one with writer.build(size)");
    if (begin(build) != 0)
        return NULL;
    view = PyMemoryView_FromObject(self);
    build->view = view ? PyWeakref_NewRef(view, NULL) : NULL;
    if (build->view)
        return view;
    build->state = ABANDONED; /* ends with the view, or with this object */
    Py_XDECREF(view);
    return NULL;
}

/* The memoryview that the block was given cannot be used after it, except by what was made of it. */
static void release_view(struct mmspy_build *build)
{
    PyObject *view = Py_NewRef(PyWeakref_GetObject(build->view));
    PyObject *result = view == Py_None ? NULL : PyObject_CallMethod(view, "release", NULL);

    if (!result)
        PyErr_Clear();
    Py_XDECREF(result);
    Py_DECREF(view);
}

static PyObject *refuse_in_use(struct mmspy_build *build)
{
    build->state = ABANDONED;
    return PyErr_Format(
        PyExc_BufferError,
        "nothing was published: an array or a memoryview of the memory is still alive, and could change "
        "the value later; delete it (`del array`) before the end of the `with` block");
}

static PyObject *build_exit(PyObject *self, PyObject *arguments)
{
    struct mmspy_build *build = build_of(self);
    PyObject *type, *value, *traceback;

    if (!PyArg_ParseTuple(arguments, "OOO:__exit__", &type, &value, &traceback))
        return NULL;
    if (build->state != OPEN)
        return mmspy_raise_format(MMS_E_INVALID, "this build is over");
    release_view(build);
    if (build->exports > 0 && type == Py_None)
        return refuse_in_use(build);
    if (build->exports > 0)
        build->state = ABANDONED;
    else if (end(build, type == Py_None) != 0)
        return NULL;
    Py_RETURN_NONE;
}

/* ---- Within the block ---- */

int mmspy_build_touch(struct mmspy_build *build, Py_ssize_t offset, Py_ssize_t length)
{
    mms_writer *writer;
    int code;

    if (offset < 0 || length < 0) {
        mmspy_raise_format(MMS_E_INVALID, "touch: offset and length must not be negative");
        return -1;
    }
    writer = mmspy_writer_enter(build->writer, build, "touching a build of");
    if (!writer)
        return -1;
    code = mms_write_touch(writer, (size_t)offset, (size_t)length);
    mmspy_writer_leave(build->writer);
    if (code != 0)
        mmspy_raise(code);
    else
        build->touched = true;
    return code == 0 ? 0 : -1;
}

/* All touches first: one that fails has changed nothing. */
static int touch_pieces(const struct mmspy_build *build, mms_writer *writer, const struct mmspy_pieces *pieces)
{
    int code = 0;

    for (size_t i = 0; build->update && code == 0 && i < pieces->count; i++)
        code = mms_write_touch(writer, pieces->all[i].offset, (size_t)pieces->all[i].buffer.len);
    return code;
}

static int put_pieces(struct mmspy_build *build, const struct mmspy_pieces *pieces)
{
    mms_writer *writer = mmspy_writer_enter(build->writer, build, "filling a build of");
    int code;

    if (!writer)
        return -1;
    Py_BEGIN_ALLOW_THREADS
    code = touch_pieces(build, writer, pieces);
    if (code == 0)
        mmspy_pieces_copy(pieces, build->memory);
    Py_END_ALLOW_THREADS
    build->touched = build->touched || code == 0; /* and no pieces are no change */
    mmspy_writer_leave(build->writer);
    if (code != 0)
        mmspy_raise(code);
    return code == 0 ? 0 : -1;
}

/* The memory cannot go meanwhile: its end takes the mutex of the writer, which put_pieces holds. */
static PyObject *build_put(PyObject *self, PyObject *sequence)
{
    struct mmspy_build *build = build_of(self);
    struct mmspy_pieces pieces;
    int code;

    if (build->state != OPEN)
        return mmspy_raise_format(MMS_E_INVALID, "pieces belong into the `with` block of a build");
    if (mmspy_pieces_read(sequence, (size_t)build->size, &pieces) != 0)
        return NULL;
    code = put_pieces(build, &pieces);
    mmspy_pieces_free(&pieces);
    return code == 0 ? Py_NewRef(Py_None) : NULL;
}

static PyObject *build_resize(PyObject *self, PyObject *size)
{
    struct mmspy_build *build = build_of(self);
    Py_ssize_t bytes = PyNumber_AsSsize_t(size, PyExc_OverflowError);

    if (bytes == -1 && PyErr_Occurred())
        return NULL;
    if (build->state != OPEN || bytes < 0 || (size_t)bytes > build->room)
        return mmspy_raise_format(MMS_E_INVALID,
                                  "resize: give 0 to %zu bytes within the `with` block; a larger value needs "
                                  "a larger build",
                                  build->room);
    build->size = bytes;
    Py_RETURN_NONE;
}

static PyObject *build_size(PyObject *self, void *ignored)
{
    (void)ignored;
    return PyLong_FromSsize_t(build_of(self)->size);
}

static PyObject *build_generation(PyObject *self, void *ignored)
{
    (void)ignored;
    return PyLong_FromUnsignedLongLong(build_of(self)->generation);
}

/* ---- fork ---- */

/* Writable memory of a region is not inherited. Where it was, a child gets zeros of its own, so
   that what it does to the memory is lost, and nothing worse. */
void mmspy_build_forked(void)
{
    uintptr_t mask = ~((uintptr_t)sysconf(_SC_PAGESIZE) - 1);

    for (struct mmspy_build *build = open_builds; build; build = build->next) {
        uintptr_t start = (uintptr_t)build->memory & mask;
        uintptr_t past = ((uintptr_t)build->memory + build->room + ~mask) & mask;

        if (past > start)
            (void)mmap((void *)start, past - start, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    }
    open_builds = NULL;
}

PyDoc_STRVAR(resize_doc, "resize($self, size, /)\n--\n\nPublish that many bytes, at most those that were asked for.");

static PyMethodDef methods[] = {
    {"_put", build_put, METH_O, "_put($self, pieces, /)\n--\n\n"},
    {"resize", build_resize, METH_O, resize_doc},
    {"__enter__", build_enter, METH_NOARGS, NULL},
    {"__exit__", build_exit, METH_VARARGS, NULL},
    MMSPY_NO_PICKLE,
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef members[] = {
    {"size", build_size, NULL, "How many bytes will be published.", NULL},
    {"generation", build_generation, NULL, "Of the value that was published; 0: none.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

PyDoc_STRVAR(doc, "What writer.build(size) and writer.update() return: `with` gives writable memory, and its end\n"
                  "publishes the value.");

static PyType_Slot slots[] = {
    {Py_tp_doc, (void *)(uintptr_t)doc},
    {Py_tp_dealloc, build_dealloc},
    {Py_tp_methods, methods},
    {Py_tp_getset, members},
    {Py_bf_getbuffer, build_getbuffer},
    {Py_bf_releasebuffer, build_releasebuffer},
    {0, NULL},
};

PyType_Spec mmspy_build_spec = {
    .name = "mmsync.Build",
    .basicsize = sizeof(struct mmspy_build),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};
