/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this directory share: the functions behind mms__native. */
#ifndef MMS_REGION_BACKEND_H
#define MMS_REGION_BACKEND_H

#include "handle/backend.h"

/* A region of our own: a directory. */
extern const struct mms__backend mms__native;

struct mms_writer *mms__native_writer_new(void); /* (writer.c) */
int mms__native_writer_open(struct mms_writer *front);
void mms__native_writer_closing(struct mms_writer *front);
void mms__native_writer_free(struct mms_writer *front, bool inherited);
int mms__native_write(struct mms_writer *front, const void *data, size_t size, mms_receipt *receipt);
int mms__native_begin(struct mms_writer *front, size_t capacity, void **buffer, mms_receipt *receipt);
const void *mms__native_newest(const struct mms_writer *front, size_t *size); /* (update.c) */
int mms__native_update(struct mms_writer *front, size_t *capacity, bool touches, void **buffer, size_t *size,
                       mms_receipt *receipt);
void mms__native_touch(struct mms_writer *front, size_t offset, size_t length);
uint64_t mms__native_updated(const struct mms_writer *front, uint64_t type_id[2], bool *serialized);
int mms__native_grow(struct mms_writer *front, size_t capacity, void **buffer);
int mms__native_grow_next(struct mms_writer *front, size_t capacity); /* (update.c) */
int mms__native_commit(struct mms_writer *front, size_t size, mms_receipt *receipt);
void mms__native_abort(struct mms_writer *front);
int mms__native_rollback(struct mms_writer *front, uint64_t generation, mms_receipt *receipt); /* (rollback.c) */
int mms__native_sync(struct mms_writer *front);                                                /* (durable.c) */

struct mms_region *mms__native_region_new(void); /* (region.c) */
int mms__native_region_open(struct mms_region *front);
void mms__native_region_free(struct mms_region *front, bool inherited);
bool mms__native_is_removed(struct mms_region *front);
uint64_t mms__native_generation(struct mms_region *front);
bool mms__native_leads_elsewhere(const struct mms_region *front); /* (gone.c) */
void mms__native_found_gone(struct mms_region *front);
int mms__native_copy(struct mms_region *front, void *buffer, size_t capacity, struct mms__copied *out);
int mms__native_copy_schema(struct mms_region *front, char *buffer, size_t capacity, struct mms__copied *out);

int mms__native_reader_open(struct mms_region *front, uintptr_t thread, struct mms_reader **out); /* (reader.c) */
void mms__native_reader_closed(struct mms_reader *front);
int mms__native_read(struct mms_reader *front, mms_view *view);
int mms__native_end(struct mms_reader *front);
int mms__native_verify_view(struct mms_reader *front);
void mms__native_view_describe(const struct mms_reader *front, mms_view_info *out);
void mms__native_view_type(const struct mms_reader *front, uint64_t type_id[2]);
bool mms__native_view_is_serialized(const struct mms_reader *front, bool table);
int mms__native_wait(struct mms_region *front, uint64_t seen, int timeout_ms); /* (wait.c) */
int mms__native_wait_begin(struct mms_region *front, uint64_t seen, struct mms__sleep *sleep);
int mms__native_wait_end(struct mms_region *front, int result);
int mms__native_changes(struct mms_reader *reader, uint64_t since, mms_range *out, size_t capacity,
                        size_t *count); /* (changed.c) */

int mms__native_inspect(const struct mms__place *place, mms_info *out);
int mms__native_inspect_again(struct mms_inspector *inspector, mms_info *out); /* (inspector.c) */
void mms__native_inspector_closing(struct mms_inspector *inspector);
int mms__native_inspect_readers(const struct mms__place *place, mms_reader_info *out, size_t capacity, size_t *count);
int mms__native_history(const struct mms__place *place, mms_past_value *out, size_t capacity, size_t *count);
int mms__native_verify(const struct mms__place *place, void (*report)(void *context, const char *finding),
                       void *context);
int mms__native_remove(const struct mms__place *found);

#endif
