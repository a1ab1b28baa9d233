/* SPDX-License-Identifier: Apache-2.0 */
/* This kernel's boot id, and whether a region was last written in this boot. */
#include "base/error.h"
#include "os/text.h"
#include "region/boot.h"
#include "region/header.h"
#include <errno.h>
#include <string.h>

static bool parse_id(const char *text, uint64_t id[2])
{
    static const char hex[] = "0123456789abcdef";
    int digits = 0;

    for (; *text && digits < 32; text++) {
        const char *digit = strchr(hex, *text);

        if (!digit)
            continue;
        id[digits / 16] = id[digits / 16] << 4 | (uint64_t)(digit - hex);
        digits++;
    }
    return digits == 32;
}

static int read_boot_id(uint64_t id[2])
{
    char text[64];
    int code = mms__read_text("/proc/sys/kernel/random/boot_id", text, sizeof text);

    if (code != 0)
        return code;
    return parse_id(text, id) ? 0 : -EIO;
}

/* Read once: the id that is stored and the one compared with it must not differ because one of the
   two reads ran out of descriptors. */
int mms__boot_id(uint64_t id[2])
{
    static uint64_t known[2]; /* every thread would store the same */
    static uint32_t is_known;
    int code;

    id[0] = id[1] = 0;
    if (!mms__load_acquire(&is_known)) { /* pair: the release below. Whoever finds it known finds the id */
        code = read_boot_id(id);
        if (code != 0) {
            id[0] = id[1] = 0;
            return code;
        }
        mms__store_relaxed(&known[0], id[0]);
        mms__store_relaxed(&known[1], id[1]);
        mms__store_release(&is_known, 1);
    }
    id[0] = mms__load_relaxed(&known[0]);
    id[1] = mms__load_relaxed(&known[1]);
    return 0;
}

int mms__check_boot(const struct mms__place *place, const struct mms__control *control)
{
    uint64_t id[2];
    int code;

    if (place->volatile_memory)
        return 0;
    code = mms__boot_id(id);
    if (code != 0)
        return mms__fail(
            code,
            "opening %s: /proc/sys/kernel/random/boot_id cannot be read, so the value may be older than this boot; "
            "mount /proc, or use a region on tmpfs",
            place->path);
    if (!control || mms__load_relaxed(&control->current) == 0 || mms__boot_judge(control) != MMS__UNKNOWN_BOOT)
        return 0;
    return mms__fail(-ESTALE,
                     "opening %s: it was written under another boot id, perhaps in a container, and the clock was set "
                     "since, so the value may be older than this boot; open a writer where the last one ran, or %s",
                     place->path,
                     mms__header_is_durable(&control->header)
                         ? "reboot the machine: it is durable, and its value comes back"
                         : "remove the region (mmsync rm)");
}

bool mms__is_from_another_boot(const struct mms__place *place, const struct mms__control *control)
{
    uint64_t id[2];

    if (place->volatile_memory)
        return false;
    (void)mms__boot_id(id); /* known: mms__check_boot comes first */
    /* Acquire: whoever finds this boot's id finds `current` as the writer that stored the id
       left it (pair: start_new_boot). */
    if (id[0] == mms__load_acquire(&control->boot_id[0]) && id[1] == mms__load_acquire(&control->boot_id[1]))
        return false;
    return mms__boot_judge(control) != MMS__SAME_BOOT;
}
