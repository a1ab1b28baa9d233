/* SPDX-License-Identifier: Apache-2.0 */
/* The directory that a region is. */
#ifndef MMS_REGION_DIRECTORY_H
#define MMS_REGION_DIRECTORY_H

#include "handle/place.h"

/* Open the directory and check its owner and file system. -ENOENT if there is none. Details are stored. */
int mms__place_open(struct mms__place *place, const struct mms__trust *trust);
/* The same, whoever owns it and whatever file system it is on: the caller believes nothing in it, or compares it with what
   it knows. */
int mms__place_open_any(struct mms__place *place);
/* The detail for an open directory that has no such file. */
int mms__fail_missing(const struct mms__place *place, const char *name);
/* Whether the files of an open directory are its alone: -EBUSY if something is mounted over one,
   -EMLINK if `control` is a part of another directory too (a copy made by cp -l). Then a tombstone
   would reach readers of a region that stays. `doing`, for the details: "removing". */
int mms__check_own_files(const struct mms__place *place, const char *doing);
/* True if the directory that is open no longer has the name. */
bool mms__place_is_gone(const struct mms__place *place);

#endif
