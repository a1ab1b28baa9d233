/* SPDX-License-Identifier: Apache-2.0 */
/* mms_inspector: after whatever has happened to a region and to its path, the same answers as those of mms_inspect, which
   keeps nothing; with few descriptors in between, none where they are scarce, and few system calls (region/inspector.c). */
#include "forked.h"
#include "mmap_sync_sample.h"
#include "region/layout.h"
#include "sample.h"
#include "scratch.h"
#include "system_calls.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static mms_inspector *inspector_of(const char *path)
{
    mms_inspector *inspector;

    check_ok(mms_inspector_open(path, &inspector));
    return inspector;
}

static void check_same_answer(mms_inspector *inspector, const char *path)
{
    mms_info kept = {.size = 77}, anew = {.size = 78};

    check_ok(mms_inspect(path, &anew));
    check_ok(mms_inspector_look(inspector, &kept));
    check_true(memcmp(kept.region_id, anew.region_id, sizeof kept.region_id) == 0);
    check_true(kept.max_size == anew.max_size && kept.max_slots == anew.max_slots);
    check_equal(kept.generation, anew.generation);
    check_true(kept.size == anew.size && kept.slot == anew.slot && kept.slots_used == anew.slots_used);
    check_equal(kept.publish_time_ns, anew.publish_time_ns);
    check_true(kept.writer_alive == anew.writer_alive && kept.writer_pid == anew.writer_pid);
    check_true(kept.readers == anew.readers && kept.readers_dead == anew.readers_dead);
    check_equal(kept.bytes_used, anew.bytes_used);
    check_true(kept.refused == anew.refused && kept.evicted == anew.evicted);
}

static void answers_follow_the_life_of_a_region(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);
    mms_inspector *inspector = inspector_of(path);
    mms_region *region;
    mms_reader *reader;

    check_same_answer(inspector, path);
    publish_text(writer, "first");
    check_same_answer(inspector, path);
    region = sample_region(path);
    reader = sample_reader(region);
    check_same_answer(inspector, path);
    check_holds(reader, "first");
    publish_text(writer, "a longer one");
    check_same_answer(inspector, path);
    check_ok(mms_reader_close(reader));
    check_same_answer(inspector, path);
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
    check_same_answer(inspector, path);
    mms_inspector_close(inspector);
}

static void line_of_a_dead_reader_is_dead(void **state)
{
    const char *path = scratch_path(state, "region");
    struct mms__line line = {.announce = 5 << 2 | MMS__EXACT, .owner = 2, .mode = MMS__SYMMETRIC, .pid = 4711};
    mms_inspector *inspector;
    uint32_t mark = 1;
    mms_info info;

    sample_closed_region(path, "value");
    inspector = inspector_of(path);
    patch_bytes(path, "readers", offsetof(struct mms__readers, lines), &line, sizeof line);
    patch_bytes(path, "readers", offsetof(struct mms__readers, high_water), &mark, sizeof mark);
    check_same_answer(inspector, path);
    check_ok(mms_inspector_look(inspector, &info));
    check_equal(info.readers_dead, 1);
    mms_inspector_close(inspector);
}

static void another_region_under_the_path_is_told_of(void **state)
{
    const char *path = scratch_path(state, "region"), *other = scratch_path(state, "other");
    mms_inspector *inspector;
    mms_info info;

    sample_closed_region(path, "value");
    inspector = inspector_of(path);
    check_ok(mms_remove(path));
    check_code(mms_inspector_look(inspector, &info), -ENOENT);
    check_code(mms_inspector_look(inspector, &info), -ENOENT);
    sample_closed_region(path, "another value");
    check_same_answer(inspector, path);
    sample_closed_region(other, "a third one");
    check_ok(rename(path, scratch_path(state, "moved")));
    check_ok(rename(other, path));
    check_same_answer(inspector, path);
    mms_inspector_close(inspector);
}

static void what_is_damaged_meanwhile_is_reported_as_at_first(void **state)
{
    const char *path = scratch_path(state, "region");
    uint64_t word = UINT64_C(3) << 17 | 0x7fff;
    mms_inspector *inspector, *refused = NULL;
    mms_info info = {.size = 77};
    int code;

    sample_closed_region(path, "value");
    inspector = inspector_of(path);
    patch_bytes(path, "control", offsetof(struct mms__control, current), &word, sizeof word);
    code = mms_inspect(path, &info);
    check_true(code != 0);
    check_code(mms_inspector_look(inspector, &info), code);
    check_code(mms_inspector_open(path, &refused), code);
    check_true(refused == NULL);
    check_equal(info.size, 77);
    mms_inspector_close(inspector);
}

