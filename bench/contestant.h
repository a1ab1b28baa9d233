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

#define BENCH_ABI 2

enum {
    BENCH_IN_PROCESS = 1, /* readers are threads of the writer's process */
    BENCH_BOUND = 2       /* shares nothing: a bound set by the hardware */
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
};

const struct bench_contestant *bench_contestant(void);

#endif
