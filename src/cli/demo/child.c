/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/demo/child.h"
#include "cli/message.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void reset_signals(void)
{
    sigset_t none;

    /* The conductor is in the same process group and gets them too; it ends its children in order. */
    signal(SIGINT, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the child. */
_Noreturn static void become(const char *role, unsigned number, int board, pid_t conductor)
{
    char program[] = "mmsync", verb[] = "demo", option[] = "--role", name[16], board_text[16], number_text[16];
    char *argv[] = {program, verb, option, name, board_text, number_text, NULL};

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != conductor)
        _exit(1); /* it ended before that was arranged */
    reset_signals();
    snprintf(name, sizeof name, "%s", role);
    snprintf(board_text, sizeof board_text, "%d", board);
    snprintf(number_text, sizeof number_text, "%u", number);
    fcntl(board, F_SETFD, 0);
    execv("/proc/self/exe", argv);
    fail_errno("demo: cannot run /proc/self/exe as a %s", role);
    _exit(1);
}

bool child_start(struct child *child, const char *role, unsigned number, int board)
{
    pid_t conductor = getpid(), pid;

    fflush(NULL);
    pid = fork();
    if (pid == 0)
        become(role, number, board, conductor);
    if (pid < 0) {
        fail_errno("demo: cannot start a %s", role);
        return false;
    }
    *child = (struct child){.pid = pid, .running = true};
    return true;
}

void child_kill(struct child *child)
{
    if (!child->running)
        return;
    child->may_end = true;
    kill(child->pid, SIGKILL);
}

void child_poll(struct child *child)
{
    if (child->running && waitpid(child->pid, &child->status, WNOHANG) == child->pid)
        child->running = false;
}

bool child_is_stopped(const struct child *child)
{
    siginfo_t info = {0};

    return !waitid(P_PID, (id_t)child->pid, &info, WSTOPPED | WNOHANG | WNOWAIT) && info.si_pid == child->pid;
}

const char *child_fate(const struct child *child, char *text, size_t size)
{
    if (WIFSIGNALED(child->status))
        snprintf(text, size, "signal %d (%s)", WTERMSIG(child->status), strsignal(WTERMSIG(child->status)));
    else
        snprintf(text, size, "status %d", WEXITSTATUS(child->status));
    return text;
}
