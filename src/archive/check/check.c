/* SPDX-License-Identifier: Apache-2.0 */
#include "archive/check/checker.h"
#include "archive/utf8.h"
#include <errno.h>

/* ---- Pointers ---- */

int mms__check_target(const struct mms__checker *c, size_t from, int64_t offset, size_t align, size_t size,
                      size_t *target, const struct mms__path *path)
{
    int64_t to;

    if (__builtin_add_overflow((int64_t)from, offset, &to) || to < 0 || (uint64_t)to > c->size)
        return mms__path_fail(MMS_E_CORRUPT, MMS__CHECK, path,
                              "the pointer at byte %zu leads %lld bytes away, outside the archive of %zu bytes", from,
                              (long long)offset, c->size);
    if ((size_t)to & (align - 1))
        return mms__path_fail(MMS_E_CORRUPT, MMS__CHECK, path,
                              "the pointer at byte %zu leads to byte %lld, which is not a multiple of %zu", from,
                              (long long)to, align);
    if (c->size - (size_t)to < size)
        return mms__path_fail(MMS_E_CORRUPT, MMS__CHECK, path,
                              "%zu bytes at byte %lld, and the archive ends at byte %zu", size, (long long)to, c->size);
    *target = (size_t)to;
    return 0;
}

int mms__check_range(const struct mms__checker *c, size_t at, size_t size, const struct mms__path *path)
{
    if (at >= c->low && at <= c->high && c->high - at >= size)
        return 0;
    return mms__path_fail(MMS_E_CORRUPT, MMS__CHECK, path,
                          "%zu bytes at byte %zu overlap something else, or are out of order: they must lie in bytes "
                          "%zu to %zu",
                          size, at, c->low, c->high);
}

int mms__check_work(struct mms__checker *c, size_t size, const struct mms__path *path)
{
    if (c->size - c->claimed < size)
        return mms__path_fail(MMS_E_CORRUPT, MMS__CHECK, path,
                              "parts of the archive overlap: more than its %zu bytes "
                              "are in use",
                              c->size);
    c->claimed += size;
    return 0;
}

/* The usual case, quickly. False: something is wrong, or has no size. */
static inline bool enter_at_once(struct mms__checker *c, size_t from, int64_t offset, size_t align, size_t size,
                                 uint64_t count, struct mms__claim *claim)
{
    uint64_t to = (uint64_t)from + (uint64_t)offset;
    size_t bytes;

    if (size == 0 || count > c->size || __builtin_mul_overflow(size, count, &bytes) || to < c->low || to > c->high ||
        c->high - to < bytes || (to & (align - 1)) != 0 || c->size - c->claimed < bytes)
        return false;
    claim->at = (size_t)to;
    claim->low = (size_t)to + bytes;
    claim->high = c->high;
    c->claimed += bytes;
    c->high = (size_t)to;
    return true;
}

int mms__check_enter(struct mms__checker *c, size_t from, int64_t offset, size_t align, size_t size, uint64_t count,
                     struct mms__claim *claim, const struct mms__path *path)
{
    size_t bytes;
    int code;

    if (MMS__LIKELY(enter_at_once(c, from, offset, align, size, count, claim)))
        return 0;
    if (size == 0 && count > MMS_ARCHIVE_UNITS)
        return mms__path_fail(MMS_E_CORRUPT, MMS__CHECK, path, "%llu elements of no size, and the limit is %d",
                              (unsigned long long)count, MMS_ARCHIVE_UNITS);
    if (__builtin_mul_overflow(size, count, &bytes) || bytes > SIZE_MAX / 2)
        return mms__path_fail(MMS_E_CORRUPT, MMS__CHECK, path, "a length of %llu, and the archive has %zu bytes",
                              (unsigned long long)count, c->size);
    code = mms__check_target(c, from, offset, align, bytes, &claim->at, path);
    if (code == 0)
        code = mms__check_range(c, claim->at, bytes, path);
    if (code == 0)
        code = mms__check_work(c, bytes, path);
    if (code != 0)
        return code;
    claim->low = claim->at + bytes;
    claim->high = c->high;
    c->high = claim->at;
    return 0;
}

