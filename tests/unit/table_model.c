/* SPDX-License-Identifier: Apache-2.0 */
/* Tables against a plain map: whatever is put, replaced and deleted in whatever order, each commit
   has exactly the keys and values that the map has, and its blocks and buckets are in order. */
#include "key_model.h"
#include "sample.h"
#include "scratch.h"
#include <stdlib.h>
#include <string.h>

struct scene {
    mms_writer *writer;
    mms_region *region;
    mms_reader *reader;
    mms_table_options options;
    /* The value before. */
    unsigned char *last;
    size_t last_size;
    uint64_t last_generation;
};

static struct scene set_up(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();
    struct scene scene = {.options = MMS_TABLE_OPTIONS_INIT};

    options.max_size = 32u << 20;
    options.check_touch = true; /* compares all bytes at each commit */
    scene.writer = sample_writer_with(path, options);
    scene.region = sample_region(path);
    scene.reader = sample_reader(scene.region);
    return scene;
}

static void tear_down(struct scene *scene)
{
    check_ok(mms_reader_close(scene->reader));
    check_ok(mms_region_close(scene->region));
    check_ok(mms_writer_close(scene->writer));
    free(scene->last);
}

/* From `from` to `to`, as far as the value before has bytes there. */
static void check_unchanged(const struct scene *scene, const mms_view *view, uint64_t from, uint64_t to)
{
    uint64_t end = to < scene->last_size ? to : scene->last_size;

    if (from < end)
        check_memory((const char *)view->data + from, scene->last + from, (size_t)(end - from));
}

/* check_touch finds what is not touched before it is published; this, what is published and not
   reported. */
static void check_changes(const struct scene *scene, const mms_view *view)
{
    static mms_range ranges[100000];
    size_t count, i;
    uint64_t at = 0;

    if (scene->last_generation == 0 || mms_changes(scene->reader, scene->last_generation, ranges,
                                                   sizeof ranges / sizeof *ranges, &count) == MMS_E_FORGOTTEN)
        return;
    for (i = 0; i < count; i++) {
        check_unchanged(scene, view, at, ranges[i].offset);
        at = ranges[i].offset + ranges[i].length;
    }
    check_unchanged(scene, view, at, view->size);
}

static void keep(struct scene *scene, const mms_view *view)
{
    scene->last = realloc(scene->last, view->size);
    check_true(scene->last != NULL);
    memcpy(scene->last, view->data, view->size);
    scene->last_size = view->size;
    scene->last_generation = view->generation;
}

static void check_published(struct scene *scene, const struct key_model *model)
{
    mms_view view;
    mms_table_view table;

    check_ok(mms_read(scene->reader, &view));
    check_ok(mms_table_of(&view, &table));
    check_equal(table.generation, view.generation);
    key_model_check(model, &table);
    check_changes(scene, &view);
    keep(scene, &view);
    check_ok(mms_release(scene->reader));
}

/* Changes that were made, and are then aborted. */
static void abort_some(struct scene *scene, const struct key_model *model)
{
    unsigned char bytes[KEY_MODEL_LONGEST_KEY];
    mms_table *table;

    check_ok(mms_table_begin(scene->writer, &scene->options, &table));
    for (size_t key = 0; key < model->keys; key += 3)
        check_ok(mms_table_put(table, bytes, key_model_key(key, bytes), "aborted", 7));
    check_ok(mms_table_abort(table));
}

static void run(struct scene *scene, size_t keys, int commits)
{
    struct key_model model = key_model_new(keys, 1 + keys);

    for (int i = 0; i < commits; i++) {
        uint64_t changes = key_model_below(&model, 20) == 0 ? keys : key_model_below(&model, 40);
        mms_table *table;

        if (i % 16 == 5)
            abort_some(scene, &model);
        check_ok(mms_table_begin(scene->writer, &scene->options, &table));
        while (changes-- > 0) {
            if (i % 16 == 9 && changes == 7)
                key_model_clear(&model, table);
            key_model_change(&model, table);
        }
        check_ok(mms_table_commit(table, NULL));
        check_published(scene, &model);
    }
    key_model_free(&model);
}

