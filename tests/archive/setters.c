/* SPDX-License-Identifier: Apache-2.0 */
/* Typed updates by the functions that mmsc makes: what they set, touch, keep and refuse. A Board is
   changed in the region and, the same way, in memory; the archives must be the same. */
#include "setters.h"
#include "board.h"
#include "corpus.h"
#include "hello.h"
#include "json_input.h"
#include "mmap_sync_sample.h"
#include "scratch.h"
#include <stdlib.h>
#include <string.h>

struct fixture {
    mms_writer *writer;
    mms_region *region;
    mms_reader *reader;
    struct json_input in;
    Board value;
    size_t size;
    const ArchivedBoard *board; /* of the update that has begun */
};

static void open_all(struct fixture *f, const char *path)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;

    options.max_size = 1 << 16;
    options.check_touch = true;
    check_ok(mms_writer_open(path, &options, &f->writer));
    check_ok(mms_region_open(path, NULL, &f->region));
    check_ok(mms_reader_open(f->region, &f->reader));
}

static void close_all(struct fixture *f)
{
    check_ok(mms_reader_close(f->reader));
    check_ok(mms_region_close(f->region));
    check_ok(mms_writer_close(f->writer));
}

static void begin(struct fixture *f)
{
    check_ok(Board_update(f->writer, &f->board, &f->size, NULL));
}

static struct fixture *set_up(void **state)
{
    static struct fixture fixture;
    struct fixture *f = &fixture;

    memset(f, 0, sizeof *f);
    open_all(f, scratch_path(state, "region"));
    f->in.at = BOARD_JSON;
    check_true(json_input(&f->in, Board_archive.type, &f->value));
    check_ok(Board_write(f->writer, &f->value, NULL));
    begin(f);
    return f;
}

static void tear_down(struct fixture *f)
{
    close_all(f);
    json_input_free(&f->in);
}

/* What is published has the bytes of the value in memory. */
static void check_newest(struct fixture *f)
{
    size_t size;
    unsigned char *expected;
    mms_view view;

    check_ok(Board_size(&f->value, &size));
    expected = corpus_allocate(size);
    check_ok(Board_serialize(&f->value, expected, size, &size));
    check_true(Board_read(f->reader, &view) != NULL);
    check_equal(view.size, size);
    check_memory(view.data, expected, size);
    check_ok(mms_archive_check(&Board_archive, view.data, view.size, NULL));
    check_ok(mms_release(f->reader));
    free(expected);
}

/* Commit, compare, and begin again. */
static void check_set(struct fixture *f)
{
    check_ok(mms_write_commit(f->writer, f->size, NULL));
    check_newest(f);
    begin(f);
}

/* A part of the input, which was allocated. */
#define WRITABLE(type, pointer) ((type *)(uintptr_t)(pointer))

static Item *item_of(const struct fixture *f, size_t index)
{
    return &WRITABLE(Item, f->value.items.data)[index];
}

/* ---- What can be set ---- */

static void numbers_are_set(void **state)
{
    struct fixture *f = set_up(state);

    check_ok(Board_set_revision(f->writer, f->board, f->value.revision = UINT64_MAX));
    check_ok(Board_set_count(f->writer, f->board, f->value.count = UINT32_MAX));
    check_ok(Board_set_delta(f->writer, f->board, f->value.delta = INT32_MIN));
    memset(&f->value.wide, 0xa5, sizeof f->value.wide); /* a struct, where the compiler has no such integers */
    check_ok(Board_set_wide(f->writer, f->board, f->value.wide));
    check_set(f);
    check_ok(Box_u64_set(f->writer, &f->board->boxed, *WRITABLE(uint64_t, f->value.boxed) = 78));
    check_ok(Range_u16_set_start(f->writer, &f->board->range, f->value.range.start = 4));
    check_set(f);
    tear_down(f);
}

