/* SPDX-License-Identifier: Apache-2.0 */
/* Limits on address space, file size and descriptors: errors that say what to do, no signal, nothing left behind. */
#include "forked.h"
#include "libc.h"
#include "sample.h"
#include "scratch.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static void set_limit(limit_kind resource, uint64_t soft)
{
    struct rlimit limit;

    check_true(getrlimit(resource, &limit) == 0);
    limit.rlim_cur = (rlim_t)soft;
    check_true(setrlimit(resource, &limit) == 0);
}

static uint64_t get_limit(limit_kind resource)
{
    struct rlimit limit;

    check_true(getrlimit(resource, &limit) == 0);
    return limit.rlim_cur;
}

/* ---- Address space ---- */

static uint64_t suggested_size(void)
{
    const char *words = "smaller options.max_size, say ", *at = strstr(mms_last_error(), words);

    check_true(at != NULL);
    return strtoull(at + strlen(words), NULL, 10);
}

/* Whatever the size asked for, the error suggests a smaller one that works. */
static void follow_advice(const char *path, uint64_t max_size, uint32_t max_slots)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    mms_writer *writer;
    mms_region *region;

    options.max_size = max_size;
    options.max_slots = max_slots;
    check_code(mms_writer_open(path, &options, &writer), -ENOMEM);
    check_true(suggested_size() < max_size);
    options.max_size = suggested_size();
    check_ok(mms_writer_open(path, &options, &writer));
    publish_text(writer, "value");
    check_ok(mms_region_open(path, NULL, &region));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
    check_ok(mms_remove(path));
}

static void open_in_little_space(void *path)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    mms_writer *writer;
    mms_region *region;

    set_limit(RLIMIT_AS, 1 << 16); /* nothing at all can be mapped */
    check_code(mms_writer_open(path, &options, &writer), -ENOMEM);
    set_limit(RLIMIT_AS, UINT64_C(1) << 30);
    follow_advice(path, 64 << 20, 128);
    follow_advice(path, 8 << 20, 128);
    follow_advice(path, UINT64_C(1) << 40, 2);
    check_code(mms_writer_open(path, &options, &writer), -ENOMEM);
    check_detail_mentions("smaller options.max_size");
    check_detail_mentions("ulimit -v");
    options.max_size = 1 << 20;
    options.max_slots = 8;
    check_code(mms_inspect(path, &(mms_info){0}), -ENOENT); /* nothing is left, so that the advice works */
    check_ok(mms_writer_open(path, &options, &writer));
    publish_text(writer, "value");
    check_ok(mms_region_open(path, NULL, &region));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static void address_space_that_is_short_is_said(void **state)
{
    skip_under_emulator("the limit would be the emulator's");
    const char *sanitizer = getenv("MMSYNC_SANITIZE");

    if (sizeof(void *) < 8)
        skip_because("the defaults fit into 32 bits");
    if (sanitizer && *sanitizer)
        skip_because("sanitizers need more address space than any sensible limit leaves");
    in_child(open_in_little_space, (void *)(uintptr_t)scratch_path(state, "region"));
}

/* Copies and checks need no room for all slots. */
static void check_looks_without_mapping(const char *path)
{
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    mms_region *region;
    char text[5];

    options.read_only = true;
    check_ok(mms_region_open(path, &options, &region));
    check_ok(mms_read_copy(region, text, sizeof text, NULL, NULL));
    check_memory(text, "value", sizeof text);
    check_ok(mms_region_close(region));
    check_ok(mms_verify(path, NULL, NULL));
}

