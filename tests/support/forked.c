/* SPDX-License-Identifier: Apache-2.0 */
#include "forked.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOT_ALLOWED = 77 };

static int wait_for(pid_t child)
{
    int status;
    pid_t ended;

    do
        ended = waitpid(child, &status, 0);
    while (ended < 0 && errno == EINTR);
    check_true(ended == child);
    return status;
}

static void judge(int status)
{
    if (WIFSIGNALED(status))
        check_failed(__FILE__, __LINE__, "the child was killed by signal %d (%s)", WTERMSIG(status),
                     strsignal(WTERMSIG(status)));
    if (WEXITSTATUS(status) != 0)
        check_failed(__FILE__, __LINE__, "the child ended with %d", WEXITSTATUS(status));
}

/* A child that hangs ends together with the test that is given up. */
static void end_with_parent(void)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static void run_part(forked_part *part, void *argument) __attribute__((noreturn));

static void run_part(forked_part *part, void *argument)
{
    end_with_parent();
    part(argument);
    _exit(0);
}

pid_t start_child(forked_part *part, void *argument)
{
    pid_t child = fork();

    check_true(child >= 0);
    if (child == 0)
        run_part(part, argument);
    return child;
}

void finish_child(pid_t child)
{
    judge(wait_for(child));
}

void in_child(forked_part *part, void *argument)
{
    finish_child(start_child(part, argument));
}

static bool fork_wipes(void)
{
    char *page = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pid_t child;
    int status;

    check_true(page != MAP_FAILED && madvise(page, 1, MADV_WIPEONFORK) == 0);
    *page = 1;
    child = fork();
    check_true(child >= 0);
    if (child == 0)
        _exit(*page);
    status = wait_for(child);
    munmap(page, 1);
    return status == 0;
}

void need_fork_advice(void)
{
    static int wipes = -1;

    if (wipes < 0)
        wipes = fork_wipes();
    if (!wipes)
        skip_because("this emulator ignores madvise(2): fork keeps what MADV_WIPEONFORK should wipe");
}

void in_raw_child(forked_part *part, void *argument)
{
    pid_t child;

    need_fork_advice();
    child = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0L);
    check_true(child >= 0);
    if (child == 0)
        run_part(part, argument);
    finish_child(child);
}

struct part {
    forked_part *function;
    void *argument;
    const char *type, *options, *directory;
};

static void drop_rights(void *argument)
{
    const struct part *part = argument;

    check_true(setgroups(0, NULL) == 0);
    check_true(setresgid(NOBODY, NOBODY, NOBODY) == 0);
    check_true(setresuid(NOBODY, NOBODY, NOBODY) == 0);
    end_with_parent(); /* the kernel drops it with the rights */
    part->function(part->argument);
}

void in_child_without_rights(forked_part *function, void *argument)
{
    struct part part = {.function = function, .argument = argument};

    if (geteuid() != 0)
        skip_because("only root can become another user");
    in_child(drop_rights, &part);
}

static void write_to(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return;
    if (write(fd, text, strlen(text)) < 0)
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
    close(fd);
}

/* Root needs no user namespace; others become root of one. */
static bool enter_namespaces(void)
{
    char map[64];
    unsigned user = geteuid(), group = getegid();

    if (unshare(CLONE_NEWNS) == 0)
        return true;
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
        return false;
    write_to("/proc/self/setgroups", "deny");
    snprintf(map, sizeof map, "0 %u 1", user);
    write_to("/proc/self/uid_map", map);
    snprintf(map, sizeof map, "0 %u 1", group);
    write_to("/proc/self/gid_map", map);
    return true;
}

static void mount_first(void *argument)
{
    const struct part *part = argument;

    if (!enter_namespaces() || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("none", part->directory, part->type, 0, part->options) != 0)
        _exit(NOT_ALLOWED);
    part->function(part->argument);
}

void in_child_with_mount(const char *type, const char *options, const char *directory, forked_part *function,
                         void *argument)
{
    struct part part = {function, argument, type, options, directory};
    int status = wait_for(start_child(mount_first, &part));

    if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_ALLOWED)
        skip_because("%s may not be mounted here, even in a namespace of our own", type);
    judge(status);
}

static bool run(const char *format, ...) __attribute__((format(printf, 1, 2)));
static bool run(const char *format, ...)
{
    char command[2048];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    return system(command) == 0;
}

struct image {
    struct part part; /* type and directory too */
    const char *size, *file;
};

static void mount_image(void *argument)
{
    const struct image *image = argument;
    const struct part *part = &image->part;

    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        !run("PATH=$PATH:/usr/sbin:/sbin; { truncate -s %s '%s' && mkfs.%s '%s' && mount -o loop '%s' '%s'; } "
             ">/dev/null 2>&1",
             image->size, image->file, part->type, image->file, image->file, part->directory))
        _exit(NOT_ALLOWED);
    part->function(part->argument);
}

void in_child_with_image(const char *type, const char *size, const char *file, const char *directory,
                         forked_part *function, void *argument)
{
    struct image image = {
        {.function = function, .argument = argument, .type = type, .directory = directory}, size, file};
    int status = wait_for(start_child(mount_image, &image));

    if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_ALLOWED)
        skip_because(
            "no %s image can be made and mounted here; that needs root, mkfs.%s, loop devices and the file system",
            type, type);
    judge(status);
}
