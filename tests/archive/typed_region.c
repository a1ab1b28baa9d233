/* SPDX-License-Identifier: Apache-2.0 */
/* Typed values through a region: types are compared, bytes checked once per generation, the schema travels along. */
#include "everything.h"
#include "hello.h"
#include "schema/schema.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    char directory[64], path[96];
    mms_writer *writer;
    mms_region *region;
    mms_reader *reader;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;

    assert_non_null(f);
    snprintf(f->directory, sizeof f->directory, "/tmp/mmsync-typed-XXXXXX");
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
    assert_int_equal(mms_writer_set_type(f->writer, HelloWorld_archive.type_id, NULL, 0), 0);
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

/* After the check nobody looks at the bytes again: what is damaged under the reader stays unnoticed. */
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
    assert_int_equal(mms_writer_set_type(f->writer, HelloWorld_archive.type_id, NULL, 0), 0);
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

/* Whether the schema has room behind it depends on the page size. */
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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
