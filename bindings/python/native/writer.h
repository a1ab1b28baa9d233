/* SPDX-License-Identifier: Apache-2.0 */
/* A writer, and the one build of it that may be open. */
#ifndef MMSPY_WRITER_H
#define MMSPY_WRITER_H

#include "native.h"
#include <pthread.h>

struct mmspy_build;

struct mmspy_writer {
    PyObject_HEAD struct mmspy_path path;
    mms_writer *writer;        /* NULL: closed */
    struct mmspy_build *build; /* not counted; whose memory is in use */
    pthread_mutex_t mutex;     /* held in calls that release the GIL */
    unsigned long process;
    uint64_t generation; /* of the last publish */
    bool tracks;         /* the library finds out what an update has changed */
};

/* The writer, with its mutex held, if it is open, this process's own, and the build is `build`
   (NULL: none). Else NULL with an exception that begins with `doing`. */
mms_writer *mmspy_writer_enter(struct mmspy_writer *self, const struct mmspy_build *build, const char *doing);
void mmspy_writer_leave(struct mmspy_writer *self);

/* A Build of that size, which begins when its block is entered; `update`: of the newest value. */
PyObject *mmspy_build_new(struct mmspy_writer *writer, Py_ssize_t size, bool update);
int mmspy_build_touch(struct mmspy_build *build, Py_ssize_t offset, Py_ssize_t length);

#endif
