/* SPDX-License-Identifier: Apache-2.0 */
/* The table that a region holds, for verbs that read it. */
#ifndef MMS_CLI_TABLE_HELD_H
#define MMS_CLI_TABLE_HELD_H

#include "cli/table/types.h"
#include "cli/value_copy.h"

/* A view, or a copy if this process may not hold views. */
struct held_table {
    mms_region *region;
    mms_reader *reader;
    struct value_copy copy;
    mms_table_view view;
    struct table_types types; /* of its keys and values */
};

/* An exit status; anything but EXIT_OK has been reported, here and below. Release in any case. */
int held_table_take(struct held_table *held, const char *path, const mms_region_options *options);
int held_table_release(struct held_table *held);

/* Its parts, for a value that may be no table: read it, open `view` as held->view, and take its types. */
int held_table_read(struct held_table *held, const char *path, const mms_region_options *options, mms_view *view);
int held_table_take_types(struct held_table *held);

#endif
