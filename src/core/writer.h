/* SPDX-License-Identifier: Apache-2.0 */
/* The writer's handle. */
#ifndef MMS_WRITER_H
#define MMS_WRITER_H

#include "core/foreign.h"
#include "core/lock.h"
#include "core/pool.h"
#include "core/process.h"
#include <mmsync.h>

struct mms_writer {
    uint64_t process; /* mms__process_token of the owner */
    const struct mms__foreign
        *foreign; /* NULL: our own files. Else these are set: member, place, options, control_map (the
                                           state), lock.file where a map does not keep the lock, building, capacity */
    void *foreign_data;
    struct mms__member member;
    struct mms__place place; /* the path; directory closed */
    mms_writer_options options;
    struct mms__writer_lock lock;
    struct mms__map control_map, readers_map, data_map;
    struct mms__file data_file, readers_file;
    struct mms__control *control;
    struct mms__pool pool;
    bool building; /* between begin and commit or abort */
    unsigned slot;
    size_t capacity;
    mms_receipt receipt; /* of the write that was begun */
    bool typed;          /* that write has a type of its own: */
    uint64_t type_id[2];
    const char *schema;
    size_t schema_size;
};

/* (open_writer.c) Get the lock of a region, made if there is none, and take over what is in it. place has the path;
   options are read. Details are stored. */
int mms__writer_enter(struct mms_writer *writer);
/* The second half: the directory is open and its lock is held. */
int mms__writer_attach(struct mms_writer *writer);
/* Point the pool to this handle, after it was filled or moved. */
void mms__writer_bind(struct mms_writer *writer);

/* (writer.c) Publish what stands in a taken slot, with what `as` says about it, and wake who waits. */
void mms__writer_publish_as(struct mms_writer *writer, unsigned slot, size_t size, const struct mms__descriptor *as);
int mms__writer_allocate(struct mms_writer **out);
/* `inherited`: in a forked child, which frees memory and leaves all else alone. */
void mms__writer_dismantle(struct mms_writer *writer, bool inherited);

#endif
