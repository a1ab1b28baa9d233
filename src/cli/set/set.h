/* SPDX-License-Identifier: Apache-2.0 */
/* What `write --set` publishes: the newest value, with some places changed. */
#ifndef MMS_CLI_SET_SET_H
#define MMS_CLI_SET_SET_H

#include "cli/publication.h"
#include "cli/typed_value.h"

struct set {
    char *const *assignments; /* PATH=VALUE */
    size_t count;
    struct typed_schema schema;
};

/* Learn the type of the newest value of a region. An exit status; anything but EXIT_OK has been
   reported, here and below. */
int set_open(struct set *set, const char *path, const mms_writer_options *options);
void set_close(struct set *set);

/* Begin an update of the writer and make all changes in it. If one fails, the write is aborted. */
int set_apply(const struct set *set, mms_writer *writer, struct candidate *candidate);

#endif
