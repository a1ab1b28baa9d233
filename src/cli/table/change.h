/* SPDX-License-Identifier: Apache-2.0 */
/* An update of the table in a region; both are created if they do not exist. */
#ifndef MMS_CLI_TABLE_CHANGE_H
#define MMS_CLI_TABLE_CHANGE_H

#include "cli/table/arguments.h"

struct table_change {
    const char *path;
    mms_writer *writer;
    mms_table *table;
    struct table_types types; /* of its keys and values */
    bool is_new;              /* there was no region */
    bool typed;               /* puts are by type */
};

/* An exit status; anything but EXIT_OK has been reported, here and below. Close the change in any
   case. */
int table_change_begin(struct table_change *change, const char *path, struct table_arguments *arguments);
/* Before the first put: choose whether they are by type. */
int table_change_prepare_puts(struct table_change *change, const struct notation *keys, const struct notation *values);
/* Put an entry: bytes, or if the notations, which are settled, are those of types, texts. After
   EXIT_FAILED *wrong, of NOTATION_WRONG bytes, says what is wrong with it; "": that was reported. Or
   returns the library's code, which nobody has reported. */
int table_change_put(struct table_change *change, const struct bytes *key, const struct bytes *value, char *wrong);
/* Publish it, and print "generation=N entries=N WHAT=COUNT", or an object of JSON; what NULL: not the last. */
int table_change_commit(struct table_change *change, const char *what, uint64_t count);
/* Drops what was not committed, and removes a region that was created for it. */
void table_change_close(struct table_change *change);

#endif
