/* SPDX-License-Identifier: Apache-2.0 */
/* Typed puts while calls fail: every call that a put makes, be it for the room to encode a value or
   for that of the table, fails in turn, once and for good. The put is then an error that changes
   nothing (T2) and leaves nothing behind, and succeeds when it is made again. */
#include "inject.h"
#include "sample.h"
#include "scratch.h"
#include "tables.h"
#include <string.h>

/* Longer than the room on the stack, which is doubled a few times, and than what a new slot has. */
enum { LONG = 60000, FOR_GOOD = 1 << 30 };

static float discounts[LONG];
static const Price small = {.cents = 1, .discounts = {discounts, 1}, .note = {"before", 6}};
static const Price large = {.cents = 2, .discounts = {discounts, LONG}, .note = {"after", 5}};
static struct inject_counts *counts;

static mms_writer *writer_of_prices(const char *path, mms_table **table)
{
    mms_writer_options options = sample_options();
    mms_writer *writer;

    options.max_size = 4 << 20;
    writer = sample_writer_with(path, options);
    check_ok(Prices_table_begin(writer, NULL, table));
    check_ok(Prices_table_put(*table, 1, &small));
    check_ok(mms_table_commit(*table, NULL));
    check_ok(Prices_table_begin(writer, NULL, table));
    return writer;
}

static void check_price(mms_table *table, uint64_t key, const Price *expected)
{
    mms_table_view prices;
    const ArchivedPrice *found;

    check_ok(mms_table_current(table, &prices));
    check_ok(mms_table_check(&prices));
    found = Prices_table_get(&prices, key);
    check_true((found != NULL) == (expected != NULL));
    if (!found || !expected)
        return;
    check_equal(found->cents, expected->cents);
    check_equal(Vec_f32_count(&found->discounts), expected->discounts.count);
    check_true(mms_str_equal(Price_get_note(found), expected->note));
}

/* Put a long value, over a short one (key 1) or under a key of its own (2), while a plan stands.
   Returns how many calls of that kind were made. */
static unsigned put_while_failing(const char *path, uint64_t key, const struct inject_plan *plan)
{
    const Price *before = key == 1 ? &small : NULL;
    mms_table *table;
    mms_writer *writer = writer_of_prices(path, &table);
    unsigned made;
    int code;

    inject_arm(plan);
    code = Prices_table_put(table, key, &large);
    made = counts->of[plan->kind];
    inject_disarm();
    check_true(plan->nth > 0 || code == 0);
    check_price(table, key, code == 0 ? &large : before);
    check_ok(Prices_table_put(table, key, &large));
    check_price(table, key, &large);
    check_ok(mms_table_commit(table, NULL));
    check_ok(mms_writer_close(writer));
    check_ok(mms_verify(path, NULL, NULL));
    check_ok(mms_remove(path));
    return made;
}

/* Returns how many calls of a kind a put makes. */
static unsigned fail_each(const char *path, uint64_t key, enum inject_kind kind)
{
    const int *errors = inject_errors(kind);
    unsigned made = put_while_failing(path, key, &(struct inject_plan){.kind = kind});
    struct inject_holdings held = inject_holdings();

    for (unsigned nth = 1; nth <= made; nth++)
        for (int i = 0; errors[i] != 0; i++) {
            (void)put_while_failing(path, key, &(struct inject_plan){kind, nth, errors[i], 1});
            if (errors[i] != EINTR) /* what is interrupted is tried again, and again */
                (void)put_while_failing(path, key, &(struct inject_plan){kind, nth, errors[i], FOR_GOOD});
        }
    check_equal(inject_holdings().blocks, held.blocks);
    check_equal(inject_holdings().maps, held.maps);
    return made;
}

static void fail_all(const char *path, uint64_t key)
{
    unsigned made[INJECT_KIND_COUNT];

    for (int kind = 0; kind < INJECT_KIND_COUNT; kind++)
        made[kind] = fail_each(path, key, (enum inject_kind)kind);
    check_true(made[INJECT_realloc] > 0);   /* the value does not fit on the stack */
    check_true(made[INJECT_fallocate] > 0); /* nor the table into the slot */
    check_true(made[INJECT_madvise] > 0);
}

static void a_typed_put_that_fails_changes_nothing(void **state)
{
    fail_all(scratch_path(state, "region"), 2);
}

static void nor_does_one_that_replaces_a_value(void **state)
{
    fail_all(scratch_path(state, "region"), 1);
}

/* As what is wrong with it, and what a table has room for, too. */
static void a_typed_put_without_memory_says_where(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_table *table;
    mms_writer *writer = writer_of_prices(path, &table);

    inject_arm(&(struct inject_plan){INJECT_realloc, 1, ENOMEM, 1});
    check_code(Prices_table_put(table, 1, &large), -ENOMEM);
    inject_disarm();
    check_detail_mentions("Prices.value");
    inject_arm(&(struct inject_plan){INJECT_fallocate, 1, ENOSPC, FOR_GOOD});
    check_code(Prices_table_put(table, 1, &large), -ENOSPC);
    inject_disarm();
    check_detail_mentions("no room");
    check_ok(mms_table_abort(table));
    check_ok(mms_writer_close(writer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(a_typed_put_that_fails_changes_nothing),
        scratch_test(nor_does_one_that_replaces_a_value),
        scratch_test(a_typed_put_without_memory_says_where),
    };

    counts = inject_share();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
