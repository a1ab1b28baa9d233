/* SPDX-License-Identifier: Apache-2.0 */
/* One thread at a time, and one build or table at a time. */
#include "writer.h"

/* A thread that has it already would wait for itself: see mmspy_writer_enter. */
void mmspy_writer_prepare(struct mmspy_writer *self)
{
    pthread_mutexattr_t attributes;

    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&self->mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);
}

/* 0, or EDEADLK. */
static int lock(struct mmspy_writer *self)
{
    int code = pthread_mutex_trylock(&self->mutex);

    if (code == 0)
        return 0;
    Py_BEGIN_ALLOW_THREADS
    code = pthread_mutex_lock(&self->mutex);
    Py_END_ALLOW_THREADS
    return code;
}

void mmspy_writer_leave(struct mmspy_writer *self)
{
    pthread_mutex_unlock(&self->mutex);
}

int mmspy_writer_check_process(const struct mmspy_writer *self, const char *doing)
{
    if (self->process == mmspy_process)
        return 0;
    mmspy_raise_format(MMS_E_FORKED, "%s %s: the writer belongs to the parent process; open one in this process", doing,
                       mmspy_path_text(&self->path));
    return -1;
}

int mmspy_writer_check_state(const struct mmspy_writer *self, const void *user, const char *doing)
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
    if (mmspy_writer_check_process(self, doing) != 0)
        return NULL;
    if (lock(self) != 0)
        return (mms_writer *)(void *)mmspy_raise_format(
            MMS_E_INVALID,
            "%s %s: this thread is in another call of the writer, which has run this code (a signal handler, a "
            "destructor, a trace); use the writer after that call",
            doing, mmspy_path_text(&self->path));
    if (self->writer && self->user == user)
        return self->writer;
    mmspy_writer_leave(self); /* before the exception, which code of Python makes: that may want the mutex */
    (void)mmspy_writer_check_state(self, user, doing);
    return NULL;
}
