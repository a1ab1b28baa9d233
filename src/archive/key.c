/* SPDX-License-Identifier: Apache-2.0 */
#include "archive/key.h"
#include "archive/load.h"

static struct mms__key of_bytes(int kind, const void *bytes, size_t size)
{
    struct mms__key key = {.bytes = bytes, .size = size, .kind = kind};

    return key;
}

static struct mms__key of_word(int kind, uint64_t word, unsigned width)
{
    struct mms__key key = {.word = word, .width = width, .kind = kind};

    return key;
}

static struct mms__key of_integer(const mms_type *type, const void *at, size_t size)
{
    if (size == 16)
        return of_bytes(type->kind, at, 16);
    return of_word(type->kind, mms__load_uint(at, size), (unsigned)size);
}

struct mms__key mms__key_of_input(const mms_type *type, const void *in)
{
    if (type->kind == MMS_T_STRING) {
        mms_str text;

        memcpy(&text, in, sizeof text);
        return of_bytes(MMS_T_STRING, text.data, text.size);
    }
    if (type->kind == MMS_T_USIZE || type->kind == MMS_T_ISIZE) {
        uint64_t word = mms__load_uint(in, 8);

        return of_word(type->kind, type->size == 4 ? (uint32_t)word : word, (unsigned)type->size);
    }
    return of_integer(type, in, type->size);
}

struct mms__key mms__key_of_archived(const mms_type *type, const void *at)
{
    if (type->kind == MMS_T_STRING) {
        mms_str text = mms__load_string(type, at);

        return of_bytes(MMS_T_STRING, text.data, text.size);
    }
    return of_integer(type, at, type->size);
}

static bool is_signed(int kind)
{
    return (kind >= MMS_T_I8 && kind <= MMS_T_I128) || kind == MMS_T_ISIZE;
}

/* Of 16 bytes, the high half first. */
static int compare_wide(const struct mms__key *a, const struct mms__key *b)
{
    uint64_t x[2], y[2];
    const int high = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 1 : 0;

    memcpy(x, a->bytes, sizeof x);
    memcpy(y, b->bytes, sizeof y);
    if (is_signed(a->kind)) {
        x[high] ^= UINT64_C(1) << 63;
        y[high] ^= UINT64_C(1) << 63;
    }
    if (x[high] != y[high])
        return x[high] < y[high] ? -1 : 1;
    return x[1 - high] == y[1 - high] ? 0 : x[1 - high] < y[1 - high] ? -1 : 1;
}

static int compare_text(const struct mms__key *a, const struct mms__key *b)
{
    size_t common = a->size < b->size ? a->size : b->size;
    int order = common > 0 ? memcmp(a->bytes, b->bytes, common) : 0;

    if (order != 0)
        return order;
    return a->size == b->size ? 0 : a->size < b->size ? -1 : 1;
}

int mms__key_compare(const struct mms__key *a, const struct mms__key *b)
{
    uint64_t x = a->word, y = b->word, flip;

    if (a->width == 0)
        return a->kind == MMS_T_STRING ? compare_text(a, b) : compare_wide(a, b);
    flip = is_signed(a->kind) ? UINT64_C(1) << (8 * a->width - 1) : 0;
    x ^= flip;
    y ^= flip;
    return x == y ? 0 : x < y ? -1 : 1;
}
