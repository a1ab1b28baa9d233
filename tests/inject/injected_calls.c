/* SPDX-License-Identifier: Apache-2.0 */
/* Every call to libc fails: each call of each kind in each scenario, with each plausible error,
   once and for good, each in a process of its own. While it fails, the library's call either
   succeeds or gives an error that says what was being done to what; made again after a single
   failure, it succeeds. Afterwards see scene_check: G3, G4, G6, G7, G9.

   By default each call fails with one of its errors, once or from then on, in turn; MMSYNC_TEST_FAULTS=all (script/faults)
   tries all of it.
   MMSYNC_TEST_VERBOSE=1 prints what the library answered. */
#include "check.h"
#include "scenario.h"
#include "scratch.h"
#include "tracked.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FOR_GOOD = 1 << 30, SIGNALS = 50, RETRIES = 3 };

static struct inject_counts *counts;
static struct child onlooker;
static unsigned made_in_all[INJECT_KIND_COUNT];
static bool verbose;

/* ---- In the child: a scenario ---- */

/* What no failing call of the library may leave as the detail. */
static void mark_detail(void)
{
    (void)mms_inspect("no/such/mark", NULL);
}

/* Some errors have a meaning of their own where they come from. */
static bool may_become(int error, int code)
{
    switch (code) {
    case MMS_E_CORRUPT: return error == INJECT_SHORT || error == EIO; /* the value cannot be read */
    case MMS_E_NOT_REGION: return error == ENOENT || error == INJECT_SHORT;
    case MMS_E_BUSY: return error == EAGAIN || error == EACCES; /* somebody else has the lock */
    case MMS_E_FULL: return error == EAGAIN || error == EACCES || error == INJECT_SHORT;
    case MMS_E_READ_ONLY: return error == EACCES || error == EPERM || error == EROFS;
    case -ENOSPC: return error == EFAULT || error == INJECT_SHORT; /* no page could be had */
    case -EIO: return error == INJECT_SHORT;
    case -ENOMEM: return error == EAGAIN; /* of mmap: too much memory is locked */
    default: return false;
    }
}

/* To mms_repair, a process that it cannot look at may be a reader. */
static bool hides_processes(const struct inject_plan *plan)
{
    if (geteuid() != 0)
        return true; /* other users' are hidden anyway */
    return plan->kind == INJECT_fopen || plan->kind == INJECT_getline;
}

static void check_error(const struct scene *scene, const struct scenario_step *step, const struct inject_plan *plan,
                        int code)
{
    const char *detail = mms_last_error();

    if (verbose)
        printf("    %s of %s -> %s: %s: %s\n", inject_error_name(plan->error), inject_name(plan->kind), step->name,
               mms_error_name(code), detail);
    if (code > 0 || strstr(detail, "mms_inspect: out is NULL") || !strstr(detail, mms_error_name(code)))
        check_failed(__FILE__, __LINE__, "%s gave %s (%d), and its detail is about something else: %s", step->name,
                     mms_error_name(code), code, detail);
    if (!strstr(detail, scene->directory) && !strstr(detail, "mms_"))
        check_failed(__FILE__, __LINE__, "%s gave a detail that does not name the region: %s", step->name, detail);
    if (code != -plan->error && !may_become(plan->error, code) && !(code == MMS_E_AGAIN && hides_processes(plan)))
        check_failed(__FILE__, __LINE__, "%s gave %s, which is not what happened: %s", step->name, mms_error_name(code),
                     detail);
}

/* A process that opened only for copying cannot have readers, and is told so. A writer that has
   lost membarrier cannot tell what readers hold until they have read again. */
static bool is_said(const struct scene *scene, const struct inject_plan *plan, int code)
{
    if (code == MMS_E_AGAIN && plan->kind == INJECT_membarrier && scene->region)
        return true;
    if (code == -EINTR && plan->kind == INJECT_futex_wait) /* mms_wait ends at each signal */
        return true;
    if (code == MMS_E_NO_VIEW && scene->region && scene->mmap_sync)
        return true; /* a failed read leaves none, and this one can fail */
    if (code == MMS_E_AGAIN && plan->times == FOR_GOOD && hides_processes(plan))
        return true;
    return code == MMS_E_READ_ONLY && scene->region && mms_region_read_only(scene->region);
}

