/* SPDX-License-Identifier: Apache-2.0 */
/* Making, opening and checking the file `changes`. The writer recreates a damaged or unfinished
   one: all that is lost is the answer to mms_changes. */
#include "base/error.h"
#include "base/libc.h"
#include "base/minmax.h"
#include "os/process.h"
#include "region/changes.h"
#include "region/create_parts.h"
#include "region/directory.h"
#include "region/header.h"
#include "region/parts.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FINAL mms__parts[MMS__PART_CHANGES].name
/* What a new file is called until it is whole. So readers find the one before it, or none, or all of it; and if there is no
   room for it, the one before stays. */
#define TEMPORARY mms__parts[MMS__PART_NEW_CHANGES].name

enum { WORD_SIZE = sizeof(uint64_t) };

#ifndef MMS__SHORTEST_RING
#define MMS__SHORTEST_RING 4096
#endif
/* The most that options.changes_size allows; more could wrap a size_t of 32 bits. */
#define LARGEST (UINT64_C(1) << 30)

/* No writer stores a position above this. */
#define HIGHEST_POSITION (UINT64_C(1) << 62)

void mms__ring_close(struct mms__ring *ring)
{
    mms__unmap(&ring->map);
    *ring = (struct mms__ring){.file = MMS__NO_FILE};
}

/* ---- Opening ---- */

/* What its header must be, byte for byte. */
static struct mms__header header_for(const struct mms__header *region)
{
    struct mms__header header = *region;

    mms__header_seal(&header, MMS__CHANGES_MAGIC);
    return header;
}

/* Made but not filled, by a power cut or by a version that filled it under its final name. The header came last. */
static bool is_unfinished(const struct mms__changes *start)
{
    static const struct mms__header nothing;

    return memcmp(&start->header, &nothing, sizeof nothing) == 0;
}

static int check_start(const struct mms__changes *start, const struct mms__header *region, uint64_t file_size)
{
    const struct mms__header header = header_for(region);
    uint64_t size = start->ring_size;

    if (is_unfinished(start))
        return -ENODATA;
    if (memcmp(&start->header, &header, sizeof header) != 0 || size < MMS__SHORTEST_RING || size > LARGEST ||
        (size & (size - 1)) != 0 || file_size != sizeof *start + size)
        return MMS_E_CORRUPT;
    return 0;
}

/* Stores the size of the ring, if the file is whole. */
static int read_start(int fd, const struct mms__header *region, uint64_t *size)
{
    struct mms__changes start = {.ring_size = 0};
    struct stat status;
    int code;

    if (fstat(fd, &status) != 0)
        return -errno;
    if (status.st_size == 0)
        return -ENODATA;
    if ((uint64_t)status.st_size < sizeof start)
        return MMS_E_CORRUPT;
    code = mms__read_at(fd, &start, sizeof start, 0);
    if (code == 0)
        code = check_start(&start, region, (uint64_t)status.st_size);
    *size = start.ring_size;
    return code;
}

static int map_ring(const struct mms__header *region, bool writable, struct mms__ring *ring)
{
    int code = read_start(ring->file.fd, region, &ring->size);

    if (code == 0)
        code = mms__map_file(ring->file.fd, sizeof(struct mms__changes) + (size_t)ring->size,
                             writable ? PROT_READ | PROT_WRITE : PROT_READ, writable, &ring->map);
    if (code != 0)
        return code;
    ring->shared = ring->map.base;
    (void)mms__populate(ring->map.base, ring->map.size, false);
    return 0;
}

int mms__ring_open(int directory, const struct mms__header *region, bool writable, struct mms__ring *ring)
{
    int code;

    *ring = (struct mms__ring){.file = MMS__NO_FILE};
    code = mms__file_open(directory, FINAL, writable ? O_RDWR : O_RDONLY, 0, &ring->file);
    if (code != 0)
        return code == MMS_E_NOT_REGION ? MMS_E_CORRUPT : code;
    code = map_ring(region, writable, ring);
    mms__file_close(&ring->file);
    return code;
}

/* ---- Making ---- */

static int fail_making(const struct mms__place *place, int code, uint64_t size)
{
    if (code == -ENOSPC || code == -EDQUOT)
        return mms__fail(code,
                         "updating %s: no room for %llu bytes of its file `changes`; the last value stays. Free some, "
                         "or give a smaller options.changes_size",
                         place->path, (unsigned long long)size);
    return mms__fail(code, "updating %s: making its file `changes`, which is `changes.new` first", place->path);
}

