/* SPDX-License-Identifier: Apache-2.0 */
/* A wait that would never end by itself is cancelled at once, and leaves nothing behind
   (src/os/cancel.h). Every other call: fault/cancelled_calls. */
#include "mmap_sync_sample.h"
#include "region/layout.h"
#include "sample.h"
#include "scratch.h"
#include <mmsync/history.h>
#include <mmsync/table.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>

struct waiter {
    const char *path;
    mms_region *region;
    mms_reader *reader;
    mms_writer *writer;
    mms_view view;
    int begun;
};

/* Files of mmap-sync have no geometry. */
static mms_writer_options options_for(const char *path)
{
    mms_writer_options options = sample_options();

    options.max_slots = mms_is_mmap_sync(path) ? 0 : 2;
    options.max_readers = options.max_slots;
    return options;
}

static mms_writer *writer_of(const char *path)
{
    return sample_writer_with(path, options_for(path));
}

static void cancel_in(void *(*wait)(void *), struct waiter *waiter)
{
    pthread_t thread;
    void *result;

    waiter->begun = 0;
    check_true(pthread_create(&thread, NULL, wait, waiter) == 0);
    while (!mms__load_acquire(&waiter->begun))
        sched_yield();
    check_true(pthread_cancel(thread) == 0);
    check_true(pthread_join(thread, &result) == 0);
    check_true(result == PTHREAD_CANCELED);
}

/* Comes first: the path of a region of this format. */
static const char *path_of(void **state, const char *scheme)
{
    static char path[400];

#ifdef __SANITIZE_ADDRESS__
    skip_because("AddressSanitizer mistakes frames left by a cancellation for frames in use");
#endif
    snprintf(path, sizeof path, "%s%s", scheme, scratch_path(state, "region"));
    return path;
}

/* ---- mms_wait ---- */

static void *wait_for_ever(void *argument)
{
    struct waiter *waiter = argument;

    mms__store_release(&waiter->begun, 1);
    (void)mms_wait(waiter->reader, mms_generation(waiter->region), MMS_FOREVER);
    return NULL;
}

static void *wait_in_region_for_ever(void *argument)
{
    struct waiter *waiter = argument;

    mms__store_release(&waiter->begun, 1);
    (void)mms_region_wait(waiter->region, mms_generation(waiter->region), MMS_FOREVER);
    return NULL;
}

/* Its reader belongs to another thread, which goes on with it. */
static void check_wait(const char *path)
{
    struct waiter waiter = {.path = path, .writer = writer_of(path)};
    mms_view view;

    check_ok(mms_write(waiter.writer, "one", 3, NULL));
    waiter.region = sample_region(path);
    waiter.reader = sample_reader(waiter.region);
    check_ok(mms_read(waiter.reader, &waiter.view));
    cancel_in(wait_for_ever, &waiter);
    view = waiter.view;
    check_ok(mms_refresh(waiter.reader, &view));
    check_equal(view.generation, waiter.view.generation);
    check_ok(mms_write(waiter.writer, "two", 3, NULL));
    check_ok(mms_wait(waiter.reader, waiter.view.generation, MMS_FOREVER));
    check_ok(mms_reader_close(waiter.reader));
    check_ok(mms_region_close(waiter.region));
    check_ok(mms_writer_close(waiter.writer));
}

static void a_waiter_is_cancelled(void **state)
{
    check_wait(path_of(state, "mmsync:"));
}

static void a_waiter_for_files_of_mmap_sync_is_cancelled(void **state)
{
    check_wait(path_of(state, "mmap-sync:"));
}

