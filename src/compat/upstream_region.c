/* SPDX-License-Identifier: Apache-2.0 */
/* Reading mmap-sync's files in place: opening, pinning, the end of a view. */
#include "compat/compat.h"
#include "compat/sides.h"
#include "core/error.h"
#include "core/protocol.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Handles of readers; the files have no limit. */
enum { READERS_MAX = 16384 };

static struct mms__trust trust_of(const mms_region_options *options)
{
    return (struct mms__trust){.trust_owner = options->trust_owner,
                               .trusted_uid = options->trusted_uid,
                               .force_filesystem = options->force_filesystem};
}

static bool is_refusal(int code)
{
    return code == -EACCES || code == -EROFS || code == -EPERM;
}

/* Who may not write the state cannot be counted, and copies. */
static int open_state(struct mms_region *region, const struct mms__trust *trust)
{
    int code =
        region->options.read_only ? -EACCES : mms__state_open(&region->place, trust, O_RDWR, &region->control_file);

    if (!is_refusal(code))
        return code;
    code = mms__state_open(&region->place, trust, O_RDONLY, &region->control_file);
    region->read_only = true;
    if (code == 0 && !region->options.read_only)
        mms__fail(MMS_E_READ_ONLY, "%s_state may not be written by user %u; the region is open for mms_read_copy alone",
                  region->place.path, geteuid());
    return code;
}

static int map_state(struct mms_region *region)
{
    struct mms__upstream_region *upstream = mms__upstream_of(region);
    int protection = region->read_only ? PROT_READ : PROT_READ | PROT_WRITE;
    int code = mms__state_check(&region->place, &region->control_file);

    if (code != 0)
        return code;
    code = mms__map_file(region->control_file.fd, MMS__STATE_SIZE, protection, false, &region->control_map);
    if (code != 0)
        return mms__fail(code, "mapping %s_state", region->place.path);
    upstream->seen = region->control_map.base;
    upstream->state = region->read_only ? NULL : region->control_map.base;
    return 0;
}

static int check_options(const struct mms_region *region)
{
    if ((region->options.type_id[0] | region->options.type_id[1]) == 0)
        return 0;
    return mms__fail(MMS_E_INVALID,
                     "opening %s: the files of mmap-sync name no types, so type_id cannot be asked for; typed reads "
                     "check the bytes",
                     region->place.path);
}

int mms__compat_region_open(struct mms_region *region)
{
    struct mms__trust trust = trust_of(&region->options);
    struct mms__upstream_region *upstream = calloc(1, sizeof *upstream);
    struct mms__file parent;
    int code;

    if (!upstream)
        return mms__fail(-ENOMEM, "opening %s: no memory", region->place.path);
    upstream->sides[0].file = upstream->sides[1].file = MMS__NO_FILE;
    region->foreign_data = upstream;
    region->header.max_readers = READERS_MAX;
    code = check_options(region);
    if (code == 0)
        code = mms__place_open_parent(&region->place, &trust, &parent);
    if (code != 0)
        return code;
    mms__file_close(&parent); /* its file system was looked at */
    code = open_state(region, &trust);
    MMS__STEP(upstream_state_seen);
    return code == 0 ? map_state(region) : code;
}

void mms__compat_region_free(struct mms_region *region, bool inherited)
{
    (void)inherited; /* nothing of it is kept from children */
    if (region->foreign_data)
        mms__sides_free(region->foreign_data);
    free(region->foreign_data);
    region->foreign_data = NULL;
}

uint64_t mms__compat_generation(struct mms_region *region)
{
    return mms__load_acquire(&mms__upstream_of(region)->seen->version); /* only compared */
}

/* ---- Reading ---- */

/* mms_remove sets the version to 0, and then removes the name. */
static int fail_empty(struct mms_region *region)
{
    return mms__fail_unpinnable(region, mms__region_was_unlinked(region) ? MMS__TOMBSTONE : 0);
}

static int fail_evicted(const struct mms_reader *reader)
{
    return mms__fail(MMS_E_EVICTED,
                     "a writer of %s did not wait for this view (its grace was over): throw away what was read from "
                     "it, and hold views for less time, or let the writer wait longer",
                     reader->region->place.path);
}

static bool is_held(const struct mms_reader *reader)
{
    return reader->head.state == MMS__HELD_SLOW;
}

int mms__compat_end(struct mms_reader *reader)
{
    bool whole = mms__upstream_unpin(mms__upstream_of(reader->region)->state, reader->head.word);

    reader->head.state = MMS__READY_SLOW;
    return whole ? 0 : fail_evicted(reader);
}

/* With `word` pinned; what this reader knows from its last view of the same version holds still. */
static int hold(struct mms_reader *reader, uint64_t word)
{
    uint64_t size = mms__upstream_size(word);
    const void *data;
    int code = mms__side_map(reader->region, mms__upstream_index(word), size, &data);

    if (code != 0)
        return code;
    MMS__STEP(upstream_value_mapped);
    reader->head.word = word;
    reader->head.checked = 0;
    reader->head.view = (struct mms__view_head){.data = data, .size = (size_t)size, .generation = word};
    if (reader->region->options.prefault)
        (void)mms__populate((void *)(uintptr_t)data, (size_t)size, false);
    return 0;
}

static int pin_newest(struct mms_reader *reader, mms_view *out)
{
    struct mms__upstream *state = mms__upstream_of(reader->region)->state;
    uint64_t last = reader->head.word, word = mms__upstream_pin(state);
    int code;

    if (word == 0)
        return fail_empty(reader->region);
    code = word == last ? 0 : hold(reader, word);
    if (code != 0) {
        (void)mms__upstream_count_out(&state->readers[mms__upstream_index(word)]);
        return code;
    }
    if (reader->region->options.foreign_hasher)
        reader->head.checked = 0; /* an unknown hash may be the same for other bytes */
    reader->head.state = MMS__HELD_SLOW;
    mms__fill_view(&reader->head, out);
    out->changed = word != last;
    return 0;
}

int mms__compat_read(struct mms_reader *reader, mms_view *out)
{
    const struct mms__upstream_region *upstream = mms__upstream_of(reader->region);
    int code;

    /* Only compared, with what was pinned; the end of the view looks again. */
    if (is_held(reader) && mms__load_seq_cst(&upstream->seen->version) == reader->head.word &&
        mms__upstream_holds(upstream->seen, reader->head.word)) {
        mms__fill_view(&reader->head, out);
        return 0;
    }
    code = is_held(reader) ? mms__compat_end(reader) : 0;
    return code == 0 ? pin_newest(reader, out) : code;
}
