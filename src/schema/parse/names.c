/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/parse/names.h"
#include "schema/model.h"
#include <string.h>

static size_t hash_of(const char *name)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
    return (size_t)(hash ^ hash >> 32);
}

/* The name's slot, or the free one that it would get. There is always a free one. */
static struct name_slot *find(const struct names *names, const char *name)
{
    size_t i = hash_of(name) & (names->room - 1);

    while (names->slots[i].name && strcmp(names->slots[i].name, name) != 0)
        i = (i + 1) & (names->room - 1);
    return &names->slots[i];
}

static void grow(struct model *model, struct names *names)
{
    struct names larger = {.room = names->room > 0 ? 2 * names->room : 16, .count = names->count};

    larger.slots = model_allocate(model, larger.room * sizeof *larger.slots);
    for (size_t i = 0; i < names->room; i++)
        if (names->slots[i].name)
            *find(&larger, names->slots[i].name) = names->slots[i];
    *names = larger;
}

const void *names_get(const struct names *names, const char *name)
{
    return names->room > 0 ? find(names, name)->value : NULL;
}

bool names_add(struct model *model, struct names *names, const char *name, const void *value)
{
    struct name_slot *slot;

    if (2 * (names->count + 1) > names->room)
        grow(model, names);
    slot = find(names, name);
    if (slot->name)
        return false;
    *slot = (struct name_slot){name, value};
    names->count++;
    return true;
}

void names_set(const struct names *names, const char *name, const void *value)
{
    find(names, name)->value = value;
}
