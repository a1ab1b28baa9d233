/* SPDX-License-Identifier: Apache-2.0 */
/* What `stat` says about a table. */
#ifndef MMS_CLI_TABLE_DESCRIBE_H
#define MMS_CLI_TABLE_DESCRIBE_H

#include <mmsync/table.h>

/* False: the current value is no table, or this process may not hold a view of it. Nothing is
   said. */
bool describe_table(const char *path, mms_table_info *out);

void print_table(const mms_table_info *table);

#endif
