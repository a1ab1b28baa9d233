/* SPDX-License-Identifier: Apache-2.0 */
/* What a writer of mmap-sync's files keeps. */
#ifndef MMS_UPSTREAM_WRITER_H
#define MMS_UPSTREAM_WRITER_H

#include "compat/files.h"
#include "core/writer.h"

struct mms__target {
    struct mms__file file;
    struct mms__map map;
    uint64_t allocated; /* from the start: room that this writer has got, or checked */
};

struct mms__upstream_writer {
    struct mms__upstream *state;
    struct mms__target targets[2];
    struct mms__map buffer; /* where values are built; a file is only written once its value is complete */
};

static inline struct mms__upstream_writer *mms__upstream_writer_of(const struct mms_writer *writer)
{
    return writer->foreign_data;
}

/* (target.c) A data file with room for `size` bytes, mapped. What fails leaves it as long as it was. */
int mms__target_prepare(struct mms_writer *writer, unsigned index, uint64_t size);
/* Open or create a file with the mode that the crate gives it (less what the umask takes away), or the one asked for.
   The path is absolute. -errno or MMS_E_NOT_REGION; no detail is stored. */
int mms__target_open(const struct mms_writer *writer, const char *name, uint32_t usual, uint32_t asked,
                     struct mms__file *file);

#endif