/* In a region that may be written or not; afterwards it is as before. */
static void check_region_wait(const char *path, bool read_only)
{
    struct waiter waiter = {.path = path, .writer = writer_of(path)};
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    uint64_t seen;

    options.read_only = read_only;
    check_ok(mms_write(waiter.writer, "one", 3, NULL));
    check_ok(mms_region_open(path, &options, &waiter.region));
    cancel_in(wait_in_region_for_ever, &waiter);
    seen = mms_generation(waiter.region);
    check_ok(mms_write(waiter.writer, "two", 3, NULL));
    check_ok(mms_region_wait(waiter.region, seen, MMS_FOREVER));
    check_copies(path, "two");
    check_ok(mms_region_close(waiter.region));
    check_ok(mms_writer_close(waiter.writer));
}

static void waiters_without_a_reader_are_cancelled(void **state)
{
    check_region_wait(path_of(state, "mmsync:"), false);
    check_region_wait(path_of(state, "mmsync:"), true);
    check_region_wait(path_of(state, "mmap-sync:"), false);
    check_region_wait(path_of(state, "mmap-sync:"), true);
}

/* ---- Opening beside another writer ---- */

static void *open_for_ever(void *argument)
{
    struct waiter *waiter = argument;
    mms_writer_options options = options_for(waiter->path);
    mms_writer *writer;

    options.lock_wait_ms = MMS_FOREVER;
    mms__store_release(&waiter->begun, 1);
    (void)mms_writer_open(waiter->path, &options, &writer);
    return NULL;
}

/* The test's directory is checked after it: no descriptor and no mapping is left. */
static void check_open(const char *path)
{
    struct waiter waiter = {.path = path, .writer = writer_of(path)};

    cancel_in(open_for_ever, &waiter);
    check_ok(mms_write(waiter.writer, "value", 5, NULL));
    check_ok(mms_writer_close(waiter.writer));
    check_ok(mms_writer_close(writer_of(path)));
}

static void an_opener_is_cancelled(void **state)
{
    check_open(path_of(state, "mmsync:"));
}

static void an_opener_of_files_of_mmap_sync_is_cancelled(void **state)
{
    check_open(path_of(state, "mmap-sync:"));
}

/* ---- Writing while readers hold every slot ---- */

static void *write_for_ever(void *argument)
{
    struct waiter *waiter = argument;

    mms__store_release(&waiter->begun, 1);
    (void)mms_write(waiter->writer, "new", 3, NULL);
    return NULL;
}

static void *begin_for_ever(void *argument)
{
    struct waiter *waiter = argument;
    void *buffer;

    mms__store_release(&waiter->begun, 1);
    (void)mms_write_begin(waiter->writer, 3, &buffer, NULL);
    return NULL;
}

/* Files of mmap-sync: the value is built in memory, and the commit waits. */
static void *commit_for_ever(void *argument)
{
    struct waiter *waiter = argument;
    void *buffer;

    check_ok(mms_write_begin(waiter->writer, 3, &buffer, NULL));
    mms__store_release(&waiter->begun, 1);
    (void)mms_write_commit(waiter->writer, 3, NULL);
    return NULL;
}

static mms_writer *patient_writer(const char *path)
{
    mms_writer_options options = options_for(path);

    options.grace_ms = MMS_FOREVER;
    return sample_writer_with(path, options);
}

static void check_write(const char *path, void *(*const waits[])(void *))
{
    struct waiter waiter = {.path = path, .writer = patient_writer(path)};
    uint64_t current;

    check_ok(mms_write(waiter.writer, "one", 3, NULL));
    waiter.region = sample_region(path);
    waiter.reader = sample_reader(waiter.region);
    check_ok(mms_read(waiter.reader, &waiter.view));
    check_ok(mms_write(waiter.writer, "two", 3, NULL));
    current = mms_generation(waiter.region);
    for (int i = 0; waits[i]; i++)
        cancel_in(waits[i], &waiter);
    check_equal(mms_generation(waiter.region), current);
    check_memory(waiter.view.data, "one", 3);
    check_ok(mms_release(waiter.reader));
    for (int i = 0; i < 4; i++)
        check_ok(mms_write(waiter.writer, "three", 5, NULL));
    check_ok(mms_reader_close(waiter.reader));
    check_ok(mms_region_close(waiter.region));
    check_ok(mms_writer_close(waiter.writer));
}