static void make_step(struct scene *scene, const struct scenario_step *step, const struct inject_plan *plan)
{
    bool lasting = plan->times == FOR_GOOD;
    int code, tries = 0;

    do {
        mark_detail();
        code = step->run(scene);
        if (code == step->expected || code == STEP_SKIPPED || is_said(scene, plan, code))
            return;
        if (plan->nth == 0)
            check_failed(__FILE__, __LINE__, "%s gave %s although nothing failed: %s", step->name, mms_error_name(code),
                         mms_last_error());
        if (step->run == remove_region && tries > 0 && code == -ENOENT)
            return; /* the first try had gone too far to be undone */
        check_error(scene, step, plan, code);
    } while (!lasting && ++tries <= RETRIES);
    if (!lasting)
        check_failed(__FILE__, __LINE__, "%s still fails after a single failure: %s", step->name, mms_last_error());
}

static void run_scenario(const struct scenario *scenario, const struct inject_plan *plan, const char *path)
{
    static struct scene scene;

    scene_begin(&scene, path, &onlooker);
    if (scenario->set_up)
        scenario->set_up(&scene);
    inject_filesystem(scenario->filesystem);
    inject_arm(plan);
    for (const struct scenario_step *step = scenario->steps; step->run; step++)
        make_step(&scene, step, plan);
    inject_disarm();
    scene_check(&scene);
}

/* ---- In the parent: all plans ---- */

static void print_plan(const struct inject_plan *plan)
{
    print_error("... when call %u of %s failed with %s, %s\n", plan->nth, inject_name(plan->kind),
                inject_error_name(plan->error),
                plan->times == 1          ? "once"
                : plan->times == FOR_GOOD ? "and all after it"
                                          : "and some after it");
}

/* After a scenario that did not reach its end. */
static void clear_directory(const char *path)
{
    char directory[256];

    snprintf(directory, sizeof directory, "%.*s", (int)(strrchr(path, '/') - path), path);
    scratch_delete(directory);
    check_true(mkdir(directory, 0755) == 0);
}

