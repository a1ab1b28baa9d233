/* SPDX-License-Identifier: Apache-2.0 */
/* Malicious bytes, with types made for them: a few bytes that would cost much memory, time or
   depth. The types are read at run time. */
#include "corpus.h"
#include "schema/schema.h"
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static void read_type(struct schema *schema, const char *text)
{
    assert_true(schema_read(schema, "here", text, strlen(text), "T", false, stderr));
}

/* A tree of one leaf that says it has `count` entries; after it, the root. */
static int check_leaf(const char *text, uint16_t count, uint32_t length, size_t size)
{
    struct schema schema;
    unsigned char *bytes = corpus_allocate(size);
    const int32_t root[2] = {(int32_t)length, -(int32_t)(size - 4)};
    int code;

    read_type(&schema, text);
    memset(bytes, 0, size);
    memcpy(bytes, &count, sizeof count);
    memcpy(bytes + size - sizeof root, root, sizeof root);
    code = mms_archive_check(&schema.archive, bytes, size, NULL);
    schema_free(&schema);
    free(bytes);
    return code;
}

/* 16384 entries of 2^18 bytes are 2^32, which a size_t of 32 bits takes for 0 */
static void the_size_of_a_node_does_not_wrap(void **state)
{
    (void)state;
    assert_int_equal(check_leaf("struct T { a: BTreeMap<u32, [u8; 262140]> }", 16384, 16384, 32), MMS_E_CORRUPT);
    for (unsigned shift = 2; shift < 18; shift++) { /* and with numbers close to that */
        char text[80];

        snprintf(text, sizeof text, "struct T { a: BTreeMap<u32, [u32; %u]> }", (1u << shift) - 1);
        for (uint32_t count = 0x7ff0; count < 0x8000; count++)
            assert_int_equal(check_leaf(text, (uint16_t)count, count, 32), MMS_E_CORRUPT);
        for (unsigned bit = 0; bit < 15; bit++)
            assert_int_equal(check_leaf(text, (uint16_t)(1u << bit), 1u << bit, 32), MMS_E_CORRUPT);
    }
}

/* ---- A few bytes that stand for many ---- */

enum { MOST_PRINTED = 100 << 20 };

/* Counts the output, and is full once it has become endless. */
static ssize_t count_text(void *context, const char *text, size_t size)
{
    size_t *printed = context;

    (void)text;
    *printed += size;
    if (*printed <= MOST_PRINTED)
        return (ssize_t)size;
    errno = ENOSPC;
    return 0;
}

/* Prints the root of these bytes, which are good. Returns the code; *printed is how much came
   out. */
static int print_root(const char *text, const void *bytes, size_t size, size_t *printed)
{
    struct schema schema;
    const void *root;
    FILE *stream = fopencookie(printed, "w", (cookie_io_functions_t){.write = count_text});
    int code;

    assert_non_null(stream);
    *printed = 0;
    read_type(&schema, text);
    assert_int_equal(mms_archive_check(&schema.archive, bytes, size, &root), 0);
    code = mms_archive_print(schema.archive.type, root, stream);
    assert_true(mms_archive_equal(schema.archive.type, root, root));
    fclose(stream);
    schema_free(&schema);
    return code;
}

/* A Vec of `count` elements that are not there. */
static int print_units(const char *item, uint32_t count, size_t *printed)
{
    _Alignas(16) const uint32_t bytes[2] = {0, count};
    char text[200];

    snprintf(text, sizeof text, "struct E; struct T { a: Vec<%s> }", item);
    return print_root(text, bytes, sizeof bytes, printed);
}

