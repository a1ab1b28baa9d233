/* SPDX-License-Identifier: Apache-2.0 */
/* The files of mmap-sync: src/mmap_sync as it is (the protocol in protocol.h; a write, a refresh,
   an uncounted copy, a look by verify, a repair), without files. Nothing of G1 to G10 is claimed
   there; what docs/migrating.md says is checked: readers that a writer waits for read whole
   values; where it did not wait, or the reader is not counted, what was read is accepted only if
   it is whole. KIND says what runs alongside the writer. */
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
#include "stubs.h"

#include "mmap_sync/backend.h"
#include "mmap_sync/files.h"
#include "mmap_sync/sides.h"
#include "mmap_sync/writer.h"
#include "mmap_sync/wyhash.h"
#include <stdlib.h>
#include <sys/mman.h>

#define WORDS 2
#define MAY_BE_OVERWRITTEN (KIND == RESET || KIND == COPY || KIND == VERIFY)

static uint64_t data_files[2][WORDS];

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

/* ---- src/mmap_sync ---- */

#define mms__file_is_ours(file) true
#define mms__place_leads_elsewhere(place, suffix, file) false
#define mms_last_error() ""
#define mms__futex_wake_all(word) ((void)(word))

static void fill(void *to, const void *from, size_t size)
{
    for (size_t i = 0; i < size / sizeof(uint64_t); i++)
        store_data((uint64_t *)to + i, ((const uint64_t *)from)[i]);
}

int mms__read_at(int fd, void *to, size_t size, uint64_t offset)
{
    (void)offset;
    for (size_t i = 0; i < size / sizeof(uint64_t); i++)
        ((uint64_t *)to)[i] = load_data(&data_files[fd][i]);
    return 0;
}

static uint64_t scratch[WORDS]; /* of one thread alone */

int mms__target_prepare(struct mms__mmap_sync_writer *writer, unsigned index, uint64_t size)
{
    (void)writer, (void)index, (void)size;
    return 0;
}

int mms__side_file(struct mms__mmap_sync_region *region, unsigned index, uint64_t size, int *fd)
{
    (void)region, (void)size;
    *fd = (int)index;
    return 0;
}

int mms__data_open(const struct mms__place *place, unsigned index, int flags, struct mms__file *file, uint64_t *size)
{
    (void)place, (void)flags;
    file->fd = (int)index;
    *size = sizeof data_files[0];
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
#define malloc(size) ((void *)scratch)
#define free(memory) ((void)(memory))

#define memcpy(to, from, size) fill((to), (from), (size))
#include "mmap_sync/writer.c"
#undef memcpy
#include "handle/findings.c"
#include "mmap_sync/copy.c"
#include "mmap_sync/verify.c"
#define TRIES REPAIR_TRIES
#undef LOOK_NS
#include "mmap_sync/repair.c"

static bool membarrier_is_refused(void)
{
    return true;
}

static struct mms__mmap_sync_state state __attribute__((aligned(8)));
static uint32_t waiting;          /* nobody does */
static uint32_t repaired, robbed; /* REPAIR: it says that it took a count; a reader found its own gone */

/* ---- Writer ---- */

static void *write_some(void *unused)
{
    struct mms__mmap_sync_writer writer;

    memset(&writer, 0, sizeof writer);
    writer.state = &state;
    writer.waiting = &waiting;
    writer.front.options.max_size = MMS__MMAP_SYNC_SIZE_MAX;
    writer.front.options.grace_ms = MMS_NO_WAIT;
    writer.options.reset = KIND == RESET || KIND == REPAIR;
    for (int i = 0; i < 2; i++)
        writer.targets[i].map.base = data_files[i];
    for (uint64_t generation = 2; generation < 2 + PUBLISHES; generation++) {
        uint64_t value[WORDS];

        for (int i = 0; i < WORDS; i++)
            value[i] = generation;
        if (mms__mmap_sync_write(&writer.front, value, sizeof value, NULL) != 0)
            break; /* readers are in its way; later it would only repeat itself */
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
        uint64_t generation = mms__mmap_sync_checksum(sights[i].word);

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
        sights[i].word = mms__mmap_sync_pin(&state);
        for (int j = 0; j < WORDS; j++)
            sights[i].words[j] = load_data(&data_files[mms__mmap_sync_index(sights[i].word)][j]);
        sights[i].whole = mms__mmap_sync_unpin(&state, sights[i].word);
    }
    check_sights(sights, READS);
    if (KIND == REPAIR && !sights[0].whole)
        mms__store_relaxed(&robbed, 1);
    return unused;
}

static void *copy_some(void *unused)
{
    struct mms__mmap_sync_region region;
    struct sight sights[READS];

    memset(&region, 0, sizeof region);
    region.seen = &state;
    region.front.read_only = true;
    region.options.other_hasher = true; /* what follows must not need the checksum */
    for (int i = 0; i < READS; i++) {
        bool mismatch = false;

        sights[i].whole =
            try_uncounted(&region, sights[i].words, sizeof sights[i].words, &sights[i].word, &mismatch) == 0;
    }
    check_sights(sights, READS);
    return unused;
}

static void *verify_once(void *unused)
{
    struct mms__place place;
    struct mms__findings findings = {0};

    memset(&place, 0, sizeof place);
    check_current(&place, &state, &findings);
    CHECK(findings.code == 0 && findings.count == 0); /* nothing is damaged */
    return unused;
}

/* The rest of mms_repair waits for time to pass; then one count on the file of no current value is one too many. */
static void *repair_once(void *unused)
{
    PLAIN_STORE(repaired, take_off(&state, mms__mmap_sync_word(0, sizeof data_files[0], 1), 1));
    return unused;
}

int main(void)
{
    static void *(*const others[])(void *) = {read_some, read_some, copy_some, verify_once, read_some};
    pthread_t threads[2 + READERS];
    int count = 0;

    NAME(state);
    NAME(data_files);
    for (int i = 0; i < WORDS; i++)
        store_data(&data_files[0][i], 1);
    if (KIND == REPAIR)
        mms__store_relaxed(&state.readers[1], 1);
    mms__store_seq_cst(&state.version, mms__mmap_sync_word(0, sizeof data_files[0], 1));
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