static void open_existing_in_little_space(void *path)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    mms_writer *writer;
    mms_region *region;

    set_limit(RLIMIT_AS, UINT64_C(1) << 30);
    check_code(mms_region_open(path, NULL, &region), -ENOMEM);
    check_detail_mentions("ulimit -v");
    check_detail_mentions("options.replace");
    check_looks_without_mapping(path);
    check_code(mms_writer_open(path, NULL, &writer), -ENOMEM);
    options.replace = true;
    check_code(mms_writer_open(path, &options, &writer), -ENOMEM); /* the same geometry again would not help */
    options.max_size = 64 << 20;
    options.max_slots = 2;
    check_ok(mms_writer_open(path, &options, &writer)); /* the advice, followed */
    check_copies(path, "value");
    publish_text(writer, "newer");
    check_ok(mms_region_open(path, NULL, &region));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static void reader_says_that_address_space_is_short(void **state)
{
    skip_under_emulator("the limit would be the emulator's");
    const char *path = scratch_path(state, "region"), *sanitizer = getenv("MMSYNC_SANITIZE");
    mms_writer *writer;

    if (sizeof(void *) < 8)
        skip_because("the defaults fit into 32 bits");
    if (sanitizer && *sanitizer)
        skip_because("sanitizers need more address space than any sensible limit leaves");
    check_ok(mms_writer_open(path, NULL, &writer));
    publish_text(writer, "value");
    check_ok(mms_writer_close(writer));
    in_child(open_existing_in_little_space, (void *)(uintptr_t)path);
}

/* ---- File size. Exceeding it would end the process with SIGXFSZ ---- */

static void check_nothing_in(const char *parent)
{
    DIR *entries = opendir(parent);

    check_true(entries != NULL);
    for (struct dirent *entry; (entry = readdir(entries));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            check_failed(__FILE__, __LINE__, "%s/%s was left", parent, entry->d_name);
    closedir(entries);
}

static void create_with_short_files(void *path)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    mms_writer *writer;

    set_limit(RLIMIT_FSIZE, 1 << 20);
    check_code(mms_writer_open(path, NULL, &writer), -EFBIG);
    check_detail_mentions("ulimit -f");
    check_true(access(path, F_OK) != 0);
    options.max_size = 4096;
    options.max_slots = 2;
    check_ok(mms_writer_open(path, &options, &writer));
    for (int i = 0; i < 10; i++)
        publish_text(writer, "value");
    check_ok(mms_writer_close(writer));
    check_ok(mms_remove(path));
}

static void file_size_limit_is_an_error_and_no_signal(void **state)
{
    in_child(create_with_short_files, (void *)(uintptr_t)scratch_path(state, "region"));
}

/* For `readers` and `control` too, which may well be longer than `data`. */
static void create_with_every_limit(void *path)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    mms_writer *writer;
    unsigned refused = 0;

    options.max_size = 1;
    options.max_slots = 100;
    options.max_readers = 20000;
    for (uint64_t limit = 64; limit < 4 << 20; limit *= 4) {
        int code;

        set_limit(RLIMIT_FSIZE, limit);
        code = mms_writer_open(path, &options, &writer);
        if (code == 0) {
            check_ok(mms_writer_close(writer));
            check_ok(mms_remove(path));
            continue;
        }
        check_equal(code, -EFBIG);
        check_detail_mentions("ulimit -f");
        check_true(access(path, F_OK) != 0);
        refused++;
    }
    check_true(refused >= 5);
}

static void file_size_limit_counts_for_every_file(void **state)
{
    const char *path = scratch_path(state, "region");

    in_child(create_with_every_limit, (void *)(uintptr_t)path);
}

