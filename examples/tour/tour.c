/* SPDX-License-Identifier: Apache-2.0 */
/* All of the schema language, written and read: tour. docs/schema.md quotes this file. */
#include "tour.h"
#include <inttypes.h>
#include <stdlib.h>

static unsigned char *write_archive(size_t *size)
{
    const float discounts[] = {0.05f, 0.1f};
    const HashMap_u64_Price_entry prices[] = {
        {.key = 4711, .value = {.cents = 1999, .discounts = {discounts, 2}}},
        {.key = 42, .value = {.cents = 5}},
    };
    const BTreeMap_String_u64_entry names[] = {
        {.key = mms_str_of("hammer"), .value = 4711},
        {.key = mms_str_of("apple"), .value = 42},
    };
    const uint64_t recalled[] = {42};
    const Shelf shelves[] = {
        {.tag = Shelf_Tag_Empty},
        {.tag = Shelf_Tag_Reserved, .Reserved = {7}},
        {.tag = Shelf_Tag_Filled, .Filled = {.article = 4711, .amount = 12}},
    };
    const Category category = {
        .name = mms_str_of("everything"),
        .kind = Kind_Tool,
        .size = {{{1.0f, 2.0f, 0.5f}}},
    };
    const Stock stock = {
        .revision = 3,
        .shop = mms_str_of("corner"),
        .prices = {prices, 2},
        .by_name = {names, 2},
        .recalled = {recalled, 1},
        .shelves = {shelves, 3},
        .note = {.some = false},
        .last_count = {.is_err = false, .ok = {.secs = 90, .nanos = 0}},
        .root = {.some = true, .value = &category},
    };
    unsigned char *buffer;

    if (Stock_size(&stock, size) != 0)
        return NULL;
    buffer = aligned_alloc(16, (*size + 15) / 16 * 16);
    if (buffer && Stock_serialize(&stock, buffer, *size, size) == 0)
        return buffer;
    free(buffer);
    return NULL;
}

static void look_up(const ArchivedStock *stock)
{
    const ArchivedPrice *price = HashMap_u64_Price_get(&stock->prices, 4711);
    const uint64_t *article = BTreeMap_String_u64_get(&stock->by_name, mms_str_of("apple"));

    if (price)
        printf("4711 costs %" PRId64 " cents, with %zu discounts\n", price->cents, Vec_f32_count(&price->discounts));
    if (article && HashSet_u64_contains(&stock->recalled, *article))
        printf("apples are recalled\n");
    if (!HashMap_u64_Price_get(&stock->prices, 1))
        printf("there is no article 1\n");
}

static void walk(const ArchivedStock *stock)
{
    const ArchivedHashMap_u64_Price_entry *prices = HashMap_u64_Price_entries(&stock->prices);
    const ArchivedBTreeMap_String_u64_entry *entry;
    mms_tree_cursor cursor;

    for (size_t i = 0; i < HashMap_u64_Price_count(&stock->prices); i++)
        printf("article %" PRIu64 ": %" PRId64 " cents\n", prices[i].key, prices[i].value.cents);
    for (entry = BTreeMap_String_u64_first(&stock->by_name, &cursor); entry;
         entry = BTreeMap_String_u64_next(&cursor)) {
        mms_str name = mms_string32_get(&entry->key);

        printf("%.*s is article %" PRIu64 "\n", (int)name.size, name.data, entry->value);
    }
}

static void choose(const ArchivedStock *stock)
{
    for (size_t i = 0; i < Vec_Shelf_count(&stock->shelves); i++) {
        const ArchivedShelf *shelf = Vec_Shelf_at(&stock->shelves, i);
        const ArchivedShelf_Filled *filled = Shelf_as_Filled(shelf);

        if (Shelf_tag(shelf) == Shelf_Tag_Empty)
            printf("shelf %zu is empty\n", i);
        else if (filled)
            printf("shelf %zu has %u of article %" PRIu64 "\n", i, filled->amount, filled->article);
    }
}

static void follow(const ArchivedStock *stock)
{
    const ArchivedBox_Category *box = Option_Box_Category_get(&stock->root);
    const mms_duration *counted = Result_Duration_String_ok(&stock->last_count);

    if (!Option_String_get(&stock->note))
        printf("no note\n");
    if (box) {
        const ArchivedCategory *category = Box_Category_get(box);
        mms_str name = Category_get_name(category);

        printf("%.*s is %s, %g wide\n", (int)name.size, name.data,
               Kind_get(&category->kind) == Kind_Tool ? "a tool" : "food", (double)category->size._0.items[0]);
    }
    if (counted)
        printf("counted %" PRIu64 " s ago\n", counted->secs);
}

int main(void)
{
    size_t size;
    unsigned char *bytes = write_archive(&size);
    const ArchivedStock *stock = bytes ? Stock_check(bytes, size) : NULL;

    if (!stock) {
        fprintf(stderr, "tour: %s\n", mms_last_error());
        free(bytes);
        return 1;
    }
    look_up(stock);
    walk(stock);
    choose(stock);
    follow(stock);
    Stock_print_json(stock, stdout);
    putchar('\n');
    free(bytes);
    return 0;
}
