/* SPDX-License-Identifier: Apache-2.0 */
/* Error codes. 0 is success; a negative value above -4096 is -errno; the codes below are mmsync's own. */
#ifndef MMSYNC_ERROR_H
#define MMSYNC_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) /* the library hides what no header declares */

/* X(name, value, text): the one list of codes. Values are frozen. */
#define MMS_ERROR_MAP(X)                                                \
    X(EMPTY, -5001, "the region holds no value yet")                    \
    X(BUSY, -5002, "another writer has the region")                     \
    X(AGAIN, -5003, "every slot is held by live readers")               \
    X(EVICTED, -5004, "the view was taken away; discard what you read") \
    X(GONE, -5005, "the region was removed")                            \
    X(FORKED, -5006, "the handle belongs to the parent process")        \
    X(TYPE, -5007, "the value has another type")                        \
    X(FULL, -5008, "the reader table is full")                          \
    X(TOO_BIG, -5009, "the size is over the limit")                     \
    X(NOT_REGION, -5010, "not an mmsync region")                        \
    X(CORRUPT, -5011, "the region is damaged")                          \
    X(VERSION, -5012, "the region has a newer format")                  \
    X(BYTE_ORDER, -5013, "the region was made with another byte order") \
    X(FILESYSTEM, -5014, "the file system is not supported")            \
    X(GEOMETRY, -5015, "the region exists with another geometry")       \
    X(NO_VIEW, -5016, "the reader holds no view")                       \
    X(TIMEOUT, -5017, "the wait timed out")                             \
    X(EXHAUSTED, -5018, "the region has no generations left")           \
    X(INVALID, -5019, "an argument is not valid")                       \
    X(READ_ONLY, -5020, "the region is open without the right to pin")  \
    X(FORGOTTEN, -5021, "it is too long ago, and no longer there")      \
    X(NOT_FOUND, -5022, "there is no such key")

enum mms_error {
#define MMS__ENUMERATE(name, value, text) MMS_E_##name = (value),
    MMS_ERROR_MAP(MMS__ENUMERATE)
#undef MMS__ENUMERATE
};

/* One sentence for a code, never NULL; thread-safe; the string is static. Knows -errno codes too. */
const char *mms_strerror(int code);

/* "MMS_E_EMPTY", "ENOSPC", "OK"; "UNKNOWN" for anything else. Static, never NULL. */
const char *mms_error_name(int code);

/* Detail of this thread's last failed call: what was being done, to which path, why, and what to do. Never NULL; ""
   before the first failure; like errno it is not reset by success, and may be set by what a call that succeeded did
   without. Valid until this thread's next call.
   Options are named as `options.NAME`, so that a program can replace that by the name its own users know. */
const char *mms_last_error(void);

/* The code of that call; 0 before the first failure. */
int mms_last_code(void);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
