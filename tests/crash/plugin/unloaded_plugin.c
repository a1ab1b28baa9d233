/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin that contains the library is unloaded; then the threads that read in it end, and the
   program forks. */
#include "forked.h"
#include "lookout.h"
#include "sample.h"
#include "scratch.h"
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>

enum { ROUNDS = 20 };

struct visit {
    const char *path;
    void *plugin;
    bool leave_open, stays;
    sem_t has_read, may_end;
};

static void *read_and_stay(void *argument)
{
    struct visit *visit = argument;
    int (*plugin_read)(const char *, bool);

    *(void **)&plugin_read = dlsym(visit->plugin, "plugin_read");
    check_true(plugin_read != NULL);
    check_equal(plugin_read(visit->path, visit->leave_open), 0);
    sem_post(&visit->has_read);
    sem_wait(&visit->may_end);
    return NULL;
}

static void read_here(void *argument)
{
    const struct visit *visit = argument;

    check_copies(visit->path, "value");
}

static void load_and_unload(struct visit *visit, const char *plugin)
{
    pthread_t thread;

    visit->plugin = dlopen(plugin, RTLD_NOW | RTLD_LOCAL);
    check_true(visit->plugin != NULL);
    check_true(pthread_create(&thread, NULL, read_and_stay, visit) == 0);
    sem_wait(&visit->has_read);
    check_true(dlclose(visit->plugin) == 0);
    in_child(read_here, visit);
    sem_post(&visit->may_end);
    check_true(pthread_join(thread, NULL) == 0);
    if (visit->leave_open && visit->stays)
        check_equal(inspect(visit->path).readers, 0);
    in_child(read_here, visit);
}

struct plan {
    const char *path, *plugin;
    bool leave_open;
    int rounds;
};

static void run_rounds(void *argument)
{
    const struct plan *plan = argument;
    struct visit visit = {
        .path = plan->path, .leave_open = plan->leave_open, .stays = strcmp(plan->plugin, PLUGIN_BARE) != 0};

    sem_init(&visit.has_read, 0, 0);
    sem_init(&visit.may_end, 0, 0);
    for (int i = 0; i < plan->rounds; i++)
        load_and_unload(&visit, plan->plugin);
}

/* Is it still in memory? */
static void check_stays(const char *plugin, bool stays)
{
    void *handle = dlopen(plugin, RTLD_NOW | RTLD_LOCAL);

    check_true(handle && dlclose(handle) == 0);
    handle = dlopen(plugin, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
#ifdef __GLIBC__ /* musl unloads nothing */
    check_true((handle != NULL) == stays);
#else
    (void)stays;
#endif
    if (handle)
        check_true(dlclose(handle) == 0);
}

/* In a child, so that what is left open ends with it. */
static void visit(void **state, const char *plugin, bool leave_open, int rounds)
{
    struct plan plan = {scratch_path(state, "region"), plugin, leave_open, rounds};

    (void)sample_closed_region(plan.path, "value");
    in_child(run_rounds, &plan);
}

static void one_with_the_archive_alone_goes(void **state)
{
    check_stays(PLUGIN_BARE, false);
    visit(state, PLUGIN_BARE, false, ROUNDS);
}

static void what_it_leaves_open_does_no_harm(void **state)
{
    visit(state, PLUGIN_BARE, true, 1);
}

static void one_that_cmake_links_to_the_archive_stays(void **state)
{
    check_stays(PLUGIN_STATIC, true);
    visit(state, PLUGIN_STATIC, false, ROUNDS);
}

static void threads_that_end_close_the_readers_of_one_that_stays(void **state)
{
    visit(state, PLUGIN_STATIC, true, 1);
}

static void the_shared_library_stays(void **state)
{
    visit(state, PLUGIN_SHARED, false, ROUNDS);
    visit(state, PLUGIN_SHARED, true, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(one_with_the_archive_alone_goes),
        scratch_test(what_it_leaves_open_does_no_harm),
        scratch_test(one_that_cmake_links_to_the_archive_stays),
        scratch_test(threads_that_end_close_the_readers_of_one_that_stays),
        scratch_test(the_shared_library_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
