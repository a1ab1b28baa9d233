/* SPDX-License-Identifier: Apache-2.0 */
/* A test that goes wrong on purpose, in the way that its argument names, for check.sh. It has a
   region, a helper process, a child of that helper which outlives it, and a daemon, all of them
   alive when it ends. */
#include "child.h"
#include "sample.h"
#include "scratch.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *way;

/* As daemon(3) does; it holds none of our pipes. */
static void start_daemon(void)
{
    const pid_t child = fork();

    check_true(child >= 0);
    if (child > 0)
        return;
    (void)setsid();
    closefrom(3);
    if (fork() == 0)
        for (;;)
            pause();
    _exit(0);
}

static void goes_wrong(void **state)
{
    const char *path = scratch_path(state, "region");
    struct child reader = child_start("reader");

    (void)publish_text(sample_writer(path), "value");
    child_expect(&reader, "OK", "open %s", path);
    (void)child_number(&reader, "fork");
    start_daemon();
    if (strcmp(way, "fails") == 0)
        check_true(way == NULL);
    if (strcmp(way, "aborts") == 0)
        abort();
    if (strcmp(way, "hangs") == 0)
        for (;;)
            pause();
    _exit(strcmp(way, "passes") == 0 ? 0 : 3);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {scratch_test(goes_wrong)};

    way = argc > 1 ? argv[1] : "";
    return cmocka_run_group_tests(tests, NULL, NULL);
}
