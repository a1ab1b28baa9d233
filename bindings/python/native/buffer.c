/* SPDX-License-Identifier: Apache-2.0 */
#include "native.h"

/* Exporters say in their own words that they are not contiguous, and not what to do. */
int mmspy_buffer_read(PyObject *value, Py_buffer *out)
{
    if (PyObject_GetBuffer(value, out, PyBUF_SIMPLE) == 0)
        return 0;
    if (!PyErr_ExceptionMatches(PyExc_BufferError) && !PyErr_ExceptionMatches(PyExc_ValueError))
        return -1;
    PyErr_Clear();
    mmspy_raise_format(MMS_E_INVALID,
                       "the value must be one contiguous piece of memory: publish a contiguous copy, such "
                       "as numpy.ascontiguousarray(array) or bytes(memoryview)");
    return -1;
}
