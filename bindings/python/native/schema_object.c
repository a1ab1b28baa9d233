/* SPDX-License-Identifier: Apache-2.0 */
#include "schema_object.h"
#include "schema/schema.h"
#include <stdlib.h>
#include <string.h>

struct schema_object {
    PyObject_HEAD char *text; /* malloc; NULL: its init did not run */
    struct schema schema;
};

PyTypeObject *mmspy_schema_type;

static struct schema_object *schema_of(PyObject *self)
{
    return (struct schema_object *)(void *)self;
}

mms_archive *mmspy_schema_archive(PyObject *schema)
{
    mms_archive *archive = &schema_of(schema)->schema.archive;

    if (!archive->type && mmspy_schema_table(schema))
        mmspy_raise_format(MMS_E_TYPE, "%s is a table: use writer.table(schema=schema) and snapshot.table()",
                           mmspy_schema_table(schema)->name);
    else if (!archive->type)
        mmspy_raise_format(MMS_E_INVALID, "this schema was not read");
    return archive;
}

const mms_table_type *mmspy_schema_table(PyObject *schema)
{
    const mms_table_type *table = &schema_of(schema)->schema.table;

    return table->name ? table : NULL;
}

static void forget(struct schema_object *self)
{
    if (!self->text)
        return;
    schema_free(&self->schema);
    free(self->text);
    self->text = NULL;
}

static void schema_dealloc(PyObject *self)
{
    forget(schema_of(self));
    mmspy_free(self);
}

/* ---- From a text ---- */

/* What the parser says, a line for each error. */
static PyObject *refuse(char *messages)
{
    size_t length = messages ? strlen(messages) : 0;

    while (length > 0 && messages[length - 1] == '\n')
        messages[--length] = '\0';
    mmspy_raise_format(MMS_E_INVALID, "%s", length > 0 ? messages : "this is no schema");
    free(messages);
    return NULL;
}

static int read_text(struct schema_object *self, const char *root, bool wide)
{
    char *messages = NULL;
    size_t size = 0;
    FILE *errors = open_memstream(&messages, &size);
    bool good;

    if (!errors) {
        PyErr_SetFromErrno(PyExc_OSError);
        return -1;
    }
    good = schema_read_any(&self->schema, "schema", self->text, strlen(self->text), root, wide, errors);
    fclose(errors);
    if (!good)
        refuse(messages);
    else
        free(messages);
    if (!good)
        forget(self);
    return good ? 0 : -1;
}

static int schema_init(PyObject *object, PyObject *arguments, PyObject *keywords)
{
    static char name[][6] = {"text", "root", "wide"};
    char *names[] = {name[0], name[1], name[2], NULL};
    struct schema_object *self = schema_of(object);
    const char *text, *root;
    int wide = 0;

    if (self->text) {
        PyErr_SetString(PyExc_RuntimeError, "a Schema is read once; make another one");
        return -1;
    }
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "ss|p:Schema", names, &text, &root, &wide))
        return -1;
    self->text = strdup(text);
    if (self->text)
        return read_text(self, root, wide);
    PyErr_NoMemory();
    return -1;
}

/* ---- Of a value ---- */

enum { KEPT = 16 };
static PyObject *kept[KEPT]; /* used last first */

/* What a type and a table have alike. */
struct root {
    const char *name, *text;
    const uint64_t *type_id;
};

static struct root root_of(PyObject *self)
{
    const mms_table_type *table = mmspy_schema_table(self);
    const mms_archive *archive = &schema_of(self)->schema.archive;

    if (table)
        return (struct root){table->name, table->schema, table->type_id};
    return (struct root){archive->type->name, archive->schema, archive->type_id};
}

static bool has_id(PyObject *schema, const uint64_t type_id[2])
{
    const uint64_t *found = root_of(schema).type_id;

    return found[0] == type_id[0] && found[1] == type_id[1];
}

/* Takes over what is at `place`, or in place of what was used longest ago. */
static void keep_first(PyObject *schema, int place)
{
    if (place == KEPT) {
        place--;
        Py_XDECREF(kept[place]);
    }
    memmove(kept + 1, kept, (size_t)place * sizeof *kept);
    kept[0] = schema;
}

/* The text of a type, or of a table. */
static bool read_either(struct schema_object *self, const uint64_t type_id[2])
{
    size_t size = strlen(self->text);

    if (schema_read_stored(&self->schema, self->text, size, type_id, NULL))
        return true;
    schema_free(&self->schema);
    return schema_read_stored_table(&self->schema, self->text, size, type_id, NULL);
}

static PyObject *read_stored(const char *text, size_t size, const uint64_t type_id[2])
{
    PyObject *object = mmspy_alloc(mmspy_schema_type);
    struct schema_object *self = schema_of(object);

    if (!object)
        return NULL;
    self->text = strndup(text, size);
    if (!self->text)
        PyErr_NoMemory();
    else if (read_either(self, type_id))
        return object;
    else
        mmspy_raise_format(MMS_E_CORRUPT, "the schema stored with the value does not match its type id; run "
                                          "mmsync.verify(path)");
    Py_DECREF(object);
    return NULL;
}

PyObject *mmspy_schema_stored(const char *text, size_t size, const uint64_t type_id[2])
{
    PyObject *schema;
    int place = 0;

    while (place < KEPT && kept[place] && !has_id(kept[place], type_id))
        place++;
    schema = place < KEPT && kept[place] ? kept[place] : read_stored(text, size, type_id);
    if (schema)
        keep_first(schema, place);
    return schema ? Py_NewRef(schema) : NULL;
}

/* ---- Members ---- */

static bool is_read(PyObject *self)
{
    if (!schema_of(self)->text)
        mmspy_raise_format(MMS_E_INVALID, "this schema was not read");
    return schema_of(self)->text != NULL;
}

static PyObject *schema_name(PyObject *self, void *ignored)
{
    (void)ignored;
    return is_read(self) ? PyUnicode_FromString(root_of(self).name) : NULL;
}

static PyObject *schema_text(PyObject *self, void *ignored)
{
    (void)ignored;
    return is_read(self) ? PyUnicode_FromString(root_of(self).text) : NULL;
}

static PyObject *schema_type_id(PyObject *self, void *ignored)
{
    (void)ignored;
    return is_read(self) ? Py_BuildValue("(KK)", root_of(self).type_id[0], root_of(self).type_id[1]) : NULL;
}

static PyObject *schema_repr(PyObject *self)
{
    return PyUnicode_FromFormat("<mmsync.Schema %s>", schema_of(self)->text ? root_of(self).name : "?");
}

static PyMethodDef methods[] = {
    MMSPY_NO_PICKLE,
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef members[] = {
    {"name", schema_name, NULL, "Of the type of values.", NULL},
    {"text", schema_text, NULL, "What is stored with values.", NULL},
    {"type_id", schema_type_id, NULL, "What is stored with values, too.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

PyDoc_STRVAR(
    doc,
    "Schema(text, root, wide=False)\n--\n\nThe type or table `root` of a schema, Rust's struct and enum definitions. "
    "`wide`: with offsets of 64 bits,\nfor values over 2 GiB. docs/schema.md has the language.");

static PyType_Slot slots[] = {
    {Py_tp_doc, (void *)(uintptr_t)doc},
    {Py_tp_init, schema_init},
    {Py_tp_dealloc, schema_dealloc},
    {Py_tp_repr, schema_repr},
    {Py_tp_methods, methods},
    {Py_tp_getset, members},
    {0, NULL},
};

PyType_Spec mmspy_schema_spec = {
    .name = "mmsync.Schema",
    .basicsize = sizeof(struct schema_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};
