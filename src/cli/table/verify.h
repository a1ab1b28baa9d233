/* SPDX-License-Identifier: Apache-2.0 */
/* What `verify` looks at in a table, beyond the region. */
#ifndef MMS_CLI_TABLE_VERIFY_H
#define MMS_CLI_TABLE_VERIFY_H

/* Check every structure of the current value if it is a table, and keys and values that have types by
   these. *finding, NULL if nothing is wrong, is good until the next call of the library. An exit status; anything but EXIT_OK
   has been reported. */
int verify_table(const char *path, const char **finding);

#endif
