/* SPDX-License-Identifier: Apache-2.0 */
/* Readers: lines of the table, and everything in reading that is not the steady state. */
#include "base/error.h"
#include "base/probe.h"
#include "os/cancel.h"
#include "os/clock.h"
#include "region/backend.h"
#include "region/directory.h"
#include "region/files.h"
#include "region/protocol.h"
#include "region/region.h"
#include "region/writer_lock.h"
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- Opening and closing ---- */

static struct mms__native_region *region_of(const struct mms__native_reader *reader)
{
    return mms__native_region_of(reader->front.region);
}

static bool must_be_symmetric(const struct mms__native_region *region)
{
    return !region->can_pin_asymmetric || mms__load_relaxed(&region->control->fence) != MMS__ASYMMETRIC;
}

static uint32_t mode_of(bool symmetric)
{
    return symmetric ? MMS__SYMMETRIC : MMS__ASYMMETRIC;
}

static bool claim_any(struct mms__native_region *region, bool symmetric, uint32_t *index)
{
    struct mms__readers *shared = region->table.shared;
    uint32_t flags = (region->front.options.allow_evict ? MMS__ALLOW_EVICT : 0) | MMS__SAYS_AGAIN;

    for (*index = 0; *index < region->table.max_readers; ++*index)
        if (mms__load_relaxed(&shared->lines[*index].owner) == 0 &&
            mms__line_claim(&shared->lines[*index], &shared->high_water, *index, region->owner, mode_of(symmetric),
                            flags))
            return true;
    return false;
}

/* Free the lines of dead readers. -errno if we cannot look for them. */
static int free_dead_lines(const struct mms__native_region *region, unsigned *freed)
{
    struct mms__place place = region->front.place;
    struct mms__file file;
    int code;

    *freed = 0;
    mms__fork_hold();
    code = mms__place_open_any(&place); /* the region's id is compared */
    if (code == 0) {
        code = mms__region_open_readers(&place, &region->header, true, &file);
        if (code == 0) {
            MMS__STEP(claim_sweep_begun);
            *freed = mms__table_sweep(&region->table, file.fd);
            mms__file_close(&file);
        }
        mms__place_close(&place);
    }
    mms__fork_release();
    return code;
}

/* For people who read the table, and for owns_line. */
static void sign_line(const struct mms__native_reader *reader)
{
    struct mms__line *line = reader->line;

    mms__store_relaxed(&line->pid, reader->pid);
    MMS__STEP(claim_pid_stored);
    mms__store_relaxed(&line->claim, reader->claim);
    mms__store_relaxed(&line->tid, (uint32_t)syscall(SYS_gettid));
    MMS__STEP(claim_tid_stored);
    mms__store_relaxed(&line->start, mms__process_start());
    MMS__STEP(claim_signed);
}

static struct mms__native_reader *set_up(struct mms__native_region *region, uint32_t index, uintptr_t thread,
                                         bool symmetric)
{
    static mms__word claims;
    struct mms__native_reader *reader = mms__native_reader_of(mms__reader_begin(&region->front, index, thread));

    reader->line = &region->table.shared->lines[index];
    reader->front.head.announce = &reader->line->announce;
    reader->front.head.current = region->current;
    reader->claim = (uint32_t)mms__increment(&claims);
    reader->pid = (uint32_t)getpid();
    reader->symmetric = symmetric;
    sign_line(reader);
    return reader;
}

static struct mms__native_reader *open_one(struct mms__native_region *region, uintptr_t thread)
{
    bool symmetric = must_be_symmetric(region);
    struct mms__native_reader *reader = NULL;
    uint32_t index;

    pthread_mutex_lock(&region->front.mutex);
    if (claim_any(region, symmetric, &index))
        reader = set_up(region, index, thread, symmetric);
    pthread_mutex_unlock(&region->front.mutex);
    return reader;
}

static bool has_lost_lock(const struct mms__native_region *region)
{
    if (!region->front.place.loses_locks)
        return false;
    MMS__HOLD_CANCEL(before);
    return !mms__lock_file_is_kept(&region->lock_file);
}

static int fail_lost(const struct mms__native_region *region)
{
    return mms__fail(
        MMS_E_GONE,
        "reading %s: this program has closed the descriptor that says that it lives (overlayfs), and others may "
        "have taken its place; open the region again, and leave that descriptor open",
        region->front.place.path);
}

/* `code`: from the search for dead readers, which finds none if the region is gone or was
   replaced. */
