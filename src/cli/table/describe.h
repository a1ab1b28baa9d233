/* SPDX-License-Identifier: Apache-2.0 */
/* What `mmsync stat` says about a table. */
#ifndef MMS_CLI_TABLE_DESCRIBE_H
#define MMS_CLI_TABLE_DESCRIBE_H

#include <mmsync/table.h>

/* False if the current value is not a table, or if this process may not hold a view of it; neither
   is reported. */
bool describe_table(const char *path, mms_table_info *out);

void print_table(const mms_table_info *table);

#endif