/* ---- Kinds ---- */

static int check_text(const struct mms__checker *c, size_t at, size_t size, const struct mms__path *path)
{
    size_t valid = mms__is_short_ascii((const char *)c->base + at, size)
                       ? size
                       : mms__utf8_valid((const char *)c->base + at, size);

    if (valid == size)
        return 0;
    return mms__path_fail(MMS_E_CORRUPT, MMS__CHECK, path, "the text at byte %zu is not UTF-8 at its byte %zu", at,
                          valid);
}

static int check_text_at(struct mms__checker *c, size_t from, int64_t offset, uint64_t size,
                         const struct mms__path *path)
{
    struct mms__claim claim = {0};
    int code = mms__check_enter(c, from, offset, 1, 1, size, &claim, path);

    if (code != 0)
        return code;
    code = check_text(c, claim.at, (size_t)size, path);
    mms__check_leave(c, &claim);
    return code;
}

/* The usual case: ASCII, in 8 bytes with its length. */
static inline bool is_short_ascii_string(const mms_type *type, const unsigned char *bytes)
{
    uint64_t word;

    if (type->size != 8)
        return false;
    word = mms__get_little(bytes, 8);
    return word >> 56 < 8 && !(word & ((UINT64_C(1) << 8 * (word >> 56)) - 1) & MMS__HIGH_BITS);
}

static int check_string(struct mms__checker *c, const mms_type *type, size_t at, const struct mms__path *path)
{
    struct mms__text_place text = mms__get_text_place(type, c->base + at);

    if (!text.is_inline)
        return check_text_at(c, at, text.offset, text.size, path);
    if (text.size <= mms__inline_text(type))
        return check_text(c, at, (size_t)text.size, path);
    return mms__path_fail(MMS_E_CORRUPT, MMS__CHECK, path, "a text of %u bytes in the place of %zu",
                          (unsigned)text.size, mms__inline_text(type));
}

static int fail_changed(size_t at, const struct mms__path *path)
{
    return mms__path_fail(MMS_E_CORRUPT, MMS__CHECK, path, "the text at byte %zu changed while it was checked", at);
}

int mms__check_key(const struct mms__checker *c, const mms_type *type, size_t at, struct mms__key *key,
                   const struct mms__path *path)
{
    const void *place = c->base + at;
    struct mms__text_place text;
    uint64_t target;

    type = mms__unwrap_key(type, &place, true);
    at = (size_t)((const unsigned char *)place - c->base);
    if (type->kind != MMS_T_STRING) {
        *key = mms__key_of_archived(type, place);
        key->base = c->base; /* for the pointers in it */
        key->room = c->size;
        return 0;
    }
    text = mms__get_text_place(type, c->base + at);
    target = (uint64_t)at + (uint64_t)text.offset;
    if (text.is_inline ? text.size > mms__inline_text(type) : target > c->size || text.size > c->size - target)
        return fail_changed(at, path);
    *key = mms__key_of_text(c->base + target, (size_t)text.size);
    return 0;
}

static int check_bool(const struct mms__checker *c, size_t at, const struct mms__path *path)
{
    unsigned value = (unsigned)mms__get_uint(c->base + at, 1);

    if (value <= 1)
        return 0;
    return mms__path_fail(MMS_E_CORRUPT, MMS__CHECK, path, "the bool at byte %zu is %u", at, value);
}

static int check_char(const struct mms__checker *c, size_t at, const struct mms__path *path)
{
    uint32_t value = (uint32_t)mms__get_uint(c->base + at, 4);

    if (value <= 0x10ffff && (value < 0xd800 || value > 0xdfff))
        return 0;
    return mms__path_fail(MMS_E_CORRUPT, MMS__CHECK, path, "the char at byte %zu is 0x%x, which is not a character", at,
                          value);
}

