/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/target_path.h"
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_LINKS = 40 };

/* The number at *at, which is moved behind it. */
static bool take_number(const char **at, int *number)
{
    char *end;
    long value;

    if (!isdigit((unsigned char)**at))
        return false;
    errno = 0;
    value = strtol(*at, &end, 10);
    if (errno || value > INT_MAX)
        return false;
    *number = (int)value;
    *at = end;
    return true;
}

static bool take_text(const char **at, const char *text)
{
    const size_t size = strlen(text);

    if (strncmp(*at, text, size) != 0)
        return false;
    *at += size;
    return true;
}

static bool is_number(const char *text, int *number)
{
    return take_number(&text, number) && !*text;
}

/* The names that shells know too, which work without /proc. */
static bool is_well_known(const char *name, int *fd)
{
    if (!strcmp(name, "/dev/stdin") || !strcmp(name, "/dev/stdout") || !strcmp(name, "/dev/stderr")) {
        *fd = name[8] == 'i' ? STDIN_FILENO : name[8] == 'o' ? STDOUT_FILENO : STDERR_FILENO;
        return true;
    }
    return !strncmp(name, "/dev/fd/", 8) && is_number(name + 8, fd);
}

/* /proc/PID/fd or /proc/PID/task/TID/fd, whose entries only look like links: what they lead to
   may have lost its name, or have another one by now. */
static bool is_descriptor_directory(const char *directory, int *pid)
{
    const char *at = directory;
    int thread;

    if (!take_text(&at, "/proc/") || !take_number(&at, pid))
        return false;
    if (take_text(&at, "/task/") && !take_number(&at, &thread))
        return false;
    return strcmp(at, "/fd") == 0;
}

static char *join(const char *directory, const char *name)
{
    size_t size = strlen(directory) + strlen(name) + 2;
    char *path = malloc(size);

    if (path)
        snprintf(path, size, "%s/%s", strcmp(directory, "/") ? directory : "", name);
    return path;
}

/* DIRECTORY/NAME with no link in DIRECTORY. */
static char *resolve_parent(const char *name, char directory[PATH_MAX])
{
    const char *slash = strrchr(name, '/');
    char *parent = slash ? strndup(name, slash == name ? 1 : (size_t)(slash - name)) : strdup("."), *path = NULL;

    if (parent && realpath(parent, directory))
        path = join(directory, slash ? slash + 1 : name);
    free(parent);
    return path;
}

/* What the link at `path`, in `directory`, holds; NULL with errno 0 if it is no link. */
static char *follow(const char *path, const char *directory)
{
    char held[PATH_MAX];
    ssize_t size = readlink(path, held, sizeof held - 1);

    if (size < 0) {
        errno = errno == EINVAL || errno == ENOENT ? 0 : errno;
        return NULL;
    }
    held[size] = '\0';
    return *held == '/' ? strdup(held) : join(directory, held);
}

/* Follow one link: 0 if it led to the end, -EAGAIN if target->path may be another link, or an
   error. */
static int follow_one(struct target *target)
{
    char directory[PATH_MAX], *path, *next;
    int pid;

    if (is_well_known(target->path, &target->fd)) {
        target->kind = TARGET_DESCRIPTOR;
        return 0;
    }
    path = resolve_parent(target->path, directory);
    if (!path)
        return -errno;
    free(target->path);
    target->path = path;
    if (is_descriptor_directory(directory, &pid) && is_number(strrchr(path, '/') + 1, &target->fd)) {
        target->kind = pid == getpid() ? TARGET_DESCRIPTOR : TARGET_OF_OTHERS;
        return 0;
    }
    next = follow(path, directory);
    if (!next)
        return -errno;
    free(target->path);
    target->path = next;
    return -EAGAIN;
}

int target_find(struct target *target, const char *name)
{
    int code = -EAGAIN;

    *target = (struct target){.kind = TARGET_PATH, .fd = -1, .path = strdup(name)};
    if (!target->path)
        return -ENOMEM;
    for (int links = 0; code == -EAGAIN && links < MOST_LINKS; links++)
        code = follow_one(target);
    return code == -EAGAIN ? -ELOOP : code;
}
