/* SPDX-License-Identifier: Apache-2.0 */
/* Who vouches for the values of a typed table: the library, as long as its typed puts alone have
   made them. All others are checked at each look-up, whatever is in them. */
#include "handles.h"
#include "pattern.h"
#include "region/layout.h"
#include "sample.h"
#include "scratch.h"
#include "tables.h"
#include <stdlib.h>
#include <string.h>

static const float discounts[] = {0.5f, 0.25f};
static const Price sample = {.cents = 100, .discounts = {discounts, 2}, .note = {"longer than the String itself", 29}};

/* ---- Making tables ---- */

static mms_table *begin(const struct handles *h)
{
    mms_table *table;

    check_ok(Prices_table_begin(h->writer, NULL, &table));
    return table;
}

static mms_table *begin_untyped(const struct handles *h)
{
    mms_table *table;

    check_ok(mms_table_begin(h->writer, NULL, &table));
    return table;
}

static void put_price(const struct handles *h, uint64_t key)
{
    mms_table *table = begin(h);

    check_ok(Prices_table_put(table, key, &sample));
    check_ok(mms_table_commit(table, NULL));
}

/* Whether the newest table is vouched for. */
static bool is_vouched(const struct handles *h)
{
    mms_table_view prices;
    mms_view view;

    check_ok(Prices_table_read(h->reader, &view, &prices));
    check_ok(mms_release(h->reader));
    return prices.vouched;
}

/* What a look-up of a key of the newest table gives: 0, or a code. */
static int look_up(const struct handles *h, uint64_t key)
{
    mms_table_view prices;
    mms_view view;
    int code;

    check_ok(Prices_table_read(h->reader, &view, &prices));
    code = Prices_table_get(&prices, key) ? 0 : mms_last_code();
    check_ok(mms_release(h->reader));
    return code;
}

static const unsigned char garbage[64] = {[0 ... 63] = 0x7f};

static int put_garbage(mms_table *table, uint64_t key)
{
    return mms_table_put(table, &key, sizeof key, garbage, sizeof garbage);
}

/* ---- Who vouches ---- */

static void typed_puts_are_vouched_for(void **state)
{
    struct handles h = open_handles(state);
    mms_table *table;

    for (uint64_t key = 0; key < 20; key++) {
        put_price(&h, key);
        check_true(is_vouched(&h));
    }
    table = begin_untyped(&h);
    check_ok(mms_table_delete(table, &(uint64_t){3}, 8));
    check_ok(mms_table_commit(table, NULL));
    check_true(is_vouched(&h));
    check_code(look_up(&h, 3), MMS_E_NOT_FOUND);
    close_handles(&h);
}

/* Each of these could have stored anything. */
static void raw_put(struct handles *h, mms_table *table)
{
    (void)h;
    check_ok(put_garbage(table, 1));
}

static void raw_puts(struct handles *h, mms_table *table)
{
    const uint64_t keys[] = {1};

    (void)h;
    check_ok(mms_table_put_many(table, 1, &(mms_key){keys, 8}, &(mms_value){garbage, sizeof garbage}, NULL));
}

static void raw_reserve(struct handles *h, mms_table *table)
{
    const uint64_t key = 1;
    void *room;

    (void)h;
    check_ok(mms_table_reserve(table, &key, 8, sizeof garbage, &room));
    memcpy(room, garbage, sizeof garbage);
}

static void raw_type(struct handles *h, mms_table *table)
{
    (void)table;
    check_ok(mms_write_set_type(h->writer, Prices_table_type.type_id, NULL, 0));
}

static void anything_else_is_not(void **state)
{
    static void (*const ways[])(struct handles *, mms_table *) = {raw_put, raw_puts, raw_reserve, raw_type};
    struct handles h = open_handles(state);

    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        mms_table *table = begin(&h);

        check_ok(mms_table_clear(table));
        check_ok(Prices_table_put(table, 2, &sample));
        ways[i](&h, table);
        check_ok(Prices_table_put(table, 3, &sample));
        check_ok(mms_table_commit(table, NULL));
        check_true(!is_vouched(&h));
        check_code(look_up(&h, 1), i < 3 ? MMS_E_CORRUPT : MMS_E_NOT_FOUND);
        check_ok(look_up(&h, 2));
        put_price(&h, 4); /* which does not help */
        check_true(!is_vouched(&h));
        check_ok(look_up(&h, 4));
        table = begin(&h); /* and this does */
        check_ok(mms_table_clear(table));
        check_ok(mms_table_commit(table, NULL));
        check_true(is_vouched(&h));
    }
    close_handles(&h);
}

/* The bytes are a table, and its head says of which type. */
static void nor_are_tables_that_were_written_as_bytes(void **state)
{
    struct handles h = open_handles(state);
    void *copy = aligned_alloc(64, 1 << 20);
    size_t size;

    check_true(copy != NULL);
    put_price(&h, 1);
    check_ok(mms_read_copy(h.region, copy, 1 << 20, &size, NULL));
    check_ok(mms_write(h.writer, copy, size, NULL));
    check_true(!is_vouched(&h));
    check_ok(look_up(&h, 1));
    put_price(&h, 2);
    check_true(!is_vouched(&h));
    free(copy);
    close_handles(&h);
}

