/* SPDX-License-Identifier: Apache-2.0 */
/* Readers: opening and closing, and everything in reading that is not the steady state. */
#include "core/attach.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/protocol.h"
#include "core/region.h"
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- Opening and closing ---- */

static bool must_be_symmetric(const struct mms_region *region)
{
    return !region->can_pin_asymmetric || mms__load_relaxed(&region->control->fence) != MMS__ASYMMETRIC;
}

static uint32_t mode_of(bool symmetric)
{
    return symmetric ? MMS__SYMMETRIC : MMS__ASYMMETRIC;
}

static bool claim_any(struct mms_region *region, bool symmetric, uint32_t *index)
{
    struct mms__readers *shared = region->table.shared;
    uint32_t flags = region->options.allow_evict ? MMS__ALLOW_EVICT : 0;

    for (*index = 0; *index < region->table.max_readers; ++*index)
        if (mms__load_relaxed(&shared->lines[*index].owner) == 0 &&
            mms__line_claim(&shared->lines[*index], &shared->high_water, *index, region->owner, mode_of(symmetric),
                            flags))
            return true;
    return false;
}

/* Lines that the dead have left. -errno if we cannot look. */
static int free_dead_lines(const struct mms_region *region, unsigned *freed)
{
    const struct mms__trust trust = {.any_owner = true, .force_filesystem = true}; /* the region's id is compared */
    struct mms__place place = region->place;
    struct mms__file file;
    int code;

    *freed = 0;
    mms__fork_hold();
    code = mms__place_enter(&place, &trust);
    if (code == 0) {
        code = mms__attach_readers(&place, &region->header, true, &file);
        if (code == 0) {
            MMS__STEP(claim_sweep_begun);
            *freed = mms__table_sweep(&region->table, file.fd);
            mms__file_close(&file);
        }
        mms__place_leave(&place);
    }
    mms__fork_release();
    return code;
}

/* For people who look at the table. */
static void sign_line(struct mms__line *line)
{
    mms__store_relaxed(&line->pid, (uint32_t)getpid());
    MMS__STEP(claim_pid_stored);
    mms__store_relaxed(&line->tid, (uint32_t)syscall(SYS_gettid));
    MMS__STEP(claim_tid_stored);
    mms__store_relaxed(&line->start, mms__process_start());
    MMS__STEP(claim_signed);
}

static struct mms_reader *set_up(struct mms_region *region, uint32_t index, uintptr_t thread, bool symmetric)
{
    struct mms_reader *reader = (struct mms_reader *)region->arena.base + index;

    *reader = (struct mms_reader){
        .head = {.announce = &region->table.shared->lines[index].announce,
                 .current = &region->control->current,
                 .state = MMS__READY_SLOW},
        .region = region,
        .line = &region->table.shared->lines[index],
        .thread = thread,
        .index = index,
        .symmetric = symmetric,
        .open = true,
    };
    sign_line(reader->line);
    region->readers_open++;
    if (region->handles_used <= index)
        region->handles_used = index + 1;
    return reader;
}

/* A handle of the arena is all that it needs; `owner` and line are of our own files. */
static struct mms_reader *open_foreign(struct mms_region *region, uintptr_t thread)
{
    struct mms_reader *readers = region->arena.base, *reader = NULL;
    uint32_t index = 0;

    pthread_mutex_lock(&region->mutex);
    while (index < region->handles_used && readers[index].open)
        index++;
    if (index < region->header.max_readers) {
        reader = &readers[index];
        *reader = (struct mms_reader){
            .head.state = MMS__READY_SLOW, .region = region, .thread = thread, .index = index, .open = true};
        region->readers_open++;
        if (region->handles_used <= index)
            region->handles_used = index + 1;
    }
    pthread_mutex_unlock(&region->mutex);
    return reader;
}

static struct mms_reader *open_one(struct mms_region *region, uintptr_t thread)
{
    bool symmetric = must_be_symmetric(region);
    struct mms_reader *reader = NULL;
    uint32_t index;

    pthread_mutex_lock(&region->mutex);
    if (claim_any(region, symmetric, &index))
        reader = set_up(region, index, thread, symmetric);
    pthread_mutex_unlock(&region->mutex);
    return reader;
}