/* Where an empty ring begins: above every position that was used, and never 0. */
static uint64_t begin_above(uint64_t highest, uint64_t size)
{
    return highest <= HIGHEST_POSITION ? mms__round_up(highest, size) + size : size;
}

/* Reserve all of it now: its words are stored through a mapping, where a full disk kills. Their padding is not
   written: it is zeros in the file, and anything on this stack. */
static int fill(const struct mms__place *place, int fd, const struct mms__header *region, uint64_t size, uint64_t begin)
{
    const struct mms__changes start = {header_for(region), begin, begin, size};
    int code = mms__set_length(fd, sizeof start + size);

    MMS__STEP(changes_file_sized);
    if (code == 0)
        code = mms__reserve_file(place, fd, sizeof start + size);
    MMS__STEP(changes_file_reserved);
    if (code != 0)
        return code;
    return mms__write_at(fd, &start, offsetof(struct mms__changes, ring_size) + WORD_SIZE, 0);
}

/* Everyone who may read the value may read this. */
static int copy_rights(int fd, const struct stat *like)
{
    struct stat own;

    if (fstat(fd, &own) != 0)
        return -errno;
    if ((own.st_uid != like->st_uid || own.st_gid != like->st_gid) && fchown(fd, like->st_uid, like->st_gid) != 0)
        return -errno;
    return fchmod(fd, like->st_mode & 0666) == 0 ? 0 : -errno;
}

struct wanted {
    const struct mms__header *region;
    uint64_t size;
    struct mms__positions used;
    const struct mms__ring *old; /* its records are carried over; NULL: there is none */
    struct mms__ring *ring;
};

/* Copy the newest records of another ring, each to its position: nobody sees this one yet. */
static void carry_over(struct mms__ring *ring, const struct mms__ring *old)
{
    uint64_t tail = mms__load_relaxed(&old->shared->tail), head = mms__load_relaxed(&old->shared->head);

    if (head - tail > ring->size)
        tail = head - ring->size;
    for (uint64_t at = tail; at < head; at += WORD_SIZE)
        mms__store_relaxed(&ring->shared->ring[(at & (ring->size - 1)) / WORD_SIZE],
                           mms__load_relaxed(&old->shared->ring[(at & (old->size - 1)) / WORD_SIZE]));
    MMS__STEP(changes_carried);
    mms__store_relaxed(&ring->shared->tail, tail);
}

/* Remove what a writer that died or failed has left. */
static int sweep(const struct mms__place *place)
{
    return unlinkat(place->directory.fd, TEMPORARY, 0) == 0 || errno == ENOENT ? 0 : -errno;
}

static int make_and_map(const struct mms__place *place, const struct stat *like, const struct wanted *wanted,
                        uint64_t begin)
{
    struct mms__ring *ring = wanted->ring;
    int code = mms__file_open(place->directory.fd, TEMPORARY, O_RDWR | O_CREAT | O_EXCL, 0600, &ring->file);

    if (code != 0)
        return code;
    MMS__STEP(changes_file_made);
    code = fill(place, ring->file.fd, wanted->region, wanted->size, begin);
    MMS__STEP(changes_file_filled);
    if (code == 0)
        code = copy_rights(ring->file.fd, like);
    MMS__STEP(changes_rights_set);
    if (code == 0)
        code = map_ring(wanted->region, true, ring);
    mms__file_close(&ring->file);
    return code;
}

/* Positions below the size of a ring are not used, so records from there are left behind. */
static int make_whole(const struct mms__place *place, const struct stat *like, const struct wanted *wanted)
{
    uint64_t head = wanted->old ? mms__load_relaxed(&wanted->old->shared->head) : 0;
    bool keeps_place = wanted->old && head >= wanted->size;
    int code;

    if (keeps_place) {
        code = make_and_map(place, like, wanted, head);
        if (code == 0)
            carry_over(wanted->ring, wanted->old);
        return code;
    }
    return make_and_map(place, like, wanted,
                        begin_above(mms__max(head, mms__max(wanted->used.highest, wanted->used.end)), wanted->size));
}

