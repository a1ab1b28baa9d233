/* SPDX-License-Identifier: Apache-2.0 */
/* Files, descriptors that the host program may close, and mappings (os/file.c). */
#include "base/error.h"
#include "base/round.h"
#include "forked.h"
#include "os/file.h"
#include "scratch.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

static struct mms__file make_file(const char *path)
{
    struct mms__file file;

    check_equal(mms__file_open(AT_FDCWD, path, O_RDWR | O_CREAT, 0600, &file), 0);
    return file;
}

static void opened_file_is_ours_and_closes_on_exec(void **state)
{
    struct mms__file file = make_file(scratch_path(state, "file"));

    check_true(mms__file_is_ours(&file));
    check_true(fcntl(file.fd, F_GETFD) & FD_CLOEXEC);
    mms__file_close(&file);
    check_true(file.fd == -1 && !mms__file_is_ours(&file));
    mms__file_close(&file);
}

static void only_regular_files_are_opened_and_nothing_blocks(void **state)
{
    const char *fifo = scratch_path(state, "fifo"), *link = scratch_path(state, "link");
    const char *directory = scratch_path(state, "directory"), *target = scratch_path(state, "target");
    const char *socket_path = scratch_path(state, "socket");
    struct mms__file file, real = make_file(target);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    const int flags[] = {O_RDONLY, O_RDWR};

    mms__file_close(&real);
    check_true(mkfifo(fifo, 0600) == 0 && symlink(target, link) == 0 && mkdir(directory, 0700) == 0);
    memcpy(address.sun_path, socket_path, strlen(socket_path) + 1);
    check_true(bind(fd, (const struct sockaddr *)&address, sizeof address) == 0);
    close(fd);
    for (int i = 0; i < 2; i++) {
        check_equal(mms__file_open(AT_FDCWD, fifo, flags[i], 0, &file), MMS_E_NOT_REGION);
        check_equal(mms__file_open(AT_FDCWD, link, flags[i], 0, &file), MMS_E_NOT_REGION);
        check_equal(mms__file_open(AT_FDCWD, directory, flags[i], 0, &file), MMS_E_NOT_REGION);
        check_equal(mms__file_open(AT_FDCWD, socket_path, flags[i], 0, &file), MMS_E_NOT_REGION);
    }
}

static void missing_file_is_enoent(void **state)
{
    struct mms__file file;

    check_equal(mms__file_open(AT_FDCWD, scratch_path(state, "missing"), O_RDONLY, 0, &file), -ENOENT);
}

static void open_without_streams(void *path)
{
    struct mms__file file;

    close(0);
    close(1);
    close(2);
    check_equal(mms__file_open(AT_FDCWD, path, O_RDWR | O_CREAT, 0600, &file), 0);
    check_true(file.fd > 2);
    check_true(fcntl(file.fd, F_GETFD) & FD_CLOEXEC);
    check_true(fcntl(0, F_GETFD) < 0 && fcntl(1, F_GETFD) < 0 && fcntl(2, F_GETFD) < 0);
}

static void standard_streams_are_left_free(void **state)
{
    in_child(open_without_streams, (void *)(uintptr_t)scratch_path(state, "file"));
}

static void descriptor_that_became_another_file_is_not_closed(void **state)
{
    struct mms__file file = make_file(scratch_path(state, "file"));
    int fd = file.fd, other = open("/dev/null", O_RDWR | O_CLOEXEC);

    check_true(dup2(other, fd) == fd);
    close(other);
    check_true(!mms__file_is_ours(&file));
    mms__file_close(&file);
    check_true(fcntl(fd, F_GETFD) >= 0);
    close(fd);
}

static void lost_descriptor_is_had_again_by_name(void **state)
{
    const char *directory = scratch_path(state, "");
    struct mms__file file = make_file(scratch_path(state, "file"));
    int fd = file.fd;

    check_equal(mms__file_ensure(&file, directory, "file", O_RDWR), 0);
    check_true(file.fd == fd);
    close(fd);
    check_equal(mms__file_ensure(&file, directory, "file", O_RDWR), 0);
    check_true(mms__file_is_ours(&file));
    mms__file_close(&file);
}

static void name_that_became_another_file_is_gone(void **state)
{
    const char *directory = scratch_path(state, ""), *path = scratch_path(state, "file");
    struct mms__file file = make_file(path), other;

    close(file.fd);
    check_true(rename(path, scratch_path(state, "aside")) == 0);
    check_equal(mms__file_ensure(&file, directory, "file", O_RDWR), MMS_E_GONE);
    other = make_file(path);
    check_equal(mms__file_ensure(&file, directory, "file", O_RDWR), MMS_E_GONE);
    mms__file_close(&other);
}

/* ---- Maps ---- */

static bool is_mapped(void *base)
{
    unsigned char residency;

    return mincore(base, mms__page_size(), &residency) == 0;
}

static void expect_no_map(void *base)
{
    check_true(!is_mapped(base));
}

