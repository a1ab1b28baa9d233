/* SPDX-License-Identifier: Apache-2.0 */
/* The writer's handle, as far as all kinds of files share it. Each has a struct of its own that begins with this one. */
#ifndef MMS_HANDLE_WRITER_H
#define MMS_HANDLE_WRITER_H

#include "handle/backend.h"
#include "os/process.h"

struct mms_table;

struct mms_writer {
    uint64_t process; /* mms__process_token of the owner */
    const struct mms__backend *backend;
    struct mms__member member;
    struct mms__place place; /* the path; directory closed */
    mms_writer_options options;
    int cancel_state; /* of the caller, for waits that may be long (cancel.h) */
    bool gone;        /* the path leads elsewhere */
    bool building;    /* between begin and commit or abort */
    bool updating;    /* with mms_write_update */
    bool typed;       /* the write that was begun has a type of its own, as below */
    bool tagged;      /* and a tag */
    bool setting;     /* an update of a typed value: setters may change it */
    bool vouched;     /* in such an update, or a typed table's: nothing else has, so its bytes are right */
    bool serialized;  /* said anew for each commit: of bytes that the library vouches for, of that type */
    size_t capacity;  /* of that write */
    size_t updated;   /* size of the value that an update began with */
    void *buffer;     /* and where it is */
    uint64_t type_id[2], tag;
    const char *schema;
    size_t schema_size;
    struct mms_table *table; /* memory for mms_table_begin; NULL before the first */
    bool in_table;           /* the write that was begun is that of a table */
    bool can_do_without;     /* the room that it asks for: it must not cost other slots theirs */
};

/* A handle that knows no place yet. A member from the start, so that a child forked while it is opened closes what it inherits.
   -errno; no detail is stored. */
int mms__writer_make(const struct mms__backend *backend, struct mms_writer **out);
/* `inherited`: in a forked child, which frees memory and leaves everything else alone. */
void mms__writer_free(struct mms_writer *writer, bool inherited);

/* In an update, within its capacity. */
static inline void mms__writer_touch(struct mms_writer *writer, size_t offset, size_t length)
{
    __builtin_prefetch((const char *)writer->buffer + offset, 1); /* the caller stores there, most likely next */
    if (writer->backend->touch)
        writer->backend->touch(writer, offset, length);
}

/* More room for the write that was begun; *buffer is where it is then. Details are stored. */
int mms__writer_grow(struct mms_writer *writer, size_t capacity, void **buffer);

/* Details for a path that leads elsewhere. */
int mms__writer_fail_gone(const struct mms_writer *writer);

int mms__writer_look_at_lock(const struct mms_writer *writer, const struct mms__file *lock);

/* Check the lock where no mapping keeps it: a host that closes descriptors drops it. Details are
   stored. */
static inline int mms__writer_check_lock(const struct mms_writer *writer, const struct mms__file *lock)
{
    return writer->place.loses_locks ? mms__writer_look_at_lock(writer, lock) : 0;
}

#endif
