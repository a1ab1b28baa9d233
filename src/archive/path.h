/* SPDX-License-Identifier: Apache-2.0 */
/* Where in a value an error is: "table[3].name". Steps lie on the stack of the functions that descend. */
#ifndef MMS_PATH_H
#define MMS_PATH_H

#include <stddef.h>

struct mms__step {
    const struct mms__step *up; /* NULL: the root */
    const char *name;           /* a field, a variant or, at the root, the type; NULL: an index */
    size_t index;
};

static inline struct mms__step mms__step_field(const struct mms__step *up, const char *name)
{
    struct mms__step step = {up, name, 0};

    return step;
}

static inline struct mms__step mms__step_index(const struct mms__step *up, size_t index)
{
    struct mms__step step = {up, NULL, index};

    return step;
}

/* Store "VERB PATH: ..." as this thread's detail and return code. */
int mms__path_fail(int code, const char *verb, const struct mms__step *step, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#ifdef __clang_analyzer__ /* as in core/error.h */
#define mms__path_fail(code, ...) (mms__path_fail(code, __VA_ARGS__), (code))
#endif

#endif
