/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MMS_REGION_REPLACE_H
#define MMS_REGION_REPLACE_H

#include "region/writer.h"

/* Give the writer's region the geometry that its options ask for: build a new region with the
   same value, whose generations go on, put it in the old one's place in one step, then remove
   the old one. A failure changes nothing. */
int mms__replace(struct mms__native_writer *writer);

#endif