/* So nothing of theirs has to be vouched for. */
static void calls_of_other_writes_are_refused_and_change_nothing(void **state)
{
    struct handles h = open_handles(state);
    mms_table *table = begin(&h);
    void *buffer;

    check_ok(Prices_table_put(table, 1, &sample));
    check_code(mms_write_patch(h.writer, 2048, "x", 1), MMS_E_INVALID);
    check_code(mms_write_touch(h.writer, 2048, 1), MMS_E_INVALID);
    check_code(mms_write_grow(h.writer, 1 << 16, &buffer), MMS_E_INVALID);
    check_code(mms_write_commit(h.writer, 4096, NULL), MMS_E_INVALID);
    check_ok(mms_table_commit(table, NULL));
    check_true(is_vouched(&h));
    check_ok(look_up(&h, 1));
    close_handles(&h);
}

/* A table that is made by hand under a type's id. */
static void nor_are_tables_that_borrow_a_type(void **state)
{
    struct handles h = open_handles(state);
    mms_table_options options = MMS_TABLE_OPTIONS_INIT;
    mms_table *table;

    memcpy(options.type_id, Prices_table_type.type_id, sizeof options.type_id);
    options.key_size = 8;
    check_ok(mms_table_begin(h.writer, &options, &table));
    check_ok(put_garbage(table, 1));
    check_ok(mms_table_commit(table, NULL));
    check_true(!is_vouched(&h));
    check_code(look_up(&h, 1), MMS_E_CORRUPT);
    check_detail_mentions("Price");
    close_handles(&h);
}

/* An archive's flag is not a table's: no read of one trusts what was made as the other. */
static void a_type_that_both_could_have_is_trusted_by_neither(void **state)
{
    struct handles h = open_handles(state);
    mms_table_options options = MMS_TABLE_OPTIONS_INIT;
    mms_table *table;
    mms_view view;

    memcpy(options.type_id, Price_archive.type_id, sizeof options.type_id);
    check_ok(mms_table_begin(h.writer, &options, &table));
    check_ok(mms_table_commit(table, NULL));
    check_true(Price_read(h.reader, &view) == NULL);
    check_code(mms_last_code(), MMS_E_CORRUPT);
    close_handles(&h);
}

/* The flag counts for the type that stands beside it, whatever the table itself says. */
static void nor_are_tables_whose_descriptor_has_another_type(void **state)
{
    struct handles h = open_handles(state);
    const uint64_t other = 1;
    mms_info info;

    put_price(&h, 1);
    check_true(is_vouched(&h));
    check_ok(mms_inspect(h.path, &info));
    patch_bytes(h.path, "control",
                offsetof(struct mms__control, slots) + info.slot * sizeof(struct mms__descriptor) +
                    offsetof(struct mms__descriptor, type_id),
                &other, sizeof other);
    check_true(!is_vouched(&h));
    check_ok(look_up(&h, 1));
    close_handles(&h);
}

static void those_of_a_writer_that_tracks_stores_are_no_exception(void **state)
{
    mms_writer_options options = sample_options();
    struct handles h;

    options.track = MMS_TRACK_AUTO;
    h = open_handles_with(state, options);
    put_price(&h, 1);
    check_true(is_vouched(&h));
    check_ok(look_up(&h, 1));
    close_handles(&h);
}

static void a_region_may_have_all_values_checked(void **state)
{
    struct handles h = open_handles(state);
    mms_region_options options = MMS_REGION_OPTIONS_INIT;

    put_price(&h, 1);
    check_true(is_vouched(&h));
    check_ok(mms_reader_close(h.reader));
    check_ok(mms_region_close(h.region));
    options.check_always = true;
    check_ok(mms_region_open(h.path, &options, &h.region));
    check_ok(mms_reader_open(h.region, &h.reader));
    check_true(!is_vouched(&h));
    check_ok(look_up(&h, 1));
    close_handles(&h);
}

static void a_replaced_region_takes_it_along(void **state)
{
    mms_writer_options options = sample_options();
    struct handles h = open_handles_with(state, options);

    put_price(&h, 1);
    check_ok(mms_writer_close(h.writer));
    options.max_size *= 2;
    options.replace = true;
    check_ok(mms_writer_open(h.path, &options, &h.writer));
    check_ok(mms_reader_close(h.reader));
    check_ok(mms_region_close(h.region));
    check_ok(mms_region_open(h.path, NULL, &h.region));
    check_ok(mms_reader_open(h.region, &h.reader));
    check_true(is_vouched(&h));
    close_handles(&h);
}

/* ---- What nobody vouches for ---- */

