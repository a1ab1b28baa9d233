/* SPDX-License-Identifier: Apache-2.0 */
/* mms_write_update and its commit: what an update begins with, what it publishes, and what cannot be
   updated. */
#include "forked.h"
#include "handles.h"
#include "region/layout.h"
#include "sample.h"
#include "scratch.h"
#include <mmsync/table.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Updating ---- */

static void an_update_begins_with_the_newest_value(void **state)
{
    struct handles handles = open_handles(state);
    size_t size;
    void *buffer;

    publish_text(handles.writer, "first");
    publish_text(handles.writer, "a value");
    check_ok(mms_write_update(handles.writer, 0, &buffer, &size, NULL));
    check_equal(size, 7);
    check_memory(buffer, "a value", 7);
    check_copies(handles.path, "a value");
    check_ok(mms_write_patch(handles.writer, 0, "A", 1));
    check_copies(handles.path, "a value");
    check_ok(mms_write_commit(handles.writer, size, NULL));
    check_copies(handles.path, "A value");
    close_handles(&handles);
}

static void without_a_value_it_begins_with_nothing(void **state)
{
    struct handles handles = open_handles(state);
    size_t size = 99;
    void *buffer;

    check_ok(mms_write_update(handles.writer, 4, &buffer, &size, NULL));
    check_equal(size, 0);
    check_ok(mms_write_patch(handles.writer, 0, "new", 3));
    check_ok(mms_write_commit(handles.writer, 3, NULL));
    check_reads(handles.reader, "new");
    close_handles(&handles);
}

static void many_small_changes_add_up(void **state)
{
    struct handles handles = open_handles(state);
    char text[101] = {0};

    memset(text, '.', 100);
    publish_text(handles.writer, text);
    for (int i = 0; i < 100; i++) {
        text[i * 37 % 100] = (char)('a' + i % 26);
        patch_text(handles.writer, (size_t)(i * 37 % 100), (char[]){text[i * 37 % 100], 0});
        check_reads(handles.reader, text);
    }
    close_handles(&handles);
}

static void a_value_can_grow_and_shrink(void **state)
{
    struct handles handles = open_handles(state);
    size_t size;
    void *buffer;

    publish_text(handles.writer, "0123456789");
    check_ok(mms_write_update(handles.writer, 0, &buffer, &size, NULL));
    check_ok(mms_write_commit(handles.writer, 4, NULL));
    check_reads(handles.reader, "0123");
    patch_text(handles.writer, 4, "abcdef");
    check_reads(handles.reader, "0123abcdef");
    check_ok(mms_write_update(handles.writer, 0, &buffer, &size, NULL));
    check_ok(mms_write_grow(handles.writer, 30000, &buffer));
    check_memory(buffer, "0123abcdef", 10);
    check_ok(mms_write_patch(handles.writer, 10, "!", 1));
    check_ok(mms_write_commit(handles.writer, 11, NULL));
    check_reads(handles.reader, "0123abcdef!");
    close_handles(&handles);
}

/* By then the slot has other bytes, which must not come back. */
static void what_an_aborted_update_stored_is_gone(void **state)
{
    struct handles handles = open_handles(state);
    size_t size;
    void *buffer;

    publish_text(handles.writer, "the value");
    for (int i = 0; i < 12; i++) {
        check_ok(mms_write_update(handles.writer, 0, &buffer, &size, NULL));
        check_memory(buffer, "the value", 9);
        memset(buffer, 'x', size);
        check_ok(mms_write_abort(handles.writer));
    }
    patch_text(handles.writer, 4, "V");
    check_reads(handles.reader, "the Value");
    close_handles(&handles);
}

