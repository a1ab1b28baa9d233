/* SPDX-License-Identifier: Apache-2.0 */
/* A map from names. */
#ifndef MMS_SCHEMA_PARSE_NAMES_H
#define MMS_SCHEMA_PARSE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

struct model;

struct name_slot {
    const char *name;
    const void *value;
};

struct names {
    struct name_slot *slots; /* memory of the model */
    size_t count, room;
};

/* NULL if there is none. */
const void *names_get(const struct names *names, const char *name);
/* The name must stay. False: there is one already, which stays as it is. */
bool names_add(struct model *model, struct names *names, const char *name, const void *value);
/* Of a name that is there. */
void names_set(const struct names *names, const char *name, const void *value);

#endif
