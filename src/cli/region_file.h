/* SPDX-License-Identifier: Apache-2.0 */
/* Files that no output may replace. */
#ifndef MMS_CLI_REGION_FILE_H
#define MMS_CLI_REGION_FILE_H

#include <stdbool.h>

/* Whether an absolute path is inside a region, or is one of the files of mmap-sync. Whoever has
   those mapped would not see the new file, and whoever opens them later would not see the old
   one. */
bool is_region_file(const char *path);

#endif
