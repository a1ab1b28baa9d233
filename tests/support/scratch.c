/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { PATHS_MAX = 32 };

struct scratch {
    char directory[256];    /* "" if there is none of the kind asked for */
    char *paths[PATHS_MAX]; /* that tests were given */
    unsigned paths_used;
    unsigned descriptors;
};

static unsigned count_descriptors(void)
{
    DIR *entries = opendir("/proc/self/fd");
    unsigned count = 0;

    while (entries && readdir(entries))
        count++;
    if (entries)
        closedir(entries);
    return count;
}

const char *scratch_name(void)
{
    const char *name = getenv("MMSYNC_TEST_NAME");

    return name ? name : "mmsync-test";
}

static int make(void **state, const char *parent)
{
    struct scratch *scratch = calloc(1, sizeof *scratch);

    if (!scratch)
        return -1;
    *state = scratch;
    scratch->descriptors = count_descriptors();
    if (!parent)
        return 0;
    snprintf(scratch->directory, sizeof scratch->directory, "%s/%s-XXXXXX", parent, scratch_name());
    if (mkdtemp(scratch->directory))
        return chmod(scratch->directory, 0755);
    print_error("making a directory in %s: %s\n", parent, strerror(errno));
    return -1;
}

int scratch_in_memory(void **state)
{
    return make(state, "/dev/shm");
}

static bool is_disk(const char *path)
{
    struct statfs status;

    if (!path || statfs(path, &status) != 0 || access(path, W_OK) != 0)
        return false;
    switch ((unsigned long)status.f_type & UINT32_MAX) {
    case EXT4_SUPER_MAGIC:
    case BTRFS_SUPER_MAGIC:
    case 0x58465342: /* xfs */ return true;
    default: return false;
    }
}

int scratch_on_disk(void **state)
{
    const char *const candidates[] = {getenv("MMSYNC_TEST_DISK"), getenv("TMPDIR"), "/var/tmp", "/tmp", "."};

    for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++)
        if (is_disk(candidates[i]))
            return make(state, candidates[i]);
    return make(state, NULL);
}

const char *scratch_path(void **state, const char *name)
{
    struct scratch *scratch = *state;
    char *path;

    if (!*scratch->directory)
        skip_because("found no writable directory on ext4, xfs or btrfs; name one in MMSYNC_TEST_DISK");
    check_true(scratch->paths_used < PATHS_MAX);
    check_true(asprintf(&path, "%s/%s", scratch->directory, name) > 0);
    scratch->paths[scratch->paths_used++] = path;
    return path;
}

static int delete_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    if (remove(path) != 0)
        print_error("removing %s: %s\n", path, strerror(errno));
    return 0;
}

void scratch_delete(const char *path)
{
    (void)nftw(path, delete_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static int find_temporary_name(const char *directory)
{
    DIR *entries = opendir(directory);
    int found = 0;

    for (struct dirent *entry; entries && (entry = readdir(entries));)
        if (strstr(entry->d_name, ".mmsync-")) {
            print_error("the test has left %s/%s\n", directory, entry->d_name);
            found = -1;
        }
    if (entries)
        closedir(entries);
    return found;
}

static int find_map(const char *directory)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[1024];
    int found = 0;

    while (maps && fgets(line, sizeof line, maps))
        if (strstr(line, directory)) {
            print_error("the test has left a mapping: %s", line);
            found = -1;
        }
    if (maps)
        fclose(maps);
    return found;
}

int scratch_remove(void **state)
{
    struct scratch *scratch = *state;
    unsigned descriptors = count_descriptors();
    int code = 0;

    if (descriptors != scratch->descriptors) {
        print_error("there were %u descriptors before the test, and %u after it\n", scratch->descriptors, descriptors);
        code = -1;
    }
    if (*scratch->directory) {
        if (find_temporary_name(scratch->directory) != 0 || find_map(scratch->directory) != 0)
            code = -1;
        scratch_delete(scratch->directory);
    }
    while (scratch->paths_used > 0)
        free(scratch->paths[--scratch->paths_used]);
    free(scratch);
    return code;
}
