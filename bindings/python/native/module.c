/* SPDX-License-Identifier: Apache-2.0 */
/* mmsync._native: the C half of the package mmsync. */
#include "native.h"
#include "table.h"
#include "value.h"

static PyMethodDef functions[] = {
    {"inspect", mmspy_inspect, METH_O, NULL},     {"history", mmspy_history, METH_O, NULL},
    {"verify", mmspy_verify, METH_VARARGS, NULL}, {"remove", mmspy_remove, METH_O, NULL},
    {"forked", mmspy_forked, METH_NOARGS, NULL},  {NULL, NULL, 0, NULL},
};

/* Readers and forks are known to the process, not to an interpreter. */
static int refuse_subinterpreter(void)
{
    if (PyInterpreterState_GetID(PyInterpreterState_Get()) == 0)
        return 0;
    PyErr_SetString(PyExc_ImportError, "mmsync works in the main interpreter only; import it there, or use a process");
    return -1;
}

static int add_type(PyObject *module, PyType_Spec *spec, PyTypeObject **keep)
{
    PyObject *type = PyType_FromModuleAndSpec(module, spec, NULL);
    int code = type ? PyModule_AddType(module, (PyTypeObject *)(void *)type) : -1;

    if (code == 0 && keep) {
        Py_XDECREF((PyObject *)*keep);
        *keep = (PyTypeObject *)(void *)Py_NewRef(type);
    }
    Py_XDECREF(type);
    return code;
}

static const struct {
    PyType_Spec *spec;
    PyTypeObject **keep;
} types[] = {
    {&mmspy_region_spec, NULL},
    {&mmspy_writer_spec, &mmspy_writer_type},
    {&mmspy_snapshot_spec, &mmspy_snapshot_type},
    {&mmspy_newest_spec, &mmspy_newest_type},
    {&mmspy_waiter_spec, &mmspy_waiter_type},
    {&mmspy_build_spec, &mmspy_build_type},
    {&mmspy_table_update_spec, NULL},
    {&mmspy_table_view_spec, NULL},
    {&mmspy_table_iterator_spec, &mmspy_table_iterator_type},
    {&mmspy_slice_spec, &mmspy_slice_type},
    {&mmspy_schema_spec, &mmspy_schema_type},
    {&mmspy_record_spec, &mmspy_record_type},
    {&mmspy_list_spec, &mmspy_list_type},
    {&mmspy_map_spec, &mmspy_map_type},
    {&mmspy_set_spec, &mmspy_set_type},
    {&mmspy_variant_spec, &mmspy_variant_type},
    {&mmspy_value_iterator_spec, &mmspy_value_iterator_type},
};

static int fill_module(PyObject *module)
{
    if (refuse_subinterpreter() != 0 || mmspy_error_init(module) != 0)
        return -1;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (add_type(module, types[i].spec, types[i].keep) != 0)
            return -1;
    return PyModule_AddStringConstant(module, "library_version", mms_version());
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, (void *)(uintptr_t)fill_module},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "mmsync._native",
    .m_doc = "The C half of the package mmsync; import mmsync instead.",
    .m_methods = functions,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__native(void);
PyMODINIT_FUNC PyInit__native(void)
{
    return PyModuleDef_Init(&definition);
}
