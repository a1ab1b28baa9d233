/* SPDX-License-Identifier: Apache-2.0 */
#include "table/keys.h"

const mms__word *mms__find_behind(const struct mms__table_bytes *bytes, struct mms__words words, uint64_t tag,
                                  const void *key, size_t key_size, struct mms__entry *out)
{
    while (mms__next_words(bytes, &words)) {
        const mms__word *word = mms__find_among(bytes, &words, tag, key, key_size, out);

        if (word)
            return word;
    }
    return NULL;
}