static void type_and_schema_go_along(void **state)
{
    struct handles handles = open_handles(state);
    const uint64_t type[2] = {7, 8}, other[2] = {9, 10};
    mms_view_info info;
    mms_view view;
    size_t size;
    void *buffer;

    check_ok(mms_write_begin(handles.writer, 10, &buffer, NULL));
    memcpy(buffer, "0123456789", 10);
    check_ok(mms_write_set_type(handles.writer, type, "struct T", 8));
    check_ok(mms_write_commit(handles.writer, 10, NULL));
    for (size_t i = 0; i < 12; i++) {
        patch_text(handles.writer, i * 30, "patched");
        check_ok(mms_read(handles.reader, &view));
        check_ok(mms_view_describe(handles.reader, &info));
        check_equal(info.type_id[0], 7);
        check_equal(info.type_id[1], 8);
        check_equal(info.schema_size, 8);
        check_memory(info.schema, "struct T", 8);
    }
    check_ok(mms_write_update(handles.writer, 0, &buffer, &size, NULL));
    check_ok(mms_write_set_type(handles.writer, other, NULL, 0));
    check_ok(mms_write_commit(handles.writer, size, NULL));
    check_ok(mms_read(handles.reader, &view));
    check_ok(mms_view_describe(handles.reader, &info));
    check_equal(info.type_id[0], 9);
    check_true(info.schema == NULL);
    close_handles(&handles);
}

static void the_next_writer_goes_on(void **state)
{
    struct handles handles = open_handles(state);
    uint64_t first, second;

    publish_text(handles.writer, "0123456789");
    first = patch_text(handles.writer, 0, "a");
    check_ok(mms_writer_close(handles.writer));
    handles.writer = sample_writer(handles.path);
    second = patch_text(handles.writer, 9, "z");
    check_reads(handles.reader, "a12345678z");
    check_holds(handles.reader, "a12345678z");
    check_string(changes_since(handles.reader, first), "9+1");
    check_string(changes_since(handles.reader, second), "");
    close_handles(&handles);
}

/* ---- Slots ---- */

/* Readers hold slots and lose them: a slot that comes back is brought up to date like any
   other. */
static void an_evicted_slot_is_caught_up(void **state)
{
    mms_writer_options options = sample_options();
    mms_region_options reading = MMS_REGION_OPTIONS_INIT;
    struct handles handles;
    mms_region *region;
    mms_reader *reader[3];
    char text[101] = {0};
    mms_view view;

    options.on_grace = MMS_EVICT;
    options.max_readers = 8;
    reading.allow_evict = true;
    handles = open_handles_with(state, options);
    check_ok(mms_region_open(handles.path, &reading, &region));
    memset(text, '.', 100);
    publish_text(handles.writer, text);
    for (int i = 0; i < 3; i++)
        check_ok(mms_reader_open(region, &reader[i]));
    for (int i = 0; i < 300; i++) {
        int code = mms_read(reader[i % 3], &view);

        check_true(code == 0 || code == MMS_E_EVICTED);
        text[i * 37 % 100] = (char)('a' + i % 26);
        patch_text(handles.writer, (size_t)(i * 37 % 100), (char[]){text[i * 37 % 100], 0});
        check_reads(handles.reader, text);
    }
    for (int i = 0; i < 3; i++)
        (void)mms_reader_close(reader[i]);
    check_ok(mms_region_close(region));
    close_handles(&handles);
}

enum { VALUE_SIZE = 512 << 10 };

struct change {
    size_t places, apart, length;
};

/* Change that many bytes in each of those places, and return the slot. */
static unsigned make_change(struct handles *handles, const struct change *change, unsigned char byte)
{
    mms_receipt receipt;
    unsigned char *bytes;
    size_t size;
    void *buffer;

    check_ok(mms_write_update(handles->writer, 0, &buffer, &size, NULL));
    bytes = buffer;
    for (size_t i = 0; i < change->places; i++) {
        memset(bytes + i * change->apart, byte, change->length);
        check_ok(mms_write_touch(handles->writer, i * change->apart, change->length));
    }
    check_ok(mms_write_commit(handles->writer, size, &receipt));
    return receipt.slot;
}

static struct handles open_with_large_value(void **state)
{
    mms_writer_options options = sample_options();
    unsigned char *value = calloc(1, VALUE_SIZE);
    struct handles handles;

