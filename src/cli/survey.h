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
    char *error;   /* why nothing else is known of it; NULL: `info` holds what mms_inspect tells */
    mms_info info; /* zeros with an error */
};

struct survey {
    struct surveyed *list; /* by name */
    size_t count;
};

/* Add everything in `directory` to a survey that begins as zeros; changes nothing there. Returns an
   exit status; a failure has been reported, and leaves the survey as it was. */
int survey_directory(struct survey *survey, const char *directory);
void survey_free(struct survey *survey);

#endif
