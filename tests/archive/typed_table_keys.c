/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of typed tables that are not plain integers: texts, structs, enums, addresses, arrays and small
   types are found again, with values of other kinds, and what cannot be a key is refused (T2). */
#include "handles.h"
#include "scratch.h"
#include "tables.h"
#include <string.h>

static void texts_are_keys(void **state)
{
    static const char *const texts[] = {"", "a", "seven b", "longer than eight bytes", "f\xc3\xbcnf"};
    struct handles h = open_handles(state);
    mms_table_cursor cursor = MMS_TABLE_CURSOR_INIT;
    mms_table_view counts;
    const uint64_t *count;
    mms_table *table;
    mms_view view;
    mms_str key;
    size_t walked = 0;

    check_ok(Counts_table_begin(h.writer, NULL, &table));
    for (size_t i = 0; i < 5; i++)
        check_ok(Counts_table_put(table, mms_str_of(texts[i]), i));
    check_code(Counts_table_put(table, (mms_str){"\xff", 1}, 9), MMS_E_INVALID);
    check_detail_mentions("Counts.key");
    check_ok(mms_table_commit(table, NULL));
    check_ok(Counts_table_read(h.reader, &view, &counts));
    check_equal(mms_table_count(&counts), 5);
    for (size_t i = 0; i < 5; i++)
        check_equal(*Counts_table_get(&counts, mms_str_of(texts[i])), i);
    check_equal(*Counts_table_get(&counts, (mms_str){NULL, 0}), 0);
    while (Counts_table_next(&counts, &cursor, &key, &count)) {
        check_true(mms_str_equal(key, mms_str_of(texts[*count])));
        walked++;
    }
    check_equal(walked, 5);
    close_handles(&h);
}

/* Whatever is in the holes of a struct, it is the same key. */
static Spot spot_of(int16_t row, uint32_t column, int garbage)
{
    Spot spot;

    memset(&spot, garbage, sizeof spot);
    spot.row = row;
    spot.column = column;
    return spot;
}

static void structs_are_keys(void **state)
{
    struct handles h = open_handles(state);
    mms_table_cursor cursor = MMS_TABLE_CURSOR_INIT;
    Spot key = spot_of(-3, 70000, 0xa5), value = spot_of(1, 2, 0xff), other = spot_of(-3, 70000, 0);
    const ArchivedSpot *found;
    mms_table_view spots;
    ArchivedSpot walked;
    mms_table *table;
    mms_view view;

    check_ok(Spots_table_begin(h.writer, NULL, &table));
    check_ok(Spots_table_put(table, &key, &value));
    check_ok(Spots_table_put(table, &other, &value));
    check_ok(mms_table_commit(table, NULL));
    check_ok(Spots_table_read(h.reader, &view, &spots));
    check_equal(mms_table_count(&spots), 1);
    found = Spots_table_get(&spots, &other);
    check_true(found && found->row == 1 && found->column == 2);
    check_true(Spots_table_next(&spots, &cursor, &walked, &found));
    check_true(walked.row == -3 && walked.column == 70000);
    close_handles(&h);
}

static Owner owner_of(Owner_Tag tag, int garbage)
{
    Owner owner;

    memset(&owner, garbage, sizeof owner);
    owner.tag = tag;
    if (tag == Owner_Tag_Number)
        owner.Number._0 = 77;
    if (tag == Owner_Tag_Pair) {
        owner.Pair.first = 1;
        owner.Pair.second = 2;
    }
    return owner;
}

static void enums_are_keys_and_maps_are_values(void **state)
{
    const HashMap_String_u32_entry entries[] = {{mms_str_of("apples"), 3}, {mms_str_of("pears"), 4}};
    const HashMap_String_u32 map = {entries, 2};
    struct handles h = open_handles(state);
    const ArchivedHashMap_String_u32 *found;
    mms_table_view owners;
    mms_table *table;
    mms_view view;

    check_ok(ByOwner_table_begin(h.writer, NULL, &table));
    for (Owner_Tag tag = Owner_Tag_Number; tag <= Owner_Tag_Nobody; tag++) {
        Owner owner = owner_of(tag, 0xa5);

        check_ok(ByOwner_table_put(table, &owner, &map));
    }
    check_ok(mms_table_commit(table, NULL));
    check_ok(ByOwner_table_read(h.reader, &view, &owners));
    check_equal(mms_table_count(&owners), 3);
    for (Owner_Tag tag = Owner_Tag_Number; tag <= Owner_Tag_Nobody; tag++) {
        Owner owner = owner_of(tag, 0x11);

        found = ByOwner_table_get(&owners, &owner);
        check_true(found != NULL);
        check_equal(*HashMap_String_u32_get(found, mms_str_of("pears")), 4);
    }
    close_handles(&h);
}

static void addresses_are_keys_of_a_set(void **state)
{
    const mms_ip four = mms_ip_of_v4((mms_ipv4){{1, 2, 3, 4}}), six = mms_ip_of_v6((mms_ipv6){{0x20, 1}});
    struct handles h = open_handles(state);
    mms_table_cursor cursor = MMS_TABLE_CURSOR_INIT;
    mms_table_view seen;
    mms_table *table;
    mms_view view;
    mms_ip ip = four;

    memset(&ip.v6.octets[4], 0xa5, 12); /* which a version 4 address has not */
    check_ok(Seen_table_begin(h.writer, NULL, &table));
    check_ok(Seen_table_put(table, ip));
    check_ok(mms_table_commit(table, NULL));
    check_ok(Seen_table_read(h.reader, &view, &seen));
    check_true(Seen_table_contains(&seen, four));
    check_true(!Seen_table_contains(&seen, six));
    check_true(Seen_table_next(&seen, &cursor, &ip));
    check_true(mms_ip_get_v4(&ip) != NULL && mms_ip_get_v4(&ip)->octets[3] == 4);
    check_true(!Seen_table_next(&seen, &cursor, &ip));
    close_handles(&h);
}

