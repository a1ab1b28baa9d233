/* SPDX-License-Identifier: Apache-2.0 */
/* Reading mmap-sync's files in place: opening, pinning, the end of a view. */
#include "handle/reader.h"
#include "base/error.h"
#include "mmap_sync/backend.h"
#include "mmap_sync/sides.h"
#include "os/cancel.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Handles of readers; the files have no limit. */
enum { READERS_MAX = 16384 };

static bool is_refusal(int code)
{
    return code == -EACCES || code == -EROFS || code == -EPERM;
}

/* A process that may not write the state cannot be counted, and copies. */
static int open_state(struct mms__mmap_sync_region *region, const struct mms__trust *trust)
{
    int code = region->front.options.read_only
                   ? -EACCES
                   : mms__state_open(&region->front.place, trust, O_RDWR, &region->state_file);

    if (!is_refusal(code))
        return code;
    code = mms__state_open(&region->front.place, trust, O_RDONLY, &region->state_file);
    region->front.read_only = true;
    if (code == 0 && !region->front.options.read_only)
        mms__fail(MMS_E_READ_ONLY, "%s_state may not be written by user %u; the region is open for mms_read_copy alone",
                  region->front.place.path, geteuid());
    return code;
}

static int map_state(struct mms__mmap_sync_region *region)
{
    int protection = region->front.read_only ? PROT_READ : PROT_READ | PROT_WRITE;
    int code = mms__state_check(&region->front.place, &region->state_file);

    if (code != 0)
        return code;
    code = mms__map_file(region->state_file.fd, MMS__STATE_SIZE, protection, false, &region->state_map);
    if (code != 0)
        return mms__fail(code, "mapping %s_state", region->front.place.path);
    region->seen = region->state_map.base;
    region->state = region->front.read_only ? NULL : region->state_map.base;
    return 0;
}

static int check_options(const struct mms__mmap_sync_region *region)
{
    if ((region->front.options.type_id[0] | region->front.options.type_id[1]) == 0)
        return 0;
    return mms__fail(MMS_E_INVALID,
                     "opening %s: the files of mmap-sync name no types, so type_id cannot be asked for; typed reads "
                     "check the bytes",
                     region->front.place.path);
}

struct mms_region *mms__mmap_sync_region_new(void)
{
    struct mms__mmap_sync_region *region = calloc(1, sizeof *region);

    if (!region)
        return NULL;
    region->state_file = region->sides[0].file = region->sides[1].file = MMS__NO_FILE;
    return (struct mms_region *)region;
}

int mms__mmap_sync_region_open(struct mms_region *front)
{
    struct mms__mmap_sync_region *region = mms__mmap_sync_region_of(front);
    struct mms__trust trust = MMS__TRUST_OF(&front->options);
    struct mms__file parent;
    int code = check_options(region);

    front->max_readers = READERS_MAX;
    region->options = *front->options.mmap_sync;
    if (code == 0)
        code = mms__place_open_parent(&front->place, &trust, &parent);
    if (code != 0)
        return code;
    mms__file_close(&parent); /* its file system was looked at */
    code = open_state(region, &trust);
    MMS__STEP(mmap_sync_state_seen);
    return code == 0 ? map_state(region) : code;
}

/* Children inherit all of it. */
void mms__mmap_sync_region_free(struct mms_region *front, bool inherited)
{
    struct mms__mmap_sync_region *region = mms__mmap_sync_region_of(front);

    (void)inherited;
    mms__sides_free(region);
    mms__unmap(&region->state_map);
    MMS__STEP(region_unmapped);
    mms__file_close(&region->state_file);
}

bool mms__mmap_sync_leads_elsewhere(const struct mms_region *front)
{
    const struct mms__mmap_sync_region *region = (const struct mms__mmap_sync_region *)front;

    return mms__place_leads_elsewhere(&front->place, "_state", &region->state_file);
}

uint64_t mms__mmap_sync_generation(struct mms_region *front)
{
    return mms__load_acquire(&mms__mmap_sync_region_of(front)->seen->version); /* only compared */
}

/* ---- Readers ---- */

