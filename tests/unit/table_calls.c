/* SPDX-License-Identifier: Apache-2.0 */
/* The calls that begin, change and end an update of a table: in which order, with which options and
   types, what is refused, and that a refusal leaves what was there before. */
#include "forked.h"
#include "sample.h"
#include "scratch.h"
#include "table_texts.h"

/* ---- Order of calls ---- */

static void a_change_needs_an_update(void **state)
{
    struct handles h = open_table_handles(state);
    mms_table *table;
    mms_table_view view;
    void *room;

    check_code(mms_table_put(NULL, "k", 1, "v", 1), MMS_E_INVALID);
    check_detail_mentions("mms_table_begin");
    table = begin_table(&h);
    check_ok(mms_table_commit(table, NULL));
    check_code(mms_table_put(table, "k", 1, "v", 1), MMS_E_INVALID);
    check_detail_mentions("mms_table_put: no update of the table");
    check_code(mms_table_reserve(table, "k", 1, 1, &room), MMS_E_INVALID);
    check_code(mms_table_delete(table, "k", 1), MMS_E_INVALID);
    check_code(mms_table_put_many(table, 0, NULL, NULL, NULL), MMS_E_INVALID);
    check_code(mms_table_set_expiry(table, 1), MMS_E_INVALID);
    check_code(mms_table_current(table, &view), MMS_E_INVALID);
    check_code(mms_table_commit(table, NULL), MMS_E_INVALID);
    check_code(mms_table_abort(table), MMS_E_INVALID);
    close_handles(&h);
}

static void one_update_at_a_time(void **state)
{
    struct handles h = open_table_handles(state);
    mms_table *table = begin_table(&h), *other = table;
    void *buffer;

    check_code(mms_table_begin(h.writer, NULL, &other), MMS_E_INVALID);
    check_detail_mentions("a table of");
    check_true(other == NULL);
    put_text(table, "k", "v"); /* the first one goes on */
    check_ok(mms_table_commit(table, NULL));
    check_ok(mms_write_begin(h.writer, 1, &buffer, NULL));
    check_code(mms_table_begin(h.writer, NULL, &other), MMS_E_INVALID);
    check_detail_mentions("a write of");
    check_code(mms_table_put(table, "k", 1, "w", 1), MMS_E_INVALID);
    check_ok(mms_write_abort(h.writer));
    check_entry(&h, "k", "v");
    close_handles(&h);
}

static void check_not_own(int code, const char *call)
{
    check_code(code, MMS_E_INVALID);
    check_detail_mentions(call);
    check_detail_mentions("mms_table_commit");
}

/* The bytes of a table are its own: a commit that skips what ends a table would publish half of it. */
static void calls_for_other_writes_are_refused(void **state)
{
    struct handles h = open_table_handles(state);
    mms_table *table = begin_table(&h);
    uint64_t type_id[2] = {MMS_TABLE_TYPE_0, MMS_TABLE_TYPE_1};
    mms_receipt receipt;
    void *buffer = NULL;
    mms_view view;
    size_t size;

    put_text(table, "k", "v");
    check_not_own(mms_write_commit(h.writer, 0, NULL), "mms_write_commit: ");
    check_not_own(mms_write_grow(h.writer, 1 << 20, &buffer), "mms_write_grow: ");
    check_not_own(mms_write_touch(h.writer, 0, 1), "mms_write_touch: ");
    check_not_own(mms_write_patch(h.writer, 0, "x", 1), "mms_write_patch: ");
    check_code(mms_write_update(h.writer, 0, &buffer, &size, NULL), MMS_E_INVALID);
    check_code(mms_write_begin(h.writer, 1, &buffer, NULL), MMS_E_INVALID);
    check_code(mms_write(h.writer, "x", 1, NULL), MMS_E_INVALID);
    check_true(buffer == NULL);
    check_ok(mms_write_set_tag(h.writer, 7)); /* these are not about its bytes */
    check_ok(mms_write_set_type(h.writer, type_id, NULL, 0));
    put_text(table, "l", "w");
    check_ok(mms_table_commit(table, &receipt));
    check_entry(&h, "k", "v");
    check_entry(&h, "l", "w");
    check_ok(mms_read(h.reader, &view));
    check_equal(view.generation, receipt.generation);
    check_ok(mms_release(h.reader));
    publish_text(h.writer, "and after the table they are not");
    close_handles(&h);
}

