/* SPDX-License-Identifier: Apache-2.0 */
/* Inspecting a region from outside: no writer need be alive, and no line is claimed. */
#include "base/error.h"
#include "base/minmax.h"
#include "region/anchor.h"
#include "region/backend.h"
#include "region/boot.h"
#include "region/directory.h"
#include "region/files.h"
#include "region/inspection.h"
#include "region/parts.h"
#include "region/protocol.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static int open_table(struct mms__inspection *look)
{
    int code = mms__region_open_readers(&look->place, &look->header, false, &look->readers_file);

    if (code != 0)
        return code == -EACCES ? 0 : code; /* some users may see the value and not the readers */
    code = mms__map_readers(&look->place, &look->header, false, look->readers_file.fd, &look->readers_map);
    if (code != 0)
        return code;
    look->readers = look->readers_map.base;
    return 0;
}

/* In the directory that is open. */
static int open_parts(struct mms__inspection *look)
{
    int code = mms__region_open_control(&look->place, false, &look->control_file, &look->control_map, &look->header);

    if (code != 0)
        return code;
    look->control = look->control_map.base;
    return open_table(look);
}

/* -EAGAIN: it was removed or replaced under us. */
static int open_once(const struct mms__place *place, struct mms__inspection *look)
{
    bool gone;
    int code;

    *look = (struct mms__inspection){.place = *place,
                                     .control_file = {.fd = -1},
                                     .data_file = {.fd = -1},
                                     .readers_file = {.fd = -1},
                                     .lock_file = {.fd = -1}};
    code = mms__place_open_any(&look->place);
    if (code != 0)
        return code;
    code = open_parts(look);
    if (code == 0)
        return 0;
    gone = mms__place_is_gone(&look->place);
    mms__inspection_close(look);
    return gone ? -EAGAIN : code;
}

/* How often a region may be replaced while we open it. */
enum { INSPECTION_TRIES = 16 };

int mms__inspection_open(const struct mms__place *place, struct mms__inspection *look)
{
    for (int tries = 0; tries < INSPECTION_TRIES; tries++) {
        int code = open_once(place, look);

        if (code != -EAGAIN)
            return code;
    }
    return mms__fail(MMS_E_GONE, "opening %s to inspect it: it kept being replaced (%d tries)", place->path,
                     INSPECTION_TRIES);
}

void mms__inspection_close(struct mms__inspection *look)
{
    mms__unmap(&look->control_map);
    mms__unmap(&look->readers_map);
    mms__file_close(&look->control_file);
    mms__file_close(&look->data_file);
    mms__file_close(&look->readers_file);
    mms__file_close(&look->lock_file);
    mms__place_close(&look->place);
}

uint32_t mms__inspection_lines(const struct mms__inspection *look)
{
    uint32_t mark = look->readers ? mms__load_acquire(&look->readers->high_water) : 0;

    return mark < look->header.max_readers ? mark : look->header.max_readers;
}

static bool is_alive(const struct mms__inspection *look, uint32_t owner)
{
    /* Where locks cannot be tested, nothing says that it is dead. */
    return owner <= look->header.max_readers && mms__test_byte(look->readers_file.fd, MMS__LOCK_BASE + owner) != 0;
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

/* How often the value may be replaced while it is looked at. */
enum { LOOKS = 1000 };

/* Everything about one generation, read without a pin: again until it fits together. */
static int read_value(const struct mms__inspection *look, mms_info *out)
{
    int code = mms__check_boot(&look->place, look->control);

    if (code != 0 || mms__is_from_another_boot(&look->place, look->control))
        return code;
    for (int tries = 0; tries < LOOKS; tries++) {
        uint64_t word = mms__load_acquire(&look->control->current); /* pair: mms__publish, the descriptor before it */

        if (word == MMS__TOMBSTONE)
            return mms__fail(MMS_E_GONE, "%s is being removed", look->place.path);
        if (word == 0)
            return 0;
        if (mms__word_slot(word) >= look->header.max_slots)
            return mms__fail(MMS_E_CORRUPT,
                             "%s/control names slot %u as current, which does not fit; run mmsync verify",
                             look->place.path, mms__word_slot(word));
        read_descriptor(&look->control->slots[mms__word_slot(word)], out);
        if (mms__still_whole(&look->control->current, &look->control->slots[mms__word_slot(word)].generation, word)) {
            out->generation = mms__word_generation(word);
            out->slot = mms__word_slot(word);
            return 0;
        }
    }
    return mms__fail(MMS_E_AGAIN, "inspecting %s: each of %d values was replaced while it was looked at; try again",
                     look->place.path, LOOKS);
}

/* ---- Around it ---- */

static void read_geometry(const struct mms__inspection *look, mms_info *out)
{
    out->region_id[0] = look->header.region_id[0];
    out->region_id[1] = look->header.region_id[1];
    out->max_size = look->header.max_size;
    out->max_slots = look->header.max_slots;
    out->max_readers = look->header.max_readers;
    out->slots_used = mms__load_relaxed(&look->control->slots_used);
    out->symmetric = mms__load_relaxed(&look->control->fence) != MMS__ASYMMETRIC;
    out->writer_pid = (pid_t)mms__load_relaxed(&look->control->writer_pid);
    out->keep = mms__load_relaxed(&look->control->keep);
    out->refused = mms__load_relaxed(&look->control->refused);
    out->evicted = mms__load_relaxed(&look->control->evicted);
}

/* As in mms_info: 1 alive, 0 not, -1 not known. */
static int writer_alive(const struct mms__inspection *look)
{
    int code = look->lock_file.fd < 0 ? -EBADF : mms__test_byte(look->lock_file.fd, 0);

    return code == 0 ? 0 : code == -EAGAIN ? 1 : -1;
}

/* As the writer noted it: who maps a file cannot see what pages it is in. */
static uint64_t bytes_huge(const struct mms__inspection *look)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < mms__slots_used(look->control, look->header.max_slots); i++)
        bytes += mms__min(mms__load_relaxed(&look->control->slots[i].huge), look->header.stride);
    return bytes;
}

