/* SPDX-License-Identifier: Apache-2.0 */
/* mmap-sync's files from outside: inspect, verify, remove. */
#include "base/error.h"
#include "handle/findings.h"
#include "mmap_sync/backend.h"
#include "mmap_sync/files.h"
#include "mmap_sync/wyhash.h"
#include "os/cancel.h"
#include "os/clock.h"
#include "os/futex.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static const struct mms__trust anybody = {.any_owner = true, .force_filesystem = true};

/* ---- The state, read-only ---- */

struct look {
    struct mms__file file;
    struct mms__mapping mapping;
    const struct mms__mmap_sync_state *state; /* NULL: the file is empty */
};

static int open_look(const struct mms__place *place, struct look *look)
{
    int code;

    *look = (struct look){.file = MMS__NO_FILE};
    code = mms__state_open(place, &anybody, O_RDONLY, &look->file);
    if (code != 0)
        return code;
    code = mms__state_check(place, &look->file);
    if (code == MMS_E_EMPTY)
        return 0;
    if (code != 0)
        goto close;
    code = mms__map_file(look->file.fd, MMS__STATE_SIZE, PROT_READ, false, &look->mapping);
    if (code != 0) {
        mms__fail(code, "mapping %s_state", place->path);
        goto close;
    }
    look->state = look->mapping.base;
    return 0;
close:
    mms__file_close(&look->file);
    return code;
}

static void close_look(struct look *look)
{
    mms__unmap(&look->mapping);
    mms__file_close(&look->file);
}

/* ---- Inspect ---- */

/* Trying the lock could make a writer of the crate that tries it at the same time fail; reading
   the kernel's list cannot. Writers need not lock, so finding none means nothing. */
static void find_writer(const struct mms__file *state, mms_info *info)
{
    FILE *locks = fopen("/proc/locks", "re");
    char line[256];

    info->writer_alive = -1;
    while (locks && fgets(line, sizeof line, locks)) {
        unsigned major_number, minor_number;
        uint64_t inode;
        int pid;

        if (sscanf(line, /* NOLINT(cert-err34-c): the kernel's own numbers */
                   "%*s FLOCK %*s WRITE %d %x:%x:%" SCNu64, &pid, &major_number, &minor_number, &inode) == 4 &&
            inode == state->inode && makedev(major_number, minor_number) == state->device) {
            info->writer_alive = 1;
            info->writer_pid = (pid_t)pid;
        }
    }
    if (locks)
        fclose(locks);
}

static uint64_t bytes_used(const struct mms__place *place)
{
    char name[MMS__FILE_NAME_SIZE];
    struct stat status;
    uint64_t bytes = 0;

    for (unsigned i = 0; i < 3; i++) {
        if (i < 2)
            mms__data_name(place, i, name);
        else
            mms__state_name(place, name);
        if (stat(name, &status) == 0)
            bytes += (uint64_t)status.st_blocks * 512;
    }
    return bytes;
}

static unsigned files_there(const struct mms__place *place)
{
    char name[MMS__FILE_NAME_SIZE];
    unsigned there = 0;

    for (unsigned i = 0; i < 2; i++) {
        mms__data_name(place, i, name);
        there += access(name, F_OK) == 0;
    }
    return there;
}

static void read_state(const struct mms__mmap_sync_state *state, mms_info *info)
{
    uint64_t word = mms__load_acquire(&state->version);

    info->generation = word;
    for (unsigned i = 0; i < 2; i++) {
        uint32_t count = mms__load_relaxed(&state->readers[i]);

        if (count <= MMS__MMAP_SYNC_COUNT_MAX)
            info->readers += count;
    }
    if (word == 0)
        return;
    info->size = mms__mmap_sync_size(word);
    info->slot = mms__mmap_sync_index(word);
    info->checksum = mms__mmap_sync_checksum(word);
    info->has_checksum = true;
}

int mms__mmap_sync_inspect(const struct mms__place *place, mms_info *out)
{
    struct look look;
    int code = open_look(place, &look);

    if (code != 0)
        return code;
    *out = (mms_info){
        .region_id = {look.file.device, look.file.inode}, /* it has none; this distinguishes it from its successor */
        .max_size = MMS__MMAP_SYNC_SIZE_MAX,
        .max_slots = 2,
        .symmetric = true,
        .slots_used = files_there(place),
        .bytes_used = bytes_used(place),
    };
    if (look.state)
        read_state(look.state, out);
    find_writer(&look.file, out);
    close_look(&look);
    return 0;
}

/* These files count readers without naming them. */
int mms__mmap_sync_inspect_readers(const struct mms__place *place, mms_reader_info *out, size_t capacity, size_t *count)
{
    struct look look;
    int code = open_look(place, &look);

    (void)out, (void)capacity;
    if (code != 0)
        return code;
    close_look(&look);
    *count = 0;
    return 0;
}

int mms__mmap_sync_inspect_counts(const struct mms__place *place, mms_mmap_sync_info *out)
{
    struct look look;
    int code = open_look(place, &look);

    if (code != 0)
        return code;
    *out = (mms_mmap_sync_info){.counts = {0}};
    for (unsigned i = 0; look.state && i < 2; i++)
        out->counts[i] = mms__load_relaxed(&look.state->readers[i]);
    close_look(&look);
    return 0;
}

/* ---- Verify ---- */

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

