/* SPDX-License-Identifier: Apache-2.0 */
/* Opening mmap-sync's files to write them, and closing them: the state is made if it is not there, and locked. */
#include "base/error.h"
#include "mmap_sync/backend.h"
#include "mmap_sync/writer.h"
#include "os/byte_lock.h"
#include "os/cancel.h"
#include "os/clock.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

static int check_options(const struct mms__mmap_sync_writer *writer)
{
    const mms_writer_options *options = &writer->front.options;
    const char *name = NULL;

    if (options->max_slots != 0 && options->max_slots != 2)
        name = "options.max_slots";
    else if (options->max_readers != 0)
        name = "options.max_readers";
    else if ((options->type_id[0] | options->type_id[1]) != 0)
        name = "options.type_id";
    else if (options->tag != 0)
        name = "options.tag";
    else if (options->replace)
        name = "options.replace";
    else if (options->durable != 0)
        name = "options.durable";
    else if (options->huge_pages == MMS_HUGE_PAGES_ON)
        name = "options.huge_pages = MMS_HUGE_PAGES_ON";
    else if (options->on_grace == MMS_EVICT)
        name = "options.on_grace = MMS_EVICT (options.mmap_sync->reset is the way of mmap-sync)";
    if (!name)
        return 0;
    return mms__fail(MMS_E_INVALID, "opening %s: the files of mmap-sync have no room for what %s asks for",
                     writer->front.place.path, name);
}

/* An empty file was just made, by us or by another process, or its maker died then. */
static int initialise(const struct mms__mmap_sync_writer *writer, const struct mms__file *file)
{
    struct stat status;
    int code;

    if (fstat(file->fd, &status) != 0)
        return mms__fail_errno("looking at the size of %s_state", writer->front.place.path);
    if (status.st_size != 0)
        return mms__state_check(&writer->front.place, file);
    code = mms__allocate(file->fd, 0, MMS__STATE_SIZE);
    if (code == 0 && (fstat(file->fd, &status) != 0 || status.st_size < (off_t)MMS__STATE_SIZE))
        code = mms__set_length(file->fd, MMS__STATE_SIZE);
    if (code == 0)
        return 0;
    (void)mms__set_length(file->fd, 0);
    return mms__fail(code, "making %s_state: no room for its 16 bytes", writer->front.place.path);
}

static int open_state(const struct mms__mmap_sync_writer *writer, struct mms__file *file)
{
    struct mms__trust trust = MMS__TRUST_OF(&writer->front.options);
    char name[MMS__FILE_NAME_SIZE];
    int code;

    mms__state_name(&writer->front.place, name);
    code = mms__target_open(writer, name, 0660, writer->front.options.readers_mode, file);
    if (code != 0)
        return mms__fail(code, "opening %s to write it", name);
    code = mms__owner_check(&writer->front.place, &trust, file, name);
    if (code != 0)
        mms__file_close(file);
    return code;
}

/* With forks held off. -EWOULDBLOCK: another writer has the lock; -ESTALE: the file was removed
   before we had it. Like the lock of a native region it lives as long as the mapping, so that a
   host that closes descriptors keeps it and a forked child does not get it. */
static int lock_and_map(struct mms__mmap_sync_writer *writer)
{
    struct mms__file file;
    int code = open_state(writer, &file);

    if (code != 0)
        return code;
    MMS__STEP(mmap_sync_state_opened);
    if (!writer->options.unlocked)
        code = mms__state_lock(&writer->front.place, &file);
    MMS__STEP(mmap_sync_state_locked);
    if (code == 0) {
        code = mms__state_check_name(&writer->front.place, &file);
        if (code == MMS_E_GONE)
            code = -ESTALE;
    }
    if (code == 0)
        code = initialise(writer, &file);
    MMS__STEP(mmap_sync_state_sized);
    if (code == 0) {
        code = mms__map_file(file.fd, MMS__STATE_SIZE, PROT_READ | PROT_WRITE, true, &writer->state_map);
        if (code != 0)
            mms__fail(code, "mapping %s_state", writer->front.place.path);
    }
    MMS__STEP(mmap_sync_state_mapped);
    if (code == 0 && writer->front.place.loses_locks && !writer->options.unlocked) {
        mms__lock_file_keep(&file);
        writer->lock_file = file;
    } else {
        mms__file_close(&file);
    }
    writer->state_file = (struct mms__file){.fd = -1, .device = file.device, .inode = file.inode};
    return code;
}

