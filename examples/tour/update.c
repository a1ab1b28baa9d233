/* SPDX-License-Identifier: Apache-2.0 */
/* Changing a typed value in place: tour_update REGION. docs/schema.md quotes this file. */
#include "tour.h"
#include <inttypes.h>
#include <stdlib.h>

static int publish(mms_writer *writer)
{
    const HashMap_u64_Price_entry prices[] = {{.key = 4711, .value = {.cents = 1999}},
                                              {.key = 42, .value = {.cents = 5}}};
    const BTreeMap_String_u64_entry names[] = {{.key = mms_str_of("apple"), .value = 42}};
    const Shelf shelves[] = {{.tag = Shelf_Tag_Filled, .Filled = {.article = 4711, .amount = 12}}};
    const Stock stock = {
        .revision = 1,
        .shop = mms_str_of("corner"),
        .prices = {prices, 2},
        .by_name = {names, 1},
        .shelves = {shelves, 1},
    };

    return Stock_write(writer, &stock, NULL);
}

static int give_up(mms_writer *writer)
{
    int code = mms_last_code();

    mms_write_abort(writer);
    return code;
}

static int change_prices(mms_writer *writer)
{
    const ArchivedStock *stock;
    size_t size;

    if (Stock_update(writer, &stock, &size, NULL) != 0)
        return mms_last_code();
    if (Stock_set_revision(writer, stock, stock->revision + 1) != 0 ||
        Price_set_cents(writer, HashMap_u64_Price_get(&stock->prices, 4711), 1799) != 0 ||
        BTreeMap_String_u64_set(writer, &stock->by_name, mms_str_of("apple"), 4711) != 0)
        return give_up(writer);
    return mms_write_commit(writer, size, NULL);
}

/* An enum without pointers can become another variant. */
static int clear_shelves(mms_writer *writer)
{
    const Shelf empty = {.tag = Shelf_Tag_Empty};
    const ArchivedStock *stock;
    size_t size;

    if (Stock_update(writer, &stock, &size, NULL) != 0)
        return mms_last_code();
    for (size_t i = 0; i < Vec_Shelf_count(&stock->shelves); i++)
        if (Vec_Shelf_set_at(writer, &stock->shelves, i, &empty) != 0)
            return give_up(writer);
    return mms_write_commit(writer, size, NULL);
}

static int show(const char *path)
{
    mms_region *region = NULL;
    mms_reader *reader = NULL;
    const ArchivedStock *stock;
    mms_view view;
    int code = mms_region_open(path, NULL, &region);

    if (code == 0 && (code = mms_reader_open(region, &reader)) == 0) {
        stock = Stock_read(reader, &view);
        if (stock) {
            Stock_print_json(stock, stdout);
            putchar('\n');
        }
        code = stock ? mms_release(reader) : mms_last_code();
    }
    mms_reader_close(reader);
    mms_region_close(region);
    return code;
}

int main(int argc, char **argv)
{
    mms_writer *writer = NULL;
    int code;

    if (argc != 2) {
        fprintf(stderr, "usage: tour_update REGION\n");
        return 2;
    }
    code = mms_writer_open(argv[1], NULL, &writer);
    if (code == 0)
        code = publish(writer);
    if (code == 0)
        code = change_prices(writer);
    if (code == 0)
        code = show(argv[1]);
    if (code == 0)
        code = clear_shelves(writer);
    if (code == 0)
        code = show(argv[1]);
    if (code != 0)
        fprintf(stderr, "tour_update: %s\n", mms_last_error());
    mms_writer_close(writer);
    return code == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
