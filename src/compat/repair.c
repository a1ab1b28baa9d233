/* SPDX-License-Identifier: Apache-2.0 */
/* Counts that the dead have left behind. The files do not say who is counted; the kernel says who has them mapped, and
   whoever holds a view has. */
#include "compat/files.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/foreign.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* ---- Who has it mapped ---- */

/* A line of /proc/PID/maps. On btrfs and overlayfs the device in it is not that of stat, and the name decides. */
static bool is_map_of(const char *line, const struct mms__file *file, const char *name)
{
    unsigned major_number, minor_number;
    uint64_t inode;
    int path = 0;

    if (sscanf(line, /* NOLINT(cert-err34-c): the kernel's own numbers */
               "%*s %*s %*s %x:%x %" SCNu64 " %n", &major_number, &minor_number, &inode, &path) != 3 ||
        inode != file->inode)
        return false;
    return makedev(major_number, minor_number) == file->device ||
           (path > 0 && strncmp(line + path, name, strlen(name)) == 0);
}

/* A process that has just ended has nothing mapped. Every other error says nothing about it. */
static int fail_look(int error)
{
    return error == ENOENT || error == ESRCH ? 0 : -1;
}

/* Of what one thread of a process has mapped: 1, 0, or -1 if it cannot be seen: it is another user's, or files or memory
   have run out. `*any`: it has anything mapped. */
static int thread_has_mapped(const char *path, const struct mms__file *file, const char *name, bool *any)
{
    char *line = NULL;
    size_t size = 0;
    FILE *maps = fopen(path, "re");
    int found = 0;

    *any = false;
    if (!maps)
        return fail_look(errno);
    while (!found && (errno = 0, getline(&line, &size, maps) > 0)) {
        *any = true;
        found = is_map_of(line, file, name);
    }
    if (!found && errno != 0)
        found = fail_look(errno);
    free(line);
    fclose(maps);
    return found;
}

enum { PATH_SIZE = 2 * sizeof(((struct dirent *)0)->d_name) + 32 };

/* The first thread may have ended before the others (pthread_exit in main): then the process has no maps, and they do. */
static int others_have_mapped(const char *pid, const struct mms__file *file, const char *name)
{
    char path[PATH_SIZE];
    DIR *threads;
    struct dirent *entry;
    bool any = false;
    int found = 0;

    snprintf(path, sizeof path, "/proc/%s/task", pid);
    threads = opendir(path);
    if (!threads)
        return fail_look(errno);
    while (found == 0 && !any && (errno = 0, (entry = readdir(threads)))) /* NOLINT(concurrency-mt-unsafe) */
        if (isdigit((unsigned char)*entry->d_name) && strcmp(entry->d_name, pid) != 0) {
            snprintf(path, sizeof path, "/proc/%s/task/%s/maps", pid, entry->d_name);
            found = thread_has_mapped(path, file, name, &any);
        }
    if (found == 0 && !any && errno != 0)
        found = fail_look(errno);
    closedir(threads);
    return found;
}

static int has_mapped(const char *pid, const struct mms__file *file, const char *name)
{
    char path[PATH_SIZE];
    bool any;
    int found;

    snprintf(path, sizeof path, "/proc/%s/maps", pid);
    found = thread_has_mapped(path, file, name, &any);
    return found == 0 && !any ? others_have_mapped(pid, file, name) : found;
}

/* In many containers even root may not look at process 1, which then is a machine's or a container's init with more
   rights than root has there, and no reader. */
static bool is_init_to_root(const char *pid)
{
    return strcmp(pid, "1") == 0 && geteuid() == 0;
}

/* Mounted with hidepid, /proc does not list the processes of others; there is always a process 1. */
static bool hides_processes(void)
{
    return geteuid() != 0 && access("/proc/1", F_OK) != 0;
}

static int find_suspects(const struct mms__file *file, const char *name, mms_repair_report *report)
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
        int mapped;

        if (pid == 0 || pid == getpid())
            continue;
        mapped = has_mapped(entry->d_name, file, name);
        if (mapped < 0 && !is_init_to_root(entry->d_name))
            report->unseen++;
        if (mapped > 0 && report->suspects++ < sizeof report->suspect_pid / sizeof *report->suspect_pid)
            report->suspect_pid[report->suspects - 1] = pid;
    }
    if (errno != 0)
        code = mms__fail_errno("repairing %s: listing its readers in /proc", name);
    closedir(processes);
    return code;
}

/* ---- Taking counts back ---- */

enum { TRIES = 1000 };

/* A count that changes between the look and the store belongs to somebody who lives. */
static bool clear(struct mms__upstream *state, mms_repair_report *report)
{
    bool all = true;

    for (unsigned i = 0; i < 2; i++) {
        uint32_t seen = report->before[i];

        if (seen == 0 || mms__cas_seq_cst(&state->readers[i], &seen, 0))
            report->after[i] = 0;
        else
            all = false;
        MMS__STEP(upstream_repair_cleared);
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
            "repairing %s: %u processes or more cannot be looked at (they are other users', or this one is out of "
            "files or memory), and may have it mapped; do it as root, say how long a view lasts at most, or force it",
            place->path, report->unseen);
    return mms__fail(MMS_E_AGAIN,
                     "repairing %s: %u processes have it mapped, and what is counted may be theirs (%s); end them, say "
                     "how long a view lasts at most, or force it",
                     place->path, report->suspects, who);
}

