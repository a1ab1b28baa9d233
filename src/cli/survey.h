/* SPDX-License-Identifier: Apache-2.0 */
/* The regions in a directory, and the files of mmap-sync. */
#ifndef MMS_CLI_SURVEY_H
#define MMS_CLI_SURVEY_H

#include <mmsync.h>
#include <stdbool.h>
#include <stddef.h>

struct surveyed {
    char *address;    /* for the library: mmsync:DIRECTORY/NAME, mmap-sync:DIRECTORY/PREFIX */
    const char *path; /* within it, for people: DIRECTORY/NAME, mmap-sync:DIRECTORY/PREFIX */
    const char *name; /* the end of it: NAME, PREFIX */
    bool is_mmap_sync;
    int code;                 /* what looking into it returned */
    char *error;              /* why nothing else is known of it; NULL: `info` holds what mms_inspect tells */
    mms_info info;            /* zeros with an error */
    mms_inspector *inspector; /* of a survey that is repeated; NULL: none yet */
    char *label;              /* the user's own, freed with the rest; NULL: none yet */
};

struct surveyed_list {
    struct surveyed *all;
    size_t count;
};

struct survey {
    struct surveyed_list found; /* by name */
    struct surveyed_list known; /* of the round before: by address, with what was not found again */
    bool is_repeated;           /* set it, and each round costs less than the first */
};

/* Add everything in `directory` to a survey that begins as zeros, once, however often it is named; changes nothing there.
   Returns an exit status; a failure has been reported, and leaves the survey as it was. */
int survey_directory(struct survey *survey, const char *directory);
/* Begin the next round, for a survey that is repeated: nothing is found yet. */
void survey_repeat(struct survey *survey);
/* What was found under that address in the round before; NULL: nothing. */
const struct surveyed *survey_before(const struct survey *survey, const struct surveyed *found);
void survey_free(struct survey *survey);

#endif
