/* SPDX-License-Identifier: Apache-2.0 */
/* Values that cannot be archived, and malicious bytes, are refused. */
#include "corpus.h"
#include "everything.h"
#include "wide.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_detail(const char *part)
{
    if (!strstr(mms_last_error(), part))
        fail_msg("\"%s\" is not in \"%s\"", part, mms_last_error());
}

static void make_list(Node *nodes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        nodes[i].value = (int32_t)i;
        nodes[i].next.some = i + 1 < count;
        nodes[i].next.value = i + 1 < count ? &nodes[i + 1] : NULL;
    }
}

static void lists_are_as_long_as_the_limit(void **state)
{
    static Node nodes[MMS_ARCHIVE_DEPTH + 2];
    static unsigned char bytes[64 * 1024] __attribute__((aligned(16)));
    size_t size;

    (void)state;
    make_list(nodes, MMS_ARCHIVE_DEPTH + 1);
    assert_int_equal(Node_serialize(nodes, bytes, sizeof bytes, &size), 0);
    assert_non_null(Node_check(bytes, size));
    make_list(nodes, MMS_ARCHIVE_DEPTH + 2);
    assert_int_equal(Node_size(nodes, &size), MMS_E_INVALID);
    assert_detail("nested more than 512 deep");
}

static void a_list_that_is_a_ring_is_refused(void **state)
{
    Node ring[2];
    size_t size;

    (void)state;
    make_list(ring, 2);
    ring[1].next.some = true;
    ring[1].next.value = &ring[0];
    assert_int_equal(Node_size(ring, &size), MMS_E_INVALID);
}

/* The root of a Node whose box holds that Node itself. */
static void archived_rings_are_refused(void **state)
{
    const ArchivedNode itself = {.value = 1, .next = {.mms_tag = 1, .value = {.box = {-8}}}};
    ArchivedNode nodes[2] __attribute__((aligned(16))) = {itself, itself};

    (void)state;
    assert_null(Node_check(nodes, sizeof *nodes));
    assert_detail("Node.next.Some");
    nodes[1].next.value.box.offset = -20;
    nodes[0].next.value.box.offset = 0;
    assert_null(Node_check(nodes, sizeof nodes));
    assert_int_equal(mms_last_code(), MMS_E_CORRUPT);
}

static void keys_given_twice_are_named(void **state)
{
    w_HashMap_u64_Vec_f32_entry entries[3] = {{.key = 5}, {.key = 9}, {.key = 5}};
    w_Table table = {.by_id = {entries, 3}};
    w_BTreeMap_String_Vec_u8_entry sorted[2] = {{.key = {"a", 1}}, {.key = {"a", 1}}};
    unsigned char bytes[4096] __attribute__((aligned(16)));
    size_t size;

    (void)state;
    assert_int_equal(w_Table_serialize(&table, bytes, sizeof bytes, &size), MMS_E_INVALID);
    assert_detail("Table.by_id[2]: the key is that of element 0 too");
    table.by_id.count = 0;
    table.sorted.data = sorted;
    table.sorted.count = 2;
    assert_int_equal(w_Table_serialize(&table, bytes, sizeof bytes, &size), MMS_E_INVALID);
    assert_detail("Table.sorted[1]: the key is that of element 0 too");
}

static void many_equal_keys_are_named(void **state)
{
    static w_HashMap_u64_Vec_f32_entry entries[100000];
    w_Table table = {.by_id = {entries, 100000}};
    static unsigned char bytes[1 << 20] __attribute__((aligned(16)));
    size_t size;

    (void)state;
    assert_int_equal(w_Table_serialize(&table, bytes, sizeof bytes, &size), MMS_E_INVALID);
    assert_detail("the key is that of element");
}

/* ---- Keys chosen by an attacker ---- */

enum { KEYS = 1000 };

static w_HashMap_u64_Vec_f32_entry chosen[KEYS];

static uint64_t bucket_of(uint64_t key)
{
    return mms__sea_word(key, 8) % KEYS;
}

/* This many keys for each bucket, `KEYS` in all, over as many buckets as that takes; the rest fall
   where they will. */
static void choose_keys(uint32_t together, uint32_t buckets)
{
    const uint32_t wanted = together * buckets;
    uint32_t filled[KEYS] = {0};
    uint64_t key = 0;
    uint32_t found = 0;

    for (; found < wanted; found++, key++) {
        while (bucket_of(key) >= buckets || filled[bucket_of(key)] == together)
            key++;
        filled[bucket_of(key)]++;
        chosen[found] = (w_HashMap_u64_Vec_f32_entry){.key = key};
    }
    for (; found < KEYS; found++, key++)
        chosen[found] = (w_HashMap_u64_Vec_f32_entry){.key = key};
}

