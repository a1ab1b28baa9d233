/* SPDX-License-Identifier: Apache-2.0 */
/* The calls for tables: what each gives, in which order, what is refused, and that a refusal leaves
   what was there before. */
#include "forked.h"
#include "sample.h"
#include "scratch.h"
#include <errno.h>
#include <mmsync/table.h>
#include <stdlib.h>
#include <string.h>

struct scene {
    const char *path;
    mms_writer *writer;
    mms_region *region;
    mms_reader *reader;
};

static struct scene set_up_with(void **state, uint64_t max_size)
{
    mms_writer_options options = sample_options();
    struct scene scene = {.path = scratch_path(state, "region")};

    options.max_size = max_size;
    options.check_touch = true;
    scene.writer = sample_writer_with(scene.path, options);
    scene.region = sample_region(scene.path);
    scene.reader = sample_reader(scene.region);
    return scene;
}

static struct scene set_up(void **state)
{
    return set_up_with(state, 4u << 20);
}

static void tear_down(struct scene *scene)
{
    check_ok(mms_reader_close(scene->reader));
    check_ok(mms_region_close(scene->region));
    check_ok(mms_writer_close(scene->writer));
}

static mms_table *begin_with(struct scene *scene, const mms_table_options *options)
{
    mms_table *table;

    check_ok(mms_table_begin(scene->writer, options, &table));
    return table;
}

static mms_table *begin(struct scene *scene)
{
    return begin_with(scene, NULL);
}

static void put(mms_table *table, const char *key, const char *value)
{
    check_ok(mms_table_put(table, key, strlen(key), value, strlen(value)));
}

static void put_and_commit(struct scene *scene, const char *key, const char *value)
{
    mms_table *table = begin(scene);

    put(table, key, value);
    check_ok(mms_table_commit(table, NULL));
}

static mms_table_view look(struct scene *scene)
{
    mms_view view;
    mms_table_view table;

    check_ok(mms_read(scene->reader, &view));
    check_ok(mms_table_of(&view, &table));
    check_ok(mms_table_check(&table));
    return table;
}

/* `text` NULL: there is no such key. */
static void check_has(const mms_table_view *view, const char *key, const char *text)
{
    size_t size;
    const void *value = mms_table_get(view, key, strlen(key), &size);

    check_true((value != NULL) == (text != NULL));
    if (!text)
        return;
    check_equal(size, strlen(text));
    check_memory(value, text, size);
}

static void check_published(struct scene *scene, const char *key, const char *text)
{
    mms_table_view view = look(scene);

    check_has(&view, key, text);
    check_ok(mms_release(scene->reader));
}

/* ---- Values ---- */

static void a_commit_is_one_generation(void **state)
{
    struct scene scene = set_up(state);
    mms_table *table = begin(&scene);
    mms_table_view view;
    mms_receipt receipt;

    put(table, "a", "1");
    put(table, "b", "2");
    check_ok(mms_table_commit(table, &receipt));
    check_equal(receipt.generation, mms_generation(scene.region));
    check_equal(receipt.table_evicted + receipt.table_expired, 0);
    view = look(&scene);
    check_equal(view.generation, receipt.generation);
    check_equal(mms_table_count(&view), 2);
    check_has(&view, "a", "1");
    check_has(&view, "b", "2");
    check_has(&view, "c", NULL);
    put_and_commit(&scene, "a", "3");
    check_has(&view, "a", "1"); /* still the old state */
    check_published(&scene, "a", "3");
    check_published(&scene, "b", "2");
    tear_down(&scene);
}

