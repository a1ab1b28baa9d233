/* SPDX-License-Identifier: Apache-2.0 */
#include "child.h"
#include "check.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- Starting ---- */

/* Not started by ctest: the helpers are next to this program. */
static const char *directory_beside(char *path, size_t size)
{
    ssize_t length = readlink("/proc/self/exe", path, size - sizeof "helper");
    char *slash;

    path[length > 0 ? length : 0] = 0;
    slash = strrchr(path, '/');
    if (!slash)
        check_failed(__FILE__, __LINE__, "set MMSYNC_TEST_BIN_DIR to the directory of the helper programs");
    strcpy(slash + 1, "helper");
    return path;
}

const char *child_program_path(const char *program)
{
    static _Thread_local char path[2 * PATH_MAX], beside[PATH_MAX];
    const char *directory = getenv("MMSYNC_TEST_BIN_DIR");

    snprintf(path, sizeof path, "%s/%s", directory ? directory : directory_beside(beside, sizeof beside), program);
    return path;
}

/* Only what is allowed after a raw clone: no locks of the C library are taken. */
static _Noreturn void become(const char *const argv[], int input, int output, pid_t parent)
{
    signal(SIGPIPE, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent && getppid() != 0) /* 0: the parent is in another PID namespace */
        _exit(127);
    if (dup2(input, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0)
        execvp(argv[0], (char *const *)(uintptr_t)argv);
    dprintf(STDERR_FILENO, "cannot run %s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

static struct child start(const char *const argv[], int clone_flags)
{
    struct child child = {0};
    int in[2], out[2];
    pid_t parent = getpid();

    signal(SIGPIPE, SIG_IGN); /* a child that ended early is found when it is asked */
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
        check_failed(__FILE__, __LINE__, "pipe2: %s", strerror(errno));
    child.pid = clone_flags ? (pid_t)syscall(SYS_clone, clone_flags | SIGCHLD, 0, 0, 0, 0) : fork();
    if (child.pid == 0)
        become(argv, in[0], out[1], parent);
    close(in[0]);
    close(out[1]);
    child.to = in[1];
    child.from = out[0];
    if (child.pid < 0) {
        if (!clone_flags)
            check_failed(__FILE__, __LINE__, "fork: %s", strerror(errno));
        close(child.to);
        close(child.from);
    }
    return child;
}

/* Programs for another processor run under the words of $MMSYNC_TEST_EMULATOR. */
static struct child start_helper(const char *program, int clone_flags)
{
    const char *const emulator = getenv("MMSYNC_TEST_EMULATOR");
    const char *argv[8] = {NULL};
    char words[PATH_MAX];
    char *rest = words, *word;
    size_t count = 0;

    snprintf(words, sizeof words, "%s", emulator ? emulator : "");
    while ((word = strsep(&rest, " ")) && count < 6)
        if (*word)
            argv[count++] = word;
    argv[count] = child_program_path(program);
    return start(argv, clone_flags);
}

struct child child_start(const char *program)
{
    return start_helper(program, 0);
}

struct child child_start_cloned(const char *program, int clone_flags)
{
    return start_helper(program, clone_flags);
}

struct child child_start_command(const char *const argv[])
{
    return start(argv, 0);
}

/* ---- Talking ---- */

static void send_line(struct child *child, const char *format, va_list arguments)
{
    char line[PATH_MAX + 256];
    int length = vsnprintf(line, sizeof line - 1, format, arguments);

    line[length++] = '\n';
    if (write(child->to, line, (size_t)length) != length)
        check_failed(__FILE__, __LINE__, "writing to child %d: %s", (int)child->pid, strerror(errno));
}

void child_send(struct child *child, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    send_line(child, format, arguments);
    va_end(arguments);
}

static void receive_more(struct child *child)
{
    struct pollfd ready = {.fd = child->from, .events = POLLIN};
    ssize_t size;

    if (poll(&ready, 1, CHILD_HANG_SECONDS * 1000) == 0)
        check_failed(__FILE__, __LINE__, "child %d has said nothing for %d seconds", (int)child->pid,
                     CHILD_HANG_SECONDS);
    size = read(child->from, child->buffer + child->filled, sizeof child->buffer - child->filled);
    if (size <= 0)
        check_failed(__FILE__, __LINE__, "child %d ended instead of answering", (int)child->pid);
    child->filled += (size_t)size;
}

const char *child_receive(struct child *child)
{
    char *end;
    size_t length;

    while (!(end = memchr(child->buffer, '\n', child->filled)))
        receive_more(child);
    length = (size_t)(end - child->buffer);
    snprintf(child->line, sizeof child->line, "%.*s", (int)length, child->buffer);
    child->filled -= length + 1;
    memmove(child->buffer, end + 1, child->filled);
    return child->line;
}

const char *child_ask(struct child *child, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    send_line(child, format, arguments);
    va_end(arguments);
    return child_receive(child);
}

static bool is_answer(const char *got, const char *wanted)
{
    size_t length = strlen(wanted);

    return strncmp(got, wanted, length) == 0 && (got[length] == 0 || got[length] == ' ');
}

const char *child_expect(struct child *child, const char *answer, const char *format, ...)
{
    va_list arguments;
    char command[256];

    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    child_send(child, "%s", command);
    if (!is_answer(child_receive(child), answer))
        check_failed(__FILE__, __LINE__, "child %d: asked '%s', wanted '%s', got '%s'", (int)child->pid, command,
                     answer, child->line);
    return child->line;
}

uint64_t child_number(struct child *child, const char *format, ...)
{
    va_list arguments;
    unsigned long long number;

    va_start(arguments, format);
    send_line(child, format, arguments);
    va_end(arguments);
    if (sscanf(child_receive(child), "OK %llu", &number) != 1)
        check_failed(__FILE__, __LINE__, "child %d: asked '%s', wanted OK and a number, got '%s'", (int)child->pid,
                     format, child->line);
    return number;
}

/* ---- Ending ---- */

void child_signal(const struct child *child, int signal)
{
    if (kill(child->pid, signal) != 0)
        check_failed(__FILE__, __LINE__, "kill(%d, %d): %s", (int)child->pid, signal, strerror(errno));
}

void child_stop(const struct child *child)
{
    int status;

    child_signal(child, SIGSTOP);
    if (waitpid(child->pid, &status, WUNTRACED) != child->pid || !WIFSTOPPED(status))
        check_failed(__FILE__, __LINE__, "child %d ended instead of stopping", (int)child->pid);
}

int child_wait(struct child *child)
{
    int status = 0;

    while (waitpid(child->pid, &status, 0) < 0)
        if (errno != EINTR)
            check_failed(__FILE__, __LINE__, "waitpid(%d): %s", (int)child->pid, strerror(errno));
    close(child->to);
    close(child->from);
    child->pid = 0;
    return status;
}

void child_kill(struct child *child)
{
    if (child->pid <= 0)
        return;
    kill(child->pid, SIGKILL);
    child_wait(child);
}

void child_end(struct child *child)
{
    pid_t pid = child->pid;
    int status;

    close(child->to);
    child->to = -1;
    status = child_wait(child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        check_failed(__FILE__, __LINE__, "child %d ended with %s %d", (int)pid,
                     WIFSIGNALED(status) ? "signal" : "status",
                     WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}
