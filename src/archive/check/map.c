/* SPDX-License-Identifier: Apache-2.0 */
/* HashMap and HashSet: displacements, then entries, each at the slot that its key's hash leads
   to. */
#include "archive/check/checker.h"

static int check_displacements(const unsigned char *displacements, size_t count, const struct mms__path *path)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t seed = (uint32_t)mms__get_uint(displacements + 4 * i, 4);

        if (seed >= count && seed < MMS__DISPLACED)
            return mms__path_fail(MMS_E_CORRUPT, MMS__CHECK, path, "displacement %zu is %u, but there are %zu slots", i,
                                  seed, count);
    }
    return 0;
}

__attribute__((always_inline)) static inline bool is_at_slot(const unsigned char *displacements, size_t count,
                                                             const struct mms__key *key, size_t slot)
{
    uint32_t seed = (uint32_t)mms__get_uint(displacements + 4 * (size_t)(mms__key_hash(key) % count), 4);

    if (seed < MMS__DISPLACED)
        return seed == slot;
    return seed != UINT32_MAX && mms__key_seeded_hash(key, seed) % count == slot;
}

static int check_slot(const struct mms__checker *c, const mms_type *type, const unsigned char *displacements, size_t at,
                      size_t count, size_t slot, const struct mms__path *path)
{
    struct mms__path element = mms__path_index(path, slot);
    struct mms__key key;
    int code = mms__check_key(c, type, at, &key, &element);

    if (code == 0 && !is_at_slot(displacements, count, &key, slot))
        code = mms__path_fail(MMS_E_CORRUPT, MMS__CHECK, &element, "the key is not where its hash leads");
    return code;
}

static int check_slots(const struct mms__checker *c, const mms_type *entry, const unsigned char *displacements,
                       size_t at, size_t count, const struct mms__path *path)
{
    const mms_type_field *field = &entry->fields[0];
    bool plain = field->type->kind <= MMS_T_CHAR; /* without pointers, and not in a struct */

    for (size_t i = 0; i < count; i++) {
        size_t place = at + i * entry->size + field->offset;
        struct mms__key key;
        int code;

        if (plain) { /* the usual case, quickly */
            key = mms__key_of_archived(field->type, c->base + place);
            if (MMS__LIKELY(is_at_slot(displacements, count, &key, i)))
                continue;
        }
        code = check_slot(c, field->type, displacements, place, count, i, path);
        if (code != 0)
            return code;
    }
    return 0;
}

int mms__check_entries(struct mms__checker *c, const struct mms__later *map, const struct mms__path *path)
{
    const mms_type *entry = map->type->first;
    int code = mms__check_items(c, entry, map->at, map->count, path);

    return code == 0 ? check_slots(c, entry, c->base + map->seeds, map->at, map->count, path) : code;
}

int mms__check_map(struct mms__checker *c, const mms_type *type, size_t at, const struct mms__path *path)
{
    size_t word = mms__word_size(type);
    uint64_t count = mms__get_count(type, c->base + at);
    const mms_type *entry = type->first;
    struct mms__claim seeds, entries;
    struct mms__later map;
    int code = mms__check_enter(c, at + word, mms__get_offset(type, c->base + at + word), 4, 4, count, &seeds, path);

    if (code != 0)
        return code;
    mms__check_leave(c, &seeds);
    code = check_displacements(c->base + seeds.at, (size_t)count, path);
    if (code == 0)
        code = mms__check_enter(c, at + 2 * word, mms__get_offset(type, c->base + at + 2 * word), entry->align,
                                entry->size, count, &entries, path);
    if (code != 0)
        return code;
    map = (struct mms__later){.type = type, .at = entries.at, .count = (size_t)count, .seeds = seeds.at};
    code = mms__check_is_deep(c) ? mms__check_wait(c, map, path) : mms__check_entries(c, &map, path);
    mms__check_leave(c, &entries);
    return code;
}
