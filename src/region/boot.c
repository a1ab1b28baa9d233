/* SPDX-License-Identifier: Apache-2.0 */
#include "region/boot.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/text.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <mmsync/atomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Two readings of one moment differ by less; two boots by more. */
#define TOLERANCE_NS UINT64_C(1000000000)

static uint64_t distance(uint64_t a, uint64_t b)
{
    return a > b ? a - b : b - a;
}

enum mms__boot_verdict mms__boot_compare(const struct mms__boot *stored, const struct mms__boot *now)
{
    if (stored->id[0] == now->id[0] && stored->id[1] == now->id[1])
        return MMS__SAME_BOOT;
    if (stored->id_kind != MMS__BOOT_ID_MASKED && now->id_kind != MMS__BOOT_ID_MASKED)
        return MMS__ANOTHER_BOOT;
    if (stored->began_ns == 0 || now->began_ns == 0)
        return MMS__UNKNOWN_BOOT;
    if (now->up_ns < stored->up_ns) /* no clock that can be set */
        return MMS__ANOTHER_BOOT;
    if (distance(stored->began_ns, now->began_ns) <= TOLERANCE_NS)
        return MMS__SAME_BOOT;
    /* Another boot if this one began after the value was stored. Otherwise the clock was set, and
       there is no way to tell. */
    return now->began_ns > stored->began_ns + stored->up_ns ? MMS__ANOTHER_BOOT : MMS__UNKNOWN_BOOT;
}

/* What a time namespace adds to the time since boot. False if that is not known; a kernel
   without this file has no such namespaces. */
static bool read_namespace_offset(int64_t *offset_ns)
{
    char text[256];
    const char *line;
    char *rest;
    int code = mms__read_text("/proc/self/timens_offsets", text, sizeof text);

    *offset_ns = 0;
    if (code == -ENOENT)
        return true;
    line = strstr(text, "boottime");
    if (!line)
        return false;
    *offset_ns = strtoll(line + strlen("boottime"), &rest, 10) * INT64_C(1000000000);
    *offset_ns += strtoll(rest, NULL, 10);
    return true;
}

/* Both clocks at one moment, as nearly as possible. */
static void read_clocks(struct mms__boot *boot)
{
    uint64_t best = 0;

    for (int tries = 0; tries < 3; tries++) {
        uint64_t before = mms__read_clock(CLOCK_REALTIME), up = mms__read_clock(CLOCK_BOOTTIME);
        uint64_t took = mms__read_clock(CLOCK_REALTIME) - before;

        if (tries > 0 && took >= best)
            continue;
        best = took;
        boot->up_ns = up;
        boot->began_ns = before - up;
    }
}

/* The kernel's own, or a file that was mounted over it. */
static uint32_t find_id_kind(void)
{
    struct statfs status;
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    bool is_kernels =
        fd >= 0 && fstatfs(fd, &status) == 0 && ((unsigned long)status.f_type & UINT32_MAX) == PROC_SUPER_MAGIC;

    if (fd >= 0)
        close(fd);
    return is_kernels ? MMS__BOOT_ID_KERNELS : MMS__BOOT_ID_MASKED;
}

int mms__boot_now(struct mms__boot *boot)
{
    int64_t offset_ns;

    *boot = (struct mms__boot){.id_kind = find_id_kind()};
    if (read_namespace_offset(&offset_ns)) {
        read_clocks(boot);
        boot->up_ns -= (uint64_t)offset_ns;
        boot->began_ns += (uint64_t)offset_ns;
    }
    return mms__boot_id(boot->id);
}

enum mms__boot_verdict mms__boot_judge(const struct mms__control *control)
{
    struct mms__boot stored, now;

    /* Acquire: whoever finds that it began with this boot finds `current` as the writer that
       stored that left it (pair: start_new_boot), whichever half of the id is there. */
    stored.began_ns = mms__load_acquire(&control->boot_began_ns);
    stored.up_ns = mms__load_relaxed(&control->boot_up_ns);
    stored.id_kind = mms__load_relaxed(&control->boot_id_kind);
    stored.id[0] = mms__load_acquire(&control->boot_id[0]);
    stored.id[1] = mms__load_acquire(&control->boot_id[1]);
    (void)mms__boot_now(&now); /* known: mms__check_boot comes first */
    return mms__boot_compare(&stored, &now);
}

void mms__boot_refresh(struct mms__control *control)
{
    struct mms__boot now;

    read_clocks(&now);
    if (distance(now.began_ns, mms__load_relaxed(&control->boot_began_ns)) < TOLERANCE_NS / 4)
        return;
    (void)mms__boot_now(&now);
    if (now.began_ns == 0)
        return;
    mms__store_relaxed(&control->boot_up_ns, now.up_ns);
    mms__store_release(&control->boot_began_ns, now.began_ns);
}
