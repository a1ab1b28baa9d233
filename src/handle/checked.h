/* SPDX-License-Identifier: Apache-2.0 */
/* What a process has checked in a region, for all its readers: which generation, as which type. */
#ifndef MMS_HANDLE_CHECKED_H
#define MMS_HANDLE_CHECKED_H

#include "handle/region.h"

/* `token` stands for an archive type in this process. A generation is the same value for ever, so
   a note stays true. Note a check only if the view was found to be whole after it. */
bool mms__region_was_checked(const struct mms_region *region, uint64_t generation, uint32_t token);
void mms__region_note_checked(struct mms_region *region, uint64_t generation, uint32_t token);

#endif