    options.max_size = VALUE_SIZE;
    handles = open_handles_with(state, options);
    check_ok(mms_write(handles.writer, value, VALUE_SIZE, NULL));
    free(value);
    return handles;
}

/* The slot has missed only one publish, so the value takes two slots. A reader can keep it. */
static void check_goes_back(void **state, const struct change *change)
{
    struct handles handles = open_with_large_value(state);
    unsigned slot[3];
    mms_view view;

    slot[0] = make_change(&handles, change, 'a');
    slot[1] = make_change(&handles, change, 'b');
    for (int i = 0; i < 10; i++)
        check_equal(make_change(&handles, change, (unsigned char)('c' + i)), slot[i % 2]);
    check_ok(mms_read(handles.reader, &view)); /* the second slot */
    check_equal(make_change(&handles, change, 'm'), slot[0]);
    slot[2] = make_change(&handles, change, 'n');
    check_true(slot[2] != slot[0] && slot[2] != slot[1]);
    check_ok(mms_release(handles.reader));
    for (int i = 0; i < 10; i++)
        check_equal(make_change(&handles, change, (unsigned char)('o' + i)), slot[i % 2 * 2]);
    close_handles(&handles);
}

static void many_changes_go_back_to_the_slot_before(void **state)
{
    check_goes_back(state, &(struct change){.places = 1000, .apart = 64, .length = 1});
}

static void a_large_change_goes_back_to_the_slot_before(void **state)
{
    check_goes_back(state, &(struct change){.places = 1, .length = 300 << 10});
}

