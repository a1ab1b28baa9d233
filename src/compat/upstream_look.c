/* SPDX-License-Identifier: Apache-2.0 */
/* mmap-sync's files from outside: inspect, verify, remove. */
#include "compat/compat.h"
#include "compat/files.h"
#include "compat/wyhash.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/futex.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static const struct mms__trust anybody = {.any_owner = true, .force_filesystem = true};

/* ---- The state, to look at ---- */

struct look {
    struct mms__file file;
    struct mms__map map; /* no base: a file of no bytes */
    const struct mms__upstream *state;
};

static int look_at(const struct mms__place *place, struct look *look)
{
    int code;

    *look = (struct look){.file = MMS__NO_FILE};
    code = mms__state_open(place, &anybody, O_RDONLY, &look->file);
    if (code != 0)
        return code;
    code = mms__state_check(place, &look->file);
    if (code == 0) {
        code = mms__map_file(look->file.fd, MMS__STATE_SIZE, PROT_READ, false, &look->map);
        if (code != 0)
            mms__fail(code, "mapping %s_state", place->path);
    }
    look->state = look->map.base;
    if (code == MMS_E_EMPTY)
        return 0;
    if (code != 0)
        mms__file_close(&look->file);
    return code;
}

static void look_end(struct look *look)
{
    mms__unmap(&look->map);
    mms__file_close(&look->file);
}

/* ---- Inspect ---- */

/* Asking for the lock would make a writer of the crate fail that asks at the same time; the kernel's list does not.
   Writers need not lock, so nothing found means nothing. */
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

static void read_state(const struct mms__upstream *state, mms_info *info)
{
    uint64_t word = mms__load_acquire(&state->version);

    info->generation = word;
    for (unsigned i = 0; i < 2; i++) {
        info->counts[i] = mms__load_relaxed(&state->readers[i]);
        if (info->counts[i] <= MMS__UPSTREAM_COUNT_MAX)
            info->readers += info->counts[i];
    }
    if (word == 0)
        return;
    info->size = mms__upstream_size(word);
    info->slot = mms__upstream_index(word);
    info->checksum = mms__upstream_checksum(word);
    info->has_checksum = true;
}

int mms__compat_inspect(const struct mms__place *place, mms_info *out)
{
    struct look look;
    int code = look_at(place, &look);

    if (code != 0)
        return code;
    *out = (mms_info){
        .region_id = {look.file.device, look.file.inode}, /* it has none; this tells one from its successor */
        .max_size = MMS__UPSTREAM_SIZE_MAX,
        .max_slots = 2,
        .symmetric = true,
        .slots_used = files_there(place),
        .bytes_used = bytes_used(place),
        .format = MMS_FORMAT_MMAP_SYNC,
    };
    if (look.state)
        read_state(look.state, out);
    find_writer(&look.file, out);
    look_end(&look);
    return 0;
}

/* ---- Verify ---- */

struct report {
    void (*function)(void *context, const char *finding);
    void *context;
    unsigned findings;
};