static int check_open(const struct mms_region *region, mms_reader *const *out)
{
    if (!region || !out)
        return mms__fail(MMS_E_INVALID, "mms_reader_open: %s is NULL", region ? "out" : "region");
    if (mms__region_is_forked(region))
        return mms__fail(MMS_E_FORKED, "opening a reader of %s: open the region in this process", region->place.path);
    if (region->read_only)
        return mms__fail(MMS_E_READ_ONLY,
                         "opening a reader of %s: use mms_read_copy, or get the right to write its file `readers`",
                         region->place.path);
    return 0;
}

/* `code`: of the look for the dead. One at a region that has gone, or was replaced, finds none. */
static int fail_full(const struct mms_region *region, int code)
{
    if (code < 0 && code >= -4095 && code != -ENOENT)
        return mms__fail(code, "%s has %u readers already, and which of them are dead cannot be looked at",
                         region->place.path, region->header.max_readers);
    if (region->foreign)
        return mms__fail(MMS_E_FULL, "this process has %u readers of %s, the most that it can; close some",
                         region->header.max_readers, region->place.path);
    return mms__fail(MMS_E_FULL, "%s has %u readers already; close some, or create the region with more max_readers",
                     region->place.path, region->header.max_readers);
}

/* A dead owner seems alive while another process that judges it holds its byte: its lines come free a moment later. A
   table that is really full takes the whole time to say so. */
enum { SWEEP_TRIES = 20, SWEEP_PAUSE_NS = 1000000 };

int mms_reader_open(mms_region *region, mms_reader **out)
{
    uintptr_t thread = 0;
    int code = check_open(region, out);

    if (out)
        *out = NULL;
    if (code != 0)
        return code;
    if (!region->options.detached && (thread = mms__thread_token()) == 0)
        return mms__fail(-ENOMEM, "opening a reader of %s: no memory to notice the end of this thread",
                         region->place.path);
    *out = region->foreign ? open_foreign(region, thread) : open_one(region, thread);
    for (int tries = 0; tries < SWEEP_TRIES && !*out && !region->foreign; tries++) {
        unsigned freed;

        code = free_dead_lines(region, &freed);
        if (freed == 0 && tries > 0)
            mms__sleep_ns(SWEEP_PAUSE_NS);
        *out = open_one(region, thread);
    }
    return *out ? 0 : fail_full(region, code);
}

static bool is_held(const struct mms_reader *reader)
{
    return reader->head.state == MMS__HELD || reader->head.state == MMS__HELD_SLOW;
}

/* The state of a reader without a view that has, or has not, a word to start from. */
static void rest(struct mms_reader *reader)
{
    reader->head.state = reader->symmetric || !mms__word_pinnable(reader->head.word) ? MMS__READY_SLOW : MMS__READY;
}

static bool still_whole(const struct mms_reader *reader)
{
    unsigned slot = mms__word_slot(reader->head.word);

    return mms__still_whole(reader->head.current, &mms__region_slot(reader->region, slot)->generation,
                            reader->head.word);
}

static int fail_evicted(const struct mms_reader *reader)
{
    return mms__fail(MMS_E_EVICTED,
                     "the view of generation %llu of %s was taken away while it was held; throw away what was read "
                     "from it",
                     (unsigned long long)mms__word_generation(reader->head.word), reader->region->place.path);
}

static int end_view(struct mms_reader *reader)
{
    bool whole;

    if (reader->region->foreign)
        return reader->region->foreign->end(reader);
    whole = still_whole(reader);

    MMS__STEP(release_checked);
    mms__announce_idle(reader->head.announce);
    MMS__STEP(release_idle);
    rest(reader);
    return whole ? 0 : fail_evicted(reader);
}

int mms__reader_end(struct mms_reader *reader)
{
    int code = is_held(reader) ? end_view(reader) : 0;

    /* Before the line: who claims it, in this process, sets up this handle again. */
    reader->head.state = MMS__CLOSED;
    reader->thread = 0;
    reader->open = false;
    reader->region->readers_open--;
    MMS__STEP(close_begun);
    if (reader->line)
        mms__line_clear(reader->line);
    return code;
}