static int check_duration(const struct mms__checker *c, size_t at, const struct mms__path *path)
{
    uint32_t nanos = (uint32_t)mms__get_uint(c->base + at + 8, 4);

    if (nanos < 1000000000)
        return 0;
    return mms__path_fail(MMS_E_CORRUPT, MMS__CHECK, path,
                          "the duration at byte %zu has %u ns, which is a second or more", at, nanos);
}

static int check_fields(struct mms__checker *c, const mms_type_field *fields, size_t count, size_t at,
                        const struct mms__path *path)
{
    for (size_t i = 0; i < count; i++) {
        const mms_type *type = fields[i].type;
        struct mms__path field = mms__path_field(path, fields[i].name);
        int code;

        if (type->flags & MMS_TF_ANY_BITS ||
            (type->kind == MMS_T_STRING && is_short_ascii_string(type, c->base + at + fields[i].offset)))
            continue;
        code = type->kind == MMS_T_STRING ? check_string(c, type, at + fields[i].offset, &field)
                                          : mms__check_value(c, type, at + fields[i].offset, &field);
        if (code != 0)
            return code;
    }
    return 0;
}

static int check_variant(struct mms__checker *c, const mms_type *type, size_t at, const struct mms__path *path)
{
    uint64_t tag = mms__get_uint(c->base + at, type->tag_size);
    struct mms__path inner;

    if (tag >= type->count)
        return mms__path_fail(MMS_E_CORRUPT, MMS__CHECK, path, "the tag at byte %zu is %llu, and %s has %zu variants",
                              at, (unsigned long long)tag, type->name, type->count);
    inner = mms__path_field(path, type->variants[tag].name);
    return check_fields(c, type->variants[tag].fields, type->variants[tag].count, at, &inner);
}

int mms__check_items(struct mms__checker *c, const mms_type *item, size_t at, size_t count,
                     const struct mms__path *path)
{
    struct mms__path element = mms__path_index(path, 0);
    int code = 0;

    if (item->flags & MMS_TF_ANY_BITS || item->size == 0)
        return 0;
    if (item->kind == MMS_T_STRING) {
        for (; element.index < count && code == 0; element.index++)
            if (!is_short_ascii_string(item, c->base + at + element.index * item->size))
                code = check_string(c, item, at + element.index * item->size, &element);
        return code;
    }
    for (; element.index < count && code == 0; element.index++)
        code = mms__check_value(c, item, at + element.index * item->size, &element);
    return code;
}

int mms__check_wait(struct mms__checker *c, struct mms__later later, const struct mms__path *path)
{
    later.low = c->low;
    later.high = c->high;
    later.depth = c->depth;
    if (c->waiting == c->room) {
        size_t room = c->room > 0 ? 2 * c->room : 16;
        struct mms__later *more = mms__resize(c->later, room, sizeof *more);

        if (!more)
            return mms__path_fail(-ENOMEM, MMS__CHECK, path, "no memory");
        c->later = more;
        c->room = room;
    }
    c->later[c->waiting++] = later;
    return 0;
}

/* The target of a Box or a Vec. */
static int check_target(struct mms__checker *c, const mms_type *type, size_t at, size_t count,
                        const struct mms__path *path)
{
    return type->kind == MMS_T_BOX ? mms__check_value(c, type->first, at, path)
                                   : mms__check_items(c, type->first, at, count, path);
}

/* A Box, or a Vec with its count. */
static int check_pointed(struct mms__checker *c, const mms_type *type, size_t at, uint64_t count,
                         const struct mms__path *path)
{
    const mms_type *item = type->first;
    struct mms__claim claim = {0};
    int code =
        mms__check_enter(c, at, mms__get_offset(type, c->base + at), item->align, item->size, count, &claim, path);

    if (code != 0)
        return code;
    if (mms__check_is_deep(c))
        code = mms__check_wait(c, (struct mms__later){.type = type, .at = claim.at, .count = (size_t)count}, path);
    else
        code = check_target(c, type, claim.at, (size_t)count, path);
    mms__check_leave(c, &claim);
    return code;
}

