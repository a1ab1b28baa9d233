/* SPDX-License-Identifier: Apache-2.0 */
/* A large value does not fit into the caches beside its source, and others will read it later.
   Stores that bypass the caches need not read each line before overwriting all of it, which
   saves a third of the traffic. memcpy does the same, but only from a size that it guesses
   from the processor's description of its caches, and in virtual machines the guess is often
   far too large. */
#include "base/bulk.h"
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>

enum { LINE = 64 };

static void stream_line(unsigned char *to, const unsigned char *from)
{
    __m128i a = _mm_loadu_si128((const __m128i *)(const void *)from);
    __m128i b = _mm_loadu_si128((const __m128i *)(const void *)(from + 16));
    __m128i c = _mm_loadu_si128((const __m128i *)(const void *)(from + 32));
    __m128i d = _mm_loadu_si128((const __m128i *)(const void *)(from + 48));

    _mm_stream_si128((__m128i *)(void *)to, a);
    _mm_stream_si128((__m128i *)(void *)(to + 16), b);
    _mm_stream_si128((__m128i *)(void *)(to + 32), c);
    _mm_stream_si128((__m128i *)(void *)(to + 48), d);
}

__attribute__((always_inline)) static inline void stream(unsigned char *to, const unsigned char *source, size_t size)
{
    size_t done = 0;

    for (; size - done >= LINE; done += LINE)
        stream_line(to + done, source + done);
    if (size > done)
        memcpy(to + done, source + done, size - done);
    _mm_sfence(); /* a release store alone does not wait for such stores; pair: the acquire in mms__announce */
}

void mms__copy_in(unsigned char *to, const void *from, size_t size)
{
    if (size >= MMS__BULK_SIZE)
        stream(to, from, size);
    else if (size > 0)
        memcpy(to, from, size);
}

void mms__copy_part_in(unsigned char *to, const void *from, size_t size)
{
    size_t head = (size_t)(-(uintptr_t)to % LINE);

    if (head > size)
        head = size;
    if (head > 0)
        memcpy(to, from, head);
    if (size > head)
        stream(to + head, (const unsigned char *)from + head, size - head);
}
#else
void mms__copy_part_in(unsigned char *to, const void *from, size_t size)
{
    mms__copy_in(to, from, size);
}

void mms__copy_in(unsigned char *to, const void *from, size_t size)
{
    if (size > 0)
        memcpy(to, from, size);
}
#endif