static int check_handle(const struct mms_reader *reader, const char *call)
{
    if (!reader)
        return mms__fail(MMS_E_INVALID, "%s: the reader is NULL", call);
    if (reader->head.state == MMS__FORKED)
        return mms__fail(MMS_E_FORKED, "%s: the reader belongs to the parent process; open one in this process", call);
    if (reader->head.state == MMS__CLOSED)
        return mms__fail(MMS_E_INVALID, "%s: the reader is closed", call);
    return 0;
}

int mms_reader_close(mms_reader *reader)
{
    struct mms_region *region;
    int code;

    if (!reader)
        return 0;
    code = check_handle(reader, "mms_reader_close");
    if (code != 0)
        return code;
    region = reader->region;
    pthread_mutex_lock(&region->mutex);
    code = mms__reader_end(reader);
    pthread_mutex_unlock(&region->mutex);
    return code;
}

/* ---- Reading ---- */

/* The writer may want other fences than at the last look (it could have changed, or lost membarrier). After a pin, and
   not before: the pin may have met a word that is newer than what `control` said then, and as long as that word is
   current the inline path comes here no more. For the same reason no reader is asymmetric with a nudged word, whatever
   a writer that came later says in `control`: the next nudge would not change that word. */
static void adopt_fence(struct mms_reader *reader, uint64_t word)
{
    bool symmetric = must_be_symmetric(reader->region) || (word & MMS__NUDGE) != 0;

    if (symmetric == reader->symmetric)
        return;
    mms__line_set_mode(reader->line, mode_of(symmetric));
    reader->symmetric = symmetric;
}

static int fail_pinned(struct mms_reader *reader, int code)
{
    mms__announce_idle(reader->head.announce);
    rest(reader);
    return code;
}

/* With the slot of `word` pinned. */
static int check_value(const struct mms_reader *reader, uint64_t word)
{
    const struct mms_region *region = reader->region;
    const uint64_t *wanted = region->options.type_id;
    const struct mms__descriptor *slot = mms__region_slot(region, mms__word_slot(word));

    if (mms__load_relaxed(&slot->size) > region->header.max_size)
        return mms__fail(MMS_E_CORRUPT, "slot %u of %s says that its value is over max_size; run mmsync verify",
                         mms__word_slot(word), region->place.path);
    if ((wanted[0] | wanted[1]) != 0 &&
        (wanted[0] != mms__load_relaxed(&slot->type_id[0]) || wanted[1] != mms__load_relaxed(&slot->type_id[1])))
        return mms__fail(MMS_E_TYPE, "generation %llu of %s has type %016llx%016llx, and %016llx%016llx was asked for",
                         (unsigned long long)mms__word_generation(word), region->place.path,
                         (unsigned long long)mms__load_relaxed(&slot->type_id[0]),
                         (unsigned long long)mms__load_relaxed(&slot->type_id[1]), (unsigned long long)wanted[0],
                         (unsigned long long)wanted[1]);
    return 0;
}

static void hold(struct mms_reader *reader, uint64_t word)
{
    const struct mms_region *region = reader->region;
    unsigned slot = mms__word_slot(word);

    reader->head.word = word;
    reader->head.checked = 0;
    reader->head.view = (struct mms__view_head){
        .data = region->data + slot * region->header.stride,
        .size = (size_t)mms__load_relaxed(&mms__region_slot(region, slot)->size),
        .generation = mms__word_generation(word),
    };
    if (region->options.prefault)
        (void)mms__populate((void *)(uintptr_t)reader->head.view.data, reader->head.view.size, false);
}

/* How often a writer may evict us between the pin and the look at the slot before we give up. */
enum { EVICTION_TRIES = 8 };

static bool fits_slot(const struct mms_reader *reader, uint64_t word)
{
    unsigned slot = mms__word_slot(word);

    return slot < reader->region->header.max_slots &&
           mms__load_relaxed(&mms__region_slot(reader->region, slot)->generation) == mms__word_generation(word);
}

/* After a look at the slot of `word`. The fence keeps that look before the load (pair: the fences in mms__fence_heavy
   and mms__slot_take): who has seen a word of what is written to the slot next finds that `current` has moved on. */
static bool is_still_current(const struct mms_reader *reader, uint64_t word)
{
    mms__fence_acquire();
    return mms__load_relaxed(reader->head.current) == word;
}

