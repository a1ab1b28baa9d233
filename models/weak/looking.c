/* SPDX-License-Identifier: Apache-2.0 */
/* Looking from outside while values are published: mms_verify finds no damage where there is none,
   and what mms_inspect reports belongs to one generation. G1. verify.c and inspect.c are compiled
   as they are. */
#define ATOMIC_DATA
#ifndef SLOTS
#define SLOTS 2
#endif
#ifndef PUBLISHES
#define PUBLISHES 3
#endif
#define LINES 1
#define CHECKSUMS
#include "scenario.h"

enum { STRIDE = 128 }; /* of the files; here the data lies closer together */

#undef mms__fail
#define mms__fail(code, ...) (code)
#define mms_last_error() ""
#define mms_strerror(code) ""
#define check_value check_value_of_slot
#define is_still_current is_still_current_word
#define check_readers check_reader_lines
#include "handle/findings.c"
#include "region/inspect.c"
#include "region/verify.c"

/* A value's checksum is its generation, which is each of its words. */
int mms__checksum_file(int fd, uint64_t offset, uint64_t size, uint64_t *checksum)
{
    uint64_t words[WORDS];

    (void)fd, (void)size;
    for (int i = 0; i < WORDS; i++)
        words[i] = DATA_LOAD(data_file[offset / STRIDE][i]);
    *checksum = words[0] == words[1] ? words[0] : 0;
    return 0;
}

/* No file is looked at: what these say counts for nothing here. */
int mms__file_open(int directory, const char *name, int flags, mode_t mode, struct mms__file *file)
{
    return MMS_E_NOT_REGION;
}

int mms__file_stat(const struct mms__file *file, struct stat *status)
{
    return MMS_E_NOT_REGION;
}

bool mms__file_is(const struct mms__file *file, dev_t device, ino_t inode)
{
    return false;
}

int mms__test_byte(int fd, int64_t offset)
{
    return 0;
}

int mms__fail_missing(const struct mms__place *place, const char *name)
{
    return MMS_E_NOT_REGION;
}

int mms__anchor_find(int fd, const struct mms__header *region, struct mms__anchor *out, unsigned *place, uint64_t *lost)
{
    return MMS_E_CORRUPT;
}

int mms__anchor_read(int fd, const struct mms__header *region, unsigned place, struct mms__anchor *out)
{
    return MMS_E_CORRUPT;
}

static bool membarrier_is_refused(void)
{
    return true;
}

static void *write_some(void *unused)
{
    struct writer writer;

    writer_open(&writer, false);
    for (int i = 0; i < PUBLISHES; i++)
        CHECK(writer_write(&writer)); /* nobody is in its way */
    return unused;
}

static void begin_look(struct mms__inspection *look)
{
    memset(look, 0, sizeof *look);
    look->control = CONTROL;
    look->header.max_slots = SLOTS;
    look->header.max_size = sizeof data_file[0];
    look->header.stride = STRIDE;
    look->place.volatile_memory = true;
}

static void *check_it(void *unused)
{
    struct mms__findings findings = {0};
    struct mms__inspection look;

    begin_look(&look);
    (void)check_current_once(&look, -1, &findings);
    CHECK(findings.count == 0);
    return unused;
}

static void *inspect_once(void *unused)
{
    struct mms__inspection look;
    mms_info info;

    memset(&info, 0, sizeof info);
    begin_look(&look);
    CHECK(read_value(&look, &info) == 0);
    CHECK(info.checksum == info.generation && info.tag == info.generation);
    return unused;
}

int main(void)
{
#ifdef INSPECTS
    static void *(*const threads[])(void *) = {write_some, inspect_once};
#else
    static void *(*const threads[])(void *) = {write_some, check_it};
#endif

    lay_out();
    run_threads(threads, (void *const[]){NULL, NULL}, 2);
    return 0;
}
