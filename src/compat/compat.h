/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this directory have of each other: the functions behind mms__mmap_sync. */
#ifndef MMS_COMPAT_H
#define MMS_COMPAT_H

#include "core/region.h"
#include "core/writer.h"

int mms__compat_writer_open(struct mms_writer *writer); /* (upstream_writer.c) */
void mms__compat_writer_free(struct mms_writer *writer, bool inherited);

int mms__compat_write(struct mms_writer *writer, const void *data, size_t size, mms_receipt *receipt);
int mms__compat_begin(struct mms_writer *writer, size_t capacity, void **buffer);
int mms__compat_grow(struct mms_writer *writer, size_t capacity, void **buffer);
int mms__compat_commit(struct mms_writer *writer, size_t size, mms_receipt *receipt);

int mms__compat_region_open(struct mms_region *region);
void mms__compat_region_free(struct mms_region *region, bool inherited);
uint64_t mms__compat_generation(struct mms_region *region);
int mms__compat_read(struct mms_reader *reader, mms_view *out);
int mms__compat_end(struct mms_reader *reader);
int mms__compat_copy(struct mms_region *region, void *buffer, size_t capacity, size_t *size, uint64_t *generation);
int mms__compat_wait(struct mms_reader *reader, uint64_t seen, int timeout_ms);

int mms__compat_inspect(const struct mms__place *place, mms_info *out);
int mms__compat_verify(const struct mms__place *place, void (*report)(void *context, const char *finding),
                       void *context);
int mms__compat_remove(const struct mms__place *place);

#endif
