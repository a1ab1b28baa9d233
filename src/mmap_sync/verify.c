/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with mmap-sync's files: the value by its checksum, the counts of readers by their size. */
#include "base/error.h"
#include "handle/findings.h"
#include "mmap_sync/backend.h"
#include "mmap_sync/files.h"
#include "mmap_sync/look.h"
#include "mmap_sync/wyhash.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { PIECE = 1 << 20 }; /* whole blocks of the hash */

/* -errno. Through read(2), since the file may be truncated meanwhile. */
static int hash_file(int fd, uint64_t size, unsigned char *buffer, uint64_t *hash)
{
    size_t piece = 0;

    *hash = 0;
    for (uint64_t done = 0; done < size; done += piece) {
        int code;

        piece = size - done < PIECE ? (size_t)(size - done) : PIECE;
        code = mms__read_at(fd, buffer, piece, done);
        if (code != 0)
            return code;
        *hash = mms__wyhash_blocks(*hash, buffer, piece);
    }
    *hash = mms__wyhash_end(*hash, buffer + piece / MMS__WYHASH_BLOCK * MMS__WYHASH_BLOCK, size);
    return 0;
}

/* What is wrong with a value; empty if nothing is. */
struct damage {
    char text[256];
};

/* A code only if the value cannot be checked. */
static int check_bytes(const struct mms__place *place, uint64_t word, int fd, uint64_t size, unsigned char *buffer,
                       struct damage *damage)
{
    unsigned index = mms__mmap_sync_index(word);
    uint64_t hash, wanted = mms__mmap_sync_size(word);
    int code;

    if (size < wanted) {
        snprintf(damage->text, sizeof damage->text,
                 "data file %u has %" PRIu64 " bytes, but by the version the value has %" PRIu64, index, size, wanted);
        return 0;
    }
    code = hash_file(fd, wanted, buffer, &hash);
    if (code != 0)
        return mms__fail(code, "checking %s: reading data file %u", place->path, index);
    if ((hash & 0xffffff) != mms__mmap_sync_checksum(word))
        snprintf(damage->text, sizeof damage->text,
                 "the checksum of the value is %06" PRIx64 ", but the version says %06" PRIx64
                 ": the bytes are damaged, or the writer has a hasher of its own",
                 hash & 0xffffff, mms__mmap_sync_checksum(word));
    return 0;
}

static int check_value(const struct mms__place *place, uint64_t word, unsigned char *buffer, struct damage *damage)
{
    struct mms__file file = MMS__NO_FILE;
    unsigned index = mms__mmap_sync_index(word);
    uint64_t size = 0;
    int code = mms__data_open(place, index, O_RDONLY, &file, &size);

    if (code == -ENOENT || code == MMS_E_NOT_REGION) {
        snprintf(damage->text, sizeof damage->text, "the version names data file %u: %s", index, mms_strerror(code));
        return 0;
    }
    if (code == 0)
        code = check_bytes(place, word, file.fd, size, buffer, damage);
    mms__file_close(&file); /* it may be open after a failure, too */
    return code;
}

enum { TRIES = 20 };

/* Damage and errors count only while the value is current. */
static int check_until_stable(const struct mms__place *place, const struct mms__mmap_sync_state *state,
                              unsigned char *buffer, struct damage *damage)
{
    for (int tries = 0; tries < TRIES; tries++) {
        uint64_t word = mms__load_acquire(&state->version); /* pair: `publish`, the data before it */
        int code;

        damage->text[0] = 0;
        if (word == 0)
            return 0;
        code = check_value(place, word, buffer, damage);
        mms__fence_acquire(); /* as in try_uncounted; without it a value that is being overwritten is called damaged */
        if ((code == 0 && !*damage->text) || mms__load_relaxed(&state->version) == word)
            return code;
    }
    damage->text[0] = 0;
    return mms__fail(MMS_E_AGAIN,
                     "checking %s: each of %d values was replaced while it was read, so none was checked; try again",
                     place->path, TRIES);
}

static void check_current(const struct mms__place *place, const struct mms__mmap_sync_state *state,
                          struct mms__findings *findings)
{
    unsigned char *buffer = malloc(PIECE);
    struct damage damage;
    int code;

    if (!buffer) {
        mms__find_unchecked(findings, mms__fail(-ENOMEM, "checking %s: no memory to read it", place->path));
        return;
    }
    code = check_until_stable(place, state, buffer, &damage);
    if (code != 0)
        mms__find_unchecked(findings, code);
    else if (*damage.text)
        mms__find(findings, "%s", damage.text);
    free(buffer);
}

static void check_counts(const struct mms__mmap_sync_state *state, struct mms__findings *findings)
{
    for (unsigned i = 0; i < 2; i++) {
        uint32_t count = mms__load_relaxed(&state->readers[i]);

        if (count > MMS__MMAP_SYNC_COUNT_MAX)
            mms__find(findings,
                      "the count of readers of data file %u is %d: a writer reset it, and a reader left after that; "
                      "`mmsync repair` sets it right",
                      i, (int)count);
    }
}

int mms__mmap_sync_verify(const struct mms__place *place, void (*report)(void *context, const char *finding),
                          void *context)
{
    struct mms__findings findings = {.report = report, .context = context};
    struct mms__look look;
    int code = mms__look_open(place, &look);

    if (code != 0)
        return mms__find_no_files(&findings, code);
    if (look.state) {
        check_counts(look.state, &findings);
        check_current(place, look.state, &findings);
    }
    mms__look_close(&look);
    return mms__findings_end(&findings, place->path);
}
