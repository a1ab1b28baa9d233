/* SPDX-License-Identifier: Apache-2.0 */
/* fleet_writer PATH SIZE COUNT PAUSE_US SEED: publish COUNT generations, 0: until a signal comes, of values of about SIZE
   bytes: changed in a few places, grown, shrunk, written anew, empty. For each of them it prints its hash and its number, which
   only grows. What it prints is complete before the next one is published. */
#include "relay/tree.h"
#include <mmsync.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static mms_writer *writer;
static uint64_t seed, nominal;
static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

static uint64_t next_random(void)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return seed >> 24;
}

static void expect(int code, const char *what)
{
    if (code == 0)
        return;
    fprintf(stderr, "fleet_writer: %s: %s\n", what, mms_last_error());
    exit(1);
}

static void fill(unsigned char *at, size_t length)
{
    uint64_t state = next_random() | 1;

    for (size_t i = 0; i < length; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        at[i] = (unsigned char)state;
    }
}

static uint64_t print(const unsigned char *bytes, size_t size, uint64_t generation)
{
    struct hash hash = hash_bytes(bytes, size);

    for (size_t i = 0; i < sizeof hash.bytes; i++)
        printf("%02x", (unsigned)hash.bytes[i]);
    printf(" %llu\n", (unsigned long long)generation);
    fflush(stdout);
    return generation;
}

static void commit(const unsigned char *bytes, size_t size)
{
    mms_receipt receipt;

    expect(mms_write_set_tag(writer, size), "a tag");
    expect(mms_write_commit(writer, size, &receipt), "a commit");
    print(bytes, size, receipt.generation);
}

static void write_anew(size_t size)
{
    void *buffer;

    expect(mms_write_begin(writer, size, &buffer, NULL), "a write");
    fill(buffer, size);
    commit(buffer, size);
}

/* `wanted`: the new size; 0: as it is */
static void update(size_t wanted)
{
    static unsigned char patch[70000];
    size_t size;
    void *buffer;

    expect(mms_write_update(writer, wanted, &buffer, &size, NULL), "an update");
    if (wanted > size)
        fill((unsigned char *)buffer + size, wanted - size);
    if (wanted > 0)
        size = wanted;
    for (uint64_t count = 1 + next_random() % 8; count > 0 && size > 0; count--) {
        size_t offset = next_random() % size, length = 1 + next_random() % (count == 1 ? sizeof patch : 100);

        if (length > size - offset)
            length = size - offset;
        fill(patch, length);
        expect(mms_write_patch(writer, offset, patch, length), "a patch");
    }
    commit(buffer, size);
}

static void publish_one(void)
{
    const uint64_t kind = next_random() % 100;

    if (kind < 84)
        update(0);
    else if (kind < 96) /* grows or shrinks */
        update(nominal / 2 + next_random() % nominal);
    else if (kind < 99)
        write_anew(nominal / 2 + next_random() % nominal);
    else
        write_anew(0);
}

int main(int argc, char **argv)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    unsigned long long count;
    long pause_us;

    if (argc != 6)
        return 2;
    signal(SIGTERM, stop);
    nominal = strtoull(argv[2], NULL, 10);
    count = strtoull(argv[3], NULL, 10);
    pause_us = strtol(argv[4], NULL, 10);
    seed = strtoull(argv[5], NULL, 10);
    options.max_size = UINT64_C(1) << 28;
    options.max_slots = 16;
    options.lock_wait_ms = MMS_FOREVER;
    expect(mms_writer_open(argv[1], &options, &writer), "the region");
    write_anew(nominal);
    for (unsigned long long i = 1; !stopped && (count == 0 || i < count); i++) {
        if (pause_us > 0)
            nanosleep(&(struct timespec){pause_us / 1000000, pause_us % 1000000 * 1000}, NULL);
        publish_one();
    }
    mms_writer_close(writer);
    return 0;
}
