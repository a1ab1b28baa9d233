/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of protocol.h and pin.h alone, with symmetric fences, in a program that is small enough for GenMC; the explorer
   runs it too, so that one can be held against the other. KIND says what the reader does. G1, G3, G4; WAIT: G8. */
#define READ 0    /* pins, reads, releases */
#define REFRESH 1 /* moves its pin along */
#define EVICTED 2 /* as READ, beside a writer that ignores its line: what it reads is atomic */
#define COPY 3    /* announces nothing */
#define ATTACH 4  /* claims its line first */
#define WAIT 5    /* sleeps until something newer is published */
#ifndef KIND
#define KIND READ
#endif
#ifndef SLOTS
#define SLOTS 2
#endif
#ifndef PUBLISHES
#define PUBLISHES 2
#endif
#ifndef READERS
#define READERS 1
#endif
#ifndef READS
#define READS 1
#endif
#include "backend.h"
#include "region/protocol.h"

#define WORDS 2
#define MAY_BE_OVERWRITTEN (KIND == EVICTED || KIND == COPY)

static mms__word current;
static struct mms__descriptor slots[SLOTS];
static uint64_t data[SLOTS][WORDS];
static struct mms__line lines[READERS];
static uint32_t high_water, wake, waiting;

static pthread_mutex_t bucket = PTHREAD_MUTEX_INITIALIZER; /* of the futex, in the kernel */
static uint32_t asleep;

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

/* ---- Writer ---- */

static bool is_covered(uint64_t generation)
{
    uint32_t count = mms__load_acquire(&high_water);
    bool covered = false;

    for (uint32_t i = 0; i < count && i < READERS; i++)
        covered = covered || mms__covers(mms__line_read(&lines[i], READERS, true), generation);
    return covered;
}

/* The slot after the current one, if no reader is in it. */
static bool find_slot(unsigned now, uint64_t *generations, unsigned *slot)
{
    *slot = (now + 1) % SLOTS;
    if (generations[*slot] == 0 || MAY_BE_OVERWRITTEN)
        return true;
    mms__fence_seq_cst(); /* the heavy one */
    return !is_covered(generations[*slot]);
}

static void wake_sleepers(void)
{
    if (!mms__wake_due(&wake, &waiting))
        return;
    pthread_mutex_lock(&bucket);
    PLAIN_STORE(asleep, 0);
    pthread_mutex_unlock(&bucket);
}

static void *write_some(void *unused)
{
    uint64_t generations[SLOTS];
    unsigned slot, now = 0;

    for (int i = 0; i < SLOTS; i++)
        generations[i] = i == 0;
    for (uint64_t generation = 2; generation < 2 + PUBLISHES; generation++) {
        if (!find_slot(now, generations, &slot))
            break;
        mms__slot_take(&slots[slot], generation);
        for (int i = 0; i < WORDS; i++)
            store_data(&data[slot][i], generation);
        mms__store_relaxed(&slots[slot].size, generation);
        mms__publish(&current, generation, slot);
        generations[slot] = generation;
        now = slot;
        if (KIND == WAIT)
            wake_sleepers();
    }
    return unused;
}

/* ---- Reader ---- */

struct sight {
    uint64_t generation, words[WORDS], size;
    bool whole;
};

static void look(uint64_t word, struct sight *sight)
{
    unsigned slot = mms__word_slot(word);

    sight->generation = mms__word_generation(word);
    sight->size = mms__load_relaxed(&slots[slot].size);
    for (int i = 0; i < WORDS; i++)
        sight->words[i] = load_data(&data[slot][i]);
}

static uint64_t read_once(struct mms__line *line, bool release, struct sight *sight)
{
    uint64_t word = mms__load_acquire(&current);

    if (KIND != COPY)
        word = mms__pin(&line->announce, &current, word, true);
    look(word, sight);
    sight->whole = mms__still_whole(&current, &slots[mms__word_slot(word)].generation, word);
    if (KIND != COPY && release)
        mms__announce_idle(&line->announce);
    return word;
}

static void *read_some(void *line)
{
    struct sight sights[READS];
    uint64_t last = 0;

    if (KIND == ATTACH)
        CHECK(mms__line_claim(line, &high_water, 0, 1, MMS__SYMMETRIC, 0));
    for (int i = 0; i < READS; i++)
        read_once(line, KIND != REFRESH, &sights[i]);
    for (int i = 0; i < READS; i++) {
        CHECK(sights[i].whole || MAY_BE_OVERWRITTEN);
        CHECK(sights[i].generation >= last);
        last = sights[i].generation;
        for (int j = 0; sights[i].whole && j < WORDS; j++)
            CHECK(sights[i].words[j] == sights[i].generation);
        CHECK(!sights[i].whole || sights[i].size == sights[i].generation);
    }
    return NULL;
}

static void *wait_once(void *unused)
{
    uint32_t value = mms__load_acquire(&wake);

    if (mms__word_generation(mms__wait_arm(&waiting, &current)) != 1)
        return unused;
    pthread_mutex_lock(&bucket);
    if (mms__load_relaxed(&wake) == value)
        PLAIN_STORE(asleep, 1);
    pthread_mutex_unlock(&bucket);
    return unused;
}

/* ---- All of it ---- */

static void lay_out(void)
{
    NAME(current);
    NAME(slots);
    NAME(data);
    NAME(lines);
    NAME(high_water);
    mms__store_relaxed(&slots[0].generation, 1);
    mms__store_relaxed(&slots[0].size, 1);
    for (int i = 0; i < WORDS; i++)
        store_data(&data[0][i], 1);
    mms__publish(&current, 1, 0);
    for (uint32_t i = 0; KIND < COPY && i < READERS; i++)
        (void)mms__line_claim(&lines[i], &high_water, i, i + 1, MMS__SYMMETRIC, 0);
}

int main(void)
{
    pthread_t threads[1 + READERS];

    lay_out();
    pthread_create(&threads[0], NULL, write_some, NULL);
    for (int i = 0; i < READERS; i++)
        pthread_create(&threads[1 + i], NULL, KIND == WAIT ? wait_once : read_some, &lines[i]);
    for (int i = 0; i < 1 + READERS; i++)
        pthread_join(threads[i], NULL);
    if (KIND == WAIT) /* who is asleep sleeps on */
        CHECK(PLAIN_LOAD(asleep) == 0 || mms__word_generation(mms__load_relaxed(&current)) == 1);
    return 0;
}
