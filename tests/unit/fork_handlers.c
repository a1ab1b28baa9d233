/* SPDX-License-Identifier: Apache-2.0 */
/* The first call that holds forks off finds its handlers registered (os/process.c), whose source is compiled here to see
   that. */
#include <pthread.h>

static int register_and_look(void (*before)(void), void (*parent)(void), void (*child)(void));

#define pthread_atfork register_and_look
#include "os/process.c"
#undef pthread_atfork

#include "forked.h"

static unsigned registered;

/* A fork that has begun by now runs no handlers, so nobody may hold the lock that they would release. */
static int register_and_look(void (*before)(void), void (*parent)(void), void (*child)(void))
{
    registered++;
    check_true(pthread_mutex_trylock(&members_lock) == 0);
    check_true(pthread_mutex_unlock(&members_lock) == 0);
    return pthread_atfork(before, parent, child);
}

static void hold_and_release(void *unused)
{
    (void)unused;
    mms__fork_hold();
    mms__fork_release();
}

/* mms_remove begins with it. */
static void forks_can_be_held_off_by_the_first_call(void **state)
{
    (void)state;
    check_equal(registered, 0);
    hold_and_release(NULL);
    check_equal(registered, 1);
    in_child(hold_and_release, NULL);
    hold_and_release(NULL);
    check_equal(registered, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forks_can_be_held_off_by_the_first_call),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
