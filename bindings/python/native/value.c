/* SPDX-License-Identifier: Apache-2.0 */
/* The root of a snapshot's value, and parts of values. */
#include "value.h"
#include "archive/bytes.h"

const struct mmspy_value *mmspy_value_of(PyObject *self)
{
    const struct mmspy_value *value = mmspy_value_at(self);

    return mmspy_pin_check(value->pin) == 0 ? value : NULL;
}

void mmspy_value_dealloc(PyObject *self)
{
    struct mmspy_value *value = (struct mmspy_value *)(void *)self;

    if (value->pin)
        (void)mmspy_pin_drop(value->pin);
    Py_XDECREF(value->schema);
    mmspy_free(self);
}

static PyTypeObject *class_of(const mms_type *type)
{
    switch (type->kind) {
    case MMS_T_VEC:
    case MMS_T_ARRAY: return mmspy_list_type;
    case MMS_T_MAP:
    case MMS_T_TREE: return mmspy_map_type;
    case MMS_T_SET:
    case MMS_T_TREE_SET: return mmspy_set_type;
    case MMS_T_STRUCT: return mmspy_record_type;
    default: return mmspy_variant_type;
    }
}

static PyObject *make(struct mmspy_pin *pin, PyObject *schema, const mms_type *type, const char *at)
{
    PyObject *self = mmspy_alloc(class_of(type));
    struct mmspy_value *value = (struct mmspy_value *)(void *)self;

    if (!self)
        return NULL;
    value->pin = mmspy_pin_keep(pin);
    value->schema = Py_NewRef(schema);
    value->type = type;
    value->at = at;
    return self;
}

/* Boxes and Options are seen through. */
PyObject *mmspy_value_make(struct mmspy_pin *pin, PyObject *schema, const mms_type *type, const char *at)
{
    PyObject *scalar;
    bool done;

    for (;;) {
        if (type->kind == MMS_T_BOX) {
            at = mms__follow(type, at);
            type = type->first;
        } else if (type->kind == MMS_T_OPTION) {
            const mms_type_field *some = type->variants[1].fields;

            if (mms__get_uint(at, type->tag_size) == 0)
                Py_RETURN_NONE;
            at += some->offset;
            type = some->type;
        } else {
            break;
        }
    }
    scalar = mmspy_scalar(type, at, &done);
    return done ? scalar : make(pin, schema, type, at);
}

PyObject *mmspy_value_part(const struct mmspy_value *whole, const mms_type *type, const char *at)
{
    return mmspy_value_make(whole->pin, whole->schema, type, at);
}

PyObject *mmspy_value_compare(PyObject *a, PyObject *b, int operation)
{
    const struct mmspy_value *left = mmspy_value_of(a), *right;
    bool equal;

    if (!left)
        return NULL;
    if (Py_TYPE(a) != Py_TYPE(b) || (operation != Py_EQ && operation != Py_NE))
        return Py_NewRef(Py_NotImplemented);
    right = mmspy_value_of(b);
    if (!right)
        return NULL;
    if (left->type != right->type)
        return Py_NewRef(Py_NotImplemented);
    equal = mms_archive_equal(left->type, left->at, right->at);
    return PyBool_FromLong(equal == (operation == Py_EQ));
}

/* ---- The root ---- */

static PyObject *refuse_bytes(void)
{
    return mmspy_raise_format(MMS_E_TYPE,
                              "the value has no schema: it was published as bytes; use memoryview(snapshot), "
                              "or publish it with writer.write_value(schema, value)");
}

/* The schema of a copy is read when it is asked for. */
static PyObject *schema_of_copy(const struct mmspy_pin *pin)
{
    uint64_t generation, type_id[2];
    char text[64 << 8];
    size_t size = 0;
    int code = mms_read_schema(pin->handle->region, text, sizeof text, &size, type_id, &generation);

    if (code != 0)
        return mmspy_raise(code);
    if (generation != pin->view.generation)
        return mmspy_raise_format(MMS_E_AGAIN,
                                  "the value is a copy, and its schema was replaced meanwhile; take another "
                                  "snapshot");
    return size > 0 ? mmspy_schema_stored(text, size, type_id) : refuse_bytes();
}

static PyObject *schema_of(const struct mmspy_pin *pin)
{
    mms_view_info info;
    int code;

    if (!pin->reader)
        return schema_of_copy(pin);
    code = mms_view_describe(pin->reader, &info);
    if (code != 0)
        return mmspy_raise(code);
    return info.schema ? mmspy_schema_stored(info.schema, info.schema_size, info.type_id) : refuse_bytes();
}

/* Another reader asks whether the library vouches for the value, or has checked it: if it is
   damaged, the one that asks loses its view. 1: it is good; 0: this cannot be known so. */
static int ask(struct mmspy_pin *pin, mms_archive *archive)
{
    mms_reader *reader;
    const void *root;
    mms_view view;
    int code = mms_reader_open(pin->handle->region, &reader);

    if (code != 0)
        return 0;
    if (mms_read(reader, &view) == 0 && view.generation == pin->view.generation)
        code = mms__archive_root_slow(reader, archive, NULL, &root) == 0;
    (void)mms_reader_close(reader);
    return code;
}

static int check(struct mmspy_pin *pin, mms_archive *archive)
{
    int code = 0;

    Py_BEGIN_ALLOW_THREADS
    if (!pin->reader || ask(pin, archive) != 1)
        code = mms_archive_check(archive, pin->view.data, pin->view.size, NULL);
    Py_END_ALLOW_THREADS
    if (code != 0)
        mmspy_raise(code);
    else
        pin->checked = true;
    return code == 0 ? 0 : -1;
}

PyObject *mmspy_value_table(const struct mmspy_pin *pin)
{
    PyObject *schema = schema_of(pin);

    if (!schema)
        PyErr_Clear();
    if (schema && !mmspy_schema_table(schema))
        Py_CLEAR(schema);
    return schema;
}

static PyObject *root_of(struct mmspy_pin *pin)
{
    PyObject *schema = schema_of(pin), *root = NULL;
    mms_archive *archive = schema ? mmspy_schema_archive(schema) : NULL;
    const mms_type *type = archive ? archive->type : NULL;

    if (type && (pin->checked || check(pin, archive) == 0))
        root = mmspy_value_make(pin, schema, type, (const char *)pin->view.data + (pin->view.size - type->size));
    Py_XDECREF(schema);
    return root;
}

/* The pin is kept meanwhile: a check releases the GIL, and exceptions are made by code of Python. */
PyObject *mmspy_value_root(PyObject *snapshot)
{
    struct mmspy_pin *pin = mmspy_snapshot_keep(snapshot);
    PyObject *root = pin ? root_of(pin) : NULL;

    if (pin)
        (void)mmspy_pin_drop(pin);
    return root;
}
