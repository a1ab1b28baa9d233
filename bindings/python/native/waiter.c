/* SPDX-License-Identifier: Apache-2.0 */
/* mmsync._native.Waiter: a descriptor that becomes readable when a region has another generation,
   for event loops. One thread, which never runs Python, waits; it is armed for one change at a
   time, so a fast writer does not keep it busy. */
#include "handle.h"
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct waiter {
    PyObject_HEAD struct mmspy_handle *handle;
    pthread_t thread;
    sem_t armed;
    uint64_t seen; /* written before `armed` is posted */
    int code;      /* read after the descriptor is readable, with the next line */
    char detail[512];
    int fd;
    bool started;
    unsigned long process;
};

static struct waiter *waiter_of(PyObject *self)
{
    return (struct waiter *)(void *)self;
}

/* ---- The thread ---- */

static void note_result(struct waiter *waiter, int code)
{
    const uint64_t one = 1;

    waiter->code = code;
    snprintf(waiter->detail, sizeof waiter->detail, "%s", code == 0 ? "" : mms_last_error());
    while (write(waiter->fd, &one, sizeof one) < 0 && errno == EINTR)
        continue;
}

/* Both waits are points where it can be cancelled. */
static void *wait_for_ever(void *argument)
{
    struct waiter *waiter = argument;

    for (;;) {
        int code;

        while (sem_wait(&waiter->armed) != 0)
            continue;
        do
            code = mms_region_wait(waiter->handle->region, waiter->seen, MMS_FOREVER);
        while (code == -EINTR);
        note_result(waiter, code);
    }
    return NULL;
}

/* Signals are for the threads of Python. */
static int start_thread(struct waiter *waiter)
{
    sigset_t all, before;
    int error;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&waiter->thread, NULL, wait_for_ever, waiter);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    waiter->started = error == 0;
    return error;
}

/* ---- The object ---- */

PyTypeObject *mmspy_waiter_type;

PyObject *mmspy_waiter_new(struct mmspy_handle *handle)
{
    PyObject *self = mmspy_alloc(mmspy_waiter_type);
    struct waiter *waiter = waiter_of(self);

    if (!self)
        return NULL;
    waiter->fd = -1;
    waiter->handle = mmspy_handle_keep(handle);
    waiter->process = mmspy_process;
    sem_init(&waiter->armed, 0, 0);
    waiter->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (waiter->fd >= 0 && (errno = start_thread(waiter)) == 0)
        return self;
    PyErr_SetFromErrno(PyExc_OSError);
    Py_DECREF(self);
    return NULL;
}

/* The thread is not there in a child. */
static void stop_thread(struct waiter *waiter)
{
    if (!waiter->started || waiter->process != mmspy_process)
        return;
    waiter->started = false;
    pthread_cancel(waiter->thread);
    Py_BEGIN_ALLOW_THREADS
    pthread_join(waiter->thread, NULL);
    Py_END_ALLOW_THREADS
}

static PyObject *waiter_close(PyObject *self, PyObject *ignored)
{
    struct waiter *waiter = waiter_of(self);

    (void)ignored;
    stop_thread(waiter);
    if (waiter->fd >= 0)
        close(waiter->fd);
    waiter->fd = -1;
    mmspy_handle_drop(waiter->handle);
    waiter->handle = NULL;
    Py_RETURN_NONE;
}

static void waiter_dealloc(PyObject *self)
{
    Py_XDECREF(waiter_close(self, NULL));
    mmspy_free(self);
}

static PyObject *waiter_fileno(PyObject *self, PyObject *ignored)
{
    (void)ignored;
    return PyLong_FromLong(waiter_of(self)->fd);
}

static PyObject *waiter_arm(PyObject *self, PyObject *seen)
{
    struct waiter *waiter = waiter_of(self);
    unsigned long long generation = PyLong_AsUnsignedLongLong(seen);

    if (generation == (unsigned long long)-1 && PyErr_Occurred())
        return NULL;
    waiter->seen = generation;
    sem_post(&waiter->armed);
    Py_RETURN_NONE;
}

/* What has come of the wait; an exception if it has failed. */
static PyObject *waiter_finish(PyObject *self, PyObject *ignored)
{
    struct waiter *waiter = waiter_of(self);
    uint64_t count;

    (void)ignored;
    if (read(waiter->fd, &count, sizeof count) != sizeof count)
        return PyErr_SetFromErrno(PyExc_OSError);
    if (waiter->code != 0)
        return mmspy_raise_format(waiter->code, "%s", waiter->detail);
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"fileno", waiter_fileno, METH_NOARGS, "fileno($self, /)\n--\n\n"},
    {"arm", waiter_arm, METH_O, "arm($self, seen, /)\n--\n\n"},
    {"finish", waiter_finish, METH_NOARGS, "finish($self, /)\n--\n\n"},
    {"close", waiter_close, METH_NOARGS, "close($self, /)\n--\n\n"},
    MMSPY_NO_PICKLE,
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_dealloc, waiter_dealloc},
    {Py_tp_methods, methods},
    {0, NULL},
};

PyType_Spec mmspy_waiter_spec = {
    .name = "mmsync._native.Waiter",
    .basicsize = sizeof(struct waiter),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};
