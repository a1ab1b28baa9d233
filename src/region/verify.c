/* SPDX-License-Identifier: Apache-2.0 */
/* mms_verify: every structure of a region, from the outside in. A live region changes
   meanwhile, so each check is one that correct processes can never make fail. */
#include "base/checksum.h"
#include "base/error.h"
#include "handle/findings.h"
#include "os/file_checksum.h"
#include "region/anchor.h"
#include "region/backend.h"
#include "region/boot.h"
#include "region/changes.h"
#include "region/directory.h"
#include "region/files.h"
#include "region/inspection.h"
#include "region/protocol.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void check_lock_file(const struct mms__inspection *look, struct mms__findings *findings)
{
    struct stat status;
    int code = fstatat(look->place.directory.fd, "lock", &status, AT_SYMLINK_NOFOLLOW) == 0 ? 0 : -errno;

    if (code != 0 && code != -ENOENT)
        mms__find_unchecked(findings, mms__fail(code, "checking %s: looking at its file `lock`", look->place.path));
    else if (code != 0 || !S_ISREG(status.st_mode))
        mms__find(findings, "there is no regular file `lock`");
    else if ((status.st_mode & 077) != 0)
        mms__find(findings, "`lock` has mode %04o: others could keep a writer out; it should be 0600",
                  status.st_mode & 07777);
}

static void check_words(const struct mms__inspection *look, struct mms__findings *findings)
{
    uint32_t fence = mms__load_relaxed(&look->control->fence), used = mms__load_relaxed(&look->control->slots_used);

    if (fence != MMS__SYMMETRIC && fence != MMS__ASYMMETRIC)
        mms__find(findings, "control: there is no fence mode %u", fence);
    if (used > look->header.max_slots)
        mms__find(findings, "control: %u slots are in use, but there are only %u", used, look->header.max_slots);
}

/* Each generation is given out once, so no two slots have the same one. */
static int compare_generations(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

    return (left > right) - (left < right);
}

static void check_generations_differ(const struct mms__inspection *look, struct mms__findings *findings)
{
    uint32_t slots = look->header.max_slots;
    /* Two or more, says mms__header_check.
       NOLINTNEXTLINE(clang-analyzer-optin.portability.UnixAPI) */
    uint64_t *generations = calloc(slots, sizeof *generations);

    if (!generations) {
        mms__find_unchecked(findings, mms__fail(-ENOMEM, "checking %s: its %u slots", look->place.path, slots));
        return;
    }
    for (uint32_t i = 0; i < slots; i++)
        generations[i] = mms__load_relaxed(&look->control->slots[i].generation);
    qsort(generations, slots, sizeof *generations, compare_generations);
    for (uint32_t i = 1; i < slots; i++)
        if (generations[i] != 0 && generations[i] == generations[i - 1])
            mms__find(findings, "two slots have generation %" PRIu64, generations[i]);
    free(generations);
}

static void check_slots(const struct mms__inspection *look, struct mms__findings *findings)
{
    for (uint32_t i = 0; i < look->header.max_slots; i++) {
        const struct mms__descriptor *slot = &look->control->slots[i];
        uint64_t generation = mms__load_relaxed(&slot->generation);

        if (generation > MMS__GENERATION_MAX)
            mms__find(findings, "slot %u: generation %" PRIu64 " is over the limit", i, generation);
        if (mms__load_relaxed(&slot->allocated) > look->header.stride)
            mms__find(findings, "slot %u: claims to take %" PRIu64 " bytes, but there is room for %" PRIu64, i,
                      mms__load_relaxed(&slot->allocated), look->header.stride);
    }
    check_generations_differ(look, findings);
}

/* ---- The current value ---- */

