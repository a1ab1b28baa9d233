/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MMS_BASE_ERROR_H
#define MMS_BASE_ERROR_H

#include <mmsync/error.h>

/* Store this thread's detail and return code: `return mms__fail(MMS_E_EMPTY, "reading %s:
   ...", path)`. The detail says what was being done, to what, why it failed and what to do
   next. Advice that goes with the code alone (EMFILE, ENFILE) and the code's own text are
   appended. */
int mms__fail(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same with code = -errno, for a system call that has just failed. Never returns 0. */
int mms__fail_errno(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same with a detail that is the same each time: quick, for what happens often. `text` ends as
   mms__fail would end it. */
int mms__fail_text(int code, const char *text);

/* clang's analyzer does not see other files: this tells it that the result is the code, never
   0. */
#ifdef __clang_analyzer__
#define mms__fail(code, ...) (mms__fail(code, __VA_ARGS__), (code))
#define mms__fail_errno(...) (mms__fail_errno(__VA_ARGS__), -1)
#endif

#endif
