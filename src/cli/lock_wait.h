/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a writer in verbs that catch signals: one ends the wait for another writer, too. */
#ifndef MMS_CLI_LOCK_WAIT_H
#define MMS_CLI_LOCK_WAIT_H

#include <mmsync.h>

/* mms_writer_open. MMS_E_BUSY as well if a signal has come before the other writer ended. */
int open_writer(const char *path, const mms_writer_options *options, mms_writer **writer);

#endif
