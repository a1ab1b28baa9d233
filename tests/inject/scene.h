/* SPDX-License-Identifier: Apache-2.0 */
/* A region and what one process has open of it, for scenarios in which calls fail; and what must
   hold after each of them. */
#ifndef SCENE_H
#define SCENE_H

#include "child.h"
#include "inject.h"
#include <mmsync/mmap_sync.h>

struct scene {
    char directory[256], path[300]; /* the region, in a directory that holds nothing else */
    mms_writer_options options;     /* of the writer */
    mms_region_options region_options;
    mms_mmap_sync_writer_options mmap_sync_options;
    mms_writer *writer;
    mms_region *region;
    mms_reader *reader;
    mms_view view;
    uint64_t good; /* generation of the last value whose publishing was reported; 0: none */
    size_t good_size;
    uint64_t values;        /* how many were filled */
    bool wrote_type;        /* of the values written from now on */
    bool may_be_gone;       /* a remove was tried */
    bool handles_are_old;   /* their region may have been replaced or removed */
    bool mmap_sync;         /* the files are mmap-sync's */
    bool dead_are_counted;  /* for these: mms_repair is needed before both can be written */
    bool onlooker_holds;    /* a view that it must keep */
    struct child *onlooker; /* a helper `reader`: another process, in which no call fails */
    unsigned descriptors;
    struct inject_holdings holdings;
};

/* A step that is impossible because what it needs is not open. */
enum { STEP_SKIPPED = 1 };

/* Each returns a code of the library, or STEP_SKIPPED. */
typedef int scene_step(struct scene *scene);

scene_step open_writer, close_writer, publish_small, publish_large, publish_grown, publish_typed, publish_huge,
    publish_forty;
/* Change all bytes of the newest value, in two touches; then ask what readers are told about
   it. */
scene_step update_value, ask_changes;
/* After a sync that failed a writer refuses to go on, and the next one does. */
scene_step sync_value, renew_writer;
/* All of its bytes again, without a touch. */
scene_step track_value;
scene_step open_region, close_region, open_reader, close_reader, read_value, refresh_value, release_value, view_type;
/* The newest value but one becomes the newest; all that are whole are listed. */
scene_step go_back, list_values;
scene_step copy_value, copy_schema, wait_in_vain, look, look_twice, look_at_readers, check_all, remove_region;
/* That is impossible: the region is to stay. */
scene_step remove_in_vain;
/* For the files of mmap-sync. */
scene_step repair, repair_by_time, repair_by_force;

/* A region at a path, with the options of all scenarios, and whatever is open and held before one
   begins. */
void scene_begin(struct scene *scene, const char *path, struct child *onlooker);
/* Checks everything that must hold afterwards, when no call fails any more: another process can
   read the last good value, what is open works or says why not, nothing has leaked, the next
   writer can publish, and so on. Fails the test. Removes the region at the end. */
void scene_check(struct scene *scene);

/* A file in the region that is not mmsync's; scene_check removes it. */
void make_stranger(const struct scene *scene);
/* Start with what a dead process left: the directory of a half-removed region. */
void leave_leftover(const struct scene *scene);
/* As if a process that has died had had this line. */
void leave_dead_line(const struct scene *scene, unsigned line, uint32_t owner);

#endif
