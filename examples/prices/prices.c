/* SPDX-License-Identifier: Apache-2.0 */
/* A table of prices, changed one at a time, and looked up by other processes:
     prices REGION set ARTICLE CENTS NAME
     prices REGION drop ARTICLE
     prices REGION get ARTICLE
     prices REGION list */
#include "prices.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static int fail(const char *what)
{
    fprintf(stderr, "prices: %s: %s\n", what, mms_last_error());
    return EXIT_FAILURE;
}

/* ---- The writer ---- */

static int set_price(mms_writer *writer, uint64_t article, int64_t cents, const char *name)
{
    const float discounts[] = {0.05f, 0.1f};
    const Price price = {.cents = cents, .name = mms_str_of(name), .discounts = {discounts, 2}};
    mms_table *table;

    if (Prices_table_begin(writer, NULL, &table) != 0)
        return fail("beginning");
    if (Prices_table_put(table, article, &price) != 0 || mms_table_commit(table, NULL) != 0) {
        mms_table_abort(table);
        return fail("setting a price");
    }
    return EXIT_SUCCESS;
}

static int drop(mms_writer *writer, uint64_t article)
{
    mms_table *table;

    if (Prices_table_begin(writer, NULL, &table) != 0)
        return fail("beginning");
    if (Prices_table_delete(table, article) != 0 || mms_table_commit(table, NULL) != 0) {
        mms_table_abort(table);
        return fail("dropping an article");
    }
    return EXIT_SUCCESS;
}

static int change(const char *path, int count, char **arguments)
{
    uint64_t article = strtoull(arguments[1], NULL, 10);
    mms_writer *writer;
    int status;

    if (mms_writer_open(path, NULL, &writer) != 0)
        return fail("opening");
    status =
        count == 4 ? set_price(writer, article, strtoll(arguments[2], NULL, 10), arguments[3]) : drop(writer, article);
    mms_writer_close(writer);
    return status;
}

/* ---- A reader ---- */

static void show(uint64_t article, const ArchivedPrice *price)
{
    mms_str name = Price_get_name(price);

    printf("%" PRIu64 ": %.*s, %" PRId64 " cents, %zu discounts\n", article, (int)name.size, name.data, price->cents,
           Vec_f32_count(&price->discounts));
}

static int get(const mms_table_view *prices, uint64_t article)
{
    const ArchivedPrice *price = Prices_table_get(prices, article);

    if (!price)
        return fail("looking up a price");
    show(article, price);
    return EXIT_SUCCESS;
}

static int list(const mms_table_view *prices)
{
    mms_table_cursor cursor = MMS_TABLE_CURSOR_INIT;
    const ArchivedPrice *price;
    uint64_t article;

    while (Prices_table_next(prices, &cursor, &article, &price))
        show(article, price);
    return EXIT_SUCCESS;
}

static int read_prices(mms_reader *reader, int count, char **arguments)
{
    mms_table_view prices;
    mms_view view;
    int status;

    if (Prices_table_read(reader, &view, &prices) != 0)
        return fail("reading");
    status = count == 2 ? get(&prices, strtoull(arguments[1], NULL, 10)) : list(&prices);
    if (mms_release(reader) != 0)
        return fail("releasing");
    return status;
}

static int look(const char *path, int count, char **arguments)
{
    mms_region *region = NULL;
    mms_reader *reader = NULL;
    int status;

    if (mms_region_open(path, NULL, &region) != 0 || mms_reader_open(region, &reader) != 0)
        status = fail("opening");
    else
        status = read_prices(reader, count, arguments);
    mms_reader_close(reader);
    mms_region_close(region);
    return status;
}

int main(int argc, char **argv)
{
    const char *verb = argc > 2 ? argv[2] : "";
    int count = argc - 2;

    if ((!strcmp(verb, "set") && count == 4) || (!strcmp(verb, "drop") && count == 2))
        return change(argv[1], count, argv + 2);
    if ((!strcmp(verb, "get") && count == 2) || (!strcmp(verb, "list") && count == 1))
        return look(argv[1], count, argv + 2);
    fprintf(stderr, "usage: prices REGION set ARTICLE CENTS NAME | drop ARTICLE | get ARTICLE | list\n");
    return 2;
}
