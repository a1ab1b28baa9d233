/* SPDX-License-Identifier: Apache-2.0 */
/* The writer of a region. */
#ifndef MMS_REGION_WRITER_H
#define MMS_REGION_WRITER_H

#include "handle/writer.h"
#include "region/durable.h"
#include "region/pool.h"
#include "region/tracking.h"
#include "region/writer_lock.h"

struct mms__native_writer {
    struct mms_writer front;
    struct mms__writer_lock lock;
    struct mms__mapping control_map, readers_map, data_map;
    struct mms__file data_file, readers_file;
    struct mms__file control_file; /* closed; says which file it was */
    uint64_t unchanged_ns;         /* the directory's last change at the last thorough look; 0: none */
    unsigned unlooked;             /* writes since the last look */
    uint64_t time_ns, looked_ns;   /* mms__time_coarse_ns at the last write, and at the last look at all files */
    struct mms__control *control;
    struct mms__pool pool;
    unsigned slot;
    mms_receipt receipt;        /* of the write under way */
    bool has_receipt;           /* it is not all zeros */
    struct mms__update *update; /* NULL before the first update */
    struct mms__tracking tracking;
    struct mms__durable durable;
};

static inline struct mms__native_writer *mms__native_writer_of(struct mms_writer *front)
{
    return (struct mms__native_writer *)front;
}

/* In a descriptor: that the library vouches for what is written now. */
static inline uint64_t mms__vouching_flag(const struct mms_writer *front)
{
    return front->in_table ? MMS__MADE_TABLE : MMS__SERIALIZED;
}

/* (writer_open.c) Create the region if there is none, get its lock, and open it. The path and the
   options are set. Details are stored. */
int mms__writer_open_region(struct mms__native_writer *writer);
/* The second half: the directory is open and its lock is held. */
int mms__writer_open_locked(struct mms__native_writer *writer);
/* Raise `floor`, and take `current` from readers. */
void mms__writer_clear(struct mms__control *control, uint64_t floor);
/* Point the pool at this handle after filling or swapping it. */
void mms__writer_bind(struct mms__native_writer *writer);

/* (gone.c) True if the path no longer leads to this region: it was deleted, moved or replaced. */
bool mms__writer_is_gone(struct mms__native_writer *writer);

/* (writer.c) Take a slot with room for an update, of a size that is allowed; as mms__pool_take_newest, and if `seek`, after
   mms__pool_seek_newest. Details are stored. */
int mms__writer_take_newest(struct mms__native_writer *writer, size_t capacity, bool seek, struct mms__taken *taken,
                            mms_receipt *receipt);
/* (writer.c) Whether a value of that size is allowed. Details are stored. */
int mms__writer_check_size(const struct mms__native_writer *writer, uint64_t size);
/* (writer.c) Before anything is published: whether the lock is held and the path leads here. Details are stored. */
int mms__writer_look(struct mms__native_writer *writer);
unsigned char *mms__writer_slot(const struct mms__native_writer *writer, unsigned slot);
/* What to track of it. */
static inline struct mms__tracked mms__writer_tracked(const struct mms__native_writer *writer)
{
    return (struct mms__tracked){&writer->data_map, writer->front.place.path, writer->front.options.track};
}

/* (rollback.c) Publish a copy of the value in a slot. Details are stored. */
int mms__writer_publish_copy(struct mms__native_writer *writer, unsigned slot);

/* (writer.c) Publish the value in a taken slot, described by `as`, and wake the waiters. Fails only if it is durable, or is
   to be: then nothing is published. Details are stored. */
int mms__writer_publish_as(struct mms__native_writer *writer, unsigned slot, size_t size,
                           const struct mms__descriptor *as);

#endif
