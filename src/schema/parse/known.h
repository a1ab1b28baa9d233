/* SPDX-License-Identifier: Apache-2.0 */
/* The types that every schema knows: by name, and by the module that they come from. */
#ifndef MMS_SCHEMA_PARSE_KNOWN_H
#define MMS_SCHEMA_PARSE_KNOWN_H

#include <stddef.h>

enum known_form {
    KNOWN_PLAIN,    /* a kind, with as many generic arguments as are said */
    KNOWN_HASHED,   /* the same, and a hasher may follow, which is no part of the archive */
    KNOWN_ALIAS,    /* archived as another known type is */
    KNOWN_VEC,      /* archived as Vec<T>; its arguments are T, or by `as`: [T; N], or T and a capacity */
    KNOWN_RANGE,    /* a struct of `start` and `end`, or of one of them */
    KNOWN_NON_ZERO, /* NonZero<T>: NonZeroU8 and the like */
    KNOWN_INNER,    /* archived as its argument is */
    KNOWN_NOTHING   /* archived as (); arguments may follow, which need not be types of the schema */
};

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): in the order of the columns in known.c */
struct known_type {
    const char *name;
    /* The modules that it can be named by, separated by spaces; `core` and `alloc` are looked up as `std`. Empty: a
       primitive, which has no module. */
    const char *modules;
    const char *advice; /* not NULL: it cannot be archived, and what to do */
    int kind;           /* MMS_T_... */
    int arguments;      /* generic ones: 0, 1 or 2 */
    enum known_form form;
    const char *as; /* of an ALIAS: the other type; of a RANGE: its fields; of a VEC: see there */
    unsigned flags; /* of the type */
};

/* By its bare name; NULL if there is none. */
const struct known_type *known_by_name(const char *name);
/* By a path, "std::time::Duration" or "u8". The crate decides: chrono::Duration is not std's. */
const struct known_type *known_by_path(const char *path);

#endif
