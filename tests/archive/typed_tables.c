/* SPDX-License-Identifier: Apache-2.0 */
/* Typed tables through a region: values come back as they were put, and nothing of another type, and
   no value that is refused, gets in or out. */
#include "handles.h"
#include "mmap_sync_sample.h"
#include "sample.h"
#include "schema/schema.h"
#include "scratch.h"
#include "tables.h"
#include <stdlib.h>
#include <string.h>

/* ---- Prices: integers as keys, values with pointers ---- */

static const float discounts[] = {0.5f, 0.25f};

static Price price_of(int64_t cents, const char *note)
{
    return (Price){.cents = cents, .discounts = {discounts, 2}, .note = mms_str_of(note)};
}

static void put_prices(mms_writer *writer, uint64_t first, uint64_t count)
{
    mms_table *table;

    check_ok(Prices_table_begin(writer, NULL, &table));
    for (uint64_t key = first; key < first + count; key++) {
        Price price = price_of((int64_t)key * 100, "a note that is longer than the String itself");

        check_ok(Prices_table_put(table, key, &price));
    }
    check_ok(mms_table_commit(table, NULL));
}

static struct handles open_large(void **state)
{
    mms_writer_options options = sample_options();

    options.max_size = 4 << 20;
    return open_handles_with(state, options);
}

static void check_price(const ArchivedPrice *price, uint64_t key)
{
    check_true(price != NULL);
    check_equal(price->cents, (int64_t)key * 100);
    check_equal(Vec_f32_count(&price->discounts), 2);
    check_true(*Vec_f32_at(&price->discounts, 1) == 0.25f);
    check_true(mms_str_equal(Price_get_note(price), mms_str_of("a note that is longer than the String itself")));
    check_equal((uintptr_t)price % _Alignof(ArchivedPrice), 0);
}

static void integers_are_keys(void **state)
{
    struct handles h = open_large(state);
    mms_table_view prices;
    mms_view view;

    put_prices(h.writer, 1, 500);
    put_prices(h.writer, 501, 500);
    check_ok(Prices_table_read(h.reader, &view, &prices));
    check_true(prices.vouched);
    check_equal(mms_table_count(&prices), 1000);
    for (uint64_t key = 1; key <= 1000; key++)
        check_price(Prices_table_get(&prices, key), key);
    check_true(Prices_table_get(&prices, 1001) == NULL);
    check_code(mms_last_code(), MMS_E_NOT_FOUND);
    check_ok(Prices_table_check(&prices));
    close_handles(&h);
}

static void many_are_looked_up_at_a_time(void **state)
{
    struct handles h = open_handles(state);
    const ArchivedPrice *found[100];
    mms_table_view prices;
    uint64_t keys[100];
    mms_view view;

    put_prices(h.writer, 0, 60);
    for (uint64_t i = 0; i < 100; i++)
        keys[i] = i;
    check_ok(Prices_table_read(h.reader, &view, &prices));
    check_equal(Prices_table_get_many(&prices, 100, keys, found), 60);
    for (uint64_t i = 0; i < 60; i++)
        check_price(found[i], i);
    for (uint64_t i = 60; i < 100; i++)
        check_true(found[i] == NULL);
    check_equal(Prices_table_get_many(&prices, 0, keys, found), 0);
    close_handles(&h);
}

static void all_are_walked(void **state)
{
    struct handles h = open_handles(state);
    mms_table_cursor cursor = MMS_TABLE_CURSOR_INIT;
    const ArchivedPrice *price;
    uint64_t key, seen = 0;
    mms_table_view prices;
    mms_view view;

    put_prices(h.writer, 0, 64);
    check_ok(Prices_table_read(h.reader, &view, &prices));
    while (Prices_table_next(&prices, &cursor, &key, &price)) {
        check_price(price, key);
        check_true((seen >> key & 1) == 0);
        seen |= UINT64_C(1) << key;
    }
    check_true(seen == UINT64_MAX);
    cursor = (mms_table_cursor)MMS_TABLE_CURSOR_INIT;
    check_true(Prices_table_next(&prices, &cursor, NULL, NULL));
    close_handles(&h);
}

static void keys_are_deleted(void **state)
{
    struct handles h = open_handles(state);
    mms_table_view prices;
    mms_table *table;
    mms_view view;

    put_prices(h.writer, 0, 10);
    check_ok(Prices_table_begin(h.writer, NULL, &table));
    check_ok(Prices_table_delete(table, 3));
    check_code(Prices_table_delete(table, 3), MMS_E_NOT_FOUND);
    check_ok(mms_table_commit(table, NULL));
    check_ok(Prices_table_read(h.reader, &view, &prices));
    check_true(Prices_table_get(&prices, 3) == NULL);
    check_price(Prices_table_get(&prices, 4), 4);
    check_equal(mms_table_count(&prices), 9);
    close_handles(&h);
}

