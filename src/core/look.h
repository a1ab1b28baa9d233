/* SPDX-License-Identifier: Apache-2.0 */
/* A region opened to look at: nothing is claimed, locked or written. */
#ifndef MMS_LOOK_H
#define MMS_LOOK_H

#include "core/header.h"
#include "core/lock.h"

struct mms__look {
    struct mms__place place;
    struct mms__file control_file, readers_file;
    struct mms__map control_map, readers_map;
    struct mms__header header;
    const struct mms__control *control;
    const struct mms__readers *readers; /* NULL: not allowed to see it */
};

/* Details are stored. */
int mms__look(const char *path, struct mms__look *look);
void mms__look_end(struct mms__look *look);
/* How many lines of the table were ever used. */
uint32_t mms__look_lines(const struct mms__look *look);

#endif
