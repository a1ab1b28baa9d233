/* SPDX-License-Identifier: Apache-2.0 */
/* Damaged tables (T1): whatever one byte, or several, of a table are, look-ups and updates end and
   stay inside; and a check finds what leads anywhere else. */
#include "memory_writer.h"
#include "pattern.h"
#include "table/hash.h"
#include "table/layout.h"
#include "table_property.h"
#include <stdlib.h>
#include <string.h>

enum { KEYS = 120 };

struct bytes {
    unsigned char *data;
    size_t size;
};

static struct bytes copy_of(const void *data, size_t size)
{
    struct bytes bytes = {.data = aligned_alloc(64, (size / 64 + 1) * 64), .size = size};

    check_true(bytes.data != NULL);
    memcpy(bytes.data, data, size);
    return bytes;
}

static struct bytes make_table(const mms_table_options *options)
{
    mms_writer *writer = memory_writer_open(NULL, 0);
    struct bytes bytes;
    const void *value;
    mms_table *table;
    size_t size;

    memory_writer_limit(1u << 20);
    check_ok(mms_table_begin(writer, options, &table));
    for (uint64_t key = 0; key < KEYS; key++)
        check_ok(mms_table_put(table, &key, 1 + key % 8, "of a certain length, more or less", 4 + (size_t)key % 30));
    for (uint64_t key = 0; key < KEYS; key += 3)
        (void)mms_table_delete(table, &key, 1 + key % 8);
    check_ok(mms_table_commit(table, NULL));
    value = memory_writer_value(&size);
    bytes = copy_of(value, size);
    memory_writer_close();
    return bytes;
}

/* 0, or what a check says of the bytes. */
static int examine(const struct bytes *bytes)
{
    int code = table_property_read(bytes->data, bytes->size);

    (void)table_property_write(bytes->data, bytes->size);
    return code;
}

static void examine_flips(const mms_table_options *options, int rounds)
{
    struct bytes good = make_table(options);
    uint64_t random = 11;
    int found = 0;

    check_ok(examine(&good));
    for (int round = 0; round < rounds; round++) {
        struct bytes bad = copy_of(good.data, good.size);
        uint64_t flips = 1 + pattern_random(&random) % 4;

        while (flips-- > 0)
            bad.data[pattern_random(&random) % bad.size] ^= (unsigned char)(1 + pattern_random(&random) % 255);
        found += examine(&bad) != 0;
        free(bad.data);
    }
    check_true(found > rounds / 4); /* the others are in keys, values, and what is free */
    free(good.data);
}

static void flipped_bytes_do_no_harm(void **state)
{
    const mms_table_options plain = MMS_TABLE_OPTIONS_INIT;

    (void)state;
    examine_flips(&plain, check_rounds(1500));
}

static void nor_in_a_cache(void **state)
{
    mms_table_options options = MMS_TABLE_OPTIONS_INIT;

    (void)state;
    options.max_bytes = 1u << 20;
    options.expiring = true;
    examine_flips(&options, check_rounds(1500));
}

/* Words that lead out of the value, or round in a circle. */
static void every_word_of_the_head_may_be_anything(void **state)
{
    static const uint64_t words[] = {0, 1, 2, 0x7f, UINT64_MAX, UINT64_MAX / 2, UINT64_C(1) << 40, UINT64_C(1) << 32};
    const mms_table_options plain = MMS_TABLE_OPTIONS_INIT;
    struct bytes good = make_table(&plain);

    (void)state;
    for (size_t at = 0; at < 2048; at += 8)
        for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
            struct bytes bad = copy_of(good.data, good.size);

            memcpy(bad.data + at, &words[i], sizeof words[i]);
            (void)examine(&bad);
            free(bad.data);
        }
    free(good.data);
}

/* Of buckets, lists, entries and free blocks. */
static void every_word_may_lead_out(const mms_table_options *options)
{
    static const uint64_t words[] = {0, UINT64_MAX, UINT64_C(1) << 40};
    struct bytes good = make_table(options);

    for (size_t at = 0; at + 8 <= good.size; at += 8)
        for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
            struct bytes bad = copy_of(good.data, good.size);

            memcpy(bad.data + at, &words[i], sizeof words[i]);
            (void)examine(&bad);
            free(bad.data);
        }
    free(good.data);
}

static void words_of_the_rest_lead_nowhere_else(void **state)
{
    const mms_table_options plain = MMS_TABLE_OPTIONS_INIT;
    mms_table_options cache = MMS_TABLE_OPTIONS_INIT;

    (void)state;
    cache.max_bytes = 1u << 20;
    cache.expiring = true;
    every_word_may_lead_out(&plain);
    every_word_may_lead_out(&cache);
}

