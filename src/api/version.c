/* SPDX-License-Identifier: Apache-2.0 */
#include <mmsync.h>

const char *mms_version(void)
{
    return MMS_VERSION;
}
