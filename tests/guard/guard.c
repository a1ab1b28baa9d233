/* SPDX-License-Identifier: Apache-2.0 */
/* guard SECONDS COMMAND...: run a test, and let nothing of it live on. What it has started ends with it, also what has become a
   daemon; files go whose names begin with $MMSYNC_TEST_NAME, which is new for each test, in the directories where tests
   work. TMPDIR is one of them.
   Exit status: the test's; 1 if it passed and left something; 124 if it took longer. A signal that ends the guard ends the
   test. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TIMED_OUT = 124, CANNOT = 125, STRAGGLER_MS = 5000 };

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "guard: %s: %s\n", what, strerror(errno));
    exit(CANNOT);
}

/* ---- Files ---- */

static char name[128];           /* that all files of the test in common directories begin with */
static char temporary[PATH_MAX]; /* the test's TMPDIR */
static const char *parents[5];

static void name_the_test(void)
{
    const char *common = getenv("TMPDIR"), *outer = getenv("MMSYNC_TEST_NAME");
    struct timespec now;

    if (!common || !*common)
        common = "/tmp";
    clock_gettime(CLOCK_REALTIME, &now);
    /* In a test that runs tests: if a guard kills another one, it finds what that one left. */
    if (outer)
        snprintf(name, sizeof name, "%s-%d", outer, (int)getpid());
    else
        snprintf(name, sizeof name, "mmsync-test-%d-%08lx", (int)getpid(), (unsigned long)now.tv_nsec);
    snprintf(temporary, sizeof temporary, "%s/%s.tmp", common, name);
    parents[0] = common;
    parents[1] = "/dev/shm";
    parents[2] = "/var/tmp";
    parents[3] = getenv("MMSYNC_TEST_DISK");
    parents[4] = ".";
    /* Some tests become another user. */
    if (mkdir(temporary, 0700) != 0 || chmod(temporary, 01777) != 0 || setenv("TMPDIR", temporary, 1) != 0 ||
        setenv("MMSYNC_TEST_NAME", name, 1) != 0)
        give_up(temporary);
}

/* Some tests make their directories inaccessible. */
static int open_up(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)where;
    if (S_ISDIR(status->st_mode) && (kind == FTW_D || kind == FTW_DNR))
        (void)chmod(path, 0700);
    return 0;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    if (remove(path) != 0)
        fprintf(stderr, "guard: removing %s: %s\n", path, strerror(errno));
    return 0;
}

