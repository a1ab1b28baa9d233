/* SPDX-License-Identifier: Apache-2.0 */
/* Values whose bytes are all the same, and all stored: where memory is missing, that raises SIGBUS. */
#ifndef FILLED_H
#define FILLED_H

#include "check.h"

/* The generation that check_filled expects. Each publish_filled that succeeds sets it to that of its receipt. */
extern uint64_t filled_generation;

/* Publish `size` bytes. Returns what the library says; a failure fails no test. */
int publish_filled(mms_writer *writer, size_t size, unsigned char fill);
/* Read and release: the newest value is this one. Fails the test otherwise. */
void check_filled(mms_reader *reader, size_t size, unsigned char fill);

#endif
