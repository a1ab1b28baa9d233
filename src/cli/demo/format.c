/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/demo/format.h"
#include <stdio.h>

const char *format_count(char text[TEXT_SIZE], uint64_t count)
{
    char digits[TEXT_SIZE];
    int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)count), at = 0;

    for (int i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0)
            text[at++] = ',';
        text[at++] = digits[i];
    }
    text[at] = '\0';
    return text;
}

const char *format_latency(char text[TEXT_SIZE], uint64_t ns)
{
    static const char *const units[] = {"us", "ms", "s"};
    double value = (double)ns / 1000;
    unsigned unit = 0;

    if (ns < 1000) {
        snprintf(text, TEXT_SIZE, "%u ns", (unsigned)ns);
        return text;
    }
    for (; value >= 999.5 && unit < 2; unit++)
        value /= 1000;
    snprintf(text, TEXT_SIZE, "%.*f %s", value < 9.995 ? 2 : value < 99.95 ? 1 : 0, value, units[unit]);
    return text;
}