static void values_without_a_size_multiply_up_to_a_limit(void **state)
{
    size_t printed;

    (void)state;
    assert_int_equal(print_units("()", 3, &printed), 0);
    assert_int_equal(printed, strlen("{\"a\":[null,null,null]}"));
    assert_int_equal(print_units("()", MMS_ARCHIVE_UNITS, &printed), 0);
    assert_int_equal(print_units("[E; 3]", MMS_ARCHIVE_UNITS / 2, &printed), 0);
    assert_int_equal(print_units("[(); 1048576]", MMS_ARCHIVE_UNITS, &printed), MMS_E_TOO_BIG);
    assert_non_null(strstr(mms_last_error(), "without a size"));
    assert_int_equal(print_units("[[[E; 1048576]; 1048576]; 1048576]", 1, &printed), MMS_E_TOO_BIG);
    assert_int_equal(print_units("[[(); 0]; 1048576]", MMS_ARCHIVE_UNITS, &printed), MMS_E_TOO_BIG);
}

/* Each element has a byte, and then a million elements that have none. */
static void values_without_a_size_count_together(void **state)
{
    _Alignas(16) uint32_t bytes[6] = {0, 0, 0, 0, (uint32_t)-16, 16};
    size_t printed;

    (void)state;
    assert_int_equal(
        print_root("struct P { a: u8, b: [(); 1048576] } struct T { a: Vec<P> }", bytes, sizeof bytes, &printed),
        MMS_E_TOO_BIG);
    bytes[5] = 2;
    assert_int_equal(
        print_root("struct P { a: u8, b: [(); 1048576] } struct T { a: Vec<P> }", bytes, sizeof bytes, &printed), 0);
}

/* 2^64 elements, of a type that takes a few lines. */
static void types_without_a_size_that_double_end(void **state)
{
    _Alignas(16) const uint32_t number = 5;
    char text[4096];
    size_t used, printed;

    (void)state;
    used = (size_t)snprintf(text, sizeof text, "struct T { a: u32, b: A0 }");
    for (int i = 0; i < 64; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "struct A%d { a: A%d, b: A%d }", i, i + 1, i + 1);
    snprintf(text + used, sizeof text - used, "struct A64;");
    assert_int_equal(print_root(text, &number, sizeof number, &printed), MMS_E_TOO_BIG);
}

/* ---- Deep nesting on a small stack ---- */

/* What musl gives a thread; sanitizers, which put space around variables, need several times
   that. */
#if defined(__SANITIZE_ADDRESS__) || !defined(__OPTIMIZE__)
enum { STACK = 1024 * 1024 };
#else
enum { STACK = 128 * 1024 };
#endif
enum { LONGEST_TEXT = 8192, NESTED = 120 };
#define GUARD ((size_t)sysconf(_SC_PAGESIZE))

struct deep {
    const char *container; /* printf format of a type that holds T */
    struct schema schema;
    char text[LONGEST_TEXT];
    void *values;
    unsigned char *bytes;
    size_t size;
    bool good;
};

/* T contains A1 contains A2 ... contains something that holds T. */
static void write_text(struct deep *d)
{
    size_t used = (size_t)snprintf(d->text, sizeof d->text, "struct T { a: A1 }");

    for (int i = 1; i < NESTED - 1; i++)
        used += (size_t)snprintf(d->text + used, sizeof d->text - used, "struct A%d { a: A%d }", i, i + 1);
    snprintf(d->text + used, sizeof d->text - used, "struct A%d { a: %s }", NESTED - 1, d->container);
}

static const mms_type *inmost(const mms_type *type)
{
    while (type->kind == MMS_T_STRUCT)
        type = type->fields[0].type;
    return type;
}

/* MMS_ARCHIVE_DEPTH pointers, each to the next: the value at `in`, and the entries of containers
   that have keys. */
