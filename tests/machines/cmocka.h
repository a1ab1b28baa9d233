/* SPDX-License-Identifier: Apache-2.0 */
/* A stand-in for cmocka, for machines without a package of it (other processors under an emulator,
   other C libraries): as much of its interface as our tests use, under the same names, so that
   they compile unchanged. Selected by -DMMSYNC_CMOCKA_STANDIN=ON. */
#ifndef MMS_CMOCKA_STANDIN_H
#define MMS_CMOCKA_STANDIN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef void (*CMUnitTestFunction)(void **state);
typedef int (*CMFixtureFunction)(void **state);

struct CMUnitTest {
    const char *name;
    CMUnitTestFunction test_func;
    CMFixtureFunction setup_func, teardown_func;
    void *initial_state;
};

#define cmocka_unit_test_setup_teardown(test, setup, teardown) \
    {                                                          \
#test, test, setup, teardown, NULL                     \
    }
#define cmocka_unit_test(test) cmocka_unit_test_setup_teardown(test, NULL, NULL)
#define cmocka_unit_test_setup(test, setup) cmocka_unit_test_setup_teardown(test, setup, NULL)
#define cmocka_unit_test_teardown(test, teardown) cmocka_unit_test_setup_teardown(test, NULL, teardown)

/* Returns the number of tests that failed. */
int _cmocka_run_group_tests(const char *name, const struct CMUnitTest *tests, size_t count, CMFixtureFunction setup,
                            CMFixtureFunction teardown);
#define cmocka_run_group_tests_name(name, tests, setup, teardown) \
    _cmocka_run_group_tests(name, tests, sizeof(tests) / sizeof(tests)[0], setup, teardown)
#define cmocka_run_group_tests(tests, setup, teardown) cmocka_run_group_tests_name(#tests, tests, setup, teardown)

void print_message(const char *format, ...) __attribute__((format(printf, 1, 2)));
void print_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

_Noreturn void _fail(const char *file, int line);
_Noreturn void _skip(const char *file, int line);
void _assert(int condition, const char *text, const char *file, int line);
void _assert_equal(uintmax_t a, uintmax_t b, int wanted, const char *text, const char *file, int line);

#define skip() _skip(__FILE__, __LINE__)
#define fail() _fail(__FILE__, __LINE__)
#define fail_msg(...) (print_error("" __VA_ARGS__), print_error("\n"), fail())

#define assert_true(c) _assert(!!(c), #c, __FILE__, __LINE__)
#define assert_false(c) _assert(!(c), "!(" #c ")", __FILE__, __LINE__)
#define assert_null(p) _assert(!(p), #p " is NULL", __FILE__, __LINE__)
#define assert_non_null(p) _assert(!!(p), #p " is not NULL", __FILE__, __LINE__)
#define assert_int_equal(a, b) _assert_equal((uintmax_t)(a), (uintmax_t)(b), 1, #a " == " #b, __FILE__, __LINE__)
#define assert_int_not_equal(a, b) _assert_equal((uintmax_t)(a), (uintmax_t)(b), 0, #a " != " #b, __FILE__, __LINE__)
#define assert_ptr_equal(a, b) assert_int_equal((uintptr_t)(a), (uintptr_t)(b))
#define assert_ptr_not_equal(a, b) assert_int_not_equal((uintptr_t)(a), (uintptr_t)(b))
#define assert_string_equal(a, b) _assert(strcmp((a), (b)) == 0, #a " is the text " #b, __FILE__, __LINE__)
#define assert_string_not_equal(a, b) _assert(strcmp((a), (b)) != 0, #a " is not the text " #b, __FILE__, __LINE__)
#define assert_memory_equal(a, b, n) _assert(memcmp((a), (b), (n)) == 0, #a " has the bytes of " #b, __FILE__, __LINE__)
#define assert_memory_not_equal(a, b, n) \
    _assert(memcmp((a), (b), (n)) != 0, #a " has not the bytes of " #b, __FILE__, __LINE__)
#define assert_in_range(v, low, high)                                                                             \
    _assert((uintmax_t)(v) >= (uintmax_t)(low) && (uintmax_t)(v) <= (uintmax_t)(high), #v " in " #low ".." #high, \
            __FILE__, __LINE__)

/* cmocka's find leaks; here the sanitizers of the ordinary builds do that. */
#define test_malloc malloc
#define test_calloc calloc
#define test_free free

#endif
