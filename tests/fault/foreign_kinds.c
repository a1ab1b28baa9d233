/* SPDX-License-Identifier: Apache-2.0 */
/* Anything else in the place of a region or of its files is reported, refused, and left alone
   (G9). */
#include "sample.h"
#include "scratch.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum kind { MISSING, DIRECTORY, FIFO, SOCKET, LINK_TO_GOOD, LINK_TO_NOTHING, EMPTY, KINDS };

static const char *const files[] = {"control", "readers", "data", "lock"};

static void make_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    memcpy(address.sun_path, path, strlen(path) + 1);
    check_true(bind(fd, (const struct sockaddr *)&address, sizeof address) == 0);
    close(fd);
}

static void make_empty(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    check_true(fd >= 0);
    close(fd);
}

/* Put something of this kind where `path` was. */
static void put(const char *path, enum kind kind)
{
    char aside[700];

    snprintf(aside, sizeof aside, "%s.aside", path);
    check_true(rename(path, aside) == 0);
    switch (kind) {
    case DIRECTORY: check_true(mkdir(path, 0700) == 0); break;
    case FIFO: check_true(mkfifo(path, 0600) == 0); break;
    case SOCKET: make_socket(path); break;
    case LINK_TO_GOOD: check_true(symlink(aside, path) == 0); break;
    case LINK_TO_NOTHING: check_true(symlink("nothing", path) == 0); break;
    case EMPTY: make_empty(path); break;
    default: break;
    }
}

static void put_back(const char *path)
{
    char aside[700];

    snprintf(aside, sizeof aside, "%s.aside", path);
    if (unlink(path) != 0 && errno == EISDIR)
        check_true(rmdir(path) == 0);
    check_true(rename(aside, path) == 0);
}

static int open_writer(const char *path)
{
    mms_writer_options options = sample_options();
    mms_writer *writer;
    int code = mms_writer_open(path, &options, &writer);

    if (code == 0)
        mms_writer_close(writer);
    return code;
}

static int open_region(const char *path)
{
    mms_region *region;
    int code = mms_region_open(path, NULL, &region);

    if (code == 0)
        mms_region_close(region);
    return code;
}

static int inspect(const char *path)
{
    mms_info info;

    return mms_inspect(path, &info);
}

static void no_other_kind_of_file_makes_a_region(void **state)
{
    const char *path = scratch_path(state, "region");
    char file[600];

    sample_closed_region(path, "value");
    for (int i = 0; i < 3; i++)
        for (enum kind kind = MISSING; kind < EMPTY; kind++) {
            uint64_t digest;

            snprintf(file, sizeof file, "%s/%s", path, files[i]);
            put(file, kind);
            digest = tree_digest(path);
            check_code(open_region(path), MMS_E_NOT_REGION);
            check_detail_mentions(files[i]);
            check_code(open_writer(path), MMS_E_NOT_REGION);
            check_detail_mentions(files[i]);
            check_true(mms_verify(path, NULL, NULL) < 0);
            if (i < 2)
                check_code(inspect(path), MMS_E_NOT_REGION);
            if (i < 1)
                check_true(mms_remove(path) < 0);
            check_equal(tree_digest(path), digest);
            put_back(file);
        }
    check_copies(path, "value");
}

static void every_kind_in_place_of_the_lock_keeps_writers_out_and_readers_reading(void **state)
{
    const char *path = scratch_path(state, "region"), *file = scratch_path(state, "region/lock");
    mms_info info;

    sample_closed_region(path, "value");
    for (enum kind kind = MISSING; kind < EMPTY; kind++) {
        uint64_t digest;

        put(file, kind);
        digest = tree_digest(path);
        check_code(open_writer(path), MMS_E_NOT_REGION);
        check_detail_mentions("lock");
        check_code(mms_remove(path), MMS_E_NOT_REGION);
        check_code(mms_verify(path, NULL, NULL), MMS_E_CORRUPT);
        check_ok(mms_inspect(path, &info));
        check_equal(info.writer_alive, -1);
        check_equal(tree_digest(path), digest);
        check_copies(path, "value");
        put_back(file);
    }
}

static void empty_files_are_refused(void **state)
{
    const char *path = scratch_path(state, "region");
    char file[600];

    sample_closed_region(path, "value");
    for (int i = 0; i < 3; i++) {
        int expected = i < 2 ? MMS_E_NOT_REGION : MMS_E_CORRUPT; /* `data` has no header */
        uint64_t digest;

        snprintf(file, sizeof file, "%s/%s", path, files[i]);
        put(file, EMPTY);
        digest = tree_digest(path);
        check_code(open_region(path), expected);
        check_code(open_writer(path), expected);
        check_equal(tree_digest(path), digest);
        put_back(file);
    }
    check_copies(path, "value");
}

/* Every call that takes a path, on something that is not a directory, and on an empty
   directory. */
static void check_refuses_place(const char *path, const char *parent)
{
    uint64_t digest = tree_digest(parent);
    mms_reader_info info;
    size_t count;

    check_code(open_region(path), MMS_E_NOT_REGION);
    check_code(open_writer(path), MMS_E_NOT_REGION);
    check_code(inspect(path), MMS_E_NOT_REGION);
    check_code(mms_inspect_readers(path, &info, 1, &count), MMS_E_NOT_REGION);
    check_code(mms_verify(path, NULL, NULL), MMS_E_NOT_REGION);
    check_true(mms_remove(path) < 0);
    check_equal(tree_digest(parent), digest);
}

static void no_other_kind_of_directory_makes_a_region(void **state)
{
    const char *parent = scratch_path(state, "parent"), *path = scratch_path(state, "parent/region");

    check_true(mkdir(parent, 0700) == 0);
    check_true(mkdir(path, 0700) == 0);
    for (enum kind kind = DIRECTORY; kind < KINDS; kind++) {
        put(path, kind);
        check_refuses_place(path, parent);
        put_back(path);
    }
}

static void directory_of_other_things_is_not_a_region(void **state)
{
    const char *path = scratch_path(state, "region");

    check_true(mkdir(path, 0700) == 0);
    make_empty(scratch_path(state, "region/letters.txt"));
    check_refuses_place(path, path);
    make_empty(scratch_path(state, "region/lock"));
    check_refuses_place(path, path);
    make_empty(scratch_path(state, "region/control"));
    check_refuses_place(path, path);
}

static void missing_region_is_enoent_for_all_but_its_writer(void **state)
{
    const char *path = scratch_path(state, "region");

    check_code(open_region(path), -ENOENT);
    check_detail_mentions(path);
    check_code(inspect(path), -ENOENT);
    check_code(mms_remove(path), -ENOENT);
    check_code(open_region(scratch_path(state, "no/such/place")), -ENOENT);
    check_code(open_writer(scratch_path(state, "no/such/place")), -ENOENT);
    check_ok(open_writer(path));
    check_ok(open_region(path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(no_other_kind_of_file_makes_a_region),
        scratch_test_on_disk(no_other_kind_of_file_makes_a_region),
        scratch_test(every_kind_in_place_of_the_lock_keeps_writers_out_and_readers_reading),
        scratch_test(empty_files_are_refused),
        scratch_test(no_other_kind_of_directory_makes_a_region),
        scratch_test(directory_of_other_things_is_not_a_region),
        scratch_test(missing_region_is_enoent_for_all_but_its_writer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
