/* SPDX-License-Identifier: Apache-2.0 */
/* Making an older value the newest one again (mmsync/history.h): in place, by copy, and refused. */
#include "keeping.h"
#include "region/layout.h"
#include "scratch.h"
#include <errno.h>
#include <string.h>

static void history_lists_the_newest_first_and_says_which_is_which(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = keeping_writer(path, 3);
    mms_past_value values[KEEPING_SLOTS];
    size_t count;

    check_ok(mms_history(path, NULL, 0, &count));
    check_equal(count, 0);
    for (unsigned i = 1; i <= 50; i++)
        publish_number(writer, i);
    count = list_values(path, values);
    check_true(count >= 4);
    for (size_t i = 0; i < count; i++) {
        check_true(i == 0 || values[i].generation < values[i - 1].generation);
        check_equal(values[i].current, i == 0);
        check_equal(values[i].kept, i >= 1 && i <= 3);
        check_true(values[i].publish_time_ns > 0);
    }
    for (size_t i = 1; i < 4; i++)
        check_equal(values[i].generation, values[0].generation - i);
    check_equal(values[0].size, 8);
    check_ok(mms_history(path, values, 1, &count)); /* less room than there are */
    check_true(count >= 4 && values[0].current);
    check_code(mms_history(path, NULL, 1, &count), MMS_E_INVALID);
    check_code(mms_history(path, values, 1, NULL), MMS_E_INVALID);
    check_ok(mms_writer_close(writer));
}

static void an_old_value_becomes_the_newest_where_it_is(void **state)
{
    const char *path = scratch_path(state, "region");

    for (uint8_t keep = 1; keep <= 3; keep = (uint8_t)(keep + 2)) {
        mms_writer *writer = keeping_writer(path, keep);
        mms_receipt receipt;
        uint64_t old, last = 0;
        unsigned slot;

        for (unsigned i = 0; i < 30; i++)
            last = publish_number(writer, i);
        old = last - keep;
        slot = slot_of(path, old);
        check_ok(mms_write_rollback(writer, old, &receipt));
        check_equal(receipt.generation, last + 1);
        check_equal(receipt.slot, slot); /* nothing was copied */
        check_equal(receipt.size, strlen("value 29"));
        check_number(path, 29 - keep);
        check_equal(count_kept(path), keep); /* the one before it among them, or older ones */
        check_pool(writer);
        check_ok(mms_writer_close(writer));
    }
    check_ok(mms_verify(path, NULL, NULL));
}

static void zero_is_the_value_before_the_current_one(void **state)
{
    const char *path = scratch_path(state, "region");

    for (uint8_t keep = 0; keep < 2; keep++) { /* without it that one is there all the same, until the next write */
        mms_writer *writer = keeping_writer(path, keep);

        publish_number(writer, 1);
        publish_number(writer, 2);
        check_ok(mms_write_rollback(writer, 0, NULL));
        check_number(path, 1);
        check_ok(mms_write_rollback(writer, 0, NULL)); /* the rollback, rolled back */
        check_number(path, 2);
        for (unsigned i = 0; i < 10; i++) {
            check_ok(mms_write_rollback(writer, 0, NULL));
            check_number(path, 1 + i % 2);
        }
        check_pool(writer);
        check_ok(mms_writer_close(writer));
    }
}

static void what_is_not_there_is_refused(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = keeping_writer(path, 2);
    uint64_t last;
    void *buffer;

    check_code(mms_write_rollback(writer, 0, NULL), MMS_E_EMPTY);
    check_code(mms_write_rollback(writer, 5, NULL), MMS_E_EMPTY);
    last = publish_number(writer, 1);
    check_code(mms_write_rollback(writer, 0, NULL), MMS_E_FORGOTTEN);
    check_code(mms_write_rollback(writer, last, NULL), MMS_E_INVALID);
    check_detail_mentions("is the newest one already");
    for (unsigned i = 0; i < 30; i++)
        last = publish_number(writer, i);
    check_code(mms_write_rollback(writer, last - 20, NULL), MMS_E_FORGOTTEN);
    check_detail_mentions("options.keep");
    check_code(mms_write_rollback(writer, last + 1, NULL), MMS_E_FORGOTTEN);
    check_number(path, 29);
    check_ok(mms_write_begin(writer, 10, &buffer, NULL));
    check_code(mms_write_rollback(writer, last - 1, NULL), MMS_E_INVALID);
    check_ok(mms_write_abort(writer));
    check_ok(mms_write_rollback(writer, last - 1, NULL)); /* none of this has cost a kept value */
    check_number(path, 28);
    check_code(mms_write_rollback(NULL, 0, NULL), MMS_E_INVALID);
    check_ok(mms_writer_close(writer));
}

