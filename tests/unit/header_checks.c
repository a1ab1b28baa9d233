/* SPDX-License-Identifier: Apache-2.0 */
/* Headers: what a sealed one holds, and which code each defect gives (region/header.c). */
#include "base/checksum.h"
#include "check.h"
#include "os/file.h"
#include "os/huge_pages.h"
#include "region/header.h"
#include <string.h>

static mms_writer_options geometry(uint64_t max_size, uint32_t max_slots, uint32_t max_readers)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;

    options.max_size = max_size;
    options.max_slots = max_slots;
    options.max_readers = max_readers;
    return options;
}

static struct mms__header sealed(void)
{
    mms_writer_options options = geometry(100000, 5, 9);
    struct mms__header header;

    check_ok(mms__header_plan(&options, "R", &header));
    mms__header_seal(&header, MMS__CONTROL_MAGIC);
    return header;
}

static int check_sized(const struct mms__header *header, size_t size)
{
    return mms__header_check(header, size, MMS__CONTROL_MAGIC, "R", "control");
}

static int check_whole(const struct mms__header *header)
{
    return check_sized(header, sizeof *header);
}

/* The defect is under a matching checksum. */
static int check_resealed(struct mms__header header)
{
    header.checksum = mms__checksum(&header, offsetof(struct mms__header, checksum));
    return check_whole(&header);
}

static void sealed_header_passes(void **state)
{
    struct mms__header header = sealed();

    (void)state;
    check_ok(check_whole(&header));
}

static void plan_keeps_the_geometry_that_was_asked_for(void **state)
{
    struct mms__header header = sealed();

    (void)state;
    check_equal(header.max_size, 100000);
    check_equal(header.max_slots, 5);
    check_equal(header.max_readers, 9);
    check_equal(header.version, 1);
    check_true(header.created_ns > 0);
}

static void defaults_hold_4_gib_and_1024_readers_on_64_bits(void **state)
{
    struct mms__header header;
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;

    (void)state;
    check_ok(mms__header_plan(&options, "R", &header));
    if (sizeof(void *) == 8)
        check_true(header.max_size >= UINT64_C(4) << 30);
    check_equal(header.max_readers, 1024);
    check_true(header.max_slots >= 2);
}

static void stride_is_an_odd_number_of_pages_with_room_for_the_largest_value(void **state)
{
    const uint64_t sizes[] = {1, 4095, 4096, 4097, 8192, 100000, 15 << 20, UINT64_C(1) << 28};
    uint64_t page = mms__page_size(), most = mms__huge_page() > 2 * page ? mms__huge_page() : 2 * page;

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        mms_writer_options options = geometry(sizes[i], 2, 1);
        struct mms__header header;

        check_ok(mms__header_plan(&options, "R", &header));
        check_true(header.stride >= sizes[i] && header.stride < sizes[i] + (sizes[i] < 16 << 20 ? 2 * page : most));
        check_equal(header.stride % page, 0);
        check_equal(header.stride / page % 2, 1);
    }
}

static void slots_of_large_values_start_a_few_pages_before_a_huge_page(void **state)
{
    const uint64_t sizes[] = {8, 9, 1000, (UINT64_C(4) << 30) / (2 << 20)};
    uint64_t page = mms__page_size(), huge = mms__huge_page();

    (void)state;
    if (huge == 0)
        skip_because("there are no huge pages on 32 bits");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        mms_writer_options options = geometry(sizes[i] * huge, 4, 1);
        struct mms__header header;

        check_ok(mms__header_plan(&options, "R", &header));
        for (uint64_t slot = 0; slot < 4; slot++)
            check_equal((slot * header.stride + slot * page) % huge, 0);
    }
}

static void two_regions_have_different_ids(void **state)
{
    struct mms__header first = sealed(), second = sealed();

    (void)state;
    check_true(memcmp(first.region_id, second.region_id, sizeof first.region_id) != 0);
}

static void more_than_can_be_mapped_is_refused(void **state)
{
    mms_writer_options options = geometry(INT64_MAX / 4, 32767, 1);
    struct mms__header header;

    (void)state;
    check_code(mms__header_plan(&options, "R", &header), MMS_E_INVALID);
    check_detail_mentions("smaller");
}

static void a_wrong_magic_is_not_a_region(void **state)
{
    struct mms__header header = sealed();

    (void)state;
    header.magic[7] ^= 1;
    check_code(check_whole(&header), MMS_E_NOT_REGION);
    check_code(check_sized(&header, 0), MMS_E_NOT_REGION);
    check_code(check_sized(&header, 7), MMS_E_NOT_REGION);
}

static void magic_of_the_other_file_is_not_a_region(void **state)
{
    struct mms__header header = sealed();

    (void)state;
    check_code(mms__header_check(&header, sizeof header, MMS__READERS_MAGIC, "R", "readers"), MMS_E_NOT_REGION);
    check_detail_mentions("R/readers");
}