static void file_that_is_deleted_meanwhile_is_missed_as_at_first(void **state)
{
    static const char *const parts[] = {"data", "readers", "control"};
    const char *path = scratch_path(state, "region"), *rest = scratch_path(state, "rest");
    char part[600];

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        mms_inspector *inspector;
        mms_info info;

        sample_closed_region(path, "value");
        inspector = inspector_of(path);
        snprintf(part, sizeof part, "%s/%s", path, parts[i]);
        check_true(unlink(part) == 0);
        check_code(mms_inspect(path, &info), MMS_E_NOT_REGION);
        check_code(mms_inspector_look(inspector, &info), MMS_E_NOT_REGION);
        check_detail_mentions(parts[i]);
        check_true(symlink("/dev/null", part) == 0);
        check_code(mms_inspect(path, &info), MMS_E_NOT_REGION);
        mms_inspector_close(inspector);
        snprintf(part, sizeof part, "%s-%zu", rest, i);
        check_true(rename(path, part) == 0);
    }
}

static void nothing_to_inspect_is_an_error(void **state)
{
    mms_inspector *inspector = (mms_inspector *)state;

    check_code(mms_inspector_open(scratch_path(state, "region"), &inspector), -ENOENT);
    check_true(inspector == NULL);
    mms_inspector_close(NULL);
}

static void files_of_mmap_sync_are_inspected_too(void **state)
{
    const char *prefix = scratch_path(state, "files"), *path = crate_path(prefix);
    mms_writer *writer = mmap_sync_writer(prefix, MMS_NO_WAIT, false);
    mms_inspector *inspector;

    publish_text(writer, "value");
    inspector = inspector_of(path);
    check_same_answer(inspector, path);
    publish_text(writer, "another");
    check_same_answer(inspector, path);
    check_ok(mms_writer_close(writer));
    mms_inspector_close(inspector);
}

/* The path says nothing about the kind of the files: what is there does, and a directory comes first. */
static void kind_of_the_files_may_change(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_inspector *inspector;
    mms_writer *writer;
    char region[700];

    snprintf(region, sizeof region, "mmsync:%s", path);
    sample_closed_region(region, "value");
    inspector = inspector_of(path);
    check_ok(mms_remove(path));
    writer = mmap_sync_writer(path, MMS_NO_WAIT, false);
    publish_text(writer, "longer value");
    check_ok(mms_writer_close(writer));
    check_same_answer(inspector, path);
    sample_closed_region(region, "the longest value");
    check_same_answer(inspector, path);
    mms_inspector_close(inspector);
}

struct asked {
    mms_inspector *inspector;
    const char *path;
};

static void ask(void *context)
{
    const struct asked *asked = context;

    check_same_answer(asked->inspector, asked->path);
}

static void forked_child_may_use_its_copy(void **state)
{
    const char *path = scratch_path(state, "region");
    struct asked asked = {.path = path};

    sample_closed_region(path, "value");
    asked.inspector = inspector_of(path);
    in_child(ask, &asked);
    check_same_answer(asked.inspector, path);
    mms_inspector_close(asked.inspector);
}

static void deleted_lock_is_noticed(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);
    mms_inspector *inspector;
    mms_info info;

    publish_text(writer, "value");
    inspector = inspector_of(path);
    check_ok(mms_inspector_look(inspector, &info));
    check_equal(info.writer_alive, 1);
    check_ok(unlink(scratch_path(state, "region/lock")));
    check_same_answer(inspector, path);
    check_ok(mms_inspector_look(inspector, &info));
    check_equal(info.writer_alive, -1);
    mms_inspector_close(inspector);
    check_ok(mms_writer_close(writer));
}

/* The same bytes in another file: its locks say nothing about the readers in the one that is mapped, which all are alive. */
static void replaced_readers_are_not_asked_who_lives(void **state)
{
    const char *path = scratch_path(state, "region"), *name = scratch_path(state, "region/readers");
    static unsigned char bytes[1 << 16];
    size_t size;
    mms_inspector *inspector;
    mms_region *region;
    mms_reader *reader;
    mms_info info;
    FILE *file;

    sample_closed_region(path, "value");
    region = sample_region(path);
    reader = holding_reader(region);
    inspector = inspector_of(path);
    size = (size_t)file_size(path, "readers");
    check_true(size <= sizeof bytes);
    load_bytes(path, "readers", 0, bytes, size);
    check_true(unlink(name) == 0);
    file = fopen(name, "wxe");
    check_true(file && fwrite(bytes, 1, size, file) == size && fclose(file) == 0);
    check_ok(mms_inspector_look(inspector, &info));
    check_true(info.readers_dead == 0);
    check_ok(mms_release(reader));
    check_ok(mms_reader_close(reader)); /* its line is free, and there is nobody to ask about */
    check_ok(mms_inspector_look(inspector, &info));
    check_true(info.readers == 0 && info.readers_dead == 0);
    mms_inspector_close(inspector);
    check_ok(mms_region_close(region));
    scratch_delete(path);
}

