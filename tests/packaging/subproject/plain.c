/* SPDX-License-Identifier: Apache-2.0 */
#include <mmsync.h>
#include <stdio.h>

int main(void)
{
    return puts(mms_version()) < 0;
}