static void find(struct report *report, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void find(struct report *report, const char *format, ...)
{
    char text[MMS__FILE_NAME_SIZE + 256];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    report->findings++;
    if (report->function)
        report->function(report->context, text);
}

enum { PIECE = 1 << 20 }; /* whole blocks of the hash */

/* -errno. Through read calls, as the file may be cut while we read. */
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

/* 0: in order; 1: what is wrong with the value of `word` is in text; or a code, if it cannot be looked at. */
static int check_value(const struct mms__place *place, uint64_t word, unsigned char *buffer, char text[256])
{
    struct mms__file file = MMS__NO_FILE;
    unsigned index = mms__upstream_index(word);
    uint64_t size = 0, hash, wanted = mms__upstream_size(word);
    int code = mms__data_look(place, index, O_RDONLY, &file, &size), result = 1;

    if (code == -ENOENT || code == MMS_E_NOT_REGION)
        snprintf(text, 256, "the version names data file %u: %s", index, mms_strerror(code));
    else if (code != 0)
        result = code;
    else if (size < wanted)
        snprintf(text, 256, "data file %u has %" PRIu64 " bytes, and the version says that the value has %" PRIu64,
                 index, size, wanted);
    else if ((code = hash_file(file.fd, wanted, buffer, &hash)) != 0)
        result = mms__fail(code, "checking %s: reading data file %u", place->path, index);
    else if ((hash & 0xffffff) != mms__upstream_checksum(word))
        snprintf(text, 256,
                 "the checksum of the value is %06" PRIx64 ", and the version says %06" PRIx64
                 ": the bytes are damaged, or the writer has a hasher of its own",
                 hash & 0xffffff, mms__upstream_checksum(word));
    else
        result = 0;
    mms__file_close(&file);
    return result;
}

enum { TRIES = 20 };

/* A finding counts only while the value is current. */
static int check_current(const struct mms__place *place, const struct mms__upstream *state, struct report *report)
{
    unsigned char *buffer = malloc(PIECE);
    char text[256];
    int code = buffer ? 0 : mms__fail(-ENOMEM, "checking %s: no memory to read it", place->path);

    for (int tries = 0; buffer && tries < TRIES; tries++) {
        uint64_t word = mms__load_acquire(&state->version); /* pair: `publish`, the data before it */

        code = word == 0 ? 0 : check_value(place, word, buffer, text);
        mms__fence_acquire(); /* as in try_uncounted; without it what is being overwritten is called damaged */
        if (code == 0 || mms__load_relaxed(&state->version) == word)
            break;
        code = mms__fail(MMS_E_AGAIN,
                         "checking %s: each of %d values was replaced while it was read, and none is checked; "
                         "try again",
                         place->path, TRIES);
    }
    if (code > 0)
        find(report, "%s", text);
    free(buffer);
    return code < 0 ? code : 0;
}

static void check_counts(const struct mms__upstream *state, struct report *report)
{
    for (unsigned i = 0; i < 2; i++) {
        uint32_t count = mms__load_relaxed(&state->readers[i]);

        if (count > MMS__UPSTREAM_COUNT_MAX)
            find(report,
                 "the count of readers of data file %u is %d: a writer had reset it, and a reader left after "
                 "that; `mmsync repair` sets it right",
                 i, (int)count);
    }
}

int mms__compat_verify(const struct mms__place *place, void (*report)(void *context, const char *finding),
                       void *context)
{
    struct report all = {report, context, 0};
    struct look look;
    int code = look_at(place, &look);

    if (code != 0) {
        if (code != -ENOENT)
            find(&all, "%s", mms_last_error());
        return code;
    }
    if (look.state) {
        check_counts(look.state, &all);
        code = check_current(place, look.state, &all);
    }
    look_end(&look);
    if (code != 0)
        return code;
    return all.findings == 0 ? 0 : mms__fail(MMS_E_CORRUPT, "checking %s: %u findings", place->path, all.findings);
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

/* The state, to be emptied; nothing where there is none yet, or where it may not be written: then those who have it open
   find out by the names that are gone. */
static int map_doomed(const struct mms__place *place, const struct mms__file *file, bool writable, struct mms__map *map)
{
    struct stat status;
    int code;

    if (!writable)
        return 0;
    if (fstat(file->fd, &status) != 0)
        return mms__fail_errno("removing %s: looking at the size of its state; it stays as it was", place->path);
    if (status.st_size < (off_t)MMS__STATE_SIZE)
        return 0;
    code = mms__map_file(file->fd, MMS__STATE_SIZE, PROT_READ | PROT_WRITE, false, map);
    return code == 0 ? 0 : mms__fail(code, "removing %s: mapping its state; it stays as it was", place->path);
}

/* Who has it open finds no value any more: the crate's readers say "uninitialized state", ours MMS_E_EMPTY, and
   MMS_E_GONE once the name is gone. */
static void empty(struct mms__upstream *state)
{
    mms__store_seq_cst(&state->version, 0); /* nothing is handed on with it; as strong as all stores of a version */
    MMS__STEP(upstream_emptied);
    mms__futex_wake_all((uint32_t *)(void *)&state->version + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__));
}

static int unlink_all(const struct mms__place *place)
{
    char name[MMS__FILE_NAME_SIZE];

    for (unsigned i = 0; i < 2; i++) {
        mms__data_name(place, i, name);
        if (unlink(name) != 0 && errno != ENOENT)
            return mms__fail_errno("removing %s; readers find no value any more, and the state stays, so that this can "
                                   "be done again",
                                   name);
        MMS__STEP(upstream_data_unlinked);
    }
    mms__state_name(place, name); /* last: without it nobody finds the others */
    if (unlink(name) != 0 && errno != ENOENT)
        return mms__fail_errno("removing %s; readers find no value any more, and this can be done again", name);
    MMS__STEP(upstream_state_unlinked);
    return 0;
}

/* Before the value is emptied: a removal that cannot end must not begin. */
static int check_directory(const struct mms__place *place)
{
    char directory[sizeof place->path + 2];

    memcpy(directory, place->path, place->parent_size);
    memcpy(directory + place->parent_size, "/.", 3);
    if (access(directory, W_OK | X_OK) == 0)
        return 0;
    return mms__fail_errno("removing %s: its files cannot be taken out of their directory; it stays as it was. Get the "
                           "right to write the directory",
                           place->path);
}

/* With the lock held. */
static int remove_locked(const struct mms__place *place, const struct mms__file *file, bool writable)
{
    struct mms__map map = {0};
    int named = mms__state_named(place, file), code = named < 0 ? named : 0;

    if (named == 0)
        return mms__fail(MMS_E_AGAIN, "removing %s: another has just removed or replaced it; look, and try again",
                         place->path);
    if (code == 0)
        code = check_directory(place);
    if (code == 0)
        code = map_doomed(place, file, writable, &map);
    MMS__STEP(upstream_remove_mapped);
    if (code == 0 && map.base)
        empty(map.base);
    if (code == 0)
        code = unlink_all(place);
    mms__unmap(&map);
    return code;
}

int mms__compat_remove(const struct mms__place *place)
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
    MMS__STEP(upstream_remove_opened);
    code = lock(place, &file);
    MMS__STEP(upstream_remove_locked);
    if (code == 0)
        code = remove_locked(place, &file, writable);
    mms__file_close(&file);
    return code;
}
