/* SPDX-License-Identifier: Apache-2.0 */
/* A security module refuses locks (AppArmor without `k`) to a process that may read and write the
   files: the error says so, nobody is reported as a writer or a holder, and readers fall back to
   copying. */
#include "forked.h"
#include "lookout.h"
#include "mmap_sync_sample.h"
#include "refuse.h"
#include "sample.h"
#include "scratch.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const int errors[] = {EACCES, EPERM, ENOLCK, ENOSYS, EINVAL};
enum { ERRORS = sizeof errors / sizeof *errors, NO_FILTERS = 77 };

struct scene {
    const char *path;
    int error;
};

static void refuse(const struct scene *scene)
{
    if (refuse_locks(scene->error) != 0)
        _exit(NO_FILTERS);
}

/* Each error in its own child, since a filter cannot be removed. */
static void with_each_error(void **state, forked_part *part, struct scene scene)
{
    for (int i = 0; i < ERRORS; i++) {
        scene.error = errors[i];
        in_child(part, &scene);
    }
    (void)state;
}

static void need_filters(void **state)
{
    struct scene scene = {.error = EACCES};
    pid_t child = fork();
    int status;

    (void)state;
    if (child == 0) {
        refuse(&scene);
        _exit(0);
    }
    check_true(waitpid(child, &status, 0) == child);
    if (status != 0)
        skip_because("no seccomp filter may be set here");
}

static void check_detail_is_true(void)
{
    check_detail_mentions("may not lock");
    check_detail_mentions("AppArmor");
    check_true(!strstr(mms_last_error(), "another process"));
    check_true(!strstr(mms_last_error(), "other processes"));
    check_true(!strstr(mms_last_error(), "reader processes"));
}

static void write_refused(void *argument)
{
    const struct scene *scene = argument;
    mms_writer_options options = sample_options();
    mms_writer *writer;

    refuse(scene);
    check_code(mms_writer_open(scene->path, &options, &writer), -scene->error);
    check_detail_is_true();
    check_true(writer == NULL);
}

static void a_writer_says_what_it_is(void **state)
{
    struct scene scene = {.path = scratch_path(state, "region")};

    need_filters(state);
    (void)sample_closed_region(scene.path, "text");
    with_each_error(state, write_refused, scene);
    check_copies(scene.path, "text");
}

static void a_creator_says_what_it_is_and_leaves_nothing(void **state)
{
    struct scene scene = {.path = scratch_path(state, "region")};

    need_filters(state);
    with_each_error(state, write_refused, scene);
    check_true(access(scene.path, F_OK) != 0);
}

static void remove_refused(void *argument)
{
    const struct scene *scene = argument;

    refuse(scene);
    check_code(mms_remove(scene->path), -scene->error);
    check_detail_is_true();
}

static void a_remover_says_what_it_is(void **state)
{
    struct scene scene = {.path = scratch_path(state, "region")};

    need_filters(state);
    (void)sample_closed_region(scene.path, "text");
    with_each_error(state, remove_refused, scene);
    check_copies(scene.path, "text");
}

static void read_refused(void *argument)
{
    const struct scene *scene = argument;
    mms_region *region;
    mms_reader *reader;
    char copy[16];
    size_t size;

    refuse(scene);
    check_ok(mms_region_open(scene->path, NULL, &region));
    check_detail_is_true();
    check_true(mms_region_read_only(region));
    check_code(mms_reader_open(region, &reader), MMS_E_READ_ONLY);
    check_detail_mentions("may not lock");
    check_ok(mms_read_copy(region, copy, sizeof copy, &size, NULL));
    check_equal(size, 4);
    check_memory(copy, "text", 4);
    check_ok(mms_region_close(region));
}

static void a_reader_copies(void **state)
{
    struct scene scene = {.path = scratch_path(state, "region")};
    mms_writer *writer;

    need_filters(state);
    writer = sample_writer(scene.path);
    publish_text(writer, "text");
    with_each_error(state, read_refused, scene);
    check_equal(inspect(scene.path).readers, 0);
    use_every_slot(writer, 4); /* no line is left behind */
    check_ok(mms_writer_close(writer));
}

static void look_refused(void *argument)
{
    const struct scene *scene = argument;
    mms_info info;

    refuse(scene);
    check_ok(mms_inspect(scene->path, &info));
    check_equal(info.readers, 1);
    check_equal(info.readers_dead, 0);
    check_ok(mms_verify(scene->path, NULL, NULL));
}

static void looking_takes_no_lock(void **state)
{
    struct scene scene = {.path = scratch_path(state, "region")};
    mms_region *region;
    mms_reader *reader;

    need_filters(state);
    (void)sample_closed_region(scene.path, "text");
    region = sample_region(scene.path);
    reader = sample_reader(region);
    with_each_error(state, look_refused, scene);
    check_reads(reader, "text");
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

static void write_mmap_sync_refused(void *argument)
{
    const struct scene *scene = argument;
    mms_writer *writer;

    refuse(scene);
    check_code(mms_writer_open(crate_path(scene->path), NULL, &writer), -scene->error);
    check_detail_is_true();
    check_code(mms_remove(scene->path), -scene->error);
    check_detail_is_true();
}

static void a_writer_of_mmap_syncs_files_says_what_it_is(void **state)
{
    struct scene scene = {.path = scratch_path(state, "value")};
    mms_writer *writer;

    need_filters(state);
    check_ok(mms_writer_open(crate_path(scene.path), NULL, &writer));
    publish_text(writer, "text");
    check_ok(mms_writer_close(writer));
    with_each_error(state, write_mmap_sync_refused, scene);
    check_copies(scene.path, "text");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(a_writer_says_what_it_is),  scratch_test(a_creator_says_what_it_is_and_leaves_nothing),
        scratch_test(a_remover_says_what_it_is), scratch_test(a_reader_copies),
        scratch_test(looking_takes_no_lock),     scratch_test(a_writer_of_mmap_syncs_files_says_what_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