static void small_types_are_keys(void **state)
{
    struct handles h = open_handles(state);
    const Array_u8_3 bytes = {{1, 2, 3}};
    const Array_Option_u16_2 hours = {{{.some = true, .value = 9}, {.some = false, .value = 0xa5a5}}};
    const Array_Option_u16_2 same = {{{.some = true, .value = 9}, {.some = false, .value = 0}}};
    mms_table_view read;
    mms_table *table;
    mms_view view;

    check_ok(Letters_table_begin(h.writer, NULL, &table));
    check_ok(Letters_table_put(table, 0x1f600, &bytes));
    check_code(Letters_table_put(table, 0xd800, &bytes), MMS_E_INVALID);
    check_ok(mms_table_commit(table, NULL));
    check_ok(Letters_table_read(h.reader, &view, &read));
    check_equal(Letters_table_get(&read, 0x1f600)->items[2], 3);
    check_true(Letters_table_get(&read, 0xd800) == NULL);
    check_code(mms_last_code(), MMS_E_INVALID);
    check_ok(mms_release(h.reader));
    check_ok(mms_write(h.writer, "", 0, NULL)); /* a value without bytes may become any table */
    check_ok(Switches_table_begin(h.writer, NULL, &table));
    check_ok(Switches_table_put(table, true, -1));
    check_ok(mms_table_commit(table, NULL));
    check_ok(Switches_table_read(h.reader, &view, &read));
    check_equal(*Switches_table_get(&read, true), -1);
    check_true(Switches_table_get(&read, false) == NULL);
    check_ok(mms_release(h.reader));
    check_ok(mms_write(h.writer, "", 0, NULL));
    check_ok(Hours_table_begin(h.writer, NULL, &table));
    check_ok(Hours_table_put(table, &hours, (mms_duration){.secs = 8}));
    check_code(Hours_table_put(table, &same, (mms_duration){.nanos = 1000000000}), MMS_E_INVALID);
    check_ok(mms_table_commit(table, NULL));
    check_ok(Hours_table_read(h.reader, &view, &read));
    check_equal(Hours_table_get(&read, &same)->secs, 8);
    close_handles(&h);
}

static void enums_without_data_are_keys(void **state)
{
    const Price price = {.cents = 5, .discounts = {(const float[]){0.5f, 0.25f}, 2}, .note = mms_str_of("five")};
    const Option_Box_Price priced = {.some = true, .value = &price}, none = {.some = false};
    struct handles h = open_handles(state);
    mms_table_cursor cursor = MMS_TABLE_CURSOR_INIT;
    const ArchivedOption_Box_Price *found;
    mms_table_view sorts;
    ArchivedSort sort;
    mms_table *table;
    mms_view view;

    check_ok(BySort_table_begin(h.writer, NULL, &table));
    check_ok(BySort_table_put(table, Sort_Food, &priced));
    check_ok(BySort_table_put(table, Sort_Tool, &none));
    check_code(BySort_table_put(table, (Sort)2, &none), MMS_E_INVALID);
    check_ok(mms_table_commit(table, NULL));
    check_ok(BySort_table_read(h.reader, &view, &sorts));
    found = BySort_table_get(&sorts, Sort_Food);
    check_equal(Box_Price_get(Option_Box_Price_get(found))->cents, 5);
    check_true(Option_Box_Price_get(BySort_table_get(&sorts, Sort_Tool)) == NULL);
    while (BySort_table_next(&sorts, &cursor, &sort, &found))
        check_equal(Sort_get(&sort) == Sort_Food, Option_Box_Price_get(found) != NULL);
    close_handles(&h);
}

static void a_size_that_does_not_fit_is_no_key(void **state)
{
    struct handles h = open_handles(state);
    mms_table_view sizes;
    mms_table *table;
    mms_view view;

    check_ok(BySize_table_begin(h.writer, NULL, &table));
    check_ok(BySize_table_put(table, UINT32_MAX, mms_str_of("the largest of 32 bits")));
    check_code(BySize_table_put(table, UINT64_C(1) << 32, mms_str_of("more")), MMS_E_INVALID);
    check_ok(mms_table_commit(table, NULL));
    check_ok(BySize_table_read(h.reader, &view, &sizes));
    check_true(
        mms_str_equal(mms_string32_get(BySize_table_get(&sizes, UINT32_MAX)), mms_str_of("the largest of 32 bits")));
    check_true(BySize_table_get(&sizes, UINT64_C(1) << 32) == NULL);
    check_code(mms_last_code(), MMS_E_INVALID);
    close_handles(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(texts_are_keys),
        scratch_test(structs_are_keys),
        scratch_test(enums_are_keys_and_maps_are_values),
        scratch_test(addresses_are_keys_of_a_set),
        scratch_test(small_types_are_keys),
        scratch_test(enums_without_data_are_keys),
        scratch_test(a_size_that_does_not_fit_is_no_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
