/* SPDX-License-Identifier: Apache-2.0 */
/* writer PATH SIZE SLOTS: the writer of script/bench-fleet. It publishes a value of SIZE bytes that cannot be compressed, prints
   "ready", and then does what each line of its standard input says:

     COUNT RECORDS LENGTH PAUSE_US

   COUNT publishes, each of RECORDS records of LENGTH bytes at random places, with a pause after each. It answers with a line for
   each publish, "TIME NANOSECONDS": the first 8 bytes of the value, which are the time, CLOCK_MONOTONIC, just before it was
   published; and how long the update took, without making the records. And then "done". */
#include <inttypes.h>
#include <mmsync.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct work {
    unsigned long long count, records, length, pause_us;
};

static mms_writer *writer;
static size_t value_size;
static uint64_t state = UINT64_C(0x9e3779b97f4a7c15);

static void expect(int code, const char *what)
{
    if (code == 0)
        return;
    fprintf(stderr, "writer: %s: %s\n", what, mms_last_error());
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static uint64_t next_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static void fill(unsigned char *at, size_t length)
{
    for (; length >= 8; at += 8, length -= 8) {
        const uint64_t word = next_random();

        memcpy(at, &word, 8);
    }
    memset(at, 1, length);
}

static uint64_t stamp(unsigned char *buffer)
{
    const uint64_t now = now_ns();

    memcpy(buffer, &now, sizeof now);
    return now;
}

static void publish_first(void)
{
    void *buffer;

    expect(mms_write_begin(writer, value_size, &buffer, NULL), "a write");
    fill(buffer, value_size);
    stamp(buffer);
    expect(mms_write_commit(writer, value_size, NULL), "a commit");
}

static void publish(const struct work *work, const unsigned char *records)
{
    const uint64_t began = now_ns();
    uint64_t stamped;
    void *buffer;
    size_t size;

    expect(mms_write_update(writer, 0, &buffer, &size, NULL), "an update");
    for (unsigned long long i = 0; i < work->records; i++) {
        const size_t offset = 64 + (size_t)(next_random() % (size - work->length - 64));

        expect(mms_write_patch(writer, offset, records + i * work->length, (size_t)work->length), "a patch");
    }
    expect(mms_write_touch(writer, 0, sizeof(uint64_t)), "a touch");
    stamped = stamp(buffer);
    expect(mms_write_commit(writer, size, NULL), "a commit");
    printf("%" PRIu64 " %" PRIu64 "\n", stamped, now_ns() - began);
}

static void rest(unsigned long long us)
{
    if (us > 0)
        nanosleep(&(struct timespec){(time_t)(us / 1000000), (long)(us % 1000000 * 1000)}, NULL);
}

static void do_work(const struct work *work)
{
    const size_t size = (size_t)(work->records * work->length);
    unsigned char *records = malloc(size);

    if (!records || work->length + 64 >= value_size) {
        fprintf(stderr, "writer: a record of %llu bytes does not fit\n", work->length);
        exit(2);
    }
    for (unsigned long long i = 0; i < work->count; i++) {
        fill(records, size);
        publish(work, records);
        rest(work->pause_us);
    }
    free(records);
    puts("done");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    struct work work;

    if (argc != 4)
        return 2;
    value_size = (size_t)strtoull(argv[2], NULL, 10);
    options.max_size = value_size;
    options.max_slots = (uint32_t)strtoul(argv[3], NULL, 10);
    expect(mms_writer_open(argv[1], &options, &writer), "the region");
    publish_first();
    puts("ready");
    fflush(stdout);
    while (scanf("%llu %llu %llu %llu", &work.count, &work.records, &work.length, &work.pause_us) == 4)
        do_work(&work);
    mms_writer_close(writer);
    return 0;
}