static bool remove_tree(const char *path, bool tell)
{
    if (tell)
        fprintf(stderr, "guard: the test has left %s\n", path);
    (void)nftw(path, open_up, 16, FTW_PHYS | FTW_MOUNT);
    (void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    return true;
}

/* Remove what has a name with this prefix, "" being everything. True if there was any. */
static bool remove_from(const char *parent, const char *beginning, bool tell)
{
    DIR *entries = parent ? opendir(parent) : NULL;
    char path[PATH_MAX];
    bool any = false;

    for (struct dirent *entry; entries && (entry = readdir(entries));) {
        if (strncmp(entry->d_name, beginning, strlen(beginning)) != 0 || strcmp(entry->d_name, ".") == 0 ||
            strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", parent, entry->d_name);
        any = remove_tree(path, tell) || any;
    }
    if (entries)
        closedir(entries);
    return any;
}

static bool remove_all(bool tell)
{
    bool any = remove_from(temporary, "", tell);

    (void)rmdir(temporary);
    for (size_t i = 0; i < sizeof parents / sizeof *parents; i++)
        any = remove_from(parents[i], name, tell) || any;
    return any;
}

/* ---- The processes ---- */

/* We are the reaper of all processes that lost their parents, so every process of the test is a
   descendant of ours. */
static pid_t parent_of(pid_t pid)
{
    char path[64], text[512], *after;
    int fd;
    ssize_t length;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
        return 0;
    length = read(fd, text, sizeof text - 1);
    close(fd);
    text[length > 0 ? length : 0] = 0;
    after = strrchr(text, ')'); /* "PID (NAME) STATE PARENT" */
    return after && strlen(after) > 4 ? (pid_t)strtol(after + 3, NULL, 10) : 0;
}

static bool is_descendant(pid_t pid)
{
    const pid_t self = getpid();

    while (pid > 1) {
        pid = parent_of(pid);
        if (pid == self)
            return true;
    }
    return false;
}

static void print_command(pid_t pid)
{
    char path[64], text[256] = "?";
    size_t size = 0;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
    if ((file = fopen(path, "re"))) {
        size = fread(text, 1, sizeof text - 1, file);
        fclose(file);
    }
    for (size_t i = 0; i + 1 < size; i++)
        if (!text[i])
            text[i] = ' ';
    fprintf(stderr, "guard: process %d of the test still runs: %s\n", (int)pid, text);
}

static void reap(void)
{
    while (waitpid(-1, NULL, WNOHANG) > 0)
        continue;
}

enum what { COUNT, TELL, KILL };

static unsigned each_descendant(enum what what)
{
    DIR *processes = opendir("/proc");
    unsigned count = 0;

    reap();
    for (struct dirent *entry; processes && (entry = readdir(processes));) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

        if (pid <= 1 || !is_descendant(pid))
            continue;
        count++;
        if (what == TELL)
            print_command(pid);
        if (what == KILL)
            (void)kill(pid, SIGKILL);
    }
    if (processes)
        closedir(processes);
    return count;
}

static void wait_a_moment(void)
{
    nanosleep(&(const struct timespec){.tv_nsec = 20000000}, NULL);
}

/* A process started meanwhile is found in the next round, and a killed one starts nothing more.
   Some cannot be killed: they have become another user. */
static void kill_descendants(void)
{
    for (int rounds = 0; rounds < 500 && each_descendant(KILL) > 0; rounds++)
        wait_a_moment();
}

/* True if any stay: a process that was told to end may need some time. */
static bool has_stragglers(void)
{
    for (int waited = 0; waited < STRAGGLER_MS && each_descendant(COUNT) > 0; waited += 20)
        wait_a_moment();
    return each_descendant(TELL) > 0;
}

/* ---- The test ---- */

static sigset_t watched(void)
{
    const int signals[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP};
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaddset(&set, signals[i]);
    return set;
}

static pid_t start(char **command)
{
    const sigset_t set = watched();
    sigset_t before;
    pid_t self = getpid(), child;

    sigprocmask(SIG_BLOCK, &set, &before);
    child = fork();
    if (child < 0)
        give_up("fork");
    if (child > 0)
        return child;
    sigprocmask(SIG_SETMASK, &before, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == self)
        execvp(*command, command);
    give_up(*command);
}

static int status_of(int status)
{
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    fprintf(stderr, "guard: the test was ended by signal %d (%s)\n", WTERMSIG(status), strsignal(WTERMSIG(status)));
    return 128 + WTERMSIG(status);
}

/* Its orphans are ours, so wait for them too. */
static bool has_ended(pid_t child, int *status)
{
    int ended;
    pid_t pid;

    while ((pid = waitpid(-1, &ended, WNOHANG)) > 0)
        if (pid == child) {
            *status = status_of(ended);
            return true;
        }
    return false;
}

static int watch(pid_t child, long seconds)
{
    const sigset_t set = watched();
    struct timespec now, end, left;
    int status = CANNOT, signal;

    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += seconds;
    while (!has_ended(child, &status)) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        left = (struct timespec){.tv_sec = end.tv_sec - now.tv_sec};
        if (left.tv_sec <= 0) {
            fprintf(stderr, "guard: the test still runs after %ld seconds, so it counts as hung\n", seconds);
            (void)each_descendant(TELL);
            return TIMED_OUT;
        }
        signal = sigtimedwait(&set, NULL, &left);
        if (signal > 0 && signal != SIGCHLD)
            return 128 + signal;
    }
    return status;
}

int main(int argc, char **argv)
{
    char *rest;
    long seconds = argc > 2 ? strtol(argv[1], &rest, 10) : 0;
    bool passed, left;
    int status;

    if (seconds <= 0 || *rest) {
        fprintf(stderr, "usage: guard SECONDS COMMAND...\n");
        return CANNOT;
    }
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0 || prctl(PR_SET_PDEATHSIG, SIGTERM) != 0)
        give_up("becoming the reaper");
    name_the_test();
    status = watch(start(argv + 2), seconds);
    passed = status == 0;
    left = passed && has_stragglers();
    kill_descendants();
    left = remove_all(passed) || left;
    return passed && left ? 1 : status;
}
