/* SPDX-License-Identifier: Apache-2.0 */
/* Counts that dead readers left behind. The files do not say which processes are counted, but the
   kernel says which have them mapped, and every process that holds a view does. */
#include "base/error.h"
#include "mmap_sync/backend.h"
#include "mmap_sync/files.h"
#include "os/clock.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <mmsync/mmap_sync.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

/* ---- Processes that have a file mapped ---- */

/* How a file appears in /proc/PID/maps. On btrfs and overlayfs its device there is not stat's, its
   inode may differ too, and through a bind mount its path is not ours. So our own mapping of it
   shows what the kernel calls it. */
struct identity {
    struct mms__file file; /* by stat */
    dev_t device;          /* in our own line of maps */
    uint64_t inode;
    bool comparable; /* every process's maps show it with that device */
};

/* Whether a process has it mapped. UNSEEN: not known, because it is another user's, or files or
   memory have run out. */
enum mapped { NOT_MAPPED, MAPPED, UNSEEN };

struct maps_line {
    uintptr_t start;
    dev_t device;
    uint64_t inode;
};

static bool parse_line(const char *text, struct maps_line *line)
{
    unsigned major_number, minor_number;

    if (sscanf(text, /* NOLINT(cert-err34-c): the kernel's own numbers */
               "%" SCNxPTR "-%*s %*s %*s %x:%x %" SCNu64, &line->start, &major_number, &minor_number,
               &line->inode) != 4)
        return false;
    line->device = makedev(major_number, minor_number);
    return true;
}

/* Where devices cannot be compared, an equal inode makes a process a suspect. One suspect too many
   holds up a repair; one too few lets it take a living reader's count. */
static bool is_mapping_of(const char *text, const struct identity *state)
{
    struct maps_line line;

    if (!parse_line(text, &line) || line.inode == 0)
        return false;
    if (line.inode != state->inode && line.inode != state->file.inode)
        return false;
    return !state->comparable || line.device == state->device;
}

/* A process that has just ended has nothing mapped. Other errors say nothing about it. */
static enum mapped mapped_by_error(int error)
{
    return error == ENOENT || error == ESRCH ? NOT_MAPPED : UNSEEN;
}

/* One thread's file `maps`. `*any`: it has anything mapped. */
static enum mapped thread_has_mapped(const char *path, const struct identity *state, bool *any)
{
    char *line = NULL;
    size_t size = 0;
    FILE *maps = fopen(path, "re");
    enum mapped mapped = NOT_MAPPED;

    *any = false;
    if (!maps)
        return mapped_by_error(errno);
    while (mapped == NOT_MAPPED && (errno = 0, getline(&line, &size, maps) > 0)) {
        *any = true;
        mapped = is_mapping_of(line, state) ? MAPPED : NOT_MAPPED;
    }
    if (mapped == NOT_MAPPED && errno != 0)
        mapped = mapped_by_error(errno);
    free(line);
    fclose(maps);
    return mapped;
}

enum { PATH_SIZE = 2 * sizeof(((struct dirent *)0)->d_name) + 32 };

/* The first thread may have ended before the others (pthread_exit in main): then its file
   `maps` is empty, and theirs are not. */
static enum mapped others_have_mapped(const char *pid, const struct identity *state)
{
    char path[PATH_SIZE];
    DIR *threads;
    struct dirent *entry;
    bool any = false;
    enum mapped mapped = NOT_MAPPED;

    snprintf(path, sizeof path, "/proc/%s/task", pid);
    threads = opendir(path);
    if (!threads)
        return mapped_by_error(errno);
    while (mapped == NOT_MAPPED && !any && (errno = 0, (entry = readdir(threads)))) /* NOLINT(concurrency-mt-unsafe) */
        if (isdigit((unsigned char)*entry->d_name) && strcmp(entry->d_name, pid) != 0) {
            snprintf(path, sizeof path, "/proc/%s/task/%s/maps", pid, entry->d_name);
            mapped = thread_has_mapped(path, state, &any);
        }
    if (mapped == NOT_MAPPED && !any && errno != 0)
        mapped = mapped_by_error(errno);
    closedir(threads);
    return mapped;
}

static enum mapped has_mapped(const char *pid, const struct identity *state)
{
    char path[PATH_SIZE];
    bool any;
    enum mapped mapped;

    snprintf(path, sizeof path, "/proc/%s/maps", pid);
    mapped = thread_has_mapped(path, state, &any);
    return mapped == NOT_MAPPED && !any ? others_have_mapped(pid, state) : mapped;
}

/* The line of our own mapping at `start`. -ENODATA if there is none, else -errno. */
static int find_line(FILE *maps, const void *start, struct maps_line *line)
{
    char *text = NULL;
    size_t size = 0;
    int code = -ENODATA;

    while (code != 0 && (errno = 0, getline(&text, &size, maps) > 0))
        if (parse_line(text, line) && line->start == (uintptr_t)start)
            code = 0;
    if (code != 0 && errno != 0)
        code = -errno;
    free(text);
    return code;
}