static void a_small_table_is_its_model(void **state)
{
    struct scene scene = set_up(state);

    run(&scene, 20, check_rounds(500));
    tear_down(&scene);
}

static void a_larger_table_is_its_model(void **state)
{
    struct scene scene = set_up(state);

    run(&scene, 9000, check_rounds(40)); /* more than one segment */
    tear_down(&scene);
}

static void one_whose_entries_are_in_order_is(void **state)
{
    struct scene scene = set_up(state);

    scene.options.max_bytes = 1u << 30;
    run(&scene, 700, check_rounds(100));
    tear_down(&scene);
}

static void one_whose_entries_may_expire_is(void **state)
{
    struct scene scene = set_up(state);

    scene.options.expiring = true;
    scene.options.max_bytes = 1u << 30;
    run(&scene, 700, check_rounds(100));
    tear_down(&scene);
}

static void room_made_ahead_changes_nothing(void **state)
{
    struct scene scene = set_up(state);

    scene.options.expected = 20000;
    run(&scene, 2000, check_rounds(20));
    tear_down(&scene);
}

/* The entry that was put last is often the last block: it shrinks and goes, and then there are more
   entries than before, for which nodes and segments are made where it was. The last one of these is
   long. */
static void change_the_end(struct key_model *model, mms_table *table, size_t first, size_t count)
{
    if (first > 0) {
        key_model_put(model, table, first - 1, (size_t)key_model_below(model, model->entries[first - 1].size));
        key_model_delete(model, table, first - 1);
        key_model_put(model, table, first - 1, (size_t)key_model_below(model, 16));
    }
    for (size_t key = first; key < first + count; key++)
        key_model_put(model, table, key, (size_t)key_model_below(model, 16));
    key_model_put(model, table, first + count - 1, 1000 + (size_t)key_model_below(model, 1000));
}

static void a_table_whose_end_comes_and_goes_is(void **state)
{
    enum { KEYS = 300, AT_A_TIME = 3 };
    struct scene scene = set_up(state);
    struct key_model model = key_model_new(KEYS, 11);

    for (int i = 0; i < check_rounds(40); i++) {
        for (size_t key = 0; key < KEYS; key += AT_A_TIME) {
            mms_table *table;

            check_ok(mms_table_begin(scene.writer, &scene.options, &table));
            if (key == 0)
                key_model_clear(&model, table);
            change_the_end(&model, table, key, AT_A_TIME);
            check_ok(mms_table_commit(table, NULL));
            if (key % 10 == 0)
                check_published(&scene, &model);
        }
    }
    key_model_free(&model);
    tear_down(&scene);
}

/* What is deleted leaves nothing behind: all room is one again. */
static void an_emptied_table_has_no_entry_left(void **state)
{
    struct scene scene = set_up(state);
    struct key_model model = key_model_new(3000, 5);
    mms_table_info info;
    mms_table_view view;
    mms_table *table;

    check_ok(mms_table_begin(scene.writer, &scene.options, &table));
    for (size_t key = 0; key < model.keys; key++)
        key_model_put(&model, table, key, key % 200);
    for (size_t key = 0; key < model.keys; key++)
        key_model_delete(&model, table, (key * 7 + 1) % model.keys);
    check_ok(mms_table_current(table, &view));
    key_model_check(&model, &view);
    mms_table_describe(&view, &info);
    check_equal(info.count, 0);
    check_equal(info.bytes, 0);
    check_ok(mms_table_commit(table, NULL));
    check_published(&scene, &model);
    key_model_free(&model);
    tear_down(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(a_small_table_is_its_model),         scratch_test(a_larger_table_is_its_model),
        scratch_test(one_whose_entries_are_in_order_is),  scratch_test(one_whose_entries_may_expire_is),
        scratch_test(room_made_ahead_changes_nothing),    scratch_test(a_table_whose_end_comes_and_goes_is),
        scratch_test(an_emptied_table_has_no_entry_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