static void keys_of_all_sizes_are_told_apart(void **state)
{
    struct scene scene = set_up_with(state, 32u << 20);
    unsigned char *key = calloc(1, MMS_TABLE_KEY_MAX + 1);
    static const size_t sizes[] = {0, 1, 3, 4, 5, 7, 8, 9, 16, 17, 128, 129, 240, 241, 4096, 65535, MMS_TABLE_KEY_MAX};
    mms_table *table = begin(&scene);
    mms_table_view view;
    size_t size;

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        check_ok(mms_table_put(table, key, sizes[i], &sizes[i], sizeof *sizes));
    check_code(mms_table_put(table, key, MMS_TABLE_KEY_MAX + 1, "", 0), MMS_E_TOO_BIG);
    check_detail_mentions("the longest has 65536");
    check_ok(mms_table_commit(table, NULL));
    view = look(&scene);
    check_equal(mms_table_count(&view), sizeof sizes / sizeof *sizes);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        check_memory(mms_table_get(&view, key, sizes[i], &size), &sizes[i], sizeof *sizes);
    check_true(mms_table_get(&view, key, 2, NULL) == NULL);
    check_ok(mms_release(scene.reader));
    free(key);
    tear_down(&scene);
}

static void a_value_may_be_too_long(void **state)
{
#if SIZE_MAX > UINT32_MAX
    struct scene scene = set_up(state);
    mms_table *table = begin(&scene);
    void *room;

    check_code(mms_table_reserve(table, "k", 1, MMS_TABLE_VALUE_MAX + 1, &room), MMS_E_TOO_BIG);
    check_detail_mentions("the longest has 1099511627775");
    check_code(mms_table_put(table, "k", 1, "", MMS_TABLE_VALUE_MAX + 1), MMS_E_TOO_BIG);
    check_code(mms_table_reserve(table, "k", 1, MMS_TABLE_VALUE_MAX, &room), MMS_E_TOO_BIG);
    check_detail_mentions("max_size");
    check_ok(mms_table_commit(table, NULL));
    check_published(&scene, "k", NULL);
    tear_down(&scene);
#else
    (void)state;
    skip_because("no size_t is over the longest value");
#endif
}

static void a_value_of_no_bytes_is_a_value(void **state)
{
    struct scene scene = set_up(state);
    mms_table *table = begin(&scene);
    mms_table_view view;
    size_t size = 1;

    check_ok(mms_table_put(table, "", 0, NULL, 0));
    check_ok(mms_table_put(table, NULL, 0, NULL, 0)); /* the same key */
    check_ok(mms_table_commit(table, NULL));
    view = look(&scene);
    check_true(mms_table_get(&view, NULL, 0, &size) != NULL);
    check_equal(size, 0);
    check_equal(mms_table_count(&view), 1);
    check_ok(mms_release(scene.reader));
    tear_down(&scene);
}

static void values_that_grow_and_shrink_keep_their_neighbours(void **state)
{
    struct scene scene = set_up(state);
    static char text[3000];
    mms_table *table = begin(&scene);
    mms_table_view view;

    memset(text, 'x', sizeof text);
    put(table, "left", "L");
    put(table, "key", "small");
    put(table, "right", "R");
    for (size_t size = 0; size < sizeof text; size += 37)
        check_ok(mms_table_put(table, "key", 3, text, size * 31 % sizeof text));
    check_ok(mms_table_put(table, "key", 3, text, 20));
    check_ok(mms_table_commit(table, NULL));
    view = look(&scene);
    check_has(&view, "left", "L");
    check_has(&view, "right", "R");
    check_has(&view, "key", "xxxxxxxxxxxxxxxxxxxx");
    check_ok(mms_release(scene.reader));
    tear_down(&scene);
}

static void values_may_be_built_in_place(void **state)
{
    struct scene scene = set_up(state);
    mms_table *table = begin(&scene);
    void *room;

    check_ok(mms_table_reserve(table, "k", 1, 5, &room));
    memcpy(room, "built", 5);
    check_code(mms_table_reserve(table, "k", 1, 5, NULL), MMS_E_INVALID);
    check_ok(mms_table_commit(table, NULL));
    check_published(&scene, "k", "built");
    tear_down(&scene);
}