/* Longer than the room on the stack that is tried first. */
static void values_may_be_long(void **state)
{
    enum { LONG = 100000, FEW = 500 };
    struct handles h = open_large(state);
    float *many = calloc(LONG, sizeof *many);
    char *text = malloc(LONG);
    const ArchivedPrice *found;
    mms_table_view prices;
    mms_table *table;
    mms_view view;
    Price price;

    check_true(many && text);
    memset(text, 't', LONG);
    for (int i = 0; i < LONG; i++)
        many[i] = (float)i;
    price = (Price){.cents = 7, .discounts = {many, LONG}, .note = mms_str_of("long")};
    check_ok(Prices_table_begin(h.writer, NULL, &table));
    check_ok(Prices_table_put(table, 1, &price));
    price.discounts.count = FEW; /* these fit there, and the note behind them does not */
    price.note = (mms_str){text, LONG};
    check_ok(Prices_table_put(table, 2, &price));
    check_ok(mms_table_commit(table, NULL));
    check_ok(Prices_table_read(h.reader, &view, &prices));
    found = Prices_table_get(&prices, 1);
    check_true(found != NULL);
    check_equal(Vec_f32_count(&found->discounts), LONG);
    check_equal(memcmp(Vec_f32_data(&found->discounts), many, LONG * sizeof *many), 0);
    found = Prices_table_get(&prices, 2);
    check_true(found != NULL);
    check_equal(memcmp(Vec_f32_data(&found->discounts), many, FEW * sizeof *many), 0);
    check_true(mms_str_equal(Price_get_note(found), price.note));
    free(text);
    free(many);
    close_handles(&h);
}

/* ---- No keys, and other files ---- */

static void check_key_refused(int code, const char *text)
{
    check_code(code, MMS_E_INVALID);
    check_detail_mentions("Prices");
    check_detail_mentions(text);
}

/* For those that have the type and not the generated functions. */
static void keys_and_tables_that_are_not_there_are_refused(void **state)
{
    struct handles h = open_handles(state);
    mms_type too_long = *Prices_table_type.key;
    mms_table_type other = Prices_table_type;
    unsigned char room[MMS_TYPED_TABLE_KEY_MAX];
    mms_key key = {.size = 4711};
    mms_table_view prices = {.size = 77};
    uint64_t number = 0x0102030405060708;
    const void *root;
    mms_table *table;
    mms_view view;

    check_code(Prices_table_read(h.reader, &view, &prices), MMS_E_EMPTY);
    check_equal(prices.size, 77);
    put_prices(h.writer, 1, 2);
    check_ok(mms_read(h.reader, &view));
    check_code(mms_typed_table_of(&view, &Prices_table_type, NULL), MMS_E_INVALID);
    check_ok(Prices_table_of(&view, &prices));
    check_key_refused(mms_typed_table_key(&Prices_table_type, NULL, room, &key), "the key is NULL");
    check_equal(key.size, 4711);
    check_ok(mms_typed_table_key(&Prices_table_type, &number, room, &key));
    check_equal(key.size, 8);
    check_true(mms_typed_table_get(&prices, &Prices_table_type, NULL) == NULL);
    check_key_refused(mms_last_code(), "the key is NULL");
    too_long.size = MMS_TYPED_TABLE_KEY_MAX + 1;
    other.key = &too_long;
    check_key_refused(mms_typed_table_key(&other, &number, room, &key), "cannot be a key");
    check_true(mms_typed_table_get(&prices, &other, &number) == NULL);
    check_key_refused(mms_last_code(), "cannot be a key");
    check_code(mms_typed_table_root(&Prices_table_type, &(mms_value){.data = room, .size = 1}, &root), MMS_E_CORRUPT);
    check_ok(mms_release(h.reader));
    check_ok(Prices_table_begin(h.writer, NULL, &table));
    check_key_refused(mms_typed_table_delete(table, &Prices_table_type, NULL), "the key is NULL");
    check_key_refused(mms_typed_table_put(table, &other, &number, &number), "cannot be a key");
    check_ok(mms_table_commit(table, NULL)); /* as it was */
    check_ok(Prices_table_read(h.reader, &view, &prices));
    check_equal(mms_table_count(&prices), 2);
    check_price(Prices_table_get(&prices, 2), 2);
    close_handles(&h);
}

