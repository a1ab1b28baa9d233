/* SPDX-License-Identifier: Apache-2.0 */
#include "compat/compat.h"

const struct mms__foreign mms__mmap_sync = {
    .format = MMS_FORMAT_MMAP_SYNC,
    .writer_open = mms__compat_writer_open,
    .writer_free = mms__compat_writer_free,
    .write = mms__compat_write,
    .begin = mms__compat_begin,
    .grow = mms__compat_grow,
    .commit = mms__compat_commit,
    .region_open = mms__compat_region_open,
    .region_free = mms__compat_region_free,
    .generation = mms__compat_generation,
    .read = mms__compat_read,
    .end = mms__compat_end,
    .copy = mms__compat_copy,
    .wait = mms__compat_wait,
    .inspect = mms__compat_inspect,
    .verify = mms__compat_verify,
    .remove = mms__compat_remove,
};
