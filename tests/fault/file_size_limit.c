/* SPDX-License-Identifier: Apache-2.0 */
/* A file size limit (ulimit -f) gives an error and no signal. Besides EFBIG the kernel sends
   SIGXFSZ: no call may end the process, leave the signal pending, or change the mask of
   signals. */
#include "forked.h"
#include "libc.h"
#include "mmap_sync_sample.h"
#include "sample.h"
#include "scratch.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>

static unsigned char value[1 << 20];

static void limit_files(rlim_t size)
{
    const struct rlimit limit = {size, RLIM_INFINITY};

    check_true(setrlimit((limit_kind)RLIMIT_FSIZE, &limit) == 0);
}

static bool is_pending(void)
{
    sigset_t pending;

    check_true(sigpending(&pending) == 0);
    return sigismember(&pending, SIGXFSZ) == 1;
}

static void set_blocked(bool blocked)
{
    sigset_t signal;

    sigemptyset(&signal);
    sigaddset(&signal, SIGXFSZ);
    check_true(pthread_sigmask(blocked ? SIG_BLOCK : SIG_UNBLOCK, &signal, NULL) == 0);
}

static bool is_blocked(void)
{
    sigset_t mask;

    check_true(pthread_sigmask(SIG_SETMASK, NULL, &mask) == 0);
    return sigismember(&mask, SIGXFSZ) == 1;
}

static mms_writer_options options_for(const char *path)
{
    mms_writer_options options = sample_options();

    if (mms_is_mmap_sync(path))
        options.max_slots = options.max_readers = 0;
    options.max_size = sizeof value;
    return options;
}

static int open_and_write(const char *path, size_t size)
{
    mms_writer_options options = options_for(path);
    mms_writer *writer;
    int code = mms_writer_open(path, &options, &writer);

    if (code != 0)
        return code;
    code = mms_write(writer, value, size, NULL);
    check_ok(mms_writer_close(writer));
    return code;
}

static void check_refused(const char *path, size_t size)
{
    bool blocked = is_blocked(), pending = is_pending();

    check_code(open_and_write(path, size), -EFBIG);
    check_true(is_blocked() == blocked);
    check_true(is_pending() == pending);
}

/* With the signal at its default, blocked, and blocked and pending. */
static void write_under_limit(const char *path, rlim_t limit, size_t size)
{
    limit_files(limit);
    check_refused(path, size);
    set_blocked(true);
    check_refused(path, size);
    check_true(pthread_kill(pthread_self(), SIGXFSZ) == 0);
    check_refused(path, size);
    check_true(is_pending());
    check_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR); /* takes the pending one away */
    set_blocked(false);
    limit_files(RLIM_INFINITY);
    check_ok(open_and_write(path, size));
}

static void create_native(void *path)
{
    write_under_limit(path, 100, 10);
    check_ok(mms_remove(path));
    write_under_limit(path, 4096, 10);
}

static void a_region_is_not_created(void **state)
{
    char *path = (char *)(uintptr_t)scratch_path(state, "region");

    in_child(create_native, path);
}

/* `data` has its length from the start. */
static void write_native(void *path)
{
    limit_files(1);
    check_ok(open_and_write(path, sizeof value));
}

static void a_region_that_exists_is_written(void **state)
{
    char *path = (char *)(uintptr_t)scratch_path(state, "region");

    check_ok(open_and_write(path, 10));
    in_child(write_native, path);
}

/* The file `changes` would be 512 KiB long for this value. A shorter one will do, and without any there is no update. */
static void update_native(void *path)
{
    enum { LONG = 32 << 20, SHORTEST = 256 + (64 << 10) };
    mms_writer_options options = sample_options();
    mms_writer *writer;
    size_t size;
    void *buffer;

    options.max_size = LONG;
    writer = sample_writer_with(path, options);
    publish_size(writer, LONG);
    limit_files(SHORTEST - 1);
    check_code(mms_write_update(writer, 0, &buffer, &size, NULL), -EFBIG);
    check_detail_mentions("making its file `changes`");
    limit_files(SHORTEST);
    check_ok(mms_write_update(writer, 0, &buffer, &size, NULL));
    check_ok(mms_write_patch(writer, 0, "x", 1));
    check_ok(mms_write_commit(writer, size, NULL));
    check_equal(file_size(path, "changes"), SHORTEST);
    check_true(!is_pending());
    check_ok(mms_writer_close(writer));
}

static void a_region_is_updated_with_less_of_its_changes(void **state)
{
    in_child(update_native, (void *)(uintptr_t)scratch_path(state, "region"));
}

static void write_mmap_sync(void *argument)
{
    const char *path = argument;
    char name[400];

    snprintf(name, sizeof name, "mmap-sync:%s", path);
    write_under_limit(name, 8, 10);          /* the state */
    write_under_limit(name, 100000, 200000); /* the first data file */
    write_under_limit(name, 300000, 400000); /* the other one */
    write_under_limit(name, 500000, 600000); /* one that grows */
}

static void files_of_mmap_sync_are_not_made_longer(void **state)
{
    char *path = (char *)(uintptr_t)scratch_path(state, "region");

    in_child(write_mmap_sync, path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(a_region_is_not_created),
        scratch_test(a_region_that_exists_is_written),
        scratch_test(a_region_is_updated_with_less_of_its_changes),
        scratch_test(files_of_mmap_sync_are_not_made_longer),
        scratch_test_on_disk(files_of_mmap_sync_are_not_made_longer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