/* `flags`: of renameat2. */
static int make(const struct mms__place *place, const struct stat *like, const struct wanted *wanted, unsigned flags)
{
    int code = sweep(place), directory = place->directory.fd;

    *wanted->ring = (struct mms__ring){.file = MMS__NO_FILE};
    if (code == 0)
        code = make_whole(place, like, wanted);
    if (code == 0 && renameat2(directory, TEMPORARY, directory, FINAL, flags) != 0)
        code = -errno;
    MMS__STEP(changes_file_named);
    if (code == 0)
        return 0;
    mms__ring_close(wanted->ring);
    (void)sweep(place);
    return code;
}

/* A ring that a power loss or somebody has damaged starts over, empty. It reuses no position. */
static void straighten(struct mms__ring *ring, const struct mms__positions *used)
{
    struct mms__changes *shared = ring->shared;
    uint64_t head = mms__load_relaxed(&shared->head), tail = mms__load_relaxed(&shared->tail), fresh;

    if (head <= HIGHEST_POSITION && head % 16 == 0 && head >= ring->size && head > used->highest && tail <= head &&
        head - tail <= ring->size)
        return;
    fresh = begin_above(mms__max(mms__max(head, tail), mms__max(used->highest, used->end)), ring->size);
    mms__store_relaxed(&shared->tail, fresh);
    mms__fence_seq_cst(); /* as in mms__ring_append */
    mms__store_relaxed(&shared->head, fresh);
}

static int fail_gone(const struct mms__place *place)
{
    return mms__fail(MMS_E_GONE, "updating %s: its files are gone; open the writer again", place->path);
}

/* Fails if the open directory is not the one that `like` was opened in. Stores its status. */
static int check_directory(const struct mms__place *place, const struct mms__file *like, struct stat *status)
{
    if (fstatat(place->directory.fd, "data", status, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno != ENOENT)
            return mms__fail_errno("updating %s: looking at its file `data`", place->path);
    } else if (mms__file_is(like, status->st_dev, status->st_ino)) {
        return 0;
    }
    return fail_gone(place);
}

static int open_or_make(const struct mms__place *place, const struct stat *like, const struct wanted *wanted)
{
    int code = mms__ring_open(place->directory.fd, wanted->region, true, wanted->ring);

    MMS__STEP(changes_file_looked_for);
    if (code == -ENOENT) /* what comes meanwhile was not looked at, so it stays */
        return make(place, like, wanted, RENAME_NOREPLACE);
    if (code == -ENODATA || code == MMS_E_CORRUPT)
        return make(place, like, wanted, 0);
    (void)sweep(place);
    return code;
}

static int remake(const struct mms__place *place, const struct stat *like, const struct wanted *wanted)
{
    return make(place, like, wanted, 0);
}

/* Do that in the region's directory, which is opened for it. */
static int in_directory(const struct mms__place *place, const struct mms__file *like, const struct wanted *wanted,
                        int (*act)(const struct mms__place *, const struct stat *, const struct wanted *))
{
    struct mms__place open = *place;
    struct stat status;
    int code;

    mms__fork_hold();
    code = mms__place_open_any(&open);               /* a file in it is compared */
    if (code == -ENOENT || code == MMS_E_NOT_REGION) /* there was one when the writer opened it */
        code = fail_gone(place);
    if (code == 0) {
        code = check_directory(&open, like, &status);
        if (code == 0 && (code = act(&open, &status, wanted)) != 0)
            (void)fail_making(&open, code, wanted->size);
        mms__place_close(&open);
    }
    mms__fork_release();
    return code;
}

int mms__ring_provide(const struct mms__place *place, const struct mms__header *region, const struct mms__file *like,
                      uint64_t size, const struct mms__positions *used, struct mms__ring *ring)
{
    const struct wanted wanted = {region, size, *used, NULL, ring};
    int code = in_directory(place, like, &wanted, open_or_make);

    if (code == 0)
        straighten(ring, used);
    return code;
}

int mms__ring_renew(const struct mms__place *place, const struct mms__header *region, const struct mms__file *like,
                    uint64_t size, const struct mms__ring *old, struct mms__ring *ring)
{
    const struct wanted wanted = {region, size, {0, 0}, old, ring};

    return in_directory(place, like, &wanted, remake);
}
