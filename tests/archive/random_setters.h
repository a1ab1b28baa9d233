/* SPDX-License-Identifier: Apache-2.0 */
/* Random calls of setters all over a value that is updated, and the same changes to its input. */
#ifndef MMS_RANDOM_SETTERS_H
#define MMS_RANDOM_SETTERS_H

#include "random_value.h"

struct setters {
    struct random *random;
    mms_writer *writer; /* in mms_archive_update */
    bool aborting;      /* what is set does not become part of the input */
    unsigned count;     /* of parts that were set */
};

/* `root` is the archive of the input. Values that are none are tried, too. Ends the program if a
   setter does not do what it should. */
void random_setters(struct setters *setters, const mms_type *type, void *in, const void *root);

#endif
