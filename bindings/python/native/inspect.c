/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that take a path: inspect, verify, remove. */
#include "native.h"
#include <stdlib.h>
#include <string.h>

static PyObject *or_none(bool known, unsigned long long value)
{
    return known ? PyLong_FromUnsignedLongLong(value) : Py_NewRef(Py_None);
}

static PyObject *alive_or_none(int alive)
{
    return alive < 0 ? Py_NewRef(Py_None) : PyBool_FromLong(alive);
}

static PyObject *info_of(const mms_info *info)
{
    return Py_BuildValue("{s(KK)sKsIsIsKsKs(KK)sKsKsNsOsNsisIsIsIsIsKsKsKsKsKsNsN}", "region_id", info->region_id[0],
                         info->region_id[1], "max_size", info->max_size, "max_slots", info->max_slots, "max_readers",
                         info->max_readers, "generation", info->generation, "size", info->size, "type_id",
                         info->type_id[0], info->type_id[1], "tag", info->tag, "publish_time_ns", info->publish_time_ns,
                         "checksum", or_none(info->has_checksum, info->checksum), "symmetric",
                         info->symmetric ? Py_True : Py_False, "writer_alive", alive_or_none(info->writer_alive),
                         "writer_pid", (int)info->writer_pid, "slot", info->slot, "slots_used", info->slots_used,
                         "readers", info->readers, "readers_dead", info->readers_dead, "bytes_used", info->bytes_used,
                         "bytes_huge", info->bytes_huge, "keep", info->keep, "refused", info->refused, "evicted",
                         info->evicted, "durable_generation", or_none(info->durable, info->durable_generation),
                         "durable_lost", or_none(info->durable_lost != 0, info->durable_lost));
}

PyObject *mmspy_inspect(PyObject *module, PyObject *path)
{
    mms_info info;
    PyObject *bytes;
    int code;

    (void)module;
    if (!PyUnicode_FSConverter(path, &bytes))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    code = mms_inspect(PyBytes_AsString(bytes), &info);
    Py_END_ALLOW_THREADS
    Py_DECREF(bytes);
    return code == 0 ? info_of(&info) : mmspy_raise(code);
}

/* ---- Verifying ---- */

/* Sentences, each with its 0; gathered without the GIL. */
struct findings {
    char *text;
    size_t size;
    bool incomplete;
};

static void note_finding(void *context, const char *sentence)
{
    struct findings *findings = context;
    size_t length = strlen(sentence) + 1;
    char *text = realloc(findings->text, findings->size + length);

    findings->incomplete |= !text;
    if (!text)
        return;
    memcpy(text + findings->size, sentence, length);
    findings->text = text;
    findings->size += length;
}

static int list_findings(const struct findings *findings, PyObject *list)
{
    int code = 0;

    if (findings->incomplete)
        PyErr_NoMemory();
    for (size_t at = 0; code == 0 && at < findings->size; at += strlen(findings->text + at) + 1) {
        PyObject *sentence = PyUnicode_DecodeFSDefault(findings->text + at);

        code = sentence ? PyList_Append(list, sentence) : -1;
        Py_XDECREF(sentence);
    }
    return findings->incomplete ? -1 : code;
}

/* verify(path, list): what is wrong goes into the list, too. */
PyObject *mmspy_verify(PyObject *module, PyObject *arguments)
{
    struct findings findings = {0};
    PyObject *bytes, *list;
    int code, listed;

    (void)module;
    if (!PyArg_ParseTuple(arguments, "O&O:verify", PyUnicode_FSConverter, &bytes, &list))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    code = mms_verify(PyBytes_AsString(bytes), note_finding, &findings);
    Py_END_ALLOW_THREADS
    Py_DECREF(bytes);
    listed = list_findings(&findings, list);
    free(findings.text);
    if (listed != 0)
        return NULL;
    if (code != 0)
        return mmspy_raise(code);
    Py_RETURN_NONE;
}

PyObject *mmspy_remove(PyObject *module, PyObject *path)
{
    PyObject *bytes;
    int code;

    (void)module;
    if (!PyUnicode_FSConverter(path, &bytes))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    code = mms_remove(PyBytes_AsString(bytes));
    Py_END_ALLOW_THREADS
    Py_DECREF(bytes);
    if (code != 0)
        return mmspy_raise(code);
    Py_RETURN_NONE;
}
