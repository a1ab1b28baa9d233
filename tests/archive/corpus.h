/* SPDX-License-Identifier: Apache-2.0 */
/* Values to begin with: for each type some JSON. */
#ifndef MMS_CORPUS_H
#define MMS_CORPUS_H

#include <mmsync/archive.h>

struct corpus_value {
    mms_archive *archive;
    const char *json;
};

/* NULL past the last one. */
const struct corpus_value *corpus_value(size_t index);

/* Memory for an archive, to be freed: of exactly that size, and aligned as archives may need it, which malloc's is not on
   all machines. Ends the program if there is none. */
void *corpus_allocate(size_t size);

/* The archive of a value, to be freed; ends the program if it cannot be written. */
unsigned char *corpus_encode(const mms_archive *archive, const char *json, size_t *size);

#endif
