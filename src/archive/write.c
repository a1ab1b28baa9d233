/* SPDX-License-Identifier: Apache-2.0 */
/* Writing whole archives. */
#include "api/typed.h"
#include "archive/encode/encoder.h"
#include <stdlib.h>

enum { FIRST_WORDS = 64 };

int mms__encode_root(struct mms__encoder *e, const mms_type *type, const void *value)
{
    struct mms__path root = mms__path_field(NULL, type->name);
    uint64_t words[FIRST_WORDS];
    struct mms__open_chunk first;
    size_t at = 0;
    int code;

    if (!value && type->input_size > 0)
        return mms__path_fail(MMS_E_INVALID, MMS__ENCODE, &root, "the value is NULL");
    e->words = words;
    e->room = FIRST_WORDS;
    first.before = first.next = NULL;
    first.used = 0;
    e->chunk = &first;
    code = mms__encode_children(e, type, value, &root);
    if (code == 0)
        code = mms__encode_reserve(e, type->align, type->size, 1, &at, &root);
    e->next = 0;
    if (code == 0)
        code = mms__encode_value(e, type, value, at, &root);
    mms__encode_close_all(e);
    free(e->allocated);
    e->words = NULL; /* they end here */
    e->chunk = NULL;
    return code;
}

int mms_archive_size(const mms_archive *archive, const void *value, size_t *size)
{
    struct mms__encoder e = {.base = NULL};
    int code = mms__encode_root(&e, archive->type, value);

    if (code == 0)
        *size = e.position;
    return code;
}

static int write_any(const mms_archive *archive, const void *value, void *buffer, size_t capacity, size_t *size)
{
    unsigned char nothing = 0;
    struct mms__encoder e = {.base = buffer ? buffer : &nothing, .capacity = buffer ? capacity : 0};
    int code = mms__encode_root(&e, archive->type, value);

    if (code == 0)
        *size = e.position;
    return code;
}

int mms_archive_write(const mms_archive *archive, const void *value, void *buffer, size_t capacity, size_t *size)
{
    if (buffer && value && mms__encode_flat(archive->type, value, buffer, capacity, size))
        return 0;
    return write_any(archive, value, buffer, capacity, size);
}

/* ---- Straight into a slot ---- */

enum { FIRST_ROOM = 4096 };
#define MOST_GROWTH ((size_t)64 << 20)

/* By a quarter, so that the slot is not much larger than the value. */
static int grow_slot(struct mms__encoder *e, size_t needed)
{
    size_t growth = e->capacity / 4 < MOST_GROWTH ? e->capacity / 4 : MOST_GROWTH;
    size_t wanted = e->capacity + (growth > FIRST_ROOM ? growth : FIRST_ROOM);
    void *buffer;
    int code;

    if (wanted < needed)
        wanted = needed;
    code = mms_write_grow(e->writer, wanted, &buffer);
    if (code != 0 && wanted > needed) {
        wanted = needed;
        code = mms_write_grow(e->writer, wanted, &buffer);
    }
    if (code == 0) {
        e->base = buffer;
        e->capacity = wanted;
    }
    return code;
}

int mms_archive_publish(mms_writer *writer, const mms_archive *archive, const void *value, mms_receipt *receipt)
{
    struct mms__encoder e = {.capacity = FIRST_ROOM, .grow = grow_slot, .writer = writer};
    size_t first = archive->type->size < FIRST_ROOM ? FIRST_ROOM : archive->type->size;
    void *buffer;
    int code = mms_write_begin(writer, first, &buffer, receipt);

    if (code == MMS_E_TOO_BIG && first > archive->type->size) {
        first = archive->type->size;
        code = mms_write_begin(writer, first, &buffer, receipt);
    }
    if (code != 0)
        return code;
    e.base = buffer;
    e.capacity = first;
    if (!value || !mms__encode_flat(archive->type, value, buffer, first, &e.position))
        code = mms__encode_root(&e, archive->type, value);
    if (code == 0)
        code = mms_write_set_type(writer, archive->type_id, archive->schema, archive->schema_size);
    if (code == 0)
        code = mms__write_commit_serialized(writer, e.position, receipt);
    if (code != 0)
        mms_write_abort(writer);
    return code;
}
