/* SPDX-License-Identifier: Apache-2.0 */
/* Changing typed tables: keys and values become bytes, and nothing else than these gets in. */
#include "api/typed.h"
#include "archive/encode/encoder.h"
#include "archive/table/content.h"
#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>

int mms_typed_table_begin(mms_writer *writer, const mms_table_type *type, const mms_table_options *options,
                          mms_table **out)
{
    mms_table_options typed = MMS_TABLE_OPTIONS_INIT;

    typed.type_id[0] = type->type_id[0];
    typed.type_id[1] = type->type_id[1];
    typed.schema = type->schema;
    typed.schema_size = type->schema_size;
    typed.key_size = mms__is_text_key(type->key) ? 0 : type->key->size;
    typed.value_size = (type->value->flags & MMS_TF_LEAF) ? type->value->size : 0;
    return mms__table_begin_typed(writer, &typed, options, out);
}

/* ---- A value as bytes ---- */

enum { FIRST_ROOM = 4096 };

/* Where a value is written before it goes to the table: one that is refused half-way has changed
   nothing there. */
struct scratch {
    struct mms__encoder encoder; /* first: grow gets it */
    unsigned char *allocated;    /* NULL while the room on the stack is enough */
};

static int grow(struct mms__encoder *e, size_t needed)
{
    struct scratch *scratch = (struct scratch *)(void *)e;
    size_t room = needed > 2 * e->capacity ? needed : 2 * e->capacity;
    unsigned char *more = realloc(scratch->allocated, room);

    if (!more)
        return -ENOMEM;
    if (!scratch->allocated)
        memcpy(more, e->base, e->position < e->capacity ? e->position : e->capacity);
    scratch->allocated = more;
    e->base = more;
    e->capacity = room;
    return 0;
}

static int fail_memory(const mms_table_type *type)
{
    struct mms__path table = mms__path_field(NULL, type->name), path = mms__path_field(&table, "value");

    return mms__encode_no_memory(&path);
}

static int encode(struct scratch *scratch, const mms_table_type *type, const void *value, mms_value *out)
{
    struct mms__encoder *e = &scratch->encoder;
    int code = 0;

    if (!value || !mms__encode_flat(type->value, value, e->base, e->capacity, &e->position)) {
        e->position = 0;
        code = mms__encode_root(e, type->value, value);
    }
    if (code == -ENOMEM)
        return fail_memory(type);
    *out = (mms_value){e->base, e->position};
    return code;
}

static int put(mms_table *table, const mms_table_type *type, const mms_key *key, const void *value)
{
    alignas(16) unsigned char room[FIRST_ROOM];
    struct scratch scratch = {.encoder = {.base = room, .capacity = sizeof room, .grow = grow}};
    mms_value bytes;
    int code = encode(&scratch, type, value, &bytes);

    if (code == 0)
        code = mms__table_put_typed(table, key, &bytes, "mms_typed_table_put");
    free(scratch.allocated);
    return code;
}

/* ---- Changes ---- */

int mms_typed_table_put(mms_table *table, const mms_table_type *type, const void *key, const void *value)
{
    unsigned char room[MMS_TYPED_TABLE_KEY_MAX];
    int code = mms__table_check_type(table, type->type_id, "mms_typed_table_put");
    mms_key bytes;

    if (code == 0)
        code = mms__table_key(type, key, room, &bytes);
    if (code != 0)
        return code;
    if (value && (type->value->flags & MMS_TF_COPY))
        return mms__table_put_typed(table, &bytes, &(mms_value){value, type->value->size}, "mms_typed_table_put");
    return put(table, type, &bytes, value);
}

int mms_typed_table_delete(mms_table *table, const mms_table_type *type, const void *key)
{
    unsigned char room[MMS_TYPED_TABLE_KEY_MAX];
    int code = mms__table_check_type(table, type->type_id, "mms_typed_table_delete");
    mms_key bytes;

    if (code == 0)
        code = mms__table_key(type, key, room, &bytes);
    return code == 0 ? mms_table_delete(table, bytes.data, bytes.size) : code;
}
