/* SPDX-License-Identifier: Apache-2.0 */
/* Typed values through a region: types are compared, bytes are checked once per generation, and
   the schema travels along. */
#include "everything.h"
#include "hello.h"
#include "mmap_sync_sample.h"
#include "schema/schema.h"
#include "scratch.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    char directory[128], path[160];
    mms_writer *writer;
    mms_region *region;
    mms_reader *reader;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;

    assert_non_null(f);
    snprintf(f->directory, sizeof f->directory, "/dev/shm/%s-XXXXXX", scratch_name());
    assert_non_null(mkdtemp(f->directory));
    snprintf(f->path, sizeof f->path, "%s/region", f->directory);
    options.max_size = 1 << 20;
    options.type_id[0] = 1; /* of what is written without a type of its own */
    assert_int_equal(mms_writer_open(f->path, &options, &f->writer), 0);
    assert_int_equal(mms_region_open(f->path, NULL, &f->region), 0);
    assert_int_equal(mms_reader_open(f->region, &f->reader), 0);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    mms_reader_close(f->reader);
    mms_region_close(f->region);
    mms_writer_close(f->writer);
    mms_remove(f->path);
    rmdir(f->directory);
    free(f);
    return 0;
}

static void publish(struct fixture *f, uint32_t version, const char *text)
{
    mms_str texts[1] = {mms_str_of(text)};
    HelloWorld value = {.version = version, .messages = {texts, 1}};

    assert_int_equal(HelloWorld_write(f->writer, &value, NULL), 0);
}

static void what_is_written_is_read(void **state)
{
    struct fixture *f = *state;
    const ArchivedHelloWorld *root;
    mms_view view;

    for (uint32_t i = 1; i <= 300; i++) {
        publish(f, i, "some text that is longer than seven bytes");
        root = HelloWorld_read(f->reader, &view);
        assert_non_null(root);
        assert_int_equal(root->version, i);
        assert_int_equal(view.generation, i);
        root = HelloWorld_read_unchecked(f->reader, &view);
        assert_non_null(root);
        assert_int_equal(root->version, i);
        assert_int_equal(mms_release(f->reader), 0);
    }
}

static void another_type_is_refused(void **state)
{
    struct fixture *f = *state;
    mms_view view;

    publish(f, 1, "x");
    assert_null(Node_read(f->reader, &view));
    assert_int_equal(mms_last_code(), MMS_E_TYPE);
    assert_int_equal(mms_release(f->reader), MMS_E_NO_VIEW);
    assert_null(Node_read_unchecked(f->reader, &view));
    assert_int_equal(mms_last_code(), MMS_E_TYPE);
    assert_non_null(HelloWorld_read(f->reader, &view));
    assert_null(Node_read(f->reader, &view));
    assert_int_equal(mms_last_code(), MMS_E_TYPE);
    assert_int_equal(mms_write(f->writer, "bytes", 5, NULL), 0);
    assert_null(HelloWorld_read(f->reader, &view));
    assert_int_equal(mms_last_code(), MMS_E_TYPE);
}

static void damaged_bytes_are_refused_until_the_next_publish(void **state)
{
    struct fixture *f = *state;
    mms_view view;
    void *buffer;

    assert_int_equal(mms_write_begin(f->writer, 12, &buffer, NULL), 0);
    memset(buffer, 0x7f, 12);
    assert_int_equal(mms_write_set_type(f->writer, HelloWorld_archive.type_id, NULL, 0), 0);
    assert_int_equal(mms_write_commit(f->writer, 12, NULL), 0);
    assert_null(HelloWorld_read(f->reader, &view));
    assert_int_equal(mms_last_code(), MMS_E_CORRUPT);
    assert_non_null(strstr(mms_last_error(), "HelloWorld.messages"));
    assert_non_null(HelloWorld_read_unchecked(f->reader, &view)); /* trust is for one call */
    assert_non_null(HelloWorld_read_unchecked(f->reader, &view));
    assert_null(HelloWorld_read(f->reader, &view));
    publish(f, 5, "good");
    assert_non_null(HelloWorld_read(f->reader, &view));
}

