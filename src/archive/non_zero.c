/* SPDX-License-Identifier: Apache-2.0 */
/* Integers that are not 0. */
#include "archive/check/checker.h"
#include "archive/encode/encoder.h"

static bool is_zero(const void *at, size_t size)
{
    if (size == 16)
        return (mms__get_uint(at, 8) | mms__get_uint((const char *)at + 8, 8)) == 0;
    return mms__get_uint(at, size) == 0;
}

int mms__encode_check_non_zero(const mms_type *type, const void *in, const struct mms__path *path)
{
    if (!is_zero(in, type->input_size))
        return 0;
    return mms__path_fail(MMS_E_INVALID, MMS__ENCODE, path, "the number is 0, which a %s cannot be", type->name);
}

int mms__check_non_zero(const struct mms__checker *c, const mms_type *type, size_t at, const struct mms__path *path)
{
    if (!is_zero(c->base + at, type->size))
        return 0;
    return mms__path_fail(MMS_E_CORRUPT, MMS__CHECK, path, "the number at byte %zu is 0, which a %s cannot be", at,
                          type->name);
}
