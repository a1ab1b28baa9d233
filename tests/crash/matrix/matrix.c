/* SPDX-License-Identifier: Apache-2.0 */
/* The crash matrix: at every named point of the library a process is killed, and in another run frozen, and every
   guarantee is checked with the others and with a new writer (G1 to G9; at the files of mmap-sync, what docs/migrating.md
   promises). stage.h says who takes part, conduct.c and conduct_mmap_sync.c what is checked.

     test_crash_matrix [PART_OF_A_NAME]    only cases whose point or scenario has that in its name

   MMSYNC_MATRIX_TABLE=FILE: write the table of all cases there, as markdown.
   MMSYNC_MATRIX_FIRST=1: stop at the first failure.
   MMSYNC_MATRIX_PATIENCE_MS=N: how long to wait for what never comes, one minute by itself. */
#include "forked.h"
#include "scratch.h"
#include "stage.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
    const struct scenario *scenario;
    enum step step;
    unsigned nth;
} cases[] = {
#define CASE(scenario, step) {&(scenario), STEP_##step, 1},
#define CASE_AT(scenario, step, nth) {&(scenario), STEP_##step, nth},
#include "cases.h"
#undef CASE
#undef CASE_AT
};

enum { CASES = sizeof cases / sizeof *cases };

static struct result (*results)[2]; /* of each case: killed, frozen; shared with the conductors */
static const char *wanted;

static bool is_wanted(size_t i)
{
    return !wanted || strstr(step_name(cases[i].step), wanted) || strstr(cases[i].scenario->name, wanted);
}

static void *share(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    check_true(memory != MAP_FAILED);
    return memory;
}

struct assignment {
    const char *directory;
    size_t index;
    enum step_action action;
};

static void run_case(void *argument)
{
    const struct assignment *assignment = argument;
    static struct stage stage;

    stage.scenario = cases[assignment->index].scenario;
    stage.action = assignment->action;
    stage.reading = (mms_region_options)MMS_REGION_OPTIONS_INIT;
    stage.board = share(sizeof *stage.board);
    snprintf(stage.directory, sizeof stage.directory, "%s/%zu-%d", assignment->directory, assignment->index,
             (int)assignment->action);
    snprintf(stage.path, sizeof stage.path, "%s/region", stage.directory);
    check_true(mkdir(stage.directory, 0700) == 0);
    (stage.scenario->flags & UPSTREAM ? conduct_mmap_sync : conduct)(&stage, cases[assignment->index].step,
                                                                     cases[assignment->index].nth,
                                                                     &results[assignment->index][assignment->action]);
}

/* In a process of its own, so that one failure does not hide others. */
static bool case_passes(const char *directory, size_t i, enum step_action action)
{
    struct assignment assignment = {directory, i, action};
    pid_t conductor = start_child(run_case, &assignment);
    int status;

    check_true(waitpid(conductor, &status, 0) == conductor);
    if (status == 0)
        return true;
    print_error("%s, %s, passing %u, %s: failed\n", cases[i].scenario->name, step_name(cases[i].step), cases[i].nth,
                action == STEP_KILL ? "killed" : "frozen");
    return false;
}

static void run_cases(void **state, unsigned kind)
{
    const char *directory = scratch_path(state, "cases");
    unsigned failed = 0, run = 0;

    need_fork_advice(); /* every process here is made by fork alone */
    check_true(mkdir(directory, 0700) == 0);
    for (size_t i = 0; i < CASES && !(failed > 0 && getenv("MMSYNC_MATRIX_FIRST")); i++)
        if (is_wanted(i) && (cases[i].scenario->flags & NEEDS_DISK) == kind) {
            failed += case_passes(directory, i, STEP_KILL) ? 0 : 1;
            failed += case_passes(directory, i, STEP_FREEZE) ? 0 : 1;
            run += 2;
        }
    print_message("%u runs, %u failed\n", run, failed);
    check_equal(failed, 0);
}

static void in_memory(void **state)
{
    run_cases(state, 0);
}

static void on_disk(void **state)
{
    run_cases(state, NEEDS_DISK);
}

static void every_point_has_a_case(void **state)
{
    unsigned missing = 0;

    (void)state;
    for (enum step step = 0; step < STEP_COUNT; step++) {
        size_t i = 0;

        while (i < CASES && cases[i].step != step)
            i++;
        if (i == CASES)
            print_error("no case reaches %s\n", step_name(step));
        missing += i == CASES;
    }
    check_equal(missing, 0);
}

/* ---- The table ---- */

static void print_cells(FILE *file, const struct result *result, const char *otherwise)
{
    if (!result->done)
        fprintf(file, " not run | | |");
    else
        fprintf(file, " %s | %s | %s |", result->seen, *result->others ? result->others : otherwise, result->after);
}

static void print_point(FILE *file, size_t i)
{
    fprintf(file, "%s", step_name(cases[i].step));
    if (cases[i].nth > 1)
        fprintf(file, " (%u)", cases[i].nth);
}

/* Points that follow each other and have the same results share a row. */
static bool continues_row(size_t i)
{
    return i < CASES && cases[i].scenario == cases[i - 1].scenario &&
           memcmp(results[i], results[i - 1], sizeof results[i]) == 0;
}

static size_t print_row(FILE *file, size_t i)
{
    size_t first = i;

    fprintf(file, "| %s | ", cases[first].scenario->name);
    print_point(file, i++);
    for (; continues_row(i); i++) {
        fprintf(file, ", ");
        print_point(file, i);
    }
    fprintf(file, " |");
    print_cells(file, &results[first][STEP_KILL], "next opens");
    print_cells(file, &results[first][STEP_FREEZE], "");
    fprintf(file, "\n");
    return i;
}

static void print_table(const char *path)
{
    FILE *file = fopen(path, "we");

    check_true(file != NULL);
    fprintf(file, "| During | Point | Killed: readers find | others | afterwards | Frozen: readers find | others | "
                  "afterwards |\n|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < CASES;)
        i = print_row(file, i);
    check_true(fclose(file) == 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_point_has_a_case),
        scratch_test(in_memory),
        scratch_test_on_disk(on_disk),
    };
    const char *table = getenv("MMSYNC_MATRIX_TABLE");
    int failed;

    wanted = argc > 1 ? argv[1] : NULL;
    results = share(CASES * sizeof *results);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (table)
        print_table(table);
    return failed;
}
