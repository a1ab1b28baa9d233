/* SPDX-License-Identifier: Apache-2.0 */
/* The control: the protocol that mmsync replaces. Two slots; a reader loads the version, counts itself in, and never looks
   again. All accesses to the version and the counts are as strong as they can be, and still a reader reads what is being
   written: a checker that does not find that is worth nothing. Expected to fail. */
#include "backend.h"
#include <stddef.h>

enum { WORDS = 2 };

static struct {
    uint64_t version; /* generation << 1 | slot */
    uint64_t readers[2];
    uint64_t data[2][WORDS];
} shared;

static void count(uint64_t *counter, uint64_t change)
{
    uint64_t before = mms__load_relaxed(counter);

    while (!mms__cas_seq_cst(counter, &before, before + change))
        continue;
}

static void *write_some(void *unused)
{
    (void)unused;
    for (uint64_t generation = 2; generation <= 3; generation++) {
        unsigned slot = 1 - (mms__load_relaxed(&shared.version) & 1);

        mms__fence_seq_cst();
        if (mms__load_acquire(&shared.readers[slot]) != 0)
            return NULL; /* it would wait */
        for (int i = 0; i < WORDS; i++)
            PLAIN_STORE(shared.data[slot][i], generation);
        mms__store_release(&shared.version, generation << 1 | slot);
        mms__fence_seq_cst();
    }
    return NULL;
}

static void *read_one(void *unused)
{
    uint64_t version = mms__load_acquire(&shared.version), words[WORDS];
    unsigned slot = version & 1;

    (void)unused;
    count(&shared.readers[slot], 1);
    mms__fence_seq_cst();
    for (int i = 0; i < WORDS; i++)
        words[i] = PLAIN_LOAD(shared.data[slot][i]);
    count(&shared.readers[slot], (uint64_t)-1);
    for (int i = 0; i < WORDS; i++)
        CHECK(words[i] == version >> 1);
    return NULL;
}

int main(void)
{
    pthread_t writer, reader;

    NAME(shared);
    for (int i = 0; i < WORDS; i++)
        PLAIN_STORE(shared.data[0][i], 1);
    mms__store_release(&shared.version, 1 << 1);
    pthread_create(&writer, NULL, write_some, NULL);
    pthread_create(&reader, NULL, read_one, NULL);
    pthread_join(writer, NULL);
    pthread_join(reader, NULL);
    return 0;
}
