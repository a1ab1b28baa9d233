/* SPDX-License-Identifier: Apache-2.0 */
/* Which boot of the kernel a value on disk is from. A container may have a boot id of its own
   mounted over the kernel's. So where two ids differ and one of them is not the kernel's, the
   time of the boot decides. */
#ifndef MMS_REGION_BOOT_H
#define MMS_REGION_BOOT_H

#include "handle/place.h"
#include "region/layout.h"

/* Whose boot id it is. 0, of files that an older version made, counts as the kernel's. */
enum { MMS__BOOT_ID_KERNELS = 1, MMS__BOOT_ID_MASKED = 2 };

struct mms__boot {
    uint64_t id[2];
    uint32_t id_kind;
    uint64_t began_ns; /* CLOCK_REALTIME when the kernel started; moves as that clock is set; 0: not known */
    uint64_t up_ns;    /* time since then */
};

enum mms__boot_verdict { MMS__SAME_BOOT, MMS__ANOTHER_BOOT, MMS__UNKNOWN_BOOT };

/* Whether the stored value was written in this boot. Pure. */
enum mms__boot_verdict mms__boot_compare(const struct mms__boot *stored, const struct mms__boot *now);

/* This boot. If its id cannot be read, the id is zeros, and the result -errno. */
int mms__boot_now(struct mms__boot *boot);
/* The boot that is stored in a region, compared with this one. */
enum mms__boot_verdict mms__boot_judge(const struct mms__control *control);
/* Store the time of this boot anew if the clock was set since. A writer calls it now and then. */
void mms__boot_refresh(struct mms__control *control);

/* ---- By its id alone, where that is enough (boot_id.c) ---- */

/* Fails if the place needs this kernel's boot id and it cannot be read, or if there is no telling whether the value is from
   this boot. `control` NULL: a new region. Call it before the two below. Details are stored. */
int mms__check_boot(const struct mms__place *place, const struct mms__control *control);
/* The boot id of this kernel; zeros and -errno if it cannot be read. */
int mms__boot_id(uint64_t id[2]);
/* True if `control` may be older than this boot. Then the files may not fit each other. */
bool mms__is_from_another_boot(const struct mms__place *place, const struct mms__control *control);

#endif
