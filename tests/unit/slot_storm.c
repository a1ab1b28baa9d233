/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that a writer does to its slots, in random order, against a model of each value, held
   view and rollback (G1, G4, G6, T2): support/storm.h says how, and how to run one storm again. */
#include "scratch.h"
#include "storm.h"

static void tables_are_the_model(void **state)
{
    static const struct storm_kind kind = {.name = "tables", .storms = 30};

    storm_run(state, &kind);
}

static void typed_caches_are_the_model(void **state)
{
    static const struct storm_kind kind = {.name = "typed caches", .storms = 30, .cache = true, .typed = true};

    storm_run(state, &kind);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tables_are_the_model, scratch_in_memory, storm_remove),
        cmocka_unit_test_setup_teardown(typed_caches_are_the_model, scratch_in_memory, storm_remove),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
