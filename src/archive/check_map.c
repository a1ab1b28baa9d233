/* SPDX-License-Identifier: Apache-2.0 */
/* HashMap and HashSet: displacements, then entries, each at the slot that its key's hash leads to. */
#include "archive/checker.h"
#include "archive/key.h"

static int check_displacements(const uint32_t *displacements, size_t count, const struct mms__step *step)
{
    for (size_t i = 0; i < count; i++)
        if (displacements[i] >= count && displacements[i] < MMS__DISPLACED)
            return mms__path_fail(MMS_E_CORRUPT, MMS__CHECK, step, "displacement %zu is %u, and there are %zu slots", i,
                                  displacements[i], count);
    return 0;
}

static bool is_at_slot(const uint32_t *displacements, size_t count, const struct mms__key *key, size_t slot)
{
    uint32_t seed = displacements[mms__key_hash(key) % count];

    if (seed < MMS__DISPLACED)
        return seed == slot;
    return seed != UINT32_MAX && mms__key_seeded_hash(key, seed) % count == slot;
}

static int check_slots(const struct mms__checker *c, const mms_type *entry, const uint32_t *displacements, size_t at,
                       size_t count, const struct mms__step *step)
{
    const mms_type_field *field = &entry->fields[0];

    for (size_t i = 0; i < count; i++) {
        struct mms__key key = mms__key_of_archived(field->type, c->base + at + i * entry->size + field->offset);

        if (!is_at_slot(displacements, count, &key, i)) {
            struct mms__step element = mms__step_index(step, i);

            return mms__path_fail(MMS_E_CORRUPT, MMS__CHECK, &element, "the key is not where its hash leads");
        }
    }
    return 0;
}

int mms__check_map(struct mms__checker *c, const mms_type *type, size_t at, const struct mms__step *step)
{
    size_t word = mms__word_size(type);
    uint64_t count = mms__load_count(type, c->base + at);
    const mms_type *entry = type->first;
    struct mms__claim seeds, entries;
    int code = mms__check_enter(c, at + word, mms__load_offset(type, c->base + at + word), 4, 4, count, &seeds, step);

    if (code != 0)
        return code;
    mms__check_leave(c, &seeds);
    code = check_displacements((const uint32_t *)(const void *)(c->base + seeds.at), (size_t)count, step);
    if (code == 0)
        code = mms__check_enter(c, at + 2 * word, mms__load_offset(type, c->base + at + 2 * word), entry->align,
                                entry->size, count, &entries, step);
    if (code != 0)
        return code;
    code = mms__check_items(c, entry, entries.at, (size_t)count, step);
    mms__check_leave(c, &entries);
    if (code == 0)
        code = check_slots(c, entry, (const uint32_t *)(const void *)(c->base + seeds.at), entries.at, (size_t)count,
                           step);
    return code;
}