/* After the check nobody looks at the bytes again: damage under the reader goes unnoticed. */
static void a_generation_is_checked_once(void **state)
{
    struct fixture *f = *state;
    const ArchivedHelloWorld *root;
    int32_t *words; /* of the archive: the version; offset and number of the messages */
    mms_view view;
    void *buffer;

    assert_int_equal(mms_write_begin(f->writer, 4096, &buffer, NULL), 0);
    words = buffer;
    words[0] = 0;
    words[1] = -4; /* to byte 0 */
    words[2] = 0;
    assert_int_equal(mms_write_set_type(f->writer, HelloWorld_archive.type_id, NULL, 0), 0);
    assert_int_equal(mms_write_commit(f->writer, 12, NULL), 0);
    root = HelloWorld_read(f->reader, &view);
    assert_non_null(root);
    words[1] = 0x40000000; /* the writer's own map of the slot */
    assert_ptr_equal(HelloWorld_read(f->reader, &view), root);
    assert_int_equal(mms_release(f->reader), 0);
    assert_ptr_equal(HelloWorld_read(f->reader, &view), root);
    assert_int_equal(mms_release(f->reader), 0);
    assert_null(HelloWorld_check(view.data, view.size));
}

static void a_failed_value_leaves_the_last_one(void **state)
{
    struct fixture *f = *state;
    mms_str texts[1] = {{"\xff", 1}};
    HelloWorld value = {.version = 2, .messages = {texts, 1}};
    const ArchivedHelloWorld *root;
    mms_view view;

    publish(f, 1, "good");
    assert_int_equal(HelloWorld_write(f->writer, &value, NULL), MMS_E_INVALID);
    root = HelloWorld_read(f->reader, &view);
    assert_non_null(root);
    assert_int_equal(root->version, 1);
    publish(f, 3, "good again");
}

static void large_values_grow(void **state)
{
    struct fixture *f = *state;
    static mms_str texts[20000];
    HelloWorld value = {.version = 1, .messages = {texts, 20000}};
    const ArchivedHelloWorld *root;
    mms_receipt receipt;
    mms_view view;
    size_t size;

    for (size_t i = 0; i < 20000; i++)
        texts[i] = mms_str_of("twenty-one characters");
    assert_int_equal(HelloWorld_size(&value, &size), 0);
    assert_int_equal(HelloWorld_write(f->writer, &value, &receipt), 0);
    assert_int_equal(receipt.size, size);
    root = HelloWorld_read(f->reader, &view);
    assert_non_null(root);
    assert_int_equal(Vec_String_count(&root->messages), 20000);
    for (size_t i = 0; i < 20000; i++)
        texts[i] = mms_str_of("this one is so long that a megabyte is not enough for all of them together");
    assert_int_equal(HelloWorld_write(f->writer, &value, NULL), MMS_E_TOO_BIG);
    publish(f, 2, "small");
}

static void the_schema_travels_with_the_value(void **state)
{
    struct fixture *f = *state;
    uint64_t type_id[2], generation;
    char text[1024];
    struct schema schema;
    size_t size;

    publish(f, 1, "x");
    assert_int_equal(mms_read_schema(f->region, text, 4, &size, type_id, &generation), MMS_E_TOO_BIG);
    assert_int_equal(size, HelloWorld_archive.schema_size);
    assert_int_equal(mms_read_schema(f->region, text, sizeof text - 1, &size, type_id, &generation), 0);
    assert_int_equal(generation, 1);
    assert_memory_equal(type_id, HelloWorld_archive.type_id, sizeof type_id);
    text[size] = '\0';
    assert_true(schema_read_stored(&schema, text, size, type_id, stderr));
    assert_string_equal(schema.archive.type->name, "HelloWorld");
    schema_free(&schema);
    text[size - 3] ^= 1;
    assert_false(schema_read_stored(&schema, text, size, type_id, NULL));
    schema_free(&schema);
    assert_int_equal(mms_write(f->writer, "bytes", 5, NULL), 0);
    assert_int_equal(mms_read_schema(f->region, text, sizeof text, &size, type_id, NULL), 0);
    assert_int_equal(size, 0);
    assert_int_equal(type_id[0], 1);
}

