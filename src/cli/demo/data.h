/* SPDX-License-Identifier: Apache-2.0 */
/* The real data that the demo publishes, from the files of a Debian package. */
#ifndef MMS_CLI_DEMO_DATA_H
#define MMS_CLI_DEMO_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* OUI: who makes the network card with this MAC address. SUFFIX: the public suffix list, which
   says what part of a host name somebody has registered. */
enum data_kind { DATA_ANY, DATA_OUI, DATA_SUFFIX };

/* Flags of an entry of the public suffix list: the rules "key", "*.key" and "!key". */
enum { RULE_NORMAL = 1, RULE_WILDCARD = 2, RULE_EXCEPTION = 4 };

/* A record. */
struct data_entry {
    const char *key;
    const char *value;
    uint64_t hash; /* of the key; orders the data set */
    uint32_t number;
    uint32_t flags;
    uint16_t key_size;
    uint16_t value_size;
};

struct data_set {
    enum data_kind kind;
    char *path;
    char *text;                 /* the file; keys and values lie in it */
    uint64_t digest;            /* of the file */
    struct data_entry *entries; /* in no particular order; no key twice */
    uint32_t count;
    uint32_t capacity;
};

/* Read `path`, or with NULL the place where Debian has that kind; DATA_ANY takes what is
   installed. 0, or EXIT_FAILED after one line on standard error. */
int data_load(enum data_kind kind, const char *path, struct data_set *set);
void data_free(struct data_set *set);

/* "oui" or "public-suffix"; "what is in it", for people. */
const char *data_name(enum data_kind kind);
const char *data_title(enum data_kind kind);

/* For the parsers: false if memory is short. */
bool data_add(struct data_set *set, const char *key, size_t key_size, const char *value, size_t value_size,
              uint32_t flags);

/* The parsers, in parse.c: fill `set` from the file in set->text. NULL, or what is wrong. */
const char *parse_oui(struct data_set *set, size_t size);
const char *parse_suffixes(struct data_set *set, size_t size);

#endif