/* What `current` names does not fit its slot: damage, if it is current still; if not, the slot was taken from us. */
static int fail_misfit(const struct mms_reader *reader, uint64_t word)
{
    return mms__fail(MMS_E_CORRUPT,
                     "%s/control names slot %u for generation %llu, and the slot does not fit; run mmsync verify",
                     reader->region->place.path, mms__word_slot(word), (unsigned long long)mms__word_generation(word));
}

/* Pin what is newest and look at it. */
static int pin_fitting(struct mms_reader *reader, uint64_t *word)
{
    for (int tries = 0; tries < EVICTION_TRIES; tries++) {
        int code;

        *word = mms__pin(reader->head.announce, reader->head.current, *word, reader->symmetric);
        if (!mms__word_pinnable(*word))
            return mms__fail_unpinnable(reader->region, *word);
        code = fits_slot(reader, *word) ? check_value(reader, *word) : fail_misfit(reader, *word);
        if (code == 0 || is_still_current(reader, *word))
            return code;
        *word = mms__load_acquire(reader->head.current); /* to start from; mms__pin validates it by an acquire */
    }
    return mms__fail(MMS_E_EVICTED, "reading %s: the writer took the slot away %d times in a row; try again",
                     reader->region->place.path, EVICTION_TRIES);
}

static int pin_newest(struct mms_reader *reader, mms_view *out)
{
    uint64_t last = reader->head.word, word = mms__region_current(reader->region);
    int code;

    code = mms__word_pinnable(word) ? pin_fitting(reader, &word) : mms__fail_unpinnable(reader->region, word);
    adopt_fence(reader, word);
    if (code != 0)
        return fail_pinned(reader, code);
    MMS__STEP(read_pinned);
    if (word != last)
        hold(reader, word);
    MMS__STEP(read_held);
    reader->head.state = reader->symmetric ? MMS__HELD_SLOW : MMS__HELD;
    mms__fill_view(&reader->head, out);
    out->changed = mms__word_generation(word) != mms__word_generation(last);
    return 0;
}

static int read_or_refresh(struct mms_reader *reader, mms_view *view, const char *call)
{
    int code = check_handle(reader, call);

    if (code != 0)
        return code;
    if (!view)
        return mms__fail(MMS_E_INVALID, "%s: view is NULL", call);
    if (reader->region->foreign)
        return reader->region->foreign->read(reader, view);
    if (is_held(reader)) {
        if (mms__load_acquire(reader->head.current) == reader->head.word) { /* compared, as in mms_refresh */
            mms__fill_view(&reader->head, view);
            return 0;
        }
        MMS__STEP(refresh_changed);
        if (!still_whole(reader))
            return fail_pinned(reader, fail_evicted(reader));
    }
    return pin_newest(reader, view);
}

int mms__read_slow(mms_reader *reader, mms_view *out)
{
    return read_or_refresh(reader, out, "mms_read");
}

int mms__refresh_slow(mms_reader *reader, mms_view *view)
{
    return read_or_refresh(reader, view, "mms_refresh");
}

int mms_view_type(mms_reader *reader, uint64_t type_id[2])
{
    const struct mms__descriptor *slot;
    int code = check_handle(reader, "mms_view_type");

    if (code != 0)
        return code;
    if (!type_id)
        return mms__fail(MMS_E_INVALID, "mms_view_type: type_id is NULL");
    if (!is_held(reader))
        return mms__fail(MMS_E_NO_VIEW, "mms_view_type: this reader of %s holds no view", reader->region->place.path);
    if (reader->region->foreign) { /* no room for types there */
        type_id[0] = type_id[1] = 0;
        return 0;
    }
    slot = mms__region_slot(reader->region, mms__word_slot(reader->head.word));
    type_id[0] = mms__load_relaxed(&slot->type_id[0]);
    type_id[1] = mms__load_relaxed(&slot->type_id[1]);
    return 0;
}

mms_format mms_reader_format(const mms_reader *reader)
{
    return check_handle(reader, "mms_reader_format") == 0 ? mms_region_format(reader->region) : MMS_FORMAT_AUTO;
}

int mms__release_slow(mms_reader *reader)
{
    int code = check_handle(reader, "mms_release");

    if (code != 0)
        return code;
    if (!is_held(reader))
        return mms__fail(MMS_E_NO_VIEW, "mms_release: this reader of %s holds no view", reader->region->place.path);
    return end_view(reader);
}