static int fail_full(const struct mms__native_region *region, int code)
{
    if (code < 0 && code >= -4095 && code != -ENOENT)
        return mms__fail(code, "%s has %u readers already, and which of them are dead cannot be looked at",
                         region->front.place.path, region->header.max_readers);
    return mms__fail(
        MMS_E_FULL,
        "%s has %u readers already; close some, or make it anew with a larger options.max_readers and options.replace",
        region->front.place.path, region->header.max_readers);
}

/* A dead owner seems alive while another process that is checking it holds its byte: its lines
   become free a moment later. If the table really is full, this takes all the tries to find
   out. */
enum { SWEEP_TRIES = 20, SWEEP_PAUSE_NS = 1000000 };

int mms__native_reader_open(struct mms_region *front, uintptr_t thread, struct mms_reader **out)
{
    struct mms__native_region *region = mms__native_region_of(front);
    struct mms__native_reader *reader;
    int code = 0;

    if (has_lost_lock(region))
        return fail_lost(region);
    reader = open_one(region, thread);
    for (int tries = 0; tries < SWEEP_TRIES && !reader; tries++) {
        unsigned freed;

        code = free_dead_lines(region, &freed);
        if (freed == 0 && tries > 0)
            mms__sleep_ns(SWEEP_PAUSE_NS);
        reader = open_one(region, thread);
    }
    if (!reader)
        return fail_full(region, code);
    *out = &reader->front;
    return 0;
}

/* On overlayfs a host that closes descriptors which are not its own drops the lock: then others
   take this process for dead, and its lines for free. A reader there always takes the slow path,
   and touches a line only while it still owns it. Between this check and the store a line can
   still change hands (docs/design.md, who is alive). */
static bool owns_line(const struct mms__native_reader *reader)
{
    const struct mms__line *line = reader->line;

    return !reader->front.region->place.loses_locks ||
           (mms__load_acquire(&line->owner) == region_of(reader)->owner && /* somebody else's signature is not older */
            mms__load_relaxed(&line->claim) == reader->claim && mms__load_relaxed(&line->pid) == reader->pid);
}

static void withdraw(const struct mms__native_reader *reader)
{
    if (owns_line(reader))
        mms__announce_idle(reader->front.head.announce);
}

/* True if every call must take the slow path, whatever `current` is. */
static bool goes_slow(const struct mms__native_reader *reader)
{
    return reader->symmetric || reader->front.region->place.loses_locks;
}

/* The state of a reader without a view that has, or has not, a word to start from. */
static void rest(struct mms__native_reader *reader)
{
    reader->front.head.state =
        goes_slow(reader) || !mms__word_pinnable(reader->front.head.word) ? MMS__READY_SLOW : MMS__READY;
}

static bool still_whole(const struct mms__native_reader *reader)
{
    unsigned slot = mms__word_slot(reader->front.head.word);

    return mms__still_whole(reader->front.head.current, &mms__region_slot(region_of(reader), slot)->generation,
                            reader->front.head.word);
}

static int fail_evicted(const struct mms__native_reader *reader)
{
    return mms__fail(MMS_E_EVICTED,
                     "the view of generation %llu of %s was taken away while it was held; discard what was read "
                     "from it",
                     (unsigned long long)mms__word_generation(reader->front.head.word),
                     reader->front.region->place.path);
}

int mms__native_end(struct mms_reader *front)
{
    struct mms__native_reader *reader = mms__native_reader_of(front);
    bool whole = still_whole(reader);

    MMS__STEP(release_checked);
    withdraw(reader);
    MMS__STEP(release_idle);
    rest(reader);
    return whole ? 0 : fail_evicted(reader);
}

int mms__native_verify_view(struct mms_reader *front)
{
    const struct mms__native_reader *reader = mms__native_reader_of(front);

    if (still_whole(reader))
        return 0;
    (void)mms__native_end(front);
    return fail_evicted(reader);
}

void mms__native_reader_closed(struct mms_reader *front)
{
    struct mms__native_reader *reader = mms__native_reader_of(front);

    if (owns_line(reader))
        mms__line_clear(reader->line);
}

/* ---- Reading ---- */

/* The writer may want other fences than at the last look (there may be a new writer, or it lost
   membarrier). After a pin, and not before: the pin may have met a word newer than what `control`
   said then, and as long as that word is current the inline path does not come here again. For the
   same reason no reader is asymmetric with a nudged word, whatever a writer that came later says
   in `control`: the next nudge would not change that word. */
static void adopt_fence(struct mms__native_reader *reader, uint64_t word)
{
    bool symmetric = must_be_symmetric(region_of(reader)) || (word & MMS__NUDGE) != 0;

    if (symmetric == reader->symmetric)
        return;
    mms__line_set_mode(reader->line, mode_of(symmetric));
    reader->symmetric = symmetric;
}

