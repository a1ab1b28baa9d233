/* SPDX-License-Identifier: Apache-2.0 */
/* Our side of alternate.py: live/src/agent.rs in C. Commands by line, one answer each. */
#include "stamp.h"
#include <inttypes.h>
#include <mmsync/mmap_sync.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WORDS = 1 << 20, COPY_ROOM = 8 * (WORDS + 4) };

static mms_writer *writer;
static mms_region *region;
static mms_reader *reader;
static mms_view held;
static uint64_t last_serial; /* seen by this reader */
static void *copy;           /* COPY_ROOM bytes */

struct spin {
    uint64_t reads, torn, evicted, errors;
};

static uint64_t word(uint64_t serial, uint64_t index)
{
    uint64_t x = (serial ^ (index + 1) * 0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9;

    return x ^ x >> 29;
}

static bool is_whole(const ArchivedStamp *stamp)
{
    for (size_t i = 0; i < Vec_u64_count(&stamp->words); i++)
        if (Vec_u64_data(&stamp->words)[i] != word(stamp->serial, i))
            return false;
    return true;
}

static void answer_code(int code)
{
    if (code == 0)
        puts("OK");
    else if (code == MMS_E_BUSY || code == MMS_E_AGAIN || code == MMS_E_EMPTY || code == MMS_E_EVICTED)
        puts(mms_error_name(code) + strlen("MMS_E_"));
    else
        printf("ERROR %s\n", mms_last_error());
}

/* ---- Writing ---- */

/* writer PREFIX locked|free [GRACE_MS refuse|reset] */
static void open_writer(char **words)
{
    mms_mmap_sync_writer_options mmap_sync = MMS_MMAP_SYNC_WRITER_OPTIONS_INIT;
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    char path[4096];

    mms_writer_close(writer);
    writer = NULL;
    options.mmap_sync = &mmap_sync;
    mmap_sync.unlocked = !strcmp(words[2], "free");
    options.lock_wait_ms = MMS_NO_WAIT;
    if (words[3] && words[4]) {
        options.grace_ms = atoi(words[3]);
        mmap_sync.reset = !strcmp(words[4], "reset");
    }
    snprintf(path, sizeof path, "mmap-sync:%s", words[1]);
    answer_code(mms_writer_open(path, &options, &writer));
}

/* write SERIAL COUNT: half of the values are built in place. */
static void write_stamp(char **words)
{
    static uint64_t values[WORDS];
    Stamp stamp = {.serial = strtoull(words[1], NULL, 10), .words = {values, strtoull(words[2], NULL, 10)}};
    mms_receipt receipt = {0};
    size_t size = 0;
    int code;

    if (!writer) {
        puts("ERROR no writer");
        return;
    }
    for (size_t i = 0; i < stamp.words.count; i++)
        values[i] = word(stamp.serial, i);
    if (stamp.serial % 2) {
        code = Stamp_write(writer, &stamp, &receipt);
    } else {
        code = Stamp_serialize(&stamp, copy, COPY_ROOM, &size);
        if (code == 0)
            code = mms_write(writer, copy, size, &receipt);
    }
    if (code == 0)
        printf("OK %" PRIu64 " %d\n", receipt.generation, mms_mmap_sync_was_reset(writer));
    else
        answer_code(code);
}

/* ---- Reading ---- */

static void open_reader(char **words)
{
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    char path[4096];
    int code;

    mms_reader_close(reader);
    mms_region_close(region);
    reader = NULL;
    region = NULL;
    last_serial = 0;
    options.read_only = words[2] && !strcmp(words[2], "copy");
    snprintf(path, sizeof path, "mmap-sync:%s", words[1]);
    code = mms_region_open(path, &options, &region);
    if (code == 0 && !options.read_only)
        code = mms_reader_open(region, &reader);
    answer_code(code);
}

/* 1: whole, 0: torn, or a code. The content of a view that was taken away does not count. */
static int judge(const void *data, size_t size, uint64_t *serial, size_t *count)
{
    const ArchivedStamp *stamp = Stamp_check(data, size);

    if (!stamp || !is_whole(stamp))
        return 0;
    *serial = stamp->serial;
    *count = Vec_u64_count(&stamp->words);
    return 1;
}

static int look(uint64_t *serial, size_t *count)
{
    mms_view view;
    int whole, code = mms_read(reader, &view);

    if (code != 0)
        return code;
    whole = judge(view.data, view.size, serial, count);
    code = mms_release(reader);
    return code != 0 ? code : whole;
}

static int look_at_copy(uint64_t *serial, size_t *count)
{
    size_t size;
    int code = mms_read_copy(region, copy, COPY_ROOM, &size, NULL);

    return code != 0 ? code : judge(copy, size, serial, count);
}

static void read_stamp(void)
{
    uint64_t serial = 0;
    size_t count = 0;
    int result = reader ? look(&serial, &count) : region ? look_at_copy(&serial, &count) : -1;

    if (result < 0)
        answer_code(result);
    else if (result == 0)
        puts("TORN");
    else
        printf("OK %" PRIu64 " %zu\n", serial, count);
}

static void hold(void)
{
    uint64_t serial = 0;
    size_t count = 0;
    int code = mms_read(reader, &held);

    if (code != 0)
        answer_code(code);
    else if (judge(held.data, held.size, &serial, &count) == 1)
        printf("OK %" PRIu64 " %zu\n", serial, count);
    else
        puts("TORN");
}

static void release(void)
{
    uint64_t serial;
    size_t count;
    int whole = judge(held.data, held.size, &serial, &count);
    int code = mms_release(reader);

    if (code == 0 && !whole)
        puts("TORN");
    else
        answer_code(code);
}

static void count_one(struct spin *spin)
{
    uint64_t serial = 0;
    size_t count;
    int result = reader ? look(&serial, &count) : look_at_copy(&serial, &count);

    if (result == 1 && serial < last_serial)
        spin->errors++; /* backward */
    if (result == 1 && serial > last_serial)
        last_serial = serial;
    spin->reads += result == 1;
    spin->torn += result == 0;
    spin->evicted += result == MMS_E_EVICTED;
    spin->errors += result < 0 && result != MMS_E_EVICTED && result != MMS_E_AGAIN && result != MMS_E_EMPTY;
    if (result < 0 && result != MMS_E_EVICTED)
        fprintf(stderr, "%s\n", mms_last_error());
}

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void spin_for(uint64_t milliseconds)
{
    struct spin spin = {0};

    for (uint64_t end = now_ms() + milliseconds; now_ms() < end;)
        count_one(&spin);
    printf("OK %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", spin.reads, spin.torn, spin.evicted, spin.errors);
}

/* ---- Commands ---- */

static void answer(char **words)
{
    if (!strcmp(words[0], "writer")) {
        open_writer(words);
    } else if (!strcmp(words[0], "write")) {
        write_stamp(words);
    } else if (!strcmp(words[0], "drop")) {
        answer_code(mms_writer_close(writer));
        writer = NULL;
    } else if (!strcmp(words[0], "reader")) {
        open_reader(words);
    } else if (!strcmp(words[0], "read")) {
        read_stamp();
    } else if (!strcmp(words[0], "hold")) {
        hold();
    } else if (!strcmp(words[0], "release")) {
        release();
    } else if (!strcmp(words[0], "spin")) {
        spin_for(strtoull(words[1], NULL, 10));
    } else {
        fprintf(stderr, "unknown command %s\n", words[0]);
        exit(2);
    }
}

int main(void)
{
    static char buffer[COPY_ROOM] __attribute__((aligned(64)));
    char line[8192], *words[8], *rest;

    copy = buffer;
    while (fgets(line, sizeof line, stdin)) {
        memset(words, 0, sizeof words);
        words[0] = strtok_r(line, " \n", &rest);
        for (int i = 1; i < 7 && words[i - 1]; i++)
            words[i] = strtok_r(NULL, " \n", &rest);
        if (words[0])
            answer(words);
        fflush(stdout);
    }
    return 0;
}
