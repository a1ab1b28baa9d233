/* SPDX-License-Identifier: Apache-2.0 */
/* What `verify` looks at in a typed table, beyond the region. */
#ifndef MMS_CLI_TABLE_VERIFY_H
#define MMS_CLI_TABLE_VERIFY_H

/* Check keys and values by their types, if the current value is a table that has any. *finding, NULL
   if nothing is wrong, is good until the next call of the library. An exit status; anything but EXIT_OK
   has been reported. */
int verify_table(const char *path, const char **finding);

#endif
