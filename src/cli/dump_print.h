/* SPDX-License-Identifier: Apache-2.0 */
/* What `restore` says of a dump. */
#ifndef MMS_CLI_DUMP_PRINT_H
#define MMS_CLI_DUMP_PRINT_H

#include "cli/dump.h"
#include <mmsync.h>
#include <stdbool.h>

/* One line, or one JSON object, to standard output. receipt: of the value's publication; NULL:
   the dump was only checked. reset: the value was taken from readers for that. Returns EXIT_OK. */
int dump_print(const struct dump *dump, const mms_receipt *receipt, bool reset);

#endif