/* False if it was replaced meanwhile. */
static bool check_value(const struct mms__inspection *look, uint64_t word, int data_fd, struct mms__findings *findings)
{
    unsigned index = mms__word_slot(word);
    const struct mms__descriptor *slot = &look->control->slots[index];
    uint64_t size = mms__load_relaxed(&slot->size), expected = mms__load_relaxed(&slot->checksum);
    bool has_checksum = mms__load_relaxed(&slot->flags) & MMS__HAS_CHECKSUM, fits = size <= look->header.max_size;
    uint64_t schema = mms__load_relaxed(&slot->schema_size);
    uint64_t found = expected;
    int code = has_checksum && fits ? mms__checksum_file(data_fd, index * look->header.stride, size, &found) : 0;

    if (!mms__still_whole(&look->control->current, &slot->generation, word))
        return false;
    if (!fits)
        mms__find(findings, "slot %u, current: size %" PRIu64 " is more than the region allows, %" PRIu64, index, size,
                  look->header.max_size);
    else if (code != 0)
        mms__find(findings, "slot %u, current: reading it from `data`: %s", index, mms_strerror(code));
    else if (!mms__schema_fits(size, schema, look->header.stride))
        mms__find(findings, "slot %u, current: %" PRIu64 " bytes of schema do not fit behind %" PRIu64 " of data",
                  index, schema, size);
    else if (found != expected)
        mms__find(findings, "slot %u, current: the data has checksum %016" PRIx64 ", and %016" PRIx64 " was published",
                  index, found, expected);
    return true;
}

/* After a look at the slot of `word`. The fence keeps that look before the load: whoever has
   seen a word of what is written to the slot next finds that `current` has moved on (pair: the
   fence in mms__slot_take, behind that move). */
static bool is_still_current(const struct mms__inspection *look, uint64_t word)
{
    mms__fence_acquire();
    return mms__load_relaxed(&look->control->current) == word;
}

/* Check the current value once. False if it was replaced meanwhile. */
static bool check_current_once(const struct mms__inspection *look, int data_fd, struct mms__findings *findings)
{
    /* Pair: mms__publish. An older state of the slot, beside this word, would look like damage. */
    uint64_t word = mms__load_acquire(&look->control->current);
    unsigned slot = mms__word_slot(word);
    uint64_t generation;
    bool whole;

    if (word == MMS__TOMBSTONE) {
        mms__find(findings, "the region is half removed: its remover died; remove it again");
        return true;
    }
    if (word == 0 || mms__is_from_another_boot(&look->place, look->control))
        return true;
    if (slot >= look->header.max_slots || slot >= mms__load_relaxed(&look->control->slots_used)) {
        mms__find(findings, "control: slot %u is current, and it was never used", slot);
        return true;
    }
    generation = mms__load_relaxed(&look->control->slots[slot].generation);
    whole = generation == mms__word_generation(word) ? check_value(look, word, data_fd, findings)
                                                     : is_still_current(look, word);
    if (!whole)
        return false;
    if (generation != mms__word_generation(word))
        mms__find(findings,
                  "control: generation %" PRIu64 " in slot %u is current, and the slot has generation %" PRIu64,
                  mms__word_generation(word), slot, generation);
    return true;
}

enum { RACES = 16 };

static int check_current_until_stable(const struct mms__inspection *look, int data_fd, struct mms__findings *findings)
{
    for (int tries = 0; tries < RACES; tries++)
        if (check_current_once(look, data_fd, findings))
            return 0;
    return mms__fail(MMS_E_AGAIN,
                     "checking %s: its value was replaced during each of %d checks, so it was not checked; try again "
                     "while less is published",
                     look->place.path, RACES);
}

static void check_current(const struct mms__inspection *look, struct mms__findings *findings)
{
    struct mms__file file;
    int code = mms__check_boot(&look->place, look->control);

    if (code != 0) {
        mms__find_unchecked(findings, code);
        return;
    }
    code = mms__open_data(&look->place, &look->header, false, &file);
    if (code == MMS_E_CORRUPT || code == MMS_E_NOT_REGION) {
        mms__find(findings, "%s", mms_last_error());
        return;
    }
    if (code != 0) {
        mms__find_unchecked(findings, code);
        return;
    }
    code = check_current_until_stable(look, file.fd, findings);
    if (code != 0)
        mms__find_unchecked(findings, code);
    mms__file_close(&file);
}

