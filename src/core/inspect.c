/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at a region from outside, with no writer alive and no line of one's own. */
#include "core/attach.h"
#include "core/error.h"
#include "core/foreign.h"
#include "core/look.h"
#include "core/protocol.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static int attach(struct mms__look *look)
{
    int code = mms__attach_control(&look->place, false, &look->control_file, &look->control_map, &look->header);

    if (code != 0)
        return code;
    look->control = look->control_map.base;
    code = mms__attach_readers(&look->place, &look->header, false, &look->readers_file);
    if (code == -EACCES)
        return 0; /* one may see the value and not the readers */
    if (code == 0)
        code = mms__map_readers(&look->place, &look->header, false, look->readers_file.fd, &look->readers_map);
    if (code == 0)
        look->readers = look->readers_map.base;
    return code;
}

/* How often a region may be replaced while we open it. */
enum { LOOK_TRIES = 16 };

int mms__look(const char *path, struct mms__look *look)
{
    const struct mms__trust trust = {.any_owner = true, .force_filesystem = true};
    bool gone = true;
    int code = 0;

    for (int tries = 0; tries < LOOK_TRIES && gone; tries++) {
        *look = (struct mms__look){.control_file = {.fd = -1}, .readers_file = {.fd = -1}};
        code = mms__place_find(path, &look->place);
        if (code == 0)
            code = mms__place_enter(&look->place, &trust);
        if (code != 0)
            return code;
        code = attach(look);
        gone = code != 0 && mms__place_is_gone(&look->place);
        if (code != 0)
            mms__look_end(look);
    }
    return gone ? mms__fail(MMS_E_GONE, "looking at %s: it is replaced all the time", path) : code;
}

void mms__look_end(struct mms__look *look)
{
    mms__unmap(&look->control_map);
    mms__unmap(&look->readers_map);
    mms__file_close(&look->control_file);
    mms__file_close(&look->readers_file);
    mms__place_leave(&look->place);
}

uint32_t mms__look_lines(const struct mms__look *look)
{
    uint32_t mark = look->readers ? mms__load_acquire(&look->readers->high_water) : 0;

    return mark < look->header.max_readers ? mark : look->header.max_readers;
}

static bool is_alive(const struct mms__look *look, uint32_t owner)
{
    return owner <= look->header.max_readers && mms__byte_is_locked(look->readers_file.fd, MMS__LOCK_BASE + owner) == 1;
}

/* ---- The value ---- */

static void read_descriptor(const struct mms__descriptor *slot, mms_info *out)
{
    out->size = mms__load_relaxed(&slot->size);
    out->type_id[0] = mms__load_relaxed(&slot->type_id[0]);
    out->type_id[1] = mms__load_relaxed(&slot->type_id[1]);
    out->tag = mms__load_relaxed(&slot->tag);
    out->publish_time_ns = mms__load_relaxed(&slot->publish_ns);
    out->checksum = mms__load_relaxed(&slot->checksum);
    out->has_checksum = mms__load_relaxed(&slot->flags) & MMS__HAS_CHECKSUM;
}

/* What belongs to one generation, read without a pin: again until it fits. */
static int read_value(const struct mms__look *look, mms_info *out)
{
    uint64_t word = 0;

    int code = mms__check_boot_id(&look->place);

    if (code != 0 || mms__is_from_another_boot(&look->place, look->control))
        return code;
    for (int tries = 0; tries < 1000; tries++) {
        word = mms__load_acquire(&look->control->current); /* pair: mms__publish, the descriptor before it */
        if (word == MMS__TOMBSTONE)
            return mms__fail(MMS_E_GONE, "%s is being removed", look->place.path);
        if (word == 0)
            return 0;
        if (mms__word_slot(word) >= look->header.max_slots)
            break;
        read_descriptor(&look->control->slots[mms__word_slot(word)], out);
        if (mms__still_whole(&look->control->current, &look->control->slots[mms__word_slot(word)].generation, word)) {
            out->generation = mms__word_generation(word);
            out->slot = mms__word_slot(word);
            return 0;
        }
    }
    return mms__fail(MMS_E_CORRUPT, "%s/control names slot %u as current, which does not fit; run mmsync verify",
                     look->place.path, mms__word_slot(word));
}

/* ---- Around it ---- */

static void read_geometry(const struct mms__look *look, mms_info *out)
{
    out->region_id[0] = look->header.region_id[0];
    out->region_id[1] = look->header.region_id[1];
    out->max_size = look->header.max_size;
    out->max_slots = look->header.max_slots;
    out->max_readers = look->header.max_readers;
    out->slots_used = mms__load_relaxed(&look->control->slots_used);
    out->symmetric = mms__load_relaxed(&look->control->fence) != MMS__ASYMMETRIC;
    out->writer_pid = (pid_t)mms__load_relaxed(&look->control->writer_pid);
}

