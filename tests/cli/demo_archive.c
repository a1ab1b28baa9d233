/* SPDX-License-Identifier: Apache-2.0 */
/* The demo's table finds any damage: otherwise "0 torn" would mean nothing. */
#include "cli/demo/archive.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ENTRIES = 37 };

struct fixture {
    char texts[2 * ENTRIES][2][32]; /* key and value; the second half is for absent ones */
    struct data_entry entries[ENTRIES];
};

static void make_entries(struct fixture *fixture)
{
    for (unsigned i = 0; i < 2 * ENTRIES; i++) {
        snprintf(fixture->texts[i][0], sizeof fixture->texts[i][0], "key-%u", i * 7919);
        snprintf(fixture->texts[i][1], sizeof fixture->texts[i][1], "the value of %u", i);
    }
    for (unsigned i = 0; i < ENTRIES; i++) {
        const char *key = fixture->texts[i][0], *value = fixture->texts[i][1];

        fixture->entries[i] = (struct data_entry){.key = key,
                                                  .value = value,
                                                  .hash = i,
                                                  .number = i,
                                                  .flags = i % 5,
                                                  .key_size = (uint16_t)strlen(key),
                                                  .value_size = (uint16_t)strlen(value)};
    }
}

/* The first `count` entries. The table is allocated to the byte, so that a sanitizer sees a step outside. */
static unsigned char *build(const struct fixture *fixture, uint32_t count, uint64_t serial, size_t *size)
{
    struct archive_builder builder;
    unsigned char *table;
    size_t written;

    assert_int_equal(archive_prepare(&builder, ENTRIES, "a test"), 0);
    archive_start(&builder, serial);
    for (uint32_t i = 0; i < count; i++)
        archive_add(&builder, &fixture->entries[i]);
    assert_int_equal(archive_size(&builder, size), 0);
    table = malloc(*size);
    assert_non_null(table);
    assert_int_equal(archive_write(&builder, table, *size / 2, &written), MMS_E_TOO_BIG);
    assert_int_equal(archive_write(&builder, table, *size, &written), 0);
    assert_int_equal(written, *size);
    archive_release(&builder);
    return table;
}

static void whole_tables_pass(void **state)
{
    const struct fixture *fixture = *state;

    for (uint32_t count = 0; count <= ENTRIES; count++) {
        size_t size;
        unsigned char *table = build(fixture, count, 7, &size);

        assert_null(archive_check(table, size, 7));
        free(table);
    }
}

static void what_is_there_is_found(void **state)
{
    const struct fixture *fixture = *state;
    size_t size;
    unsigned char *data = build(fixture, ENTRIES / 2, 7, &size);
    const ArchivedRegistry *table = Registry_check(data, size);

    assert_non_null(table);
    for (unsigned i = 0; i < ENTRIES; i++) {
        const struct data_entry *entry = &fixture->entries[i];
        const ArchivedRecord *record;
        enum find_result result = archive_find(table, 7, entry->key, entry->key_size, &record);

        assert_int_equal(result, i < ENTRIES / 2 ? FIND_FOUND : FIND_ABSENT);
        if (result != FIND_FOUND)
            continue;
        assert_int_equal(record->number, entry->number);
        assert_int_equal(record->rules, entry->flags);
        assert_true(mms_str_equal(Record_get_name(record), mms_str_of(entry->value)));
    }
    for (unsigned i = ENTRIES; i < 2 * ENTRIES; i++) {
        const ArchivedRecord *record;
        const char *key = fixture->texts[i][0];

        assert_int_equal(archive_find(table, 7, key, strlen(key), &record), FIND_ABSENT);
    }
    free(data);
}

static void each_flipped_bit_is_found(void **state)
{
    const struct fixture *fixture = *state;
    size_t size;
    unsigned char *table = build(fixture, ENTRIES, 7, &size);

    for (size_t i = 0; i < size * 8; i++) {
        table[i / 8] ^= (unsigned char)(1u << i % 8);
        if (!archive_check(table, size, 7))
            fail_msg("bit %zu of byte %zu makes no difference", i % 8, i / 8);
        table[i / 8] ^= (unsigned char)(1u << i % 8);
    }
    assert_null(archive_check(table, size, 7));
    free(table);
}

