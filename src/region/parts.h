/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a region, in one list. A new one is a line here, and one in create_parts.c that says
   how long it is. */
#ifndef MMS_REGION_PARTS_H
#define MMS_REGION_PARTS_H

#include "region/layout.h"

/* In the order of removal: `data`, which has no magic, goes before `control`, which says how
   long it is; `lock` goes last, because nothing would ever sweep the others without it. */
enum mms__part {
    MMS__PART_DATA,
    MMS__PART_CHANGES,
    MMS__PART_NEW_CHANGES,
    MMS__PART_DURABLE,
    MMS__PART_READERS,
    MMS__PART_CONTROL,
    MMS__PART_LOCK,
    MMS__PART_COUNT
};

static const struct {
    const char *name, *magic; /* magic NULL: no header */
} mms__parts[MMS__PART_COUNT] = {
    [MMS__PART_DATA] = {"data", NULL},
    [MMS__PART_CHANGES] = {"changes", MMS__CHANGES_MAGIC}, /* once there was an update */
    [MMS__PART_NEW_CHANGES] = {"changes.new",
                               MMS__CHANGES_MAGIC},        /* until that is renamed to it, or a writer has died */
    [MMS__PART_DURABLE] = {"durable", MMS__DURABLE_MAGIC}, /* of a region that is */
    [MMS__PART_READERS] = {"readers", MMS__READERS_MAGIC},
    [MMS__PART_CONTROL] = {"control", MMS__CONTROL_MAGIC},
    [MMS__PART_LOCK] = {"lock", NULL},
};

#endif