/* True if all held. */
static bool try_plan(const struct scenario *scenario, const struct inject_plan *plan, const char *path)
{
    int status;
    pid_t child;

    fflush(stdout);
    child = fork();
    check_true(child >= 0);
    if (child == 0) {
        alarm(CHILD_HANG_SECONDS);
        run_scenario(scenario, plan, path);
        fflush(stdout);
        _exit(0);
    }
    check_true(waitpid(child, &status, 0) == child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    if (WIFSIGNALED(status))
        print_error("it ended by signal %d (%s)\n", WTERMSIG(status), strsignal(WTERMSIG(status)));
    print_plan(plan);
    child_kill(&onlooker);
    onlooker = child_start("reader");
    clear_directory(path);
    return false;
}

/* A signal does not interrupt every call for ever. */
static unsigned lasting_times(int error)
{
    return error == EINTR ? SIGNALS : FOR_GOOD;
}

static bool all_are_wanted(void)
{
    const char *which = getenv("MMSYNC_TEST_FAULTS");

    return which && strcmp(which, "all") == 0;
}

/* Of a call's errors, each of which is tried twice: all, or one. */
static bool is_chosen(unsigned index, unsigned count, unsigned turn)
{
    return all_are_wanted() || index == turn % (2 * count);
}

enum { LINES_FOR_ONE = 8 };

/* The kernel's lists have many lines, all read alike. */
static bool is_left_out(enum inject_kind kind, unsigned nth)
{
    return (kind == INJECT_getline || kind == INJECT_fgets) && nth % LINES_FOR_ONE != 1 && !all_are_wanted();
}

/* Counted over all scenarios, so that different calls and scenarios get different errors. */
static unsigned next_turn;

static unsigned fail_call(const struct scenario *scenario, enum inject_kind kind, unsigned nth, const char *path,
                          unsigned *tried)
{
    const int *errors = inject_errors(kind);
    unsigned count = 0, bad = 0, turn = next_turn++;

    if (check_is_emulated() && turn % 5 != 0) /* each failure is a process, and an emulator is slow to make them */
        return 0;
    while (errors[count] != 0)
        count++;
    for (unsigned i = 0; i < count; i++) {
        struct inject_plan once = {kind, nth, errors[i], 1}, lasting = {kind, nth, errors[i], lasting_times(errors[i])};

        if (is_chosen(2 * i, count, turn)) {
            bad += !try_plan(scenario, &once, path);
            ++*tried;
        }
        if (is_chosen(2 * i + 1, count, turn)) {
            bad += !try_plan(scenario, &lasting, path);
            ++*tried;
        }
    }
    return bad;
}

static unsigned fail_every_call_of(const struct scenario *scenario, const char *path)
{
    unsigned made[INJECT_KIND_COUNT], bad = 0, tried = 0, calls = 0;

    check_true(try_plan(scenario, &(struct inject_plan){.nth = 0}, path));
    memcpy(made, counts->of, sizeof made);
    for (int kind = 0; kind < INJECT_KIND_COUNT; kind++) {
        made_in_all[kind] += made[kind];
        calls += made[kind];
        for (unsigned nth = 1; nth <= made[kind]; nth++)
            bad += is_left_out((enum inject_kind)kind, nth)
                       ? 0
                       : fail_call(scenario, (enum inject_kind)kind, nth, path, &tried);
    }
    print_message("%s: %u calls, %u failures of them tried, %u without the right end\n", scenario->name, calls, tried,
                  bad);
    return bad;
}

static void calls_fail(void **state, bool on_disk)
{
    const char *only = getenv("MMSYNC_TEST_SCENARIO"), *path = scratch_path(state, "region");
    unsigned bad = 0;

    onlooker = child_start("reader");
    for (const struct scenario *scenario = scenarios; scenario->name; scenario++)
        if (scenario->on_disk == on_disk && (!only || strcmp(only, scenario->name) == 0))
            bad += fail_every_call_of(scenario, path);
    child_end(&onlooker);
    check_equal(bad, 0);
}

static void calls_fail_in_memory(void **state)
{
    calls_fail(state, false);
}

static void calls_fail_on_disk(void **state)
{
    calls_fail(state, true);
}

/* Those are in archive_calls.c. */
static bool is_of_archives(int kind)
{
    return kind == INJECT_malloc || kind == INJECT_realloc || kind == INJECT_stdio;
}

/* Those are in refused_waiting.c: behind a descriptor is a thread, whose calls come in no order. */
static bool is_of_waiting(int kind)
{
    return kind == INJECT_write || kind == INJECT_pipe2 || kind == INJECT_pthread_attr_init ||
           kind == INJECT_pthread_create || kind == INJECT_futex_waitv;
}

/* Where the kernel tracks no pages, the first of these calls fails by itself. */
static bool is_of_tracking(int kind)
{
    return kind == INJECT_ioctl_uffd_api || kind == INJECT_ioctl_uffd_register || kind == INJECT_ioctl_scan;
}

/* A kind that no scenario reaches is not tested at all. */
static void every_kind_was_reached(void **state)
{
    const char *reason;
    bool can_track = can_track_pages(&reason);

    (void)state;
    if (getenv("MMSYNC_TEST_SCENARIO"))
        skip_because("not all scenarios were run");
    for (int kind = 0; kind < INJECT_KIND_COUNT; kind++)
        if (made_in_all[kind] == 0 && !is_of_archives(kind) && !is_of_waiting(kind) &&
            (can_track || !is_of_tracking(kind)))
            check_failed(__FILE__, __LINE__, "no scenario calls %s", inject_name((enum inject_kind)kind));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(calls_fail_in_memory),
        scratch_test_on_disk(calls_fail_on_disk),
        cmocka_unit_test(every_kind_was_reached),
    };

    counts = inject_share();
    verbose = getenv("MMSYNC_TEST_VERBOSE") != NULL;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
