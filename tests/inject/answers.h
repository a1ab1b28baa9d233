/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of one rare answer at a time, of the kernel or of another process: makes calls fail
   from a given one on, and cleans up for the next test. injected_calls.c goes through all
   calls. */
#ifndef ANSWERS_H
#define ANSWERS_H

#include "check.h"
#include "inject.h"

enum { FOR_GOOD = 1 << 30 };

/* Each program's main sets it: counts = inject_share(). */
extern struct inject_counts *counts;

/* From now on call number `nth` of a kind fails, and those after it, `times` in all. With 0 for
   `nth` none fails, but they are counted. */
void fail_from_here(enum inject_kind kind, unsigned nth, int error, unsigned times);

/* Close this process's descriptor of a file, like a careless host. */
void close_file_named(const char *path);

/* For in_child: a closed region at that path, whose value is "value". */
void make_region(void *path);

/* The teardown of both macros: a test that failed may have left something armed. */
int disarm_and_remove(void **state);

#define answers_test(function) cmocka_unit_test_setup_teardown(function, scratch_in_memory, disarm_and_remove)
#define answers_test_on_disk(function) cmocka_unit_test_setup_teardown(function, scratch_on_disk, disarm_and_remove)

#endif
