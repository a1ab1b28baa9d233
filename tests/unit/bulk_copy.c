/* SPDX-License-Identifier: Apache-2.0 */
/* mms__copy_in copies every byte and no more, on both sides of the size above which it bypasses
   the caches, and mms__copy_part_in does at any address (base/bulk.c; G1). */
#include "base/bulk.h"
#include "check.h"
#include <stdlib.h>
#include <string.h>

enum { ROOM = 256 };

static unsigned char *make(size_t size, unsigned seed)
{
    unsigned char *bytes = aligned_alloc(64, (size + 63) / 64 * 64);

    check_true(bytes != NULL);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)((i * 31 + i / 251 + seed) & 0xff);
    return bytes;
}

static void copy_and_compare(unsigned char *to, const unsigned char *from, size_t size)
{
    memset(to, 0xa5, size + ROOM);
    mms__copy_in(to, from, size);
    check_memory(to, from, size);
    for (size_t i = size; i < size + ROOM; i++)
        check_equal(to[i], 0xa5);
}

static void all_bytes_arrive_and_none_more(void **state)
{
    const size_t sizes[] = {0,
                            1,
                            63,
                            64,
                            65,
                            4096,
                            MMS__BULK_SIZE - 1,
                            MMS__BULK_SIZE,
                            MMS__BULK_SIZE + 1,
                            MMS__BULK_SIZE + 63,
                            MMS__BULK_SIZE + 64,
                            MMS__BULK_SIZE + 100};
    unsigned char *from = make(MMS__BULK_SIZE + 2 * ROOM, 1), *to = make(MMS__BULK_SIZE + 2 * ROOM, 2);

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t offset = 0; offset < 8; offset += 7) /* the caller's bytes lie anywhere */
            copy_and_compare(to, from + offset, sizes[i]);
    free(from);
    free(to);
}

static void parts_arrive_at_any_address(void **state)
{
    unsigned char *from = make(4096, 1), *to = make(4096, 2);

    (void)state;
    for (size_t offset = 0; offset < 130; offset++)
        for (size_t size = 0; size < 300; size += 1 + size / 7) {
            memset(to, 0xa5, 600);
            mms__copy_part_in(to + offset, from + offset % 5, size);
            check_memory(to + offset, from + offset % 5, size);
            for (size_t i = 0; i < 600; i++)
                check_true((i >= offset && i < offset + size) || to[i] == 0xa5);
        }
    free(from);
    free(to);
}

/* Full lines leave the processor so soon that no test sees one arrive late, so check the machine
   code instead: a function that streams (movntdq or movntps) has an sfence. */
#if defined(__x86_64__) && defined(__SSE2__) && defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__)
static void check_fence(const unsigned char *at)
{
    unsigned char code[1024];
    bool streams = false, fences = false;

    memcpy(code, at, sizeof code);
    for (size_t i = 0; i + 3 <= sizeof code && !fences; i++) {
        streams = streams || (code[i] == 0x0f && (code[i + 1] == 0xe7 || code[i + 1] == 0x2b));
        fences = fences || (streams && memcmp(code + i, "\x0f\xae\xf8", 3) == 0);
    }
    check_true(streams);
    check_true(fences);
}
#endif

static void streaming_stores_have_a_fence_behind_them(void **state)
{
#if defined(__SANITIZE_ADDRESS__) || !defined(__OPTIMIZE__)
    (void)state;
    skip_because("instrumented or unoptimised code is longer than what this test looks at");
#elif defined(__x86_64__) && defined(__SSE2__)
    (void)state; /* the two have it from the same lines, so that neither can lend it to the other */
    check_fence((const unsigned char *)(uintptr_t)mms__copy_in);
    check_fence((const unsigned char *)(uintptr_t)mms__copy_part_in);
#else
    (void)state;
    skip_because("this test knows the instructions of x86-64 only");
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_bytes_arrive_and_none_more),
        cmocka_unit_test(parts_arrive_at_any_address),
        cmocka_unit_test(streaming_stores_have_a_fence_behind_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