static void many_at_a_time_are_put(void **state)
{
    enum { COUNT = 100 };
    struct scene scene = set_up(state);
    mms_table *table = begin(&scene);
    uint64_t numbers[COUNT];
    mms_key keys[COUNT];
    mms_value values[COUNT], out[COUNT];
    mms_table_view view;
    size_t done;

    for (uint64_t i = 0; i < COUNT; i++) {
        numbers[i] = i;
        keys[i] = (mms_key){&numbers[i], sizeof *numbers};
        values[i] = (mms_value){&numbers[i], 1 + i % 8};
    }
    check_ok(mms_table_put_many(table, COUNT, keys, values, &done));
    check_equal(done, COUNT);
    keys[40].size = MMS_TABLE_KEY_MAX + 1;
    check_code(mms_table_put_many(table, COUNT, keys, values, &done), MMS_E_TOO_BIG);
    check_equal(done, 40);
    keys[40].size = sizeof *numbers;
    check_ok(mms_table_put_many(table, 0, NULL, NULL, NULL));
    check_code(mms_table_put_many(table, 1, NULL, values, NULL), MMS_E_INVALID);
    check_code(mms_table_put_many(table, 1, keys, NULL, NULL), MMS_E_INVALID);
    check_ok(mms_table_commit(table, NULL));
    view = look(&scene);
    numbers[50] = 1000; /* is not there */
    check_equal(mms_table_get_many(&view, COUNT, keys, out), COUNT - 1);
    for (size_t i = 0; i < COUNT; i++) {
        check_true((out[i].data != NULL) == (i != 50));
        check_equal(out[i].size, i == 50 ? 0 : 1 + i % 8);
    }
    check_ok(mms_release(scene.reader));
    tear_down(&scene);
}

static void an_update_shows_what_it_would_publish(void **state)
{
    struct scene scene = set_up(state);
    mms_table *table;
    mms_table_view view;

    put_and_commit(&scene, "a", "1");
    table = begin(&scene);
    put(table, "a", "2");
    check_ok(mms_table_current(table, &view));
    check_has(&view, "a", "2");
    check_published(&scene, "a", "1");
    check_code(mms_table_current(table, NULL), MMS_E_INVALID);
    check_ok(mms_table_abort(table));
    check_published(&scene, "a", "1");
    tear_down(&scene);
}

static void deleting_what_is_not_there_says_so(void **state)
{
    struct scene scene = set_up(state);
    mms_table *table;

    put_and_commit(&scene, "a", "1");
    table = begin(&scene);
    check_code(mms_table_delete(table, "b", 1), MMS_E_NOT_FOUND);
    check_detail_mentions(scene.path);
    check_ok(mms_table_delete(table, "a", 1));
    check_code(mms_table_delete(table, "a", 1), MMS_E_NOT_FOUND);
    check_ok(mms_table_commit(table, NULL));
    check_published(&scene, "a", NULL);
    tear_down(&scene);
}

/* ---- Order of calls ---- */

static void a_change_needs_an_update(void **state)
{
    struct scene scene = set_up(state);
    mms_table *table;
    mms_table_view view;
    void *room;

    check_code(mms_table_put(NULL, "k", 1, "v", 1), MMS_E_INVALID);
    check_detail_mentions("mms_table_begin");
    table = begin(&scene);
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
    tear_down(&scene);
}

