/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"
#include "cli/cmd.h"
#include "cli/interrupt.h"
#include "cli/message.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Between two looks whether it has ended; how long it may take to end after SIGTERM. */
enum { LONGEST_PAUSE_MS = 50, PATIENCE_MS = 2000 };

/* ---- Starting ---- */

/* In the child. What we ignore for our own sake it must not ignore; handlers go with the exec. */
_Noreturn static void become(const struct command *command, int input, int output, int report, pid_t parent)
{
    int error;

    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* if we are killed */
    if (getppid() == parent && (input < 0 || dup2(input, STDIN_FILENO) >= 0) &&
        (output < 0 || dup2(output, STDOUT_FILENO) >= 0))
        execvp(command->argv[0], command->argv);
    error = errno;
    if (write(report, &error, sizeof error) < 0)
        _exit(126);
    _exit(127);
}

/* What kept it from starting; 0: it runs. */
static int read_report(int fd)
{
    int error = 0;
    ssize_t got;

    do
        got = read(fd, &error, sizeof error);
    while (got < 0 && errno == EINTR);
    return got == sizeof error ? error : 0;
}

static void reap(struct command *command)
{
    pid_t got;

    do
        got = waitpid(command->pid, &command->status, 0);
    while (got < 0 && errno == EINTR);
    command->running = false;
}

static int fail_start(const struct command *command, int error)
{
    const char *program = command->argv[0];

    if (error == ENOENT && strchr(program, '/') && access(program, F_OK) == 0)
        return fail("cannot run '%s': it is there, but not the program that its first line names, or the loader that "
                    "it needs; nothing was published",
                    command->name);
    errno = error;
    if (error == ENOENT)
        return fail("cannot run '%s': there is no such program; give its path, or a line for the shell as "
                    "sh -c 'LINE'; nothing was published",
                    command->name);
    return fail_errno("nothing was published: cannot run '%s'", command->name);
}

int command_start(struct command *command, int input, int output)
{
    const pid_t self = getpid();
    int report[2], error;

    if (pipe2(report, O_CLOEXEC))
        return fail_start(command, errno);
    fflush(NULL);
    command->pid = fork();
    if (command->pid == 0)
        become(command, input, output, report[1], self);
    error = command->pid < 0 ? errno : 0;
    close(report[1]);
    command->running = command->pid > 0;
    if (command->running && (error = read_report(report[0])) != 0)
        reap(command);
    close(report[0]);
    return error ? fail_start(command, error) : EXIT_OK;
}

/* ---- While it runs ---- */

static bool has_ended(struct command *command)
{
    if (command->running && waitpid(command->pid, &command->status, WNOHANG) == command->pid)
        command->running = false;
    return !command->running;
}

/* EPIPE: it does not want the rest. If it has ended, and what it started keeps the pipe without reading, nobody does. */
void command_feed(struct command *command, int fd, const void *data, size_t size)
{
    const char *at = data;

    fcntl(fd, F_SETFL, O_NONBLOCK);
    while (size > 0 && !interrupted() && !has_ended(command)) {
        ssize_t put = write(fd, at, size);

        if (put < 0 && errno == EAGAIN)
            interrupt_pause_writable(fd, LONGEST_PAUSE_MS);
        else if (put < 0 && errno != EINTR)
            break;
        at += put > 0 ? put : 0;
        size -= put > 0 ? (size_t)put : 0;
    }
    close(fd);
}

static int report_end(const struct command *command)
{
    const int status = command->status;

    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return EXIT_OK;
    if (WIFSIGNALED(status))
        return fail("'%s' was killed by signal %d (%s); nothing was published", command->name, WTERMSIG(status),
                    strsignal(WTERMSIG(status)));
    return fail("'%s' ended with status %d; nothing was published", command->name, WEXITSTATUS(status));
}

int command_wait(struct command *command)
{
    int pause = 1;

    while (!has_ended(command) && !interrupted()) {
        interrupt_pause(pause);
        pause = pause * 2 < LONGEST_PAUSE_MS ? pause * 2 : LONGEST_PAUSE_MS;
    }
    if (interrupted()) {
        command_end(command);
        return EXIT_FAILED;
    }
    return report_end(command);
}

void command_end(struct command *command)
{
    if (!command->running)
        return;
    kill(command->pid, SIGTERM);
    for (int waited = 0; waited < PATIENCE_MS && !has_ended(command); waited++)
        usleep(1000);
    if (!command->running)
        return;
    kill(command->pid, SIGKILL);
    reap(command);
}
