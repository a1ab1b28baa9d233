/* SPDX-License-Identifier: Apache-2.0 */
/* Changing a typed value: the newest one, and what has a fixed place in it. The bytes stay those that
   writing the changed value as a whole would give. */
#include "api/typed.h"
#include "archive/bytes.h"
#include "archive/encode/encoder.h"
#include "archive/path.h"
#include "archive/typed.h"
#include <errno.h>

#define MMS__UPDATE "updating a"
#define MMS__SET "setting"

/* ---- Beginning ---- */

static int fail_empty(const mms_archive *archive, const char *where)
{
    struct mms__path path = {NULL, archive->type->name, 0};

    return mms__path_fail(MMS_E_EMPTY, MMS__UPDATE, &path, "%s holds no value yet; publish a whole one first", where);
}

/* With an update begun: its bytes are those of a good value of this type. */
static int accept(const mms_writer *writer, const mms_archive *archive, const void *data, size_t size)
{
    struct mms__updated base;
    int code;

    mms__write_updated(writer, &base);
    if (base.generation == 0)
        return fail_empty(archive, base.path);
    code = mms__archive_compare_types(MMS__UPDATE, archive, base.type_id, base.has_types, base.generation);
    if (code != 0)
        return code;
    return base.serialized ? mms__archive_check_room(MMS__UPDATE, archive, size)
                           : mms_archive_check(archive, data, size, NULL);
}

int mms_archive_update(mms_writer *writer, const mms_archive *archive, const void **root, size_t *size,
                       mms_receipt *receipt)
{
    struct mms__path path = {NULL, archive->type->name, 0};
    void *data;
    size_t found;
    int code;

    if (!root || !size)
        return mms__path_fail(MMS_E_INVALID, MMS__UPDATE, &path, "%s is NULL", root ? "size" : "root");
    *root = NULL;
    code = mms_write_update(writer, 0, &data, &found, receipt);
    if (code != 0)
        return code;
    code = accept(writer, archive, data, found);
    if (code != 0) {
        mms_write_abort(writer);
        return code;
    }
    mms__write_allow_setters(writer);
    *root = mms__root_of(data, found, archive->type->size);
    *size = found;
    return 0;
}

/* ---- Setting ---- */

/* A place in the value that is updated, with the path to it. */
static int check_place(const mms_writer *writer, const mms_type *type, const void *at, const struct mms__path *path)
{
    int code = mms__write_check_setters(writer);

    if (code != 0)
        return code;
    if (!at)
        return mms__path_fail(MMS_E_INVALID, MMS__SET, path, "the pointer is NULL, so there is nothing to change");
    if (mms__write_holds(writer, at, type->size))
        return 0;
    return mms__path_fail(MMS_E_INVALID, MMS__SET, path,
                          "it is not in the value that is being updated; find it from the root of this update");
}

/* The bytes of a value, as it would be written; into room that is zeroed. */
static int store_encoded(mms_writer *writer, const mms_type *type, const void *at, const void *value,
                         unsigned char *room, const struct mms__path *path)
{
    struct mms__encoder e = {.base = room, .capacity = type->size};
    int code = mms__encode_value(&e, type, value, 0, path);

    if (code == 0)
        mms__write_set(writer, at, room, type->size);
    return code;
}

static int store_large(mms_writer *writer, const mms_type *type, const void *at, const void *value,
                       const struct mms__path *path)
{
    unsigned char *room = calloc(1, type->size);
    int code;

    if (!room)
        return mms__path_fail(-ENOMEM, MMS__SET, path, "no memory for its %zu bytes", type->size);
    code = store_encoded(writer, type, at, value, room, path);
    free(room);
    return code;
}

/* A value at a place, if all of it is there. Nothing has changed after a failure. */
static int store(mms_writer *writer, const mms_type *type, const void *at, const void *value,
                 const struct mms__path *path)
{
    unsigned char room[512] = {0};
    int code;

    if (!(type->flags & MMS_TF_LEAF))
        return mms__path_fail(MMS_E_INVALID, MMS__SET, path,
                              "a %s has parts elsewhere, so it cannot be set in place; set what is in it, or publish a "
                              "whole value",
                              type->name);
    if (!value && type->input_size > 0)
        return mms__path_fail(MMS_E_INVALID, MMS__SET, path, "the value is NULL");
    code = check_place(writer, type, at, path);
    if (code != 0 || type->size == 0)
        return code;
    if (type->flags & MMS_TF_COPY) {
        mms__write_set(writer, at, value, type->size);
        return 0;
    }
    return type->size <= sizeof room ? store_encoded(writer, type, at, value, room, path)
                                     : store_large(writer, type, at, value, path);
}

