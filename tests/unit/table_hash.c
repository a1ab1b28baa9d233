/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that share a bucket under one seed do not under another (T5), whatever their size; and the
   seed of a table is one that nobody knows. */
#include "sample.h"
#include "scratch.h"
#include "table/hash.h"
#include <mmsync/table.h>
#include <string.h>

enum { BUCKETS = 1024, COLLIDING = 256 };

static const uint64_t known[2] = {3, 5}, other[2] = {UINT64_C(0x243f6a8885a308d3), UINT64_C(0x13198a2e03707344)};

/* The bytes of a key, `size` of them. */
struct key {
    unsigned char bytes[16];
};

static struct key key_of(uint64_t number)
{
    struct key key = {.bytes = {0}};

    memcpy(key.bytes, &number, sizeof number);
    return key;
}

static uint64_t bucket_of(const uint64_t seed[2], const struct key *key, size_t size)
{
    return mms__hash(seed, key->bytes, size) % BUCKETS;
}

/* Keys that all lie in bucket 0 under the known seed. */
static void collide(struct key keys[COLLIDING], size_t size)
{
    size_t found = 0;

    for (uint64_t number = 0; found < COLLIDING; number++) {
        keys[found] = key_of(number);
        found += bucket_of(known, &keys[found], size) == 0;
    }
}

static size_t fullest_bucket(const uint64_t seed[2], const struct key *keys, size_t size)
{
    size_t counts[BUCKETS] = {0}, most = 0;

    for (size_t i = 0; i < COLLIDING; i++) {
        size_t count = ++counts[bucket_of(seed, &keys[i], size)];

        most = count > most ? count : most;
    }
    return most;
}

static void another_seed_spreads_them(void **state)
{
    static const size_t sizes[] = {4, 8, 5, 16};
    static struct key keys[COLLIDING];

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        collide(keys, sizes[i]);
        check_equal(fullest_bucket(known, keys, sizes[i]), COLLIDING);
        check_true(fullest_bucket(other, keys, sizes[i]) < 8);
    }
}

/* Each half counts: keys that collide under one seed are spread if either differs. */
static void both_halves_of_a_seed_count(void **state)
{
    static const uint64_t seeds[][2] = {{3, 8191}, {8191, 5}};
    static struct key keys[COLLIDING];

    (void)state;
    collide(keys, 8);
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++)
        check_true(fullest_bucket(seeds[i], keys, 8) < 16);
}

/* Where all keys went if the seed were always the same. */
static uint64_t first_bytes_differ(const char *path, unsigned char bytes[2048])
{
    mms_writer *writer = sample_writer(path);
    mms_table_view view;
    mms_table *table;

    check_ok(mms_table_begin(writer, NULL, &table));
    check_ok(mms_table_current(table, &view));
    memcpy(bytes, view.data, 2048);
    check_ok(mms_table_abort(table));
    check_ok(mms_writer_close(writer));
    return view.size;
}

static void no_two_tables_have_the_same_seed(void **state)
{
    static unsigned char heads[2][2048];

    check_equal(first_bytes_differ(scratch_path(state, "one"), heads[0]),
                first_bytes_differ(scratch_path(state, "another"), heads[1]));
    check_true(memcmp(heads[0], heads[1], sizeof heads[0]) != 0);
}

/* Also on machines without a 128-bit type. */
static void integers_hash_alike_everywhere(void **state)
{
    (void)state;
    check_equal(mms__fold(UINT64_MAX, UINT64_MAX), UINT64_C(0xffffffffffffffff));
    check_equal(mms__fold(UINT64_C(0x123456789abcdef0), UINT64_C(0xfedcba9876543211)), UINT64_C(0x27be7f7c27a8d9d2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_seed_spreads_them),
        cmocka_unit_test(both_halves_of_a_seed_count),
        scratch_test(no_two_tables_have_the_same_seed),
        cmocka_unit_test(integers_hash_alike_everywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