/* With little to catch up, all slots take turns, and the scan is saved. */
/* The receipt says who is in the way, as that of a whole write does. */
static void an_update_without_a_slot_names_who_holds_them(void **state)
{
    const char *path = scratch_path(state, "held");
    mms_writer_options options = sample_options();
    mms_receipt receipt = {.blockers = 0};
    mms_region *region;
    mms_reader *reader;
    mms_writer *writer;
    size_t size;
    void *buffer;

    options.max_slots = 2;
    writer = sample_writer_with(path, options);
    publish_text(writer, "first");
    region = sample_region(path);
    reader = holding_reader(region);
    publish_text(writer, "second");
    check_code(mms_write_update(writer, 0, &buffer, &size, NULL), MMS_E_AGAIN);
    check_code(mms_write_update(writer, 0, &buffer, &size, &receipt), MMS_E_AGAIN);
    check_equal(receipt.blockers, 1);
    check_equal(receipt.blocker_pid[0], getpid());
    check_copies(path, "second");
    check_ok(mms_reader_close(reader));
    check_ok(mms_write_update(writer, 0, &buffer, &size, &receipt));
    check_equal(receipt.blockers, 0);
    check_ok(mms_write_patch(writer, 0, "S", 1));
    check_ok(mms_write_commit(writer, size, NULL));
    check_copies(path, "Second");
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static void small_changes_take_turns(void **state)
{
    const struct change change = {.places = 2, .apart = 64, .length = 10};
    struct handles handles = open_with_large_value(state);
    unsigned slots = 0;

    for (int i = 0; i < 10; i++)
        slots |= 1u << make_change(&handles, &change, (unsigned char)('a' + i));
    check_equal(__builtin_popcount(slots), 3);
    close_handles(&handles);
}

/* Large values, then small ones until memory is freed, then large ones again. */
static void a_slot_that_gave_memory_back_is_caught_up(void **state)
{
    mms_writer_options options = sample_options();
    struct handles handles;
    const size_t large = 8 << 20;
    unsigned char *value = malloc(large);
    size_t size;
    void *buffer;

    options.max_size = large;
    handles = open_handles_with(state, options);
    memset(value, 'v', large);
    for (int round = 0; round < 3; round++) {
        check_ok(mms_write(handles.writer, value, large, NULL));
        for (int i = 0; i < 4; i++) {
            check_ok(mms_write_update(handles.writer, 0, &buffer, &size, NULL));
            value[i] = (unsigned char)('a' + round);
            check_ok(mms_write_patch(handles.writer, (size_t)i, &value[i], 1));
            check_ok(mms_write_commit(handles.writer, size, NULL));
        }
        for (int i = 0; i < 400; i++) { /* the usual size decays, and slots that are too large are trimmed */
            check_ok(mms_write_update(handles.writer, 0, &buffer, &size, NULL));
            check_memory(buffer, value, i == 0 ? large : 100);
            check_ok(mms_write_commit(handles.writer, 100, NULL));
        }
    }
    free(value);
    close_handles(&handles);
}

/* ---- What is refused ---- */

static void null_and_too_much_are_refused(void **state)
{
    struct handles handles = open_handles(state);
    size_t size = 5;
    void *buffer = &size;

    check_code(mms_write_update(NULL, 0, &buffer, &size, NULL), MMS_E_INVALID);
    check_code(mms_write_update(handles.writer, 0, NULL, &size, NULL), MMS_E_INVALID);
    check_code(mms_write_update(handles.writer, 0, &buffer, NULL, NULL), MMS_E_INVALID);
    check_code(mms_write_update(handles.writer, 65537, &buffer, &size, NULL), MMS_E_TOO_BIG);
    check_equal(size, 5);
    check_true(buffer == &size);
    patch_text(handles.writer, 0, "still works");
    check_reads(handles.reader, "still works");
    close_handles(&handles);
}

/* Where a field of the current slot's descriptor is. */
static size_t current_field(const char *path, size_t field)
{
    uint64_t word;

    load_bytes(path, "control", offsetof(struct mms__control, current), &word, sizeof word);
    return offsetof(struct mms__control, slots) + mms__word_slot(word) * sizeof(struct mms__descriptor) + field;
}

static void check_no_update(void **state, size_t field, uint64_t value)
{
    struct handles handles = open_handles(state);
    size_t size = 77;
    void *buffer;

    publish_text(handles.writer, "0123456789");
    check_ok(mms_writer_close(handles.writer));
    patch_word(handles.path, "control", current_field(handles.path, field), value);
    handles.writer = sample_writer(handles.path);
    check_code(mms_write_update(handles.writer, 0, &buffer, &size, NULL), MMS_E_CORRUPT);
    check_detail_mentions("publish a whole value");
    check_equal(size, 77);
    publish_text(handles.writer, "whole");
    patch_text(handles.writer, 0, "W");
    check_reads(handles.reader, "Whole");
    close_handles(&handles);
    check_ok(mms_remove(handles.path));
}

/* A table is looked at before its update begins, which is where the size is refused. */
static void check_no_table(void **state, uint64_t size)
{
    struct handles handles = open_handles(state);
    mms_table *table;

    check_ok(mms_table_begin(handles.writer, NULL, &table));
    check_ok(mms_table_put(table, "key", 3, "value", 5));
    check_ok(mms_table_commit(table, NULL));
    patch_word(handles.path, "control", current_field(handles.path, offsetof(struct mms__descriptor, size)), size);
    check_code(mms_table_begin(handles.writer, NULL, &table), MMS_E_CORRUPT);
    check_detail_mentions("its control file does not fit its value");
    publish_text(handles.writer, "whole");
    check_reads(handles.reader, "whole");
    close_handles(&handles);
    check_ok(mms_remove(handles.path));
}

static void a_table_that_its_descriptor_does_not_fit_is_not_looked_at(void **state)
{
    check_no_table(state, (64 << 10) + 1);
    check_no_table(state, UINT64_MAX);
}

static void a_value_that_its_descriptor_does_not_fit_is_not_updated(void **state)
{
    check_no_update(state, offsetof(struct mms__descriptor, size), (64 << 10) + 1);
    check_no_update(state, offsetof(struct mms__descriptor, size), UINT64_MAX);
    check_no_update(state, offsetof(struct mms__descriptor, generation), 4711);
}

/* The type is kept, but not the text, which cannot be there. */
static void a_schema_that_does_not_fit_is_not_carried_on(void **state)
{
    struct handles handles = open_handles(state);
    const uint64_t type[2] = {7, 8};
    mms_view_info info;
    void *buffer;

    check_ok(mms_write_begin(handles.writer, 10, &buffer, NULL));
    memcpy(buffer, "0123456789", 10);
    check_ok(mms_write_set_type(handles.writer, type, "struct T", 8));
    check_ok(mms_write_commit(handles.writer, 10, NULL));
    check_ok(mms_writer_close(handles.writer));
    patch_word(handles.path, "control", current_field(handles.path, offsetof(struct mms__descriptor, schema_size)),
               UINT64_MAX);
    handles.writer = sample_writer(handles.path);
    patch_text(handles.writer, 0, "x");
    check_holds(handles.reader, "x123456789");
    check_ok(mms_view_describe(handles.reader, &info));
    check_equal(info.type_id[0], 7);
    check_equal(info.type_id[1], 8);
    check_equal(info.schema_size, 0);
    check_ok(mms_verify(handles.path, NULL, NULL));
    close_handles(&handles);
}

static void ask_for_everything(void *argument)
{
    struct handles *handles = argument;
    size_t size;
    void *buffer;

    check_code(mms_write_touch(handles->writer, 0, 1), MMS_E_FORKED);
    check_code(mms_write_patch(handles->writer, 0, "x", 1), MMS_E_FORKED);
    check_code(mms_write_update(handles->writer, 0, &buffer, &size, NULL), MMS_E_FORKED);
    check_code(mms_changes(handles->reader, 1, NULL, 0, &size), MMS_E_FORKED);
    check_code(mms_writer_close(handles->writer), MMS_E_FORKED);
    check_code(mms_region_close(handles->region), MMS_E_FORKED);
}

static void a_forked_child_is_refused_and_the_parent_goes_on(void **state)
{
    struct handles handles;
    uint64_t first;
    size_t size;
    void *buffer;

    need_fork_advice();
    handles = open_handles(state);
    first = publish_text(handles.writer, "0123456789");
    patch_text(handles.writer, 0, "x");
    check_holds(handles.reader, "x123456789");
    check_string(changes_since(handles.reader, first), "0+1"); /* it has mapped the file */
    check_ok(mms_write_update(handles.writer, 0, &buffer, &size, NULL));
    in_child(ask_for_everything, &handles);
    check_ok(mms_write_patch(handles.writer, 1, "x", 1));
    check_ok(mms_write_commit(handles.writer, size, NULL));
    check_holds(handles.reader, "xx23456789");
    check_string(changes_since(handles.reader, first), "0+2");
    close_handles(&handles);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(an_update_begins_with_the_newest_value),
        scratch_test(without_a_value_it_begins_with_nothing),
        scratch_test(many_small_changes_add_up),
        scratch_test(a_value_can_grow_and_shrink),
        scratch_test(what_an_aborted_update_stored_is_gone),
        scratch_test(type_and_schema_go_along),
        scratch_test(the_next_writer_goes_on),
        scratch_test(null_and_too_much_are_refused),
        scratch_test(a_value_that_its_descriptor_does_not_fit_is_not_updated),
        scratch_test(a_table_that_its_descriptor_does_not_fit_is_not_looked_at),
        scratch_test(a_schema_that_does_not_fit_is_not_carried_on),
        scratch_test(an_evicted_slot_is_caught_up),
        scratch_test(many_changes_go_back_to_the_slot_before),
        scratch_test(a_large_change_goes_back_to_the_slot_before),
        scratch_test(an_update_without_a_slot_names_who_holds_them),
        scratch_test(small_changes_take_turns),
        scratch_test(a_slot_that_gave_memory_back_is_caught_up),
        scratch_test(a_forked_child_is_refused_and_the_parent_goes_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