int mms__mmap_sync_reader_open(struct mms_region *front, uintptr_t thread, struct mms_reader **out)
{
    struct mms_reader *reader = NULL;
    uint32_t index = 0;

    pthread_mutex_lock(&front->mutex);
    while (index < front->handles_used && mms__reader_at(front, index)->open)
        index++;
    if (index < front->max_readers) {
        reader = mms__reader_begin(front, index, thread);
        reader->head.current = &mms__mmap_sync_region_of(front)->state->version; /* for bindings/rust/mmsync-sys */
    }
    pthread_mutex_unlock(&front->mutex);
    if (!reader)
        return mms__fail(MMS_E_FULL, "this process has %u readers of %s, the most that it can; close some",
                         front->max_readers, front->place.path);
    *out = reader;
    return 0;
}

/* ---- Reading ---- */

/* mms_remove sets the version to 0, and then removes the name. */
static int fail_empty(struct mms_region *region)
{
    return mms__region_is_gone(region) ? mms__region_fail_gone(region) : mms__region_fail_empty(region);
}

static int fail_evicted(const struct mms_reader *reader)
{
    return mms__fail(MMS_E_EVICTED,
                     "a writer of %s did not wait for this view (its grace was over): discard what was read from "
                     "it, and hold views for less time, or let the writer wait longer",
                     reader->region->place.path);
}

static int end_view(struct mms_reader *reader)
{
    bool whole = mms__mmap_sync_unpin(mms__mmap_sync_region_of(reader->region)->state, reader->head.word);

    reader->head.state = MMS__READY_SLOW;
    return whole ? 0 : fail_evicted(reader);
}

int mms__mmap_sync_end(struct mms_reader *reader)
{
    return end_view(reader);
}

int mms__mmap_sync_verify_view(struct mms_reader *reader)
{
    int code;

    if (mms__mmap_sync_is_held(mms__mmap_sync_region_of(reader->region)->seen, reader->head.word))
        return 0;
    code = end_view(reader);
    return code != 0 ? code : fail_evicted(reader); /* a count that was lost may be another reader's by now */
}

/* With `word` pinned, which is not the word of the last view. Only here a read makes system calls,
   so cancellation is not held off elsewhere, which takes as long as a read. */
static int hold(struct mms_reader *reader, uint64_t word)
{
    MMS__HOLD_CANCEL(before);
    uint64_t size = mms__mmap_sync_size(word);
    const void *data;
    int code = mms__side_map(mms__mmap_sync_region_of(reader->region), mms__mmap_sync_index(word), size, &data);

    if (code != 0)
        return code;
    MMS__STEP(mmap_sync_value_mapped);
    reader->head.word = word;
    reader->head.view = (struct mms__view_head){.data = data, .size = (size_t)size, .generation = word};
    if (reader->region->options.prefault)
        (void)mms__populate((void *)(uintptr_t)data, (size_t)size, false);
    return 0;
}

static int pin_newest(struct mms_reader *reader, mms_view *out)
{
    struct mms__mmap_sync_state *state = mms__mmap_sync_region_of(reader->region)->state;
    uint64_t last = reader->head.word, word = mms__mmap_sync_pin(state);
    int code;

    if (word == 0)
        return fail_empty(reader->region);
    code = word == last ? 0 : hold(reader, word);
    if (code != 0) {
        (void)mms__mmap_sync_count_out(&state->readers[mms__mmap_sync_index(word)]);
        return code;
    }
    /* An equal version proves nothing about the bytes: a process that may write the state, though
       perhaps not the data, can put an old version back. And other bytes can have the same 24 bits
       of hash. */
    reader->head.checked = 0;
    reader->head.state = MMS__HELD_SLOW;
    mms__fill_view(&reader->head, out);
    out->changed = word != last;
    return 0;
}

static bool is_newest(struct mms_reader *reader)
{
    const struct mms__mmap_sync_state *state = mms__mmap_sync_region_of(reader->region)->seen;

    /* Only compared with what was pinned; the end of the view checks again. */
    return mms__load_seq_cst(&state->version) == reader->head.word && mms__mmap_sync_is_held(state, reader->head.word);
}

int mms__mmap_sync_read(struct mms_reader *reader, mms_view *out)
{
    bool gone = mms__region_glance(reader->region);
    int code;

    if (!gone && mms__reader_is_held(reader) && is_newest(reader)) {
        mms__fill_view(&reader->head, out);
        return 0;
    }
    code = mms__reader_is_held(reader) ? end_view(reader) : 0;
    if (code != 0)
        return code;
    return gone ? mms__region_fail_gone(reader->region) : pin_newest(reader, out);
}