static void one_update_at_a_time(void **state)
{
    struct scene scene = set_up(state);
    mms_table *table = begin(&scene), *other = table;
    void *buffer;

    check_code(mms_table_begin(scene.writer, NULL, &other), MMS_E_INVALID);
    check_detail_mentions("a table of");
    check_true(other == NULL);
    put(table, "k", "v"); /* the first one goes on */
    check_ok(mms_table_commit(table, NULL));
    check_ok(mms_write_begin(scene.writer, 1, &buffer, NULL));
    check_code(mms_table_begin(scene.writer, NULL, &other), MMS_E_INVALID);
    check_detail_mentions("a write of");
    check_code(mms_table_put(table, "k", 1, "w", 1), MMS_E_INVALID);
    check_ok(mms_write_abort(scene.writer));
    check_published(&scene, "k", "v");
    tear_down(&scene);
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
    struct scene scene = set_up(state);
    mms_table *table = begin(&scene);
    uint64_t type_id[2] = {MMS_TABLE_TYPE_0, MMS_TABLE_TYPE_1};
    mms_receipt receipt;
    void *buffer = NULL;
    mms_view view;
    size_t size;

    put(table, "k", "v");
    check_not_own(mms_write_commit(scene.writer, 0, NULL), "mms_write_commit: ");
    check_not_own(mms_write_grow(scene.writer, 1 << 20, &buffer), "mms_write_grow: ");
    check_not_own(mms_write_touch(scene.writer, 0, 1), "mms_write_touch: ");
    check_not_own(mms_write_patch(scene.writer, 0, "x", 1), "mms_write_patch: ");
    check_code(mms_write_update(scene.writer, 0, &buffer, &size, NULL), MMS_E_INVALID);
    check_code(mms_write_begin(scene.writer, 1, &buffer, NULL), MMS_E_INVALID);
    check_code(mms_write(scene.writer, "x", 1, NULL), MMS_E_INVALID);
    check_true(buffer == NULL);
    check_ok(mms_write_set_tag(scene.writer, 7)); /* these are not about its bytes */
    check_ok(mms_write_set_type(scene.writer, type_id, NULL, 0));
    put(table, "l", "w");
    check_ok(mms_table_commit(table, &receipt));
    check_published(&scene, "k", "v");
    check_published(&scene, "l", "w");
    check_ok(mms_read(scene.reader, &view));
    check_equal(view.generation, receipt.generation);
    check_ok(mms_release(scene.reader));
    publish_text(scene.writer, "and after the table they are not");
    tear_down(&scene);
}

static void the_end_of_the_write_ends_the_update(void **state)
{
    struct scene scene = set_up(state);
    mms_table *table = begin(&scene);

    check_ok(mms_write_abort(scene.writer));
    check_code(mms_table_put(table, "k", 1, "v", 1), MMS_E_INVALID);
    put_and_commit(&scene, "k", "v");
    check_published(&scene, "k", "v");
    tear_down(&scene);
}

static void a_closed_writer_aborts(void **state)
{
    struct scene scene = set_up(state);

    put_and_commit(&scene, "k", "v");
    put(begin(&scene), "k", "lost");
    check_ok(mms_writer_close(scene.writer));
    check_published(&scene, "k", "v");
    scene.writer = sample_writer_with(scene.path, (mms_writer_options)MMS_WRITER_OPTIONS_INIT);
    put_and_commit(&scene, "l", "w");
    check_published(&scene, "k", "v");
    tear_down(&scene);
}

static void null_is_refused(void **state)
{
    struct scene scene = set_up(state);
    mms_table *table;
    mms_table_view view;
    mms_view none = {0};

    check_code(mms_table_begin(NULL, NULL, &table), MMS_E_INVALID);
    check_code(mms_table_begin(scene.writer, NULL, NULL), MMS_E_INVALID);
    table = begin(&scene);
    check_code(mms_table_put(table, NULL, 1, "v", 1), MMS_E_INVALID);
    check_detail_mentions("key is NULL");
    check_code(mms_table_put(table, "k", 1, NULL, 1), MMS_E_INVALID);
    check_detail_mentions("value is NULL");
    check_code(mms_table_delete(table, NULL, 1), MMS_E_INVALID);
    check_ok(mms_table_abort(table));
    check_code(mms_table_of(NULL, &view), MMS_E_INVALID);
    check_code(mms_table_of(&none, NULL), MMS_E_INVALID);
    check_code(mms_table_of(&none, &view), MMS_E_NO_VIEW);
    tear_down(&scene);
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
    struct scene scene = set_up(state);
    mms_table *table = begin(&scene);

    in_child(put_in_child, table);
    in_child(begin_in_child, scene.writer);
    put(table, "k", "parent");
    check_ok(mms_table_commit(table, NULL));
    check_published(&scene, "k", "parent");
    tear_down(&scene);
}

