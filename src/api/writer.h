/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of the writer's calls, for those that are in other files. */
#ifndef MMS_API_WRITER_H
#define MMS_API_WRITER_H

#include "handle/writer.h"

/* What is wrong with a handle that mms__writer_check does not let pass. */
__attribute__((noinline, cold)) int mms__writer_refuse(const struct mms_writer *writer, bool building,
                                                       const char *call);

/* The handle may be used for `call`, and is between begin and commit or not. Details are stored. */
static inline int mms__writer_check(const struct mms_writer *writer, bool building, const char *call)
{
    if (MMS__LIKELY(writer && writer->process == mms__process_token() && writer->building == building))
        return 0;
    return mms__writer_refuse(writer, building, call);
}

/* mms_write_update, checked. `touches`: as for the back end's. */
int mms__writer_update(struct mms_writer *writer, size_t capacity, bool touches, void **buffer, size_t *size,
                       mms_receipt *receipt);

/* Commit what is checked. `serialized`: the library vouches for all of its bytes, as its type. */
int mms__writer_commit(struct mms_writer *writer, size_t size, bool serialized, mms_receipt *receipt);

#endif
