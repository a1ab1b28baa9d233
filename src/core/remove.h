/* SPDX-License-Identifier: Apache-2.0 */
/* Taking regions down: the one that the user names, and what crashed creators and removers have left. */
#ifndef MMS_REMOVE_H
#define MMS_REMOVE_H

#include "core/lock.h"

/* A name beside the target's that says whose it is, for what is being built or taken down. Details are stored. */
int mms__temporary_name(const struct mms__place *target, struct mms__place *temporary);

/* With the directory open and its writer's lock held: tell readers that this region is no more. */
void mms__bury_entered(const struct mms__place *place);
/* -ENOTEMPTY if there is something in the directory that is not mmsync's. Details are stored: "removing". */
int mms__check_for_others(const struct mms__place *place, const char *doing);

/* 0 if the open directory is what has this name; MMS_E_GONE; -errno if that cannot be seen. */
int mms__check_name(const struct mms__file *directory, int parent, const char *name);

/* Remove what stands under temporary names beside the target and belongs to nobody alive. */
void mms__sweep_leftovers(const struct mms__place *target);

/* Remove the four files of a region from a directory, and nothing else. -errno; no detail is stored. */
int mms__unlink_files(int directory);

#endif
