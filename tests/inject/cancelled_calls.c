/* SPDX-License-Identifier: Apache-2.0 */
/* A thread is cancelled at every call to libc that may be a cancellation point, in every
   scenario, each in a process of its own. Its calls of the library end as if nothing had
   happened, although the cancellation is pending from then on; only waits may end the thread.
   Afterwards a fork goes through, and see scene_check: nothing is lost or leaked.

   By default one in four of the calls, others in each scenario, and the first of each; MMSYNC_TEST_FAULTS=all: all of
   them. */
#include "check.h"
#include "forked.h"
#include "region/backend.h"
#include "region/writer.h"
#include "scenario.h"
#include "scratch.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ONE_IN = 4 };

static struct inject_counts *counts;
static struct child onlooker;

/* ---- In the child: a scenario, in a thread of its own ---- */

struct work {
    struct scene scene;
    const struct scenario *scenario;
    unsigned nth;
    const char *step; /* that is being made */
};

static void *make_steps(void *argument)
{
    struct work *work = argument;

    inject_arm(&(struct inject_plan){.nth = 0});
    inject_cancel(work->nth);
    for (const struct scenario_step *step = work->scenario->steps; step->run; step++) {
        int code;

        work->step = step->name;
        code = step->run(&work->scene);
        if (code != step->expected)
            check_failed(__FILE__, __LINE__, "%s gave %s, and a cancellation was pending: %s", step->name,
                         mms_error_name(code), mms_last_error());
    }
    return work;
}

/* The thread may end only there: before the sleep of mms_wait, which lets the cancellation in, and
   in the sleep of a write. */
static bool may_end(const struct work *work)
{
    enum inject_kind kind = inject_cancelled_in();

    return strcmp(work->step, "wait_in_vain") == 0 ? kind == INJECT_KIND_COUNT : kind == INJECT_nanosleep;
}

static void run_thread(struct work *work)
{
    mms_reader *opened_before = work->scene.reader;
    pthread_t thread;
    void *result;

    check_true(pthread_create(&thread, NULL, make_steps, work) == 0);
    check_true(pthread_join(thread, &result) == 0);
    inject_disarm();
    if (work->scene.reader != opened_before)
        work->scene.reader = NULL; /* the thread's end has closed it */
    if (result == PTHREAD_CANCELED && !may_end(work))
        check_failed(__FILE__, __LINE__, "%s was left half-way, at %s", work->step,
                     inject_cancelled_in() == INJECT_KIND_COUNT ? "something else than a call of libc"
                                                                : inject_name(inject_cancelled_in()));
}

static void check_slots(mms_writer *writer)
{
    const char *wrong;

    if (!writer || writer->backend != &mms__native)
        return;
    wrong = mms__pool_invariant(&mms__native_writer_of(writer)->pool);
    if (wrong)
        check_failed(__FILE__, __LINE__, "the writer's slots: %s", wrong);
    for (unsigned slot = 0; slot < mms__native_writer_of(writer)->pool.used; slot++)
        check_true(mms__native_writer_of(writer)->pool.slots[slot].state != MMS__SLOT_TAKEN);
}

static void use_in_child(void *argument)
{
    const struct scene *scene = argument;
    mms_region_options options = scene->region_options;
    mms_region *region;
    mms_reader *reader;
    mms_view view;

    alarm(CHILD_HANG_SECONDS);
    check_ok(mms_region_open(scene->path, &options, &region));
    if (mms_region_read_only(region)) {
        check_ok(mms_region_close(region));
        return;
    }
    check_ok(mms_reader_open(region, &reader));
    check_ok(mms_read(reader, &view));
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

static void do_nothing(void *argument)
{
    (void)argument;
}

/* The fork handlers find their locks free, and so does the child. */
static void check_fork(struct scene *scene)
{
    bool has_value = scene->good != 0 && !scene->may_be_gone;

    in_child(has_value ? use_in_child : do_nothing, scene);
}

static void run_scenario(const struct scenario *scenario, unsigned nth, const char *path)
{
    static struct work work;

    work.scenario = scenario;
    work.nth = nth;
    scene_begin(&work.scene, path, &onlooker);
    if (scenario->set_up)
        scenario->set_up(&work.scene);
    inject_filesystem(scenario->filesystem);
    run_thread(&work);
    check_slots(work.scene.writer);
    check_fork(&work.scene);
    scene_check(&work.scene);
}

/* ---- In the parent ---- */

static void clear_directory(const char *path)
{
    char directory[256];

    snprintf(directory, sizeof directory, "%.*s", (int)(strrchr(path, '/') - path), path);
    scratch_delete(directory);
    check_true(mkdir(directory, 0755) == 0);
}

struct plan {
    const struct scenario *scenario;
    unsigned nth;
    const char *path;
};

static void run_plan(void *argument)
{
    const struct plan *plan = argument;

    alarm(CHILD_HANG_SECONDS);
    run_scenario(plan->scenario, plan->nth, plan->path);
}

static bool cancel_at(struct plan *plan)
{
    int status;
    pid_t child = start_child(run_plan, plan);

    check_true(waitpid(child, &status, 0) == child);
    if (status == 0)
        return true;
    if (WIFSIGNALED(status))
        print_error("it ended by signal %d (%s)\n", WTERMSIG(status), strsignal(WTERMSIG(status)));
    print_error("... of \"%s\", when a cancellation came before call %u\n", plan->scenario->name, plan->nth);
    child_kill(&onlooker);
    onlooker = child_start("reader");
    clear_directory(plan->path);
    return false;
}

static bool all_are_wanted(void)
{
    const char *which = getenv("MMSYNC_TEST_FAULTS");

    return which && strcmp(which, "all") == 0;
}

static unsigned cancel_everywhere(const struct scenario *scenario, unsigned turn, const char *path)
{
    struct plan plan = {scenario, 0, path};
    unsigned points, tried = 0, bad = 0;

    check_true(cancel_at(&plan));
    points = counts->points;                                       /* roughly: some looks depend on time */
    for (plan.nth = 1; plan.nth <= points && bad == 0; plan.nth++) /* stop there: each may hang for long */
        if (plan.nth == 1 || plan.nth % ONE_IN == turn % ONE_IN || all_are_wanted()) {
            bad += !cancel_at(&plan);
            tried++;
        }
    print_message("%s: %u calls, a cancellation at %u of them, %u without the right end\n", scenario->name, points,
                  tried, bad);
    return bad;
}

static void threads_are_cancelled(void **state, bool on_disk)
{
    const char *only = getenv("MMSYNC_TEST_SCENARIO"), *path = scratch_path(state, "region");
    unsigned bad = 0, turn = 0;

    onlooker = child_start("reader");
    for (const struct scenario *scenario = scenarios; scenario->name; scenario++, turn++)
        if (scenario->on_disk == on_disk && (!only || strcmp(only, scenario->name) == 0))
            bad += cancel_everywhere(scenario, turn, path);
    child_end(&onlooker);
    check_equal(bad, 0);
}

static void threads_are_cancelled_in_memory(void **state)
{
    threads_are_cancelled(state, false);
}

static void threads_are_cancelled_on_disk(void **state)
{
    threads_are_cancelled(state, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(threads_are_cancelled_in_memory),
        scratch_test_on_disk(threads_are_cancelled_on_disk),
    };

    counts = inject_share();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
