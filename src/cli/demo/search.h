/* SPDX-License-Identifier: Apache-2.0 */
/* The look-ups of the demo: from a MAC address or a host name, as users write it, to a record
   of a table. */
#ifndef MMS_CLI_DEMO_SEARCH_H
#define MMS_CLI_DEMO_SEARCH_H

#include "cli/demo/form.h"

struct answer {
    bool found;           /* false for a host name: no rule matched, so the last label counts */
    struct record record; /* if found */
    size_t suffix;        /* where the public suffix of a host name begins */
};

/* FIND_FOUND, FIND_ABSENT or FIND_TORN. With FIND_TORN the answer means nothing. */
enum find_result search(const struct snapshot *snapshot, const char *text, size_t size, struct answer *answer);

/* Where the registrable domain begins: one label before the public suffix. `size` if the name
   is itself a suffix. */
size_t registrable_domain(const char *name, size_t size, size_t suffix);

/* Six digits, upper case, from "f4:bd:9e:01:02:03", "F4-BD-9E-01-02-03" or "f4bd9e010203".
   False if it is none. */
bool mac_prefix(const char *text, size_t size, char key[6]);

#endif
