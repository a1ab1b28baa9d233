/* SPDX-License-Identifier: Apache-2.0 */
/* The checker on bytes that change between any two of its loads. Its sources are compiled in here with a load that changes
   the bytes behind itself, so whatever is loaded a second time is something else; and each load must lie inside. */
#include <stddef.h>

static void loaded(const void *at, size_t size);
#define MMS__AFTER_GET(at, size) loaded(at, size)
/* clang-format off */
#include "archive/check/check.c"
#include "archive/check/map.c"
#include "archive/check/tree.c"
/* clang-format on */
#include "corpus.h"
#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

/* What a word becomes: offsets and lengths that lead out, tags and counts that do not exist. */
static const uint64_t hostile[] = {
    UINT64_MAX,
    UINT64_C(0x7fffffff7fffffff),
    UINT64_C(0x8000000080000000),
    UINT64_C(0x4000000040000000),
    UINT64_C(0x00ffffff00ffffff),
    UINT64_C(0xff000000ff000000),
    UINT64_C(0x0000100000001000),
    0,
};
enum { HOSTILE = sizeof hostile / sizeof *hostile };

static struct {
    unsigned char *bytes;
    size_t size;
    uint64_t word;
    size_t loads;  /* so far */
    size_t change; /* after this one; SIZE_MAX: after each */
    size_t outside;
} memory;

static void loaded(const void *at, size_t size)
{
    uintptr_t from = (uintptr_t)at - (uintptr_t)memory.bytes;

    if (from > memory.size || size > memory.size - from) {
        memory.outside++;
        return;
    }
    if (memory.change == SIZE_MAX || memory.change == memory.loads)
        memcpy(memory.bytes + from, &memory.word, size);
    memory.loads++;
}

/* Returns the code. Afterwards the bytes are as they were before. */
static int check_changing(const mms_archive *archive, const unsigned char *good, size_t change, uint64_t word)
{
    const void *root = NULL;
    int code;

    memcpy(memory.bytes, good, memory.size);
    memory.loads = 0;
    memory.change = change;
    memory.word = word;
    code = mms_archive_check(archive, memory.bytes, memory.size, &root);
    assert_int_equal(memory.outside, 0);
    assert_true(code == 0 || code == MMS_E_CORRUPT);
    assert_true(code != 0 || root == memory.bytes + (memory.size - archive->type->size));
    return code;
}

/* Texts are read without such loads, so the bytes end where memory ends, and on both sides nothing
   is mapped as far as an offset of 32 bits may lead, if there are enough addresses for that. */
#define DESERT ((size_t)1 << (sizeof(void *) > 4 ? 32 : 26))

static unsigned char *allocate(size_t size, unsigned char **desert)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), room = (size + page - 1) & ~(page - 1);

    *desert = mmap(NULL, 2 * DESERT + room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_true(*desert != MAP_FAILED);
    assert_int_equal(mprotect(*desert + DESERT, room, PROT_READ | PROT_WRITE), 0);
    return *desert + DESERT + ((room - size) & ~(size_t)15);
}

static void each_value(void (*test)(const mms_archive *archive, const unsigned char *good))
{
    const struct corpus_value *value;

    for (size_t i = 0; (value = corpus_value(i)); i++) {
        unsigned char *good = corpus_encode(value->archive, value->json, &memory.size), *desert;

        memory.bytes = allocate(memory.size, &desert);
        test(value->archive, good);
        munmap(desert, 2 * DESERT + memory.size);
        free(good);
    }
}

static void change_all(const mms_archive *archive, const unsigned char *good)
{
    assert_int_equal(check_changing(archive, good, SIZE_MAX - 1, 0), 0); /* none */
    for (size_t i = 0; i < HOSTILE; i++)
        (void)check_changing(archive, good, SIZE_MAX, hostile[i]);
}

static void what_is_loaded_twice_is_bounded_twice(void **state)
{
    (void)state;
    each_value(change_all);
}

static void change_one(const mms_archive *archive, const unsigned char *good)
{
    size_t loads;

    assert_int_equal(check_changing(archive, good, SIZE_MAX - 1, 0), 0);
    loads = memory.loads;
    for (size_t at = 0; at < loads; at++)
        for (size_t i = 0; i < HOSTILE; i++)
            (void)check_changing(archive, good, at, hostile[i]);
}

static void a_change_at_any_moment_is_harmless(void **state)
{
    (void)state;
    each_value(change_one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_loaded_twice_is_bounded_twice),
        cmocka_unit_test(a_change_at_any_moment_is_harmless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