/* A new region that continues the old one has the type and the schema too. */
static void the_schema_moves_to_another_geometry(void **state)
{
    struct fixture *f = *state;
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    const ArchivedHelloWorld *root;
    mms_view view;
    char text[1024];
    size_t size;

    publish(f, 9, "x");
    mms_reader_close(f->reader);
    mms_region_close(f->region);
    mms_writer_close(f->writer);
    options.max_size = 4 << 20;
    options.replace = true;
    assert_int_equal(mms_writer_open(f->path, &options, &f->writer), 0);
    assert_int_equal(mms_region_open(f->path, NULL, &f->region), 0);
    assert_int_equal(mms_reader_open(f->region, &f->reader), 0);
    root = HelloWorld_read(f->reader, &view);
    assert_non_null(root);
    assert_int_equal(root->version, 9);
    assert_int_equal(mms_read_schema(f->region, text, sizeof text, &size, NULL, NULL), 0);
    assert_int_equal(size, HelloWorld_archive.schema_size);
    assert_memory_equal(text, HelloWorld_archive.schema, size);
    assert_int_equal(mms_verify(f->path, NULL, NULL), 0);
}

/* Whether there is room for the schema behind the value depends on the page size. */
static void a_value_may_fill_its_slot(void **state)
{
    struct fixture *f = *state;
    static char filling[1 << 20];
    mms_str texts[1] = {{filling, (1 << 20) - 12 - 8}};
    HelloWorld value = {.version = 1, .messages = {texts, 1}};
    mms_view view;
    size_t size = 99;
    char text[1024];

    memset(filling, 'x', sizeof filling);
    assert_int_equal(HelloWorld_write(f->writer, &value, NULL), 0);
    assert_non_null(HelloWorld_read(f->reader, &view));
    assert_int_equal(view.size, 1 << 20);
    assert_int_equal(mms_read_schema(f->region, text, sizeof text, &size, NULL, NULL), 0);
    assert_true(size == 0 || size == HelloWorld_archive.schema_size);
    assert_int_equal(mms_verify(f->path, NULL, NULL), 0);
}

/* ---- Views that can be taken away ---- */

static void a_copy_is_checked_and_stays_as_it_is(void **state)
{
    struct fixture *f = *state;
    static unsigned char bytes[256] __attribute__((aligned(16)));
    const ArchivedHelloWorld *root;
    uint64_t generation = 0;
    size_t size = 0;

    publish(f, 7, "some text that is longer than seven bytes");
    assert_null(HelloWorld_read_copy(f->region, bytes, 8, &size, &generation));
    assert_int_equal(mms_last_code(), MMS_E_TOO_BIG);
    assert_true(size > 8 && size < sizeof bytes);
    assert_int_equal(generation, 1);
    root = HelloWorld_read_copy(f->region, bytes, sizeof bytes, &size, &generation);
    assert_non_null(root);
    assert_ptr_equal(root, HelloWorld_root(bytes, size));
    for (uint32_t i = 8; i < 300; i++)
        publish(f, i, "x");
    assert_int_equal(root->version, 7);
    assert_true(
        mms_str_equal(Vec_String_at(&root->messages, 0), mms_str_of("some text that is longer than seven bytes")));
    assert_null(HelloWorld_read_copy(f->region, bytes + 1, sizeof bytes - 1, &size, NULL));
    assert_int_equal(mms_last_code(), MMS_E_INVALID);
    assert_null(HelloWorld_read_copy(NULL, bytes, sizeof bytes, &size, NULL));
    assert_int_equal(mms_last_code(), MMS_E_INVALID);
}

static void copies_of_another_type_or_damaged_are_refused(void **state)
{
    struct fixture *f = *state;
    static unsigned char bytes[256] __attribute__((aligned(16)));
    void *buffer;

    publish(f, 1, "x");
    assert_null(Node_read_copy(f->region, bytes, sizeof bytes, NULL, NULL));
    assert_int_equal(mms_last_code(), MMS_E_TYPE);
    assert_null(Node_read_copy(f->region, NULL, 0, NULL, NULL));
    assert_int_equal(mms_last_code(), MMS_E_TYPE);
    assert_int_equal(mms_write_begin(f->writer, 12, &buffer, NULL), 0);
    memset(buffer, 0x7f, 12);
    assert_int_equal(mms_write_set_type(f->writer, HelloWorld_archive.type_id, NULL, 0), 0);
    assert_int_equal(mms_write_commit(f->writer, 12, NULL), 0);
    assert_null(HelloWorld_read_copy(f->region, bytes, sizeof bytes, NULL, NULL));
    assert_int_equal(mms_last_code(), MMS_E_CORRUPT);
}

/* Opens the writer again with these options and a reader that allows eviction, then takes what the
   reader holds. */