static void write_below_the_limit(void *path)
{
    mms_writer *writer;
    mms_region *region;
    mms_reader *reader;

    /* Below the length of every file, and above the size of the temporary file in which qemu-user
       emulates /proc/self/stat: it is killed if a write begins at the limit. */
    set_limit(RLIMIT_FSIZE, 512);
    writer = sample_writer(path);
    region = sample_region(path);
    reader = sample_reader(region);
    for (int i = 0; i < 30; i++) {
        char text[20000];

        memset(text, 'a', sizeof text);
        check_ok(mms_write(writer, text, (size_t)i * 600, NULL));
        check_ok(mms_read(reader, &(mms_view){0}));
    }
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static void region_that_exists_is_written_under_any_file_size_limit(void **state)
{
    const char *path = scratch_path(state, "region");

    sample_closed_region(path, "value");
    in_child(write_below_the_limit, (void *)(uintptr_t)path);
}

/* ---- Descriptors ---- */

static unsigned lowest_free(void)
{
    int fd = dup(0);

    close(fd);
    return (unsigned)fd;
}

/* With room for 0, 1, 2 ... more descriptors: -EMFILE or success, and afterwards nothing is open
   or on disk. */
static void open_with_few_descriptors(void *parent)
{
    char path[600];
    unsigned before = lowest_free(), refused = 0;
    mms_writer_options options = sample_options();
    bool all_opened = false;

    snprintf(path, sizeof path, "%s/region", (const char *)parent);
    for (unsigned room = 0; room < 12 && !all_opened; room++) {
        mms_writer *writer;
        mms_region *region;
        int code;

        set_limit(RLIMIT_NOFILE, before + room);
        code = mms_writer_open(path, &options, &writer);
        if (code == 0) {
            publish_text(writer, "value");
            code = mms_region_open(path, NULL, &region);
            if (code == 0) {
                check_ok(mms_region_close(region));
                all_opened = true;
            }
            check_ok(mms_writer_close(writer));
        }
        if (code != 0) {
            check_code(code, -EMFILE);
            check_detail_mentions("ulimit -n");
            refused++;
        }
        set_limit(RLIMIT_NOFILE, 1024);
        check_equal(lowest_free(), before);
        if (access(path, F_OK) == 0)
            check_ok(mms_remove(path));
        check_nothing_in(parent);
    }
    check_true(all_opened && refused > 0);
}

static void too_few_descriptors_are_emfile_and_leave_nothing(void **state)
{
    const char *parent = scratch_path(state, "parent");

    check_true(mkdir(parent, 0700) == 0);
    in_child(open_with_few_descriptors, (void *)(uintptr_t)parent);
}

static void read_without_descriptors(void *path)
{
    mms_writer *writer = sample_writer(path);
    mms_region *region = sample_region(path);
    mms_reader *reader;
    uint64_t limit = get_limit(RLIMIT_NOFILE);

    publish_text(writer, "before");
    set_limit(RLIMIT_NOFILE, 0);
    reader = sample_reader(region);
    check_reads(reader, "before");
    publish_text(writer, "after");
    check_reads(reader, "after");
    check_code(mms_wait(reader, mms_generation(region), 1), MMS_E_TIMEOUT);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
    set_limit(RLIMIT_NOFILE, limit);
}

static void reading_and_writing_open_no_descriptors(void **state)
{
    in_child(read_without_descriptors, (void *)(uintptr_t)scratch_path(state, "region"));
}

static void grow_without_descriptors(void *path)
{
    mms_writer_options options = sample_options();
    mms_writer *writer;
    void *buffer;

    options.max_size = 1 << 20;
    writer = sample_writer_with(path, options);
    publish_text(writer, "kept");
    closefrom(3);
    set_limit(RLIMIT_NOFILE, 3);
    check_code(mms_write_begin(writer, 1 << 20, &buffer, NULL), -EMFILE);
    set_limit(RLIMIT_NOFILE, 1024);
    check_copies(path, "kept");
    check_ok(mms_write_begin(writer, 1 << 20, &buffer, NULL));
    check_ok(mms_write_abort(writer));
    publish_text(writer, "goes on");
    check_copies(path, "goes on");
    check_ok(mms_writer_close(writer));
}

static void growth_without_a_descriptor_fails_and_the_writer_goes_on(void **state)
{
    in_child(grow_without_descriptors, (void *)(uintptr_t)scratch_path(state, "region"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(address_space_that_is_short_is_said),
        scratch_test(reader_says_that_address_space_is_short),
        scratch_test(file_size_limit_is_an_error_and_no_signal),
        scratch_test_on_disk(file_size_limit_is_an_error_and_no_signal),
        scratch_test(file_size_limit_counts_for_every_file),
        scratch_test_on_disk(file_size_limit_counts_for_every_file),
        scratch_test(region_that_exists_is_written_under_any_file_size_limit),
        scratch_test_on_disk(region_that_exists_is_written_under_any_file_size_limit),
        scratch_test(too_few_descriptors_are_emfile_and_leave_nothing),
        scratch_test(reading_and_writing_open_no_descriptors),
        scratch_test(growth_without_a_descriptor_fails_and_the_writer_goes_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