/* ---- What has changed ---- */

/* From the current value's record on. False if there is none, or another value has become current. */
static bool find_records(const struct mms__inspection *look, struct mms__walk *walk)
{
    uint64_t word = mms__load_acquire(&look->control->current); /* pair: mms__publish */
    unsigned index = mms__word_slot(word);

    if (index >= look->header.max_slots) /* of the tombstone, too */
        return false;
    *walk = (struct mms__walk){.at = mms__load_relaxed(&look->control->slots[index].changes_at),
                               .generation = mms__word_generation(word)};
    return mms__still_whole(&look->control->current, &look->control->slots[index].generation, word);
}

/* They may be overwritten while we look. */
static void check_records(const struct mms__ring *ring, struct mms__walk walk, struct mms__findings *findings)
{
    struct mms__range_set set = {0};
    uint64_t smallest;

    if (mms__ring_walk(ring, walk, &set, &smallest) == MMS_E_CORRUPT)
        mms__find(findings,
                  "changes: the records of what generation %" PRIu64 " and those before it changed are damaged",
                  walk.generation);
    mms__range_set_free(&set);
}

static void check_changes_file(const struct mms__inspection *look, struct mms__findings *findings)
{
    /* First: a file that is made anew has the records of all values before it, or has forgotten them. */
    struct mms__walk walk;
    bool has_records = find_records(look, &walk);
    struct mms__ring ring;
    int code;

    MMS__STEP(verify_records_found);
    code = mms__ring_open(look->place.directory.fd, &look->header, false, &ring);
    if (code == -EACCES)
        mms__note(findings, "`changes` may not be read by this user, so it was not checked");
    else if (code == MMS_E_CORRUPT)
        mms__find(findings, "changes: it is damaged, or belongs to another region; the next update makes it anew");
    else if (code != 0 && code != -ENOENT && code != -ENODATA)
        mms__find_unchecked(findings, mms__fail(code, "checking %s: opening its file `changes`", look->place.path));
    if (code != 0)
        return;
    if (has_records)
        check_records(&ring, walk, findings);
    mms__ring_close(&ring);
}

/* ---- What is whole on the disk ---- */

/* MMS_E_CORRUPT: none of them is good. `sums`: of all bytes that were read. */
static int read_anchors(const struct mms__inspection *look, int fd, uint64_t sums[MMS__ANCHORS])
{
    struct mms__anchor anchor = {.generation = 0};
    bool is_one_good = false;

    for (unsigned i = 0; i < MMS__ANCHORS; i++) {
        int code = mms__anchor_read(fd, &look->header, i, &anchor);

        if (code != 0 && code != MMS_E_CORRUPT)
            return mms__fail(code, "checking %s: reading its file `durable`", look->place.path);
        is_one_good |= code == 0;
        sums[i] = mms__checksum(&anchor, sizeof anchor);
    }
    return is_one_good ? 0 : MMS_E_CORRUPT;
}

/* A writer stores one at a time, but they are read one after the other, and a store may fall into each of the reads. What is
   damaged is the same bytes when it is read again. */
static int check_anchors(const struct mms__inspection *look, int fd, struct mms__findings *findings)
{
    uint64_t before[MMS__ANCHORS] = {0}, now[MMS__ANCHORS];

    for (int tries = 0; tries < RACES; tries++) {
        int code = read_anchors(look, fd, now);

        if (code != MMS_E_CORRUPT)
            return code;
        if (tries > 0 && memcmp(before, now, sizeof now) == 0) {
            mms__find(findings, "durable: neither of its two blocks that say what is whole on the disk is good");
            return 0;
        }
        memcpy(before, now, sizeof now);
    }
    return mms__fail(MMS_E_AGAIN,
                     "checking %s: its file `durable` was written during each of %d checks, so it was not checked; "
                     "try again while less is published",
                     look->place.path, RACES);
}