static int check_waiting(struct mms__checker *c, const struct mms__path *path)
{
    struct mms__path inside = mms__path_field(path, "(deep inside)");
    int code = 0;

    while (c->waiting > 0 && code == 0) {
        struct mms__later later = c->later[--c->waiting];

        c->low = later.low;
        c->high = later.high;
        c->depth = later.depth;
        switch (later.type->kind) {
        case MMS_T_BOX:
        case MMS_T_VEC: code = check_target(c, later.type, later.at, later.count, &inside); break;
        case MMS_T_TREE:
        case MMS_T_TREE_SET: code = mms__check_nodes(c, &later, &inside); break;
        default: code = mms__check_entries(c, &later, &inside); break;
        }
    }
    free(c->later);
    return code;
}

static int check_deeper(struct mms__checker *c, const mms_type *type, size_t at, const struct mms__path *path)
{
    int code;

    if (c->depth >= MMS_ARCHIVE_DEPTH)
        return mms__path_fail(MMS_E_CORRUPT, MMS__CHECK, path, "values are nested more than %d deep",
                              MMS_ARCHIVE_DEPTH);
    c->depth++;
    switch (type->kind) {
    case MMS_T_BOX: code = check_pointed(c, type, at, 1, path); break;
    case MMS_T_VEC:
        code = check_pointed(c, type, at, mms__get_count(type, c->base + at + mms__word_size(type)), path);
        break;
    case MMS_T_TREE:
    case MMS_T_TREE_SET: code = mms__check_tree(c, type, at, path); break;
    default: code = mms__check_map(c, type, at, path); break;
    }
    c->depth--;
    return code;
}

int mms__check_value(struct mms__checker *c, const mms_type *type, size_t at, const struct mms__path *path)
{
    if (type->flags & MMS_TF_ANY_BITS)
        return 0;
    if (type->flags & MMS_TF_NON_ZERO)
        return mms__check_non_zero(c, type, at, path);
    switch (type->kind) {
    case MMS_T_BOOL: return check_bool(c, at, path);
    case MMS_T_CHAR: return check_char(c, at, path);
    case MMS_T_DURATION: return check_duration(c, at, path);
    case MMS_T_STRING: return check_string(c, type, at, path);
    case MMS_T_BOX_STR:
        return check_text_at(c, at, mms__get_offset(type, c->base + at),
                             mms__get_count(type, c->base + at + mms__word_size(type)), path);
    case MMS_T_STRUCT: return check_fields(c, type->fields, type->count, at, path);
    case MMS_T_ARRAY: return mms__check_items(c, type->first, at, type->count, path);
    case MMS_T_ENUM:
    case MMS_T_OPTION:
    case MMS_T_RESULT: return check_variant(c, type, at, path);
    case MMS_T_IP:
    case MMS_T_SOCKET: return mms__check_address(c, type, at, path);
    default: return check_deeper(c, type, at, path);
    }
}

/* ---- Whole archives ---- */

int mms_archive_check(const mms_archive *archive, const void *data, size_t size, const void **root)
{
    const mms_type *type = archive->type;
    struct mms__path path = mms__path_field(NULL, type->name);
    struct mms__checker c = {.base = data, .size = size, .stack = __builtin_frame_address(0)};
    int code;

    if (size < type->size)
        return mms__path_fail(MMS_E_CORRUPT, MMS__CHECK, &path, "%zu bytes are too few: the root alone takes %zu", size,
                              type->size);
    if (((uintptr_t)data & (type->deep_align - 1)) != 0)
        return mms__path_fail(MMS_E_INVALID, MMS__CHECK, &path, "the data must be at a multiple of %zu in memory",
                              type->deep_align);
    if ((size - type->size) & (type->align - 1))
        return mms__path_fail(MMS_E_CORRUPT, MMS__CHECK, &path,
                              "with %zu bytes the root would be at byte %zu, which is not a multiple of %zu", size,
                              size - type->size, type->align);
    c.high = size - type->size;
    c.claimed = type->size;
    code = mms__check_value(&c, type, c.high, &path);
    if (code == 0)
        code = check_waiting(&c, &path);
    if (code == 0 && root)
        *root = (const char *)data + (size - type->size);
    return code;
}
