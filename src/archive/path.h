/* SPDX-License-Identifier: Apache-2.0 */
/* Where in a value an error is: "table[3].name". Each function that
   descends has a component on its stack. */
#ifndef MMS_PATH_H
#define MMS_PATH_H

#include <stddef.h>

/* A path, by its last component. */
struct mms__path {
    const struct mms__path *up; /* NULL: the root */
    const char *name;           /* a field, a variant or, at the root, the type; NULL: an index */
    size_t index;
};

static inline struct mms__path mms__path_field(const struct mms__path *up, const char *name)
{
    struct mms__path path = {up, name, 0};

    return path;
}

static inline struct mms__path mms__path_index(const struct mms__path *up, size_t index)
{
    struct mms__path path = {up, NULL, index};

    return path;
}

/* Store "VERB PATH: ..." as this thread's detail and return code. */
int mms__path_fail(int code, const char *verb, const struct mms__path *path, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#ifdef __clang_analyzer__ /* as in base/error.h */
#define mms__path_fail(code, ...) (mms__path_fail(code, __VA_ARGS__), (code))
#endif

#endif
