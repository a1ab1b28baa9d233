/* SPDX-License-Identifier: Apache-2.0 */
/* The protocol that mmsync replaces, as a test double: two slots, a version word that names one of them, and a count of
   readers for each. A reader loads the version, counts itself in, and never looks again; so a writer may have found the
   count at zero in between, and write what the reader reads. The tests of mmsync must be able to find that. After its
   grace the writer sets the count of live readers to zero; the controls give so long a grace that this plays no part.
   */
#ifndef TEST_ORIGINAL_PROTOCOL_H
#define TEST_ORIGINAL_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Between loading the version and counting in; a test may put something slow there. */
#ifndef ORIGINAL_WINDOW
#define ORIGINAL_WINDOW() ((void)0)
#endif

enum { ORIGINAL_WORDS = 64, ORIGINAL_SIZE = ORIGINAL_WORDS * 8 };

struct original {
    uint64_t version; /* slot (1 bit) | size (39 bits) | checksum (24 bits) */
    uint32_t readers[2];
    uint64_t graces_expired;
    uint64_t data[2][ORIGINAL_WORDS] __attribute__((aligned(64)));
};

struct original_view {
    const void *data;
    size_t size;
    unsigned slot;
};

static inline struct original_view original_read(struct original *shared)
{
    uint64_t version = __atomic_load_n(&shared->version, __ATOMIC_ACQUIRE);
    unsigned slot = (unsigned)version & 1;

    ORIGINAL_WINDOW();
    __atomic_add_fetch(&shared->readers[slot], 1, __ATOMIC_SEQ_CST);
    return (struct original_view){shared->data[slot], (size_t)(version >> 1 & ((UINT64_C(1) << 39) - 1)), slot};
}

static inline void original_release(struct original *shared, const struct original_view *view)
{
    __atomic_sub_fetch(&shared->readers[view->slot], 1, __ATOMIC_SEQ_CST);
}

/* The slot to write to, as soon as nobody is counted in it; `is_late` says when the grace, or the
   run, is over. */
static inline void *original_write_begin(struct original *shared, bool (*is_late)(void *), void *context)
{
    unsigned slot = 1 - (__atomic_load_n(&shared->version, __ATOMIC_RELAXED) & 1);

    while (__atomic_load_n(&shared->readers[slot], __ATOMIC_SEQ_CST) != 0)
        if (is_late(context)) {
            shared->graces_expired++;
            __atomic_store_n(&shared->readers[slot], 0, __ATOMIC_SEQ_CST);
        }
    return shared->data[slot];
}

static inline void original_write_end(struct original *shared, size_t size, uint64_t checksum)
{
    unsigned slot = 1 - (__atomic_load_n(&shared->version, __ATOMIC_RELAXED) & 1);

    __atomic_store_n(&shared->version, checksum << 40 | (uint64_t)size << 1 | slot, __ATOMIC_RELEASE);
}

#endif
