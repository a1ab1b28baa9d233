/* SPDX-License-Identifier: Apache-2.0 */
/* Every atomic access and every fence in mmsync goes through these names: one grep lists each ordering, and a checker
   can put its own layer in their place. Not part of the API. */
#ifndef MMSYNC_ATOMIC_H
#define MMSYNC_ATOMIC_H

#include <stdint.h>

/* Casts that C++ compilers do not complain of: between numbers (and from void pointers), and between pointers. */
#ifdef __cplusplus
#define MMS__NUMBER_CAST(type, value) static_cast<type>(value)
#define MMS__POINTER_CAST(type, value) reinterpret_cast<type>(value)
#else
#define MMS__NUMBER_CAST(type, value) ((type)(value))
#define MMS__POINTER_CAST(type, value) ((type)(value))
#endif

/* 64-bit words shared between processes. 32-bit ABIs would align a plain uint64_t to 4 bytes. */
typedef uint64_t mms__word __attribute__((aligned(8)));

#define mms__load_relaxed(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define mms__load_acquire(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define mms__store_relaxed(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define mms__load_seq_cst(p) __atomic_load_n((p), __ATOMIC_SEQ_CST)
#define mms__store_seq_cst(p, v) __atomic_store_n((p), (v), __ATOMIC_SEQ_CST)
#define mms__store_release(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)

/* True and *p = desired if *p was *expected; else false and *expected = *p. Claiming a line needs the acquire in it. */
#define mms__cas_seq_cst(p, expected, desired) \
    __atomic_compare_exchange_n((p), (expected), (desired), 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)

/* Returns the new value; for counters of this process alone. */
#define mms__increment(p) __atomic_add_fetch((p), 1, __ATOMIC_RELAXED)

#define mms__fence_acquire() __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define mms__fence_release() __atomic_thread_fence(__ATOMIC_RELEASE)
#define mms__fence_seq_cst() __atomic_thread_fence(__ATOMIC_SEQ_CST)

/* Orders nothing in hardware: keeps the compiler from reordering, and membarrier in the writer does the rest. */
#define mms__fence_compiler() __atomic_signal_fence(__ATOMIC_SEQ_CST)

#endif
