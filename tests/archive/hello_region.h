/* SPDX-License-Identifier: Apache-2.0 */
/* A region of HelloWorlds with several readers, whose bytes the library serialized or somebody else did, and may be damaged
   through the file. Damage before a read shows who checks: if nobody does, it goes unnoticed. */
#ifndef HELLO_REGION_H
#define HELLO_REGION_H

#include "check.h"
#include "hello.h"
#include <sys/types.h>

enum { SLOTS = 2, READERS = 3 };

struct fixture {
    const char *path;
    mms_writer *writer;
    mms_region *region;
    mms_reader *readers[READERS];
    mms_receipt receipt; /* of the last publish */
};

struct fixture set_up(void **state, const mms_region_options *options);
struct fixture set_up_tracked(void **state, const mms_region_options *options, mms_track how);
void tear_down(struct fixture *f);
/* The region and the readers alone: another of both on the same path, as in another process. */
void open_reading(struct fixture *f, const mms_region_options *options);
void close_reading(struct fixture *f);
/* With `check_always`. */
mms_region_options checking_always(void);

const HelloWorld *value_of(uint32_t version);
void publish(struct fixture *f, uint32_t version);
/* The same bytes under the same type, made by somebody else. */
void publish_bytes(struct fixture *f, uint32_t version);

/* Of one of the files, as somebody else may change it: a descriptor to read and write. */
int open_part(const struct fixture *f, const char *part);
/* Overwrite, in the file, the offset of the messages that the root of the last published value gives. */
void damage(const struct fixture *f);
/* Where `control` has the flags of the last published value, and whether they say that the library serialized it. */
off_t flags_at(const struct fixture *f);
bool says_serialized(const struct fixture *f);

/* The root, and the view is released. */
const ArchivedHelloWorld *read_as(mms_reader *reader, mms_archive *archive);
/* Reader `i` gets a root: it checked the bytes and found them good, or did not check them. */
void check_gives_root(const struct fixture *f, int i);
void check_finds_damage(mms_reader *reader, mms_archive *archive);

#endif
