/* SPDX-License-Identifier: Apache-2.0 */
/* Look-ups in bytes that change between any two loads of a word: the sources are compiled in here with
   a load that changes the word behind itself, or gives another word than there is, so whatever is
   loaded a second time is something else; and each load must lie inside. */
#include <mmsync/atomic.h>
#include <stddef.h>
#undef mms__load_relaxed
static uint64_t load_and_change(const void *at, size_t size);
#define MMS__LOADS_ARE_WATCHED
#define mms__load_relaxed(p) \
    __builtin_choose_expr(sizeof *(p) == 4, (uint32_t)load_and_change((p), 4), load_and_change((p), sizeof *(p)))
/* clang-format off */
#include "table/keys.c"
#include "table/open.c"
#include "table/look.c"
#include "table/check.c"
/* clang-format on */
#include "memory_writer.h"
#include "table_property.h"
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#define NONE (SIZE_MAX - 1) /* of the loads */

/* What a word is changed to: sizes and places that lead out, and flags of all kinds. */
static const uint64_t hostile[] = {
    UINT64_MAX,
    UINT64_C(0x7fffffffffffffff),
    UINT64_C(0x0001000000000000) | MMS__LINK,
    UINT64_C(0x0001000000000080),
    UINT64_C(0x00007fffffffffff),
    UINT64_C(0xffffffffff000000),
    UINT64_C(0x0000100000001000),
    0x81,
    0x80,
    0,
};
enum { HOSTILE = sizeof hostile / sizeof *hostile };

static struct {
    unsigned char *bytes; /* with no memory before and behind */
    unsigned char *good;
    size_t size;
    uint64_t word;
    size_t loads, change; /* so far; after which one, SIZE_MAX: after each */
    size_t other;         /* which one gives `word`, whatever is there */
    size_t room;
    unsigned char *map;
} memory;

static uint64_t load_and_change(const void *at, size_t size)
{
    uintptr_t from = (uintptr_t)at - (uintptr_t)memory.bytes;
    uint64_t value;

    if (memory.bytes) /* else it is being made */
        check_true(from <= memory.size && size <= memory.size - from && from % size == 0);
    /* Atomic, like the library's: a compiler may repeat a plain load of what a thread changes. */
    value = size == sizeof(uint32_t) ? __atomic_load_n((const uint32_t *)at, __ATOMIC_RELAXED)
                                     : __atomic_load_n((const uint64_t *)at, __ATOMIC_RELAXED);
    if (memory.bytes && (memory.change == SIZE_MAX || memory.change == memory.loads))
        memcpy(memory.bytes + from, &memory.word, size);
    return memory.loads++ == memory.other ? memory.word : value;
}

/* A small table of every kind of thing: nodes, free blocks, and unless it is plain an order and times. */
static void make_table(bool plain)
{
    mms_table_options options = MMS_TABLE_OPTIONS_INIT;
    mms_writer *writer = memory_writer_open(NULL, 0);
    mms_table *table;
    const void *value;

    options.seed[0] = 3;
    if (!plain) {
        options.max_bytes = 1 << 20;
        options.expires_ns = UINT64_MAX;
    }
    check_ok(mms_table_begin(writer, &options, &table));
    for (uint64_t key = 0; key < 70; key++)
        check_ok(mms_table_put(table, &key, 1 + key % 8, "some text, which is cut", (size_t)key % 23));
    for (uint64_t key = 0; key < 70; key += 9)
        check_ok(mms_table_delete(table, &key, 1 + key % 8));
    check_ok(mms_table_commit(table, NULL));
    value = memory_writer_value(&memory.size);
    memory.good = malloc(memory.size);
    memcpy(memory.good, value, memory.size);
    memory_writer_close();
}

static int set_up(bool plain)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    memory.change = memory.other = NONE;
    make_table(plain);
    memory.room = (memory.size + page - 1) / page * page;
    memory.map = mmap(NULL, memory.room + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    check_true(memory.map != MAP_FAILED);
    check_ok(mprotect(memory.map + page, memory.room, PROT_READ | PROT_WRITE));
    memory.bytes = memory.map + page + memory.room - memory.size;
    return 0;
}

static int set_up_plain(void **state)
{
    (void)state;
    return set_up(true);
}

static int set_up_rich(void **state)
{
    (void)state;
    return set_up(false);
}

static int tear_down(void **state)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    (void)state;
    free(memory.good);
    check_ok(munmap(memory.map, memory.room + 2 * page));
    memory.bytes = NULL;
    return 0;
}

/* Returns how many loads it took. */
static size_t run(size_t change, size_t other, uint64_t word)
{
    memcpy(memory.bytes, memory.good, memory.size);
    memory.loads = 0;
    memory.change = change;
    memory.other = other;
    memory.word = word;
    (void)table_property_read(memory.bytes, memory.size);
    return memory.loads;
}

static void unchanged_bytes_are_good(void **state)
{
    (void)state;
    memcpy(memory.bytes, memory.good, memory.size);
    memory.change = memory.other = NONE;
    check_ok(table_property_read(memory.bytes, memory.size));
}

static void each_load_may_be_followed_by_a_change(void **state)
{
    size_t loads = run(NONE, NONE, 0);

    (void)state;
    check_true(loads > 1000);
    for (unsigned i = 0; i < HOSTILE; i++)
        for (size_t change = 0; change < loads; change++)
            run(change, NONE, hostile[i]);
}

/* The word was different for the moment of one load. */
static void each_load_may_see_another_word(void **state)
{
    size_t loads = run(NONE, NONE, 0);

    (void)state;
    for (unsigned i = 0; i < HOSTILE; i++)
        for (size_t other = 0; other < loads; other++)
            run(NONE, other, hostile[i]);
}

static void all_loads_may_be_followed_by_a_change(void **state)
{
    (void)state;
    for (unsigned i = 0; i < HOSTILE; i++)
        run(SIZE_MAX, NONE, hostile[i]);
}

/* ---- Another thread ---- */

static uint32_t stop;

static void *change_bytes(void *unused)
{
    uint64_t random = 88172645463325252u;

    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        mms__word *word;

        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        word = (mms__word *)(void *)(memory.bytes + random % (memory.size / 8) * 8);
        mms__store_relaxed(word, random >> 32 & 1 ? hostile[random >> 33 & 7] : random);
        if (random % 64 == 0)
            memcpy(memory.bytes, memory.good, memory.size);
    }
    return unused;
}

static void another_thread_may_change_them_at_any_time(void **state)
{
    pthread_t thread;

    (void)state;
    memory.change = memory.other = NONE;
    stop = 0;
    memcpy(memory.bytes, memory.good, memory.size);
    check_ok(pthread_create(&thread, NULL, change_bytes, NULL));
    for (int i = 0; i < check_rounds(2000); i++) {
        memcpy(memory.bytes, memory.good, sizeof(struct mms__table_head));
        (void)table_property_read(memory.bytes, memory.size);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    check_ok(pthread_join(thread, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unchanged_bytes_are_good),
        cmocka_unit_test(each_load_may_be_followed_by_a_change),
        cmocka_unit_test(each_load_may_see_another_word),
        cmocka_unit_test(all_loads_may_be_followed_by_a_change),
        cmocka_unit_test(another_thread_may_change_them_at_any_time),
    };

    return cmocka_run_group_tests(tests, set_up_plain, tear_down) +
           cmocka_run_group_tests(tests, set_up_rich, tear_down);
}
