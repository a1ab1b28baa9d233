/* SPDX-License-Identifier: Apache-2.0 */
/* The files of mmap-sync: src/compat as it is (the protocol in upstream.h; a write, a refresh, an uncounted copy, a look by
   verify, a repair), without files. Nothing of G1 to G10 is claimed there; what docs/migrating.md says is checked: readers
   that a writer waits for read whole values; where it did not wait, or nobody is counted, what was read is accepted
   only if it is whole. KIND says who meets the writer. */
#define READ 0   /* readers, which are counted; the writer waits for them, or gives up */
#define RESET 1  /* one reader, and a writer that resets its count when it is in the way */
#define COPY 2   /* one that copies and is not counted */
#define VERIFY 3 /* one that compares the checksum */
#define REPAIR 4 /* a reader comes, while a count that the dead have left is taken back, and a writer resets it */
#ifndef KIND
#define KIND READ
#endif
#ifndef PUBLISHES
#define PUBLISHES 3
#endif
#ifndef READERS
#define READERS 1
#endif
#ifndef READS
#define READS 1
#endif
#include "compat/compat.h"
#include "compat/files.h"
#include "compat/sides.h"
#include "compat/upstream_writer.h"
#include "compat/wyhash.h"
#include "stubs.h"
#include <stdlib.h>
#include <sys/mman.h>

#define WORDS 2
#define MAY_BE_OVERWRITTEN (KIND == RESET || KIND == COPY || KIND == VERIFY)

static uint64_t data[2][WORDS];

static uint64_t load_data(uint64_t *at)
{
    return MAY_BE_OVERWRITTEN ? mms__load_relaxed(at) : PLAIN_LOAD(*at);
}

static void store_data(uint64_t *at, uint64_t value)
{
    if (MAY_BE_OVERWRITTEN)
        mms__store_relaxed(at, value);
    else
        PLAIN_STORE(*at, value);
}

/* ---- src/compat ---- */

#define mms__file_is_ours(file) true
#define mms_last_error() ""
#define mms__futex_wake_all(word) ((void)(word))

static void fill(void *to, const void *from, size_t size)
{
    for (size_t i = 0; i < size / sizeof(uint64_t); i++)
        store_data((uint64_t *)to + i, ((const uint64_t *)from)[i]);
}

static ssize_t copy_out(int side, void *to, size_t size)
{
    for (size_t i = 0; i < size / sizeof(uint64_t); i++)
        ((uint64_t *)to)[i] = load_data(&data[side][i]);
    return (ssize_t)size;
}

static uint64_t scratch[WORDS]; /* of one thread alone */

int mms__target_prepare(struct mms_writer *writer, unsigned index, uint64_t size)
{
    (void)writer, (void)index, (void)size;
    return 0;
}

int mms__side_file(struct mms_region *region, unsigned index, uint64_t size, int *fd)
{
    (void)region, (void)size;
    *fd = (int)index;
    return 0;
}

int mms__data_look(const struct mms__place *place, unsigned index, int flags, struct mms__file *file, uint64_t *size)
{
    (void)place, (void)flags;
    file->fd = (int)index;
    *size = sizeof data[0];
    return 0;
}

/* A value is its generation, in each word; so is its hash, and no version comes twice. What is torn has a hash that no
   value has. */
uint64_t mms__wyhash(const void *bytes, size_t size)
{
    const uint64_t *words = bytes;

    (void)size;
    return words[0] == words[1] ? words[0] : 0xffffff;
}

uint64_t mms__wyhash_blocks(uint64_t seed, const void *bytes, size_t size)
{
    (void)bytes, (void)size;
    return seed;
}

uint64_t mms__wyhash_end(uint64_t seed, const void *rest, uint64_t whole_size)
{
    (void)seed, (void)rest;
    return mms__wyhash(scratch, whole_size);
}

#define msync(start, size, how) 0
#define pread(fd, to, size, offset) copy_out((fd), (to), (size))
#define malloc(size) ((void *)scratch)
#define free(memory) ((void)(memory))

#define memcpy(to, from, size) fill((to), (from), (size))
#include "compat/upstream_writer.c"
#undef memcpy
#define open_state open_state_of_reader
#define check_options check_reader_options
#include "compat/upstream_copy.c"
#include "compat/upstream_look.c"
#undef open_state
#define open_state open_state_to_repair
#define TRIES REPAIR_TRIES
#undef LOOK_NS
#include "compat/repair.c"