enum { DESCRIPTORS = 64 };

static int count_descriptors(void)
{
    int count = 0;

    for (int fd = 0; fd < DESCRIPTORS; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* As a host does that closes all descriptors, and then opens files of its own. */
static void put_others_in_place(const bool before[DESCRIPTORS], bool replaced[DESCRIPTORS])
{
    for (int fd = 0; fd < DESCRIPTORS; fd++) {
        replaced[fd] = !before[fd] && fcntl(fd, F_GETFD) >= 0;
        if (replaced[fd])
            check_equal(dup2(0, fd), fd);
    }
}

static void descriptors_that_were_closed_are_not_used(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);
    bool before[DESCRIPTORS], replaced[DESCRIPTORS];
    mms_inspector *inspector;
    int count;

    publish_text(writer, "value");
    for (int fd = 0; fd < DESCRIPTORS; fd++)
        before[fd] = fcntl(fd, F_GETFD) >= 0;
    count = count_descriptors();
    inspector = inspector_of(path);
    check_true(count_descriptors() > count && count_descriptors() <= count + 3);
    put_others_in_place(before, replaced);
    check_same_answer(inspector, path);
    mms_inspector_close(inspector);
    for (int fd = 0; fd < DESCRIPTORS; fd++)
        if (replaced[fd])
            check_ok(close(fd)); /* it is still open */
    check_equal(count_descriptors(), count);
    check_ok(mms_writer_close(writer));
}

static void none_is_kept_where_they_are_scarce(void **state)
{
    const char *path = scratch_path(state, "region");
    int taken[DESCRIPTORS / 2], count;
    mms_inspector *inspector;
    struct rlimit before, few;

    sample_closed_region(path, "value");
    for (int i = 0; i < DESCRIPTORS / 2; i++)
        taken[i] = dup(0);
    check_ok(getrlimit(RLIMIT_NOFILE, &before));
    few = (struct rlimit){.rlim_cur = DESCRIPTORS, .rlim_max = before.rlim_max};
    check_ok(setrlimit(RLIMIT_NOFILE, &few));
    count = count_descriptors();
    inspector = inspector_of(path);
    check_equal(count_descriptors(), count);
    check_same_answer(inspector, path);
    check_equal(count_descriptors(), count);
    mms_inspector_close(inspector);
    check_ok(setrlimit(RLIMIT_NOFILE, &before));
    for (int i = 0; i < DESCRIPTORS / 2; i++)
        check_ok(close(taken[i]));
}

static void look_again(void *context)
{
    mms_info info;

    check_ok(mms_inspector_look(context, &info));
}

static void files_are_not_mapped_again(void **state)
{
    const char *path = scratch_path(state, "region");
    struct system_calls calls;
    mms_inspector *inspector;
    int error;

    sample_closed_region(path, "value");
    inspector = inspector_of(path);
    error = count_system_calls(look_again, inspector, &calls);
    if (error == 0) {
        check_equal(calls.of[SYS_mmap] + calls.of[SYS_munmap] + calls.of[SYS_pread64], 0);
        check_true(calls.total <= 6); /* control, data, changes, readers, lock, and its lock byte */
    }
    mms_inspector_close(inspector);
    if (error != 0)
        skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(answers_follow_the_life_of_a_region),
        scratch_test_on_disk(answers_follow_the_life_of_a_region),
        scratch_test(line_of_a_dead_reader_is_dead),
        scratch_test(another_region_under_the_path_is_told_of),
        scratch_test(what_is_damaged_meanwhile_is_reported_as_at_first),
        scratch_test(file_that_is_deleted_meanwhile_is_missed_as_at_first),
        scratch_test(nothing_to_inspect_is_an_error),
        scratch_test(files_of_mmap_sync_are_inspected_too),
        scratch_test(kind_of_the_files_may_change),
        scratch_test(forked_child_may_use_its_copy),
        scratch_test(deleted_lock_is_noticed),
        scratch_test(replaced_readers_are_not_asked_who_lives),
        scratch_test(descriptors_that_were_closed_are_not_used),
        scratch_test(none_is_kept_where_they_are_scarce),
        scratch_test(files_are_not_mapped_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