/* On btrfs, stat(2) gives each subvolume a device of its own, and maps shows that of the whole file
   system, through whatever mount. On overlayfs, maps may show the file of a layer, and who has mapped
   that directly is shown with another device. */
static bool is_comparable(const struct identity *state)
{
    struct statfs filesystem;

    if (state->device == state->file.device)
        return true;
    if (fstatfs(state->file.fd, &filesystem))
        return false;
    return (unsigned long)filesystem.f_type == BTRFS_SUPER_MAGIC;
}

/* Fills in what maps shows. */
static int find_identity(const void *start, const char *name, struct identity *state)
{
    FILE *maps = fopen("/proc/thread-self/maps", "re"); /* /proc/self has none once the first thread has ended */
    struct maps_line line = {0};
    int code;

    if (!maps)
        return mms__fail_errno("repairing %s: opening this process's maps in /proc", name);
    code = find_line(maps, start, &line);
    fclose(maps);
    if (code == -ENODATA)
        return mms__fail(-ESRCH, "repairing %s: /proc does not show this process's own mappings, so no reader's either",
                         name);
    if (code != 0)
        return mms__fail(code, "repairing %s: reading this process's maps in /proc", name);
    state->device = line.device;
    state->inode = line.inode;
    state->comparable = is_comparable(state);
    return 0;
}

/* In many containers even root may not look at process 1. Then that is the init of a machine
   or container, with more rights than root has there, and no reader. */
static bool is_init_to_root(const char *pid)
{
    return strcmp(pid, "1") == 0 && geteuid() == 0;
}

/* Mounted with hidepid, /proc does not list other users' processes; there is always a process
   1. */
static bool hides_processes(void)
{
    return geteuid() != 0 && access("/proc/1", F_OK) != 0;
}

static int find_suspects(const struct identity *state, const char *name, mms_repair_report *report)
{
    DIR *processes = opendir("/proc");
    struct dirent *entry;
    int code = 0;

    if (!processes)
        return mms__fail_errno("repairing %s: looking for its readers in /proc", name);
    report->suspects = 0;
    report->unseen = hides_processes();
    while (errno = 0, (entry = readdir(processes))) { /* NOLINT(concurrency-mt-unsafe): the stream is ours alone */
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        enum mapped mapped;

        if (pid == 0 || pid == getpid())
            continue;
        mapped = has_mapped(entry->d_name, state);
        if (mapped == UNSEEN && !is_init_to_root(entry->d_name))
            report->unseen++;
        if (mapped == MAPPED && report->suspects++ < sizeof report->suspect_pid / sizeof *report->suspect_pid)
            report->suspect_pid[report->suspects - 1] = pid;
    }
    if (errno != 0)
        code = mms__fail_errno("repairing %s: listing its readers in /proc", name);
    closedir(processes);
    return code;
}

/* ---- Taking counts back ---- */

enum { TRIES = 1000 };

/* A count that changes between the look and the store belongs to a living reader. */
static bool clear(struct mms__mmap_sync_state *state, mms_repair_report *report)
{
    bool all = true;

    for (unsigned i = 0; i < 2; i++) {
        uint32_t seen = report->before[i];

        if (seen == 0 || mms__cas_seq_cst(&state->readers[i], &seen, 0))
            report->after[i] = 0;
        else
            all = false;
        MMS__STEP(mmap_sync_repair_cleared);
    }
    return all;
}

static int fail_alive(const struct mms__place *place, const mms_repair_report *report)
{
    char who[128] = "";
    size_t used = 0;

    for (unsigned i = 0; i < report->suspects && i < 8 && used < sizeof who - 16; i++)
        used += (size_t)snprintf(who + used, sizeof who - used, "%s%d", i ? ", " : "", (int)report->suspect_pid[i]);
    if (report->suspects == 0)
        return mms__fail(
            MMS_E_AGAIN,
            "repairing %s: at least %u processes cannot be seen (they are other users', or this one is out of files or "
            "memory), and may have it mapped; repair it as root, say how long a view lasts (longest_view_ms), or force it "
            "(MMS_REPAIR_FORCE)",
            place->path, report->unseen);
    return mms__fail(MMS_E_AGAIN,
                     "repairing %s: %u processes have it mapped, and what is counted may be theirs (%s); end them, "
                     "say how long a view lasts (longest_view_ms), or force it (MMS_REPAIR_FORCE)",
                     place->path, report->suspects, who);
}

/* The order of the two loads does not matter: the compare-and-swap decides. */
static void load_counts(const struct mms__mmap_sync_state *state, uint32_t counts[2])
{
    counts[0] = mms__load_seq_cst(&state->readers[0]);
    counts[1] = mms__load_seq_cst(&state->readers[1]);
}

/* A process must map the state before it can be counted, and one that maps it after the look
   changes the counts. */
static int repair_by_processes(const struct mms__place *place, const struct mms__file *file,
                               struct mms__mmap_sync_state *state, bool force, mms_repair_report *report)
{
    char name[MMS__FILE_NAME_SIZE];
    struct identity identity = {.file = *file};
    int code;

