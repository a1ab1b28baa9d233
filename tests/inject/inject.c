/* SPDX-License-Identifier: Apache-2.0 */
#include "inject.h"
#include <mmsync/error.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static const struct {
    const char *name;
    int errors[INJECT_ERRORS_MAX + 1];
} kinds[] = {
#define KIND(name, ...) {#name, {__VA_ARGS__}},
    INJECT_KINDS(KIND)
#undef KIND
};

static struct inject_plan plan;
static struct inject_counts *counts;
static bool armed;
static void (*before)(void);
static unsigned before_nth;
static unsigned cancel_nth;
static enum inject_kind cancelled_in;

struct inject_holdings inject_held;
unsigned long inject_magic;
static const pid_t *only_these;
const void *inject_failed_stream;

const char *inject_name(enum inject_kind kind)
{
    return kinds[kind].name;
}

const int *inject_errors(enum inject_kind kind)
{
    return kinds[kind].errors;
}

const char *inject_error_name(int error)
{
    return error == INJECT_SHORT ? "less than was asked for" : mms_error_name(-error);
}

struct inject_counts *inject_share(void)
{
    counts = mmap(NULL, sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (counts == MAP_FAILED)
        abort();
    return counts;
}

void inject_arm(const struct inject_plan *wanted)
{
    plan = *wanted;
    memset(counts, 0, sizeof *counts);
    cancel_nth = 0;
    armed = true;
}

void inject_disarm(void)
{
    armed = false;
    inject_failed_stream = NULL;
}

void inject_before(unsigned nth, void (*function)(void))
{
    before_nth = nth;
    before = function;
}

void inject_cancel(unsigned nth)
{
    cancel_nth = nth;
    cancelled_in = INJECT_KIND_COUNT;
}

enum inject_kind inject_cancelled_in(void)
{
    return cancelled_in;
}

/* No C library makes these cancellation points; any other call may be one, according to POSIX, or
   is one of Linux's own that may be. */
static bool never_cancels(enum inject_kind kind)
{
    switch (kind) {
    case INJECT_mmap:
    case INJECT_munmap:
    case INJECT_mremap:
    case INJECT_madvise:
    case INJECT_membarrier_register:
    case INJECT_membarrier:
    case INJECT_futex_wake:
    case INJECT_pipe2:
    case INJECT_pthread_create:
    case INJECT_syscall_other:
    case INJECT_getrlimit:
    case INJECT_pthread_key_create:
    case INJECT_pthread_setspecific:
    case INJECT_pthread_atfork:
    case INJECT_malloc:
    case INJECT_calloc:
    case INJECT_realloc: return true;
    default: return false;
    }
}

static void cancel(enum inject_kind kind)
{
    if (never_cancels(kind))
        return;
    counts->points++;
    if (cancel_nth == 0 || counts->points < cancel_nth)
        return;
    if (counts->points == cancel_nth)
        (void)pthread_cancel(pthread_self());
    cancelled_in = kind;
    pthread_testcancel();
    cancelled_in = INJECT_KIND_COUNT;
}

/* The calls that it makes pass through the wrappers as well. */
static void interrupt(unsigned number)
{
    if (!before || number != before_nth)
        return;
    armed = false;
    before();
    armed = true;
}

bool inject_due(enum inject_kind kind)
{
    unsigned number;

    if (!armed)
        return false;
    interrupt(++counts->all);
    cancel(kind);
    number = ++counts->of[kind];
    if (plan.nth == 0 || kind != plan.kind || number < plan.nth || number - plan.nth >= plan.times)
        return false;
    counts->failed++;
    errno = plan.error == INJECT_SHORT ? 0 : plan.error;
    return true;
}

struct inject_holdings inject_holdings(void)
{
    return inject_held;
}

void inject_filesystem(unsigned long magic)
{
    inject_magic = magic;
}

void inject_processes(const pid_t *only)
{
    only_these = only;
}

bool inject_hides(const char *name)
{
    int pid = atoi(name);

    if (!armed || !only_these || pid == 0)
        return false;
    for (const pid_t *seen = only_these; *seen; seen++)
        if (*seen == pid)
            return false;
    return true;
}
