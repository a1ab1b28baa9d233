/* SPDX-License-Identifier: Apache-2.0 */
#include "build.h"

unsigned long mmspy_process;

/* In the child, before any code of the program runs. A child that was made behind Python's back
   cannot run Python anyway. */
PyObject *mmspy_forked(PyObject *module, PyObject *ignored)
{
    (void)module;
    (void)ignored;
    mmspy_process++;
    mmspy_build_forked();
    Py_RETURN_NONE;
}
