/* SPDX-License-Identifier: Apache-2.0 */
/* What all scenarios have in common: a region in memory, a writer and readers. The sources of the core are compiled as
   they are: protocol.h, pin.h, fast.h, reclaim.c (fence, scan, cover, evict), keep.c, table.c (who is dead), reader.c (open, read,
   refresh, release, close; behind api/reader.c and handle/reader.c), region.c, files.c and writer_open.c (where a reader and the next writer start). Only mms_write
   is told anew here, without files and memory: `writer_write` below is pool_take.c's and writer.c's order of steps.

   Set before: SLOTS, LINES; ASYMMETRIC (membarrier), ATOMIC_DATA (the payload is relaxed atomics, for readers that may
   read what is being overwritten, and find out later). */
#ifndef MODEL_SCENARIO_H
#define MODEL_SCENARIO_H

#include "stubs.h"

#ifndef ASYMMETRIC
#define ASYMMETRIC 0
#endif
/* Off, the writer leaves out the look for waiters. Its full fence would hide that another is missing. */
#ifndef WAKING
#define WAKING 0
#endif
/* The writer scans without a heavy fence first. */
#ifndef QUICK
#define QUICK 0
#endif
#ifndef WORDS
#define WORDS 2
#endif

static struct {
    struct mms__control fixed;
    struct mms__descriptor slots[SLOTS];
} control_page __attribute__((aligned(128)));

static struct {
    struct mms__readers fixed;
    struct mms__line lines[LINES];
} readers_file __attribute__((aligned(128)));

static uint64_t data_file[SLOTS][WORDS];

#define CONTROL (&control_page.fixed)
#define READERS (&readers_file.fixed)

#ifdef ATOMIC_DATA
#define DATA_LOAD(v) mms__load_relaxed(&(v))
#define DATA_STORE(v, value) mms__store_relaxed(&(v), (value))
#else
#define DATA_LOAD(v) PLAIN_LOAD(v)
#define DATA_STORE(v, value) PLAIN_STORE(v, value)
#endif

#include "api/reader.c"
#include "handle/reader.c"
#include "region/quick.c"
#include "region/reader.c"
#define is_covered is_covered_by_holder
#define begin_covers begin_covers_of_all
#include "region/keep.c"
#include "region/reclaim.c"
#undef begin_covers
#undef is_covered
#include "region/table.c"

/* Of these only what looks at shared words is used: mms__region_current, what a new boot changes, highest_generation,
   set_fence, wake_readers. What opens files is thrown away by the linker. */
#undef mms__region_open_readers
#undef mms__fail_unpinnable
#include "region/boot_id.c"
#include "region/files.c"
#define OPEN_TRIES WRITER_OPEN_TRIES
#define check_current check_current_to_write
#include "region/writer_open.c"
#undef OPEN_TRIES
#undef check_current
#include "region/region.c"

#undef mms__fork_hold

/* ---- Setting up ---- */

static void name_everything(void)
{
    NAME(CONTROL->current);
    NAME(CONTROL->wake);
    NAME(CONTROL->fence);
    NAME(CONTROL->floor);
    NAME(CONTROL->slots_used);
    NAME(READERS->high_water);
    NAME(READERS->waiting);
    NAME(READERS->relay);
    NAME(readers_file.lines);
    NAME(control_page.slots);
    NAME(data_file);
    NAME(owner_bytes);
}

/* As mms__writer_publish_as. */
static void describe_slot(unsigned slot, uint64_t generation)
{
    mms__store_relaxed(&CONTROL->slots[slot].size, sizeof data_file[0]);
    mms__store_relaxed(&CONTROL->slots[slot].tag, generation);
#ifdef CHECKSUMS /* for those who look at it */
    mms__store_relaxed(&CONTROL->slots[slot].checksum, generation);
    mms__store_relaxed(&CONTROL->slots[slot].flags, MMS__HAS_CHECKSUM);
#endif
}

