/* SPDX-License-Identifier: Apache-2.0 */
/* mms_verify: every structure of a region, from the outside in. A live region changes while it is looked at, so each
   check is one that no correct process can make fail, at any moment. */
#include "core/attach.h"
#include "core/checksum.h"
#include "core/error.h"
#include "core/foreign.h"
#include "core/look.h"
#include "core/protocol.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

struct report {
    void (*function)(void *context, const char *finding);
    void *context;
    unsigned findings;
    int code; /* 0, or what kept us from looking at everything; a detail is stored */
};

static void find(struct report *report, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void find(struct report *report, const char *format, ...)
{
    char text[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    report->findings++;
    if (report->function)
        report->function(report->context, text);
}

/* Worth saying, and nothing wrong. */
static void note(const struct report *report, const char *text)
{
    if (report->function)
        report->function(report->context, text);
}

static void check_lock_file(const struct mms__look *look, struct report *report)
{
    struct stat status;

    int code = fstatat(look->place.directory.fd, "lock", &status, AT_SYMLINK_NOFOLLOW) == 0 ? 0 : -errno;

    if (code != 0 && code != -ENOENT)
        report->code = mms__fail(code, "checking %s: looking at its file `lock`", look->place.path);
    else if (code != 0 || !S_ISREG(status.st_mode))
        find(report, "there is no regular file `lock`");
    else if ((status.st_mode & 077) != 0)
        find(report, "`lock` has mode %04o: others could keep a writer out; it should be 0600", status.st_mode & 07777);
}

static void check_words(const struct mms__look *look, struct report *report)
{
    uint32_t fence = mms__load_relaxed(&look->control->fence), used = mms__load_relaxed(&look->control->slots_used);

    if (fence != MMS__SYMMETRIC && fence != MMS__ASYMMETRIC)
        find(report, "control: the fence mode is %u, which is none", fence);
    if (used > look->header.max_slots)
        find(report, "control: %u slots are in use, and there are %u", used, look->header.max_slots);
}

/* Generations are given out once, so no two slots have the same. */
static int compare_generations(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

    return (left > right) - (left < right);
}

static void check_generations_differ(const struct mms__look *look, struct report *report)
{
    uint32_t slots = look->header.max_slots;
    /* Two or more, says mms__header_check. NOLINTNEXTLINE(clang-analyzer-optin.portability.UnixAPI) */
    uint64_t *generations = calloc(slots, sizeof *generations);

    if (!generations) {
        report->code = mms__fail(-ENOMEM, "checking %s: its %u slots", look->place.path, slots);
        return;
    }
    for (uint32_t i = 0; i < slots; i++)
        generations[i] = mms__load_relaxed(&look->control->slots[i].generation);
    qsort(generations, slots, sizeof *generations, compare_generations);
    for (uint32_t i = 1; i < slots; i++)
        if (generations[i] != 0 && generations[i] == generations[i - 1])
            find(report, "two slots have generation %" PRIu64, generations[i]);
    free(generations);
}

static void check_slots(const struct mms__look *look, struct report *report)
{
    for (uint32_t i = 0; i < look->header.max_slots; i++) {
        const struct mms__descriptor *slot = &look->control->slots[i];
        uint64_t generation = mms__load_relaxed(&slot->generation);

        if (generation > MMS__GENERATION_MAX)
            find(report, "slot %u: generation %" PRIu64 " is over the limit", i, generation);
        if (mms__load_relaxed(&slot->allocated) > look->header.stride)
            find(report, "slot %u: says that it takes %" PRIu64 " bytes, and there is room for %" PRIu64, i,
                 mms__load_relaxed(&slot->allocated), look->header.stride);
    }
    check_generations_differ(look, report);
}

/* ---- The current value ---- */

/* False: it was replaced while we looked. */
static bool check_value(const struct mms__look *look, uint64_t word, int data_fd, struct report *report)
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
        find(report, "slot %u, current: size %" PRIu64 " is over max_size %" PRIu64, index, size,
             look->header.max_size);
    else if (code != 0)
        find(report, "slot %u, current: reading it from `data`: %s", index, mms_strerror(code));
    else if (schema > look->header.stride || mms__schema_at(size) + schema > look->header.stride)
        find(report, "slot %u, current: %" PRIu64 " bytes of schema do not fit behind %" PRIu64 " of data", index,
             schema, size);
    else if (found != expected)
        find(report, "slot %u, current: the data has checksum %016" PRIx64 ", and %016" PRIx64 " was published", index,
             found, expected);
    return true;
}

/* After a look at the slot of `word`. The fence keeps that look before the load: who has seen a word of what is written
   to the slot next finds that `current` has moved on (pair: the fence in mms__slot_take, behind that move). */
static bool is_still_current(const struct mms__look *look, uint64_t word)
{
    mms__fence_acquire();
    return mms__load_relaxed(&look->control->current) == word;
}

/* One look at what is current. False: it was replaced while we looked. */
static bool check_current_once(const struct mms__look *look, int data_fd, struct report *report)
{
    /* Pair: mms__publish. What is read of the slot is not older than this word, or it would be called damage. */
    uint64_t word = mms__load_acquire(&look->control->current);
    unsigned slot = mms__word_slot(word);
    uint64_t generation;
    bool whole;

    if (word == MMS__TOMBSTONE) {
        find(report, "the region was removed, and its remover died before the end; remove it again");
        return true;
    }
    if (word == 0 || mms__is_from_another_boot(&look->place, look->control))
        return true;
    if (slot >= look->header.max_slots || slot >= mms__load_relaxed(&look->control->slots_used)) {
        find(report, "control: slot %u is current, and it was never used", slot);
        return true;
    }
    generation = mms__load_relaxed(&look->control->slots[slot].generation);
    whole = generation == mms__word_generation(word) ? check_value(look, word, data_fd, report)
                                                     : is_still_current(look, word);
    if (!whole)
        return false;
    if (generation != mms__word_generation(word))
        find(report, "control: generation %" PRIu64 " in slot %u is current, and the slot has generation %" PRIu64,
             mms__word_generation(word), slot, generation);
    return true;
}

static void check_current(const struct mms__look *look, struct report *report)
{
    struct mms__file file;
    struct mms__map map = {0};
    int code = mms__check_boot_id(&look->place);

    if (code != 0) {
        report->code = code;
        return;
    }
    code = mms__attach_data(&look->place, &look->header, false, &file, &map);

    if (code == MMS_E_CORRUPT || code == MMS_E_NOT_REGION)
        find(report, "%s", mms_last_error());
    else
        report->code = code == 0 ? report->code : code;
    if (code != 0)
        return;
    for (int tries = 0; tries < 16 && !check_current_once(look, file.fd, report); tries++)
        continue;
    mms__unmap(&map);
    mms__file_close(&file);
}

/* ---- The reader table ---- */

static void check_line(const struct mms__look *look, uint32_t index, uint64_t highest, struct report *report)
{
    const struct mms__line *line = &look->readers->lines[index]; /* in no order that matters: limits that always hold */
    uint64_t announce = mms__load_acquire(&line->announce);
    uint32_t owner = mms__load_acquire(&line->owner), mode = mms__load_relaxed(&line->mode);

    if (owner > look->header.max_readers)
        find(report, "reader line %u: owner %u is none", index, owner);
    if (mode > MMS__ASYMMETRIC)
        find(report, "reader line %u: fence mode %u is none", index, mode);
    if ((announce & MMS__TAG_MASK) == MMS__TAG_MASK ||
        ((announce & MMS__TAG_MASK) == MMS__IDLE && announce != MMS__IDLE))
        find(report, "reader line %u: announcement %016" PRIx64 " has no valid tag", index, announce);
    else if (announce >> 2 > highest)
        find(report, "reader line %u: announces generation %" PRIu64 ", which was never given out", index,
             announce >> 2);
}

static void check_readers(const struct mms__look *look, struct report *report)
{
    uint32_t mark;

    if (!look->readers) {
        note(report, "`readers` may not be read by this user, so it was not checked");
        return;
    }
    mark = mms__load_relaxed(&look->readers->high_water);
    if (mark > look->header.max_readers)
        find(report, "readers: high-water mark %u, and there are %u lines", mark, look->header.max_readers);
    for (uint32_t i = 0; i < mms__look_lines(look); i++)
        check_line(look, i, MMS__GENERATION_MAX, report);
}

int mms_verify(const char *path, void (*report)(void *context, const char *finding), void *context)
{
    struct report all = {report, context, 0, 0};
    const struct mms__foreign *foreign;
    struct mms__place place;
    struct mms__look look;
    int code = mms__foreign_find(path, MMS_FORMAT_AUTO, &place, &foreign);

    if (code == 0 && foreign)
        return foreign->verify(&place, report, context);
    if (code == 0)
        code = mms__look(place.path, &look);

    if (code != 0) {
        if (code != -ENOENT)
            find(&all, "%s", mms_last_error());
        return code;
    }
    check_lock_file(&look, &all);
    check_words(&look, &all);
    check_slots(&look, &all);
    check_current(&look, &all);
    check_readers(&look, &all);
    code = all.findings == 0 ? all.code
                             : mms__fail(MMS_E_CORRUPT, "checking %s: %u findings", look.place.path, all.findings);
    mms__look_end(&look);
    return code;
}