/* A torn read: the start of one generation and the end of another, cut at any byte. */
static void each_mix_of_two_generations_is_found(void **state)
{
    const struct fixture *fixture = *state;
    size_t size, other_size;
    unsigned char *old = build(fixture, ENTRIES, 7, &size), *new = build(fixture, ENTRIES, 8, &other_size);
    unsigned char *mix = malloc(size);

    assert_non_null(mix);
    assert_int_equal(size, other_size);
    for (size_t cut = 0; cut <= size; cut++) {
        memcpy(mix, old, cut);
        memcpy(mix + cut, new + cut, size - cut);
        assert_int_equal(!archive_check(mix, size, 7), !memcmp(mix, old, size));
        assert_int_equal(!archive_check(mix, size, 8), !memcmp(mix, new, size));
    }
    free(old);
    free(new);
    free(mix);
}

/* The look-up alone, without a checksum, notices the one record that it meets. */
static void a_look_up_notices_a_record_of_another_table(void **state)
{
    const struct fixture *fixture = *state;
    size_t size;
    unsigned char *data = build(fixture, ENTRIES, 7, &size);
    const ArchivedRegistry *table = Registry_root(data, size);

    for (unsigned i = 0; i < ENTRIES; i++) {
        const struct data_entry *entry = &fixture->entries[i];
        const ArchivedRecord *record;
        ArchivedRecord *own;

        assert_int_equal(archive_find(table, 7, entry->key, entry->key_size, &record), FIND_FOUND);
        own = (ArchivedRecord *)(void *)(data + ((const unsigned char *)record - data));
        own->stamp = 8;
        assert_int_equal(archive_find(table, 7, entry->key, entry->key_size, &record), FIND_TORN);
        own->stamp = 7;
    }
    assert_null(archive_check(data, size, 7));
    free(data);
}

/* In anything that passes the check of the structure, a look-up stays inside; the sanitizers
   watch. */
static void noise_is_survived(void **state)
{
    const struct fixture *fixture = *state;
    size_t size;
    unsigned char *data = build(fixture, ENTRIES, 7, &size);
    uint32_t random = 1, passed = 0;

    for (unsigned round = 0; round < 20000; round++) {
        const ArchivedRegistry *table;
        unsigned char was;
        size_t at;

        random = random * 1664525 + 1013904223;
        at = (random >> 8) % size;
        was = data[at];
        data[at] = (unsigned char)random;
        table = Registry_check(data, size);
        for (unsigned i = 0; table && i < ENTRIES; i += 6) {
            const ArchivedRecord *record;

            if (archive_find(table, 7, fixture->entries[i].key, fixture->entries[i].key_size, &record) == FIND_FOUND)
                passed += Record_get_name(record).size > 0;
        }
        data[at] = was;
    }
    assert_true(passed > 0);
    free(data);
}

static void another_size_or_serial_is_refused(void **state)
{
    const struct fixture *fixture = *state;
    size_t size;
    unsigned char *table = build(fixture, ENTRIES, 7, &size);

    for (size_t shorter = 0; shorter < size; shorter++)
        assert_non_null(archive_check(table, shorter, 7));
    assert_non_null(archive_check(table, size, 8));
    free(table);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    if (!fixture)
        return -1;
    make_entries(fixture);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_tables_pass),
        cmocka_unit_test(what_is_there_is_found),
        cmocka_unit_test(each_flipped_bit_is_found),
        cmocka_unit_test(each_mix_of_two_generations_is_found),
        cmocka_unit_test(a_look_up_notices_a_record_of_another_table),
        cmocka_unit_test(noise_is_survived),
        cmocka_unit_test(another_size_or_serial_is_refused),
    };

    return cmocka_run_group_tests_name("demo_archive", tests, set_up, tear_down);
}