static bool membarrier_is_refused(void)
{
    return true;
}

static struct mms__upstream state __attribute__((aligned(8)));
static uint32_t repaired, robbed; /* REPAIR: it says that it took a count; a reader found its own gone */

/* ---- Writer ---- */

static void *write_some(void *unused)
{
    struct mms__upstream_writer upstream = {.state = &state};
    struct mms_writer writer;

    memset(&writer, 0, sizeof writer);
    writer.foreign_data = &upstream;
    writer.options.max_size = MMS__UPSTREAM_SIZE_MAX;
    writer.options.grace_ms = MMS_NO_WAIT;
    writer.options.on_grace = KIND == RESET || KIND == REPAIR ? MMS_RESET : MMS_REFUSE;
    for (int i = 0; i < 2; i++)
        upstream.targets[i].map.base = data[i];
    for (uint64_t generation = 2; generation < 2 + PUBLISHES; generation++) {
        uint64_t value[WORDS];

        for (int i = 0; i < WORDS; i++)
            value[i] = generation;
        if (mms__compat_write(&writer, value, sizeof value, NULL) != 0)
            break; /* readers are in its way; what it does later is the same */
    }
    return unused;
}

/* ---- Those who meet it ---- */

struct sight {
    uint64_t word, words[WORDS];
    bool whole;
};

static void check_sights(const struct sight *sights, int count)
{
    uint64_t last = 0;

    for (int i = 0; i < count; i++) {
        uint64_t generation = mms__upstream_checksum(sights[i].word);

        CHECK(sights[i].whole || MAY_BE_OVERWRITTEN || KIND == REPAIR);
        for (int j = 0; sights[i].whole && j < WORDS; j++)
            CHECK(sights[i].words[j] == generation);
        CHECK(generation >= last);
        last = generation;
    }
}

static void *read_some(void *unused)
{
    struct sight sights[READS];

    for (int i = 0; i < READS; i++) {
        sights[i].word = mms__upstream_pin(&state);
        for (int j = 0; j < WORDS; j++)
            sights[i].words[j] = load_data(&data[mms__upstream_index(sights[i].word)][j]);
        sights[i].whole = mms__upstream_unpin(&state, sights[i].word);
    }
    check_sights(sights, READS);
    if (KIND == REPAIR && !sights[0].whole)
        mms__store_relaxed(&robbed, 1);
    return unused;
}

static void *copy_some(void *unused)
{
    struct mms__upstream_region upstream = {.seen = &state};
    struct sight sights[READS];
    struct mms_region region;

    memset(&region, 0, sizeof region);
    region.foreign_data = &upstream;
    region.read_only = true;
    region.options.foreign_hasher = true; /* what follows must not need the checksum */
    for (int i = 0; i < READS; i++) {
        bool mismatch = false;

        sights[i].whole =
            try_uncounted(&region, sights[i].words, sizeof sights[i].words, &sights[i].word, &mismatch) == 1;
    }
    check_sights(sights, READS);
    return unused;
}

static void *verify_once(void *unused)
{
    struct mms__place place;
    struct report report = {NULL, NULL, 0};

    memset(&place, 0, sizeof place);
    CHECK(check_current(&place, &state, &report) == 0);
    CHECK(report.findings == 0); /* nothing is damaged */
    return unused;
}

/* The rest of mms_repair waits for time to pass; then one count on the file of no current value is one too many. */
static void *repair_once(void *unused)
{
    PLAIN_STORE(repaired, take_off(&state, mms__upstream_word(0, sizeof data[0], 1), 1));
    return unused;
}

int main(void)
{
    static void *(*const others[])(void *) = {read_some, read_some, copy_some, verify_once, read_some};
    pthread_t threads[2 + READERS];
    int count = 0;

    NAME(state);
    NAME(data);
    for (int i = 0; i < WORDS; i++)
        store_data(&data[0][i], 1);
    if (KIND == REPAIR)
        mms__store_relaxed(&state.readers[1], 1);
    mms__store_seq_cst(&state.version, mms__upstream_word(0, sizeof data[0], 1));
    pthread_create(&threads[count++], NULL, write_some, NULL);
    for (int i = 0; i < READERS; i++)
        pthread_create(&threads[count++], NULL, others[KIND], NULL);
    if (KIND == REPAIR)
        pthread_create(&threads[count++], NULL, repair_once, NULL);
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    CHECK(!PLAIN_LOAD(repaired) || !mms__load_relaxed(&robbed));
    return 0;
}