/* The threads are not yet there. Generation 1 stands in slot 0; the others were never used. */
static void lay_out(void)
{
    name_everything();
    mms__store_relaxed(&CONTROL->slots[0].generation, 1);
    for (int i = 0; i < WORDS; i++)
        DATA_STORE(data_file[0][i], 1);
    describe_slot(0, 1);
    mms__store_relaxed(&CONTROL->slots_used, 1);
    mms__store_relaxed(&CONTROL->fence, ASYMMETRIC ? MMS__ASYMMETRIC : MMS__SYMMETRIC);
    mms__publish(&CONTROL->current, 1, 0);
}

/* ---- Writer ---- */

struct writer {
    struct mms__pool pool;
    struct mms__slot slots[SLOTS];
    uint16_t free_list[SLOTS], live_list[SLOTS];
    struct mms__holder holders[LINES];
    uint16_t index[4 * SLOTS]; /* as many as mms__index_size says, or more */
    struct mms__file file;
    bool evicts;
};

/* As writer_open.c: what was half-written counts as live until a scan finds it uncovered. */
static void writer_open(struct writer *writer, bool can_membarrier)
{
    struct mms__pool *pool = &writer->pool;

    memset(writer, 0, sizeof *writer);
    pool->header.max_slots = SLOTS;
    pool->header.max_readers = LINES;
    pool->control = CONTROL;
    pool->table.shared = READERS;
    pool->table.max_readers = LINES;
    pool->readers_file = &writer->file;
    pool->slots = writer->slots;
    pool->free_list = writer->free_list;
    pool->live_list = writer->live_list;
    pool->holders = writer->holders;
    pool->index = writer->index;
    pool->generation = highest_generation(CONTROL, SLOTS);
    pool->can_membarrier = can_membarrier;
    pool->used = mms__load_relaxed(&CONTROL->slots_used);
    for (unsigned slot = 0; slot < pool->used; slot++) {
        pool->slots[slot].generation = mms__load_relaxed(&CONTROL->slots[slot].generation);
        pool->slots[slot].state = MMS__SLOT_LIVE;
    }
    mms__list_live(pool);
}

static void writer_set_fence(struct writer *writer)
{
    struct mms__native_writer opened;

    memset(&opened, 0, sizeof opened);
    opened.control = CONTROL;
    CHECK(set_fence(&opened) == 0);
    writer->pool.can_membarrier = opened.pool.can_membarrier;
}

static void writer_extend(struct mms__pool *pool)
{
    pool->slots[pool->used].state = MMS__SLOT_FREE;
    pool->free_list[pool->free_count++] = (uint16_t)pool->used++;
    mms__store_relaxed(&CONTROL->slots_used, pool->used);
}

/* False if readers hold everything. */
static bool writer_take(struct writer *writer, unsigned *slot)
{
    struct mms__pool *pool = &writer->pool;

    if (pool->free_count == 0 && pool->used < SLOTS)
        writer_extend(pool);
    if (pool->free_count == 0 && (!QUICK || mms__reclaim_quick(pool, 0) == 0) && mms__reclaim(pool) == 0 &&
        (!writer->evicts || mms__evict(pool) == 0))
        return false;
    *slot = pool->free_list[--pool->free_count];
    pool->slots[*slot].state = MMS__SLOT_TAKEN;
    pool->slots[*slot].generation = ++pool->generation;
    mms__slot_take_plain(&CONTROL->slots[*slot], pool->generation); /* the weaker one */
    return true;
}

static bool writer_publish(struct writer *writer, unsigned slot)
{
    uint64_t generation = writer->pool.slots[slot].generation;

    describe_slot(slot, generation);
    mms__publish(&CONTROL->current, generation, slot);
    mms__pool_publish(&writer->pool, slot);
    return WAKING && mms__wake_due(&CONTROL->wake, &READERS->waiting);
}

static void writer_fill(struct writer *writer, unsigned slot)
{
    for (int i = 0; i < WORDS; i++)
        DATA_STORE(data_file[slot][i], writer->pool.slots[slot].generation);
}

/* One value after another, as many as readers let it. */
static bool writer_write(struct writer *writer)
{
    unsigned slot;

    if (!writer_take(writer, &slot))
        return false;
    writer_fill(writer, slot);
    writer_publish(writer, slot);
    return true;
}

