/* SPDX-License-Identifier: Apache-2.0 */
/* mmsync.Region, but for what is easier said in Python (mmsync/_region.py). */
#include "handle.h"
#include <errno.h>

struct region {
    PyObject_HEAD struct mmspy_path path;
    mms_region_options options;
    struct mmspy_handle *handle; /* NULL: closed, or not open yet */
    uint64_t given;              /* generation of the last snapshot */
    bool closed;
};

static struct region *region_of(PyObject *self)
{
    return (struct region *)(void *)self;
}

static struct mmspy_handle *raise_closed(const struct region *region)
{
    return (struct mmspy_handle *)(void *)mmspy_raise_format(
        MMS_E_INVALID, "the region %s is closed; open it again with mmsync.Region(path)",
        mmspy_path_text(&region->path));
}

static int reopen(struct region *region)
{
    struct mmspy_handle *handle = mmspy_handle_open(region->path.absolute, &region->options);

    if (!handle)
        return -1;
    if (region->closed) { /* by another thread, meanwhile */
        mmspy_handle_drop(handle);
        raise_closed(region);
        return -1;
    }
    mmspy_handle_drop(region->handle);
    region->handle = handle;
    return 0;
}

/* Open, in this process: a child opens for itself what it has inherited. Another thread may close
   it whenever the GIL is released. */
static struct mmspy_handle *handle_of(struct region *region)
{
    if (region->handle && region->handle->process == mmspy_process)
        return region->handle;
    if (region->closed || !region->path.absolute)
        return raise_closed(region);
    return reopen(region) == 0 ? region->handle : NULL;
}

static int region_init(PyObject *self, PyObject *arguments, PyObject *keywords)
{
    struct region *region = region_of(self);
    PyObject *path;

    if (region->path.given) {
        PyErr_SetString(PyExc_RuntimeError, "a Region is opened once; make another one");
        return -1;
    }
    if (!PyArg_ParseTuple(arguments, "O:Region", &path) || mmspy_region_options_read(keywords, &region->options) != 0 ||
        mmspy_path_read(path, &region->path) != 0)
        return -1;
    region->handle = mmspy_handle_open(PyBytes_AsString(region->path.given), &region->options);
    return region->handle ? 0 : -1;
}

static void region_dealloc(PyObject *self)
{
    struct region *region = region_of(self);

    mmspy_handle_drop(region->handle);
    mmspy_path_free(&region->path);
    mmspy_free(self);
}

static PyObject *region_close(PyObject *self, PyObject *ignored)
{
    struct region *region = region_of(self);
    struct mmspy_handle *handle = region->handle;

    (void)ignored;
    region->handle = NULL;
    region->closed = true;
    mmspy_handle_drop(handle);
    Py_RETURN_NONE;
}

static PyObject *region_enter(PyObject *self, PyObject *ignored)
{
    (void)ignored;
    return handle_of(region_of(self)) ? Py_NewRef(self) : NULL;
}

struct mmspy_handle *mmspy_region_handle(PyObject *self)
{
    return handle_of(region_of(self));
}

PyObject *mmspy_region_snapshot(PyObject *self, uint64_t *generation)
{
    struct region *region = region_of(self);
    struct mmspy_handle *handle = handle_of(region);
    struct mmspy_pin *pin = handle ? mmspy_pin_newest(handle) : NULL;

    if (!pin)
        return NULL;
    *generation = region->given = pin->view.generation;
    return mmspy_snapshot_new(pin);
}

static PyObject *region_snapshot(PyObject *self, PyObject *ignored)
{
    uint64_t generation;

    (void)ignored;
    return mmspy_region_snapshot(self, &generation);
}

static PyObject *region_check(PyObject *self, PyObject *ignored)
{
    struct mmspy_handle *handle = handle_of(region_of(self));
    int code = handle ? mms_region_check(handle->region) : 0;

    (void)ignored;
    if (!handle)
        return NULL;
    if (code != 0)
        return mmspy_raise(code);
    Py_RETURN_NONE;
}

/* ---- Waiting ---- */

/* A signal, such as Ctrl-C, may raise an exception; else the wait goes on. -1 with one. */
static int wait_for(struct mmspy_handle *handle, uint64_t seen, const struct mmspy_deadline *deadline)
{
    int code;

    do {
        int left = mmspy_deadline_left_ms(deadline);

        Py_BEGIN_ALLOW_THREADS
        code = mms_region_wait(handle->region, seen, left);
        Py_END_ALLOW_THREADS
        if (code == -EINTR && PyErr_CheckSignals() != 0)
            return -1;
    } while (code == -EINTR || (code == MMS_E_TIMEOUT && mmspy_deadline_left_ms(deadline) != 0));
    if (code == 0)
        return 0;
    mmspy_raise(code);
    return -1;
}