static void standard_types_are_set(void **state)
{
    struct fixture *f = set_up(state);
    const mms_ipv6 v6 = {{0x20, 1, 0xd, 0xb8, 15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};

    f->value.span = (mms_duration){.secs = 9, .nanos = 999999999};
    f->value.from = mms_ip_of_v6(v6);
    memset(f->value.id.bytes, 0xab, 16);
    check_ok(Board_set_span(f->writer, f->board, f->value.span));
    check_ok(Board_set_from(f->writer, f->board, f->value.from));
    check_ok(Board_set_id(f->writer, f->board, f->value.id));
    check_set(f);
    f->value.from = mms_ip_of_v4((mms_ipv4){{1, 2, 3, 4}}); /* the rest of it is zeroed again */
    check_ok(Board_set_from(f->writer, f->board, f->value.from));
    check_set(f);
    tear_down(f);
}

static void elements_are_set(void **state)
{
    struct fixture *f = set_up(state);

    WRITABLE(uint32_t, f->value.letters.data)[1] = 0x10ffff;
    WRITABLE(Level, f->value.slice.data)[0] = Level_Mid;
    f->value.matrix.items[1].items[2] = 60;
    f->value.matrix.items[0] = (Array_u16_3){{7, 8, 9}};
    check_ok(Vec_char_set_at(f->writer, &f->board->letters, 1, 0x10ffff));
    check_ok(Box_slice_Level_set_at(f->writer, &f->board->slice, 0, Level_Mid));
    check_ok(Array_u16_3_set_at(f->writer, &f->board->matrix.items[1], 2, 60));
    check_ok(Array_Array_u16_3_2_set_at(f->writer, &f->board->matrix, 0, &f->value.matrix.items[0]));
    check_set(f);
    item_of(f, 1)->weights.items[3] = 44.0f;
    check_ok(Array_f32_4_set_at(f->writer, &Vec_Item_at(&f->board->items, 1)->weights, 3, 44.0f));
    *item_of(f, 0) = *item_of(f, 1);
    item_of(f, 0)->id = 12;
    check_ok(Vec_Item_set_at(f->writer, &f->board->items, 0, item_of(f, 0)));
    check_set(f);
    tear_down(f);
}

static void fields_of_structs_are_set(void **state)
{
    struct fixture *f = set_up(state);
    const ArchivedItem *item = Vec_Item_at(&f->board->items, 0);
    Item *in = item_of(f, 0);

    check_ok(Item_set_id(f->writer, item, in->id = 99));
    check_ok(Item_set_level(f->writer, item, in->level = Level_High));
    check_ok(Limits_set_low(f->writer, &item->limits, in->limits.low = 3));
    check_ok(Limits_set_open(f->writer, &item->limits, in->limits.open = true));
    check_ok(Limits_set_mark(f->writer, &item->limits, in->limits.mark = 0xe9));
    check_set(f);
    in = WRITABLE(Item, f->value.special.value);
    item = Box_Item_get(Option_Box_Item_get(&f->board->special));
    in->limits = (Limits){.low = 5, .high = {.some = true, .value = 6}, .open = true, .mark = 'z'};
    check_ok(Item_set_limits(f->writer, item, &in->limits));
    check_ok(Level_set(f->writer, &item->level, in->level = Level_Low));
    check_set(f);
    tear_down(f);
}

/* Without pointers, another variant takes the same place. What it leaves of the one before is zeroed. */
static void variants_change(void **state)
{
    const Mode modes[] = {{.tag = Mode_Tag_Fixed, .Fixed = {0xffff}},
                          {.tag = Mode_Tag_Off},
                          {.tag = Mode_Tag_Ramp, .Ramp = {.from = 7, .to = 8}},
                          {.tag = Mode_Tag_Fixed, .Fixed = {1}}};
    struct fixture *f = set_up(state);

    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        const ArchivedItem *item = Vec_Item_at(&f->board->items, 1);

        item_of(f, 1)->mode = modes[i];
        item_of(f, 1)->limits.high = (Option_u32){.some = i % 2 == 0, .value = 17};
        check_ok(i % 2 ? Mode_set(f->writer, &item->mode, &modes[i]) : Item_set_mode(f->writer, item, &modes[i]));
        check_ok(Option_u32_set(f->writer, &item->limits.high, &item_of(f, 1)->limits.high));
        check_set(f);
    }
    f->value.ends = (Result_u8_Point){.is_err = true, .err = {-5, 5}};
    check_ok(Board_set_ends(f->writer, f->board, &f->value.ends));
    check_set(f);
    tear_down(f);
}

