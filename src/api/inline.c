/* SPDX-License-Identifier: Apache-2.0 */
/* The inline functions of mmsync/fast.h once more, as symbols: for bindings, and for programs without inlining. */
#define MMS_NO_INLINE
#include <mmsync.h>
#define MMS__INLINE
#define MMS__OUT_OF_LINE
#include <mmsync/fast.h>