/* G1, G4: the reader's view is that of the old generation, and stays so. */
static void a_value_that_a_reader_holds_is_copied(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = keeping_writer(path, 1);
    mms_region *region = sample_region(path);
    mms_reader *reader;
    mms_view view, newest;
    mms_receipt receipt;
    unsigned slot;

    publish_number(writer, 1);
    reader = holding_reader(region);
    check_ok(mms_refresh(reader, &view));
    slot = slot_of(path, view.generation);
    publish_number(writer, 2);
    check_ok(mms_write_rollback(writer, 0, &receipt));
    check_true(receipt.slot != slot);
    check_number(path, 1);
    for (unsigned i = 0; i < 30; i++)
        publish_number(writer, i);
    check_memory(view.data, "value 1", 7);
    check_ok(mms_release(reader)); /* and was not evicted */
    check_ok(mms_read(reader, &newest));
    check_memory(newest.data, "value 29", 8);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_pool(writer);
    check_ok(mms_writer_close(writer));
}

static void with_no_slot_to_copy_into_it_fails_and_nothing_changes(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();
    mms_writer *writer;
    mms_region *region;
    mms_reader *reader;
    mms_receipt receipt;

    options.max_slots = 2;
    options.grace_ms = MMS_NO_WAIT;
    options.keep = 1;
    writer = sample_writer_with(path, options);
    publish_number(writer, 1);
    region = sample_region(path);
    reader = holding_reader(region);
    publish_number(writer, 2);
    check_code(mms_write_rollback(writer, 0, &receipt), MMS_E_AGAIN);
    check_equal(receipt.blockers, 1);
    check_number(path, 2);
    check_ok(mms_release(reader));
    check_ok(mms_write_rollback(writer, 0, &receipt)); /* in place */
    check_number(path, 1);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static mms_region *evictable_region(const char *path)
{
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    mms_region *region;

    options.allow_evict = true;
    check_ok(mms_region_open(path, &options, &region));
    return region;
}

/* G1, G4, G13: to evict its reader would be to overwrite it before it is copied. */
static void the_value_to_go_back_to_is_not_evicted_for_its_copy(void **state)
{
    for (uint32_t slots = 2; slots <= 3; slots++) {
        const char *path = scratch_path(state, slots == 2 ? "two" : "three");
        mms_writer_options options = sample_options();
        mms_reader *readers[2];
        mms_receipt receipt;
        mms_region *region;
        mms_writer *writer;
        mms_view view;
        uint64_t old;

        options.max_slots = slots;
        options.on_grace = MMS_EVICT;
        writer = sample_writer_with(path, options);
        region = evictable_region(path);
        old = publish_number(writer, 1);
        readers[0] = sample_reader(region);
        view = check_holds(readers[0], "value 1");
        readers[1] = NULL;
        for (unsigned i = 2; i <= slots; i++) {
            publish_number(writer, i);
            readers[1] = i < slots ? holding_reader(region) : readers[1];
        }
        if (slots == 2) {
            check_code(mms_write_rollback(writer, old, &receipt), MMS_E_AGAIN);
            check_equal(receipt.evicted, 0);
            check_equal(receipt.blockers, 1);
            check_number(path, 2);
        } else {
            check_ok(mms_write_rollback(writer, old, &receipt));
            check_equal(receipt.evicted, 1); /* the younger one */
            check_number(path, 1);
            check_code(mms_release(readers[1]), MMS_E_EVICTED);
        }
        check_memory(view.data, "value 1", 7);
        check_ok(mms_release(readers[0]));
        check_pool(writer);
        check_ok(mms_reader_close(readers[0]));
        check_ok(mms_reader_close(readers[1]));
        check_ok(mms_region_close(region));
        check_ok(mms_writer_close(writer));
    }
}

static void patch_descriptor(const char *path, unsigned slot, size_t field, uint64_t value)
{
    patch_word(path, "control", offsetof(struct mms__control, slots) + slot * sizeof(struct mms__descriptor) + field,
               value);
}

/* What a descriptor says is not believed: the receipt, the newest value and the pool stay as they are. */
static void a_value_whose_size_is_impossible_is_refused(void **state)
{
    static const size_t fields[] = {offsetof(struct mms__descriptor, size),
                                    offsetof(struct mms__descriptor, schema_size)};
    const char *path = scratch_path(state, "region");
    mms_writer *writer = keeping_writer(path, 2);
    mms_receipt receipt = {.generation = 4711};
    mms_past_value values[KEEPING_SLOTS];
    uint64_t old;
    size_t count;

    publish_number(writer, 1);
    old = publish_number(writer, 2);
    publish_number(writer, 3);
    count = list_values(path, values);
    for (size_t i = 0; i < 2; i++) {
        unsigned slot = slot_of(path, old);
        uint64_t true_one = i == 0 ? 7 : 0;

        patch_descriptor(path, slot, fields[i], UINT64_MAX / 2);
        check_code(mms_write_rollback(writer, old, &receipt), MMS_E_CORRUPT);
        check_detail_mentions("run mmsync verify");
        check_equal(receipt.generation, 4711);
        check_number(path, 3);
        check_equal(list_values(path, values), i == 0 ? count - 1 : count);
        for (size_t k = 0; i == 0 && k < count - 1; k++)
            check_true(values[k].generation != old);
        check_pool(writer);
        patch_descriptor(path, slot, fields[i], true_one);
    }
    check_ok(mms_write_rollback(writer, old, &receipt));
    check_number(path, 2);
    check_ok(mms_verify(path, NULL, NULL));
    check_ok(mms_writer_close(writer));
}

static void a_region_that_is_not_there_has_no_history(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = keeping_writer(path, 1);
    size_t count = 4711;
    int code;

    check_code(mms_history(scratch_path(state, "nothing"), NULL, 0, &count), -ENOENT);
    check_detail_mentions("nothing");
    check_code(mms_history(NULL, NULL, 0, &count), MMS_E_INVALID);
    check_equal(count, 4711);
    publish_number(writer, 1);
    publish_number(writer, 2);
    scratch_delete(path);
    check_code(mms_history(path, NULL, 0, &count), -ENOENT);
    do /* it looks once per tick of the clock */
        code = mms_write_rollback(writer, 0, NULL);
    while (code == 0);
    check_code(code, MMS_E_GONE);
    check_detail_mentions(path);
    check_ok(mms_writer_close(writer));
}

static void a_value_comes_back_with_all_that_was_published_with_it(void **state)
{
    static const char schema[] = "struct Example { a: u64 }";
    static const uint64_t type_id[2] = {3, 4};
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();
    mms_region *region;
    mms_reader *reader;
    mms_view_info info;
    mms_writer *writer;
    mms_view view;
    void *buffer;

    options.keep = 1;
    options.checksum = true;
    options.tag = 77;
    writer = sample_writer_with(path, options);
    check_ok(mms_write_begin(writer, 100, &buffer, NULL));
    memset(buffer, 'a', 100);
    check_ok(mms_write_set_type(writer, type_id, schema, sizeof schema - 1));
    check_ok(mms_write_commit(writer, 100, NULL));
    region = sample_region(path);
    for (int held = 0; held < 2; held++) { /* in place, and by copy */
        reader = held ? holding_reader(region) : sample_reader(region);
        publish_text(writer, "of no type");
        check_ok(mms_write_rollback(writer, 0, NULL));
        check_ok(mms_reader_close(reader));
        reader = sample_reader(region);
        check_ok(mms_read(reader, &view));
        check_ok(mms_view_describe(reader, &info));
        check_equal(view.size, 100);
        check_equal(info.type_id[0], 3);
        check_equal(info.type_id[1], 4);
        check_equal(info.tag, 77);
        check_true(info.has_checksum);
        check_equal(info.schema_size, sizeof schema - 1);
        check_memory(info.schema, schema, sizeof schema - 1);
        check_ok(mms_reader_close(reader));
        check_ok(mms_verify(path, NULL, NULL)); /* compares the checksum */
    }
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static uint64_t update_byte(mms_writer *writer, size_t at, char byte)
{
    mms_receipt receipt;
    void *buffer;
    size_t size;

    check_ok(mms_write_update(writer, 0, &buffer, &size, NULL));
    check_ok(mms_write_patch(writer, at, &byte, 1));
    check_ok(mms_write_commit(writer, size, &receipt));
    return receipt.generation;
}

/* G11, G12 */
static void updates_go_on_from_the_value_that_came_back(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = keeping_writer(path, 2);
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);
    char wanted[] = "0123456789", kept[sizeof wanted];
    uint64_t generation = 0, since;
    mms_range ranges[4];
    mms_view view;
    size_t count;

    publish_text(writer, wanted);
    for (size_t i = 0; i < 60; i++) {
        memcpy(kept, wanted, sizeof wanted);
        since = generation;
        wanted[i % 10] = (char)('a' + i % 26);
        generation = update_byte(writer, i % 10, wanted[i % 10]);
        if (i % 3 == 2) {
            check_ok(mms_write_rollback(writer, since, NULL));
            memcpy(wanted, kept, sizeof wanted);
            check_ok(mms_read(reader, &view));
            check_code(mms_changes(reader, generation, ranges, 4, &count), MMS_E_FORGOTTEN);
            generation = view.generation;
            check_ok(mms_release(reader));
        }
        check_copies(path, wanted);
    }
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_verify(path, NULL, NULL));
    check_ok(mms_writer_close(writer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(history_lists_the_newest_first_and_says_which_is_which),
        scratch_test(an_old_value_becomes_the_newest_where_it_is),
        scratch_test(zero_is_the_value_before_the_current_one),
        scratch_test(what_is_not_there_is_refused),
        scratch_test(a_value_that_a_reader_holds_is_copied),
        scratch_test(with_no_slot_to_copy_into_it_fails_and_nothing_changes),
        scratch_test(the_value_to_go_back_to_is_not_evicted_for_its_copy),
        scratch_test(a_value_whose_size_is_impossible_is_refused),
        scratch_test(a_region_that_is_not_there_has_no_history),
        scratch_test(a_value_comes_back_with_all_that_was_published_with_it),
        scratch_test(updates_go_on_from_the_value_that_came_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