static void a_table_of_the_other_byte_order_is_told_as_such(void **state)
{
    const mms_table_options plain = MMS_TABLE_OPTIONS_INIT;
    struct bytes bytes = make_table(&plain);
    uint64_t *words = (uint64_t *)(void *)bytes.data;
    mms_view view = {.data = bytes.data};
    mms_table_view found;
    mms_table *table;

    (void)state;
    for (size_t i = 0; i < bytes.size / 8; i++)
        words[i] = __builtin_bswap64(words[i]);
    view.size = bytes.size;
    check_code(mms_table_of(&view, &found), MMS_E_BYTE_ORDER);
    check_detail_mentions("the other byte order");
    view.size = 100; /* too short for a head */
    check_code(mms_table_of(&view, &found), MMS_E_BYTE_ORDER);
    check_code(mms_table_begin(memory_writer_open(bytes.data, bytes.size), NULL, &table), MMS_E_BYTE_ORDER);
    memory_writer_close();
    free(bytes.data);
}

/* Keys that share a bucket, and so more than one node behind it. */
static struct bytes make_chain(void)
{
    static const uint64_t seed[2] = {1, 2};
    mms_writer *writer = memory_writer_open(NULL, 0);
    mms_table_options options = MMS_TABLE_OPTIONS_INIT;
    struct bytes bytes;
    const void *value;
    mms_table *table;
    size_t size;

    options.seed[0] = seed[0];
    options.seed[1] = seed[1];
    memory_writer_limit(1u << 20);
    check_ok(mms_table_begin(writer, &options, &table));
    for (uint64_t key = 0, found = 0; found < 30; key++) {
        if (mms__hash_integer(seed, key) % 8 != 3)
            continue;
        check_ok(mms_table_put(table, &key, sizeof key, "x", 1));
        found++;
    }
    check_ok(mms_table_commit(table, NULL));
    value = memory_writer_value(&size);
    bytes = copy_of(value, size);
    memory_writer_close();
    return bytes;
}

static bool is_link(uint64_t word)
{
    return word >> MMS__TAG_SHIFT == 0 && (word & MMS__LINK) != 0;
}

/* Each link in the place of each word: some of them lead back to where they come from. */
static void links_may_lead_anywhere(void **state)
{
    struct bytes good = make_chain();
    uint64_t *words = (uint64_t *)(void *)good.data;
    size_t links = 0;

    (void)state;
    check_ok(examine(&good));
    for (size_t from = 2048 / 8; from < good.size / 8; from++) {
        if (!is_link(words[from]))
            continue;
        links++;
        for (size_t at = 2048 / 8; at < good.size / 8; at++) {
            uint64_t before = words[at];

            words[at] = words[from];
            (void)examine(&good);
            words[at] = before;
        }
    }
    check_true(links > 2);
    free(good.data);
}

static void a_table_that_is_cut_off_is_damaged(void **state)
{
    const mms_table_options plain = MMS_TABLE_OPTIONS_INIT;
    struct bytes good = make_table(&plain);

    (void)state;
    for (size_t size = 0; size < good.size; size += 1 + size / 64) {
        struct bytes bad = copy_of(good.data, size);

        check_true(examine(&bad) != 0);
        free(bad.data);
    }
    free(good.data);
}

/* ---- Blocks that are too short for what is in them: a put would store past them ---- */

static struct mms__table_head *head_of(const struct bytes *bytes)
{
    return (void *)bytes->data;
}

static uint64_t *word_at(const struct bytes *bytes, uint64_t unit)
{
    return (uint64_t *)(void *)(bytes->data + unit * MMS__UNIT);
}

/* The table has few buckets, so one segment. */
static uint64_t segment_of(const struct bytes *bytes)
{
    return (*word_at(bytes, head_of(bytes)->directory) - 1) * MMS__UNITS_PER_LINE;
}

static void check_is_damaged(struct bytes *bytes, const char *how)
{
    check_code(table_property_read(bytes->data, bytes->size), MMS_E_CORRUPT);
    check_detail_mentions(how);
    (void)table_property_write(bytes->data, bytes->size);
    free(bytes->data);
}

static void a_directory_has_room_for_all_segments(void **state)
{
    const mms_table_options plain = MMS_TABLE_OPTIONS_INIT;
    struct bytes bad = make_table(&plain);
    uint64_t has = *word_at(&bad, head_of(&bad)->directory - 1) >> MMS__BLOCK_FLAG_BITS;

    (void)state;
    head_of(&bad)->segments = (has - 1) * MMS__UNIT / 8;
    check_ok(table_property_read(bad.data, bad.size));
    head_of(&bad)->segments++;
    check_is_damaged(&bad, "no room for all segments");
}

