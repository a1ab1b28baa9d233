/* SPDX-License-Identifier: Apache-2.0 */
/* A region opened for inspection: nothing is claimed, locked or written. */
#ifndef MMS_REGION_INSPECTION_H
#define MMS_REGION_INSPECTION_H

#include "region/header.h"
#include "region/writer_lock.h"
#include <sys/resource.h>

struct mms__inspection {
    struct mms__place place;
    struct mms__file control_file, data_file, readers_file, lock_file; /* open or not, at any time */
    struct mms__mapping control_map, readers_map;
    struct mms__header header;
    const struct mms__control *control;
    const struct mms__readers *readers; /* NULL: this user may not read it */
    rlim_t keep_below;                  /* between two looks, a descriptor at or above this is closed */
    bool has_moved;                     /* when mms_inspect was last answered, `control` no longer lay under its name */
};

/* Details are stored. */
int mms__inspection_open(const struct mms__place *place, struct mms__inspection *look);
/* What mms_inspect tells. The files are found in the directory if it is open, or else by the path; those that
   are of use are opened. Details are stored. */
int mms__inspection_tell(struct mms__inspection *look, mms_info *out);
void mms__inspection_close(struct mms__inspection *look);
/* How many lines of the table have ever been used. */
uint32_t mms__inspection_lines(const struct mms__inspection *look);

#endif
