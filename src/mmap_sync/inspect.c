/* SPDX-License-Identifier: Apache-2.0 */
/* What mms_inspect and its like tell of mmap-sync's files. */
#include "mmap_sync/backend.h"
#include "mmap_sync/files.h"
#include "mmap_sync/look.h"
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

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
    struct mms__look look;
    int code = mms__look_open(place, &look);

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
    mms__look_close(&look);
    return 0;
}

/* These files count readers without naming them. */
int mms__mmap_sync_inspect_readers(const struct mms__place *place, mms_reader_info *out, size_t capacity, size_t *count)
{
    struct mms__look look;
    int code = mms__look_open(place, &look);

    (void)out, (void)capacity;
    if (code != 0)
        return code;
    mms__look_close(&look);
    *count = 0;
    return 0;
}

int mms__mmap_sync_inspect_counts(const struct mms__place *place, mms_mmap_sync_info *out)
{
    struct mms__look look;
    int code = mms__look_open(place, &look);

    if (code != 0)
        return code;
    *out = (mms_mmap_sync_info){.counts = {0}};
    for (unsigned i = 0; look.state && i < 2; i++)
        out->counts[i] = mms__load_relaxed(&look.state->readers[i]);
    mms__look_close(&look);
    return 0;
}
