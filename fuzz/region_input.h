/* SPDX-License-Identifier: Apache-2.0 */
/* A region whose files hold arbitrary bytes, and everything that one can do with a region. One
   function for the fuzz targets and for the tests that replay their corpora. */
#ifndef REGION_INPUT_H
#define REGION_INPUT_H

#include <stddef.h>
#include <stdint.h>

enum region_part { REGION_CONTROL, REGION_READERS, REGION_SLOTS };

/* The first byte says how: REGION_* below. The others overwrite this part of a good region: from
   the start of `control` or of `readers`; or `current`, then the descriptors, then the start of
   the data. Ends the program if something is accepted that should not be. */
void region_input(enum region_part part, const uint8_t *data, size_t size);

enum {
    REGION_SEALED = 1,  /* with the right magic and checksum in the headers, and file sizes that fit them */
    REGION_LIVE = 2,    /* overwrite it (except its headers) under open handles, not before they are opened */
    REGION_EVICT = 4,   /* the writer may evict, and the reader allows it */
    REGION_REPLACE = 8, /* the next writer wants another geometry */
    REGION_REMOVE = 16, /* it is removed at the end */
    REGION_CHANGE = 32  /* before whole values are published, the writer updates the value and goes back */
};

#endif
