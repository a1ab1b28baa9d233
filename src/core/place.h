/* SPDX-License-Identifier: Apache-2.0 */
/* Where a region is: names, owners, file systems. */
#ifndef MMS_PLACE_H
#define MMS_PLACE_H

#include "core/file.h"

/* What the user says about whom to trust. */
struct mms__trust {
    bool any_owner;   /* for a look, or where ids are compared */
    bool trust_owner; /* bare names: trusted_uid is as good as this user and root */
    uid_t trusted_uid;
    bool force_filesystem;
};

struct mms__place {
    char path[4096];            /* absolute; the parent has no symbolic links */
    size_t parent_size;         /* bytes of path before the last slash */
    bool bare;                  /* was given as a NAME */
    struct mms__file directory; /* open only after mms__place_enter */
    bool copies_on_write;       /* btrfs: a store takes new room, reserved or not, unless the file is told otherwise */
    bool loses_locks;           /* overlayfs: closing a descriptor drops its lock, maps or not */
    bool volatile_memory;       /* tmpfs: nothing in it can be older than this boot */
};

static inline const char *mms__place_name(const struct mms__place *place)
{
    return place->path + place->parent_size + 1;
}

/* Make path absolute. Details are stored, here and below. */
int mms__place_find(const char *path, struct mms__place *place);
/* Open the directory and check its owner and file system. -ENOENT if there is none. */
int mms__place_enter(struct mms__place *place, const struct mms__trust *trust);
void mms__place_leave(struct mms__place *place);
/* Open the parent directory, whose file system a new region would be on, and check that. */
int mms__place_open_parent(struct mms__place *place, const struct mms__trust *trust, struct mms__file *parent);
/* True if the directory that is open no longer has the name. */
bool mms__place_is_gone(const struct mms__place *place);

#endif
