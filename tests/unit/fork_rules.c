/* SPDX-License-Identifier: Apache-2.0 */
/* Handles in a forked child: every call returns MMS_E_FORKED, the parent is unharmed, and the
   child may open its own. */
#include "forked.h"
#include "mmap_sync_sample.h"
#include "sample.h"
#include "scratch.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct handles {
    const char *path;
    mms_writer *writer;
    mms_region *region;
    mms_reader *idle, *holding;
};

static void use_all(struct handles *handles)
{
    mms_reader *readers[] = {handles->idle, handles->holding}, *more;
    char byte;
    void *buffer;
    mms_view view;
    size_t size;

    check_code(mms_write(handles->writer, "child", 5, NULL), MMS_E_FORKED);
    check_code(mms_write_begin(handles->writer, 5, &buffer, NULL), MMS_E_FORKED);
    check_code(mms_write_grow(handles->writer, 5, &buffer), MMS_E_FORKED);
    check_code(mms_write_commit(handles->writer, 5, NULL), MMS_E_FORKED);
    check_code(mms_write_abort(handles->writer), MMS_E_FORKED);
    check_code(mms_reader_open(handles->region, &more), MMS_E_FORKED);
    check_code(mms_read_copy(handles->region, &byte, 1, &size, NULL), MMS_E_FORKED);
    check_code(mms_region_wait(handles->region, 0, 0), MMS_E_FORKED);
    check_code(mms_region_check(handles->region), MMS_E_FORKED);
    check_detail_mentions("open the region in this process");
    (void)mms_generation(handles->region);
    for (int i = 0; i < 2; i++) {
        check_code(mms_read(readers[i], &view), MMS_E_FORKED);
        check_code(mms_refresh(readers[i], &view), MMS_E_FORKED);
        check_code(mms_release(readers[i]), MMS_E_FORKED);
        check_code(mms_wait(readers[i], 0, 0), MMS_E_FORKED);
    }
    check_detail_mentions("open one in this process");
}

static void close_all(struct handles *handles)
{
    check_code(mms_reader_close(handles->idle), MMS_E_FORKED);
    check_code(mms_reader_close(handles->holding), MMS_E_FORKED);
    check_code(mms_region_close(handles->region), MMS_E_FORKED);
    check_code(mms_writer_close(handles->writer), MMS_E_FORKED);
}

static void use_region_of_its_own(const char *path)
{
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);

    check_reads(reader, "held");
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

static void use_then_close_then_open(void *argument)
{
    struct handles *handles = argument;

    use_all(handles);
    close_all(handles);
    use_region_of_its_own(handles->path);
}

static void open_then_use(void *argument)
{
    struct handles *handles = argument;

    use_region_of_its_own(handles->path);
    use_all(handles);
}

static void grandchild_uses(void *argument)
{
    in_child(use_then_close_then_open, argument);
    use_then_close_then_open(argument);
    use_region_of_its_own(((struct handles *)argument)->path);
    in_raw_child((forked_part *)use_region_of_its_own, (void *)(uintptr_t)((struct handles *)argument)->path);
}

static void do_nothing(void *argument)
{
    (void)argument;
}

static void leave_by_exit(void *argument)
{
    (void)argument;
    exit(0); /* atexit handlers and destructors of the inherited program */
}

static struct handles set_up(void **state)
{
    struct handles handles = {.path = scratch_path(state, "region")};

    handles.writer = sample_writer(handles.path);
    handles.region = sample_region(handles.path);
    handles.idle = sample_reader(handles.region);
    handles.holding = sample_reader(handles.region);
    publish_text(handles.writer, "held");
    check_reads(handles.idle, "held"); /* so that its next read would be the fast one */
    return handles;
}

/* Whatever the child did: the pin holds, the writer writes and grows, the readers read, and there
   are two lines. */
static void check_unharmed(struct handles *handles, mms_view held)
{
    size_t lines;

    check_ok(mms_inspect_readers(handles->path, NULL, 0, &lines));
    check_equal(lines, 2);
    for (int i = 0; i < 8; i++)
        publish_text(handles->writer, "newer");
    check_memory(held.data, "held", 4);
    check_reads(handles->idle, "newer");
    check_ok(mms_release(handles->holding));
}

static void close_up(struct handles *handles)
{
    check_ok(mms_reader_close(handles->idle));
    check_ok(mms_reader_close(handles->holding));
    check_ok(mms_region_close(handles->region));
    check_ok(mms_writer_close(handles->writer));
}

static void check_parent_survives(void **state, forked_part *part, bool raw)
{
    struct handles handles;
    mms_view held;

    if (raw)
        need_fork_advice();
    handles = set_up(state);
    held = check_holds(handles.holding, "held");
    (raw ? in_raw_child : in_child)(part, &handles);
    check_unharmed(&handles, held);
    close_up(&handles);
}

static void every_call_in_a_child_says_forked_and_the_parent_goes_on(void **state)
{
    check_parent_survives(state, use_then_close_then_open, false);
}

static void every_call_after_a_raw_clone_says_forked(void **state)
{
    check_parent_survives(state, use_then_close_then_open, true);
}

static void child_may_open_its_own_before_it_touches_the_inherited(void **state)
{
    check_parent_survives(state, open_then_use, false);
}

static void child_of_a_raw_clone_may_open_its_own(void **state)
{
    check_parent_survives(state, open_then_use, true);
}

static void grandchildren_are_children_too(void **state)
{
    need_fork_advice();
    check_parent_survives(state, grandchild_uses, false);
}

static void grandchildren_of_a_raw_clone_are_children_too(void **state)
{
    check_parent_survives(state, grandchild_uses, true);
}

