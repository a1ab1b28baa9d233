/* SPDX-License-Identifier: Apache-2.0 */
/* A region opened for inspection: nothing is claimed, locked or written. */
#ifndef MMS_REGION_INSPECTION_H
#define MMS_REGION_INSPECTION_H

#include "region/header.h"
#include "region/writer_lock.h"

struct mms__inspection {
    struct mms__place place;
    struct mms__file control_file, readers_file;
    struct mms__mapping control_map, readers_map;
    struct mms__header header;
    const struct mms__control *control;
    const struct mms__readers *readers; /* NULL: this user may not read it */
};

/* Details are stored. */
int mms__inspection_open(const struct mms__place *place, struct mms__inspection *look);
/* What mms_inspect tells. Needs the directory; `readers_file` only if a line is in use, and then without it each reader
   counts as alive. Details are stored. */
int mms__inspection_tell(const struct mms__inspection *look, mms_info *out);
/* True if a reader line is in use. */
bool mms__inspection_has_readers(const struct mms__inspection *look);
void mms__inspection_close(struct mms__inspection *look);
/* How many lines of the table have ever been used. */
uint32_t mms__inspection_lines(const struct mms__inspection *look);

#endif
