/* SPDX-License-Identifier: Apache-2.0 */
/* Values of every type are written, checked, printed, compared and looked up, with type tables
   made at run time and at compile time. */
#include "everything.h"
#include "corpus.h"
#include "schema/schema.h"
#include "wide.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static char *print(const mms_archive *archive, const void *root)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);

    assert_non_null(stream);
    assert_int_equal(mms_archive_print(archive->type, root, stream), 0);
    fclose(stream);
    return text;
}

static void each_value_survives(void **state)
{
    const struct corpus_value *value;

    (void)state;
    for (size_t i = 0; (value = corpus_value(i)); i++) {
        size_t size, again_size;
        unsigned char *bytes = corpus_encode(value->archive, value->json, &size), *again;
        const void *root;
        char *text;

        assert_int_equal(mms_archive_check(value->archive, bytes, size, &root), 0);
        text = print(value->archive, root);
        again = corpus_encode(value->archive, text, &again_size);
        assert_int_equal(size, again_size);
        assert_memory_equal(bytes, again, size);
        assert_true(mms_archive_equal(value->archive->type, root, again + again_size - value->archive->type->size));
        free(text);
        free(bytes);
        free(again);
    }
}

/* The schema stored with a value gives the very same type again. */
static void the_stored_schema_gives_the_type_again(void **state)
{
    const struct corpus_value *value;

    (void)state;
    for (size_t i = 0; (value = corpus_value(i)); i++) {
        struct schema schema;
        size_t size;
        unsigned char *bytes = corpus_encode(value->archive, value->json, &size);
        const void *root;
        char *made, *read;

        assert_true(schema_read_stored(&schema, value->archive->schema, value->archive->schema_size,
                                       value->archive->type_id, stderr));
        assert_int_equal(schema.archive.type->size, value->archive->type->size);
        assert_int_equal(schema.archive.type->input_size, value->archive->type->input_size);
        assert_int_equal(mms_archive_check(&schema.archive, bytes, size, &root), 0);
        made = print(value->archive, root);
        read = print(&schema.archive, root);
        assert_string_equal(made, read);
        free(made);
        free(read);
        free(bytes);
        schema_free(&schema);
    }
}

static const struct corpus_value *first_of(const mms_archive *archive)
{
    const struct corpus_value *value;
    size_t i = 0;

    while ((value = corpus_value(i++)) && value->archive != archive)
        continue;
    assert_non_null(value);
    return value;
}

static void keys_are_found(void **state)
{
    size_t size;
    unsigned char *bytes = corpus_encode(&Everything_archive, first_of(&Everything_archive)->json, &size);
    const ArchivedEverything *root = Everything_check(bytes, size);
    const ArchivedContainers *c;
    const ArchivedVec_f32 *vector;
    mms_u128 wide;

    (void)state;
    assert_non_null(root);
    c = &root->containers;
    for (uint64_t i = 0; i < 20; i++) {
        vector = HashMap_u64_Vec_f32_get(&c->by_id, i * 1000003);
        assert_non_null(vector);
        assert_int_equal(Vec_f32_count(vector), i % 4);
    }
    assert_null(HashMap_u64_Vec_f32_get(&c->by_id, 7));
    assert_non_null(HashMap_String_Shape_get(&c->by_name, mms_str_of("n3")));
    assert_null(HashMap_String_Shape_get(&c->by_name, mms_str_of("n9")));
    assert_int_equal(*HashMap_usize_u8_get(&c->by_size, 70000), 5);
    assert_null(HashMap_usize_u8_get(&c->by_size, UINT64_C(1) << 32 | 1));
    memset(&wide, 0xff, sizeof wide);
    assert_int_equal(*HashMap_u128_i8_get(&c->by_wide, wide), -1);
    memset(&wide, 0xfe, 1);
    assert_null(HashMap_u128_i8_get(&c->by_wide, wide));
    assert_true(*HashMap_i16_bool_get(&c->by_sign, -1));
    assert_null(HashMap_i16_bool_get(&c->by_sign, 1));
    assert_true(HashSet_char_contains(&c->letters, 0x20ac));
    assert_false(HashSet_char_contains(&c->letters, 'b'));
    assert_true(HashSet_String_contains(&c->words, mms_str_of("a long word of more bytes")));
    assert_true(HashMap_bool_Unit_contains(&c->present, true));
    assert_false(HashMap_bool_Unit_contains(&c->present, false));
    free(bytes);
}

static void generic_and_typed_look_up_agree(void **state)
{
    size_t size;
    unsigned char *bytes = corpus_encode(&Everything_archive, first_of(&Everything_archive)->json, &size);
    const ArchivedContainers *c = &Everything_root(bytes, size)->containers;
    const mms_type *type = NULL;

    (void)state;
    for (size_t i = 0; i < Containers_archive.type->count; i++)
        if (!strcmp(Containers_archive.type->fields[i].name, "by_id"))
            type = Containers_archive.type->fields[i].type;
    assert_non_null(type);
    for (uint64_t key = 0; key < 3000009; key += 1000003 / 7) {
        const ArchivedHashMap_u64_Vec_f32_entry *entry = mms_map_find(type, &c->by_id, &key);

        assert_ptr_equal(entry ? &entry->value : NULL, HashMap_u64_Vec_f32_get(&c->by_id, key));
    }
    free(bytes);
}

