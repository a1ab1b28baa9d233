/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a region that is being built. */
#ifndef MMS_REGION_CREATE_PARTS_H
#define MMS_REGION_CREATE_PARTS_H

#include "region/building.h"
#include "region/header.h"

/* Make them all, in its directory, with what they begin with. `options` has modes. Details are stored, here and below. */
int mms__create_parts(const struct mms__building *building, const mms_writer_options *options,
                      const struct mms__header *header, uint64_t floor);
/* Give a file, or with the name "" the directory, its group and mode. */
int mms__create_rights(int fd, uint32_t mode, const mms_writer_options *options, const char *path, const char *name);
/* Allocate all of a small file now, so that no store to it through a mapping fails. -errno; no
   detail is stored. */
int mms__reserve_file(const struct mms__place *place, int fd, uint64_t size);

#endif
