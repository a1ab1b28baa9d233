/* SPDX-License-Identifier: Apache-2.0 */
#include "archive/table/content.h"
#include "archive/encode/encoder.h"
#include "archive/utf8.h"
#include <stdalign.h>

#define MMS__CHECK_TABLE "checking a table"

/* ---- Keys ---- */

static int text_of(const mms_table_type *type, const void *key, mms_key *out)
{
    struct mms__path table = mms__path_field(NULL, type->name), path = mms__path_field(&table, "key");
    mms_str text;
    int code;

    memcpy(&text, key, sizeof text);
    code = text.data && mms__is_short_ascii(text.data, text.size) ? 0 : mms__encode_check_text(text, &path);
    if (code == 0)
        *out = (mms_key){text.data ? text.data : "", text.size};
    return code;
}

static int fail_key(const mms_table_type *type, const void *key)
{
    struct mms__path table = mms__path_field(NULL, type->name), path = mms__path_field(&table, "key");

    if (!key)
        return mms__path_fail(MMS_E_INVALID, MMS__ENCODE, &path, "the key is NULL");
    return mms__path_fail(MMS_E_INVALID, MMS__ENCODE, &path,
                          "a %s of %zu bytes cannot be a key, which is text, or has no "
                          "pointers and at most %d bytes",
                          type->key->name, type->key->size, MMS_TYPED_TABLE_KEY_MAX);
}

static bool has_room(const mms_type *type)
{
    return (type->flags & MMS_TF_LEAF) && type->size <= MMS_TYPED_TABLE_KEY_MAX;
}

int mms__table_key(const mms_table_type *type, const void *key, unsigned char *room, mms_key *out)
{
    const mms_type *of = type->key;
    struct mms__path table = mms__path_field(NULL, type->name), path = mms__path_field(&table, "key");
    struct mms__encoder e = {.base = room, .capacity = of->size};
    int code;

    if (key && mms__is_text_key(of))
        return text_of(type, key, out);
    if (!key || !has_room(of))
        return fail_key(type, key);
    if (of->flags & MMS_TF_COPY) {
        *out = (mms_key){key, of->size};
        return 0;
    }
    memset(room, 0, of->size);
    code = mms__encode_value(&e, of, key, 0, &path);
    if (code == 0)
        *out = (mms_key){room, of->size};
    return code;
}

int mms_typed_table_key(const mms_table_type *type, const void *key, unsigned char room[MMS_TYPED_TABLE_KEY_MAX],
                        mms_key *out)
{
    return mms__table_key(type, key, room, out);
}

static int fail_size(const mms_table_type *type, const mms_type *part, size_t size)
{
    struct mms__path table = mms__path_field(NULL, type->name), path = mms__table_path(type, &table, part);

    return mms__path_fail(MMS_E_CORRUPT, MMS__CHECK_TABLE, &path, "it has %zu bytes, and those of a %s have %zu", size,
                          part->name, part->size);
}

static int check_text(const mms_table_type *type, const mms_key *key)
{
    struct mms__path table = mms__path_field(NULL, type->name), path = mms__path_field(&table, "key");
    size_t valid = mms__utf8_valid(key->data, key->size);

    if (valid == key->size)
        return 0;
    return mms__path_fail(MMS_E_CORRUPT, MMS__CHECK_TABLE, &path, "the text is not UTF-8 at its byte %zu", valid);
}

int mms__table_check_key(const mms_table_type *type, const mms_key *key)
{
    alignas(16) unsigned char copy[MMS_TYPED_TABLE_KEY_MAX];
    const mms_archive archive = {.type = type->key};

    if (mms__is_text_key(type->key))
        return check_text(type, key);
    if (key->size != type->key->size || key->size > sizeof copy)
        return fail_size(type, type->key, key->size);
    if (type->key->flags & MMS_TF_ANY_BITS)
        return 0;
    memcpy(copy, key->data, key->size); /* keys are aligned to 8 */
    return mms_archive_check(&archive, copy, key->size, NULL);
}

/* ---- Values ---- */

/* What is made right by construction still ends at its root: nobody reads before the value. */
static int check_size(const mms_table_type *type, size_t size)
{
    const mms_type *of = type->value;

    if (of->flags & MMS_TF_LEAF)
        return size == of->size ? 0 : fail_size(type, of, size);
    return size >= of->size && ((size - of->size) & (of->align - 1)) == 0 ? 0 : fail_size(type, of, size);
}

int mms__table_root(const mms_table_type *type, const mms_value *value, bool vouched, const void **root)
{
    const mms_archive archive = {.type = type->value};
    int code = check_size(type, value->size);

    if (code == 0 && !vouched && !(type->value->flags & MMS_TF_ANY_BITS))
        code = mms_archive_check(&archive, value->data, value->size, NULL);
    if (code == 0)
        *root = mms__root_of(value->data, value->size, type->value->size);
    return code;
}

int mms_typed_table_root(const mms_table_type *type, const mms_value *value, const void **root)
{
    return mms__table_root(type, value, false, root);
}
