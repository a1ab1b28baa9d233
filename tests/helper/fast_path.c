/* SPDX-License-Identifier: Apache-2.0 */
/* The inline functions as user programs get them, one to a symbol, for tests/cli/fast_path.sh to disassemble. */
#include <mmsync.h>

int fast_read(mms_reader *reader, mms_view *view);
int fast_refresh(mms_reader *reader, mms_view *view);
int fast_release(mms_reader *reader);

__attribute__((noinline)) int fast_read(mms_reader *reader, mms_view *view)
{
    return mms_read(reader, view);
}

__attribute__((noinline)) int fast_refresh(mms_reader *reader, mms_view *view)
{
    return mms_refresh(reader, view);
}

__attribute__((noinline)) int fast_release(mms_reader *reader)
{
    return mms_release(reader);
}

int main(void)
{
    mms_view view;

    return fast_read(NULL, &view) == MMS_E_INVALID && fast_refresh(NULL, &view) == MMS_E_INVALID &&
                   fast_release(NULL) == MMS_E_INVALID
               ? 0
               : 1;
}