/* With pointers beside it, a payload can be set while it is there. */
static void payloads_are_set(void **state)
{
    struct fixture *f = set_up(state);
    Slot *slots = WRITABLE(Slot, f->value.slots.data);
    const ArchivedSlot_Count *count = Slot_as_Count(Vec_Slot_at(&f->board->slots, 1));
    const ArchivedSlot_Named *named = Slot_as_Named(Vec_Slot_at(&f->board->slots, 2));

    check_ok(Slot_Count_set_0(f->writer, count, slots[1].Count._0 = 55));
    check_ok(Slot_Named_set_size(f->writer, named, slots[2].Named.size = 66));
    check_ok(Slot_Count_set_0(f->writer, &f->board->pair.items[0].Count, f->value.pair.items[0].Count._0 = 11));
    check_ok(Result_u64_String_set_ok(f->writer, &f->board->outcome, f->value.outcome.ok = 101));
    check_set(f);
    check_code(Slot_Count_set_0(f->writer, Slot_as_Count(Vec_Slot_at(&f->board->slots, 0)), 1), MMS_E_INVALID);
    check_code(Slot_Count_set_0(f->writer, &f->board->pair.items[1].Count, 1), MMS_E_INVALID);
    check_detail_mentions("setting Slot.Count: the value is now Named");
    check_set(f);
    tear_down(f);
}

static void values_of_keys_are_set(void **state)
{
    const Array_f32_8 row = {{1.5f, 2.5f, 3.5f, 4.5f, 5.5f, 6.5f, 7.5f, -8.5f}};
    struct fixture *f = set_up(state);
    Item *item = &WRITABLE(HashMap_String_Item_entry, f->value.named.data)[1].value;
    const mms_str name = mms_str_of("another with a long name");

    WRITABLE(HashMap_u64_Array_f32_8_entry, f->value.rows.data)[2].value = row;
    WRITABLE(HashMap_u64_Array_f32_8_entry, f->value.rows.data)[0].value.items[7] = 70.0f;
    check_ok(HashMap_u64_Array_f32_8_set(f->writer, &f->board->rows, 9, &row));
    check_ok(Array_f32_8_set_at(f->writer, HashMap_u64_Array_f32_8_get(&f->board->rows, 7), 7, 70.0f));
    check_set(f);
    item->id = 5;
    check_ok(HashMap_String_Item_set(f->writer, &f->board->named, name, item));
    check_ok(Item_set_level(f->writer, HashMap_String_Item_get(&f->board->named, name), item->level = Level_High));
    WRITABLE(BTreeMap_String_u64_entry, f->value.sorted.data)[1].value = 20;
    check_ok(BTreeMap_String_u64_set(f->writer, &f->board->sorted, mms_str_of("b"), 20));
    check_set(f);
    WRITABLE(HashMap_Point_Point_entry, f->value.places.data)[1].value = (Point){7, 8};
    check_ok(HashMap_Point_Point_set(f->writer, &f->board->places, (Point){-1, -2}, &(Point){7, 8}));
    check_set(f);
    tear_down(f);
}