static void the_end_of_the_write_ends_the_update(void **state)
{
    struct handles h = open_table_handles(state);
    mms_table *table = begin_table(&h);

    check_ok(mms_write_abort(h.writer));
    check_code(mms_table_put(table, "k", 1, "v", 1), MMS_E_INVALID);
    publish_entry(&h, "k", "v");
    check_entry(&h, "k", "v");
    close_handles(&h);
}

static void a_closed_writer_aborts(void **state)
{
    struct handles h = open_table_handles(state);

    publish_entry(&h, "k", "v");
    put_text(begin_table(&h), "k", "lost");
    check_ok(mms_writer_close(h.writer));
    check_entry(&h, "k", "v");
    h.writer = sample_writer_with(h.path, (mms_writer_options)MMS_WRITER_OPTIONS_INIT);
    publish_entry(&h, "l", "w");
    check_entry(&h, "k", "v");
    close_handles(&h);
}

static void null_is_refused(void **state)
{
    struct handles h = open_table_handles(state);
    mms_table *table;
    mms_table_view view;
    mms_view none = {0};

    check_code(mms_table_begin(NULL, NULL, &table), MMS_E_INVALID);
    check_code(mms_table_begin(h.writer, NULL, NULL), MMS_E_INVALID);
    table = begin_table(&h);
    check_code(mms_table_put(table, NULL, 1, "v", 1), MMS_E_INVALID);
    check_detail_mentions("key is NULL");
    check_code(mms_table_put(table, "k", 1, NULL, 1), MMS_E_INVALID);
    check_detail_mentions("value is NULL");
    check_code(mms_table_delete(table, NULL, 1), MMS_E_INVALID);
    check_ok(mms_table_abort(table));
    check_code(mms_table_of(NULL, &view), MMS_E_INVALID);
    check_code(mms_table_of(&none, NULL), MMS_E_INVALID);
    check_code(mms_table_of(&none, &view), MMS_E_NO_VIEW);
    close_handles(&h);
}

static void put_in_child(void *table)
{
    check_code(mms_table_put(table, "k", 1, "v", 1), MMS_E_FORKED);
    check_code(mms_table_commit(table, NULL), MMS_E_FORKED);
}

static void begin_in_child(void *writer)
{
    mms_table *table;

    check_code(mms_table_begin(writer, NULL, &table), MMS_E_FORKED); /* and not: a table has begun */
}

static void a_child_changes_nothing(void **state)
{
    struct handles h = open_table_handles(state);
    mms_table *table = begin_table(&h);

    in_child(put_in_child, table);
    in_child(begin_in_child, h.writer);
    put_text(table, "k", "parent");
    check_ok(mms_table_commit(table, NULL));
    check_entry(&h, "k", "parent");
    close_handles(&h);
}

/* ---- Options and types ---- */

static void other_values_are_no_tables(void **state)
{
    struct handles h = open_table_handles(state);
    static char zeros[4096] __attribute__((aligned(16)));
    mms_view short_one = {.data = zeros, .size = 4}, odd = {.data = zeros + 8, .size = 64};
    mms_table_view view;
    mms_table *table;
    mms_view held;

    publish_text(h.writer, "no table");
    check_code(mms_table_begin(h.writer, NULL, &table), MMS_E_TYPE);
    check_detail_mentions(h.path);
    check_ok(mms_read(h.reader, &held));
    check_code(mms_table_of(&held, &view), MMS_E_TYPE);
    check_ok(mms_release(h.reader));
    check_code(mms_table_of(&short_one, &view), MMS_E_TYPE);
    check_code(mms_table_of(&odd, &view), MMS_E_INVALID);
    publish_text(h.writer, "the writer is usable"); /* and no write is left begun */
    close_handles(&h);
}

