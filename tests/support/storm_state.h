/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a storm: its state and its model, for storm.c, storm_checks.c and storm_writes.c. */
#ifndef STORM_STATE_H
#define STORM_STATE_H

#include "pattern.h"
#include "storm.h"
#include <sys/resource.h>

enum { KEYS = 60, LARGEST = 8000, READERS = 6, PAST = 1024, SCHEMA_SIZE = 3000 };

/* What a table has: of each key the version, 0 if it is not there, and the size. */
struct contents {
    uint32_t version[KEYS], size[KEYS];
};

struct holder {
    mms_reader *reader;
    mms_view view; /* data: NULL, or a view is held */
    struct contents contents;
    bool evictable;
};

extern struct storm {
    const struct storm_kind *kind;
    uint64_t seed, random;
    unsigned operation; /* 0: none is under way */
    const char *path;
    mms_writer_options options;
    mms_writer *writer;
    mms_region *region, *evictable;
    mms_reader *look;
    struct holder holders[READERS];
    struct contents now;
    struct {
        uint64_t generation;
        struct contents contents;
    } past[PAST];
    uint32_t version; /* the last one given to an entry */
    struct rlimit descriptors;
    bool starved;
} storm;

/* Over all storms of a kind: one that does little finds little. */
extern struct storm_counts {
    unsigned commits, aborts, rollbacks, refusals, starved;
} storm_done;

extern char storm_schema[SCHEMA_SIZE];
extern const uint64_t storm_type[2];

static inline uint64_t below(uint64_t limit)
{
    return pattern_random(&storm.random) % limit;
}

static inline bool one_in(unsigned count)
{
    return below(count) == 0;
}

/* ---- storm_checks.c ---- */

/* What a version of an entry holds. */
void storm_entry_bytes(int key, uint32_t version, unsigned char *bytes, size_t size);
/* False if there is no value yet. Release `look` otherwise. */
bool storm_read_current(mms_view *view);
/* Read a value and hold it, or check and release it. */
void storm_hold_or_release(struct holder *holder);
/* The newest value, which is noted for rollbacks; the writer's slots; and the views that are held. */
void storm_check(void);

/* ---- storm_writes.c ---- */

/* One operation of the writer, of a reader, or of the time. */
void storm_do_anything(void);
/* Give the descriptors back that were taken. */
void storm_feed(void);

#endif
