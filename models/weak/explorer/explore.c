/* SPDX-License-Identifier: Apache-2.0 */
/* Explores the scenario that it is linked with: [--random RUNS] [--seed N] [--max-states N]. One line on standard output,
   "executions states"; exit 1 with a trace on standard error if an execution breaks a rule, 3 if it gave up. */
#include "explore.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int scenario_main(void);

static void program(void)
{
    scenario_main();
}

static int fail_usage(const char *name)
{
    fprintf(stderr, "usage: %s [--random RUNS] [--seed N] [--max-states N]\n", name);
    return 2;
}

int main(int argc, char **argv)
{
    struct explore_options options = {.seed = 1, .trace = true};
    struct explore_result result;

    for (int i = 1; i < argc; i += 2) {
        uint64_t value = i + 1 < argc ? strtoull(argv[i + 1], NULL, 0) : 0;

        if (i + 1 == argc)
            return fail_usage(argv[0]);
        if (strcmp(argv[i], "--random") == 0)
            options.random_runs = value;
        else if (strcmp(argv[i], "--seed") == 0)
            options.seed = value;
        else if (strcmp(argv[i], "--max-states") == 0)
            options.max_states = value;
        else
            return fail_usage(argv[0]);
    }
    result = explore_run(program, &options);
    printf("%llu %llu\n", (unsigned long long)result.executions, (unsigned long long)result.states);
    if (result.failed)
        fprintf(stderr, "%s\n", result.error);
    if (!result.failed && result.executions == 0)
        fprintf(stderr, "no execution came to its end\n");
    if (result.incomplete)
        fprintf(stderr, "gave up after %llu states\n", (unsigned long long)options.max_states);
    return result.failed || result.executions == 0 ? 1 : result.incomplete ? 3 : 0;
}
