/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel, and other processes, answer seldom: each case by itself, where injected_calls.c goes through all calls. */
#include "check.h"
#include "core/layout.h"
#include "core/writer.h"
#include "forked.h"
#include "inject.h"
#include "sample.h"
#include "scratch.h"
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOR_GOOD = 1 << 30 };

static struct inject_counts *counts;

static void fail_from_here(enum inject_kind kind, unsigned nth, int error, unsigned times)
{
    inject_arm(&(struct inject_plan){kind, nth, error, times});
}

/* ---- In a process that has not called the library before ---- */

static void make_region(void *path)
{
    sample_closed_region(path, "value");
}

static void in_fresh_processes(void **state, forked_part *part)
{
    const char *path = scratch_path(state, "region");

    in_child(make_region, (void *)(uintptr_t)path);
    in_child(part, (void *)(uintptr_t)path);
}

/* pthread_key_create says EAGAIN for what is a lack of memory, and means nobody's lock. */
static void open_without_thread_keys(void *path)
{
    mms_region *region;
    mms_writer *writer;

    fail_from_here(INJECT_pthread_key_create, 1, EAGAIN, FOR_GOOD);
    check_code(mms_region_open(path, NULL, &region), -ENOMEM);
    check_true(region == NULL);
    fail_from_here(INJECT_pthread_key_create, 1, ENOMEM, FOR_GOOD);
    check_code(mms_region_open(path, NULL, &region), -ENOMEM);
    check_code(mms_writer_open(path, NULL, &writer), -ENOMEM);
    check_true(writer == NULL);
    inject_disarm();
    check_copies(path, "value");
}

static void first_region_without_a_thread_key_is_no_memory(void **state)
{
    in_fresh_processes(state, open_without_thread_keys);
}

/* What is on a disk may be older than this boot, and without the boot's id nobody can tell. */
static void look_while(const char *path, enum inject_kind kind, int error, int code)
{
    mms_writer_options options = sample_options();

    fail_from_here(kind, 1, error, FOR_GOOD);
    check_code(mms_inspect(path, &(mms_info){0}), code);
    check_detail_mentions("boot_id");
    check_code(mms_verify(path, NULL, NULL), code);
    check_detail_mentions("boot_id");
    check_code(mms_region_open(path, NULL, &(mms_region *){NULL}), code);
    check_detail_mentions("boot_id");
    check_code(mms_writer_open(path, &options, &(mms_writer *){NULL}), code);
    check_detail_mentions("boot_id");
    inject_disarm();
}

static void look_without_boot_id(void *path)
{
    look_while(path, INJECT_open, EMFILE, -EMFILE);
    look_while(path, INJECT_read, EIO, -EIO);
    look_while(path, INJECT_read, INJECT_SHORT, -EIO); /* no bytes, so no id */
    check_copies(path, "value");
    check_ok(mms_inspect(path, &(mms_info){0}));
    check_ok(mms_verify(path, NULL, NULL));
}

static void nothing_on_disk_is_opened_without_the_boot_id(void **state)
{
    in_fresh_processes(state, look_without_boot_id);
}

/* ---- Signals ---- */

static const char *const values[] = {"first", "a second, longer value"};

static void write_values(const char *path)
{
    mms_writer_options options = sample_options();
    mms_writer *writer;
    void *buffer;

    options.checksum = true;
    writer = sample_writer_with(path, options);
    for (int i = 0; i < 8; i++)
        publish_text(writer, values[i % 2]);
    check_ok(mms_write_begin(writer, 1, &buffer, NULL));
    check_ok(mms_write_grow(writer, 50000, &buffer)); /* so that there is something to give back */
    check_ok(mms_write_abort(writer));
    check_ok(mms_writer_close(writer));
}

static void read_values(const char *path)
{
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);
    size_t size;

    check_reads(reader, values[1]);
    check_copies(path, values[1]);
    check_ok(mms_read_schema(region, NULL, 0, &size, NULL, NULL));
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

static void look_at_values(const char *path)
{
    mms_reader_info info;
    size_t count;

    check_ok(mms_verify(path, NULL, NULL));
    check_ok(mms_inspect(path, &(mms_info){0}));
    check_ok(mms_inspect_readers(path, &info, 1, &count));
    check_equal(count, 1);
}

/* A line of a process that is dead is in the table: it is judged, under locks. */
static void leave_dead_line(const char *path, uint32_t owner)
{
    const struct mms__line line = {.announce = MMS__IDLE, .owner = owner, .mode = MMS__SYMMETRIC, .pid = 4711};
    const uint32_t mark = 1;

    patch_bytes(path, "readers", offsetof(struct mms__readers, lines), &line, sizeof line);
    patch_bytes(path, "readers", offsetof(struct mms__readers, high_water), &mark, sizeof mark);
}