/* ---- Options and types ---- */

static void other_values_are_no_tables(void **state)
{
    struct scene scene = set_up(state);
    static char zeros[4096] __attribute__((aligned(16)));
    mms_view short_one = {.data = zeros, .size = 4}, odd = {.data = zeros + 8, .size = 64};
    mms_table_view view;
    mms_table *table;
    mms_view held;

    publish_text(scene.writer, "no table");
    check_code(mms_table_begin(scene.writer, NULL, &table), MMS_E_TYPE);
    check_detail_mentions(scene.path);
    check_ok(mms_read(scene.reader, &held));
    check_code(mms_table_of(&held, &view), MMS_E_TYPE);
    check_ok(mms_release(scene.reader));
    check_code(mms_table_of(&short_one, &view), MMS_E_TYPE);
    check_code(mms_table_of(&odd, &view), MMS_E_INVALID);
    publish_text(scene.writer, "the writer is usable"); /* and no write is left begun */
    tear_down(&scene);
}

static void an_empty_value_becomes_a_table(void **state)
{
    struct scene scene = set_up(state);

    publish_text(scene.writer, "");
    put_and_commit(&scene, "k", "v");
    check_published(&scene, "k", "v");
    tear_down(&scene);
}

static void the_type_is_stored_and_compared(void **state)
{
    struct scene scene = set_up(state);
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
    check_ok(mms_table_commit(begin_with(&scene, &options), NULL));
    check_ok(mms_table_commit(begin_with(&scene, &options), NULL));
    check_ok(mms_table_commit(begin(&scene), NULL)); /* any */
    check_code(mms_table_begin(scene.writer, &other, &table), MMS_E_TYPE);
    check_detail_mentions("0000000000000003");
    other.type_id[0] = 1; /* half of it */
    check_code(mms_table_begin(scene.writer, &other, &table), MMS_E_TYPE);
    check_detail_mentions("00000000000000010000000000000003");
    view = look(&scene);
    check_true(view.type_id[0] == 1 && view.type_id[1] == 2);
    check_ok(mms_view_type(scene.reader, type_id));
    check_true(type_id[0] == 1 && type_id[1] == 2);
    check_ok(mms_view_describe(scene.reader, &info));
    check_equal(info.schema_size, 8);
    check_memory(info.schema, "a schema", 8);
    check_ok(mms_release(scene.reader));
    tear_down(&scene);
}

static void a_plain_table_has_a_type_too(void **state)
{
    struct scene scene = set_up(state);
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    mms_region *region;
    mms_view view;
    mms_reader *reader;

    put_and_commit(&scene, "k", "v");
    options.type_id[0] = MMS_TABLE_TYPE_0;
    options.type_id[1] = MMS_TABLE_TYPE_1;
    check_ok(mms_region_open(scene.path, &options, &region));
    reader = sample_reader(region);
    check_ok(mms_read(reader, &view));
    publish_text(scene.writer, "something else");
    check_code(mms_read(reader, &view), MMS_E_TYPE);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    tear_down(&scene);
}

