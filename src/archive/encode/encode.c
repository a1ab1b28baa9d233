/* SPDX-License-Identifier: Apache-2.0 */
#include "archive/encode/encoder.h"
#include "archive/utf8.h"
#include <errno.h>
#include <stdlib.h>

#undef mms__encode_no_memory
int mms__encode_no_memory(const struct mms__path *path)
{
    return mms__path_fail(-ENOMEM, MMS__ENCODE, path, "no memory");
}

/* ---- Words and room ---- */

int mms__encode_more_words(struct mms__encoder *e, const struct mms__path *path)
{
    size_t room = 2 * e->room;
    uint64_t *words = room < e->room ? NULL : mms__resize(e->allocated, room, sizeof *words);

    if (!words)
        return mms__encode_no_memory(path);
    if (!e->allocated)
        memcpy(words, e->words, e->used * sizeof *words);
    e->words = e->allocated = words;
    e->room = room;
    return 0;
}

static int no_room(struct mms__encoder *e, size_t needed, const struct mms__path *path)
{
    if (e->grow)
        return e->grow(e, needed);
    return mms__path_fail(MMS_E_TOO_BIG, MMS__ENCODE, path, "the buffer has %zu bytes, but the archive is larger",
                          e->capacity);
}

int mms__encode_more_room(struct mms__encoder *e, size_t align, size_t size, size_t *at, const struct mms__path *path)
{
    size_t start = mms__round_up_size(e->position, align), end;
    int code;

    if (start < e->position || __builtin_add_overflow(start, size, &end) || end > SIZE_MAX / 2)
        return mms__path_fail(MMS_E_TOO_BIG, MMS__ENCODE, path, "the archive is larger than memory can be");
    if (e->base && end > e->capacity && (code = no_room(e, end, path)) != 0)
        return code;
    if (e->base && start > e->position)
        memset(e->base + e->position, 0, start - e->position);
    e->position = end;
    *at = start;
    return 0;
}

int mms__encode_reserve(struct mms__encoder *e, size_t align, size_t size, size_t count, size_t *at,
                        const struct mms__path *path)
{
    size_t bytes;
    int code;

    if (__builtin_mul_overflow(size, count, &bytes))
        return mms__path_fail(MMS_E_TOO_BIG, MMS__ENCODE, path, "the archive is larger than memory can be");
    code = mms__encode_room(e, align, bytes, at, path);
    if (code == 0 && e->base)
        mms__zero(e->base + *at, bytes);
    return code;
}

int mms__encode_too_far(int64_t offset, const struct mms__path *path)
{
    return mms__path_fail(MMS_E_TOO_BIG, MMS__ENCODE, path,
                          "a pointer would span %lld bytes, and offsets of 32 bits end at 2 GiB; "
                          "compile the schema with --offsets 64",
                          (long long)(offset < 0 ? -offset : offset));
}

int mms__encode_too_many(size_t count, const struct mms__path *path)
{
    return mms__path_fail(MMS_E_TOO_BIG, MMS__ENCODE, path,
                          "a length of %zu does not fit in 32 bits; compile the schema with --offsets 64", count);
}

/* ---- Children ---- */

static int write_text(struct mms__encoder *e, mms_str text, const struct mms__path *path)
{
    size_t at = 0;
    int code = mms__encode_room(e, 1, text.size, &at, path);

    if (code == 0 && e->base && text.size > 0)
        memcpy(e->base + at, text.data, text.size);
    return code == 0 ? mms__encode_push(e, at, path) : code;
}

int mms__encode_check_text(mms_str text, const struct mms__path *path)
{
    size_t valid;

    if (!text.data && text.size > 0)
        return mms__path_fail(MMS_E_INVALID, MMS__ENCODE, path, "data is NULL, but size is %zu", text.size);
    valid = mms__utf8_valid(text.data, text.size);
    if (valid < text.size)
        return mms__path_fail(MMS_E_INVALID, MMS__ENCODE, path, "the text is not UTF-8 at byte %zu", valid);
    return 0;
}

int mms__encode_text(struct mms__encoder *e, const mms_type *type, const void *in, const struct mms__path *path)
{
    mms_str text;
    int code;

    memcpy(&text, in, sizeof text);
    if (type->kind == MMS_T_STRING && text.size <= mms__inline_text(type))
        return 0;
    code =
        !e->base || (text.data && mms__is_short_ascii(text.data, text.size)) ? 0 : mms__encode_check_text(text, path);
    return code == 0 ? write_text(e, text, path) : code;
}

int mms__encode_variant(const mms_type *type, const void *in, const mms_type_variant **out,
                        const struct mms__path *path)
{
    uint64_t tag = mms__input_tag(type, in);

    if (tag >= type->count)
        return mms__path_fail(MMS_E_INVALID, MMS__ENCODE, path, "the tag is %llu, and %s has %zu variants",
                              (unsigned long long)tag, type->name, type->count);
    *out = &type->variants[tag];
    return 0;
}