static const struct work {
    void (*run)(const char *path);
    bool from_nothing;
} works[] = {{write_values, true}, {write_values, false}, {read_values, false}, {look_at_values, false}};

/* Kinds of call that the kernel may interrupt, or that shims say it has; and those of them that only a disk needs. */
static const enum inject_kind anywhere[] = {INJECT_openat,    INJECT_fstatfs, INJECT_ftruncate,   INJECT_fallocate,
                                            INJECT_pread,     INJECT_pwrite,  INJECT_fcntl_setlk, INJECT_madvise,
                                            INJECT_getrandom, INJECT_close,   INJECT_nanosleep,   INJECT_closedir};
static const enum inject_kind on_disk[] = {INJECT_open, INJECT_read, INJECT_fsync};

struct interruption {
    const char *path;
    const struct work *work;
    struct inject_plan plan;
};

static void work_interrupted(void *argument)
{
    const struct interruption *interruption = argument;

    inject_arm(&interruption->plan);
    interruption->work->run(interruption->path);
    inject_disarm();
}

static void interrupt_each(struct interruption interruption, enum inject_kind kind)
{
    unsigned calls = 1;

    for (unsigned nth = 0; nth <= calls; nth++) {
        if (!interruption.work->from_nothing) {
            in_child(make_region, (void *)(uintptr_t)interruption.path);
            in_child(work_interrupted, &(struct interruption){interruption.path, &works[0], {.nth = 0}});
            leave_dead_line(interruption.path, 3);
        }
        interruption.plan = (struct inject_plan){kind, nth, EINTR, 1};
        in_child(work_interrupted, &interruption);
        if (nth == 0)
            calls = counts->of[kind];
        scratch_delete(interruption.path);
    }
}

static void interrupt_all(void **state, const enum inject_kind *kinds, size_t count)
{
    const char *path = scratch_path(state, "region");

    for (size_t i = 0; i < sizeof works / sizeof *works; i++)
        for (size_t k = 0; k < count; k++)
            interrupt_each((struct interruption){.path = path, .work = &works[i]}, kinds[k]);
}

/* Each call once, in a process that gets there for the first time: it is made again. */
static void signals_at_any_call_go_unnoticed(void **state)
{
    interrupt_all(state, anywhere, sizeof anywhere / sizeof *anywhere);
}

static void signals_at_calls_for_a_disk_go_unnoticed(void **state)
{
    interrupt_all(state, on_disk, sizeof on_disk / sizeof *on_disk);
}

/* Who judges a dead owner locks its byte, and must give it back: there is but one here. */
static void signals_do_not_keep_the_bytes_of_the_dead(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();
    unsigned calls = 1;

    options.max_readers = 1;
    check_ok(mms_writer_close(sample_writer_with(path, options)));
    for (unsigned nth = 0; nth <= calls; nth++) {
        mms_writer *writer;

        leave_dead_line(path, 1);
        fail_from_here(INJECT_fcntl_setlk, nth, EINTR, 1);
        writer = sample_writer_with(path, options);
        calls = nth == 0 ? counts->of[INJECT_fcntl_setlk] : calls;
        inject_disarm();
        check_ok(mms_region_close(sample_region(path)));
        check_ok(mms_writer_close(writer));
    }
    check_true(calls >= 3);
}

static uint64_t blocks_after_shrinking(const char *path, unsigned interruptions)
{
    static char large[3 << 20];
    mms_writer_options options = sample_options();
    mms_writer *writer;
    uint64_t blocks;

    options.max_size = sizeof large;
    writer = sample_writer_with(path, options);
    for (int i = 0; i < 3; i++)
        check_ok(mms_write(writer, large, sizeof large, NULL));
    fail_from_here(INJECT_fallocate, interruptions ? 1 : 0, EINTR, interruptions);
    for (int i = 0; i < 60; i++)
        publish_text(writer, "small");
    inject_disarm();
    blocks = file_blocks(path, "data");
    check_ok(mms_writer_close(writer));
    scratch_delete(path);
    return blocks;
}

static void signals_do_not_keep_memory_from_being_given_back(void **state)
{
    const char *path = scratch_path(state, "region");
    uint64_t blocks = blocks_after_shrinking(path, 0);

    check_true(blocks < 3 << 20);
    check_equal(blocks_after_shrinking(path, 3), blocks);
}

/* ---- File systems ---- */

static void file_system_without_a_name_is_told_by_its_number(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();
    mms_writer *writer;

    inject_filesystem(0x12345678);
    check_code(mms_writer_open(path, &options, &writer), MMS_E_FILESYSTEM);
    check_detail_mentions("type 0x12345678");
    options.force_filesystem = true;
    check_ok(mms_writer_open(path, &options, &writer));
    publish_text(writer, "forced");
    check_code(mms_region_open(path, NULL, &(mms_region *){NULL}), MMS_E_FILESYSTEM);
    inject_filesystem(0);
    check_copies(path, "forced");
    check_ok(mms_writer_close(writer));
}

