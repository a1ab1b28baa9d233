/* SPDX-License-Identifier: Apache-2.0 */
/* Archives made by hand to break one rule each, so that the rule itself refuses them. */
#include "everything.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* struct Two { a: Vec<u32>, b: Vec<u32> }, and the like. */
static const mms_type u32_type = {
    .name = "u32", .kind = MMS_T_U32, .flags = MMS_TF_LEAF | MMS_TF_COPY | MMS_TF_ANY_BITS, .size = 4, .align = 4};
static const mms_type bool_type = {.name = "bool", .kind = MMS_T_BOOL, .flags = MMS_TF_LEAF, .size = 1, .align = 1};
static const mms_type vec_type = {.name = "Vec<u32>", .kind = MMS_T_VEC, .size = 8, .align = 4, .first = &u32_type};
static const mms_type bools_type = {.name = "Vec<bool>", .kind = MMS_T_VEC, .size = 8, .align = 4, .first = &bool_type};
static const mms_type text_type = {.name = "Box<str>", .kind = MMS_T_BOX_STR, .size = 8, .align = 4};

/* A root of two fields of one kind, each {offset, count}, with eight words before it. */
struct two {
    uint32_t words[8];
    struct {
        int32_t offset;
        uint32_t count;
    } field[2];
} __attribute__((aligned(16)));

static const void *check(const mms_type *kind, const struct two *two)
{
    const mms_type_field fields[] = {{.name = "a", .type = kind}, {.name = "b", .type = kind, .offset = 8}};
    const mms_type type = {
        .name = "Two", .kind = MMS_T_STRUCT, .size = 16, .align = 4, .deep_align = 16, .count = 2, .fields = fields};
    const mms_archive archive = {.type = &type, .token = MMS_ARCHIVE_NEW};
    const void *root = NULL;

    return mms_archive_check(&archive, two, sizeof *two, &root) == 0 ? root : NULL;
}

static void assert_refused(const mms_type *kind, const struct two *two, const char *why)
{
    assert_null(check(kind, two));
    assert_int_equal(mms_last_code(), MMS_E_CORRUPT);
    if (!strstr(mms_last_error(), why))
        fail_msg("\"%s\" is not in \"%s\"", why, mms_last_error());
}

/* Two words each, the first ones and those after them. */
static struct two good_two(void)
{
    return (struct two){.words = {1, 1, 1, 1}, .field = {{-32, 2}, {-32, 2}}};
}

static void what_breaks_no_rule_is_accepted(void **state)
{
    struct two two = good_two();

    (void)state;
    assert_ptr_equal(check(&vec_type, &two), &two.field[0]);
    assert_non_null(check(&bools_type, &two));
    assert_non_null(check(&text_type, &two));
}

static void pointers_stay_inside(void **state)
{
    struct two two = good_two();

    (void)state;
    two.field[1].count = 100;
    assert_refused(&vec_type, &two, "b: 400 bytes at byte 8, and the archive ends at byte 48");
    two.field[1].count = 8;
    assert_refused(&vec_type, &two, "b: 32 bytes at byte 8 overlap something else");
    two = good_two();
    two.field[1].offset = 100;
    assert_refused(&vec_type, &two, "outside the archive of 48 bytes");
    two.field[1].offset = -100;
    assert_refused(&vec_type, &two, "outside the archive of 48 bytes");
}

static void parts_do_not_overlap(void **state)
{
    struct two two = good_two();

    (void)state;
    two.field[1].offset = -40; /* where a's are */
    assert_refused(&vec_type, &two, "b: 8 bytes at byte 0 overlap something else");
    two.field[1].offset = -36; /* half of a's */
    assert_refused(&vec_type, &two, "overlap something else");
}

static void values_are_aligned(void **state)
{
    struct two two = good_two();

    (void)state;
    two.field[1].offset++;
    assert_refused(&vec_type, &two, "not a multiple of 4");
    assert_non_null(check(&bools_type, &two));
}

static void bools_and_texts_have_valid_bytes(void **state)
{
    struct two two = good_two();

    (void)state;
    memset(&two.words[2], 2, 1);
    assert_refused(&bools_type, &two, "b[0]: the bool at byte 8 is 2");
    memset(&two.words[2], 0xff, 1);
    assert_refused(&text_type, &two, "is not UTF-8 at its byte 0");
}

/* rkyv's own check accepts nanoseconds that carry into the seconds; its Duration never has any. */
static void nanoseconds_are_less_than_a_second(void **state)
{
    static const mms_type duration_type = {
        .name = "Duration", .kind = MMS_T_DURATION, .flags = MMS_TF_LEAF, .size = 16, .align = 8, .deep_align = 8};
    const mms_archive archive = {.type = &duration_type, .token = MMS_ARCHIVE_NEW};
    mms_duration duration = {.secs = 5, .nanos = 999999999};

    (void)state;
    assert_int_equal(mms_archive_check(&archive, &duration, sizeof duration, NULL), 0);
    duration.nanos++;
    assert_int_equal(mms_archive_check(&archive, &duration, sizeof duration, NULL), MMS_E_CORRUPT);
    assert_non_null(strstr(mms_last_error(), "the duration at byte 0 has 1000000000 ns"));
}

static void archived_lists_are_as_long_as_the_limit(void **state)
{
    static ArchivedNode nodes[MMS_ARCHIVE_DEPTH + 2] __attribute__((aligned(16)));

    (void)state;
    for (int i = 1; i < MMS_ARCHIVE_DEPTH + 2; i++) {
        nodes[i].next.mms_tag = 1;                  /* Some, */
        nodes[i].next.value.box = (mms_box32){-20}; /* and it leads to the node before */
    }
    assert_non_null(Node_check(nodes, sizeof nodes - sizeof *nodes));
    assert_null(Node_check(nodes, sizeof nodes));
    assert_non_null(strstr(mms_last_error(), "nested more than 512 deep"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_breaks_no_rule_is_accepted),
        cmocka_unit_test(pointers_stay_inside),
        cmocka_unit_test(parts_do_not_overlap),
        cmocka_unit_test(values_are_aligned),
        cmocka_unit_test(bools_and_texts_have_valid_bytes),
        cmocka_unit_test(nanoseconds_are_less_than_a_second),
        cmocka_unit_test(archived_lists_are_as_long_as_the_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