static void lose_a_view(struct fixture *f, const char *path, mms_writer_options options,
                        const mms_region_options *allowing)
{
    mms_view view;

    mms_reader_close(f->reader);
    mms_region_close(f->region);
    mms_writer_close(f->writer);
    mms_remove(f->path);
    options.max_slots = 2;
    options.grace_ms = MMS_NO_WAIT;
    assert_int_equal(mms_writer_open(path, &options, &f->writer), 0);
    assert_int_equal(mms_region_open(f->path, allowing, &f->region), 0);
    assert_int_equal(mms_reader_open(f->region, &f->reader), 0);
    publish(f, 1, "first");
    assert_int_equal(mms_read(f->reader, &view), 0);
    publish(f, 2, "second");
    publish(f, 3, "third");
}

/* The bytes are good, but another value's: only the view itself can tell. */
static void check_says_evicted(struct fixture *f)
{
    const void *root = NULL;
    mms_view view;

    assert_int_equal(mms__archive_root_slow(f->reader, &HelloWorld_archive, NULL, &root), MMS_E_EVICTED);
    assert_null(root);
    assert_int_equal(mms_last_code(), MMS_E_EVICTED);
    assert_int_equal(mms_release(f->reader), MMS_E_NO_VIEW);
    assert_non_null(HelloWorld_read(f->reader, &view));
    assert_int_equal(mms_release(f->reader), 0);
}

static void a_view_that_was_evicted_is_not_handed_out(void **state)
{
    struct fixture *f = *state;
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    mms_region_options allowing = MMS_REGION_OPTIONS_INIT;

    options.on_grace = MMS_EVICT;
    allowing.allow_evict = true;
    lose_a_view(f, f->path, options, &allowing);
    check_says_evicted(f);
}

/* Nor is it reported as damaged, or as of another type. */
static void an_evicted_view_of_another_type_is_evicted(void **state)
{
    struct fixture *f = *state;
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    mms_region_options allowing = MMS_REGION_OPTIONS_INIT;
    const void *root = NULL;

    options.on_grace = MMS_EVICT;
    allowing.allow_evict = true;
    lose_a_view(f, f->path, options, &allowing);
    assert_int_equal(mms__archive_root_slow(f->reader, &Node_archive, NULL, &root), MMS_E_EVICTED);
    assert_int_equal(mms_release(f->reader), MMS_E_NO_VIEW);
}

static void a_view_that_was_reset_is_not_handed_out(void **state)
{
    struct fixture *f = *state;
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    mms_mmap_sync_writer_options mmap_sync = MMS_MMAP_SYNC_WRITER_OPTIONS_INIT;

    mmap_sync.reset = true;
    options.mmap_sync = &mmap_sync;
    lose_a_view(f, crate_path(f->path), options, NULL);
    check_says_evicted(f);
}

/* In the files of mmap-sync a version says nothing about bytes that somebody checked before. */
static void a_version_that_was_seen_before_is_checked_again(void **state)
{
    struct fixture *f = *state;
    char path[256];
    mms_view view;
    FILE *data;

    mms_reader_close(f->reader);
    mms_region_close(f->region);
    mms_writer_close(f->writer);
    mms_remove(f->path);
    assert_int_equal(mms_writer_open(crate_path(f->path), NULL, &f->writer), 0);
    publish(f, 1, "first");
    assert_int_equal(mms_region_open(f->path, NULL, &f->region), 0);
    assert_int_equal(mms_reader_open(f->region, &f->reader), 0);
    for (int i = 0; i < 2; i++) {
        assert_non_null(HelloWorld_read(f->reader, &view));
        assert_int_equal(mms_release(f->reader), 0);
    }
    snprintf(path, sizeof path, "%s_data_0", f->path); /* as if the version went back by two */
    data = fopen(path, "r+b");
    assert_non_null(data);
    for (size_t i = 0; i < view.size; i++)
        assert_int_equal(fputc(0x7f, data), 0x7f);
    assert_int_equal(fclose(data), 0);
    assert_null(HelloWorld_read(f->reader, &view));
    assert_int_equal(mms_last_code(), MMS_E_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_written_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_type_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damaged_bytes_are_refused_until_the_next_publish, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_generation_is_checked_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failed_value_leaves_the_last_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(large_values_grow, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_schema_travels_with_the_value, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_schema_moves_to_another_geometry, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_value_may_fill_its_slot, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_copy_is_checked_and_stays_as_it_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(copies_of_another_type_or_damaged_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_view_that_was_evicted_is_not_handed_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_evicted_view_of_another_type_is_evicted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_view_that_was_reset_is_not_handed_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_version_that_was_seen_before_is_checked_again, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