static void overlayfs_that_cannot_rename_directories_is_named(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();
    mms_writer *writer;

    fail_from_here(INJECT_renameat2, 1, EXDEV, 1);
    check_code(mms_writer_open(path, &options, &writer), -EXDEV);
    check_detail_mentions("extended attributes");
    inject_disarm();
    sample_closed_region(path, "value");
}

static void close_file_named(const char *path)
{
    bool closed = false;

    for (int fd = 3; fd < 64; fd++) {
        char link[64], target[512] = {0};

        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        if (readlink(link, target, sizeof target - 1) > 0 && strcmp(target, path) == 0)
            closed = close(fd) == 0;
    }
    check_true(closed);
}

/* There the map does not keep the lock, so another writer may have it. */
static void writer_whose_host_closed_its_lock_on_overlayfs_writes_no_more(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer;

    inject_filesystem(OVERLAYFS_SUPER_MAGIC);
    writer = sample_writer(path);
    publish_text(writer, "value");
    close_file_named(scratch_path(state, "region/lock"));
    check_code(mms_write(writer, "x", 1, NULL), MMS_E_GONE);
    check_detail_mentions("open the writer again");
    check_copies(path, "value");
    check_ok(mms_writer_close(writer));
    inject_filesystem(0);
}

static void owner_of_a_bare_name_that_cannot_be_seen_is_not_trusted(void **state)
{
    char directory[512];

    snprintf(directory, sizeof directory, "%s", scratch_path(state, ""));
    directory[strlen(directory) - 1] = 0; /* the scratch directory itself, which stands in /dev/shm */
    fail_from_here(INJECT_fstat, 2, EIO, 1);
    check_code(mms_region_open(strrchr(directory, '/') + 1, NULL, &(mms_region *){NULL}), -EIO);
    check_detail_mentions("looking at the owner");
    inject_disarm();
}

/* A disk that cannot be read from any more, at each of the calls that read. */
static void check_all_reads_fail(const char *path, mms_region *region)
{
    char copy[64];
    size_t size;

    fail_from_here(INJECT_pread, 1, EIO, FOR_GOOD);
    check_code(mms_read_copy(region, copy, sizeof copy, &size, NULL), -EIO);
    check_detail_mentions("region/data");
    check_code(mms_read_schema(region, copy, sizeof copy, &size, NULL, NULL), -EIO);
    check_detail_mentions("region/data");
    check_code(mms_inspect(path, &(mms_info){0}), -EIO);
    inject_disarm();
    check_ok(mms_read_copy(region, copy, sizeof copy, &size, NULL));
}

