/* SPDX-License-Identifier: Apache-2.0 */
/* A signal interrupts any single call: the call is made again, and nobody notices. */
#include "answers.h"
#include "forked.h"
#include "region/layout.h"
#include "sample.h"
#include "scratch.h"
#include <string.h>

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
    check_ok(mms_write_grow(writer, 50000, &buffer)); /* so that there is memory to free */
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

/* Leaves the line of a dead process in the table, which others judge under locks. */
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

/* Kinds of call that the kernel may interrupt, or that shims say it does; then those that only a
   disk needs. */
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

/* Each call once, in a process that makes it for the first time. */
static void signals_at_any_call_go_unnoticed(void **state)
{
    interrupt_all(state, anywhere, sizeof anywhere / sizeof *anywhere);
}

static void signals_at_calls_for_a_disk_go_unnoticed(void **state)
{
    interrupt_all(state, on_disk, sizeof on_disk / sizeof *on_disk);
}

/* A process that judges a dead owner locks its byte, and must unlock it: there is only one byte
   here. */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        answers_test_on_disk(signals_at_calls_for_a_disk_go_unnoticed), /* before this process calls the library */
        answers_test(signals_at_any_call_go_unnoticed),
        answers_test(signals_do_not_keep_the_bytes_of_the_dead),
        answers_test(signals_do_not_keep_memory_from_being_given_back),
    };

    counts = inject_share();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
