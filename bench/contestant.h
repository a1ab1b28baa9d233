/* SPDX-License-Identifier: Apache-2.0 */
/* What a contestant is to the harness: a shared library that exports bench_contestant. The
   timed loops are the contestant's own, in its own language, so that what users get inlined is
   inlined here too.

   Functions return 0, or -1 with a sentence in detail(). A NULL function: the contestant cannot
   do that. */
#ifndef BENCH_CONTESTANT_H
#define BENCH_CONTESTANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BENCH_ABI 3

enum {
    BENCH_IN_PROCESS = 1, /* readers are threads of the writer's process */
    BENCH_BOUND = 2,      /* shares nothing: a bound set by the hardware */
    BENCH_TAKES_TURNS = 4 /* readers and the writer must not work at the same time */
};

/* Every value ends like the archive of the struct HelloWorld { version: u32, messages:
   Vec<String> }: its version, which a read fetches, stands 12 bytes before the end. */
enum { BENCH_VERSION_AT = 12, BENCH_HELLO_SIZE = 36 };

struct bench_place {
    const char *directory; /* empty, on tmpfs; the contestant's files go there */
    size_t max_size;       /* largest value */
    unsigned readers;      /* most reader handles in all processes */
    bool prefault;         /* readers map all pages of a value before they use it */
    bool waits;            /* readers will call wait() */
    bool texts;            /* the keys of struct bench_keys are texts */
};

/* Key i of the table is a scramble of i; its vector has i % 8 + 1 floats, and the first is i. */
static inline uint64_t bench_table_key(uint64_t i)
{
    uint64_t z = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}
enum { BENCH_TABLE_LONGEST = 8 };

enum { BENCH_RECORD_SIZE = 64 };

/* What one commit changes: `length` parts from each of `places` on. All of them get the stamp, a
   number that grows from commit to commit. */
struct bench_change {
    const size_t *places;
    size_t count, length;
    uint64_t stamp;
};

/* Something large whose parts are changed: records of BENCH_RECORD_SIZE bytes, numbered from 0, or
   entries of a table (contestants/parts.h says what is in them). */
struct bench_parts {
    int (*build)(size_t count);                 /* publishes that many, with the stamp 0 */
    int (*change)(const struct bench_change *); /* one commit */
    /* How many of these parts are whole, and have this stamp or a later one. */
    uint64_t (*found)(void *reader, const struct bench_change *);
};

/* Entries of a store that has keys. Key i is bench_table_key(i), as 8 bytes or, in a place with
   `texts`, as text. contestants/values.h says what its value is: it depends on i and the stamp. */
enum { BENCH_TEXT_MOST = 24, BENCH_WORD_VALUE = 32, BENCH_TEXT_VALUE = 100 };

struct bench_key {
    const void *data;
    size_t size;
};

struct bench_some {
    const struct bench_key *keys;
    const uint64_t *numbers;
    size_t count;
    uint64_t stamp;
};

struct bench_keys {
    int (*load_begin)(size_t count); /* nothing was published before; so many will come */
    int (*load)(const struct bench_some *);
    int (*load_end)(uint64_t *bytes);      /* publishes them; what they take */
    int (*put)(const struct bench_some *); /* one commit */
    /* How many are there, whole, and have this stamp or a later one: each in a read of its own, or
       all in one. */
    uint64_t (*get)(void *reader, const struct bench_some *);
    uint64_t (*get_many)(void *reader, const struct bench_some *);
};

struct bench_contestant {
    uint32_t abi, flags;
    const char *name;
    const char *(*version)(void);
    const char *(*detail)(void);

    int (*prepare)(const struct bench_place *); /* before any process forks; may be NULL */
    int (*create)(const struct bench_place *);  /* in the writer's process */
    void (*destroy)(void);

    int (*write)(const void *data, size_t size);
    int (*write_typed)(uint32_t version); /* serializes a HelloWorld, and publishes it */
    void *(*begin)(size_t size);          /* room that becomes the value without another copy */
    int (*commit)(size_t size);

    void *(*reader_open)(const struct bench_place *); /* in the reader's process; NULL is a failure */
    void (*reader_close)(void *reader);
    uint64_t (*read)(void *reader, size_t times);         /* the sum of the versions */
    uint64_t (*read_checked)(void *reader, size_t times); /* the same, and what it reads is validated */
    uint64_t (*touch)(void *reader, size_t size); /* one read that touches each page of the value; the version */
    int (*wait)(void *reader, uint32_t seen);     /* blocks until the version is not `seen` */

    int (*table_build)(size_t count, uint64_t *bytes); /* publishes the table; what it takes */
    /* How many of the keys were found with the right first float. */
    uint64_t (*table_find)(void *reader, const uint64_t *indices, size_t count);

    struct bench_parts records, entries;
    struct bench_keys keys;
};

const struct bench_contestant *bench_contestant(void);

#endif
