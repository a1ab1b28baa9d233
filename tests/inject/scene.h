/* SPDX-License-Identifier: Apache-2.0 */
/* A region and what one process has open of it, for scenarios in which calls fail; and what must hold after each. */
#ifndef SCENE_H
#define SCENE_H

#include "child.h"
#include "inject.h"
#include <mmsync.h>

struct scene {
    char directory[256], path[300]; /* the region, in a directory that holds nothing else */
    mms_writer_options options;     /* of the writer */
    mms_region_options region_options;
    mms_writer *writer;
    mms_region *region;
    mms_reader *reader;
    mms_view view;
    uint64_t good; /* generation of the last value whose publishing was reported; 0: none */
    size_t good_size;
    uint64_t values;        /* how many were filled */
    bool wrote_type;        /* of the values from now on */
    bool may_be_gone;       /* a remove was tried */
    bool handles_are_old;   /* the region that they are of may have been replaced or removed */
    bool upstream;          /* the files are mmap-sync's */
    bool dead_are_counted;  /* in them: mms_repair is needed before both can be written */
    bool onlooker_holds;    /* a view, that it must keep */
    struct child *onlooker; /* a helper `reader`: another process, in which no call fails */
    unsigned descriptors;
    struct inject_holdings holdings;
};

/* A step that cannot be made, since what it needs is not open. */
enum { STEP_SKIPPED = 1 };

/* Each returns a code of the library, or STEP_SKIPPED. */
typedef int scene_step(struct scene *scene);

scene_step open_writer, close_writer, publish_small, publish_large, publish_grown, publish_typed, publish_huge,
    publish_forty;
scene_step open_region, close_region, open_reader, close_reader, read_value, refresh_value, release_value, view_type;
scene_step copy_value, copy_schema, wait_in_vain, look, look_at_readers, check_all, remove_region;
/* That cannot be done: the region is to stay. */
scene_step remove_in_vain;
/* Of the files of mmap-sync. */
scene_step repair, repair_by_time, repair_by_force;

/* What is open and held before the scenario begins. */
void scene_begin(struct scene *scene);
/* Everything that must hold afterwards, with no call failing any more: the last good value is readable by another
   process, what is open works or says why not, nothing has leaked, the next writer can publish, and so on. Fails the
   test. Ends with the region removed. */
void scene_check(struct scene *scene);

/* A file in the region that is not mmsync's; scene_check takes it away. */
void make_stranger(const struct scene *scene);
/* Start on something that a dead process left: a directory of a half-removed region. */
void leave_leftover(const struct scene *scene);
/* As if a process that is dead by now had had this line. */
void leave_dead_line(const struct scene *scene, unsigned line, uint32_t owner);

#endif