static void count_readers(const struct mms__inspection *look, mms_info *out)
{
    for (uint32_t i = 0; i < mms__inspection_lines(look); i++) {
        uint32_t owner = mms__load_acquire(&look->readers->lines[i].owner);

        if (owner == 0)
            continue;
        if (is_alive(look, owner))
            out->readers++;
        else
            out->readers_dead++;
    }
}

static bool has_readers(const struct mms__inspection *look)
{
    for (uint32_t i = 0; i < mms__inspection_lines(look); i++)
        if (mms__load_relaxed(&look->readers->lines[i].owner) != 0)
            return true;
    return false;
}

/* ---- Its files ---- */

/* What mms__file_open and fstatat want: the open directory and a name in it, or the whole path, for which there is room. */
struct part_name {
    int directory;
    char text[sizeof((struct mms__place *)0)->path + 16];
};

static void name_part(const struct mms__inspection *look, enum mms__part part, struct part_name *name)
{
    const char *path = look->place.path;
    char *at = name->text;

    name->directory = look->place.directory.fd >= 0 ? look->place.directory.fd : AT_FDCWD;
    if (name->directory == AT_FDCWD) {
        at = stpcpy(at, path);
        *at++ = '/';
    }
    (void)stpcpy(at, mms__parts[part].name);
}

static bool stat_by_name(const struct mms__inspection *look, enum mms__part part, struct stat *status)
{
    struct part_name name;

    name_part(look, part, &name);
    return fstatat(name.directory, name.text, status, AT_SYMLINK_NOFOLLOW) == 0;
}

/* A file that stays open from one look to the next: the host may have closed it, and somebody may have deleted it. */
static bool stat_kept(struct mms__file *file, struct stat *status)
{
    if (mms__file_stat(file, status) == 0 && status->st_nlink > 0)
        return true;
    mms__file_close(file);
    return false;
}

static void open_by_name(const struct mms__inspection *look, enum mms__part part, int flags, struct mms__file *file)
{
    struct part_name name;

    name_part(look, part, &name);
    if (mms__file_open(name.directory, name.text, flags, 0, file) != 0)
        file->fd = -1;
}

/* It is opened for its locks alone, which tell the dead readers. Those of any other file than the mapped one tell nothing. */
static bool stat_readers(struct mms__inspection *look, struct stat *status)
{
    struct mms__file file = {.fd = -1};

    if (stat_kept(&look->readers_file, status))
        return true;
    if (look->readers && has_readers(look))
        open_by_name(look, MMS__PART_READERS, O_RDONLY, &file);
    if (file.fd >= 0 && mms__file_is(&look->readers_file, file.device, file.inode))
        look->readers_file.fd = file.fd;
    else
        mms__file_close(&file);
    return stat_by_name(look, MMS__PART_READERS, status);
}

static bool stat_and_keep(const struct mms__inspection *look, enum mms__part part, int flags, struct mms__file *file,
                          struct stat *status)
{
    if (stat_kept(file, status))
        return true;
    open_by_name(look, part, flags, file);
    return mms__file_stat(file, status) == 0 || stat_by_name(look, part, status);
}

static bool stat_control(struct mms__inspection *look, struct stat *status)
{
    bool is_there = stat_by_name(look, MMS__PART_CONTROL, status);

    look->has_moved = !is_there || !mms__file_is(&look->control_file, status->st_dev, status->st_ino);
    return is_there;
}

static bool stat_part(struct mms__inspection *look, enum mms__part part, struct stat *status)
{
    switch (part) {
    case MMS__PART_DATA: return stat_and_keep(look, part, O_PATH, &look->data_file, status);
    case MMS__PART_READERS: return stat_readers(look, status);
    case MMS__PART_LOCK: return stat_and_keep(look, part, O_RDONLY, &look->lock_file, status);
    case MMS__PART_CONTROL: return stat_control(look, status);
    case MMS__PART_NEW_CHANGES: return false; /* there for a moment only */
    case MMS__PART_DURABLE: return mms__header_is_durable(&look->header) && stat_by_name(look, part, status);
    default: return stat_by_name(look, part, status);
    }
}