static void an_empty_value_becomes_a_table(void **state)
{
    struct handles h = open_table_handles(state);

    publish_text(h.writer, "");
    publish_entry(&h, "k", "v");
    check_entry(&h, "k", "v");
    close_handles(&h);
}

static void the_type_is_stored_and_compared(void **state)
{
    struct handles h = open_table_handles(state);
    mms_table_options options = MMS_TABLE_OPTIONS_INIT, other = MMS_TABLE_OPTIONS_INIT;
    mms_table_view view;
    uint64_t type_id[2];
    mms_table *table;
    mms_view_info info;

    options.type_id[0] = 1;
    options.type_id[1] = 2;
    options.schema = "a schema";
    options.schema_size = 8;
    other.type_id[1] = 3;
    check_ok(mms_table_commit(begin_table_with(&h, &options), NULL));
    check_ok(mms_table_commit(begin_table_with(&h, &options), NULL));
    check_ok(mms_table_commit(begin_table(&h), NULL)); /* any */
    check_code(mms_table_begin(h.writer, &other, &table), MMS_E_TYPE);
    check_detail_mentions("0000000000000003");
    other.type_id[0] = 1; /* half of it */
    check_code(mms_table_begin(h.writer, &other, &table), MMS_E_TYPE);
    check_detail_mentions("00000000000000010000000000000003");
    view = read_table(&h);
    check_true(view.type_id[0] == 1 && view.type_id[1] == 2);
    check_ok(mms_view_type(h.reader, type_id));
    check_true(type_id[0] == 1 && type_id[1] == 2);
    check_ok(mms_view_describe(h.reader, &info));
    check_equal(info.schema_size, 8);
    check_memory(info.schema, "a schema", 8);
    check_ok(mms_release(h.reader));
    close_handles(&h);
}

static void a_plain_table_has_a_type_too(void **state)
{
    struct handles h = open_table_handles(state);
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    mms_region *region;
    mms_view view;
    mms_reader *reader;

    publish_entry(&h, "k", "v");
    options.type_id[0] = MMS_TABLE_TYPE_0;
    options.type_id[1] = MMS_TABLE_TYPE_1;
    check_ok(mms_region_open(h.path, &options, &region));
    reader = sample_reader(region);
    check_ok(mms_read(reader, &view));
    publish_text(h.writer, "something else");
    check_code(mms_read(reader, &view), MMS_E_TYPE);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    close_handles(&h);
}

/* No slot is taken, so none has to be filled again, and no generation is used up. */
static void a_refused_begin_costs_nothing(void **state)
{
    struct handles h = open_table_handles(state);
    mms_table_options type = MMS_TABLE_OPTIONS_INIT, size = MMS_TABLE_OPTIONS_INIT;
    mms_receipt before, after;
    mms_table *table;

    publish_entry(&h, "k", "v");
    check_ok(mms_table_commit(begin_table(&h), &before));
    type.type_id[1] = 3;
    check_code(mms_table_begin(h.writer, &type, &table), MMS_E_TYPE);
    size.key_size = 8;
    check_code(mms_table_begin(h.writer, &size, &table), MMS_E_INVALID);
    check_ok(mms_table_commit(begin_table(&h), &after));
    check_equal(after.generation, before.generation + 1);
    before.generation = publish_text(h.writer, "no table");
    check_code(mms_table_begin(h.writer, NULL, &table), MMS_E_TYPE);
    check_equal(publish_text(h.writer, "still none"), before.generation + 1);
    close_handles(&h);
}