static void values_of_entries_are_set(void **state)
{
    struct fixture *f = set_up(state);
    const ArchivedHashMap_u64_Array_f32_8_entry *rows = HashMap_u64_Array_f32_8_entries(&f->board->rows);
    HashMap_u64_Array_f32_8_entry *in = WRITABLE(HashMap_u64_Array_f32_8_entry, f->value.rows.data);
    const ArchivedBTreeMap_String_u64_entry *entry;
    mms_tree_cursor cursor;
    uint64_t count = 0;

    for (size_t i = 0; i < 3; i++) {
        in[i].value.items[0] = (float)in[i].key;
        for (size_t k = 0; k < 3; k++)
            if (rows[k].key == in[i].key)
                check_ok(HashMap_u64_Array_f32_8_entry_set_value(f->writer, &rows[k], &in[i].value));
    }
    for (entry = BTreeMap_String_u64_first(&f->board->sorted, &cursor); entry;
         entry = BTreeMap_String_u64_next(&cursor)) {
        WRITABLE(BTreeMap_String_u64_entry, f->value.sorted.data)[count].value = 100 + count;
        check_ok(BTreeMap_String_u64_entry_set_value(f->writer, entry, 100 + count));
        count++;
    }
    check_equal(count, 4);
    check_set(f);
    tear_down(f);
}

/* More than a setter has on its stack. */
static void large_values_are_set(void **state)
{
    static Large large, found;
    struct fixture *f = set_up(state);
    const ArchivedLarge *root;
    mms_view view;

    check_ok(mms_write_abort(f->writer));
    check_ok(Large_write(f->writer, &large, NULL));
    for (size_t i = 0; i < sizeof large.bits.items; i += 3)
        large.bits.items[i] = true;
    check_ok(Large_update(f->writer, &root, &f->size, NULL));
    check_ok(Large_set(f->writer, root, &large));
    check_ok(mms_write_commit(f->writer, f->size, NULL));
    check_true((root = Large_read(f->reader, &view)) != NULL);
    check_memory(root, &large, sizeof large);
    found = large;
    memset(&found.bits.items[4095], 3, 1);
    check_ok(Large_update(f->writer, &root, &f->size, NULL));
    check_code(Large_set_bits(f->writer, root, &found.bits), MMS_E_INVALID);
    check_detail_mentions("[4095]: the bool is 3");
    check_memory(root, &large, sizeof large);
    tear_down(f);
}

/* ---- What is touched ---- */

static void check_changed(const struct fixture *f, uint64_t since, const void *at, const void *start, size_t length)
{
    mms_range ranges[4];
    size_t count;

    check_ok(mms_changes(f->reader, since, ranges, 4, &count));
    check_equal(count, 1);
    check_equal(ranges[0].offset, (uintptr_t)at - (uintptr_t)start);
    check_equal(ranges[0].length, length);
}

/* Where an update is, as seen from its root. */
static const char *start_of(const struct fixture *f)
{
    return (const char *)(f->board + 1) - f->size;
}

static void no_more_is_touched_than_was_set(void **state)
{
    struct fixture *f = set_up(state);
    const ArchivedArray_f32_8 *row = HashMap_u64_Array_f32_8_get(&f->board->rows, 7);
    mms_view first, second;

    check_ok(mms_read(f->reader, &first));
    check_ok(Array_f32_8_set_at(f->writer, row, 3, 1.25f));
    check_ok(mms_write_commit(f->writer, f->size, NULL));
    check_ok(mms_read(f->reader, &second));
    check_changed(f, first.generation, &row->items[3], start_of(f), 4);
    begin(f);
    check_ok(Item_set_mode(f->writer, Vec_Item_at(&f->board->items, 0), &(Mode){.tag = Mode_Tag_Off}));
    check_ok(mms_write_commit(f->writer, f->size, NULL));
    check_ok(mms_read(f->reader, &first));
    check_changed(f, second.generation, &Vec_Item_at(&f->board->items, 0)->mode, start_of(f), sizeof(ArchivedMode));
    tear_down(f);
}