/* In the files of mmap-sync nothing vouches for a table: each value is checked when it is looked up. */
static void tables_in_files_of_mmap_sync_are_checked(void **state)
{
    const char *path = crate_path(scratch_path(state, "prefix"));
    mms_writer *writer = sample_writer_with(path, (mms_writer_options)MMS_WRITER_OPTIONS_INIT);
    mms_region *region;
    mms_reader *reader;
    mms_table_view prices;
    mms_view view;

    put_prices(writer, 1, 20);
    put_prices(writer, 21, 20);
    check_ok(mms_region_open(path, NULL, &region));
    reader = sample_reader(region);
    for (int i = 0; i < 3; i++) {
        check_ok(Prices_table_read(reader, &view, &prices));
        check_true(!prices.vouched);
        check_equal(mms_table_count(&prices), 40);
        for (uint64_t key = 1; key <= 40; key++)
            check_price(Prices_table_get(&prices, key), key);
        check_ok(Prices_table_check(&prices));
        check_ok(mms_release(reader));
    }
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

/* ---- The schema ---- */

static void the_schema_travels_with_the_table(void **state)
{
    struct handles h = open_handles(state);
    struct schema schema;
    uint64_t type_id[2];
    char text[1000];
    size_t size;

    put_prices(h.writer, 0, 1);
    put_prices(h.writer, 1, 1); /* an update keeps it */
    check_ok(mms_read_schema(h.region, text, sizeof text - 1, &size, type_id, NULL));
    text[size] = '\0';
    check_true(size == Prices_table_type.schema_size && memcmp(text, Prices_table_type.schema, size) == 0);
    check_true(!schema_read_stored(&schema, text, size, type_id, NULL)); /* which is for archives */
    schema_free(&schema);
    check_true(schema_read_stored_table(&schema, text, size, type_id, stderr));
    check_string(schema.table.name, "Prices");
    check_equal(schema.table.value->size, Prices_table_type.value->size);
    schema_free(&schema);
    text[size - 3] ^= 1;
    check_true(!schema_read_stored_table(&schema, text, size, type_id, NULL));
    schema_free(&schema);
    close_handles(&h);
}

static void all_types_can_be_made_again(void **state)
{
    const mms_table_type *const types[] = {
        &Prices_table_type,  &ShortPrices_table_type, &Spots_table_type,    &Counts_table_type,
        &ByOwner_table_type, &Seen_table_type,        &BySort_table_type,   &BySize_table_type,
        &Flags_table_type,   &Letters_table_type,     &Switches_table_type, &Hours_table_type,
    };

    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct schema schema;

        check_true(
            schema_read_stored_table(&schema, types[i]->schema, types[i]->schema_size, types[i]->type_id, stderr));
        check_string(schema.table.name, types[i]->name);
        check_equal(schema.table.key->size, types[i]->key->size);
        check_equal(schema.table.key->input_size, types[i]->key->input_size);
        check_equal(schema.table.value->flags, types[i]->value->flags);
        schema_free(&schema);
        for (size_t k = 0; k < i; k++)
            check_true(memcmp(types[i]->type_id, types[k]->type_id, sizeof types[i]->type_id) != 0);
    }
}

/* ---- What is refused ---- */

static void a_value_that_is_refused_changes_nothing(void **state)
{
    struct handles h = open_handles(state);
    Price good = price_of(1, "good"), bad = price_of(2, "bad");
    mms_table_view prices;
    mms_table *table;
    mms_view view;

    bad.note = (mms_str){"\xc0\x80 and more than fits", 20};
    check_ok(Prices_table_begin(h.writer, NULL, &table));
    check_ok(Prices_table_put(table, 1, &good));
    check_code(Prices_table_put(table, 1, &bad), MMS_E_INVALID);
    check_detail_mentions("Price.note");
    check_code(Prices_table_put(table, 2, &bad), MMS_E_INVALID);
    check_code(Prices_table_put(table, 2, NULL), MMS_E_INVALID);
    check_ok(mms_table_commit(table, NULL));
    check_ok(Prices_table_read(h.reader, &view, &prices));
    check_equal(Prices_table_get(&prices, 1)->cents, 1);
    check_equal(mms_table_count(&prices), 1);
    close_handles(&h);
}