    mms__state_name(place, name);
    code = find_identity(state, name, &identity);
    if (code != 0)
        return code;
    for (int tries = 0; tries < TRIES; tries++) {
        load_counts(state, report->before);
        memcpy(report->after, report->before, sizeof report->after);
        MMS__STEP(mmap_sync_repair_loaded);
        code = find_suspects(&identity, name, report);
        MMS__STEP(mmap_sync_repair_looked);
        if (code != 0 || (report->before[0] | report->before[1]) == 0)
            return code;
        if ((report->suspects > 0 || report->unseen > 0) && !force)
            return fail_alive(place, report);
        if (clear(state, report))
            return 0;
    }
    return mms__fail(MMS_E_AGAIN, "repairing %s: its counts keep changing, so its readers live", place->path);
}

/* ---- By how long views last ---- */

#define LOOK_NS 1000000

/* The lowest count in that time; false if something was published. */
static bool watch(const struct mms__mmap_sync_state *state, uint64_t word, int ms, uint32_t *lowest)
{
    const uint32_t *count = &state->readers[mms__mmap_sync_after(word)];
    uint64_t deadline = mms__deadline(ms);

    for (*lowest = mms__load_seq_cst(count); mms__now_ns() < deadline; mms__sleep_ns(LOOK_NS)) {
        uint32_t now = mms__load_seq_cst(count);

        if (now < *lowest)
            *lowest = now;
        if (mms__load_seq_cst(&state->version) != word)
            return false;
    }
    return mms__load_seq_cst(&state->version) == word;
}

/* Readers come and go, so only the count that was never lower is taken off. False if something
   was published: then other readers may be counted, because a writer may have reset the count,
   and as many may have come since. So the version is loaded again behind the compare-and-swap
   (readers that were counted after a publish have seen it, so the load sees it too), and then
   what was taken is given back: a count too high holds up a writer, one too low lets it write
   under a reader. */
static bool take_off(struct mms__mmap_sync_state *state, uint64_t word, uint32_t surplus)
{
    uint32_t *count = &state->readers[mms__mmap_sync_after(word)];
    uint32_t seen = mms__load_seq_cst(count), left, taken;

    do {
        if (mms__load_seq_cst(&state->version) != word)
            return false;
        left = seen > MMS__MMAP_SYNC_COUNT_MAX || seen < surplus ? 0 : seen - surplus;
    } while (!mms__cas_seq_cst(count, &seen, left));
    if (mms__load_seq_cst(&state->version) == word)
        return true;
    taken = seen - left;
    for (seen = left; !mms__cas_seq_cst(count, &seen, seen + taken);)
        continue;
    return false;
}

static int repair_by_time(const struct mms__place *place, struct mms__mmap_sync_state *state, int longest_view_ms,
                          mms_repair_report *report)
{
    uint64_t word = mms__load_seq_cst(&state->version);
    uint32_t lowest;
    bool still;

    load_counts(state, report->before);
    still = watch(state, word, longest_view_ms, &lowest);
    MMS__STEP(mmap_sync_repair_watched);
    if (!still || (lowest > 0 && !take_off(state, word, lowest)))
        return mms__fail(MMS_E_AGAIN,
                         "repairing %s: something was published meanwhile, so no count holds the writer back; if "
                         "one is left behind, try again",
                         place->path);
    MMS__STEP(mmap_sync_repair_taken_off);
    load_counts(state, report->after);
    return 0;
}

/* ---- The call ---- */

static int open_state(const struct mms__place *place, struct mms__file *file, struct mms__mapping *mapping)
{
    const struct mms__trust anybody = {.any_owner = true, .force_filesystem = true};
    int code = mms__state_open(place, &anybody, O_RDWR, file);

    if (code != 0)
        return code;
    code = mms__state_check(place, file);
    if (code != 0)
        goto close;
    code = mms__map_file(file->fd, MMS__STATE_SIZE, PROT_READ | PROT_WRITE, false, mapping);
    if (code != 0) {
        mms__fail(code, "mapping %s_state", place->path);
        goto close;
    }
    return 0;
close:
    mms__file_close(file);
    return code;
}

int mms__mmap_sync_repair(const struct mms__place *place, unsigned flags, int longest_view_ms, mms_repair_report *out)
{
    bool force = (flags & MMS_REPAIR_FORCE) != 0 && longest_view_ms == 0;
    mms_repair_report report = {0};
    struct mms__file file;
    struct mms__mapping mapping = {0};
    int code = open_state(place, &file, &mapping);

    if (code != 0)
        return code;
    MMS__STEP(mmap_sync_repair_mapped);
    code = repair_by_processes(place, &file, mapping.base, force, &report);
    if (code == MMS_E_AGAIN && longest_view_ms > 0)
        code = repair_by_time(place, mapping.base, longest_view_ms, &report);
    if (out && (code == 0 || code == MMS_E_AGAIN))
        *out = report;
    mms__unmap(&mapping);
    mms__file_close(&file);
    return code;
}