static void an_abort_changes_nothing(void **state)
{
    struct fixture *f = set_up(state);

    for (uint32_t i = 0; i < 20; i++) {
        check_ok(Board_set_revision(f->writer, f->board, 1000 + i));
        check_ok(Array_f32_8_set_at(f->writer, HashMap_u64_Array_f32_8_get(&f->board->rows, 8), i % 8, (float)i));
        check_ok(mms_write_abort(f->writer));
        check_newest(f);
        begin(f);
        check_ok(Board_set_count(f->writer, f->board, f->value.count = i));
        check_set(f);
    }
    tear_down(f);
}

/* ---- What is refused ---- */

static void check_refused(const struct fixture *f, int code, const char *text)
{
    check_equal(code, MMS_E_INVALID);
    check_equal(mms_last_code(), MMS_E_INVALID);
    check_detail_mentions(text);
    (void)f;
}

static void what_is_no_value_is_refused(void **state)
{
    struct fixture *f = set_up(state);
    const ArchivedItem *item = Vec_Item_at(&f->board->items, 0);
    Limits limits = item_of(f, 0)->limits;
    const Mode none = {.tag = (Mode_Tag)3};

    limits.low = 0;
    check_refused(f, Limits_set_low(f->writer, &item->limits, 0), "Limits.low: the number is 0");
    check_refused(f, Item_set_limits(f->writer, item, &limits), "Item.limits.low: the number is 0");
    check_refused(f, Limits_set_mark(f->writer, &item->limits, 0xd800), "Limits.mark: 0xd800 is not a character");
    check_refused(f, Vec_char_set_at(f->writer, &f->board->letters, 0, 0x110000), "Vec<char>[0]: 0x110000");
    check_refused(f, Item_set_level(f->writer, item, (Level)3), "Item.level: the tag is 3");
    check_refused(f, Item_set_mode(f->writer, item, &none), "Item.mode: the tag is 3");
    check_refused(f, Board_set_span(f->writer, f->board, (mms_duration){1, 1000000000}), "Board.span");
    check_refused(f, Board_set_from(f->writer, f->board, (mms_ip){.tag = 2}), "Board.from");
    check_refused(f, Board_set_count(f->writer, f->board, UINT64_C(1) << 32), "does not fit in a usize");
    check_refused(f, Board_set_delta(f->writer, f->board, -(INT64_C(1) << 32)), "does not fit in an isize");
    check_refused(f, Item_set_limits(f->writer, item, NULL), "Item.limits: the value is NULL");
    check_refused(f, HashMap_u64_Array_f32_8_set(f->writer, &f->board->rows, 7, NULL), "the value is NULL");
    check_set(f);
    tear_down(f);
}

static void keys_and_indices_that_are_not_there(void **state)
{
    static const Array_f32_8 row;
    struct fixture *f = set_up(state);

    check_code(HashMap_u64_Array_f32_8_set(f->writer, &f->board->rows, 6, &row), MMS_E_NOT_FOUND);
    check_detail_mentions("there is no such key");
    check_code(HashMap_String_Item_set(f->writer, &f->board->named, mms_str_of("two"), item_of(f, 0)), MMS_E_NOT_FOUND);
    check_code(BTreeMap_String_u64_set(f->writer, &f->board->sorted, mms_str_of("bb"), 1), MMS_E_NOT_FOUND);
    check_code(BTreeMap_usize_u8_set(f->writer, &f->board->sizes, 5 + (UINT64_C(1) << 32), 1), MMS_E_NOT_FOUND);
    check_refused(f, Vec_char_set_at(f->writer, &f->board->letters, 2, 'c'), "Vec<char>[2]: there are 2 elements");
    check_refused(f, Array_u16_3_set_at(f->writer, &f->board->matrix.items[1], 3, 1), "there are 3 elements");
    check_refused(f, Box_slice_Level_set_at(f->writer, &f->board->slice, SIZE_MAX, Level_Low), "there are 2");
    check_set(f);
    tear_down(f);
}

