/* SPDX-License-Identifier: Apache-2.0 */
/* Durable regions after a reboot: their value is there again once a writer has opened them. */
#ifndef MMS_CLI_RECOVERY_H
#define MMS_CLI_RECOVERY_H

#include "cli/writer_arguments.h"

/* Of the path of such a region. */
#define RECOVERY_ADVICE                                                                                               \
    "%s is durable, and no writer has opened it since the machine was started; start the writer, or bring its value " \
    "back with mmsync recover"

/* Is there a value on the disk that readers do not get yet? */
bool recovery_is_due(const mms_info *info);

/* Bring it back, as any writer does, with the waits and rights that the arguments name. 0 as well if there is nothing to do,
   or another writer has done it meanwhile. */
int recover_region(const char *path, const struct writer_arguments *arguments);

#endif
