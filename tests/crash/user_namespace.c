/* SPDX-License-Identifier: Apache-2.0 */
/* ctest: crash */
/* User namespaces, as in rootless containers: a user has another number there, and users who are
   not mapped are all nobody (65534). The kernel's permissions decide, and its locks say who is
   alive. */
#include "child.h"
#include "forked.h"
#include "lookout.h"
#include "sample.h"
#include "scratch.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOT_ALLOWED = 77, STRANGER = 4242 };

static struct child start_unmapped(const char *program)
{
    struct child child = child_start_cloned(program, CLONE_NEWUSER);

    if (child.pid < 0)
        skip_because("no user namespace may be made here");
    return child;
}

/* In there this user's number is nobody's; to the kernel it is the same user. */
static void a_reader_in_one_is_a_reader(void **state)
{
    const char *path = scratch_path(state, "region");
    struct child reader = start_unmapped("reader");
    mms_writer *writer = sample_writer(path);

    use_every_slot(writer, 4);
    for (int i = 0; i < 5; i++) {
        child_expect(&reader, "OK pin", "open %s", path);
        child_expect(&reader, "OK", "read");
        use_every_slot(writer, 4);
        child_expect(&reader, "OK", "check");
        child_kill(&reader);
        check_true(is_gone(path, reader.pid));
        use_every_slot(writer, 4);
        reader = start_unmapped("reader");
    }
    child_end(&reader);
    check_ok(mms_writer_close(writer));
}

static void a_writer_in_one_is_a_writer(void **state)
{
    const char *path = scratch_path(state, "region");
    struct child writer = start_unmapped("writer");
    mms_writer_options options = sample_options();
    mms_writer *next;

    child_expect(&writer, "OK", "open %s " SMALL_REGION, path);
    child_expect(&writer, "OK", "write 100");
    check_code(mms_writer_open(path, &options, &next), MMS_E_BUSY);
    child_kill(&writer);
    next = sample_writer_with(
        path, (mms_writer_options){.struct_size = sizeof(mms_writer_options), .lock_wait_ms = MMS_NO_WAIT});
    (void)publish_pattern(next, 200);
    check_ok(mms_writer_close(next));
    check_ok(mms_verify(path, NULL, NULL));
}

/* ---- A region of root's, and a container whose root is somebody else ---- */

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        _exit(NOT_ALLOWED);
    close(fd);
}

/* Another user, who is root in a namespace. */
static void become_root_of_a_container(void)
{
    char map[64];

    check_true(setgroups(0, NULL) == 0);
    check_true(setresgid(STRANGER, STRANGER, STRANGER) == 0);
    check_true(setresuid(STRANGER, STRANGER, STRANGER) == 0);
    check_true(prctl(PR_SET_DUMPABLE, 1) == 0); /* or its files in /proc stay root's */
    if (unshare(CLONE_NEWUSER) != 0)
        _exit(NOT_ALLOWED);
    write_file("/proc/self/setgroups", "deny");
    snprintf(map, sizeof map, "0 %d 1", STRANGER);
    write_file("/proc/self/uid_map", map);
    write_file("/proc/self/gid_map", map);
    check_equal(geteuid(), 0);
}

static void use_the_hosts_region(void *path)
{
    mms_region *region;
    mms_writer *writer;
    struct stat status;
    char copy[16];
    size_t size;

    become_root_of_a_container();
    check_true(stat(path, &status) == 0);
    check_equal(status.st_uid, NOBODY);
    check_ok(mms_region_open(path, NULL, &region));
    check_true(mms_region_read_only(region));
    check_ok(mms_read_copy(region, copy, sizeof copy, &size, NULL));
    check_memory(copy, "text", 4);
    check_ok(mms_region_close(region));
    check_code(mms_writer_open(path, NULL, &writer), -EACCES);
    check_detail_mentions(path);
    check_true(mms_remove(path) != 0);
    check_detail_mentions(path);
}

static void root_of_a_container_copies_from_the_hosts_region(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();
    mms_writer *writer;
    pid_t child;
    int status;

    if (geteuid() != 0)
        skip_because("only root can become another user");
    check_true(chmod(scratch_path(state, "."), 0755) == 0);
    options.mode = 0644;
    options.readers_mode = 0660;
    writer = sample_writer_with(path, options);
    publish_text(writer, "text");
    check_ok(mms_writer_close(writer));
    child = start_child(use_the_hosts_region, (void *)(uintptr_t)path);
    check_true(waitpid(child, &status, 0) == child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_ALLOWED)
        skip_because("no user namespace may be made here by a user without rights");
    check_equal(status, 0);
    check_copies(path, "text");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(a_reader_in_one_is_a_reader),
        scratch_test(a_writer_in_one_is_a_writer),
        scratch_test(root_of_a_container_copies_from_the_hosts_region),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
