/* SPDX-License-Identifier: Apache-2.0 */
/* Figures for people to read. Each returns its text. */
#ifndef MMS_CLI_DEMO_FORMAT_H
#define MMS_CLI_DEMO_FORMAT_H

#include "cli/message.h"
#include <stdbool.h>

/* "1,234,567" */
const char *format_count(char text[TEXT_SIZE], uint64_t count);
/* "212 ns", "1.32 us", "8.1 ms", "1.20 s" */
const char *format_latency(char text[TEXT_SIZE], uint64_t ns);

#endif