static void fixed_sizes_are_kept_to(void **state)
{
    struct handles h = open_table_handles(state);
    mms_table_options options = MMS_TABLE_OPTIONS_INIT, other = MMS_TABLE_OPTIONS_INIT;
    mms_table_info info;
    mms_table_view view;
    mms_table *table;

    options.key_size = 4;
    options.value_size = 2;
    table = begin_table_with(&h, &options);
    check_ok(mms_table_put(table, "four", 4, "ok", 2));
    check_code(mms_table_put(table, "three", 3, "ok", 2), MMS_E_INVALID);
    check_detail_mentions("a key of 3 bytes");
    check_code(mms_table_put(table, "four", 4, "no!", 3), MMS_E_INVALID);
    check_detail_mentions("a value of 3 bytes");
    check_ok(mms_table_commit(table, NULL));
    view = read_table(&h);
    mms_table_describe(&view, &info);
    check_equal(info.key_size, 4);
    check_equal(info.value_size, 2);
    check_has_text(&view, "four", "ok");
    other.key_size = 8;
    check_code(mms_table_begin(h.writer, &other, &table), MMS_E_INVALID);
    check_detail_mentions("options.key_size is 8");
    other.key_size = 0;
    other.value_size = 8;
    check_code(mms_table_begin(h.writer, &other, &table), MMS_E_INVALID);
    check_detail_mentions("options.value_size is 8");
    check_ok(mms_table_commit(begin_table_with(&h, &options), NULL)); /* the same ones */
    check_ok(mms_release(h.reader));
    close_handles(&h);
}

static void options_that_cannot_be_are_refused(void **state)
{
    struct handles h = open_table_handles(state);
    mms_table_options options = MMS_TABLE_OPTIONS_INIT;
    mms_table *table;

    options.struct_size = 1;
    check_code(mms_table_begin(h.writer, &options, &table), MMS_E_INVALID);
    check_detail_mentions("options: struct_size is 1");
    options = (mms_table_options)MMS_TABLE_OPTIONS_INIT;
    options.key_size = MMS_TABLE_KEY_MAX + 1;
    check_code(mms_table_begin(h.writer, &options, &table), MMS_E_INVALID);
    check_detail_mentions("options.key_size");
    options = (mms_table_options)MMS_TABLE_OPTIONS_INIT;
    options.schema_size = 1;
    check_code(mms_table_begin(h.writer, &options, &table), MMS_E_INVALID);
    check_detail_mentions("options.schema is NULL");
    options = (mms_table_options)MMS_TABLE_OPTIONS_INIT;
    options.reserved[3] = 1;
    check_code(mms_table_begin(h.writer, &options, &table), MMS_E_INVALID);
    publish_entry(&h, "k", "v");
    options = (mms_table_options)MMS_TABLE_OPTIONS_INIT;
    options.max_bytes = 1000;
    check_code(mms_table_begin(h.writer, &options, &table), MMS_E_INVALID);
    check_detail_mentions("options.max_bytes");
    options.max_bytes = 0;
    options.expires_ns = 1;
    check_code(mms_table_begin(h.writer, &options, &table), MMS_E_INVALID);
    check_detail_mentions("options.expires_ns is only for a table that was created with options.expiring");
    table = begin_table(&h);
    check_code(mms_table_set_expiry(table, 1), MMS_E_INVALID);
    check_detail_mentions("options.expiring");
    check_ok(mms_table_abort(table));
    check_entry(&h, "k", "v");
    close_handles(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(a_change_needs_an_update),
        scratch_test(one_update_at_a_time),
        scratch_test(calls_for_other_writes_are_refused),
        scratch_test(the_end_of_the_write_ends_the_update),
        scratch_test(a_closed_writer_aborts),
        scratch_test(null_is_refused),
        scratch_test(a_child_changes_nothing),
        scratch_test(other_values_are_no_tables),
        scratch_test(an_empty_value_becomes_a_table),
        scratch_test(the_type_is_stored_and_compared),
        scratch_test(a_plain_table_has_a_type_too),
        scratch_test(a_refused_begin_costs_nothing),
        scratch_test(fixed_sizes_are_kept_to),
        scratch_test(options_that_cannot_be_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