static void make_chain(struct deep *d)
{
    const mms_type *type = d->schema.archive.type, *holder = inmost(type);
    const mms_type *pointer = holder->kind == MMS_T_OPTION ? holder->variants[1].fields[0].type : holder;
    bool keyed = pointer->kind == MMS_T_MAP || pointer->kind == MMS_T_TREE;
    size_t value_at = keyed ? pointer->first->fields[1].input_offset : 0;
    size_t each = keyed ? pointer->first->input_size : type->input_size;
    size_t pointers =
        holder->kind == MMS_T_OPTION ? MMS_ARCHIVE_DEPTH : MMS_ARCHIVE_DEPTH - 1; /* the last one is empty */
    char *values = d->values = calloc(pointers + 1, each);

    assert_non_null(values);
    for (size_t i = 0; i < pointers; i++) {
        char *in = values + i * each + value_at;
        const mms_items next = {values + (i + 1) * each, 1};

        if (holder->kind == MMS_T_OPTION) {
            *in = 1;
            in += holder->variants[1].fields[0].input_offset;
        }
        if (pointer->kind == MMS_T_BOX)
            memcpy(in, &next.data, sizeof next.data);
        else
            memcpy(in, &next, sizeof next);
    }
    d->bytes = corpus_allocate(d->size = 4096 * MMS_ARCHIVE_DEPTH);
}

static const void *first_value(const struct deep *d)
{
    const mms_type *pointer = inmost(d->schema.archive.type);
    bool keyed = pointer->kind == MMS_T_MAP || pointer->kind == MMS_T_TREE;

    return (const char *)d->values + (keyed ? pointer->first->fields[1].input_offset : 0);
}

static bool print_and_compare(const mms_archive *archive, const void *root)
{
    FILE *sink = fopen("/dev/null", "we");
    bool good = sink && mms_archive_print(archive->type, root, sink) == 0;

    if (sink)
        fclose(sink);
    return good && mms_archive_equal(archive->type, root, root);
}

static void *use_deep_value(void *argument)
{
    struct deep *d = argument;
    const mms_archive *archive = &d->schema.archive;
    const void *value = first_value(d), *root = NULL;
    size_t size = 0, written = 0;

    d->good = mms_archive_size(archive, value, &size) == 0 &&
              mms_archive_write(archive, value, d->bytes, d->size, &written) == 0 && size == written &&
              mms_archive_check(archive, d->bytes, written, &root) == 0 && print_and_compare(archive, root);
    if (!d->good)
        print_message("%s: %s\n", d->container, mms_last_error());
    return NULL;
}

/* Returns how much of the stack was used. */
static size_t on_a_small_stack(void *(*function)(void *argument), void *argument)
{
    unsigned char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    size_t left = 0;
    pthread_attr_t attributes;
    pthread_t thread;

    assert_true(stack != MAP_FAILED);
    assert_int_equal(mprotect(stack, GUARD, PROT_NONE), 0);
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstack(&attributes, stack, STACK), 0);
    assert_int_equal(pthread_create(&thread, &attributes, function, argument), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    pthread_attr_destroy(&attributes);
    while (left < STACK - GUARD && stack[GUARD + left] == 0)
        left++;
    munmap(stack, STACK);
    return STACK - GUARD - left;
}

static void *read_deep_type(void *argument)
{
    struct deep *d = argument;

    d->good = schema_read(&d->schema, "here", d->text, strlen(d->text), "T", false, stderr);
    return NULL;
}

static void deep_values_need_little_stack(void **state)
{
    static const char *const containers[] = {
        "Option<Box<T>>", "Vec<T>", "Box<[T]>", "HashMap<u32, T>", "BTreeMap<u32, T>", "Option<Vec<T>>",
    };

    (void)state;
    for (size_t i = 0; i < sizeof containers / sizeof *containers; i++) {
        struct deep *d = calloc(1, sizeof *d);

        assert_non_null(d);
        d->container = containers[i];
        write_text(d);
        on_a_small_stack(read_deep_type, d);
        assert_true(d->good);
        make_chain(d);
        print_message("%s: %zu bytes of the stack\n", d->container, on_a_small_stack(use_deep_value, d));
        assert_true(d->good);
        free(d->values);
        free(d->bytes);
        schema_free(&d->schema);
        free(d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deep_values_need_little_stack),
        cmocka_unit_test(values_without_a_size_multiply_up_to_a_limit),
        cmocka_unit_test(values_without_a_size_count_together),
        cmocka_unit_test(types_without_a_size_that_double_end),
        cmocka_unit_test(the_size_of_a_node_does_not_wrap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