static void good_bytes_are_found_and_bad_ones_left_out(void **state)
{
    struct handles h = open_handles(state);
    _Alignas(16) unsigned char bytes[256];
    mms_table_cursor cursor = MMS_TABLE_CURSOR_INIT;
    const ArchivedPrice *price, *many[3];
    mms_table_view prices;
    mms_table *table = begin(&h);
    mms_view view;
    uint64_t key;
    size_t size;

    check_ok(Price_serialize(&sample, bytes, sizeof bytes, &size));
    check_ok(mms_table_put(table, &(uint64_t){1}, 8, bytes, size));
    check_ok(put_garbage(table, 2));
    check_ok(mms_table_put(table, &(uint64_t){3}, 8, bytes, size - 1)); /* the root would not be aligned */
    check_ok(mms_table_put(table, &(uint64_t){4}, 8, bytes, 3));
    check_ok(mms_table_commit(table, NULL));
    check_ok(look_up(&h, 1));
    for (key = 2; key <= 4; key++)
        check_code(look_up(&h, key), MMS_E_CORRUPT);
    check_ok(Prices_table_read(h.reader, &view, &prices));
    check_equal(Prices_table_get_many(&prices, 3, (const uint64_t[]){2, 1, 5}, many), 1);
    check_true(!many[0] && many[1] && !many[2]);
    check_true(Prices_table_next(&prices, &cursor, &key, &price));
    check_equal(key, 1);
    check_true(!Prices_table_next(&prices, &cursor, &key, &price));
    check_code(Prices_table_check(&prices), MMS_E_CORRUPT);
    close_handles(&h);
}

static void keys_are_checked_too(void **state)
{
    struct handles h = open_handles(state);
    mms_table_options options = MMS_TABLE_OPTIONS_INIT;
    mms_table_view counts;
    mms_table *table;
    mms_view view;

    memcpy(options.type_id, Counts_table_type.type_id, sizeof options.type_id);
    check_ok(mms_table_begin(h.writer, &options, &table));
    check_ok(mms_table_put(table, "\xff", 1, &(uint64_t){1}, 8));
    check_ok(mms_table_commit(table, NULL));
    check_ok(Counts_table_read(h.reader, &view, &counts));
    check_true(!Counts_table_next(&counts, &(mms_table_cursor)MMS_TABLE_CURSOR_INIT, NULL, NULL));
    check_code(Counts_table_check(&counts), MMS_E_CORRUPT);
    check_detail_mentions("Counts.key");
    close_handles(&h);
}

/* ---- Damaged bytes ---- */

static void use(const ArchivedPrice *price, FILE *nowhere)
{
    check_ok(Price_print_json(price, nowhere));
}

/* Everything that can be done with a table whose bytes may be anything, and that ends where its
   memory does. */
static void examine(const void *data, size_t size, FILE *nowhere)
{
    const mms_view view = {.data = data, .size = size};
    mms_table_cursor cursor = MMS_TABLE_CURSOR_INIT;
    const ArchivedPrice *price;
    mms_table_view prices;
    uint64_t key;

    if (Prices_table_of(&view, &prices) != 0)
        return;
    for (key = 0; key < 12; key++)
        if ((price = Prices_table_get(&prices, key)) != NULL)
            use(price, nowhere);
    while (Prices_table_next(&prices, &cursor, &key, &price))
        use(price, nowhere);
    (void)Prices_table_check(&prices);
}

static void damaged_bytes_do_no_harm(void **state)
{
    struct handles h = open_handles(state);
    FILE *nowhere = fopen("/dev/null", "w");
    uint64_t random = 5;
    mms_view view;

    check_true(nowhere != NULL);
    for (uint64_t key = 0; key < 12; key++)
        put_price(&h, key);
    check_ok(mms_read(h.reader, &view));
    for (int round = 0; round < check_rounds(3000); round++) {
        unsigned char *copy = aligned_alloc(64, (view.size + 63) / 64 * 64);

        check_true(copy != NULL);
        memcpy(copy, view.data, view.size);
        for (uint64_t flips = 1 + pattern_random(&random) % 8; flips > 0; flips--)
            copy[2048 + pattern_random(&random) % (view.size - 2048)] ^=
                (unsigned char)(1 + pattern_random(&random) % 255);
        examine(copy, view.size, nowhere);
        free(copy);
    }
    fclose(nowhere);
    close_handles(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(typed_puts_are_vouched_for),
        scratch_test(anything_else_is_not),
        scratch_test(nor_are_tables_that_were_written_as_bytes),
        scratch_test(calls_of_other_writes_are_refused_and_change_nothing),
        scratch_test(nor_are_tables_that_borrow_a_type),
        scratch_test(a_type_that_both_could_have_is_trusted_by_neither),
        scratch_test(nor_are_tables_whose_descriptor_has_another_type),
        scratch_test(those_of_a_writer_that_tracks_stores_are_no_exception),
        scratch_test(a_region_may_have_all_values_checked),
        scratch_test(a_replaced_region_takes_it_along),
        scratch_test(good_bytes_are_found_and_bad_ones_left_out),
        scratch_test(keys_are_checked_too),
        scratch_test(damaged_bytes_do_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
