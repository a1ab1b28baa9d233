/* SPDX-License-Identifier: Apache-2.0 */
/* Look-ups take short cuts: a table view that is kept from one read to the next is renewed with each
   generation, all words of a bucket are compared at once, and keys of 8 bytes are found wherever they
   are. */
#include "sample.h"
#include "scratch.h"
#include "table/keys.h"
#include <mmsync/table.h>

struct scene {
    mms_writer *writer;
    mms_region *region;
    mms_reader *reader;
};

static struct scene set_up(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();
    struct scene scene;

    options.max_size = 4u << 20;
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
}

static void publish(struct scene *scene, const mms_table_options *options, uint64_t value)
{
    mms_table *table;

    check_ok(mms_table_begin(scene->writer, options, &table));
    check_ok(mms_table_put(table, "key", 3, &value, sizeof value));
    check_ok(mms_table_commit(table, NULL));
}

static int follow(struct scene *scene, mms_table_view *table)
{
    mms_view view;
    int code;

    check_ok(mms_read(scene->reader, &view));
    code = mms_table_follow(&view, table);
    if (code == 0) {
        check_equal(table->generation, view.generation);
        check_true(table->data == view.data);
    }
    check_ok(mms_release(scene->reader));
    return code;
}

static uint64_t value_of(const mms_table_view *table)
{
    const uint64_t *value = mms_table_get(table, "key", 3, NULL);

    return value ? *value : 0;
}

/* ---- Following ---- */

static void a_followed_table_has_the_newest_values(void **state)
{
    struct scene scene = set_up(state);
    mms_table_view table = MMS_TABLE_VIEW_INIT;

    for (uint64_t value = 1; value < 500; value++) {
        publish(&scene, NULL, value);
        for (int again = 0; again < 3; again++) {
            check_ok(follow(&scene, &table));
            check_equal(value_of(&table), value);
        }
    }
    tear_down(&scene);
}

static void a_followed_table_knows_the_time(void **state)
{
    struct scene scene = set_up(state);
    mms_table_options options = MMS_TABLE_OPTIONS_INIT;
    mms_table_view table = MMS_TABLE_VIEW_INIT;

    options.expires_ns = UINT64_MAX;
    publish(&scene, &options, 1);
    check_ok(follow(&scene, &table));
    check_equal(value_of(&table), 1);
    table.now_ns = UINT64_MAX;
    check_equal(value_of(&table), 0);
    check_ok(follow(&scene, &table)); /* of the same generation */
    check_equal(value_of(&table), 1);
    tear_down(&scene);
}

static void what_is_no_table_is_not_followed(void **state)
{
    struct scene scene = set_up(state);
    mms_table_view table = MMS_TABLE_VIEW_INIT;
    mms_view none = {0};

    check_code(mms_table_follow(&none, &table), MMS_E_NO_VIEW);
    check_code(mms_table_follow(NULL, &table), MMS_E_INVALID);
    check_code(mms_table_follow(&none, NULL), MMS_E_INVALID);
    publish(&scene, NULL, 1);
    check_ok(follow(&scene, &table));
    publish_text(scene.writer, "no table");
    check_code(follow(&scene, &table), MMS_E_TYPE);
    check_true(table.data == NULL);
    check_equal(table.size, 0);
    tear_down(&scene);
}

/* ---- Comparing ---- */

/* Of all kinds: empty, links, and tags with and without the highest bit. */
static uint64_t word_of(uint64_t random, uint64_t tag)
{
    switch (random % 5) {
    case 0: return 0;
    case 1: return MMS__LINK | random >> 20;
    case 2: return tag << MMS__TAG_SHIFT | random >> 20;
    case 3: return (tag ^ 1) << MMS__TAG_SHIFT | tag;
    default: return random;
    }
}

static void all_words_of_a_line_are_compared(void **state)
{
    _Alignas(MMS__LINE) mms__word line[MMS__BUCKET_WORDS];
    uint64_t random = 1;

    (void)state;
    for (int i = 0; i < check_rounds(100000); i++) {
        uint64_t tag = i % 4 == 0 ? 0xffff : i % 4 == 1 ? 0x8000 : (random >> 40 & 0x7fff) + 1;
        struct mms__words bucket = {.first = line, .count = MMS__BUCKET_WORDS};
        struct mms__words node = {.first = line + 1, .count = MMS__NODE_WORDS};

        for (int at = 0; at < MMS__BUCKET_WORDS; at++) {
            random = mms__fold(random ^ UINT64_C(0xa0761d6478bd642f), UINT64_C(0xe7037ed1a0b428db)) + 1;
            line[at] = word_of(random, tag);
        }
        check_equal(mms__match(&bucket, tag), mms__match_words(&bucket, tag));
        check_equal(mms__match(&node, tag), mms__match_words(&node, tag));
    }
}

/* ---- Finding ---- */

/* Numbers, and longer keys that begin like them. */
static void check_all_found(struct scene *scene, const mms_table_options *options, uint64_t keys)
{
    mms_table_view view;
    mms_table *table;

    check_ok(mms_table_begin(scene->writer, options, &table));
    for (uint64_t key = 0; key < keys; key++) {
        const uint64_t twice[2] = {key, 0};

        check_ok(mms_table_put(table, &key, sizeof key, &key, (size_t)(key % 9)));
        check_ok(mms_table_put(table, twice, sizeof twice, "other", 5));
    }
    check_ok(mms_table_current(table, &view));
    for (uint64_t key = 0; key < keys; key++) {
        size_t size = 99;
        const void *value = mms_table_get(&view, &key, sizeof key, &size);

        check_true(value != NULL);
        check_equal(size, key % 9);
        check_memory(value, &key, size);
        check_true(mms_table_get(&view, &key, sizeof key, NULL) == value);
    }
    for (uint64_t key = keys; key < 2 * keys; key++)
        check_true(mms_table_get(&view, &key, sizeof key, NULL) == NULL);
    check_ok(mms_table_abort(table));
}

/* Up to 20,000 entries, some buckets have nodes at any time. */
static void every_number_is_found(void **state)
{
    struct scene scene = set_up(state);
    mms_table_options options = MMS_TABLE_OPTIONS_INIT;

    check_all_found(&scene, &options, 10000);
    options.expires_ns = UINT64_MAX;
    check_all_found(&scene, &options, 1000);
    options.max_bytes = 1u << 30;
    check_all_found(&scene, &options, 1000);
    options.expires_ns = 0;
    check_all_found(&scene, &options, 1000);
    tear_down(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(a_followed_table_has_the_newest_values),
        scratch_test(a_followed_table_knows_the_time),
        scratch_test(what_is_no_table_is_not_followed),
        cmocka_unit_test(all_words_of_a_line_are_compared),
        scratch_test(every_number_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
