/* SPDX-License-Identifier: Apache-2.0 */
#define MMS_NO_INLINE
#include <mmsync.h>

extern int (*const exported_read)(mms_reader *, mms_view *);
extern int (*const exported_refresh)(mms_reader *, mms_view *);
extern int (*const exported_release)(mms_reader *);

int (*const exported_read)(mms_reader *, mms_view *) = mms_read;
int (*const exported_refresh)(mms_reader *, mms_view *) = mms_refresh;
int (*const exported_release)(mms_reader *) = mms_release;
