/* SPDX-License-Identifier: Apache-2.0 */
/* What readers ask, and the right answers. These come from the data set in another way (a
   binary search over the keys, once, at the start), which shares no code with the tables that
   it checks. */
#ifndef MMS_CLI_DEMO_QUERY_H
#define MMS_CLI_DEMO_QUERY_H

#include "cli/demo/search.h"

/* A record that would answer a query, if the table has it. */
struct candidate {
    uint32_t number; /* of the record */
    uint16_t suffix; /* as in struct answer */
};

struct query {
    uint32_t text;       /* offset */
    uint32_t candidates; /* offset of the first; best first */
    uint16_t size;
    uint16_t count;    /* of candidates; 0: no table can have an answer */
    uint16_t fallback; /* answer.suffix when no candidate is there */
};

struct query_set {
    const struct data_set *data;
    struct query *queries;
    uint32_t count;
    char *text;
    size_t text_size, text_capacity;
    struct candidate *candidates;
    size_t candidate_count, candidate_capacity;
};

/* `count` queries, the same ones for the same data; one in eight asks for something that is in
   no table. 0 or -ENOMEM. */
int query_build(const struct data_set *data, uint32_t count, struct query_set *set);
void query_free(struct query_set *set);

const char *query_text(const struct query_set *set, const struct query *query);

/* Is this the answer that a search in this generation must give? Compares every field of the
   record; the look-up has compared the key. */
bool query_is_right(const struct query_set *set, const struct query *query, const struct snapshot *snapshot,
                    const struct answer *answer);

#endif
