/* SPDX-License-Identifier: Apache-2.0 */
/* `mmsync dump --as`: a table as text. */
#ifndef MMS_CLI_TABLE_DUMP_H
#define MMS_CLI_TABLE_DUMP_H

#include "cli/table/text.h"

/* To a file, which appears whole or not at all; NULL: to standard output. An exit status; anything
   but EXIT_OK has been reported. */
int dump_table(const char *path, const mms_region_options *options, const struct text_style *style, const char *file);

#endif