static void places_elsewhere_are_refused(void **state)
{
    struct fixture *f = set_up(state);
    union {
        ArchivedBoard board;
        char bytes[sizeof(ArchivedBoard)];
    } mine;
    const ArchivedBoard *theirs, *next = f->board + 1, *before;
    const ArchivedVec_char *cut = (const void *)((const char *)(f->board + 1) - 4); /* begins in the value */
    mms_view view;

    memcpy(&mine, f->board, sizeof mine);
    check_true((theirs = Board_read(f->reader, &view)) != NULL);
    check_refused(f, Board_set_revision(f->writer, NULL, 2), "Board.revision: the pointer is NULL");
    check_refused(f, Board_set_revision(f->writer, &mine.board, 2), "not in the value that is being updated");
    check_refused(f, Board_set_revision(f->writer, theirs, 2), "not in the value that is being updated");
    check_refused(f, Board_set_revision(f->writer, next, 2), "not in the value that is being updated");
    before = (const ArchivedBoard *)(const void *)(start_of(f) - 16);
    check_refused(f, Board_set_revision(f->writer, before, 2), "not in the value that is being updated");
    check_refused(f, Vec_char_set_at(f->writer, &mine.board.letters, 0, 'x'), "not in the value");
    check_refused(f, Vec_char_set_at(f->writer, cut, 0, 'x'), "not in the value");
    check_refused(f, Array_f32_8_set_at(f->writer, HashMap_u64_Array_f32_8_get(&f->board->rows, 1), 0, 1),
                  "the pointer is NULL");
    check_refused(f, HashMap_u64_Array_f32_8_set(f->writer, NULL, 7, NULL), "the pointer is NULL");
    check_equal(theirs->revision, 1);
    check_ok(mms_release(f->reader));
    check_set(f);
    tear_down(f);
}

/* For programs that have the tables alone. */
static void what_has_no_fixed_place_is_refused(void **state)
{
    struct fixture *f = set_up(state);
    const mms_type *type = Board_archive.type, *items = type->fields[2].type;
    const mms_str text = mms_str_of("other");
    const uint64_t key = 7;

    check_refused(f, mms_archive_set(f->writer, type, f->board, &f->value), "has parts elsewhere");
    check_refused(f, mms_archive_set_field(f->writer, type, 0, 1, f->board, &text), "Board.title: a String has parts");
    check_refused(f, mms_archive_set_field(f->writer, type, 0, type->count, f->board, &key), "there is no field");
    check_refused(f, mms_archive_set_field(f->writer, type, 1, 0, f->board, &key), "there is no field");
    check_refused(f, mms_archive_set_field(f->writer, items, 0, 0, &f->board->items, &key), "there is no field");
    check_refused(f, mms_archive_set_item(f->writer, type, f->board, 0, &key), "there are 0 elements");
    check_refused(f, mms_archive_set_value(f->writer, type, f->board, &key, &key), "it is not a map");
    check_refused(f, mms_archive_set_value(f->writer, type->fields[3].type, &f->board->rows, NULL, &key),
                  "the key is NULL");
    check_set(f);
    tear_down(f);
}

/* ---- When ---- */

static void only_in_a_typed_update(void **state)
{
    struct fixture *f = set_up(state);
    const ArchivedBoard *board = f->board, *none;
    void *buffer;
    size_t size;

    check_refused(f, Board_update(f->writer, &none, &size, NULL), "has already begun");
    check_true(none == NULL);
    check_ok(mms_write_abort(f->writer));
    check_refused(f, Board_set_revision(f->writer, board, 2), "no write to");
    check_refused(f, Board_set_revision(NULL, board, 2), "the writer is NULL");
    check_ok(mms_write_update(f->writer, 0, &buffer, &size, NULL));
    check_refused(f, Board_set_revision(f->writer, Board_root(buffer, size), 2), "not begun by the update function");
    check_ok(mms_write_abort(f->writer));
    check_ok(mms_write_begin(f->writer, 4096, &buffer, NULL));
    check_refused(f, Board_set_revision(f->writer, Board_root(buffer, 4096), 2), "not begun by the update function");
    check_ok(mms_write_abort(f->writer));
    check_refused(f, Board_update(f->writer, NULL, &size, NULL), "updating a Board: root is NULL");
    check_refused(f, Board_update(f->writer, &none, NULL, NULL), "updating a Board: size is NULL");
    begin(f);
    check_ok(Board_set_revision(f->writer, f->board, f->value.revision = 3));
    check_set(f);
    tear_down(f);
}

