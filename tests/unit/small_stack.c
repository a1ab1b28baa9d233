/* SPDX-License-Identifier: Apache-2.0 */
/* Every call of the core runs in a thread with 32 KiB of stack, a quarter of what musl gives: both
   formats, a full table, a region to be replaced. A frame too many ends the test at the guard
   page. */
#include "mmap_sync_sample.h"
#include "sample.h"
#include "scratch.h"
#include <pthread.h>
#include <stdio.h>

enum { STACK = 32 << 10 };

static mms_writer_options options_for(const char *path)
{
    mms_writer_options options = sample_options();

    if (mms_is_mmap_sync(path))
        options.max_slots = options.max_readers = 0;
    return options;
}

static void read_all_ways(const char *path, mms_writer *writer)
{
    mms_region *region = sample_region(path);
    mms_reader *readers[4], *fifth;
    mms_view view;
    uint64_t generation;
    char copy[100];
    size_t size;

    for (int i = 0; i < 4; i++)
        readers[i] = sample_reader(region);
    if (!mms_is_mmap_sync(path))
        check_code(mms_reader_open(region, &fifth), MMS_E_FULL);
    check_ok(mms_read(readers[0], &view));
    check_ok(mms_write(writer, "two", 3, NULL));
    check_ok(mms_refresh(readers[0], &view));
    check_code(mms_wait(readers[0], view.generation, 1), MMS_E_TIMEOUT);
    check_code(mms_region_wait(region, view.generation, 1), MMS_E_TIMEOUT);
    check_ok(mms_release(readers[0]));
    check_ok(mms_read_copy(region, copy, sizeof copy, &size, &generation));
    check_ok(mms_read_schema(region, copy, sizeof copy, &size, NULL, NULL));
    for (int i = 0; i < 4; i++)
        check_ok(mms_reader_close(readers[i]));
    check_ok(mms_region_close(region));
}

static void look_all_ways(const char *path)
{
    mms_reader_info readers[4];
    mms_info info;
    size_t count;

    check_ok(mms_inspect(path, &info));
    check_ok(mms_inspect_readers(path, readers, 4, &count));
    check_ok(mms_verify(path, NULL, NULL));
    if (mms_is_mmap_sync(path))
        check_ok(mms_repair(path, 0, 0, NULL));
}

static void replace(const char *path, mms_writer_options options)
{
    if (mms_is_mmap_sync(path))
        return;
    options.max_size *= 2;
    options.replace = true;
    check_ok(mms_writer_close(sample_writer_with(path, options)));
}

static void *make_every_call(void *path)
{
    mms_writer_options options = options_for(path);
    mms_writer *writer;
    void *buffer;

    options.checksum = !mms_is_mmap_sync(path);
    writer = sample_writer_with(path, options);
    check_ok(mms_write_begin(writer, 10, &buffer, NULL));
    check_ok(mms_write_set_type(writer, (const uint64_t[2]){1, 2}, "text", 4));
    check_ok(mms_write_grow(writer, 20000, &buffer));
    check_ok(mms_write_commit(writer, 20000, NULL));
    read_all_ways(path, writer);
    check_ok(mms_writer_close(writer));
    look_all_ways(path);
    replace(path, options);
    check_ok(mms_remove(path));
    return path;
}

static void run_in_small_thread(char *path)
{
    pthread_attr_t attributes;
    pthread_t thread;
    void *result;

    check_true(pthread_attr_init(&attributes) == 0);
    check_true(pthread_attr_setstacksize(&attributes, STACK) == 0);
    check_true(pthread_create(&thread, &attributes, make_every_call, path) == 0);
    check_true(pthread_join(thread, &result) == 0 && result == path);
    pthread_attr_destroy(&attributes);
}

static void need_plain_frames(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__OPTIMIZE__)
    skip_because("frames are larger with a sanitizer, and without optimisation");
#endif
    skip_under_emulator("an emulator has frames of its own on the stack");
}

static void calls_on_a_region_need_little_stack(void **state)
{
    need_plain_frames();
    run_in_small_thread((char *)(uintptr_t)scratch_path(state, "region"));
}

static void calls_on_files_of_mmap_sync_need_little_stack(void **state)
{
    char path[400];

    need_plain_frames();
    snprintf(path, sizeof path, "mmap-sync:%s", scratch_path(state, "region"));
    run_in_small_thread(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(calls_on_a_region_need_little_stack),
        scratch_test_on_disk(calls_on_a_region_need_little_stack),
        scratch_test(calls_on_files_of_mmap_sync_need_little_stack),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