static int write_chosen(const w_ArchivedTable **root)
{
    static unsigned char bytes[1 << 20] __attribute__((aligned(16)));
    w_Table table = {.by_id = {chosen, KEYS}};
    size_t size;
    int code = w_Table_serialize(&table, bytes, sizeof bytes, &size);

    if (code == 0)
        *root = w_Table_check(bytes, size);
    return code;
}

static void a_bucket_may_be_larger_than_usual(void **state)
{
    (void)state;
    for (uint32_t together = 60; together <= 80; together += 5) {
        const w_ArchivedTable *root = NULL;

        choose_keys(together, 1);
        assert_int_equal(write_chosen(&root), 0);
        assert_non_null(root);
        for (int i = 0; i < KEYS; i++)
            assert_non_null(w_HashMap_u64_Vec_f32_get(&root->by_id, chosen[i].key));
    }
}

/* Whatever the keys are chosen for, there is an answer, and it says what to do. */
static void chosen_keys_end_soon(void **state)
{
    static const uint32_t together[] = {2, 3, 4, 5, 8, 10, 20, 25, 40, 50, 100, 200, 250, 500, 1000};
    const w_ArchivedTable *root;

    (void)state;
    for (size_t i = 0; i < sizeof together / sizeof *together; i++) {
        choose_keys(together[i], KEYS / together[i]);
        if (write_chosen(&root) == 0)
            continue;
        assert_int_equal(mms_last_code(), MMS_E_INVALID);
        assert_detail("use a BTreeMap for keys that others choose");
    }
    choose_keys(KEYS, 1);
    assert_int_equal(write_chosen(&root), MMS_E_INVALID);
    assert_detail("Table.by_id: 1000 keys");
    choose_keys(70, 3); /* for each bucket alone there is a seed: the limit is for all */
    assert_int_equal(write_chosen(&root), MMS_E_INVALID);
    assert_detail("use a BTreeMap for keys that others choose");
}

static void what_is_not_of_the_type_is_named(void **state)
{
    Numbers numbers = {.p = 0xd800};
    Shape shape = {.tag = (Shape_Tag)17};
    unsigned char bytes[256] __attribute__((aligned(16)));
    size_t size;

    (void)state;
    assert_int_equal(Numbers_serialize(&numbers, bytes, sizeof bytes, &size), MMS_E_INVALID);
    assert_detail("Numbers.p: 0xd800 is not a character");
    numbers.p = 'x';
    numbers.k = UINT64_C(1) << 32;
    assert_int_equal(Numbers_serialize(&numbers, bytes, sizeof bytes, &size), MMS_E_INVALID);
    assert_detail("Numbers.k: 4294967296 does not fit");
    assert_int_equal(Shape_serialize(&shape, bytes, sizeof bytes, &size), MMS_E_INVALID);
    assert_detail("the tag is 17, and Shape has 6 variants");
    shape.tag = Shape_Tag_Group;
    shape.Group._0.data = NULL;
    shape.Group._0.count = 3;
    assert_int_equal(Shape_size(&shape, &size), MMS_E_INVALID);
    assert_detail("Shape.Group.0: data is NULL, but count is 3");
}

/* Lengths and offsets that overflow, at the end of memory watched by the sanitizer. */
static void large_numbers_do_not_wrap(void **state)
{
    static const int64_t hurtful[] = {0,         -1,        1, INT64_MAX, INT64_MIN, INT64_MIN + 1,
                                      INT32_MAX, INT32_MIN, 8, -8,        1 << 20};
    const size_t n = sizeof hurtful / sizeof *hurtful;
    size_t size = sizeof(w_ArchivedTable);
    unsigned char *bytes = calloc(1, size);

    (void)state;
    assert_non_null(bytes);
    for (size_t at = 0; at + 8 <= size; at += 8)
        for (size_t i = 0; i < n; i++)
            for (size_t k = 0; k < n; k++) {
                memset(bytes, 0, size);
                memcpy(bytes + at, &hurtful[i], 8);
                if (at + 16 <= size)
                    memcpy(bytes + at + 8, &hurtful[k], 8);
                (void)w_Table_check(bytes, size);
            }
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_are_as_long_as_the_limit), cmocka_unit_test(a_list_that_is_a_ring_is_refused),
        cmocka_unit_test(archived_rings_are_refused),     cmocka_unit_test(keys_given_twice_are_named),
        cmocka_unit_test(many_equal_keys_are_named),      cmocka_unit_test(a_bucket_may_be_larger_than_usual),
        cmocka_unit_test(chosen_keys_end_soon),           cmocka_unit_test(what_is_not_of_the_type_is_named),
        cmocka_unit_test(large_numbers_do_not_wrap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