/* Order among the looks does not matter here: the compare-and-swap decides. */
static void load_counts(const struct mms__upstream *state, uint32_t counts[2])
{
    counts[0] = mms__load_seq_cst(&state->readers[0]);
    counts[1] = mms__load_seq_cst(&state->readers[1]);
}

/* Nobody can be counted who has not mapped the state, and whoever maps it after the look changes the counts. */
static int repair_by_processes(const struct mms__place *place, const struct mms__file *file,
                               struct mms__upstream *state, bool force, mms_repair_report *report)
{
    char name[MMS__FILE_NAME_SIZE];

    mms__state_name(place, name);
    for (int tries = 0; tries < TRIES; tries++) {
        int code;

        load_counts(state, report->before);
        memcpy(report->after, report->before, sizeof report->after);
        MMS__STEP(upstream_repair_loaded);
        code = find_suspects(file, name, report);
        MMS__STEP(upstream_repair_looked);
        if (code != 0 || (report->before[0] | report->before[1]) == 0)
            return code;
        if ((report->suspects > 0 || report->unseen > 0) && !force)
            return fail_alive(place, report);
        if (clear(state, report))
            return 0;
    }
    return mms__fail(MMS_E_AGAIN, "repairing %s: its counts change all the time, so its readers live", place->path);
}

/* ---- By the time that views last ---- */

#define LOOK_NS 1000000

/* The lowest count within the time; false if something was published. */
static bool watch(const struct mms__upstream *state, uint64_t word, int ms, uint32_t *lowest)
{
    const uint32_t *count = &state->readers[mms__upstream_after(word)];
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

/* Others come and go: only what was there all the time is taken off. False if something was published, after which those who
   are counted may be others: a writer may have reset the count, and as many may have come since. So the version is looked at
   again behind the compare-and-swap (whoever was counted after a publish has seen it, and is seen by that), and what was
   taken is given back: one count too many holds up a writer, one too few lets it write under a reader. */
static bool take_off(struct mms__upstream *state, uint64_t word, uint32_t surplus)
{
    uint32_t *count = &state->readers[mms__upstream_after(word)];
    uint32_t seen = mms__load_seq_cst(count), left, taken;

    do {
        if (mms__load_seq_cst(&state->version) != word)
            return false;
        left = seen > MMS__UPSTREAM_COUNT_MAX || seen < surplus ? 0 : seen - surplus;
    } while (!mms__cas_seq_cst(count, &seen, left));
    if (mms__load_seq_cst(&state->version) == word)
        return true;
    taken = seen - left;
    for (seen = left; !mms__cas_seq_cst(count, &seen, seen + taken);)
        continue;
    return false;
}

static int repair_by_time(const struct mms__place *place, struct mms__upstream *state, int longest_view_ms,
                          mms_repair_report *report)
{
    uint64_t word = mms__load_seq_cst(&state->version);
    uint32_t lowest;
    bool still;

    load_counts(state, report->before);
    still = watch(state, word, longest_view_ms, &lowest);
    MMS__STEP(upstream_repair_watched);
    if (!still || (lowest > 0 && !take_off(state, word, lowest)))
        return mms__fail(MMS_E_AGAIN,
                         "repairing %s: something was published meanwhile, so no count holds the writer back; if "
                         "one is left behind, try again",
                         place->path);
    MMS__STEP(upstream_repair_taken_off);
    load_counts(state, report->after);
    return 0;
}

/* ---- The call ---- */

static int open_state(const struct mms__place *place, struct mms__file *file, struct mms__map *map)
{
    const struct mms__trust anybody = {.any_owner = true, .force_filesystem = true};
    int code = mms__state_open(place, &anybody, O_RDWR, file);

    if (code != 0)
        return code;
    code = mms__state_check(place, file);
    if (code == 0) {
        code = mms__map_file(file->fd, MMS__STATE_SIZE, PROT_READ | PROT_WRITE, false, map);
        if (code != 0)
            mms__fail(code, "mapping %s_state", place->path);
    }
    if (code != 0)
        mms__file_close(file);
    return code;
}

int mms_repair(const char *path, unsigned flags, int longest_view_ms, mms_repair_report *out)
{
    const struct mms__foreign *foreign;
    mms_repair_report report = {0};
    struct mms__place place;
    struct mms__file file;
    struct mms__map map = {0};
    int code = mms__foreign_find(path, MMS_FORMAT_AUTO, &place, &foreign);

    if (code != 0)
        return code;
    if (!foreign || (flags & ~(unsigned)MMS_REPAIR_FORCE) != 0 || longest_view_ms < 0)
        return mms__fail(MMS_E_INVALID,
                         foreign ? "repairing %s: unknown flags, or a time below 0"
                                 : "repairing %s: it is not mmap-sync's; regions of our own know who is dead",
                         place.path);
    code = open_state(&place, &file, &map);
    if (code != 0)
        return code;
    MMS__STEP(upstream_repair_mapped);
    code = repair_by_processes(&place, &file, map.base, (flags & MMS_REPAIR_FORCE) && longest_view_ms == 0, &report);
    if (code == MMS_E_AGAIN && longest_view_ms > 0)
        code = repair_by_time(&place, map.base, longest_view_ms, &report);
    if (out && (code == 0 || code == MMS_E_AGAIN))
        *out = report;
    mms__unmap(&map);
    mms__file_close(&file);
    return code;
}