/* LOST_TRIES: how often the file may be removed under us, however short the time. */
enum { LOCK_RETRY_NS = 2000000, LOST_TRIES = 16 };

static int enter(struct mms__mmap_sync_writer *writer)
{
    int wait_ms = writer->front.options.lock_wait_ms, lost = 0;
    uint64_t deadline = wait_ms == MMS_NO_WAIT ? 0 : mms__deadline(wait_ms);

    for (;;) {
        int code;

        mms__fork_hold();
        code = lock_and_map(writer);
        mms__fork_release();
        if (code == -ESTALE && ++lost < LOST_TRIES)
            continue;
        if (code == -ESTALE)
            return mms__fail(MMS_E_BUSY, "opening %s: other processes create and remove it all the time",
                             writer->front.place.path);
        if (code != -EWOULDBLOCK)
            return code;
        if (mms__now_ns() >= deadline)
            return mms__fail(
                MMS_E_BUSY,
                "another process has the write lock of %s_state; end it, or wait longer (options.lock_wait_ms)",
                writer->front.place.path);
        mms__sleep_cancellable(LOCK_RETRY_NS, writer->front.cancel_state);
    }
}

static void forked(struct mms__member *member)
{
    struct mms__mmap_sync_writer *writer =
        (struct mms__mmap_sync_writer *)(void *)((char *)member - offsetof(struct mms__mmap_sync_writer, front.member));

    mms__file_close(&writer->lock_file);
}

struct mms_writer *mms__mmap_sync_writer_new(void)
{
    struct mms__mmap_sync_writer *writer = calloc(1, sizeof *writer);

    if (!writer)
        return NULL;
    writer->front.member.forked = forked;
    writer->state_file = writer->lock_file = MMS__NO_FILE;
    writer->targets[0].file = writer->targets[1].file = MMS__NO_FILE;
    return (struct mms_writer *)writer;
}

int mms__mmap_sync_writer_open(struct mms_writer *front)
{
    struct mms__mmap_sync_writer *writer = mms__mmap_sync_writer_of(front);
    struct mms__trust trust = MMS__TRUST_OF(&front->options);
    struct mms__file parent;
    int code = check_options(writer);

    writer->options = *front->options.mmap_sync;
    if (front->options.max_size == 0 || front->options.max_size > MMS__MMAP_SYNC_SIZE_MAX)
        front->options.max_size = MMS__MMAP_SYNC_SIZE_MAX;
    if (code == 0)
        code = mms__place_open_parent(&front->place, &trust, &parent);
    if (code != 0)
        return code;
    writer->directory = parent.device;
    mms__file_close(&parent);
    code = enter(writer);
    if (code != 0)
        return code;
    writer->state = writer->state_map.base;
    writer->waiting = mms__mmap_sync_waiting(writer->state);
    return 0;
}

void mms__mmap_sync_writer_free(struct mms_writer *front, bool inherited)
{
    struct mms__mmap_sync_writer *writer = mms__mmap_sync_writer_of(front);

    for (int i = 0; i < 2; i++) {
        if (!inherited) /* a child has none of these maps */
            mms__unmap(&writer->targets[i].map);
        mms__file_close(&writer->targets[i].file);
    }
    MMS__STEP(mmap_sync_targets_closed);
    mms__unmap(&writer->buffer);
    if (!inherited) {
        mms__unmap(&writer->state_map); /* last: nobody else may write until here */
        MMS__STEP(close_control_unmapped);
    }
    mms__file_close(&writer->lock_file);
    MMS__STEP(lock_dropped);
}