static void value_that_cannot_be_read_is_told(void **state)
{
    const char *path = scratch_path(state, "region"), schema[] = "struct S { a: u64 }";
    mms_writer_options options = sample_options();
    mms_writer *writer;
    mms_region *region;
    void *buffer;

    options.checksum = true;
    writer = sample_writer_with(path, options);
    check_ok(mms_write_begin(writer, 8, &buffer, NULL));
    memset(buffer, 'v', 8);
    check_ok(mms_writer_set_type(writer, (const uint64_t[2]){1, 2}, schema, strlen(schema)));
    check_ok(mms_write_commit(writer, 8, NULL));
    region = sample_region(path);
    check_all_reads_fail(path, region);
    fail_from_here(INJECT_pread, 3, EIO, 1); /* after the two headers */
    check_code(mms_verify(path, NULL, NULL), MMS_E_CORRUPT);
    inject_disarm();
    check_ok(mms_verify(path, NULL, NULL));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

/* ---- Others that are always faster ---- */

static struct {
    const char *region, *fresh, *fresh_lock;
    mms_writer *writer;
    unsigned times; /* 0: no more */
} rival;

/* Something new has the region's name, with a lock that nobody holds and nothing else; before each call. */
static void replace_again(void)
{
    inject_before(counts->all + 1, replace_again);
    check_true(mkdir(rival.fresh, 0755) == 0);
    fclose(fopen(rival.fresh_lock, "we"));
    check_true(renameat2(AT_FDCWD, rival.region, AT_FDCWD, rival.fresh, RENAME_EXCHANGE) == 0);
    scratch_delete(rival.fresh);
}

static void go_on_replacing(void)
{
    inject_before(1, replace_again);
    inject_arm(&(struct inject_plan){.nth = 0});
}

static void who_opens_what_is_replaced_all_the_time_is_told(void **state)
{
    mms_writer_options options = sample_options();
    mms_writer *writer;

    rival.region = scratch_path(state, "region");
    rival.fresh = scratch_path(state, "fresh");
    rival.fresh_lock = scratch_path(state, "fresh/lock");
    sample_closed_region(rival.region, "value");
    go_on_replacing();
    check_code(mms_region_open(rival.region, NULL, &(mms_region *){NULL}), MMS_E_GONE);
    check_detail_mentions("all the time");
    go_on_replacing();
    check_code(mms_inspect(rival.region, &(mms_info){0}), MMS_E_GONE);
    check_detail_mentions("all the time");
    go_on_replacing();
    check_code(mms_writer_open(rival.region, &options, &writer), MMS_E_BUSY);
    check_detail_mentions("all the time");
    go_on_replacing();
    check_code(mms_remove(rival.region), MMS_E_GONE);
    check_detail_mentions("somebody else has");
    inject_before(0, NULL);
    inject_disarm();
    scratch_delete(rival.region);
    sample_closed_region(rival.region, "value");
}

/* Another value each time. */
static void publish_number(mms_writer *writer)
{
    static uint64_t number;

    number++;
    check_ok(mms_write(writer, &number, sizeof number, NULL));
}

/* So many values that every slot is another's. */
static void publish_again(void)
{
    if (rival.times-- == 0)
        return;
    inject_before(counts->all + 1, publish_again);
    for (int i = 0; i < 8; i++)
        publish_number(rival.writer);
}

/* What is read of a value that is replaced meanwhile has another checksum than the one seen first. */
static void value_that_is_replaced_while_it_is_verified_is_no_finding(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();

    options.checksum = true;
    rival.writer = sample_writer_with(path, options);
    publish_number(rival.writer);
    for (unsigned times = 1; times < 100; times += times / 4 + 1) { /* at last, longer than verify tries */
        rival.times = times;
        inject_before(1, publish_again);
        inject_arm(&(struct inject_plan){.nth = 0});
        check_ok(mms_verify(path, NULL, NULL));
        inject_disarm();
    }
    inject_before(0, NULL);
    check_ok(mms_writer_close(rival.writer));
}

/* ---- The end of the generations ---- */

/* A free slot's memory goes back only under a new generation word, or a copy would find zeros under a good one (G1). */
static void without_generations_no_memory_is_given_back(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer;
    uint64_t blocks;
    void *buffer;

    sample_closed_region(path, "value");
    patch_word(path, "control", offsetof(struct mms__control, floor), MMS__GENERATION_MAX - 8);
    writer = sample_writer(path);
    for (int i = 0; i < 7; i++)
        publish_text(writer, "value");
    check_ok(mms_write_begin(writer, 1, &buffer, NULL)); /* the last */
    check_true(writer->pool.free_count > 0);
    blocks = file_blocks(path, "data");
    fail_from_here(INJECT_fallocate, 1, ENOSPC, 1);
    check_code(mms_write_grow(writer, 50000, &buffer), -ENOSPC);
    inject_disarm();
    check_equal(file_blocks(path, "data"), blocks);
    check_ok(mms_write_abort(writer));
    check_code(mms_write(writer, "x", 1, NULL), MMS_E_EXHAUSTED);
    check_ok(mms_writer_close(writer));
    check_copies(path, "value");
}

/* A test that failed has left armed what would disturb the next. */
static int end(void **state)
{
    inject_disarm();
    inject_before(0, NULL);
    inject_filesystem(0);
    return scratch_remove(state);
}

#define rare_test(function) cmocka_unit_test_setup_teardown(function, scratch_in_memory, end)
#define rare_test_on_disk(function) cmocka_unit_test_setup_teardown(function, scratch_on_disk, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        rare_test_on_disk(nothing_on_disk_is_opened_without_the_boot_id), /* before this process calls the library */
        rare_test(first_region_without_a_thread_key_is_no_memory),
        rare_test_on_disk(signals_at_calls_for_a_disk_go_unnoticed), /* likewise */
        rare_test(signals_at_any_call_go_unnoticed),
        rare_test(signals_do_not_keep_the_bytes_of_the_dead),
        rare_test(signals_do_not_keep_memory_from_being_given_back),
        rare_test(file_system_without_a_name_is_told_by_its_number),
        rare_test(overlayfs_that_cannot_rename_directories_is_named),
        rare_test(writer_whose_host_closed_its_lock_on_overlayfs_writes_no_more),
        rare_test(owner_of_a_bare_name_that_cannot_be_seen_is_not_trusted),
        rare_test(value_that_cannot_be_read_is_told),
        rare_test(who_opens_what_is_replaced_all_the_time_is_told),
        rare_test(value_that_is_replaced_while_it_is_verified_is_no_finding),
        rare_test(without_generations_no_memory_is_given_back),
    };

    counts = inject_share();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