static void another_type_is_refused(void **state)
{
    struct handles h = open_handles(state);
    mms_table_view table_view = {.size = 77};
    const ArchivedPrice *many[1] = {(const ArchivedPrice *)1};
    Price price = price_of(1, "one");
    mms_table *table;
    mms_view view;

    put_prices(h.writer, 0, 3);
    check_code(ShortPrices_table_read(h.reader, &view, &table_view), MMS_E_TYPE);
    check_detail_mentions("ShortPrices");
    check_equal(table_view.size, 77);
    check_code(mms_release(h.reader), MMS_E_NO_VIEW);
    check_code(ShortPrices_table_begin(h.writer, NULL, &table), MMS_E_TYPE);
    check_ok(mms_read(h.reader, &view));
    check_code(ShortPrices_table_of(&view, &table_view), MMS_E_TYPE);
    check_ok(mms_table_of(&view, &table_view));
    check_true(ShortPrices_table_get(&table_view, 1) == NULL);
    check_code(mms_last_code(), MMS_E_TYPE);
    check_equal(ShortPrices_table_get_many(&table_view, 1, &(uint32_t){1}, many), 0);
    check_true(many[0] == NULL);
    check_true(!ShortPrices_table_next(&table_view, &(mms_table_cursor)MMS_TABLE_CURSOR_INIT, NULL, NULL));
    check_code(ShortPrices_table_check(&table_view), MMS_E_TYPE);
    check_price(Prices_table_get(&table_view, 2), 2); /* checked, as nobody vouches for this view */
    check_ok(mms_release(h.reader));
    check_ok(Prices_table_begin(h.writer, NULL, &table));
    check_code(ShortPrices_table_put(table, 1, &price), MMS_E_TYPE);
    check_code(ShortPrices_table_delete(table, 1), MMS_E_TYPE);
    check_ok(mms_table_abort(table));
    check_code(Prices_table_put(table, 1, &price), MMS_E_INVALID); /* which has ended */
    check_ok(mms_write(h.writer, "no table", 8, NULL));
    check_code(Prices_table_read(h.reader, &view, &table_view), MMS_E_TYPE);
    check_code(Prices_table_begin(h.writer, NULL, &table), MMS_E_TYPE);
    close_handles(&h);
}

static void options_may_not_contradict_the_type(void **state)
{
    struct handles h = open_handles(state);
    mms_table_options options = MMS_TABLE_OPTIONS_INIT;
    mms_table_view prices;
    mms_table_info info;
    mms_table *table;
    mms_view view;

    check_code(Prices_table_begin(h.writer, NULL, NULL), MMS_E_INVALID);
    options.struct_size = 1;
    check_code(Prices_table_begin(h.writer, &options, &table), MMS_E_INVALID);
    check_detail_mentions("options: struct_size is 1");
    options = (mms_table_options)MMS_TABLE_OPTIONS_INIT;
    options.key_size = 4;
    check_code(Prices_table_begin(h.writer, &options, &table), MMS_E_INVALID);
    options.key_size = 0;
    options.value_size = Spots_table_type.value->size;
    check_ok(Spots_table_begin(h.writer, &options, &table)); /* each value has that size */
    check_ok(mms_table_abort(table));
    options.key_size = 8;
    options.value_size = 8;
    check_code(Prices_table_begin(h.writer, &options, &table), MMS_E_INVALID);
    options.value_size = 0;
    options.type_id[0] = 1;
    check_code(Prices_table_begin(h.writer, &options, &table), MMS_E_INVALID);
    memcpy(options.type_id, Prices_table_type.type_id, sizeof options.type_id); /* the same again */
    options.expiring = true;
    options.max_bytes = 1 << 20;
    check_ok(Prices_table_begin(h.writer, &options, &table));
    check_ok(Prices_table_put(table, 1, &(Price){.cents = 1}));
    check_ok(mms_table_set_expiry(table, 1));
    check_ok(Prices_table_put(table, 2, &(Price){.cents = 2}));
    check_ok(mms_table_commit(table, NULL));
    check_ok(Prices_table_read(h.reader, &view, &prices));
    mms_table_describe(&prices, &info);
    check_true(info.expiring && info.max_bytes == 1 << 20 && info.key_size == 8);
    check_true(Prices_table_get(&prices, 1) != NULL);
    check_true(Prices_table_get(&prices, 2) == NULL);
    close_handles(&h);
}

static void an_update_is_looked_into(void **state)
{
    struct handles h = open_handles(state);
    mms_table_view prices;
    mms_table *table;

    put_prices(h.writer, 0, 3);
    check_ok(Prices_table_begin(h.writer, NULL, &table));
    check_ok(Prices_table_put(table, 1, &(Price){.cents = 9}));
    check_ok(mms_table_current(table, &prices));
    check_equal(Prices_table_get(&prices, 1)->cents, 9);
    check_price(Prices_table_get(&prices, 2), 2);
    check_ok(mms_table_abort(table));
    close_handles(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(integers_are_keys),
        scratch_test(many_are_looked_up_at_a_time),
        scratch_test(all_are_walked),
        scratch_test(keys_are_deleted),
        scratch_test(values_may_be_long),
        scratch_test(keys_and_tables_that_are_not_there_are_refused),
        scratch_test(tables_in_files_of_mmap_sync_are_checked),
        scratch_test(the_schema_travels_with_the_table),
        scratch_test(all_types_can_be_made_again),
        scratch_test(a_value_that_is_refused_changes_nothing),
        scratch_test(another_type_is_refused),
        scratch_test(options_may_not_contradict_the_type),
        scratch_test(an_update_is_looked_into),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
