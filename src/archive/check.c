/* SPDX-License-Identifier: Apache-2.0 */
#include "archive/checker.h"
#include "archive/utf8.h"

/* ---- Pointers ---- */

int mms__check_target(const struct mms__checker *c, size_t from, int64_t offset, size_t align, size_t size,
                      size_t *target, const struct mms__step *step)
{
    int64_t to;

    if (__builtin_add_overflow((int64_t)from, offset, &to) || to < 0 || (uint64_t)to > c->size)
        return mms__path_fail(MMS_E_CORRUPT, MMS__CHECK, step,
                              "the pointer at byte %zu leads %lld bytes away, outside of the %zu bytes that there are",
                              from, (long long)offset, c->size);
    if ((size_t)to & (align - 1))
        return mms__path_fail(MMS_E_CORRUPT, MMS__CHECK, step,
                              "the pointer at byte %zu leads to byte %lld, which is not a multiple of %zu", from,
                              (long long)to, align);
    if (c->size - (size_t)to < size)
        return mms__path_fail(MMS_E_CORRUPT, MMS__CHECK, step,
                              "%zu bytes at byte %lld, and the archive ends at byte %zu", size, (long long)to, c->size);
    *target = (size_t)to;
    return 0;
}

int mms__check_range(const struct mms__checker *c, size_t at, size_t size, const struct mms__step *step)
{
    if (at >= c->low && at <= c->high && c->high - at >= size)
        return 0;
    return mms__path_fail(MMS_E_CORRUPT, MMS__CHECK, step,
                          "%zu bytes at byte %zu overlap something else, or are out of order: they must lie in bytes "
                          "%zu to %zu",
                          size, at, c->low, c->high);
}

int mms__check_work(struct mms__checker *c, size_t size, const struct mms__step *step)
{
    if (c->size - c->claimed < size)
        return mms__path_fail(MMS_E_CORRUPT, MMS__CHECK, step,
                              "parts of the archive overlap: more than its %zu bytes "
                              "are in use",
                              c->size);
    c->claimed += size;
    return 0;
}

/* The usual case at once. False: something is wrong, or has no size. */
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
                     struct mms__claim *claim, const struct mms__step *step)
{
    size_t bytes;
    int code;

    if (MMS__LIKELY(enter_at_once(c, from, offset, align, size, count, claim)))
        return 0;
    if (size == 0 && count > MMS_ARCHIVE_UNITS)
        return mms__path_fail(MMS_E_CORRUPT, MMS__CHECK, step, "%llu elements of no size, and the limit is %d",
                              (unsigned long long)count, MMS_ARCHIVE_UNITS);
    if (__builtin_mul_overflow(size, count, &bytes) || bytes > SIZE_MAX / 2)
        return mms__path_fail(MMS_E_CORRUPT, MMS__CHECK, step, "a length of %llu, and the archive has %zu bytes",
                              (unsigned long long)count, c->size);
    code = mms__check_target(c, from, offset, align, bytes, &claim->at, step);
    if (code == 0)
        code = mms__check_range(c, claim->at, bytes, step);
    if (code == 0)
        code = mms__check_work(c, bytes, step);
    if (code != 0)
        return code;
    claim->low = claim->at + bytes;
    claim->high = c->high;
    c->high = claim->at;
    return 0;
}

/* ---- Kinds ---- */

static int check_text(const struct mms__checker *c, size_t at, size_t size, const struct mms__step *step)
{
    size_t valid = mms__is_short_ascii((const char *)c->base + at, size)
                       ? size
                       : mms__utf8_valid((const char *)c->base + at, size);

    if (valid == size)
        return 0;
    return mms__path_fail(MMS_E_CORRUPT, MMS__CHECK, step, "the text at byte %zu is not UTF-8 at its byte %zu", at,
                          valid);
}

static int check_text_at(struct mms__checker *c, size_t from, int64_t offset, uint64_t size,
                         const struct mms__step *step)
{
    struct mms__claim claim = {0};
    int code = mms__check_enter(c, from, offset, 1, 1, size, &claim, step);

    if (code != 0)
        return code;
    code = check_text(c, claim.at, (size_t)size, step);
    mms__check_leave(c, &claim);
    return code;
}

/* The usual one: some ASCII, in 8 bytes with its length. */
static inline bool is_short_ascii_string(const mms_type *type, const unsigned char *bytes)
{
    uint64_t word;

    if (type->size != 8)
        return false;
    word = mms__sea_load(bytes, 8);
    return word >> 56 < 8 && !(word & ((UINT64_C(1) << 8 * (word >> 56)) - 1) & MMS__HIGH_BITS);
}

static int check_string(struct mms__checker *c, const mms_type *type, size_t at, const struct mms__step *step)
{
    const unsigned char *bytes = c->base + at;
    unsigned char last = bytes[type->size - 1];

    if (!(last & 0x80)) {
        if (last <= mms__inline_text(type) && mms__is_short_ascii((const char *)bytes, last))
            return 0;
        if (last > mms__inline_text(type))
            return mms__path_fail(MMS_E_CORRUPT, MMS__CHECK, step, "a text of %u bytes in the place of %zu", last,
                                  mms__inline_text(type));
        return check_text(c, at, last, step);
    }
    return check_text_at(c, at, mms__string_offset(type, bytes), mms__load_count(type, bytes), step);
}

static int check_bool(const struct mms__checker *c, size_t at, const struct mms__step *step)
{
    if (c->base[at] <= 1)
        return 0;
    return mms__path_fail(MMS_E_CORRUPT, MMS__CHECK, step, "the bool at byte %zu is %u", at, c->base[at]);
}

