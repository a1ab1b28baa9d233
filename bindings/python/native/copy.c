/* SPDX-License-Identifier: Apache-2.0 */
/* Copies, for processes that may not write a region's file `readers`. */
#include "handle.h"
#include <errno.h>
#include <stdlib.h>

enum { ALIGNMENT = 64 };

/* As views of the library are aligned; never NULL for want of bytes. */
static void *allocate(size_t size)
{
    return aligned_alloc(ALIGNMENT, (size + ALIGNMENT) / ALIGNMENT * ALIGNMENT);
}

/* One try, with room for what was there last time. */
static int try_copy(mms_region *region, void **buffer, size_t *capacity, mms_view *view)
{
    int code;

    free(*buffer);
    *buffer = allocate(*capacity);
    if (!*buffer)
        return -ENOMEM;
    Py_BEGIN_ALLOW_THREADS
    code = mms_read_copy(region, *buffer, *capacity, &view->size, &view->generation);
    Py_END_ALLOW_THREADS
    if (code == MMS_E_TOO_BIG)
        *capacity = view->size;
    return code;
}

/* The writer may be faster at many tries; a signal ends them. */
int mmspy_copy_newest(mms_region *region, void **copy, mms_view *view)
{
    void *buffer = NULL;
    size_t capacity = 0;
    int code;

    do
        code = PyErr_CheckSignals() == 0 ? try_copy(region, &buffer, &capacity, view) : -EINTR;
    while (code == MMS_E_AGAIN || code == MMS_E_TOO_BIG);
    if (code != 0) {
        free(buffer);
        return code;
    }
    view->data = *copy = buffer;
    return 0;
}
