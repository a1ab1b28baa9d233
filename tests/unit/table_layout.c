/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a table are those of version 1 (docs/format.md): tables of this version are read by
   all later ones, and a table that was dumped elsewhere is this one. */
#include "base/checksum.h"
#include "memory_writer.h"
#include "table/layout.h"
#include <stddef.h>
#include <string.h>

static void the_head_has_its_places(void **state)
{
    (void)state;
    check_equal(offsetof(struct mms__table_head, seed), 16);
    check_equal(offsetof(struct mms__table_head, buckets), 32);
    check_equal(offsetof(struct mms__table_head, size), 56);
    check_equal(offsetof(struct mms__table_head, count), 64);
    check_equal(offsetof(struct mms__table_head, type_id), 80);
    check_equal(offsetof(struct mms__table_head, max_bytes), 112);
    check_equal(offsetof(struct mms__table_head, newest), 128);
    check_equal(offsetof(struct mms__table_head, free_bytes), 160);
    check_equal(sizeof(struct mms__table_head), 2048);
}

static void put(mms_table *table, const char *key, const char *value)
{
    check_ok(mms_table_put(table, key, strlen(key), value, strlen(value)));
}

/* Of a table with keys of all kinds, splits, a chain, and free blocks. */
static uint64_t sum_of_some_table(const mms_table_options *options)
{
    mms_writer *writer = memory_writer_open(NULL, 0);
    mms_table *table;
    const void *value;
    uint64_t sum;
    size_t size;

    memory_writer_limit(1u << 20);
    check_ok(mms_table_begin(writer, options, &table));
    put(table, "", "the empty key");
    put(table, "a longer key than an integer", "");
    for (uint64_t key = 0; key < 300; key++)
        check_ok(mms_table_put(table, &key, 8, "values of several sizes, up to this", 1 + (size_t)key % 35));
    for (uint32_t key = 0; key < 300; key += 7)
        check_ok(mms_table_put(table, &key, 4, &key, 4));
    for (uint64_t key = 0; key < 300; key += 3)
        check_ok(mms_table_delete(table, &key, 8));
    check_ok(mms_table_commit(table, NULL));
    value = memory_writer_value(&size);
    sum = mms__checksum(value, size);
    memory_writer_close();
    return sum;
}

static void the_bytes_are_those_of_version_1(void **state)
{
    mms_table_options options = MMS_TABLE_OPTIONS_INIT;

    (void)state;
    if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
        skip_because("the sums are those of little-endian bytes");
    options.seed[0] = 1;
    options.seed[1] = 2;
    check_equal(sum_of_some_table(&options), UINT64_C(13030264684021828103));
    options.expiring = true;
    options.expires_ns = UINT64_C(1) << 62;
    options.max_bytes = 1u << 30;
    check_equal(sum_of_some_table(&options), UINT64_C(9408002194728424016));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_head_has_its_places),
        cmocka_unit_test(the_bytes_are_those_of_version_1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