static int check_char(const struct mms__checker *c, size_t at, const struct mms__step *step)
{
    uint32_t value = (uint32_t)mms__load_uint(c->base + at, 4);

    if (value <= 0x10ffff && (value < 0xd800 || value > 0xdfff))
        return 0;
    return mms__path_fail(MMS_E_CORRUPT, MMS__CHECK, step, "the char at byte %zu is 0x%x, which is none", at, value);
}

static int check_duration(const struct mms__checker *c, size_t at, const struct mms__step *step)
{
    uint64_t secs = mms__load_uint(c->base + at, 8);
    uint32_t nanos = (uint32_t)mms__load_uint(c->base + at + 8, 4);

    if (secs <= UINT64_MAX - nanos / 1000000000)
        return 0;
    return mms__path_fail(MMS_E_CORRUPT, MMS__CHECK, step, "the duration at byte %zu overflows", at);
}

static int check_fields(struct mms__checker *c, const mms_type_field *fields, size_t count, size_t at,
                        const struct mms__step *step)
{
    for (size_t i = 0; i < count; i++) {
        const mms_type *type = fields[i].type;
        struct mms__step field = mms__step_field(step, fields[i].name);
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

static int check_variant(struct mms__checker *c, const mms_type *type, size_t at, const struct mms__step *step)
{
    uint64_t tag = mms__load_uint(c->base + at, type->tag_size);
    struct mms__step inner;

    if (tag >= type->count)
        return mms__path_fail(MMS_E_CORRUPT, MMS__CHECK, step, "the tag at byte %zu is %llu, and %s has %zu variants",
                              at, (unsigned long long)tag, type->name, type->count);
    inner = mms__step_field(step, type->variants[tag].name);
    return check_fields(c, type->variants[tag].fields, type->variants[tag].count, at, &inner);
}

int mms__check_items(struct mms__checker *c, const mms_type *item, size_t at, size_t count,
                     const struct mms__step *step)
{
    struct mms__step element = mms__step_index(step, 0);
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

/* The target of a Box, or of a Vec with its count. */
static int check_pointed(struct mms__checker *c, const mms_type *type, size_t at, uint64_t count,
                         const struct mms__step *step)
{
    const mms_type *item = type->first;
    struct mms__claim claim = {0};
    int code =
        mms__check_enter(c, at, mms__load_offset(type, c->base + at), item->align, item->size, count, &claim, step);

    if (code != 0)
        return code;
    if (type->kind == MMS_T_BOX)
        code = mms__check_value(c, item, claim.at, step);
    else
        code = mms__check_items(c, item, claim.at, (size_t)count, step);
    mms__check_leave(c, &claim);
    return code;
}

static int check_deeper(struct mms__checker *c, const mms_type *type, size_t at, const struct mms__step *step)
{
    int code;

    if (c->depth >= MMS_ARCHIVE_DEPTH)
        return mms__path_fail(MMS_E_CORRUPT, MMS__CHECK, step, "values are nested more than %d deep",
                              MMS_ARCHIVE_DEPTH);
    c->depth++;
    switch (type->kind) {
    case MMS_T_BOX: code = check_pointed(c, type, at, 1, step); break;
    case MMS_T_VEC:
        code = check_pointed(c, type, at, mms__load_count(type, c->base + at + mms__word_size(type)), step);
        break;
    case MMS_T_TREE: code = mms__check_tree(c, type, at, step); break;
    default: code = mms__check_map(c, type, at, step); break;
    }
    c->depth--;
    return code;
}

int mms__check_value(struct mms__checker *c, const mms_type *type, size_t at, const struct mms__step *step)
{
    if (type->flags & MMS_TF_ANY_BITS)
        return 0;
    switch (type->kind) {
    case MMS_T_BOOL: return check_bool(c, at, step);
    case MMS_T_CHAR: return check_char(c, at, step);
    case MMS_T_DURATION: return check_duration(c, at, step);
    case MMS_T_STRING: return check_string(c, type, at, step);
    case MMS_T_BOX_STR:
        return check_text_at(c, at, mms__load_offset(type, c->base + at),
                             mms__load_count(type, c->base + at + mms__word_size(type)), step);
    case MMS_T_STRUCT: return check_fields(c, type->fields, type->count, at, step);
    case MMS_T_ARRAY: return mms__check_items(c, type->first, at, type->count, step);
    case MMS_T_ENUM:
    case MMS_T_OPTION:
    case MMS_T_RESULT: return check_variant(c, type, at, step);
    default: return check_deeper(c, type, at, step);
    }
}

/* ---- Whole archives ---- */

int mms_archive_check(const mms_archive *archive, const void *data, size_t size, const void **root)
{
    const mms_type *type = archive->type;
    struct mms__step step = mms__step_field(NULL, type->name);
    struct mms__checker c = {.base = data, .size = size};
    int code;

    if (size < type->size)
        return mms__path_fail(MMS_E_CORRUPT, MMS__CHECK, &step, "%zu bytes, and the root alone has %zu", size,
                              type->size);
    if (((uintptr_t)data & (type->deep_align - 1)) != 0)
        return mms__path_fail(MMS_E_INVALID, MMS__CHECK, &step, "the data must be at a multiple of %zu in memory",
                              type->deep_align);
    if ((size - type->size) & (type->align - 1))
        return mms__path_fail(MMS_E_CORRUPT, MMS__CHECK, &step,
                              "%zu bytes put the root to byte %zu, which is not a multiple of %zu", size,
                              size - type->size, type->align);
    c.high = size - type->size;
    c.claimed = type->size;
    code = mms__check_value(&c, type, c.high, &step);
    if (code == 0 && root)
        *root = (const char *)data + (size - type->size);
    return code;
}
