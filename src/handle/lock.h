/* SPDX-License-Identifier: Apache-2.0 */
/* Error details about kernel locks. */
#ifndef MMS_HANDLE_LOCK_H
#define MMS_HANDLE_LOCK_H

/* Store the detail for a lock that failed, and return the code: what was being done, to which
   file. */
int mms__fail_lock(int code, const char *doing, const char *directory, const char *name);

#endif
