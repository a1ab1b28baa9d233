/* SPDX-License-Identifier: Apache-2.0 */
/* Looking into typed tables. */
#include "api/typed.h"
#include "archive/encode/encoder.h"
#include "archive/table/content.h"
#include "archive/typed.h"
#include "base/error.h"

#define MMS__READ_TABLE "reading the table"

/* ---- The table of a view ---- */

static bool is_type(const mms_table_view *view, const mms_table_type *type)
{
    return MMS__LIKELY(view->type_id[0] == type->type_id[0] && view->type_id[1] == type->type_id[1]);
}

static int fail_type(const mms_table_view *view, const mms_table_type *type)
{
    struct mms__path path = mms__path_field(NULL, type->name);

    return mms__path_fail(
        MMS_E_TYPE, MMS__READ_TABLE, &path,
        "that of the view has type %016llx%016llx, and this is %016llx%016llx; were both programs built "
        "from the same schema, with offsets of the same width?",
        (unsigned long long)view->type_id[0], (unsigned long long)view->type_id[1],
        (unsigned long long)type->type_id[0], (unsigned long long)type->type_id[1]);
}

int mms_typed_table_of(const mms_view *view, const mms_table_type *type, mms_table_view *out)
{
    mms_table_view found;
    int code;

    if (!out)
        return mms_table_of(view, NULL); /* which says so */
    code = mms_table_of(view, &found);
    if (code == 0 && !is_type(&found, type))
        code = fail_type(&found, type);
    if (code == 0)
        *out = found;
    return code;
}

int mms_typed_table_read(mms_reader *reader, const mms_table_type *type, mms_view *view, mms_table_view *out)
{
    int code = mms_read(reader, view);
    bool vouched = false;

    if (code != 0)
        return code;
    code = mms_typed_table_of(view, type, out);
    if (code == 0)
        vouched = mms__reader_has_made_table(reader, type->type_id);
    code = mms__archive_conclude(reader, code);
    if (code == 0)
        out->vouched = vouched;
    return code;
}

/* ---- One key ---- */

static int fail_missing(void)
{
    return mms__fail_text(MMS_E_NOT_FOUND, "looking up a key in a table (MMS_E_NOT_FOUND: there is no such key)");
}

static const void *root_of(const mms_table_view *view, const mms_table_type *type, const mms_value *value)
{
    const void *root;

    return mms__table_root(type, value, view->vouched, &root) == 0 ? root : NULL;
}

const void *mms_typed_table_get(const mms_table_view *view, const mms_table_type *type, const void *key)
{
    unsigned char room[MMS_TYPED_TABLE_KEY_MAX];
    mms_value value;
    mms_key bytes;

    if (!is_type(view, type)) {
        (void)fail_type(view, type);
        return NULL;
    }
    if (mms__table_key(type, key, room, &bytes) != 0)
        return NULL;
    value.data = mms_table_get(view, bytes.data, bytes.size, &value.size);
    if (!value.data) {
        (void)fail_missing();
        return NULL;
    }
    return root_of(view, type, &value);
}

/* ---- Many ---- */

enum { BATCH = 16, BATCH_BYTES = 4096 };

/* One that is no key of the type is looked up as an empty one, and left out then. */
static size_t get_batch(const mms_table_view *view, const mms_table_type *type, size_t count, const void *keys,
                        const void **out)
{
    unsigned char room[BATCH_BYTES];
    const mms_items items = {keys, count};
    mms_value values[BATCH];
    mms_key bytes[BATCH] = {{NULL, 0}};
    bool good[BATCH];
    size_t found = 0;

    for (size_t i = 0; i < count; i++) {
        good[i] = mms__table_key(type, mms__item(type->key, items, i), room + i * type->key->size, &bytes[i]) == 0;
    }
    (void)mms_table_get_many(view, count, bytes, values);
    for (size_t i = 0; i < count; i++) {
        out[i] = good[i] && values[i].data ? root_of(view, type, &values[i]) : NULL;
        found += out[i] != NULL;
    }
    return found;
}

size_t mms_typed_table_get_many(const mms_table_view *view, const mms_table_type *type, size_t count, const void *keys,
                                const void **out)
{
    size_t at_once = type->key->size > BATCH_BYTES / BATCH ? BATCH_BYTES / MMS_TYPED_TABLE_KEY_MAX : BATCH, found = 0;

    if (!is_type(view, type)) {
        (void)fail_type(view, type);
        memset(out, 0, count * sizeof *out);
        return 0;
    }
    for (size_t i = 0; i < count; i += at_once)
        found += get_batch(view, type, count - i < at_once ? count - i : at_once,
                           (const char *)keys + i * type->key->input_size, out + i);
    return found;
}

/* ---- All ---- */

static void copy_key(const mms_type *type, const mms_key *key, void *out)
{
    const mms_str text = {key->data, key->size};

    if (mms__is_text_key(type))
        memcpy(out, &text, sizeof text);
    else
        memcpy(out, key->data, key->size);
}

bool mms_typed_table_next(const mms_table_view *view, const mms_table_type *type, mms_table_cursor *cursor, void *key,
                          const void **value)
{
    const void *root;
    mms_entry entry;

    if (!is_type(view, type)) {
        (void)fail_type(view, type);
        return false;
    }
    while (mms_table_next(view, cursor, &entry)) {
        if (view->vouched ? !mms__is_text_key(type->key) && entry.key.size != type->key->size
                          : mms__table_check_key(type, &entry.key) != 0)
            continue;
        if (mms__table_root(type, &entry.value, view->vouched, &root) != 0)
            continue;
        if (key)
            copy_key(type->key, &entry.key, key);
        if (value)
            *value = root;
        return true;
    }
    return false;
}

int mms_typed_table_check(const mms_table_view *view, const mms_table_type *type)
{
    mms_table_cursor cursor = MMS_TABLE_CURSOR_INIT;
    const void *root;
    mms_entry entry;
    int code = is_type(view, type) ? mms_table_check(view) : fail_type(view, type);

    while (code == 0 && mms_table_next(view, &cursor, &entry)) {
        code = mms__table_check_key(type, &entry.key);
        if (code == 0)
            code = mms__table_root(type, &entry.value, false, &root);
    }
    return code;
}
