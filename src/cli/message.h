/* SPDX-License-Identifier: Apache-2.0 */
/* Messages, and numbers for people to read. */
#ifndef MMS_CLI_MESSAGE_H
#define MMS_CLI_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

/* From now on, or since then: the user wants JSON. Messages are objects too, a line each, with `level` (error or note), `name`
   and `code` as mms_error_name has them, or null, and `message`. */
void want_json(void);
bool wants_json(void);

/* One line on standard error, "mmsync: ...", without control characters whatever the arguments
   hold. Each returns EXIT_FAILED, so that `return fail(...)` is enough. */
int fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same with ": " and the text of errno. */
int fail_errno(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same, for what has a code of the library's, or -errno. */
int fail_as(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* What the last call of the library in this thread says, in the words of the tool. Good until the
   next of these. */
const char *last_error(void);
/* For a call of the library that returned `code`. */
int fail_call(int code);
/* As in base/error.h: they never return 0. */
#ifdef __clang_analyzer__
#define fail(...) (fail(__VA_ARGS__), 1)
#define fail_errno(...) (fail_errno(__VA_ARGS__), 1)
#define fail_as(...) (fail_as(__VA_ARGS__), 1)
#define fail_call(code) (fail_call(code), 1)
#endif
/* The same line, for news that is no failure. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Flush standard output. Returns `status`, or EXIT_FAILED if something could not be written; a
   broken pipe is not reported. */
int finish_output(int status);

/* fflush(stdout), whose failure finish_output then tells of. */
bool flush_output(void);

/* Replace the control characters of a text, which a terminal would obey, by '?'. */
void make_printable(char *text);
/* Print `text` to standard output with control characters as \xNN. */
void print_escaped(const char *text);

enum { TEXT_SIZE = 40 };
/* "17 B", "1.5 MiB". Returns text. */
const char *format_size(char text[TEXT_SIZE], double bytes);
/* "2025-01-31T12:00:00.123Z". Returns text. */
const char *format_time(char text[TEXT_SIZE], uint64_t realtime_ns);
/* "3.2 s", "15 min", "3 d". Returns text. */
const char *format_duration(char text[TEXT_SIZE], uint64_t ns);

#endif
