/* SPDX-License-Identifier: Apache-2.0 */
#include "handle/checked.h"

/* A note is one word, so that nobody sees half of it: generation << TOKEN_BITS | token. Values of
   types with larger tokens are checked by each reader. */
enum { TOKEN_BITS = 16 };
#define TOKEN_MASK ((UINT64_C(1) << TOKEN_BITS) - 1)

_Static_assert(MMS__GENERATION_MAX <= UINT64_MAX >> TOKEN_BITS, "a generation has room in a note");

static uint64_t note_of(uint64_t generation, uint32_t token)
{
    return generation << TOKEN_BITS | token;
}

/* Types that share a place only overwrite each other's notes. */
static size_t place_of(uint32_t token)
{
    return token % MMS__CHECKED_TYPES;
}

bool mms__region_was_checked(const struct mms_region *region, uint64_t generation, uint32_t token)
{
    /* Pair: the release below. */
    return token <= TOKEN_MASK && mms__load_acquire(&region->checked[place_of(token)]) == note_of(generation, token);
}

void mms__region_note_checked(struct mms_region *region, uint64_t generation, uint32_t token)
{
    mms__word *place = &region->checked[place_of(token)];
    uint64_t note = note_of(generation, token), last = mms__load_relaxed(place);

    if (token > TOKEN_MASK)
        return;
    if ((last & TOKEN_MASK) == token && last >= note) /* this or a newer one is noted */
        return;
    /* After the view was found to be whole. Pair: the acquire above. */
    mms__store_release(place, note);
}
