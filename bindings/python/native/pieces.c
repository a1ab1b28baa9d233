/* SPDX-License-Identifier: Apache-2.0 */
#include "pieces.h"
#include "base/bulk.h"
#include <string.h>

static int piece_read(PyObject *pair, size_t size, struct mmspy_piece *out)
{
    Py_ssize_t offset;
    PyObject *value;

    if (!PyTuple_Check(pair)) {
        PyErr_Format(PyExc_TypeError, "a piece is a tuple of an offset and a buffer, not %R", pair);
        return -1;
    }
    if (!PyArg_ParseTuple(pair, "nO", &offset, &value) || mmspy_buffer_read(value, &out->buffer) != 0)
        return -1;
    out->offset = (size_t)offset;
    if (offset >= 0 && out->offset <= size && (size_t)out->buffer.len <= size - out->offset)
        return 0;
    mmspy_raise_format(MMS_E_INVALID, "a piece of %zd bytes at offset %zd does not fit into a value of %zu bytes",
                       out->buffer.len, offset, size);
    PyBuffer_Release(&out->buffer);
    return -1;
}

static int read_all(PyObject *list, size_t size, struct mmspy_pieces *out)
{
    Py_ssize_t count = PyList_Size(list);

    out->all = PyMem_Calloc((size_t)count + 1, sizeof *out->all);
    if (!out->all) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        if (piece_read(PyList_GetItem(list, i), size, &out->all[i]) != 0)
            return -1;
        out->count++;
        out->bytes += (size_t)out->all[i].buffer.len;
    }
    return 0;
}

int mmspy_pieces_read(PyObject *sequence, size_t size, struct mmspy_pieces *out)
{
    PyObject *list = PySequence_List(sequence); /* ours, so that nothing else changes it */
    int code;

    *out = (struct mmspy_pieces){0};
    if (!list)
        return -1;
    code = read_all(list, size, out);
    if (code != 0)
        mmspy_pieces_free(out);
    Py_DECREF(list);
    return code;
}

void mmspy_pieces_free(struct mmspy_pieces *pieces)
{
    for (size_t i = 0; i < pieces->count; i++)
        PyBuffer_Release(&pieces->all[i].buffer);
    PyMem_Free(pieces->all);
    *pieces = (struct mmspy_pieces){0};
}

/* Without the GIL: the buffers are held. */
void mmspy_pieces_copy(const struct mmspy_pieces *pieces, void *memory)
{
    bool large = pieces->bytes >= MMS__BULK_SIZE;

    for (size_t i = 0; i < pieces->count; i++) {
        const Py_buffer *from = &pieces->all[i].buffer;
        unsigned char *to = (unsigned char *)memory + pieces->all[i].offset;

        if (large)
            mms__copy_part_in(to, from->buf, (size_t)from->len);
        else if (from->len > 0)
            memcpy(to, from->buf, (size_t)from->len);
    }
}

static void compare(const struct mmspy_pieces *pieces, const char *data, bool *differs)
{
    for (size_t i = 0; i < pieces->count; i++) {
        const Py_buffer *other = &pieces->all[i].buffer;

        differs[i] = other->len > 0 && memcmp(data + pieces->all[i].offset, other->buf, (size_t)other->len) != 0;
    }
}

PyObject *mmspy_pieces_differing(const struct mmspy_pieces *pieces, const char *data)
{
    bool *differs = PyMem_Calloc(pieces->count + 1, sizeof *differs);
    PyObject *list = differs ? PyList_New((Py_ssize_t)pieces->count) : PyErr_NoMemory();

    if (list) {
        Py_BEGIN_ALLOW_THREADS
        compare(pieces, data, differs);
        Py_END_ALLOW_THREADS
    }
    for (size_t i = 0; list && i < pieces->count; i++)
        (void)PyList_SetItem(list, (Py_ssize_t)i, PyBool_FromLong(differs[i]));
    PyMem_Free(differs);
    return list;
}
