/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this directory share: the functions behind mms__mmap_sync. */
#ifndef MMS_MMAP_SYNC_BACKEND_H
#define MMS_MMAP_SYNC_BACKEND_H

#include "handle/backend.h"
#include <mmsync/mmap_sync.h>

/* The Rust crate mmap-sync 2. */
extern const struct mms__backend mms__mmap_sync;

struct mms_writer *mms__mmap_sync_writer_new(void); /* (writer.c) */
int mms__mmap_sync_writer_open(struct mms_writer *front);
void mms__mmap_sync_writer_free(struct mms_writer *front, bool inherited);
int mms__mmap_sync_write(struct mms_writer *front, const void *data, size_t size, mms_receipt *receipt);
int mms__mmap_sync_begin(struct mms_writer *front, size_t capacity, void **buffer, mms_receipt *receipt);
int mms__mmap_sync_grow(struct mms_writer *front, size_t capacity, void **buffer);
int mms__mmap_sync_commit(struct mms_writer *front, size_t size, mms_receipt *receipt);
bool mms__mmap_sync_was_reset(const struct mms_writer *front);

struct mms_region *mms__mmap_sync_region_new(void); /* (reader.c) */
int mms__mmap_sync_region_open(struct mms_region *front);
void mms__mmap_sync_region_free(struct mms_region *front, bool inherited);
bool mms__mmap_sync_leads_elsewhere(const struct mms_region *front);
uint64_t mms__mmap_sync_generation(struct mms_region *front);
int mms__mmap_sync_copy(struct mms_region *front, void *buffer, size_t capacity,
                        struct mms__copied *out); /* (copy.c) */
int mms__mmap_sync_copy_schema(struct mms_region *front, char *buffer, size_t capacity, struct mms__copied *out);
int mms__mmap_sync_wait(struct mms_region *front, uint64_t seen, int timeout_ms);
int mms__mmap_sync_wait_begin(struct mms_region *front, uint64_t seen, struct mms__sleep *sleep);
int mms__mmap_sync_wait_end(struct mms_region *front, int result);

int mms__mmap_sync_reader_open(struct mms_region *front, uintptr_t thread, struct mms_reader **out); /* (reader.c) */
int mms__mmap_sync_read(struct mms_reader *reader, mms_view *out);
int mms__mmap_sync_end(struct mms_reader *reader);
int mms__mmap_sync_verify_view(struct mms_reader *reader);

int mms__mmap_sync_inspect(const struct mms__place *place, mms_info *out);
int mms__mmap_sync_inspect_readers(const struct mms__place *place, mms_reader_info *out, size_t capacity,
                                   size_t *count);
int mms__mmap_sync_verify(const struct mms__place *place, void (*report)(void *context, const char *finding),
                          void *context);
int mms__mmap_sync_remove(const struct mms__place *place);
int mms__mmap_sync_inspect_counts(const struct mms__place *place, mms_mmap_sync_info *out);
int mms__mmap_sync_repair(const struct mms__place *place, unsigned flags, int longest_view_ms, mms_repair_report *out);

#endif