static PyObject *region_wait(PyObject *self, PyObject *arguments, PyObject *keywords)
{
    static char name[][8] = {"seen", "timeout"};
    char *names[] = {name[0], name[1], NULL};
    PyObject *seen = Py_None, *timeout = Py_None, *result = NULL;
    unsigned long long generation = region_of(self)->given;
    struct mmspy_deadline deadline;
    struct mmspy_handle *handle;

    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "|OO:wait", names, &seen, &timeout) ||
        mmspy_deadline_read(timeout, &deadline) != 0)
        return NULL;
    if (seen != Py_None && (generation = PyLong_AsUnsignedLongLong(seen)) == (unsigned long long)-1 && PyErr_Occurred())
        return NULL;
    handle = handle_of(region_of(self));
    if (!handle)
        return NULL;
    mmspy_handle_keep(handle);
    if (wait_for(handle, generation, &deadline) == 0)
        result = PyLong_FromUnsignedLongLong(mms_generation(handle->region));
    mmspy_handle_drop(handle);
    return result;
}

static PyObject *region_waiter(PyObject *self, PyObject *ignored)
{
    struct mmspy_handle *handle = handle_of(region_of(self));

    (void)ignored;
    return handle ? mmspy_waiter_new(handle) : NULL;
}

/* ---- Members ---- */

static PyObject *region_generation(PyObject *self, void *ignored)
{
    struct mmspy_handle *handle = handle_of(region_of(self));

    (void)ignored;
    return handle ? PyLong_FromUnsignedLongLong(mms_generation(handle->region)) : NULL;
}

static PyObject *region_read_only(PyObject *self, void *ignored)
{
    struct mmspy_handle *handle = handle_of(region_of(self));

    (void)ignored;
    return handle ? PyBool_FromLong(mms_region_read_only(handle->region)) : NULL;
}

static PyObject *region_path(PyObject *self, void *ignored)
{
    (void)ignored;
    return PyUnicode_DecodeFSDefault(mmspy_path_text(&region_of(self)->path));
}

/* From outside: a region that is closed by now has one, too. */
static PyObject *region_history(PyObject *self, PyObject *ignored)
{
    const struct mmspy_path *path = &region_of(self)->path;

    (void)ignored;
    if (!path->absolute)
        return mmspy_raise_format(MMS_E_INVALID, "the history of a Region that was never opened");
    return mmspy_history_list(path->absolute);
}

static PyObject *region_closed(PyObject *self, void *ignored)
{
    (void)ignored;
    return PyBool_FromLong(!region_of(self)->handle);
}

static PyObject *region_repr(PyObject *self)
{
    PyObject *path = region_path(self, NULL), *text = NULL;

    if (path)
        text = PyUnicode_FromFormat("<mmsync.Region %R%s>", path, region_of(self)->handle ? "" : ", closed");
    Py_XDECREF(path);
    return text;
}

PyDoc_STRVAR(snapshot_doc,
             "snapshot($self, /)\n--\n\nPin the newest value, without a copy. EmptyError if there is none yet.");
PyDoc_STRVAR(newest_doc,
             "newest($self, make, /)\n--\n\nAn object to call for what `make(snapshot)` makes of the newest value: "
             "made once for\neach generation. `prices = region.newest(numpy.frombuffer)`, then `prices()`.");
PyDoc_STRVAR(
    wait_doc,
    "wait($self, /, seen=None, timeout=None)\n--\n\nWait until the newest generation is not `seen`, by default "
    "that of the last\nsnapshot that this object gave, and return it. WaitTimeoutError after "
    "`timeout` seconds.");
PyDoc_STRVAR(check_doc,
             "check($self, /)\n--\n\nGoneError if the path no longer leads to this region. A few system calls: for "
             "now and then.");
PyDoc_STRVAR(close_doc, "close($self, /)\n--\n\nSnapshots that were taken stay valid.");

static PyMethodDef methods[] = {
    {"snapshot", region_snapshot, METH_NOARGS, snapshot_doc},
    {"newest", mmspy_newest_new, METH_O, newest_doc},
    {"wait", (PyCFunction)(void (*)(void))region_wait, METH_VARARGS | METH_KEYWORDS, wait_doc},
    {"_waiter", region_waiter, METH_NOARGS, "_waiter($self, /)\n--\n\n"},
    {"_history", region_history, METH_NOARGS, "_history($self, /)\n--\n\n"},
    {"check", region_check, METH_NOARGS, check_doc},
    {"close", region_close, METH_NOARGS, close_doc},
    {"__enter__", region_enter, METH_NOARGS, NULL},
    {"__exit__", region_close, METH_VARARGS, NULL},
    MMSPY_NO_PICKLE,
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef members[] = {
    {"generation", region_generation, NULL, "The newest generation; 0 if nothing was published yet.", NULL},
    {"read_only", region_read_only, NULL, "Whether snapshots are copies, as this process may not pin.", NULL},
    {"path", region_path, NULL, NULL, NULL},
    {"closed", region_closed, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_init, region_init}, {Py_tp_dealloc, region_dealloc}, {Py_tp_repr, region_repr},
    {Py_tp_methods, methods},  {Py_tp_getset, members},         {0, NULL},
};

PyType_Spec mmspy_region_spec = {
    .name = "mmsync._native.Region",
    .basicsize = sizeof(struct region),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};