/* Cut the last line off a block, and make that a free block. */
static void cut(const struct bytes *bytes, uint64_t unit)
{
    struct mms__table_head *head = head_of(bytes);
    uint64_t units = *word_at(bytes, unit) >> MMS__BLOCK_FLAG_BITS, rest = unit + units - MMS__UNITS_PER_LINE;
    uint64_t next = head->lists[MMS__UNITS_PER_LINE];
    struct mms__free_block *block = (void *)word_at(bytes, rest);

    check_true(rest + MMS__UNITS_PER_LINE < bytes->size / MMS__UNIT);
    check_true((*word_at(bytes, rest + MMS__UNITS_PER_LINE) & MMS__BLOCK_FREE) == 0);
    *word_at(bytes, unit) -= (uint64_t)MMS__UNITS_PER_LINE << MMS__BLOCK_FLAG_BITS;
    block->word = (uint64_t)MMS__UNITS_PER_LINE << MMS__BLOCK_FLAG_BITS | MMS__BLOCK_FREE;
    block->next = next;
    block->previous = 0;
    word_at(bytes, rest + MMS__UNITS_PER_LINE)[-1] = MMS__UNITS_PER_LINE;
    *word_at(bytes, rest + MMS__UNITS_PER_LINE) |= MMS__BLOCK_AFTER_FREE;
    if (next != 0)
        ((struct mms__free_block *)(void *)word_at(bytes, next))->previous = rest;
    head->lists[MMS__UNITS_PER_LINE] = rest;
    head->full[0] |= 1u << MMS__UNITS_PER_LINE;
    head->free_bytes += MMS__LINE;
}

/* Nothing else is wrong: the bucket that is cut off is not in use yet. */
static void a_segment_has_room_for_its_buckets(void **state)
{
    mms_table_options options = MMS_TABLE_OPTIONS_INIT;
    struct bytes bad;

    (void)state;
    options.seed[0] = 4; /* with another seed the block behind may be free */
    bad = make_table(&options);
    check_true((head_of(&bad)->buckets & (head_of(&bad)->buckets - 1)) != 0);
    cut(&bad, segment_of(&bad));
    check_is_damaged(&bad, "no room for its buckets: segment (0)");
}

static void a_table_of_one_size_has_no_other(void **state)
{
    mms_table_options options = MMS_TABLE_OPTIONS_INIT;
    struct bytes bad;

    (void)state;
    for (int i = 0; i < 2; i++) {
        bad = make_table(&options);
        *(i == 0 ? &head_of(&bad)->key_size : &head_of(&bad)->value_size) = 5;
        check_is_damaged(&bad, "of a size that the table does not allow");
    }
}

/* ---- Updates ---- */

static void a_commit_repeats_what_is_damaged(void **state)
{
    const mms_table_options plain = MMS_TABLE_OPTIONS_INIT;
    struct bytes bad = make_table(&plain);
    const struct mms__table_head *head = (const void *)bad.data;
    const uint64_t nowhere = UINT64_C(1) << 50;
    mms_table_view view;
    mms_table *table;

    (void)state;
    memcpy(bad.data + head->directory * MMS__UNIT, &nowhere, sizeof nowhere);
    check_ok(mms_table_begin(memory_writer_open(bad.data, bad.size), NULL, &table));
    check_code(mms_table_put(table, "k", 1, "v", 1), MMS_E_CORRUPT);
    check_detail_mentions("it is damaged: no place for bucket ");
    check_code(mms_table_of(NULL, &view), MMS_E_INVALID);
    check_code(mms_table_commit(table, NULL), MMS_E_CORRUPT);
    check_detail_mentions("it is damaged: no place for bucket ");
    check_ok(mms_table_clear(table));
    check_ok(mms_table_commit(table, NULL));
    memory_writer_close();
    free(bad.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flipped_bytes_do_no_harm),
        cmocka_unit_test(nor_in_a_cache),
        cmocka_unit_test(every_word_of_the_head_may_be_anything),
        cmocka_unit_test(words_of_the_rest_lead_nowhere_else),
        cmocka_unit_test(a_table_of_the_other_byte_order_is_told_as_such),
        cmocka_unit_test(links_may_lead_anywhere),
        cmocka_unit_test(a_table_that_is_cut_off_is_damaged),
        cmocka_unit_test(a_directory_has_room_for_all_segments),
        cmocka_unit_test(a_segment_has_room_for_its_buckets),
        cmocka_unit_test(a_table_of_one_size_has_no_other),
        cmocka_unit_test(a_commit_repeats_what_is_damaged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
