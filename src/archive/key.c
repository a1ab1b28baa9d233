/* SPDX-License-Identifier: Apache-2.0 */
#include "archive/key.h"

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

    if (a->compound)
        return mms__compound_compare(a, b);
    if (a->kind == MMS_T_STRING)
        return compare_text(a, b);
    if (a->width == 0)
        return compare_wide(a, b);
    if (a->beyond != b->beyond)
        return a->beyond < b->beyond ? -1 : 1;
    flip = is_signed(a->kind) ? UINT64_C(1) << (8 * a->width - 1) : 0;
    x ^= flip;
    y ^= flip;
    return x == y ? 0 : x < y ? -1 : 1;
}
