/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel locks that end with their process, whatever happens to descriptors and children (os/byte_lock.c). */
#include "forked.h"
#include "region/directory.h"
#include "region/writer_lock.h"
#include "scratch.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct mms__trust any = {.any_owner = true};

static int open_description(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    check_true(fd >= 0);
    return fd;
}

static void byte_is_locked_for_every_other_description(void **state)
{
    const char *path = scratch_path(state, "file");
    int first = open_description(path), second = open_description(path);

    check_equal(mms__lock_byte(first, 77), 0);
    check_equal(mms__lock_byte(first, 77), 0);
    check_equal(mms__lock_byte(second, 77), -EAGAIN);
    check_equal(mms__lock_byte(second, 78), 0);
    check_equal(mms__test_byte(second, 77), -EAGAIN);
    mms__unlock_byte(first, 77);
    check_equal(mms__test_byte(second, 77), 0);
    check_equal(mms__lock_byte(second, 77), 0);
    check_equal(mms__lock_byte(-1, 77), -EBADF);
    check_equal(mms__test_byte(-1, 77), -EBADF);
    close(first);
    close(second);
}

static void enter(void **state, struct mms__place *place)
{
    const char *region = scratch_path(state, "region");

    check_true(mkdir(region, 0700) == 0 || errno == EEXIST);
    check_ok(mms__place_find(region, place));
    check_ok(mms__place_open(place, &any));
}

static void writers_lock_is_held_once(void **state)
{
    struct mms__writer_lock lock, second;
    struct mms__place place;

    enter(state, &place);
    check_ok(mms__writer_lock_try(&place, true, &lock));
    check_equal(mms__writer_lock_try(&place, false, &second), -EAGAIN);
    check_code(mms__writer_lock_wait(&place, MMS_NO_WAIT, PTHREAD_CANCEL_DISABLE, &second), MMS_E_BUSY);
    check_code(mms__writer_lock_wait(&place, 10, PTHREAD_CANCEL_DISABLE, &second), MMS_E_BUSY);
    check_detail_mentions("lock_wait_ms");
    mms__writer_lock_drop(&lock);
    check_ok(mms__writer_lock_wait(&place, MMS_NO_WAIT, PTHREAD_CANCEL_DISABLE, &second));
    mms__writer_lock_drop(&second);
    mms__writer_lock_drop(&second);
    mms__place_close(&place);
}

static void directory_without_lock_file_is_not_a_region(void **state)
{
    struct mms__writer_lock lock;
    struct mms__place place;

    enter(state, &place);
    check_code(mms__writer_lock_try(&place, false, &lock), MMS_E_NOT_REGION);
    mms__place_close(&place);
}

static void writers_lock_needs_no_descriptor(void **state)
{
    struct mms__writer_lock lock, second;
    struct mms__place place;

    enter(state, &place);
    check_ok(mms__writer_lock_try(&place, true, &lock));
    check_true(lock.file.fd == -1); /* otherwise closefrom() in the host would give it away */
    check_equal(mms__writer_lock_try(&place, false, &second), -EAGAIN);
    mms__writer_lock_drop(&lock);
    mms__place_close(&place);
}

static void wait_for_end_of_file(void *pipe_ends)
{
    const int *ends = pipe_ends;
    char byte;

    close(ends[1]);
    check_true(read(ends[0], &byte, 1) == 0);
}

static void forked_child_does_not_keep_the_lock(void **state)
{
    need_fork_advice();
    struct mms__writer_lock lock, second;
    struct mms__place place;
    int ends[2];
    pid_t child;

    enter(state, &place);
    check_ok(mms__writer_lock_try(&place, true, &lock));
    check_true(pipe(ends) == 0);
    child = start_child(wait_for_end_of_file, ends);
    mms__writer_lock_drop(&lock);
    check_ok(mms__writer_lock_wait(&place, MMS_FOREVER, PTHREAD_CANCEL_DISABLE, &second));
    close(ends[0]);
    close(ends[1]);
    finish_child(child);
    mms__writer_lock_drop(&second);
    mms__place_close(&place);
}

static void take_lock_and_die(void *argument)
{
    struct mms__place *place = argument;
    struct mms__writer_lock lock;

    check_ok(mms__writer_lock_try(place, false, &lock));
}

static void lock_of_a_dead_process_is_free(void **state)
{
    struct mms__writer_lock lock;
    struct mms__place place;

    enter(state, &place);
    check_ok(mms__writer_lock_try(&place, true, &lock));
    mms__writer_lock_drop(&lock);
    in_child(take_lock_and_die, &place);
    check_ok(mms__writer_lock_wait(&place, MMS_FOREVER, PTHREAD_CANCEL_DISABLE, &lock));
    mms__writer_lock_drop(&lock);
    mms__place_close(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(byte_is_locked_for_every_other_description),
        scratch_test_on_disk(byte_is_locked_for_every_other_description),
        scratch_test(writers_lock_is_held_once),
        scratch_test(directory_without_lock_file_is_not_a_region),
        scratch_test(writers_lock_needs_no_descriptor),
        scratch_test_on_disk(writers_lock_needs_no_descriptor),
        scratch_test(forked_child_does_not_keep_the_lock),
        scratch_test_on_disk(forked_child_does_not_keep_the_lock),
        scratch_test(lock_of_a_dead_process_is_free),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
