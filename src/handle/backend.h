/* SPDX-License-Identifier: Apache-2.0 */
/* One set of public calls, two kinds of files behind it. The calls (src/api) check the handle and
   the arguments, and then go through this table; the back ends that fill it (src/region,
   src/mmap_sync) know nothing of each other. */
#ifndef MMS_HANDLE_BACKEND_H
#define MMS_HANDLE_BACKEND_H

#include "handle/place.h"
#include <mmsync/history.h>

/* What was copied: a value or its schema, and of which generation. */
struct mms__copied {
    uint64_t size;
    uint64_t generation;
    uint64_t type_id[2];
};

/* How to sleep until a region may have something newer: while *word is `value`, and no longer than that. */
struct mms__sleep {
    const uint32_t *word;
    uint32_t value;
    uint64_t longest_ns;
};

/* Details are stored by all that return a code. `region`, `reader`, `writer`: checked handles of this process. */
struct mms__backend {
    /* Allocated and zeroed, with member.forked set, and no descriptor open; NULL: no memory. */
    struct mms_writer *(*writer_new)(void);
    /* With options and place filled. If it fails, the caller frees the handle. */
    int (*writer_open)(struct mms_writer *writer);
    /* Before an open writer is freed: store whatever is left to store. */
    void (*writer_closing)(struct mms_writer *writer);
    /* Release all that writer_open got; the caller frees the handle. `inherited`: in a forked
       child, which lacks the mappings that fork does not pass on. */
    void (*writer_free)(struct mms_writer *writer, bool inherited);
    int (*write)(struct mms_writer *writer, const void *data, size_t size, mms_receipt *receipt);
    int (*begin)(struct mms_writer *writer, size_t capacity, void **buffer, mms_receipt *receipt);
    /* The newest value where it is; it stays until the next commit. NULL: there is none. The function NULL: nobody knows. */
    const void *(*newest)(const struct mms_writer *writer, size_t *size);
    /* A write that begins with the newest value, *size bytes; *capacity grows if that needs more. `touches`: it will touch
       all that it changes, whatever options.track says. NULL: the value is copied. */
    int (*update)(struct mms_writer *writer, size_t *capacity, bool touches, void **buffer, size_t *size,
                  mms_receipt *receipt);
    void (*touch)(struct mms_writer *writer, size_t offset, size_t length); /* with update: within the capacity */
    /* With update: the generation of the value that it began with, 0 if there was none; its type id, and whether the
       library vouches for its bytes as that type, in a table for its keys and values. */
    uint64_t (*updated)(const struct mms_writer *writer, uint64_t type_id[2], bool *serialized);
    int (*grow)(struct mms_writer *writer, size_t capacity, void **buffer);
    /* Of an update, before it grows: as much room for the update after it, so that that can begin, however full memory is
       then. NULL: no back end can promise it. */
    int (*grow_next)(struct mms_writer *writer, size_t capacity);
    int (*commit)(struct mms_writer *writer, size_t size, mms_receipt *receipt); /* size is within the capacity */
    void (*abort)(struct mms_writer *writer);
    int (*rollback)(struct mms_writer *writer, uint64_t generation, mms_receipt *receipt); /* NULL: nothing is kept */
    int (*sync)(struct mms_writer *writer); /* NULL: nothing is durable */

    /* Allocated and zeroed, with member.forked set if there is more to do than mms__region_forked, and no descriptor open;
       NULL: no memory. */
    struct mms_region *(*region_new)(void);
    /* With options and place filled. -EAGAIN: it was replaced under us. If it fails, the caller
       frees the handle. */
    int (*region_open)(struct mms_region *region);
    void (*region_free)(struct mms_region *region, bool inherited); /* as writer_free */
    bool (*leads_elsewhere)(const struct mms_region *region);       /* the path does; a look at the names */
    /* `gone` was stored: make inline reads notice it. */
    void (*found_gone)(struct mms_region *region);
    bool (*is_removed)(struct mms_region *region); /* by mms_remove, as the files say */
    uint64_t (*generation)(struct mms_region *region);
    /* Copy the newest value; nothing is copied if it is larger than `capacity`. */
    int (*copy)(struct mms_region *region, void *buffer, size_t capacity, struct mms__copied *out);
    int (*copy_schema)(struct mms_region *region, char *buffer, size_t capacity, struct mms__copied *out);
    int (*wait)(struct mms_region *region, uint64_t seen, int timeout_ms);
    /* The same in two halves, for a thread that waits for many regions: whatever is published after the first changes the
       word, and wakes. 0: the newest generation is not `seen`; -EAGAIN: sleep; or an error. *sleep has what the last
       call made of it; longest_ns is 0 at first. */
    int (*wait_begin)(struct mms_region *region, uint64_t seen, struct mms__sleep *sleep);
    /* After each sleep. `result`: 0 if it was woken; -EAGAIN: it did not sleep; -ETIMEDOUT. -EAGAIN: go on; MMS_E_GONE. */
    int (*wait_end)(struct mms_region *region, int result);
    bool has_types; /* a type id is stored with each value */

    size_t reader_size; /* of a handle, which begins with a struct mms_reader */
    int (*reader_open)(struct mms_region *region, uintptr_t thread, struct mms_reader **out);
    void (*reader_closed)(struct mms_reader *reader);      /* the handle is: give back what others see */
    int (*read)(struct mms_reader *reader, mms_view *out); /* mms_read and mms_refresh */
    int (*end)(struct mms_reader *reader);                 /* of a view that is held */
    int (*verify_view)(struct mms_reader *reader);         /* of one that is held: as mms__reader_verify */
    void (*view_describe)(const struct mms_reader *reader, mms_view_info *out); /* which is zeroed */
    void (*view_type)(const struct mms_reader *reader, uint64_t type_id[2]);
    /* By the library, as that type: all of it, or the keys and values of a `table`. */
    bool (*view_is_serialized)(const struct mms_reader *reader, bool table);
    /* As mms_changes, of a view of another generation; NULL: nothing is known. */
    int (*changes)(struct mms_reader *reader, uint64_t since, mms_range *out, size_t capacity, size_t *count);

    /* From outside: no handle, a place that was found. With cancellation held off. */
    int (*inspect)(const struct mms__place *place, mms_info *out);
    /* The same again and again; what is kept from one time to the next is at inspector->kept, NULL at first.
       NULL where nothing is kept; else the other one is called if there is something at `kept` in the end. */
    int (*inspect_again)(struct mms_inspector *inspector, mms_info *out);
    void (*inspector_closing)(struct mms_inspector *inspector);
    int (*inspect_readers)(const struct mms__place *place, mms_reader_info *out, size_t capacity, size_t *count);
    int (*history)(const struct mms__place *place, mms_past_value *out, size_t capacity,
                   size_t *count); /* NULL: as above */
    int (*verify)(const struct mms__place *place, void (*report)(void *context, const char *finding), void *context);
    int (*remove)(const struct mms__place *place);
};

#endif
