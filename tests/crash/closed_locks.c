/* SPDX-License-Identifier: Apache-2.0 */
/* ctest: crash */
/* On overlayfs, a host program that closes the library's descriptors drops its locks, and others
   then consider its lines free. The reader must notice, and must not touch a line that somebody
   else has taken by then: that reader may not allow eviction (G4). */
#include "forked.h"
#include "sample.h"
#include "scratch.h"
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void close_descriptors(void)
{
    for (int fd = 3; fd < 256; fd++)
        close(fd);
}

static const char *region_in(const char *directory)
{
    static char path[600];

    snprintf(path, sizeof path, "%s/region", directory);
    return path;
}

struct pair {
    const char *path;
    mms_region *closed, *later;
    mms_reader *loser, *holder;
};

/* The first reader's locks are gone, and the second reader has its line, its owner's byte, even
   its descriptor's number. */
static struct pair make_pair(const char *directory, bool holds)
{
    struct pair pair = {.path = region_in(directory)};

    close_descriptors(); /* so that both get the same numbers */
    sample_closed_region(pair.path, "0");
    pair.closed = sample_region(pair.path);
    pair.loser = sample_reader(pair.closed);
    check_holds(pair.loser, "0");
    if (!holds)
        check_ok(mms_release(pair.loser));
    close_descriptors();
    pair.later = sample_region(pair.path);
    pair.holder = sample_reader(pair.later);
    check_holds(pair.holder, "0");
    return pair;
}

/* Write every slot that is not held again and again: the held one stays. */
static void check_holder_keeps_its_view(const struct pair *pair)
{
    mms_writer *writer = sample_writer(pair->path);

    for (int i = 0; i < 20; i++)
        publish_text(writer, "1");
    check_ok(mms_release(pair->holder));
    check_reads(pair->holder, "1");
    check_ok(mms_writer_close(writer));
    check_ok(mms_reader_close(pair->holder));
    check_ok(mms_region_close(pair->later));
    check_ok(mms_region_close(pair->closed));
    check_ok(mms_remove(pair->path));
}

static void read_again(void *directory)
{
    struct pair pair = make_pair(directory, false);
    mms_view view;

    check_code(mms_read(pair.loser, &view), MMS_E_GONE); /* though the value has not changed */
    check_detail_mentions("descriptor");
    check_code(mms_refresh(pair.loser, &view), MMS_E_GONE);
    check_code(mms_release(pair.loser), MMS_E_NO_VIEW);
    check_code(mms_reader_open(pair.closed, &(mms_reader *){NULL}), MMS_E_GONE);
    check_ok(mms_reader_close(pair.loser));
    check_holder_keeps_its_view(&pair);
}

static void release_what_is_held(void *directory)
{
    struct pair pair = make_pair(directory, true);

    check_ok(mms_release(pair.loser)); /* it was whole until here */
    check_code(mms_reader_close(pair.loser), 0);
    check_holder_keeps_its_view(&pair);
}

static void refresh_what_is_held(void *directory)
{
    struct pair pair = make_pair(directory, true);
    mms_view view;

    (void)mms_refresh(pair.loser, &view);
    check_ok(mms_reader_close(pair.loser));
    check_holder_keeps_its_view(&pair);
}

static void close_what_is_held(void *directory)
{
    struct pair pair = make_pair(directory, true);

    check_ok(mms_reader_close(pair.loser));
    check_holder_keeps_its_view(&pair);
}

/* Nobody has taken the line yet: the reader notices the lost lock at the next change. */
static void notice_at_a_change(void *directory)
{
    const char *path = region_in(directory);
    mms_region *region;
    mms_reader *reader;
    mms_view view;

    sample_closed_region(path, "0");
    region = sample_region(path);
    reader = sample_reader(region);
    check_reads(reader, "0");
    close_descriptors();
    sample_closed_region(path, "1");
    check_code(mms_read(reader, &view), MMS_E_GONE);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_remove(path));
}

/* The number and the file are right, but the open file is another one. */
static void two_writers(void *directory)
{
    const char *path = region_in(directory);
    mms_writer *first, *second;

    close_descriptors(); /* so that both get the same numbers */
    first = sample_writer(path);
    publish_text(first, "first");
    close_descriptors();
    second = sample_writer(path);
    publish_text(second, "second");
    check_code(mms_write(first, "third", 5, NULL), MMS_E_GONE);
    check_copies(path, "second");
    check_ok(mms_writer_close(second));
    check_ok(mms_writer_close(first));
    check_ok(mms_remove(path));
}

static void on_overlayfs(void **state, forked_part *part)
{
    need_fork_advice();
    const char *lower = scratch_path(state, "lower"), *upper = scratch_path(state, "upper"),
               *work = scratch_path(state, "work"), *merged = scratch_path(state, "merged");
    char options[1024];

    if (geteuid() != 0)
        skip_because("on many kernels only root may rename directories on overlayfs");
    check_true(mkdir(lower, 0755) == 0 && mkdir(upper, 0755) == 0 && mkdir(work, 0755) == 0 &&
               mkdir(merged, 0755) == 0);
    snprintf(options, sizeof options, "lowerdir=%s,upperdir=%s,workdir=%s", lower, upper, work);
    in_child_with_mount("overlay", options, merged, part, (void *)(uintptr_t)merged);
}

static void reader_without_its_lock_reads_no_more(void **state)
{
    on_overlayfs(state, read_again);
}

static void release_leaves_the_line_to_its_new_owner(void **state)
{
    on_overlayfs(state, release_what_is_held);
}

static void refresh_leaves_the_line_to_its_new_owner(void **state)
{
    on_overlayfs(state, refresh_what_is_held);
}

static void close_leaves_the_line_to_its_new_owner(void **state)
{
    on_overlayfs(state, close_what_is_held);
}

static void lost_lock_is_noticed_at_a_change(void **state)
{
    on_overlayfs(state, notice_at_a_change);
}

static void writer_knows_its_lock_from_that_of_another(void **state)
{
    on_overlayfs(state, two_writers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(reader_without_its_lock_reads_no_more),
        scratch_test(release_leaves_the_line_to_its_new_owner),
        scratch_test(refresh_leaves_the_line_to_its_new_owner),
        scratch_test(close_leaves_the_line_to_its_new_owner),
        scratch_test(lost_lock_is_noticed_at_a_change),
        scratch_test(writer_knows_its_lock_from_that_of_another),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
