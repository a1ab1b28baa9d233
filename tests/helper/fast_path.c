/* SPDX-License-Identifier: Apache-2.0 */
/* The inline functions as user programs get them, one to a symbol, for tests/cli/fast_path.sh to disassemble. */
#include <mmsync.h>

int fast_read(mms_reader *reader, mms_view *view);
int fast_refresh(mms_reader *reader, mms_view *view);
int fast_release(mms_reader *reader);
uint64_t fast_loop(mms_reader *reader, int times);

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

/* Reads and releases, as a loop of a program has them. */
__attribute__((noinline)) uint64_t fast_loop(mms_reader *reader, int times)
{
    uint64_t sum = 0;
    mms_view view;

    for (int i = 0; i < times; i++) {
        if (mms_read(reader, &view) != 0)
            break;
        sum += *(const unsigned char *)view.data;
        if (mms_release(reader) != 0)
            break;
    }
    return sum;
}

int main(void)
{
    mms_view view;

    return fast_read(NULL, &view) == MMS_E_INVALID && fast_refresh(NULL, &view) == MMS_E_INVALID &&
                   fast_release(NULL) == MMS_E_INVALID && fast_loop(NULL, 1) == 0
               ? 0
               : 1;
}
