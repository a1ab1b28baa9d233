/* SPDX-License-Identifier: Apache-2.0 */
/* What the source files of the contestant Redis share. */
#ifndef BENCH_REDIS_OWN_H
#define BENCH_REDIS_OWN_H

#include "contestant.h"
#include <hiredis/hiredis.h>

extern redisContext *redis_own; /* the writer's */
extern bool redis_texts;

int redis_fail(const char *what); /* -1 */
int redis_collect(size_t count);  /* that many replies to the writer */
uint64_t redis_used_memory(void);

extern const struct bench_keys redis_keys;

#endif