static void only_of_a_value_of_that_type(void **state)
{
    struct fixture *f = set_up(state);
    const ArchivedLarge *large;
    const ArchivedBoard *board;
    size_t size;

    check_ok(mms_write_abort(f->writer));
    check_code(Large_update(f->writer, &large, &size, NULL), MMS_E_TYPE);
    check_detail_mentions("updating a Large: generation 1 has type");
    check_true(large == NULL);
    check_newest(f);
    check_ok(mms_write(f->writer, "some bytes", 10, NULL));
    check_code(Board_update(f->writer, &board, &size, NULL), MMS_E_TYPE);
    check_detail_mentions("published without a type");
    check_ok(Board_write(f->writer, &f->value, NULL));
    begin(f);
    tear_down(f);
}

static void an_empty_region_has_nothing_to_update(void **state)
{
    struct fixture f = {.size = 0};
    mms_receipt receipt;

    open_all(&f, scratch_path(state, "region"));
    check_code(Board_update(f.writer, &f.board, &f.size, &receipt), MMS_E_EMPTY);
    check_detail_mentions("holds no value yet; publish a whole one first");
    check_ok(mms_write(f.writer, "", 0, NULL)); /* nothing was begun, and this is a value */
    check_code(Board_update(f.writer, &f.board, &f.size, NULL), MMS_E_TYPE);
    close_all(&f);
}

/* These have no types: the bytes decide, each time. */
static void files_of_the_crate_are_updated(void **state)
{
    struct fixture f = {.size = 0};
    const char *path = scratch_path(state, "files");
    const ArchivedHelloWorld *hello;
    mms_str text = mms_str_of("a text of some length");
    const HelloWorld value = {.version = 1, .messages = {&text, 1}};
    mms_view view;

    check_ok(mms_writer_open(crate_path(path), NULL, &f.writer));
    check_code(HelloWorld_update(f.writer, &hello, &f.size, NULL), MMS_E_EMPTY);
    check_ok(HelloWorld_write(f.writer, &value, NULL));
    check_ok(mms_region_open(path, NULL, &f.region));
    check_ok(mms_reader_open(f.region, &f.reader));
    for (uint32_t i = 2; i < 6; i++) {
        check_ok(HelloWorld_update(f.writer, &hello, &f.size, NULL));
        check_ok(HelloWorld_set_version(f.writer, hello, i));
        check_ok(mms_write_commit(f.writer, f.size, NULL));
        check_true((hello = HelloWorld_read(f.reader, &view)) != NULL);
        check_equal(hello->version, i);
        check_ok(mms_release(f.reader));
    }
    check_code(Board_update(f.writer, &f.board, &f.size, NULL), MMS_E_CORRUPT);
    close_all(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(numbers_are_set),
        scratch_test(standard_types_are_set),
        scratch_test(elements_are_set),
        scratch_test(fields_of_structs_are_set),
        scratch_test(variants_change),
        scratch_test(payloads_are_set),
        scratch_test(values_of_keys_are_set),
        scratch_test(values_of_entries_are_set),
        scratch_test(large_values_are_set),
        scratch_test(no_more_is_touched_than_was_set),
        scratch_test(an_abort_changes_nothing),
        scratch_test(what_is_no_value_is_refused),
        scratch_test(keys_and_indices_that_are_not_there),
        scratch_test(places_elsewhere_are_refused),
        scratch_test(what_has_no_fixed_place_is_refused),
        scratch_test(only_in_a_typed_update),
        scratch_test(only_of_a_value_of_that_type),
        scratch_test(an_empty_region_has_nothing_to_update),
        scratch_test(files_of_the_crate_are_updated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
