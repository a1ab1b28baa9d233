/* SPDX-License-Identifier: Apache-2.0 */
/* `write --validate`: a command that says whether a value may be published. */
#ifndef MMS_CLI_VALIDATE_H
#define MMS_CLI_VALIDATE_H

#include <stddef.h>

/* Give the value to a line for the shell, on its standard input, while the writer's lock is held. EXIT_OK if it ends with
   status 0; anything else has been reported, unless the user interrupted it. */
int validate(const char *line, const char *path, const void *data, size_t size);

#endif