/* No slot is taken, so none has to be filled again, and no generation is used up. */
static void a_refused_begin_costs_nothing(void **state)
{
    struct scene scene = set_up(state);
    mms_table_options type = MMS_TABLE_OPTIONS_INIT, size = MMS_TABLE_OPTIONS_INIT;
    mms_receipt before, after;
    mms_table *table;

    put_and_commit(&scene, "k", "v");
    check_ok(mms_table_commit(begin(&scene), &before));
    type.type_id[1] = 3;
    check_code(mms_table_begin(scene.writer, &type, &table), MMS_E_TYPE);
    size.key_size = 8;
    check_code(mms_table_begin(scene.writer, &size, &table), MMS_E_INVALID);
    check_ok(mms_table_commit(begin(&scene), &after));
    check_equal(after.generation, before.generation + 1);
    before.generation = publish_text(scene.writer, "no table");
    check_code(mms_table_begin(scene.writer, NULL, &table), MMS_E_TYPE);
    check_equal(publish_text(scene.writer, "still none"), before.generation + 1);
    tear_down(&scene);
}

static void fixed_sizes_are_kept_to(void **state)
{
    struct scene scene = set_up(state);
    mms_table_options options = MMS_TABLE_OPTIONS_INIT, other = MMS_TABLE_OPTIONS_INIT;
    mms_table_info info;
    mms_table_view view;
    mms_table *table;

    options.key_size = 4;
    options.value_size = 2;
    table = begin_with(&scene, &options);
    check_ok(mms_table_put(table, "four", 4, "ok", 2));
    check_code(mms_table_put(table, "three", 3, "ok", 2), MMS_E_INVALID);
    check_detail_mentions("a key of 3 bytes");
    check_code(mms_table_put(table, "four", 4, "no!", 3), MMS_E_INVALID);
    check_detail_mentions("a value of 3 bytes");
    check_ok(mms_table_commit(table, NULL));
    view = look(&scene);
    mms_table_describe(&view, &info);
    check_equal(info.key_size, 4);
    check_equal(info.value_size, 2);
    check_has(&view, "four", "ok");
    other.key_size = 8;
    check_code(mms_table_begin(scene.writer, &other, &table), MMS_E_INVALID);
    check_detail_mentions("options.key_size is 8");
    other.key_size = 0;
    other.value_size = 8;
    check_code(mms_table_begin(scene.writer, &other, &table), MMS_E_INVALID);
    check_detail_mentions("options.value_size is 8");
    check_ok(mms_table_commit(begin_with(&scene, &options), NULL)); /* the same ones */
    check_ok(mms_release(scene.reader));
    tear_down(&scene);
}

static void options_that_cannot_be_are_refused(void **state)
{
    struct scene scene = set_up(state);
    mms_table_options options = MMS_TABLE_OPTIONS_INIT;
    mms_table *table;

    options.struct_size = 1;
    check_code(mms_table_begin(scene.writer, &options, &table), MMS_E_INVALID);
    check_detail_mentions("options: struct_size is 1");
    options = (mms_table_options)MMS_TABLE_OPTIONS_INIT;
    options.key_size = MMS_TABLE_KEY_MAX + 1;
    check_code(mms_table_begin(scene.writer, &options, &table), MMS_E_INVALID);
    check_detail_mentions("options.key_size");
    options = (mms_table_options)MMS_TABLE_OPTIONS_INIT;
    options.schema_size = 1;
    check_code(mms_table_begin(scene.writer, &options, &table), MMS_E_INVALID);
    check_detail_mentions("options.schema is NULL");
    options = (mms_table_options)MMS_TABLE_OPTIONS_INIT;
    options.reserved[3] = 1;
    check_code(mms_table_begin(scene.writer, &options, &table), MMS_E_INVALID);
    put_and_commit(&scene, "k", "v");
    options = (mms_table_options)MMS_TABLE_OPTIONS_INIT;
    options.max_bytes = 1000;
    check_code(mms_table_begin(scene.writer, &options, &table), MMS_E_INVALID);
    check_detail_mentions("options.max_bytes");
    options.max_bytes = 0;
    options.expires_ns = 1;
    check_code(mms_table_begin(scene.writer, &options, &table), MMS_E_INVALID);
    check_detail_mentions("options.expires_ns is only for a table that was created with options.expiring");
    table = begin(&scene);
    check_code(mms_table_set_expiry(table, 1), MMS_E_INVALID);
    check_detail_mentions("options.expiring");
    check_ok(mms_table_abort(table));
    check_published(&scene, "k", "v");
    tear_down(&scene);
}