static void header_that_ends_early_is_damage(void **state)
{
    struct mms__header header = sealed();

    (void)state;
    for (size_t size = 8; size < sizeof header; size++)
        check_code(check_sized(&header, size), MMS_E_CORRUPT);
}

static void swapped_byte_order_is_named(void **state)
{
    struct mms__header header = sealed();

    (void)state;
    header.byte_order = __builtin_bswap32(header.byte_order);
    header.version = __builtin_bswap32(header.version);
    check_code(check_whole(&header), MMS_E_BYTE_ORDER);
}

static void newer_version_is_named_whatever_its_checksum(void **state)
{
    struct mms__header header = sealed();

    (void)state;
    header.version = MMS__FORMAT_VERSION + 1;
    check_code(check_whole(&header), MMS_E_VERSION);
    check_detail_mentions("newer library");
    check_code(check_resealed(header), MMS_E_VERSION);
}

static void version_zero_is_damage(void **state)
{
    struct mms__header header = sealed();

    (void)state;
    header.version = 0;
    check_code(check_resealed(header), MMS_E_CORRUPT);
}

static void every_flipped_bit_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(struct mms__header); i++)
        for (int bit = 0; bit < 8; bit++) {
            struct mms__header header = sealed();

            ((unsigned char *)&header)[i] ^= (unsigned char)(1u << bit);
            check_true(check_whole(&header) < 0);
        }
}

static void impossible_geometry_is_damage_even_under_a_good_checksum(void **state)
{
    struct mms__header good = sealed(), bad[9];
    size_t count = sizeof bad / sizeof *bad;

    (void)state;
    for (size_t i = 0; i < count; i++)
        bad[i] = good;
    bad[0].max_size = 0;
    bad[1].max_size = good.stride + 1;
    bad[2].stride = UINT64_MAX & ~(uint64_t)4095;
    bad[3].stride++;
    bad[4].max_slots = 1;
    bad[5].max_slots = 65536;
    bad[6].max_readers = 0;
    bad[7].max_readers = 65536;
    bad[8].stride = 0;
    for (size_t i = 0; i < count; i++) {
        check_code(check_resealed(bad[i]), MMS_E_CORRUPT);
        check_detail_mentions("geometry");
    }
    check_ok(check_resealed(good));
}

static void same_or_unsaid_geometry_compares_equal(void **state)
{
    struct mms__header header = sealed();
    mms_writer_options unsaid = MMS_WRITER_OPTIONS_INIT, same = geometry(100000, 5, 9);

    (void)state;
    check_ok(mms__header_compare(&header, &unsaid, "R"));
    check_ok(mms__header_compare(&header, &same, "R"));
}

static void other_geometry_is_refused_with_both_numbers(void **state)
{
    struct mms__header header = sealed();
    mms_writer_options size = geometry(100001, 0, 0), slots = geometry(0, 6, 0), readers = geometry(0, 0, 8);

    (void)state;
    check_code(mms__header_compare(&header, &size, "R"), MMS_E_GEOMETRY);
    check_detail_mentions("100000");
    check_detail_mentions("100001");
    check_code(mms__header_compare(&header, &slots, "R"), MMS_E_GEOMETRY);
    check_detail_mentions("max_slots");
    check_code(mms__header_compare(&header, &readers, "R"), MMS_E_GEOMETRY);
    check_detail_mentions("max_readers");
}

static void checksum_is_xxh3_of_the_bytes(void **state)
{
    (void)state;
    check_equal(mms__checksum("", 0), UINT64_C(0x2d06800538d394c2));
    check_true(mms__checksum("a", 1) != mms__checksum("b", 1));
    check_true(mms__checksum("ab", 1) == mms__checksum("ac", 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sealed_header_passes),
        cmocka_unit_test(plan_keeps_the_geometry_that_was_asked_for),
        cmocka_unit_test(defaults_hold_4_gib_and_1024_readers_on_64_bits),
        cmocka_unit_test(stride_is_an_odd_number_of_pages_with_room_for_the_largest_value),
        cmocka_unit_test(slots_of_large_values_start_a_few_pages_before_a_huge_page),
        cmocka_unit_test(two_regions_have_different_ids),
        cmocka_unit_test(more_than_can_be_mapped_is_refused),
        cmocka_unit_test(a_wrong_magic_is_not_a_region),
        cmocka_unit_test(magic_of_the_other_file_is_not_a_region),
        cmocka_unit_test(header_that_ends_early_is_damage),
        cmocka_unit_test(swapped_byte_order_is_named),
        cmocka_unit_test(newer_version_is_named_whatever_its_checksum),
        cmocka_unit_test(version_zero_is_damage),
        cmocka_unit_test(every_flipped_bit_is_refused),
        cmocka_unit_test(impossible_geometry_is_damage_even_under_a_good_checksum),
        cmocka_unit_test(same_or_unsaid_geometry_compares_equal),
        cmocka_unit_test(other_geometry_is_refused_with_both_numbers),
        cmocka_unit_test(checksum_is_xxh3_of_the_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