static void trees_are_walked_in_order(void **state)
{
    size_t size, count = 0;
    unsigned char *bytes = corpus_encode(&Everything_archive, first_of(&Everything_archive)->json, &size);
    const ArchivedContainers *c = &Everything_root(bytes, size)->containers;
    const ArchivedBTreeMap_String_u32_entry *entry;
    mms_tree_cursor cursor;

    (void)state;
    for (entry = BTreeMap_String_u32_first(&c->sorted, &cursor); entry; entry = BTreeMap_String_u32_next(&cursor)) {
        assert_int_equal(entry->value, count);
        assert_ptr_equal(BTreeMap_String_u32_get(&c->sorted, mms_string32_get(&entry->key)), &entry->value);
        count++;
    }
    assert_int_equal(count, 300);
    entry = BTreeMap_String_u32_seek(&c->sorted, mms_str_of("k100"), &cursor);
    assert_int_equal(entry->value, 100);
    assert_null(BTreeMap_String_u32_seek(&c->sorted, mms_str_of("z"), &cursor));
    assert_null(BTreeMap_String_u32_get(&c->sorted, mms_str_of("k100")));
    assert_null(Option_Box_Node_get(BTreeMap_i64_Option_Box_Node_get(&c->sorted_numbers, -5)));
    assert_non_null(Option_Box_Node_get(BTreeMap_i64_Option_Box_Node_get(&c->sorted_numbers, 6)));
    assert_null(BTreeMap_i64_Option_Box_Node_get(&c->sorted_numbers, 5));
    free(bytes);
}

static void variants_and_options_are_reached(void **state)
{
    size_t size;
    unsigned char *bytes = corpus_encode(&Everything_archive, first_of(&Everything_archive)->json, &size);
    const ArchivedContainers *c = &Everything_root(bytes, size)->containers;
    const ArchivedShape *shapes = Vec_Shape_data(&c->shapes);
    const ArchivedBox_Node *next = Option_Box_Node_get(&c->list.next);

    (void)state;
    assert_int_equal(Shape_tag(&shapes[0]), Shape_Tag_Empty);
    assert_null(Shape_as_Circle(&shapes[0]));
    assert_true(Shape_as_Circle(&shapes[1])->_0 == 2.5f);
    assert_true(
        mms_str_equal(Shape_Rectangle_get_name(Shape_as_Rectangle(&shapes[2])), mms_str_of("a long enough name")));
    assert_int_equal(Color_get(&Shape_as_Pair(&shapes[3])->_1), Color_Blue);
    assert_int_equal(Vec_Shape_count(&Shape_as_Group(&shapes[4])->_0), 2);
    assert_int_equal(*Option_u32_get(&c->maybe), 5);
    assert_int_equal(*Result_u64_String_ok(&c->result), 9);
    assert_null(Result_u64_String_err(&c->result));
    assert_int_equal(Box_Node_get(next)->value, 2);
    assert_int_equal(*Box_u64_get(&c->boxed), 77);
    assert_true(mms_str_equal(Containers_get_fixed(c), mms_str_of("fixed")));
    assert_int_equal(c->arrays.items[1].items[2], 6);
    assert_int_equal(c->after, 8);
    free(bytes);
}

static void wide_offsets_work_beside_narrow_ones(void **state)
{
    size_t size;
    unsigned char *bytes = corpus_encode(&w_Table_archive, first_of(&w_Table_archive)->json, &size);
    const w_ArchivedTable *root = w_Table_check(bytes, size);

    (void)state;
    assert_non_null(root);
    assert_true(mms_str_equal(mms_string64_get(w_HashMap_usize_String_get(&root->by_size, UINT64_MAX)),
                              mms_str_of("xxxxxxxxxxxxxxxxxxxx")));
    assert_int_equal(w_Vec_f32_count(w_HashMap_u64_Vec_f32_get(&root->by_id, 1)), 1);
    free(bytes);
}

static void type_ids_differ_by_width_and_not_by_comments(void **state)
{
    static const char plain[] = "struct A { a: Vec<B> } struct B(u8);";
    static const char other[] = "/// doc\n#[derive(X)]\npub struct B(pub u8);\npub struct A {\n pub a: Vec<B>,\n}";
    static const char changed[] = "struct A { a: Vec<B> } struct B(u16);";
    struct schema schemas[4];

    (void)state;
    assert_true(schema_read(&schemas[0], "plain", plain, strlen(plain), "A", false, stderr));
    assert_true(schema_read(&schemas[1], "other", other, strlen(other), "A", false, stderr));
    assert_true(schema_read(&schemas[2], "wide", plain, strlen(plain), "A", true, stderr));
    assert_true(schema_read(&schemas[3], "changed", changed, strlen(changed), "A", false, stderr));
    assert_memory_equal(schemas[0].archive.type_id, schemas[1].archive.type_id, 16);
    assert_memory_not_equal(schemas[0].archive.type_id, schemas[2].archive.type_id, 16);
    assert_memory_not_equal(schemas[0].archive.type_id, schemas[3].archive.type_id, 16);
    for (int i = 0; i < 4; i++)
        schema_free(&schemas[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_value_survives),
        cmocka_unit_test(the_stored_schema_gives_the_type_again),
        cmocka_unit_test(keys_are_found),
        cmocka_unit_test(generic_and_typed_look_up_agree),
        cmocka_unit_test(trees_are_walked_in_order),
        cmocka_unit_test(variants_and_options_are_reached),
        cmocka_unit_test(wide_offsets_work_beside_narrow_ones),
        cmocka_unit_test(type_ids_differ_by_width_and_not_by_comments),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