/* ---- No room ---- */

/* Put until it fails; returns how many were put. */
static uint64_t put_until_full(mms_table *table, uint64_t first)
{
    static const char value[500];
    uint64_t key = first;
    int code;

    while ((code = mms_table_put(table, &key, sizeof key, value, sizeof value)) == 0)
        key++;
    check_code(code, MMS_E_TOO_BIG);
    return key - first;
}

static void a_failed_put_leaves_the_others(void **state)
{
    struct scene scene = set_up_with(state, 200 << 10);
    mms_table *table = begin(&scene);
    mms_table_view view;
    uint64_t count, key;

    count = put_until_full(table, 0);
    check_detail_mentions("max_size");
    check_true(count > 100);
    check_ok(mms_table_commit(table, NULL));
    view = look(&scene);
    check_equal(mms_table_count(&view), count);
    for (key = 0; key <= count; key++)
        check_true((mms_table_get(&view, &key, sizeof key, NULL) != NULL) == (key < count));
    check_ok(mms_release(scene.reader));
    table = begin(&scene);
    key = 0;
    check_ok(mms_table_put(table, &key, sizeof key, "small", 5)); /* what is there may still change */
    key = 1;
    check_ok(mms_table_delete(table, &key, sizeof key));
    check_ok(mms_table_put(table, "room", 4, "again", 5));
    check_ok(mms_table_commit(table, NULL));
    check_published(&scene, "room", "again");
    tear_down(&scene);
}

/* A value that is to be replaced by one for which there is no room stays. */
static void a_failed_replacement_leaves_the_last_value(void **state)
{
    static char large[300 << 10];
    struct scene scene = set_up_with(state, 200 << 10);
    mms_table *table = begin(&scene);

    put(table, "k", "v");
    check_code(mms_table_put(table, "k", 1, large, sizeof large), MMS_E_TOO_BIG);
    check_ok(mms_table_commit(table, NULL));
    check_published(&scene, "k", "v");
    tear_down(&scene);
}

/* Nor does it fill the region on the way, which may take all memory there is. */
static void more_than_fits_cannot_be_expected(void **state)
{
    struct scene scene = set_up_with(state, 64u << 20);
    mms_table_options options = MMS_TABLE_OPTIONS_INIT;
    mms_table *table;

    options.expected = 100000000;
    check_code(mms_table_begin(scene.writer, &options, &table), MMS_E_TOO_BIG);
    check_detail_mentions("options.expected");
    check_true(file_blocks(scene.path, "data") < 1u << 20);
    put_and_commit(&scene, "k", "v");
    tear_down(&scene);
}

static void a_region_too_small_for_any_table_says_so(void **state)
{
    struct scene scene = set_up_with(state, 1024);
    mms_table *table;

    check_code(mms_table_begin(scene.writer, NULL, &table), MMS_E_TOO_BIG);
    check_detail_mentions("max_size");
    publish_text(scene.writer, "still usable");
    tear_down(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(a_commit_is_one_generation),
        scratch_test(keys_of_all_sizes_are_told_apart),
        scratch_test(a_value_may_be_too_long),
        scratch_test(a_value_of_no_bytes_is_a_value),
        scratch_test(values_that_grow_and_shrink_keep_their_neighbours),
        scratch_test(values_may_be_built_in_place),
        scratch_test(many_at_a_time_are_put),
        scratch_test(an_update_shows_what_it_would_publish),
        scratch_test(deleting_what_is_not_there_says_so),
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
        scratch_test(a_failed_put_leaves_the_others),
        scratch_test(a_failed_replacement_leaves_the_last_value),
        scratch_test(more_than_fits_cannot_be_expected),
        scratch_test(a_region_too_small_for_any_table_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
