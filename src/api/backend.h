/* SPDX-License-Identifier: Apache-2.0 */
/* Which kind of files a path leads to. */
#ifndef MMS_API_BACKEND_H
#define MMS_API_BACKEND_H

#include "handle/backend.h"

/* The back end for what exists, or is to be made, at a path. A scheme before the path
   ("mmap-sync:" or "mmsync:") decides, or else the files that exist there. Fills the place.
   Details are stored. */
int mms__backend_find(const char *path, struct mms__place *place, const struct mms__backend **backend);
/* Whether a scheme decides, and else what the files that exist there say by now. */
bool mms__backend_is_named(const char *path);
int mms__backend_recognise(const struct mms__place *place, const struct mms__backend **backend);

#endif
