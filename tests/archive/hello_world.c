/* SPDX-License-Identifier: Apache-2.0 */
/* The known bytes of a small value, as rkyv 0.7.46 writes them on machines of either byte
   order, and every function that mmsc generates for it. */
#include "hello.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const unsigned char known[36] __attribute__((aligned(16))) = {
    72, 101, 108, 108, 111, 0,   0,   5,   87, 111, 114, 108, 100, 0, 0, 5, 33, 0, 0, 0, 0, 0, 0, 1,
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    7,  0,   0,   0,   228, 255, 255, 255, 3,  0,   0,   0,
#else
    0,  0,   0,   7,   255, 255, 255, 228, 0,  0,   0,   3,
#endif
};

static HelloWorld hello(mms_str texts[3])
{
    HelloWorld value = {.version = 7, .messages = {texts, 3}};

    texts[0] = mms_str_of("Hello");
    texts[1] = mms_str_of("World");
    texts[2] = mms_str_of("!");
    return value;
}

static void writes_the_known_bytes(void **state)
{
    mms_str texts[3];
    HelloWorld value = hello(texts);
    unsigned char buffer[64] __attribute__((aligned(16)));
    size_t size = 0, written = 0;

    (void)state;
    memset(buffer, 0xaa, sizeof buffer);
    assert_int_equal(HelloWorld_size(&value, &size), 0);
    assert_int_equal(size, 36);
    assert_int_equal(HelloWorld_serialize(&value, buffer, sizeof buffer, &written), 0);
    assert_int_equal(written, 36);
    assert_memory_equal(buffer, known, 36);
    assert_int_equal(buffer[36], 0xaa);
}

static void reads_the_known_bytes(void **state)
{
    const ArchivedHelloWorld *root = HelloWorld_check(known, sizeof known);

    (void)state;
    assert_non_null(root);
    assert_ptr_equal(root, HelloWorld_root(known, sizeof known));
    assert_int_equal(root->version, 7);
    assert_int_equal(Vec_String_count(&root->messages), 3);
    assert_true(mms_str_equal(Vec_String_at(&root->messages, 1), mms_str_of("World")));
    assert_true(HelloWorld_equal(root, root));
}

static void prints_json(void **state)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);

    (void)state;
    assert_non_null(stream);
    assert_int_equal(HelloWorld_print_json(HelloWorld_root(known, sizeof known), stream), 0);
    fclose(stream);
    assert_string_equal(text, "{\"version\":7,\"messages\":[\"Hello\",\"World\",\"!\"]}");
    free(text);
}

static void a_small_buffer_is_an_error_at_every_size(void **state)
{
    mms_str texts[3];
    HelloWorld value = hello(texts);

    (void)state;
    for (size_t capacity = 0; capacity < 36; capacity++) {
        unsigned char *buffer = malloc(capacity + (capacity == 0));
        size_t written = 99;

        assert_non_null(buffer);
        assert_int_equal(HelloWorld_serialize(&value, buffer, capacity, &written), MMS_E_TOO_BIG);
        assert_int_equal(written, 99);
        free(buffer);
    }
}

static void errors_name_the_field(void **state)
{
    mms_str texts[3];
    HelloWorld value = hello(texts);
    unsigned char buffer[64] __attribute__((aligned(16)));
    size_t written;

    (void)state;
    texts[1] = (mms_str){"bad \xc3(", 6};
    assert_int_equal(HelloWorld_serialize(&value, buffer, sizeof buffer, &written), MMS_E_INVALID);
    assert_non_null(strstr(mms_last_error(), "HelloWorld.messages[1]: the text is not UTF-8 at byte 4"));
    memcpy(buffer, known, sizeof known);
    buffer[8] = 0xff;
    assert_null(HelloWorld_check(buffer, sizeof known));
    assert_int_equal(mms_last_code(), MMS_E_CORRUPT);
    assert_non_null(strstr(mms_last_error(), "HelloWorld.messages[1]"));
}

static void what_is_too_short_or_not_aligned_is_refused(void **state)
{
    unsigned char buffer[64] __attribute__((aligned(16)));

    (void)state;
    for (size_t size = 0; size < sizeof known; size++)
        assert_null(HelloWorld_check(known + (sizeof known - size), size));
    memcpy(buffer + 2, known, sizeof known);
    assert_null(HelloWorld_check(buffer + 2, sizeof known));
    assert_int_equal(mms_last_code(), MMS_E_INVALID);
}

static mms_str some_text(uint32_t *random, char text[32])
{
    static const char *const parts[] = {"", "a", "bc", "xyz 123", "\xc3\xa9", "\xe2\x82\xac"};
    size_t size = 0;

    for (int i = 0; i < 4; i++) {
        const char *part;

        *random = *random * 1664525 + 1013904223;
        part = *random >> 26 == 0 ? "\xff" : parts[(*random >> 16) % 6];
        memcpy(text + size, part, strlen(part));
        size += strlen(part);
    }
    return (mms_str){text, size};
}

/* Flat values take a short cut; the long way must give the same bytes and the same verdict. */
static void both_ways_through_the_encoder_agree(void **state)
{
    uint32_t random = 1, written = 0, refused = 0;

    (void)state;
    for (int round = 0; round < 20000; round++) {
        _Alignas(16) unsigned char quick[256], slow[256];
        char memory[5][32];
        mms_str texts[5];
        Wrapped value = {{random, {texts, (random >> 16) % 6}}};
        size_t capacity = round % 4 ? sizeof quick : (random >> 8) % 128, size = 0, other = 0;
        int code;

        for (int i = 0; i < 5; i++)
            texts[i] = some_text(&random, memory[i]);
        memset(quick, 0xaa, sizeof quick);
        code = HelloWorld_serialize(&value.hello, quick, capacity, &size);
        assert_int_equal(Wrapped_serialize(&value, slow, capacity, &other), code);
        assert_int_equal(size, other);
        assert_memory_equal(quick, slow, size);
        written += code == 0;
        refused += code == MMS_E_INVALID;
        if (code == 0) {
            assert_non_null(HelloWorld_check(quick, size));
            assert_int_equal(HelloWorld_size(&value.hello, &other), 0);
            assert_int_equal(size, other);
        }
    }
    assert_true(written > 1000 && refused > 100);
}

static void holes_are_zero_whatever_was_there(void **state)
{
    static const uint16_t list[] = {1, 2, 3};
    const Padded value = {1, {list, 3}, UINT64_MAX, {"longer than a String", 20}, 255};
    _Alignas(16) unsigned char bytes[128], others[128];
    size_t size, other;

    (void)state;
    memset(bytes, 0xaa, sizeof bytes);
    memset(others, 0x55, sizeof others);
    assert_int_equal(Padded_serialize(&value, bytes, sizeof bytes, &size), 0);
    assert_int_equal(Padded_serialize(&value, others, sizeof others, &other), 0);
    assert_int_equal(size, other);
    assert_memory_equal(bytes, others, size);
    assert_int_equal(bytes[size - 1], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_the_known_bytes),
        cmocka_unit_test(reads_the_known_bytes),
        cmocka_unit_test(prints_json),
        cmocka_unit_test(a_small_buffer_is_an_error_at_every_size),
        cmocka_unit_test(errors_name_the_field),
        cmocka_unit_test(both_ways_through_the_encoder_agree),
        cmocka_unit_test(holes_are_zero_whatever_was_there),
        cmocka_unit_test(what_is_too_short_or_not_aligned_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