static int fail_pinned(struct mms__native_reader *reader, int code)
{
    withdraw(reader);
    rest(reader);
    return code;
}

/* With the slot of `word` pinned. */
static int check_value(const struct mms__native_reader *reader, uint64_t word)
{
    const struct mms__native_region *region = region_of(reader);
    const uint64_t *wanted = region->front.options.type_id;
    const struct mms__descriptor *slot = mms__region_slot(region, mms__word_slot(word));

    if (mms__load_relaxed(&slot->size) > region->header.max_size)
        return mms__fail(MMS_E_CORRUPT,
                         "slot %u of %s says that its value is larger than any can be; run mmsync verify",
                         mms__word_slot(word), region->front.place.path);
    if ((wanted[0] | wanted[1]) != 0 &&
        (wanted[0] != mms__load_relaxed(&slot->type_id[0]) || wanted[1] != mms__load_relaxed(&slot->type_id[1])))
        return mms__fail(MMS_E_TYPE, "generation %llu of %s has type %016llx%016llx, and %016llx%016llx was asked for",
                         (unsigned long long)mms__word_generation(word), region->front.place.path,
                         (unsigned long long)mms__load_relaxed(&slot->type_id[0]),
                         (unsigned long long)mms__load_relaxed(&slot->type_id[1]), (unsigned long long)wanted[0],
                         (unsigned long long)wanted[1]);
    return 0;
}

static void hold(struct mms__native_reader *reader, uint64_t word)
{
    const struct mms__native_region *region = region_of(reader);
    unsigned slot = mms__word_slot(word);

    mms__say_again(reader->line, word);
    reader->front.head.word = word;
    reader->front.head.checked = 0;
    reader->front.head.view = (struct mms__view_head){
        .data = region->data + slot * region->header.stride,
        .size = (size_t)mms__load_relaxed(&mms__region_slot(region, slot)->size),
        .generation = mms__word_generation(word),
    };
    if (region->front.options.prefault)
        (void)mms__populate((void *)(uintptr_t)reader->front.head.view.data, reader->front.head.view.size, false);
}

/* How often a writer may evict us between the pin and the look at the slot before we give up. */
enum { EVICTION_TRIES = 8 };

static bool fits_slot(const struct mms__native_reader *reader, uint64_t word)
{
    unsigned slot = mms__word_slot(word);

    return slot < region_of(reader)->header.max_slots &&
           mms__load_relaxed(&mms__region_slot(region_of(reader), slot)->generation) == mms__word_generation(word);
}

/* After a look at the slot of `word`. The fence keeps that look before the load (pair: the fences
   in mms__fence_heavy and mms__slot_take): a reader that has seen a word of what is written to the
   slot next finds that `current` has moved on. */
static bool is_still_current(const struct mms__native_reader *reader, uint64_t word)
{
    mms__fence_acquire();
    return mms__load_relaxed(reader->front.head.current) == word;
}

/* The slot does not match what `current` says of it: damage if that is still current, otherwise
   the slot was taken from us. */
static int fail_misfit(const struct mms__native_reader *reader, uint64_t word)
{
    return mms__fail(
        MMS_E_CORRUPT, "%s/control names slot %u for generation %llu, and the slot does not fit; run mmsync verify",
        reader->front.region->place.path, mms__word_slot(word), (unsigned long long)mms__word_generation(word));
}

/* Pin the newest value and check it. */
static int pin_fitting(struct mms__native_reader *reader, uint64_t *word)
{
    for (int tries = 0; tries < EVICTION_TRIES; tries++) {
        int code;

        *word = mms__pin(reader->front.head.announce, reader->front.head.current, *word, true);
        if (!mms__word_pinnable(*word)) /* 0 also if another thread has just found the region gone */
            return mms__fail_unpinnable(region_of(reader), mms__region_current(region_of(reader)));
        code = fits_slot(reader, *word) ? check_value(reader, *word) : fail_misfit(reader, *word);
        if (code == 0 || is_still_current(reader, *word))
            return code;
        *word = mms__load_acquire(reader->front.head.current); /* to start from; mms__pin validates it by an acquire */
    }
    return mms__fail(MMS_E_EVICTED, "reading %s: the writer took the slot away %d times in a row; try again",
                     reader->front.region->place.path, EVICTION_TRIES);
}

/* The writer has just stored there: fetch the descriptor and the value at once, and while all else is under way, from the
   look at the clock to the pin's fence. What is current is only a guess here. Prefetching never faults. */