static void expect_map(void *base)
{
    check_true(is_mapped(base));
}

static void private_map_is_not_in_a_child_and_another_is(void **state)
{
    need_fork_advice();
    struct mms__file file = make_file(scratch_path(state, "file"));
    struct mms__mapping own, shared;

    check_true(ftruncate(file.fd, 8192) == 0);
    check_equal(mms__map_file(file.fd, 8192, PROT_READ | PROT_WRITE, true, &own), 0);
    check_equal(mms__map_file(file.fd, 8192, PROT_READ, false, &shared), 0);
    in_child(expect_no_map, own.base);
    in_child(expect_map, shared.base);
    mms__unmap(&own);
    mms__unmap(&own);
    mms__unmap(&shared);
    check_true(own.base == NULL);
    mms__file_close(&file);
}

static void expect_zero(void *word)
{
    check_equal(*(uint64_t *)word, 0);
}

static void wiped_map_reads_zero_in_any_child(void **state)
{
    need_fork_advice();
    struct mms__mapping map;

    (void)state;
    check_equal(mms__map_wiped(mms__page_size(), &map), 0);
    *(uint64_t *)map.base = 42;
    in_child(expect_zero, map.base);
    in_raw_child(expect_zero, map.base);
    check_equal(*(uint64_t *)map.base, 42);
    mms__unmap(&map);
}

static void populating_what_no_file_backs_is_an_error_and_no_signal(void **state)
{
    struct mms__file file = make_file(scratch_path(state, "file"));
    struct mms__mapping map;
    int code;

    check_equal(mms__map_file(file.fd, 8192, PROT_READ | PROT_WRITE, true, &map), 0);
    code = mms__populate(map.base, 8192, true);
    check_true(code == -ENOSPC || code == 0); /* 0: a kernel without MADV_POPULATE_WRITE */
    mms__unmap(&map);
    mms__file_close(&file);
}

static void allocated_room_is_there_and_punched_room_is_not(void **state)
{
    struct mms__file file = make_file(scratch_path(state, "file"));
    struct stat status;

    check_equal(mms__allocate(file.fd, 0, 1 << 20), 0);
    check_true(fstat(file.fd, &status) == 0 && status.st_blocks * 512 >= 1 << 20);
    check_equal(mms__punch(file.fd, 4096, (1 << 20) - 4096), 0);
    check_true(fstat(file.fd, &status) == 0 && status.st_blocks * 512 <= 64 << 10);
    check_equal(status.st_size, 1 << 20);
    check_equal(mms__allocate(-1, 0, 1), -EBADF);
    mms__file_close(&file);
}

static void ignore_signal(int number)
{
    (void)number;
}

static void large_allocation_goes_on_under_signals(void **state)
{
    const struct itimerval often = {{0, 2000}, {0, 2000}}, never = {{0, 0}, {0, 0}};
    const struct sigaction action = {.sa_handler = ignore_signal};
    struct mms__file file = make_file(scratch_path(state, "file"));
    struct sigaction before;
    struct stat status;

    check_true(sigaction(SIGALRM, &action, &before) == 0 && setitimer(ITIMER_REAL, &often, NULL) == 0);
    check_equal(mms__allocate(file.fd, 0, 128 << 20), 0);
    check_equal(mms__punch(file.fd, 0, 128 << 20), 0);
    check_equal(mms__allocate(file.fd, 0, 128 << 20), 0);
    check_true(setitimer(ITIMER_REAL, &never, NULL) == 0 && sigaction(SIGALRM, &before, NULL) == 0);
    check_true(fstat(file.fd, &status) == 0 && status.st_blocks * 512 >= 128 << 20);
    mms__file_close(&file);
}

static void rounding_goes_up_to_the_unit(void **state)
{
    (void)state;
    check_equal(mms__round_up(0, 4096), 0);
    check_equal(mms__round_up(1, 4096), 4096);
    check_equal(mms__round_up(4096, 4096), 4096);
    check_equal(mms__round_up(4097, 4096), 8192);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(opened_file_is_ours_and_closes_on_exec),
        scratch_test(only_regular_files_are_opened_and_nothing_blocks),
        scratch_test(missing_file_is_enoent),
        scratch_test(standard_streams_are_left_free),
        scratch_test(descriptor_that_became_another_file_is_not_closed),
        scratch_test(lost_descriptor_is_had_again_by_name),
        scratch_test(name_that_became_another_file_is_gone),
        scratch_test(private_map_is_not_in_a_child_and_another_is),
        scratch_test(wiped_map_reads_zero_in_any_child),
        scratch_test(populating_what_no_file_backs_is_an_error_and_no_signal),
        scratch_test(allocated_room_is_there_and_punched_room_is_not),
        scratch_test_on_disk(allocated_room_is_there_and_punched_room_is_not),
        scratch_test(large_allocation_goes_on_under_signals),
        cmocka_unit_test(rounding_goes_up_to_the_unit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
