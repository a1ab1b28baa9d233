/* SPDX-License-Identifier: Apache-2.0 */
/* Starts the processes, jolts and kills them, and replaces them. */
#include "jolt.h"
#include "pattern.h"
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Shorter pauses are spun: the kernel cannot sleep for so short a time. */
#define SPIN_NS 8000

/* One kill or change of writer in this many jolts. */
enum { KILL_ODDS = 100, WRITER_ODDS = 4, JOLT_WRITER_ODDS = 16 };

uint64_t jolt_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void jolt_note(char first_error[192], const char *format, ...)
{
    va_list arguments;

    if (*first_error)
        return;
    va_start(arguments, format);
    vsnprintf(first_error, 192, format, arguments);
    va_end(arguments);
}

static uint64_t below(struct jolt_run *run, uint64_t limit)
{
    return limit ? pattern_random(&run->random) % limit : 0;
}

static void pause_for(uint64_t ns)
{
    uint64_t end = jolt_now_ns() + ns;

    if (ns > SPIN_NS)
        nanosleep(&(struct timespec){.tv_nsec = (long)ns}, NULL);
    while (jolt_now_ns() < end)
        continue;
}

/* ---- Processes ---- */

static pid_t start(struct jolt_run *run, bool writer, unsigned index)
{
    uint64_t seed = pattern_random(&run->random) | 1;
    pid_t parent = getpid(), pid = fork();

    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(0);
    if (writer)
        run->write(run, seed);
    else
        run->read(run, index, seed);
    exit(0);
}

static bool start_all(struct jolt_run *run)
{
    bool good;

    fflush(stdout);
    run->writer_pid = start(run, true, 0);
    good = run->writer_pid > 0;
    for (unsigned i = 0; i < run->config.readers; i++) {
        run->reader_pids[i] = start(run, false, i);
        good &= run->reader_pids[i] > 0;
    }
    if (!good)
        jolt_note(run->first_error, "fork: %s", strerror(errno));
    return good;
}

/* A pid of 0: waited for already, and not started again. */
static void expect_end(struct jolt_run *run, pid_t *pid, const char *what, bool killed)
{
    int status;

    if (*pid <= 0)
        return;
    if (waitpid(*pid, &status, 0) != *pid)
        jolt_note(run->first_error, "waitpid for a %s: %s", what, strerror(errno));
    else if (killed ? !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL : status != 0)
        jolt_note(run->first_error, "a %s ended with wait status %#x", what, (unsigned)status);
    *pid = 0;
}

static bool all_run(struct jolt_run *run)
{
    siginfo_t info = {0};

    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0) {
        jolt_note(run->first_error, "the %s %d ended by itself: %s %d",
                  info.si_pid == run->writer_pid ? "writer" : "reader", (int)info.si_pid,
                  info.si_code == CLD_EXITED ? "status" : "signal", info.si_status);
        return false;
    }
    return true;
}

static void end_all(struct jolt_run *run)
{
    __atomic_store_n(&run->board->stop, 1, __ATOMIC_RELAXED);
    expect_end(run, &run->writer_pid, "writer", false);
    for (unsigned i = 0; i < run->config.readers; i++)
        expect_end(run, &run->reader_pids[i], "reader", false);
}

/* ---- What happens to them ---- */

static void kill_reader(struct jolt_run *run)
{
    unsigned index = (unsigned)below(run, run->config.readers);

    kill(run->reader_pids[index], SIGKILL);
    expect_end(run, &run->reader_pids[index], "reader", true);
    run->reader_pids[index] = start(run, false, index);
    run->readers_killed++;
}

static void kill_writer(struct jolt_run *run)
{
    __atomic_store_n(&run->board->writer_killed_ns, jolt_now_ns(), __ATOMIC_RELAXED);
    kill(run->writer_pid, SIGKILL);
    expect_end(run, &run->writer_pid, "writer", true);
    run->writer_pid = start(run, true, 0);
    run->writers_killed++;
}

static void change_writer(struct jolt_run *run)
{
    __atomic_store_n(&run->board->writer_is_to_end, 1, __ATOMIC_RELAXED);
    expect_end(run, &run->writer_pid, "writer", false);
    __atomic_store_n(&run->board->writer_is_to_end, 0, __ATOMIC_RELAXED);
    run->writer_pid = start(run, true, 0);
    run->writers_ended++;
}

static void jolt(struct jolt_run *run)
{
    pid_t pid = below(run, JOLT_WRITER_ODDS) ? run->reader_pids[below(run, run->config.readers)] : run->writer_pid;
    uint64_t longest = (uint64_t)run->config.jolt_us * 1000;

    kill(pid, SIGSTOP);
    pause_for(below(run, longest));
    kill(pid, SIGCONT);
    pause_for(below(run, longest));
    run->jolts++;
}

static void strike(struct jolt_run *run)
{
    bool writer = below(run, WRITER_ODDS) == 0;

    if (writer && run->config.fence == JOLT_MIXED && (!run->config.kill || below(run, 2)))
        change_writer(run);
    else if (writer && run->config.kill)
        kill_writer(run);
    else if (run->config.kill)
        kill_reader(run);
}

static bool has_enough(const struct jolt_run *run)
{
    uint64_t torn = 0;

    for (unsigned i = 0; run->config.enough_torn && i < run->config.readers; i++)
        torn += __atomic_load_n(&run->board->readers[i].torn, __ATOMIC_RELAXED);
    return run->config.enough_torn && torn >= run->config.enough_torn;
}

bool jolt_drive(struct jolt_run *run)
{
    uint64_t begin = jolt_now_ns(), end = begin + (uint64_t)(run->config.seconds * 1e9);

    prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
    if (start_all(run))
        while (jolt_now_ns() < end && !has_enough(run) && all_run(run)) {
            if (run->config.jolt_us)
                jolt(run);
            else
                pause_for(1000000);
            if (below(run, KILL_ODDS) == 0)
                strike(run);
        }
    run->seconds = (double)(jolt_now_ns() - begin) / 1e9;
    end_all(run);
    return !*run->first_error;
}
