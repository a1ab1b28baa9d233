/* SPDX-License-Identifier: Apache-2.0 */
/* `mmsync watch --keys`: the keys that differ between two states of a table. */
#ifndef MMS_CLI_TABLE_CHANGED_KEYS_H
#define MMS_CLI_TABLE_CHANGED_KEYS_H

#include "cli/table/notation.h"

/* Print a line for each: " put KEY" or " del KEY". `ranges` says where the two may differ, in
   ascending order; NULL: anywhere. An exit status; anything but EXIT_OK has been reported. */
int print_changed_keys(const mms_table_view *before, const mms_table_view *now, const mms_range *ranges, size_t count,
                       const struct notation *notation);

#endif
