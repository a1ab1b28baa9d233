/* SPDX-License-Identifier: Apache-2.0 */
#include "agent.h"
#include "libc.h"
#include "refuse.h"
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <mmsync.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

void agent_answer(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
    fflush(stdout);
}

void agent_answer_code(int code)
{
    if (code != 0 && getenv("MMSYNC_TEST_VERBOSE"))
        fprintf(stderr, "[%d] %s\n", (int)getpid(), mms_last_error());
    agent_answer("%s", mms_error_name(code));
}

bool agent_is_called(void)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};

    return poll(&input, 1, 0) != 0;
}

static char empty[1];

char *agent_word(char **arguments)
{
    char *word = strsep(arguments, " ");

    return word ? word : empty;
}

uint64_t agent_number(char **arguments)
{
    return strtoull(agent_word(arguments), NULL, 0);
}

/* ---- Commands of both ---- */

static void answer_errno(bool good)
{
    agent_answer("%s", good ? "OK" : mms_error_name(-errno));
}

static void tell_pid(char *arguments)
{
    (void)arguments;
    agent_answer("OK %d", (int)getpid());
}

static void become(char *arguments)
{
    uid_t uid = (uid_t)agent_number(&arguments);
    gid_t gid = (gid_t)agent_number(&arguments);

    answer_errno(setgroups(0, NULL) == 0 && setresgid(gid, gid, gid) == 0 && setresuid(uid, uid, uid) == 0 &&
                 prctl(PR_SET_DUMPABLE, 1) == 0); /* or the leak checker of a sanitized build fails */
}

static void refuse(char *arguments)
{
    errno = refuse_membarrier((int)agent_number(&arguments));
    answer_errno(errno == 0);
}

/* Answers once the child runs: by then its fork handlers have done their work. */
static void fork_idle_child(char *arguments)
{
    int ends[2];
    char byte = 0;
    pid_t child;

    (void)arguments;
    if (pipe(ends) != 0 || (child = fork()) < 0) {
        answer_errno(false);
        return;
    }
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, 0); /* it is to outlive us; the test kills it */
        if (write(ends[1], &byte, 1) == 1)
            for (;;)
                pause();
        _exit(1);
    }
    close(ends[1]);
    if (read(ends[0], &byte, 1) == 1)
        agent_answer("OK %d", (int)child);
    else
        agent_answer("the child ended");
    close(ends[0]);
}

static void close_from(char *arguments)
{
    closefrom((int)agent_number(&arguments));
    agent_answer("OK");
}

static void list_writable_maps(char *arguments)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[PATH_MAX + 128], access[8], path[PATH_MAX + 1], names[256] = "";

    (void)arguments;
    while (maps && fgets(line, sizeof line, maps))
        if (sscanf(line, "%*s %7s %*s %*s %*s %4096[^\n]", access, path) == 2 && access[1] == 'w' && access[3] == 's' &&
            *path == '/') {
            const char *name = strrchr(path, '/');

            snprintf(names + strlen(names), sizeof names - strlen(names), " %s", name + 1);
        }
    if (maps)
        fclose(maps);
    agent_answer("OK%s", names);
}

static const struct agent_command common[] = {
    {"pid", tell_pid},         {"become", become},           {"refuse", refuse}, {"fork", fork_idle_child},
    {"closefrom", close_from}, {"maps", list_writable_maps}, {NULL, NULL},
};

/* ---- The loop ---- */

static const struct agent_command *find(const struct agent_command *commands, const char *name)
{
    for (; commands->name; commands++)
        if (strcmp(commands->name, name) == 0)
            return commands;
    return NULL;
}

/* By read(2), a byte at a time, so that agent_is_called sees everything that has come. */
static bool read_line(char *line, size_t size)
{
    size_t length = 0;
    ssize_t got;

    while (length < size - 1 && ((got = read(STDIN_FILENO, line + length, 1)) == 1 || (got < 0 && errno == EINTR)))
        if (got == 1 && line[length++] == '\n') {
            line[length - 1] = 0;
            return true;
        }
    return false;
}

int agent_serve(const struct agent_command *commands)
{
    char line[PATH_MAX + 256];

    while (read_line(line, sizeof line)) {
        char *arguments = line, *name = agent_word(&arguments);
        const struct agent_command *command = find(commands, name);

        if (!command)
            command = find(common, name);
        if (!command) {
            fprintf(stderr, "unknown command: %s\n", name);
            return 2;
        }
        command->run(arguments ? arguments : empty);
    }
    return 0;
}
