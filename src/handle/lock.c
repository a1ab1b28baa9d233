/* SPDX-License-Identifier: Apache-2.0 */
#include "handle/lock.h"
#include "base/error.h"
#include "os/byte_lock.h"

int mms__fail_lock(int code, const char *doing, const char *directory, const char *name)
{
    const char *slash = *name ? "/" : "";

    if (!mms__locks_are_refused(code))
        return mms__fail(code, "%s %s: locking its file %s%s%s", doing, directory, directory, slash, name);
    return mms__fail(code,
                     "%s %s: this process may not lock %s%s%s; a security module, a filter, or an emulator refuses "
                     "fcntl(2) locks (AppArmor: add `k` to the rule for these files; SELinux: allow `lock`)",
                     doing, directory, directory, slash, name);
}