/* ---- Readers: each has a process of its own ---- */

/* Of mms__native what scenarios call. */
static const struct mms__backend under_test = {
    .reader_size = sizeof(struct mms__native_reader),
    .reader_open = mms__native_reader_open,
    .reader_closed = mms__native_reader_closed,
    .read = mms__native_read,
    .end = mms__native_end,
};

struct process {
    struct mms__native_reader handles[LINES];
    struct mms__native_region region;
};

static void process_fill(struct process *process, uint32_t owner, bool allow_evict)
{
    memset(process, 0, sizeof *process);
    process->region.front.backend = &under_test;
    process->region.header.max_slots = SLOTS;
    process->region.header.max_readers = LINES;
    process->region.header.max_size = sizeof data_file[0];
    process->region.header.stride = sizeof data_file[0];
    process->region.front.options.allow_evict = allow_evict;
    process->region.control = CONTROL;
    process->region.current = &CONTROL->current;
    process->region.front.place.volatile_memory = true;
    process->region.data = (const unsigned char *)data_file;
    process->region.table.shared = READERS;
    process->region.table.max_readers = LINES;
    process->region.owner = owner;
    process->region.can_pin_asymmetric = ASYMMETRIC;
    process->region.front.arena.base = process->handles;
}

static void process_lock(const struct process *process)
{
    (void)mms__lock_byte(0, MMS__LOCK_BASE + process->region.owner);
}

/* The lock stays with main, which lives as long as the scenario. */
static void process_open(struct process *process, uint32_t owner, bool allow_evict)
{
    process_fill(process, owner, allow_evict);
    process_lock(process);
}

/* Processes that have opened a reader each before the threads start, for scenarios that are not about opening. In a
   local variable of main: what is static, and not shared through atomic.h, would not be put back by the explorer. */
struct crew {
    struct process processes[LINES];
    mms_reader *readers[LINES];
};

static void crew_open(struct crew *crew, bool allow_evict)
{
    for (uint32_t i = 0; i < LINES; i++) {
        process_open(&crew->processes[i], i + 1, allow_evict);
        CHECK(mms_reader_open(&crew->processes[i].region.front, &crew->readers[i]) == 0);
    }
}

/* What a reader saw. Judged at the end of its thread: a check in the middle would be a dependency that hides orders. */
struct sight {
    uint64_t generation, words[WORDS];
    uint64_t tag;
    int code;
};

static void look_at(const mms_view *view, struct sight *sight)
{
    uint64_t *words = (uint64_t *)(uintptr_t)view->data;
    unsigned slot = (unsigned)((uint64_t(*)[WORDS])(uintptr_t)view->data - data_file);

    sight->generation = view->generation;
    sight->tag = mms__load_relaxed(&CONTROL->slots[slot].tag);
    for (int i = 0; i < WORDS; i++)
        sight->words[i] = DATA_LOAD(words[i]);
}

/* G1: whole, unless it was said that it is not. */
static void check_whole(const struct sight *sight)
{
    if (sight->code != 0)
        return;
    for (int i = 0; i < WORDS; i++)
        CHECK(sight->words[i] == sight->generation);
    CHECK(sight->tag == sight->generation);
}

/* G1, G3, and G4 where nobody allowed eviction. */
static void check_sights(const struct sight *sights, int count, bool may_be_evicted)
{
    uint64_t last = 0;

    for (int i = 0; i < count; i++) {
        check_whole(&sights[i]);
        CHECK(sights[i].code == 0 || (may_be_evicted && sights[i].code == MMS_E_EVICTED));
        if (sights[i].code == 0) {
            CHECK(sights[i].generation >= last);
            last = sights[i].generation;
        }
    }
}

static void run_threads(void *(*const *run)(void *), void *const *arguments, int count)
{
    pthread_t threads[8];

    for (int i = 0; i < count; i++)
        pthread_create(&threads[i], NULL, run[i], arguments[i]);
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
}

#endif
