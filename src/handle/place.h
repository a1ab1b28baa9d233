/* SPDX-License-Identifier: Apache-2.0 */
/* Where a region is: names, owners, file systems. */
#ifndef MMS_HANDLE_PLACE_H
#define MMS_HANDLE_PLACE_H

#include "os/file.h"

/* Whom the user trusts. */
struct mms__trust {
    bool any_owner;   /* for a look, or where ids are compared */
    bool trust_owner; /* bare names: trusted_uid is as good as this user and root */
    uid_t trusted_uid;
    bool force_filesystem;
};

/* From the options of a writer or of a region. */
#define MMS__TRUST_OF(options)                                  \
    ((struct mms__trust){.trust_owner = (options)->trust_owner, \
                         .trusted_uid = (options)->trusted_uid, \
                         .force_filesystem = (options)->force_filesystem})

struct mms__place {
    char path[4096];            /* absolute; the parent has no symbolic links */
    size_t parent_size;         /* bytes of path before the last slash */
    bool bare;                  /* was given as a NAME */
    struct mms__file root;      /* of the process when the path was found: it begins there; never open */
    struct mms__file directory; /* of a native region; open only after mms__place_open */
    bool copies_on_write;       /* btrfs: a store takes new room, reserved or not, unless the file is told otherwise */
    bool shares_blocks;         /* xfs, and others: after a copy (reflink, snapshot) a store may need new room */
    bool loses_locks;           /* overlayfs: closing a descriptor drops its lock, maps or not */
    bool volatile_memory;       /* tmpfs: nothing in it can be older than this boot */
};

/* What to do where there is no room. */
static inline const char *mms__room_advice(bool volatile_memory)
{
    return volatile_memory
               ? "free some, or in a container give it more shared memory (its /dev/shm has 64 MiB by default)"
               : "free some on its file system (df), or raise its owner's quota";
}

static inline const char *mms__place_name(const struct mms__place *place)
{
    return place->path + place->parent_size + 1;
}

/* Make path absolute. Details are stored, here and below. */
int mms__place_find(const char *path, struct mms__place *place);
void mms__place_close(struct mms__place *place);
/* Find out what an open file or directory of the place lies on, and fill the fields below;
   MMS_E_FILESYSTEM unless it is supported, or `force`. */
int mms__place_check_filesystem(struct mms__place *place, int fd, bool force);
/* For bare names: whether to trust a file of this user, and the detail if not. */
bool mms__uid_is_trusted(uid_t uid, const struct mms__trust *trust);
int mms__fail_untrusted(const char *path, uid_t uid);
/* The detail for a file or directory that cannot be made: `what`, for the region `path`.
   Returns the code. */
int mms__fail_making(int code, const char *path, const char *what);
/* Open the parent directory. -errno; no detail is stored. */
int mms__place_parent(const struct mms__place *place, int flags, struct mms__file *parent);
/* Open the parent directory, whose file system a new region would be on, and check that. */
int mms__place_open_parent(struct mms__place *place, const struct mms__trust *trust, struct mms__file *parent);
/* True if the path followed by `suffix` leads to another file than this one, or to none. Also
   false if that cannot be determined: for lack of rights, or because this process has changed its
   root since. */
bool mms__place_leads_elsewhere(const struct mms__place *place, const char *suffix, const struct mms__file *file);

#endif
