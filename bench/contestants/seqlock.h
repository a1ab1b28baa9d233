/* SPDX-License-Identifier: Apache-2.0 */
/* A sequence lock in shared memory: the writer makes the count odd, writes, makes it even; a
   reader copies, and tries again if the count was odd or has changed. Data is copied by words,
   which is what makes a racing copy defined. */
#ifndef BENCH_SEQLOCK_H
#define BENCH_SEQLOCK_H

#include "common.h"

struct seqlock {
    uint64_t count __attribute__((aligned(64)));
    uint64_t size;
    uint64_t words[];
};

static inline size_t seqlock_bytes(size_t max_size)
{
    return sizeof(struct seqlock) + (max_size + 7) / 8 * 8;
}

static inline void seqlock_write(struct seqlock *lock, const void *data, size_t size)
{
    uint64_t count = __atomic_load_n(&lock->count, __ATOMIC_RELAXED);
    const unsigned char *from = data;

    __atomic_store_n(&lock->count, count + 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    __atomic_store_n(&lock->size, size, __ATOMIC_RELAXED);
    for (size_t i = 0; i < size; i += 8) {
        uint64_t word = 0;

        memcpy(&word, from + i, size - i < 8 ? size - i : 8);
        __atomic_store_n(&lock->words[i / 8], word, __ATOMIC_RELAXED);
    }
    __atomic_store_n(&lock->count, count + 2, __ATOMIC_RELEASE);
}

static inline size_t seqlock_read(const struct seqlock *lock, void *to)
{
    uint64_t *words = to;

    for (;;) {
        uint64_t count = __atomic_load_n(&lock->count, __ATOMIC_ACQUIRE);
        size_t size = (size_t)__atomic_load_n(&lock->size, __ATOMIC_RELAXED);

        if (count & 1) {
            __asm__ volatile("" : : : "memory");
            continue;
        }
        for (size_t i = 0; i < (size + 7) / 8; i++)
            words[i] = __atomic_load_n(&lock->words[i], __ATOMIC_RELAXED);
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        if (__atomic_load_n(&lock->count, __ATOMIC_RELAXED) == count)
            return size;
    }
}

#endif
