/* SPDX-License-Identifier: Apache-2.0 */
/* A writer, and the one build or table of it that may be open. */
#ifndef MMSPY_WRITER_H
#define MMSPY_WRITER_H

#include "handle.h"
#include <pthread.h>

struct mmspy_build;

struct mmspy_writer {
    PyObject_HEAD struct mmspy_path path;
    mms_writer *writer;          /* NULL: closed */
    const void *user;            /* not counted: the build or table that has begun a write */
    struct mmspy_build *build;   /* not counted; the same, if it is a build */
    pthread_mutex_t mutex;       /* held in calls that release the GIL */
    struct mmspy_handle *newest; /* for snapshots; NULL until there is one */
    mms_region_options newest_options;
    unsigned long process;
    uint64_t generation; /* of the last publish */
    bool tracks;         /* the library finds out what an update has changed */
};

/* The writer, with its mutex held, if it is open, this process's own, and what
   has begun a write is `user` (NULL: nothing). Else NULL with an exception that begins with `doing`. */
mms_writer *mmspy_writer_enter(struct mmspy_writer *self, const void *user, const char *doing);
void mmspy_writer_leave(struct mmspy_writer *self);
/* Before either of them. */
void mmspy_writer_prepare(struct mmspy_writer *self);
/* Its two checks alone: 0, or -1 with an exception. */
int mmspy_writer_check_process(const struct mmspy_writer *self, const char *doing);
int mmspy_writer_check_state(const struct mmspy_writer *self, const void *user, const char *doing);

/* A Build of that size, which begins when its block is entered; `update`: of the newest value. */
PyObject *mmspy_build_new(struct mmspy_writer *writer, Py_ssize_t size, bool update);
int mmspy_build_touch(struct mmspy_build *build, Py_ssize_t offset, Py_ssize_t length);

#endif
