/* SPDX-License-Identifier: Apache-2.0 */
/* Open, check and map the files of a region that exists. Nothing is trusted unchecked; nothing
   is changed. */
#ifndef MMS_REGION_FILES_H
#define MMS_REGION_FILES_H

#include "handle/place.h"
#include "region/header.h"

/* Open and map all of a control file; header gets a checked copy. The file stays open. Details
   are stored, here and below. */
int mms__region_open_control(const struct mms__place *place, bool writable, struct mms__file *file,
                             struct mms__mapping *mapping, struct mms__header *header);
/* Open `readers` and check that it belongs to that header. No mapping yet: a reader locks
   first. */
int mms__region_open_readers(const struct mms__place *place, const struct mms__header *header, bool writable,
                             struct mms__file *file);
int mms__map_readers(const struct mms__place *place, const struct mms__header *header, bool writable, int fd,
                     struct mms__mapping *mapping);
/* Whether `data` is there and as long as it should be; it is not opened. */
int mms__check_data(const struct mms__place *place, const struct mms__header *header);
int mms__open_data(const struct mms__place *place, const struct mms__header *header, bool writable,
                   struct mms__file *file);
int mms__map_data(const struct mms__place *place, const struct mms__header *header, bool writable, int fd,
                  struct mms__mapping *mapping);
int mms__region_open_data(const struct mms__place *place, const struct mms__header *header, bool writable,
                          struct mms__file *file, struct mms__mapping *mapping);

/* Open the file `durable`, and check that it belongs to that header. */
int mms__open_durable(const struct mms__place *place, const struct mms__header *header, bool writable,
                      struct mms__file *file);

#endif
