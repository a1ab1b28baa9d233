/* SPDX-License-Identifier: Apache-2.0 */
/* Telling what mmsync made from what somebody else made, before anything is deleted unasked. */
#ifndef MMS_REGION_RECOGNISE_H
#define MMS_REGION_RECOGNISE_H

#include "os/file.h"

/* The mode of a directory that is being built or removed. Where only the owner may write, the
   sticky bit means nothing, and nobody sets it by chance, so it tells our empty directory from
   anybody else's. */
#define MMS__UNFINISHED_MODE ((mode_t)01700)

/* True if this user owns the open directory and everything in it, and all of it is what
   creating or removing a region may leave behind: files with the names and the magic of a
   region's, or empty as they are made; or nothing, in a directory of the mode above. */
bool mms__is_leftover(const struct mms__file *directory);

#endif
