/* SPDX-License-Identifier: Apache-2.0 */
/* The handlers that keep forks and descriptors apart are there before the first descriptor (handle/watch.c), whose source is
   compiled here to see them registered. */
#include <pthread.h>

static int register_and_look(void (*prepare)(void), void (*parent)(void), void (*child)(void));

#define pthread_atfork register_and_look
#include "handle/watch.c"
#undef pthread_atfork

#include "sample.h"
#include "scratch.h"
#include <mmsync/wait_fd.h>

static unsigned registered;

/* A fork that has begun by now runs no handlers, so nobody may be between `hold` and `release`. */
static int register_and_look(void (*prepare)(void), void (*parent)(void), void (*child)(void))
{
    registered++;
    check_true(pthread_mutex_trylock(&opening) == 0);
    check_true(pthread_mutex_unlock(&opening) == 0);
    return pthread_atfork(prepare, parent, child);
}

static void open_and_close(mms_region *region)
{
    int fd;

    check_ok(mms_wait_fd(region, &fd));
    check_ok(mms_wait_fd_close(region, fd));
}

static void a_region_is_enough_to_be_ready_for_forks(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_region *region;

    sample_closed_region(path, "value");
    check_equal(registered, 0);
    region = sample_region(path);
    check_equal(registered, 1);
    open_and_close(region);
    check_ok(mms_region_close(region));
    region = sample_region(path);
    open_and_close(region);
    check_ok(mms_region_close(region));
    check_equal(registered, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(a_region_is_enough_to_be_ready_for_forks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