/* Whether all are there that a reader needs, and how much room they take. */
static bool look_at_files(struct mms__inspection *look, uint64_t *bytes)
{
    struct stat status;
    bool whole = true;

    *bytes = 0;
    for (int i = 0; i < MMS__PART_COUNT; i++) {
        bool is_there = stat_part(look, (enum mms__part)i, &status);

        if (is_there)
            *bytes += (uint64_t)status.st_blocks * 512;
        if (i == MMS__PART_DATA)
            whole &= is_there && (uint64_t)status.st_size == mms__data_size(&look->header);
        if (i == MMS__PART_READERS)
            whole &= is_there;
    }
    return whole;
}

static int fail_incomplete(const struct mms__inspection *look)
{
    int code = mms__check_data(&look->place, &look->header);

    return code != 0 ? code : mms__fail_missing(&look->place, "readers");
}

/* An anchor that is ahead of the current value is of a commit that is under way, or has failed: the disk may not have it.
   Then the other one counts, unless `control` is older than both (mms__durable_is_behind). */
static uint64_t durable_generation(const struct mms__inspection *look, int fd, const struct mms__anchor *newest,
                                   unsigned place, uint64_t current)
{
    struct mms__anchor other;

    if (newest->generation <= current || mms__is_from_another_boot(&look->place, look->control))
        return newest->generation;
    if (mms__anchor_read(fd, &look->header, 1 - place, &other) == 0 && other.generation <= current)
        return other.generation;
    return newest->generation;
}

/* The two are read at two times, so beside a writer that commits both may look torn. */
static int find_anchor(const struct mms__inspection *look, int fd, struct mms__anchor *newest, unsigned *place,
                       uint64_t *lost)
{
    int code = MMS_E_CORRUPT;

    for (int i = 0; i < 3 && code == MMS_E_CORRUPT; i++)
        code = mms__anchor_find(fd, &look->header, newest, place, lost);
    return code;
}

/* A user who may not read the file learns only that there is one. */
static void read_durable(const struct mms__inspection *look, mms_info *out)
{
    struct mms__file file = MMS__NO_FILE;
    struct mms__anchor newest;
    unsigned place;
    uint64_t lost;

    out->durable = mms__header_is_durable(&look->header);
    if (out->durable)
        open_by_name(look, MMS__PART_DURABLE, O_RDONLY, &file);
    if (file.fd >= 0 && find_anchor(look, file.fd, &newest, &place, &lost) == 0) {
        out->durable_generation = durable_generation(look, file.fd, &newest, place, out->generation);
        out->durable_lost = lost;
    }
    mms__file_close(&file);
}

int mms__inspection_tell(struct mms__inspection *look, mms_info *out)
{
    mms_info info = {.generation = 0};
    bool is_whole = look_at_files(look, &info.bytes_used); /* opens what is needed below */
    int code = read_value(look, &info); /* after that: a removal stores its tombstone, then unlinks */

    if (code == 0 && !is_whole)
        code = fail_incomplete(look);
    if (code != 0)
        return code;
    read_geometry(look, &info);
    count_readers(look, &info);
    info.writer_alive = writer_alive(look);
    info.bytes_huge = bytes_huge(look);
    read_durable(look, &info);
    *out = info;
    return 0;
}

int mms__native_inspect(const struct mms__place *place, mms_info *out)
{
    struct mms__inspection look;
    int code = mms__inspection_open(place, &look);

    if (code != 0)
        return code;
    code = mms__inspection_tell(&look, out);
    mms__inspection_close(&look);
    return code;
}

/* ---- Readers ---- */

static mms_reader_info describe_line(const struct mms__inspection *look, uint32_t index, uint32_t owner)
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

static int list_readers(const struct mms__inspection *look, mms_reader_info *out, size_t capacity, size_t *count)
{
    if (!look->readers)
        return mms__fail(-EACCES, "listing the readers of %s: its file `readers` may not be read", look->place.path);
    *count = 0;
    for (uint32_t i = 0; i < mms__inspection_lines(look); i++) {
        uint32_t owner = mms__load_acquire(&look->readers->lines[i].owner);

        if (owner == 0)
            continue;
        if (*count < capacity)
            out[*count] = describe_line(look, i, owner);
        ++*count;
    }
    return 0;
}

int mms__native_inspect_readers(const struct mms__place *place, mms_reader_info *out, size_t capacity, size_t *count)
{
    struct mms__inspection look;
    int code = mms__inspection_open(place, &look);

    if (code != 0)
        return code;
    code = list_readers(&look, out, capacity, count);
    mms__inspection_close(&look);
    return code;
}
