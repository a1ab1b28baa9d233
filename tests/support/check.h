/* SPDX-License-Identifier: Apache-2.0 */
/* Assertions on top of cmocka. Unlike cmocka's they may be used in forked children, which end with CHECK_CHILD_FAILED,
   and in other threads, which abort; they say what mmsync said. */
#ifndef CHECK_H
#define CHECK_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h> /* cmocka.h wants these four before it */

#include <cmocka.h>
#include <mmsync.h>

enum { CHECK_CHILD_FAILED = 99 };

/* A call of the library succeeds. */
#define check_ok(call) check_code_at(__FILE__, __LINE__, #call, (call), 0)

/* It fails with this code, and the thread's detail ends with the code's name. */
#define check_code(call, expected) check_code_at(__FILE__, __LINE__, #call, (call), (expected))

/* The detail of the last failed call contains `text`. */
#define check_detail_mentions(text) check_detail_at(__FILE__, __LINE__, (text))

#define check_true(condition) check_true_at(__FILE__, __LINE__, #condition, (condition))
#define check_equal(a, b) check_equal_at(__FILE__, __LINE__, #a " == " #b, (uint64_t)(a), (uint64_t)(b))
#define check_string(a, b) check_string_at(__FILE__, __LINE__, #a " is " #b, (a), (b))
#define check_memory(a, b, size) check_memory_at(__FILE__, __LINE__, #a " has the bytes of " #b, (a), (b), (size))

/* Print why, and end the test as skipped. In the test's own process and thread only. */
#define skip_because(...)                                   \
    do {                                                    \
        print_message("[  SKIPPED ] because " __VA_ARGS__); \
        print_message("\n");                                \
        skip();                                             \
    } while (0)

/* The same if this program runs under $MMSYNC_TEST_EMULATOR. Call it first. */
#define skip_under_emulator(...)       \
    do {                               \
        if (check_is_emulated())       \
            skip_because(__VA_ARGS__); \
    } while (0)

bool check_is_emulated(void);

/* How often to do what is normally done `count` times: under an emulator, which starts programs
   slowly, a fifth. */
int check_rounds(int count);

void check_code_at(const char *file, int line, const char *text, int code, int expected);
void check_detail_at(const char *file, int line, const char *text);
void check_true_at(const char *file, int line, const char *text, bool condition);
void check_equal_at(const char *file, int line, const char *text, uint64_t a, uint64_t b);
void check_string_at(const char *file, int line, const char *text, const char *a, const char *b);
void check_memory_at(const char *file, int line, const char *text, const void *a, const void *b, size_t size);

/* Fail with a message of one's own. */
void check_failed(const char *file, int line, const char *format, ...) __attribute__((format(printf, 3, 4), noreturn));

#endif
