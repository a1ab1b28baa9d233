/* SPDX-License-Identifier: Apache-2.0 */
/* ctest: stress tsan long */
/* The protocol of src/mmap_sync/protocol.h as threads over one state: our readers pin what a
   writer publishes as fast as it can. No view changes while it is held, and in the end both counts
   are 0. ThreadSanitizer sees every access to the data, which is plain, so it also says whether
   the orders are enough. And threads that open, use and close handles of one region. */
#include "check.h"
#include "mmap_sync/protocol.h"
#include "mmap_sync_sample.h"
#include "sample.h"
#include "scratch.h"
#include <pthread.h>
#include <sched.h>
#include <stdio.h>

enum { READERS = 3, PUBLISHES = 20000, WORDS = 16 };

static struct mms__mmap_sync_state shared;
static uint64_t data[2][WORDS];
static int over;

struct seen {
    uint64_t reads, moved, torn, lost;
};

static void publish(uint64_t serial)
{
    unsigned next = mms__mmap_sync_next(&shared);

    while (mms__load_seq_cst(&shared.readers[next]) > 0)
        sched_yield();
    for (int i = 0; i < WORDS; i++)
        data[next][i] = serial;
    mms__store_seq_cst(&shared.version, mms__mmap_sync_word(next, WORDS, serial));
}

static void *write_all(void *argument)
{
    (void)argument;
    for (uint64_t serial = 2; serial <= PUBLISHES; serial++)
        publish(serial);
    mms__store_release(&over, 1);
    return NULL;
}

static void *read_all(void *argument)
{
    struct seen *seen = argument;

    while (!mms__load_acquire(&over)) {
        uint64_t before = mms__load_relaxed(&shared.version), word = mms__mmap_sync_pin(&shared);
        const uint64_t *view = data[mms__mmap_sync_index(word)];

        for (int i = 0; i < WORDS; i++)
            seen->torn += (view[i] & 0xffffff) != mms__mmap_sync_checksum(word);
        seen->moved += word != before;
        seen->lost += !mms__mmap_sync_unpin(&shared, word);
        seen->reads++;
    }
    return NULL;
}

static void no_view_changes_and_nobody_stays_counted(void **state)
{
    pthread_t writer, readers[READERS];
    struct seen seen[READERS] = {{0}}, sum = {0};

    (void)state;
    publish(1);
    for (int i = 0; i < READERS; i++)
        check_true(pthread_create(&readers[i], NULL, read_all, &seen[i]) == 0);
    check_true(pthread_create(&writer, NULL, write_all, NULL) == 0);
    check_true(pthread_join(writer, NULL) == 0);
    for (int i = 0; i < READERS; i++) {
        check_true(pthread_join(readers[i], NULL) == 0);
        sum.reads += seen[i].reads;
        sum.moved += seen[i].moved;
        sum.torn += seen[i].torn;
        sum.lost += seen[i].lost;
    }
    printf("%llu reads, %llu of them of a version that moved, %d publishes\n", (unsigned long long)sum.reads,
           (unsigned long long)sum.moved, PUBLISHES);
    check_equal(sum.torn, 0);
    check_equal(sum.lost, 0);
    check_equal(shared.readers[0], 0);
    check_equal(shared.readers[1], 0);
}

/* ---- The handles ---- */

enum { ROUNDS = 500 };

/* The search for a free handle passes over handles that other threads are reading with. */
static void *open_read_and_close(void *region)
{
    for (int round = 0; round < ROUNDS; round++) {
        mms_reader *reader = sample_reader(region);

        check_reads(reader, "value");
        check_reads(reader, "value");
        check_ok(mms_reader_close(reader));
    }
    return NULL;
}

static void handles_are_opened_and_closed_beside_others_that_read(void **state)
{
    const char *path = scratch_path(state, "value");
    pthread_t threads[READERS];
    mms_writer *writer;
    mms_region *region;
    mms_info info;

    check_ok(mms_writer_open(crate_path(path), NULL, &writer));
    publish_text(writer, "value");
    region = sample_region(path);
    for (int i = 0; i < READERS; i++)
        check_true(pthread_create(&threads[i], NULL, open_read_and_close, region) == 0);
    for (int i = 0; i < READERS; i++)
        check_true(pthread_join(threads[i], NULL) == 0);
    check_ok(mms_inspect(path, &info));
    check_equal(info.readers, 0);
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_view_changes_and_nobody_stays_counted),
        scratch_test(handles_are_opened_and_closed_beside_others_that_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