static void child_that_only_ends_harms_nothing(void **state)
{
    check_parent_survives(state, do_nothing, false);
}

static void child_that_exits_harms_nothing(void **state)
{
    check_parent_survives(state, leave_by_exit, false);
}

static void commit_in_the_child(void *writer)
{
    check_code(mms_write_commit(writer, 3, NULL), MMS_E_FORKED);
    check_code(mms_writer_close(writer), MMS_E_FORKED);
}

static void use_copier_in_child(void *region)
{
    char byte;
    size_t size;

    check_code(mms_read_copy(region, &byte, 1, NULL, NULL), MMS_E_FORKED);
    check_code(mms_read_schema(region, &byte, 1, &size, NULL, NULL), MMS_E_FORKED);
    check_code(mms_region_close(region), MMS_E_FORKED);
}

static void region_that_only_copies_is_the_parents_too(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    mms_region *region;
    char byte;

    sample_closed_region(path, "v");
    options.read_only = true;
    check_ok(mms_region_open(path, &options, &region));
    in_child(use_copier_in_child, region);
    check_ok(mms_read_copy(region, &byte, 1, NULL, NULL));
    check_ok(mms_region_close(region));
}

static void write_that_was_begun_goes_on_in_the_parent(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);
    void *buffer;

    check_ok(mms_write_begin(writer, 10, &buffer, NULL));
    memcpy(buffer, "abc", 3);
    in_child(commit_in_the_child, writer);
    check_ok(mms_write_commit(writer, 3, NULL));
    check_copies(path, "abc");
    check_ok(mms_writer_close(writer));
}

static void open_writer_in_child(void *path)
{
    mms_writer *writer = sample_writer(path);

    publish_text(writer, "child's");
    check_ok(mms_writer_close(writer));
}

static void child_may_write_when_the_parent_has_closed(void **state)
{
    need_fork_advice();
    const char *path = scratch_path(state, "region");
    mms_region *region;

    sample_closed_region(path, "parent's");
    region = sample_region(path);
    in_child(open_writer_in_child, (void *)(uintptr_t)path);
    in_raw_child(open_writer_in_child, (void *)(uintptr_t)path);
    check_copies(path, "child's");
    check_ok(mms_region_close(region));
}

static void hold_reader_until_killed(void *argument)
{
    struct handles *handles = argument;

    handles->region = sample_region(handles->path);
    check_holds(sample_reader(handles->region), "held");
}

static void line_of_a_dead_child_comes_back(void **state)
{
    struct handles handles = set_up(state);
    mms_view held = check_holds(handles.holding, "held");

    for (int i = 0; i < 6; i++) {
        struct handles copy = handles;

        in_child(hold_reader_until_killed, &copy);
    }
    publish_text(handles.writer, "newer");
    check_ok(mms_release(handles.holding));
    held = check_holds(handles.holding, "newer");
    for (int i = 0; i < 8; i++)
        publish_text(handles.writer, "last");
    check_memory(held.data, "newer", 5);
    close_up(&handles);
}

/* ---- A removal that fails ---- */

struct removal {
    const char *path;
    int stop;
};

static void *remove_again_and_again(void *argument)
{
    struct removal *removal = argument;

    while (!mms__load_acquire(&removal->stop))
        check_true(mms_remove(removal->path) < 0);
    return NULL;
}

static void await_end_of(void *pipe)
{
    char byte;

    check_true(close(((int *)pipe)[1]) == 0);
    check_true(read(((int *)pipe)[0], &byte, 1) == 0);
}

/* It takes the lock of mmap-sync's files, and its children must not have it, too. A directory in the place of a file makes it
   fail with the lock held. */
static void lock_of_a_removal_is_not_inherited(void **state)
{
    enum { CHILDREN = 40 };
    const char *prefix = scratch_path(state, "region"), *data = scratch_path(state, "region_data_1");
    struct removal removal = {.path = crate_path(prefix)};
    pid_t children[CHILDREN];
    pthread_t remover;
    int pipes[2];

    check_ok(mms_writer_close(mmap_sync_writer(prefix, 100, false)));
    check_true(mkdir(data, 0700) == 0 && pipe(pipes) == 0);
    check_true(pthread_create(&remover, NULL, remove_again_and_again, &removal) == 0);
    for (int i = 0; i < CHILDREN; i++)
        children[i] = start_child(await_end_of, pipes);
    mms__store_release(&removal.stop, 1);
    check_true(pthread_join(remover, NULL) == 0);
    check_true(rmdir(data) == 0);
    check_ok(mms_remove(removal.path)); /* waits for a lock, and would say MMS_E_BUSY */
    close(pipes[0]);
    close(pipes[1]);
    for (int i = 0; i < CHILDREN; i++)
        finish_child(children[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(every_call_in_a_child_says_forked_and_the_parent_goes_on),
        scratch_test_on_disk(every_call_in_a_child_says_forked_and_the_parent_goes_on),
        scratch_test(every_call_after_a_raw_clone_says_forked),
        scratch_test(child_may_open_its_own_before_it_touches_the_inherited),
        scratch_test(child_of_a_raw_clone_may_open_its_own),
        scratch_test(grandchildren_are_children_too),
        scratch_test(grandchildren_of_a_raw_clone_are_children_too),
        scratch_test(child_that_only_ends_harms_nothing),
        scratch_test(child_that_exits_harms_nothing),
        scratch_test(region_that_only_copies_is_the_parents_too),
        scratch_test(write_that_was_begun_goes_on_in_the_parent),
        scratch_test(child_may_write_when_the_parent_has_closed),
        scratch_test(line_of_a_dead_child_comes_back),
        scratch_test(lock_of_a_removal_is_not_inherited),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
