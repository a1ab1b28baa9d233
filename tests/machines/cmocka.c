/* SPDX-License-Identifier: Apache-2.0 */
#include "cmocka.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PASSED, FAILED, SKIPPED };

static jmp_buf end_of_test;

static void print(FILE *stream, const char *format, va_list arguments)
{
    vfprintf(stream, format, arguments);
    fflush(stream);
}

void print_message(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print(stdout, format, arguments);
    va_end(arguments);
}

void print_error(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print(stderr, format, arguments);
    va_end(arguments);
}

_Noreturn void _fail(const char *file, int line)
{
    print_error("%s:%d: error: Failure!\n", file, line);
    longjmp(end_of_test, FAILED);
}

_Noreturn void _skip(const char *file, int line)
{
    (void)file;
    (void)line;
    longjmp(end_of_test, SKIPPED);
}

void _assert(int condition, const char *text, const char *file, int line)
{
    if (condition)
        return;
    print_error("not true: %s\n", text);
    _fail(file, line);
}

void _assert_equal(uintmax_t a, uintmax_t b, int wanted, const char *text, const char *file, int line)
{
    if ((a == b) == wanted)
        return;
    print_error("not true: %s (%#" PRIxMAX " and %#" PRIxMAX ")\n", text, a, b);
    _fail(file, line);
}

/* Runs one function of a test; whatever ends it early returns here. */
static int run_part(CMUnitTestFunction test, CMFixtureFunction fixture, void **state)
{
    int ended = setjmp(end_of_test);

    if (ended != PASSED)
        return ended;
    if (fixture)
        return fixture(state) == 0 ? PASSED : FAILED;
    if (test)
        test(state);
    return PASSED;
}

static int run_test(const struct CMUnitTest *test, void *group_state)
{
    void *state = test->initial_state ? test->initial_state : group_state;
    int result = run_part(NULL, test->setup_func, &state);

    if (result != PASSED)
        return result;
    result = run_part(test->test_func, NULL, &state);
    return run_part(NULL, test->teardown_func, &state) == FAILED ? FAILED : result;
}

int _cmocka_run_group_tests(const char *name, const struct CMUnitTest *tests, size_t count, CMFixtureFunction setup,
                            CMFixtureFunction teardown)
{
    static const char *const words[] = {"      OK", " FAILED ", " SKIPPED"};
    int of[3] = {0};
    void *state = NULL;

    print_message("[==========] %s: Running %zu test(s).\n", name, count);
    if (run_part(NULL, setup, &state) != PASSED) {
        print_error("[  FAILED  ] the group's setup\n");
        return (int)count;
    }
    for (size_t i = 0; i < count; i++) {
        print_message("[ RUN      ] %s\n", tests[i].name);
        int result = run_test(&tests[i], state);
        print_message("[ %s ] %s\n", words[result], tests[i].name);
        of[result]++;
    }
    if (run_part(NULL, teardown, &state) != PASSED)
        of[FAILED]++;
    print_message("[==========] %d passed, %d skipped, %d failed\n", of[PASSED], of[SKIPPED], of[FAILED]);
    return of[FAILED];
}
