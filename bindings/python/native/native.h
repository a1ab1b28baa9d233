/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the extension module share. It uses the stable ABI of CPython 3.11, and the
   public header of the library. All state is under the GIL unless it says otherwise; there is one
   interpreter, as others are refused (module.c). Functions return NULL or -1 with an exception
   set, as is usual in CPython. */
#ifndef MMSPY_NATIVE_H
#define MMSPY_NATIVE_H

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>
#include <mmsync.h>
#include <mmsync/durable.h>
#include <mmsync/table.h>

/* A path as the library wants it. A relative one is also kept as an absolute one, for a child that
   opens the region again from another directory. */
struct mmspy_path {
    PyObject *given; /* bytes; NULL: none */
    char *absolute;  /* malloc */
};
int mmspy_path_read(PyObject *object, struct mmspy_path *out);
void mmspy_path_free(struct mmspy_path *path);
const char *mmspy_path_text(const struct mmspy_path *path);

/* error.c: raise what a call has returned, with the text that it left; or a text of our own. */
PyObject *mmspy_raise(int code);
PyObject *mmspy_raise_format(int code, const char *format, ...);
int mmspy_error_init(PyObject *module);

/* fork.c: counts the forks between the first process and this one. What has another count belongs
   to a parent. */
extern unsigned long mmspy_process;
PyObject *mmspy_forked(PyObject *module, PyObject *ignored);

/* options.c: keyword arguments. None is the default: the library's, but for `track`. */
int mmspy_writer_options_read(PyObject *keywords, mms_writer_options *out);
int mmspy_region_options_read(PyObject *keywords, mms_region_options *out);
int mmspy_table_options_read(PyObject *keywords, mms_table_options *out);
/* What a region has to be told to accept what a writer did. */
mms_region_options mmspy_region_options_like(const mms_writer_options *options);

/* buffer.c: one contiguous piece of memory. */
int mmspy_buffer_read(PyObject *value, Py_buffer *out);

/* method.c: call the class of that name in a module of the package with `self` and the arguments. */
PyObject *mmspy_call_class(const char *module, const char *name, PyObject *self, PyObject *arguments,
                           PyObject *keywords);

/* type.c: what all types have in common. */
PyObject *mmspy_refuse_pickle(PyObject *self, PyObject *ignored);
#define MMSPY_NO_PICKLE                                     \
    {"__reduce__", mmspy_refuse_pickle, METH_NOARGS, NULL}, \
    {                                                       \
        "__reduce_ex__", mmspy_refuse_pickle, METH_O, NULL  \
    }
PyObject *mmspy_alloc(PyTypeObject *type);
void mmspy_free(PyObject *self);

/* Milliseconds for a wait of that many seconds, None for ever; and what is left of them. */
struct mmspy_deadline {
    bool forever;
    struct timespec at;
};
int mmspy_deadline_read(PyObject *timeout, struct mmspy_deadline *out);
int mmspy_deadline_left_ms(const struct mmspy_deadline *deadline);

/* The types, and functions that make their objects. */
extern PyType_Spec mmspy_region_spec, mmspy_snapshot_spec, mmspy_waiter_spec, mmspy_writer_spec, mmspy_build_spec;
extern PyType_Spec mmspy_newest_spec;
extern PyTypeObject *mmspy_snapshot_type, *mmspy_waiter_type, *mmspy_writer_type, *mmspy_build_type;
extern PyTypeObject *mmspy_newest_type;

/* inspect.c */
PyObject *mmspy_inspect(PyObject *module, PyObject *path);
PyObject *mmspy_verify(PyObject *module, PyObject *arguments);
PyObject *mmspy_remove(PyObject *module, PyObject *path);

/* history.c */
PyObject *mmspy_history(PyObject *module, PyObject *path);
PyObject *mmspy_history_list(const char *path);

#endif
