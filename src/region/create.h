/* SPDX-License-Identifier: Apache-2.0 */
/* Making a region appear, whole, under its name. */
#ifndef MMS_REGION_CREATE_H
#define MMS_REGION_CREATE_H

#include "region/building.h"
#include <mmsync.h>

/* Build an empty region. `floor`: its generations start above it. Details are stored. */
int mms__build(const struct mms__place *target, const struct mms__trust *trust, const mms_writer_options *options,
               uint64_t floor, struct mms__building *building);

#endif
