/* SPDX-License-Identifier: Apache-2.0 */
/* Open, check and map the files of a region that exists. Nothing is trusted unchecked; nothing is changed. */
#ifndef MMS_ATTACH_H
#define MMS_ATTACH_H

#include "core/header.h"
#include "core/place.h"

/* All of a control file; header gets a checked copy. The file stays open. Details are stored, here and below. */
int mms__attach_control(const struct mms__place *place, bool writable, struct mms__file *file, struct mms__map *map,
                        struct mms__header *header);
/* Open `readers` and check that it belongs to that header. No map yet: a reader locks first. */
int mms__attach_readers(const struct mms__place *place, const struct mms__header *header, bool writable,
                        struct mms__file *file);
int mms__map_readers(const struct mms__place *place, const struct mms__header *header, bool writable, int fd,
                     struct mms__map *map);
int mms__attach_data(const struct mms__place *place, const struct mms__header *header, bool writable,
                     struct mms__file *file, struct mms__map *map);

/* 0, or what is to be said if this kernel's boot id is needed for the place and cannot be read. Comes before the two
   below. */
int mms__check_boot_id(const struct mms__place *place);

/* The boot id of this kernel; zeros, and the errno, if it cannot be read. */
int mms__boot_id(uint64_t id[2]);
/* True if what `control` says may be older than this boot: the files may not fit each other then. */
bool mms__is_from_another_boot(const struct mms__place *place, const struct mms__control *control);

#endif