static void prefetch(const struct mms__native_reader *reader)
{
    const struct mms__native_region *region = region_of(reader);
    unsigned slot = mms__word_slot(mms__load_relaxed(reader->front.head.current));

    if (slot >= region->header.max_slots)
        return;
    __builtin_prefetch(mms__region_slot(region, slot));
    __builtin_prefetch(region->data + slot * region->header.stride);
}

/* Why a read left the inline path, for the probe: `last` is the word that the reader started from, `word` the one it has
   now. */
static const char *why_slow(uint64_t last, uint64_t word)
{
    if (mms__word_generation(word) == mms__word_generation(last))
        return word == last ? "same" : "nudged";
    return mms__word_pinnable(last) ? "newer" : "first";
}

static int pin_newest(struct mms__native_reader *reader, mms_view *out)
{
    uint64_t last = reader->front.head.word, word = mms__region_current(region_of(reader));
    int code;

    /* Check the lock at changes only, since that is a system call. Until then the line itself
       shows whether others took it for free. */
    if (!owns_line(reader) || (word != last && has_lost_lock(region_of(reader))))
        return fail_pinned(reader, fail_lost(region_of(reader)));
    code = mms__word_pinnable(word) ? pin_fitting(reader, &word) : mms__fail_unpinnable(region_of(reader), word);
    adopt_fence(reader, word);
    if (code != 0)
        return fail_pinned(reader, code);
    MMS__STEP(read_pinned);
    if (word != last)
        hold(reader, word);
    MMS__STEP(read_held);
    reader->front.head.state = goes_slow(reader) ? MMS__HELD_SLOW : MMS__HELD;
    mms__fill_view(&reader->front.head, out);
    out->changed = mms__word_generation(word) != mms__word_generation(last);
    MMS__PROBE3(slow_read, reader->front.region->place.path, mms__word_generation(word), why_slow(last, word));
    return 0;
}

/* No system call here could end the thread, but for the look in mms__region_glance, which holds cancellation off. */
int mms__native_read(struct mms_reader *front, mms_view *view)
{
    struct mms__native_reader *reader = mms__native_reader_of(front);
    bool gone;

    prefetch(reader);
    gone = mms__region_glance(front->region);
    if (mms__reader_is_held(front)) {
        if (!gone && mms__load_acquire(reader->front.head.current) ==
                         reader->front.head.word) { /* compared, as in mms_refresh */
            mms__fill_view(&reader->front.head, view);
            MMS__PROBE3(slow_read, front->region->place.path, view->generation, "same");
            return 0;
        }
        MMS__STEP(refresh_changed);
        if (!still_whole(reader))
            return fail_pinned(reader, fail_evicted(reader));
    }
    return pin_newest(reader, view);
}

void mms__native_view_describe(const struct mms_reader *front, mms_view_info *out)
{
    const struct mms__native_region *region = mms__native_region_of(front->region);
    unsigned index = mms__word_slot(front->head.word);
    const struct mms__descriptor *slot = mms__region_slot(region, index);
    uint64_t size = mms__load_relaxed(&slot->size), schema_size = mms__load_relaxed(&slot->schema_size);

    out->type_id[0] = mms__load_relaxed(&slot->type_id[0]);
    out->type_id[1] = mms__load_relaxed(&slot->type_id[1]);
    out->tag = mms__load_relaxed(&slot->tag);
    out->publish_time_ns = mms__load_relaxed(&slot->publish_ns);
    out->checksum = mms__load_relaxed(&slot->checksum);
    out->has_checksum = (mms__load_relaxed(&slot->flags) & MMS__HAS_CHECKSUM) != 0;
    if (schema_size == 0 || !mms__schema_fits(size, schema_size, region->header.stride))
        return;
    out->schema = (const char *)region->data + index * region->header.stride + mms__schema_at(size);
    out->schema_size = (size_t)schema_size;
}

void mms__native_view_type(const struct mms_reader *front, uint64_t type_id[2])
{
    const struct mms__native_region *region = mms__native_region_of(front->region);
    const struct mms__descriptor *slot = mms__region_slot(region, mms__word_slot(front->head.word));

    type_id[0] = mms__load_relaxed(&slot->type_id[0]);
    type_id[1] = mms__load_relaxed(&slot->type_id[1]);
}

bool mms__native_view_is_serialized(const struct mms_reader *front, bool table)
{
    const struct mms__native_region *region = mms__native_region_of(front->region);
    uint64_t flags = mms__load_relaxed(&mms__region_slot(region, mms__word_slot(front->head.word))->flags);

    return (flags & (table ? MMS__MADE_TABLE : MMS__SERIALIZED)) != 0;
}
