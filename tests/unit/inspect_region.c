/* SPDX-License-Identifier: Apache-2.0 */
/* mms_inspect and mms_inspect_readers: right with and without a writer, and changing nothing (region/inspect.c). */
#include "region/layout.h"
#include "sample.h"
#include "scratch.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

static void empty_region_has_geometry_and_no_value(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_info info;

    check_ok(mms_writer_close(sample_writer(path)));
    check_ok(mms_inspect(path, &info));
    check_equal(info.max_size, 64 << 10);
    check_equal(info.max_slots, 4);
    check_equal(info.max_readers, 4);
    check_true((info.region_id[0] | info.region_id[1]) != 0);
    check_true(info.generation == 0 && info.size == 0 && info.slots_used == 0);
    check_true(info.readers == 0 && info.readers_dead == 0);
    for (size_t i = 0; i < sizeof info.reserved / sizeof *info.reserved; i++)
        check_equal(info.reserved[i], 0);
}

static void value_is_described_while_its_writer_lives_and_after(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);
    mms_receipt receipt;
    mms_info info;

    check_ok(mms_write(writer, "12345", 5, &receipt));
    check_ok(mms_inspect(path, &info));
    check_equal(info.writer_alive, 1);
    check_equal(info.writer_pid, getpid());
    check_equal(info.generation, receipt.generation);
    check_equal(info.size, 5);
    check_equal(info.slot, receipt.slot);
    check_true(info.slots_used >= 1);
    check_ok(mms_writer_close(writer));
    check_ok(mms_inspect(path, &info));
    check_equal(info.writer_alive, 0);
    check_equal(info.generation, receipt.generation);
}

static void used_bytes_are_those_of_the_files(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_info info;

    sample_closed_region(path, "value");
    check_ok(mms_inspect(path, &info));
    check_equal(info.bytes_used,
                file_blocks(path, "control") + file_blocks(path, "readers") + file_blocks(path, "data"));
    check_true(info.bytes_used > 0);
}

static void fence_of_new_readers_is_told(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();
    mms_info info;

    options.fence = MMS_FENCE_SYMMETRIC;
    check_ok(mms_writer_close(sample_writer_with(path, options)));
    check_ok(mms_inspect(path, &info));
    check_true(info.symmetric);
}

static void readers_are_counted_and_described(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    mms_writer *writer = sample_writer(path);
    mms_region *region;
    mms_reader *holding, *idle;
    mms_reader_info infos[4];
    uint64_t generation = publish_text(writer, "held");
    mms_info info;
    size_t count;

    options.allow_evict = true;
    options.fence = MMS_FENCE_SYMMETRIC;
    check_ok(mms_region_open(path, &options, &region));
    holding = sample_reader(region);
    idle = sample_reader(region);
    check_holds(holding, "held");
    publish_text(writer, "newer");
    check_ok(mms_inspect(path, &info));
    check_true(info.readers == 2 && info.readers_dead == 0);
    memset(infos, 0x77, sizeof infos);
    check_ok(mms_inspect_readers(path, infos, 4, &count));
    check_equal(count, 2);
    check_true(infos[0].pinned && !infos[1].pinned);
    check_equal(infos[0].generation, generation);
    check_true(infos[0].alive && infos[0].symmetric && infos[0].allow_evict);
    check_true(infos[0].line != infos[1].line);
    check_ok(mms_reader_close(holding));
    check_ok(mms_reader_close(idle));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static void more_readers_than_room_are_counted_and_not_stored(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_reader_info infos[2];
    mms_reader *readers[3];
    mms_region *region;
    size_t count;

    sample_closed_region(path, "value");
    region = sample_region(path);
    for (int i = 0; i < 3; i++)
        readers[i] = sample_reader(region);
    memset(infos, 0x77, sizeof infos);
    check_ok(mms_inspect_readers(path, infos, 1, &count));
    check_equal(count, 3);
    check_equal(infos[0].pid, getpid());
    check_equal(infos[1].pid, 0x77777777);
    for (int i = 0; i < 3; i++)
        check_ok(mms_reader_close(readers[i]));
    check_ok(mms_region_close(region));
}

static void line_of_a_dead_process_is_dead(void **state)
{
    const char *path = scratch_path(state, "region");
    struct mms__line line = {.announce = 5 << 2 | MMS__EXACT, .owner = 2, .mode = MMS__SYMMETRIC, .pid = 4711};
    uint32_t mark = 1;
    mms_reader_info reader;
    mms_info info;
    size_t count;

    sample_closed_region(path, "value");
    patch_bytes(path, "readers", offsetof(struct mms__readers, lines), &line, sizeof line);
    patch_bytes(path, "readers", offsetof(struct mms__readers, high_water), &mark, sizeof mark);
    check_ok(mms_inspect(path, &info));
    check_true(info.readers == 0 && info.readers_dead == 1);
    check_ok(mms_inspect_readers(path, &reader, 1, &count));
    check_true(count == 1 && !reader.alive && reader.pinned);
    check_equal(reader.pid, 4711);
    check_equal(reader.generation, 5);
}

static void looking_changes_nothing_in_a_region(void **state)
{
    const char *path = scratch_path(state, "region");
    uint64_t digest;
    mms_info info;
    size_t count;

    sample_closed_region(path, "value");
    digest = tree_digest(path);
    check_ok(mms_inspect(path, &info));
    check_ok(mms_inspect_readers(path, NULL, 0, &count));
    check_ok(mms_verify(path, NULL, NULL));
    check_equal(tree_digest(path), digest);
}

static void missing_region_is_enoent(void **state)
{
    mms_info info;
    size_t count;

    check_code(mms_inspect(scratch_path(state, "region"), &info), -ENOENT);
    check_code(mms_inspect_readers(scratch_path(state, "region"), NULL, 0, &count), -ENOENT);
    check_code(mms_verify(scratch_path(state, "region"), NULL, NULL), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(empty_region_has_geometry_and_no_value),
        scratch_test(value_is_described_while_its_writer_lives_and_after),
        scratch_test(used_bytes_are_those_of_the_files),
        scratch_test_on_disk(used_bytes_are_those_of_the_files),
        scratch_test(fence_of_new_readers_is_told),
        scratch_test(readers_are_counted_and_described),
        scratch_test(more_readers_than_room_are_counted_and_not_stored),
        scratch_test(line_of_a_dead_process_is_dead),
        scratch_test(looking_changes_nothing_in_a_region),
        scratch_test(missing_region_is_enoent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
