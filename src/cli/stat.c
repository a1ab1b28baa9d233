/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/stat.h"
#include "cli/now.h"
#include <stdio.h>

uint64_t stat_age_ns(const mms_info *info)
{
    uint64_t now = read_clock(CLOCK_REALTIME), then = info->publish_time_ns;

    return now > then ? now - then : 0; /* the clock may have been set back */
}

void stat_format_id(char text[33], const uint64_t id[2])
{
    snprintf(text, 33, "%016llx%016llx", (unsigned long long)id[0], (unsigned long long)id[1]);
}