static void a_write_is_cancelled(void **state)
{
    check_write(path_of(state, "mmsync:"), (void *(*[])(void *)){write_for_ever, begin_for_ever, NULL});
}

static void a_write_of_files_of_mmap_sync_is_cancelled(void **state)
{
    check_write(path_of(state, "mmap-sync:"), (void *(*[])(void *)){write_for_ever, commit_for_ever, NULL});
}

/* To the value that the reader holds, so it has to be copied. */
static void *go_back_for_ever(void *argument)
{
    struct waiter *waiter = argument;

    mms__store_release(&waiter->begun, 1);
    (void)mms_write_rollback(waiter->writer, waiter->view.generation, NULL);
    return NULL;
}

static void a_rollback_is_cancelled(void **state)
{
    check_write(path_of(state, "mmsync:"), (void *(*[])(void *)){go_back_for_ever, NULL});
}

static void *begin_table_for_ever(void *argument)
{
    struct waiter *waiter = argument;
    mms_table *table;

    mms__store_release(&waiter->begun, 1);
    (void)mms_table_begin(waiter->writer, NULL, &table);
    return NULL;
}

static void commit_table(mms_writer *writer, const char *key)
{
    mms_table *table;

    check_ok(mms_table_begin(writer, NULL, &table));
    check_ok(mms_table_put(table, key, 1, "value", 5));
    check_ok(mms_table_commit(table, NULL));
}

/* Change a byte and report it to nobody: options.track does. */
static void change_a_byte(mms_writer *writer)
{
    unsigned char *value;
    void *buffer;
    size_t size;

    check_ok(mms_write_update(writer, 0, &buffer, &size, NULL));
    value = buffer;
    value[size - 1]++;
    check_ok(mms_write_commit(writer, size, NULL));
}

/* Tables report what they change, other updates of the same writer need not; a cancelled one of a table leaves it so. */
static void a_cancelled_table_leaves_updates_tracked(void **state)
{
    const char *path = path_of(state, "mmsync:");
    mms_writer_options options = options_for(path);
    struct waiter waiter = {.path = path};
    mms_range range;
    size_t count;

    options.grace_ms = MMS_FOREVER;
    options.track = MMS_TRACK_AUTO;
    waiter.writer = sample_writer_with(path, options);
    commit_table(waiter.writer, "a");
    waiter.region = sample_region(path);
    waiter.reader = sample_reader(waiter.region);
    check_ok(mms_read(waiter.reader, &waiter.view));
    commit_table(waiter.writer, "b");
    cancel_in(begin_table_for_ever, &waiter);
    check_ok(mms_release(waiter.reader));
    check_ok(mms_read(waiter.reader, &waiter.view));
    change_a_byte(waiter.writer);
    check_ok(mms_refresh(waiter.reader, &waiter.view));
    check_ok(mms_changes(waiter.reader, waiter.view.generation - 1, &range, 1, &count));
    check_equal(count, 1);
    check_equal(range.offset + range.length, waiter.view.size);
    check_ok(mms_reader_close(waiter.reader));
    check_ok(mms_region_close(waiter.region));
    check_ok(mms_writer_close(waiter.writer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(a_waiter_is_cancelled),
        scratch_test(a_waiter_for_files_of_mmap_sync_is_cancelled),
        scratch_test(waiters_without_a_reader_are_cancelled),
        scratch_test(an_opener_is_cancelled),
        scratch_test(an_opener_of_files_of_mmap_sync_is_cancelled),
        scratch_test(a_write_is_cancelled),
        scratch_test(a_write_of_files_of_mmap_sync_is_cancelled),
        scratch_test(a_rollback_is_cancelled),
        scratch_test(a_cancelled_table_leaves_updates_tracked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
