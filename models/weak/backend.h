/* SPDX-License-Identifier: Apache-2.0 */
/* What a scenario may use besides the protocol, pthreads and the names of mmsync/atomic.h, for either checker: the
   explorer in this directory (MODEL_EXPLORER is defined), or GenMC. */
#ifndef MODEL_BACKEND_H
#define MODEL_BACKEND_H

#include <mmsync/atomic.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#ifdef MODEL_EXPLORER

/* Accesses that are not atomic: if two can meet, and one is a store, that is an error. */
#define PLAIN_LOAD(v) ((__typeof__(v))explore_plain_load(&(v), sizeof(v)))
#define PLAIN_STORE(v, value) explore_plain_store(&(v), sizeof(v), (uint64_t)(value))

#define CHECK(condition) explore_check((condition), #condition, __FILE__, __LINE__)
#define NAME(v) explore_name(&(v), sizeof(v), #v)
/* The thread may be killed before any of its accesses from here on; what it has locked comes free. */
#define MAY_DIE() explore_be_mortal()
/* membarrier may strike the thread. */
#define BE_REACHED() explore_be_reached()
#define MEMBARRIER() explore_membarrier()
#define main scenario_main

#else

#include <assert.h>

#define PLAIN_LOAD(v) (v)
#define PLAIN_STORE(v, value) ((v) = (value))
#define CHECK(condition) assert(condition)
#define NAME(v) ((void)0)

#endif
#endif