static int check_current(const struct mms__place *place, const struct mms__mmap_sync_state *state,
                         struct mms__findings *findings)
{
    unsigned char *buffer = malloc(PIECE);
    struct damage damage;
    int code;

    if (!buffer)
        return mms__fail(-ENOMEM, "checking %s: no memory to read it", place->path);
    code = check_until_stable(place, state, buffer, &damage);
    if (code == 0 && *damage.text)
        mms__find(findings, "%s", damage.text);
    free(buffer);
    return code;
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
    struct look look;
    int code = open_look(place, &look);

    if (code != 0) {
        if (code != -ENOENT)
            mms__find(&findings, "%s", mms_last_error());
        return code;
    }
    if (look.state) {
        check_counts(look.state, &findings);
        findings.code = check_current(place, look.state, &findings);
    }
    close_look(&look);
    return findings.code != 0 ? findings.code : mms__findings_end(&findings, place->path);
}

/* ---- Remove ---- */

#define LOCK_WAIT_MS 2000
#define LOCK_RETRY_NS 2000000

static int lock(const struct mms__place *place, const struct mms__file *file)
{
    uint64_t deadline = mms__deadline(LOCK_WAIT_MS);
    int code;

    while ((code = mms__state_lock(place, file)) == -EWOULDBLOCK) {
        if (mms__now_ns() >= deadline)
            return mms__fail(MMS_E_BUSY, "removing %s: another process has the write lock of %s_state; end it first",
                             place->path, place->path);
        mms__sleep_ns(LOCK_RETRY_NS);
    }
    return code;
}

/* The state, to be emptied. No mapping if it is empty or may not be written: then processes that
   have it open learn of the removal when they find the names gone. */
static int map_doomed(const struct mms__place *place, const struct mms__file *file, bool writable,
                      struct mms__mapping *mapping)
{
    struct stat status;
    int code;

    if (!writable)
        return 0;
    if (fstat(file->fd, &status) != 0)
        return mms__fail_errno("removing %s: looking at the size of its state; it stays as it was", place->path);
    if (status.st_size < (off_t)MMS__STATE_SIZE)
        return 0;
    code = mms__map_file(file->fd, MMS__STATE_SIZE, PROT_READ | PROT_WRITE, false, mapping);
    return code == 0 ? 0 : mms__fail(code, "removing %s: mapping its state; it stays as it was", place->path);
}

/* Processes that have it open no longer find a value: the crate's readers say "uninitialized
   state", ours MMS_E_EMPTY, and MMS_E_GONE once the name is gone. */
static void empty(struct mms__mmap_sync_state *state)
{
    mms__store_seq_cst(&state->version, 0); /* publishes nothing; as strong as all stores of a version */
    MMS__STEP(mmap_sync_emptied);
    mms__futex_wake_all((uint32_t *)(void *)&state->version + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__));
}

static int unlink_all(const struct mms__place *place)
{
    char name[MMS__FILE_NAME_SIZE];

    for (unsigned i = 0; i < 2; i++) {
        mms__data_name(place, i, name);
        if (unlink(name) != 0 && errno != ENOENT)
            return mms__fail_errno("removing %s; readers find no value any more. The state stays: try again", name);
        MMS__STEP(mmap_sync_data_unlinked);
    }
    mms__state_name(place, name); /* last: the others cannot be found without it */
    if (unlink(name) != 0 && errno != ENOENT)
        return mms__fail_errno("removing %s; readers find no value any more: try again", name);
    MMS__STEP(mmap_sync_state_unlinked);
    return 0;
}

/* Before the value is emptied: a removal that cannot be finished must not begin. */
static int check_directory(const struct mms__place *place)
{
    char directory[sizeof place->path + 2];

    memcpy(directory, place->path, place->parent_size);
    memcpy(directory + place->parent_size, "/.", 3);
    if (access(directory, W_OK | X_OK) == 0)
        return 0;
    return mms__fail_errno(
        "removing %s: this user may not delete files from its directory; it stays as it was. Get the "
        "right to write that directory",
        place->path);
}

/* With the lock held. */
static int remove_locked(const struct mms__place *place, const struct mms__file *file, bool writable)
{
    struct mms__mapping mapping = {0};
    int code = mms__state_check_name(place, file);

    if (code == MMS_E_GONE)
        return mms__fail(MMS_E_AGAIN,
                         "removing %s: another process has just removed or replaced it; try again if it is "
                         "still there",
                         place->path);
    if (code != 0)
        return code;
    code = check_directory(place);
    if (code != 0)
        return code;
    code = map_doomed(place, file, writable, &mapping);
    if (code != 0)
        return code;
    MMS__STEP(mmap_sync_remove_mapped);
    if (mapping.base)
        empty(mapping.base);
    code = unlink_all(place);
    mms__unmap(&mapping);
    return code;
}

int mms__mmap_sync_remove(const struct mms__place *place)
{
    struct mms__file file;
    bool writable = true;
    int code = mms__state_open(place, &anybody, O_RDWR, &file);

    if (code == -EACCES || code == -EROFS) {
        writable = false;
        code = mms__state_open(place, &anybody, O_RDONLY, &file);
    }
    if (code != 0)
        return code;
    MMS__STEP(mmap_sync_remove_opened);
    code = lock(place, &file);
    MMS__STEP(mmap_sync_remove_locked);
    if (code == 0)
        code = remove_locked(place, &file, writable);
    mms__file_close(&file);
    return code;
}