static void check_durable_file(const struct mms__inspection *look, struct mms__findings *findings)
{
    struct mms__file file;
    int code;

    if (!mms__header_is_durable(&look->header))
        return;
    code = mms__open_durable(&look->place, &look->header, false, &file);
    if (code == -EACCES)
        mms__note(findings, "`durable` may not be read by this user, so it was not checked");
    else if (code == MMS_E_CORRUPT || code == MMS_E_NOT_REGION)
        mms__find(findings, "%s", mms_last_error());
    else if (code != 0)
        mms__find_unchecked(findings, code);
    if (code != 0)
        return;
    code = check_anchors(look, file.fd, findings);
    if (code != 0)
        mms__find_unchecked(findings, code);
    mms__file_close(&file);
}

/* ---- The reader table ---- */

static void check_line(const struct mms__inspection *look, uint32_t index, uint64_t highest,
                       struct mms__findings *findings)
{
    const struct mms__line *line = &look->readers->lines[index]; /* in any order: these limits hold at every moment */
    uint64_t announce = mms__load_acquire(&line->announce);
    uint32_t owner = mms__load_acquire(&line->owner), mode = mms__load_relaxed(&line->mode);

    if (owner > look->header.max_readers)
        mms__find(findings, "reader line %u: there is no owner %u", index, owner);
    if (mode > MMS__ASYMMETRIC)
        mms__find(findings, "reader line %u: there is no fence mode %u", index, mode);
    if ((announce & MMS__TAG_MASK) == MMS__TAG_MASK ||
        ((announce & MMS__TAG_MASK) == MMS__IDLE && announce != MMS__IDLE))
        mms__find(findings, "reader line %u: announcement %016" PRIx64 " has no valid tag", index, announce);
    else if (announce >> 2 > highest)
        mms__find(findings, "reader line %u: announces generation %" PRIu64 ", which was never given out", index,
                  announce >> 2);
}

static void check_readers(const struct mms__inspection *look, struct mms__findings *findings)
{
    uint32_t mark;

    if (!look->readers) {
        mms__note(findings, "`readers` may not be read by this user, so it was not checked");
        return;
    }
    mark = mms__load_relaxed(&look->readers->high_water);
    if (mark > look->header.max_readers)
        mms__find(findings, "readers: high-water mark %u, but there are only %u lines", mark, look->header.max_readers);
    for (uint32_t i = 0; i < mms__inspection_lines(look); i++)
        check_line(look, i, MMS__GENERATION_MAX, findings);
}

/* Who removes or replaces a region renames its directory first (remove.c, replace.c), and whatever looks like damage of that
   is found later. */
static bool is_gone(const void *place)
{
    return mms__place_is_gone(place);
}

static int verify_once(const struct mms__place *place, struct mms__findings *findings)
{
    struct mms__inspection look;
    int code = mms__inspection_open(place, &look);

    if (code != 0)
        return mms__find_no_files(findings, code);
    findings->is_moot = is_gone;
    findings->subject = &look.place;
    check_lock_file(&look, findings);
    check_words(&look, findings);
    check_slots(&look, findings);
    check_current(&look, findings);
    check_readers(&look, findings);
    check_changes_file(&look, findings);
    check_durable_file(&look, findings);
    code = mms__findings_end(findings, look.place.path);
    findings->subject = NULL; /* it ends with `look` */
    mms__inspection_close(&look);
    return code;
}

int mms__native_verify(const struct mms__place *place, void (*report)(void *context, const char *finding),
                       void *context)
{
    for (int tries = 0; tries < RACES; tries++) {
        struct mms__findings findings = {.report = report, .context = context};
        int code = verify_once(place, &findings);

        if (!findings.moot || findings.count > 0)
            return code;
    }
    return mms__fail(MMS_E_GONE, "checking %s: it kept being replaced (%d tries)", place->path, RACES);
}