int mms_archive_set(mms_writer *writer, const mms_type *type, const void *self, const void *value)
{
    struct mms__path path = mms__path_field(NULL, type->name);

    return store(writer, type, self, value, &path);
}

/* ---- Fields ---- */

/* The fields of a struct, or of the variant that a value has to have; NULL if there is no such
   one. */
static const mms_type_field *fields_of(const mms_type *type, size_t variant, size_t *count)
{
    *count = 0;
    if (type->kind == MMS_T_STRUCT && variant == 0) {
        *count = type->count;
        return type->fields;
    }
    if (!type->variants || variant >= type->count)
        return NULL;
    *count = type->variants[variant].count;
    return type->variants[variant].fields;
}

static int check_variant(const mms_type *type, const void *self, size_t variant, const struct mms__path *path)
{
    uint64_t tag;

    if (!type->variants)
        return 0;
    tag = mms__get_uint(self, type->tag_size);
    if (tag == variant)
        return 0;
    return mms__path_fail(MMS_E_INVALID, MMS__SET, path, "the value is now %s",
                          tag < type->count ? type->variants[tag].name : "no variant");
}

int mms_archive_set_field(mms_writer *writer, const mms_type *type, size_t variant, size_t field, const void *self,
                          const void *value)
{
    struct mms__path root = mms__path_field(NULL, type->name), inner = root, path;
    size_t count;
    const mms_type_field *fields = fields_of(type, variant, &count);
    int code;

    if (!fields || field >= count)
        return mms__path_fail(MMS_E_INVALID, MMS__SET, &root, "there is no field %zu in variant %zu", field, variant);
    if (type->variants)
        inner = mms__path_field(&root, type->variants[variant].name);
    path = mms__path_field(&inner, fields[field].name);
    code = check_place(writer, type, self, &path);
    if (code == 0)
        code = check_variant(type, self, variant, &inner);
    if (code != 0)
        return code;
    return store(writer, fields[field].type, (const char *)self + fields[field].offset, value, &path);
}

/* ---- Elements ---- */

/* How many elements there are, and where the first one is. */
static const char *items_of(const mms_type *type, const void *self, uint64_t *count)
{
    switch (type->kind) {
    case MMS_T_ARRAY: *count = type->count; return self;
    case MMS_T_VEC:
        *count = mms__get_count(type, (const char *)self + mms__word_size(type));
        return mms__follow(type, self);
    case MMS_T_BOX: *count = 1; return mms__follow(type, self);
    default: *count = 0; return self;
    }
}

int mms_archive_set_item(mms_writer *writer, const mms_type *type, const void *self, size_t index, const void *value)
{
    struct mms__path root = mms__path_field(NULL, type->name), path = mms__path_index(&root, index);
    const char *items;
    uint64_t count;
    int code = check_place(writer, type, self, type->kind == MMS_T_BOX ? &root : &path);

    if (code != 0)
        return code;
    items = items_of(type, self, &count);
    if (index >= count)
        return mms__path_fail(MMS_E_INVALID, MMS__SET, &path, "there are %llu elements", (unsigned long long)count);
    return store(writer, type->first, items + index * type->first->size, value,
                 type->kind == MMS_T_BOX ? &root : &path);
}

/* ---- Values of maps ---- */

static const char *find_entry(const mms_type *type, const void *self, const void *key)
{
    return type->kind == MMS_T_MAP ? mms_map_find(type, self, key) : mms_tree_find(type, self, key);
}

int mms_archive_set_value(mms_writer *writer, const mms_type *type, const void *self, const void *key,
                          const void *value)
{
    struct mms__path path = mms__path_field(NULL, type->name);
    const mms_type_field *field;
    const char *entry;
    int code = check_place(writer, type, self, &path);

    if (code != 0)
        return code;
    if ((type->kind != MMS_T_MAP && type->kind != MMS_T_TREE) || !key)
        return mms__path_fail(MMS_E_INVALID, MMS__SET, &path, key ? "it is not a map" : "the key is NULL");
    entry = find_entry(type, self, key);
    if (!entry)
        return mms__path_fail(MMS_E_NOT_FOUND, MMS__SET, &path, "there is no such key");
    field = &type->first->fields[1];
    return store(writer, field->type, entry + field->offset, value, &path);
}
