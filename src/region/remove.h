/* SPDX-License-Identifier: Apache-2.0 */
/* Removing regions: the one that the user names, and what crashed creators and removers have
   left. */
#ifndef MMS_REGION_REMOVE_H
#define MMS_REGION_REMOVE_H

#include "region/writer_lock.h"
#include <limits.h>

/* A name beside the target's, and made from it, for what is being built or removed. Details
   are stored. */
int mms__temporary_name(const struct mms__place *target, struct mms__place *temporary);

/* With the directory open and its writer's lock held: tell readers that this region is gone. */
void mms__tombstone_region(const struct mms__place *place);
/* -ENOTEMPTY if the directory holds anything that is not mmsync's. `doing`, for the details:
   "removing". */
int mms__check_for_others(const struct mms__place *place, const char *doing);

/* -ENOTEMPTY if a directory holds anything but files with the names of a region's; `name`, if
   not NULL, gets one of the others. Else 0 or -errno. No detail is stored. */
int mms__holds_others(int directory, char name[NAME_MAX + 1]);

/* 0 if the open directory still has this name, MMS_E_GONE if not, -errno if that cannot be
   seen. */
int mms__check_name(const struct mms__file *directory, int parent, const char *name);

/* Remove what has a temporary name beside the target and no living owner. */
void mms__sweep_leftovers(const struct mms__place *target);

/* Remove the files of a region from a directory, and nothing else; mark what is left as
   unfinished. -errno; no detail is stored. */
int mms__unlink_files(int directory);
/* Then the directory, if it still has that name; 0 if not. */
int mms__remove_directory(const struct mms__file *directory, int parent, const char *name);

/* Somebody else's directory got a temporary name and cannot have its own back: give it a name that
   no writer sweeps, and store that in `hidden`. -errno if it keeps the temporary one; no detail is
   stored. */
int mms__set_aside(struct mms__place *hidden, int parent);

/* The detail for a rename of a region that failed: `doing` the path. Returns the code. */
int mms__fail_rename(int code, const char *doing, const char *path);

#endif
