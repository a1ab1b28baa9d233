/* SPDX-License-Identifier: Apache-2.0 */
/* Linked to every program that script/coverage builds, with --wrap=_exit and --wrap=kill: a
   process that ends by _exit or kills itself writes its counts first. A process that another one
   kills still loses them. */
#define _DEFAULT_SOURCE
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

void __gcov_dump(void);
void __real__exit(int status) __attribute__((noreturn));
void __wrap__exit(int status) __attribute__((noreturn));
int __real_kill(pid_t pid, int number);
int __wrap_kill(pid_t pid, int number);

/* Some tests take away what writing the counts needs. */
static void lift_limits(void)
{
    static const int limits[] = {RLIMIT_AS, RLIMIT_FSIZE, RLIMIT_NOFILE};
    struct rlimit limit;

    for (unsigned i = 0; i < sizeof limits / sizeof *limits; i++)
        if (getrlimit(limits[i], &limit) == 0) {
            limit.rlim_cur = limit.rlim_max;
            (void)setrlimit(limits[i], &limit);
        }
}

/* A test that has changed the root has not changed its working directory, which therefore leads
   out. */
static void return_to_root(void)
{
    for (int i = 0; i < 64; i++)
        if (chdir("..") != 0)
            return;
    (void)!chroot(".");
}

static void write_counts(void)
{
    lift_limits();
    return_to_root();
    __gcov_dump();
}

void __wrap__exit(int status)
{
    write_counts();
    __real__exit(status);
}

int __wrap_kill(pid_t pid, int number)
{
    if (pid == getpid() && number == SIGKILL)
        write_counts();
    return __real_kill(pid, number);
}