static int writer_alive(const struct mms__place *place)
{
    struct mms__file file;
    int locked;

    if (mms__file_open(place->directory.fd, "lock", O_RDONLY, 0, &file) != 0)
        return -1;
    locked = mms__byte_is_locked(file.fd, 0);
    mms__file_close(&file);
    return locked < 0 ? -1 : locked;
}

static uint64_t bytes_used(const struct mms__place *place)
{
    static const char *const names[] = {"control", "readers", "data"};
    struct stat status;
    uint64_t bytes = 0;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (fstatat(place->directory.fd, names[i], &status, AT_SYMLINK_NOFOLLOW) == 0)
            bytes += (uint64_t)status.st_blocks * 512;
    return bytes;
}

static void count_readers(const struct mms__look *look, mms_info *out)
{
    for (uint32_t i = 0; i < mms__look_lines(look); i++) {
        uint32_t owner = mms__load_acquire(&look->readers->lines[i].owner);

        if (owner == 0)
            continue;
        if (is_alive(look, owner))
            out->readers++;
        else
            out->readers_dead++;
    }
}

int mms_inspect(const char *path, mms_info *out)
{
    struct mms__look look;
    mms_info info = {.format = MMS_FORMAT_MMSYNC};
    const struct mms__foreign *foreign;
    struct mms__place place;
    int code;

    if (!out)
        return mms__fail(MMS_E_INVALID, "mms_inspect: out is NULL");
    code = mms__foreign_find(path, MMS_FORMAT_AUTO, &place, &foreign);
    if (code != 0 || foreign)
        return code != 0 ? code : foreign->inspect(&place, out);
    code = mms__look(place.path, &look);
    if (code != 0)
        return code;
    code = read_value(&look, &info);
    if (code == 0) {
        read_geometry(&look, &info);
        count_readers(&look, &info);
        info.writer_alive = writer_alive(&look.place);
        info.bytes_used = bytes_used(&look.place);
        *out = info;
    }
    mms__look_end(&look);
    return code;
}

/* ---- Readers ---- */

static mms_reader_info describe_line(const struct mms__look *look, uint32_t index, uint32_t owner)
{
    const struct mms__line *line = &look->readers->lines[index];
    uint64_t announce = mms__load_acquire(&line->announce);

    return (mms_reader_info){
        .pid = (pid_t)mms__load_relaxed(&line->pid),
        .tid = (pid_t)mms__load_relaxed(&line->tid),
        .alive = is_alive(look, owner),
        .pinned = (announce & MMS__TAG_MASK) != MMS__IDLE,
        .symmetric = mms__load_relaxed(&line->mode) != MMS__ASYMMETRIC,
        .allow_evict = mms__load_relaxed(&line->flags) & MMS__ALLOW_EVICT,
        .line = index,
        .generation = (announce & MMS__TAG_MASK) != MMS__IDLE ? announce >> 2 : 0,
    };
}

/* They are counted, and nothing says who they are. */
static int count_foreign(const struct mms__foreign *foreign, const struct mms__place *place, size_t *count)
{
    mms_info info;
    int code = foreign->inspect(place, &info);

    if (code == 0)
        *count = 0;
    return code;
}

int mms_inspect_readers(const char *path, mms_reader_info *out, size_t capacity, size_t *count)
{
    const struct mms__foreign *foreign;
    struct mms__place place;
    struct mms__look look;
    int code;

    if (!count || (!out && capacity > 0))
        return mms__fail(MMS_E_INVALID, "mms_inspect_readers: %s is NULL", count ? "out" : "count");
    code = mms__foreign_find(path, MMS_FORMAT_AUTO, &place, &foreign);
    if (code == 0 && foreign)
        return count_foreign(foreign, &place, count);
    if (code == 0)
        code = mms__look(place.path, &look);
    if (code != 0)
        return code;
    if (!look.readers) {
        code = mms__fail(-EACCES, "listing the readers of %s: its file `readers` may not be read", look.place.path);
        mms__look_end(&look);
        return code;
    }
    *count = 0;
    for (uint32_t i = 0; i < mms__look_lines(&look); i++) {
        uint32_t owner = mms__load_acquire(&look.readers->lines[i].owner);

        if (owner == 0)
            continue;
        if (*count < capacity)
            out[*count] = describe_line(&look, i, owner);
        ++*count;
    }
    mms__look_end(&look);
    return 0;
}
