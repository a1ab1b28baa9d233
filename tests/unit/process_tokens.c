/* SPDX-License-Identifier: Apache-2.0 */
/* The identity of a process, and what its members are told when it forks or a thread ends
   (os/process.c). */
#include "forked.h"
#include "os/process.h"
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void expect_another_token(void *token)
{
    uint64_t own = mms__process_token();

    check_true(own != 0 && own != *(const uint64_t *)token);
    check_equal(mms__process_token(), own);
}

static void expect_two_other_tokens(void *token)
{
    uint64_t own;

    expect_another_token(token);
    own = mms__process_token();
    in_raw_child(expect_another_token, token);
    in_raw_child(expect_another_token, &own);
}

static void token_is_the_same_until_fork(void **state)
{
    uint64_t token = mms__process_token();

    (void)state;
    check_true(token != 0);
    in_child(expect_another_token, &token);
    check_equal(mms__process_token(), token);
}

static void child_of_raw_clone_is_noticed_too(void **state)
{
    need_fork_advice();
    uint64_t token = mms__process_token();

    (void)state;
    in_raw_child(expect_another_token, &token);
    in_raw_child(expect_two_other_tokens, &token);
    check_equal(mms__process_token(), token);
}

static void *report_token(void *token)
{
    *(uint64_t *)token = mms__process_token();
    return NULL;
}

static void threads_share_the_token(void **state)
{
    uint64_t token = 0;
    pthread_t thread;

    (void)state;
    check_true(pthread_create(&thread, NULL, report_token, &token) == 0);
    pthread_join(thread, NULL);
    check_equal(token, mms__process_token());
}

static void start_time_is_that_of_proc_whatever_the_program_is_called(void **state)
{
    uint64_t start = mms__process_start(), expected;
    char text[1024];
    FILE *file;

    (void)state;
    check_true(start > 0);
    check_true(pthread_setname_np(pthread_self(), "a) 1 (2 3) x") == 0);
    check_equal(mms__process_start(), start);
    pthread_setname_np(pthread_self(), "plain");
    file = fopen("/proc/self/stat", "re");
    check_true(file && fgets(text, sizeof text, file));
    fclose(file);
    check_true(sscanf(text,
                      "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %" SCNu64,
                      &expected) == 1);
    check_equal(start, expected);
}

/* As if /proc were not the kernel's own. */
static void read_another_stat(void *directory)
{
    static const char whole[] = "7 (a b) R 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20";
    static const char *const texts[] = {"", "no parenthesis 1 2 3", "7 (comm) R 1 2 3", whole};
    static const uint64_t starts[] = {0, 0, 0, 4711};
    char path[600];

    snprintf(path, sizeof path, "%s/self", (const char *)directory);
    check_true(mkdir(path, 0755) == 0);
    check_equal(mms__process_start(), 0);
    snprintf(path, sizeof path, "%s/self/stat", (const char *)directory);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        FILE *file = fopen(path, "we");

        check_true(file && fputs(texts[i], file) >= 0 && fclose(file) == 0);
        check_equal(mms__process_start(), starts[i]);
    }
}

static void unknown_start_time_is_0(void **state)
{
    skip_under_emulator("the emulator answers for /proc/self/stat by itself");
    (void)state;
    in_child_with_mount("tmpfs", NULL, "/proc", read_another_stat, (void *)(uintptr_t) "/proc");
}

/* ---- Members ---- */

static struct note {
    struct mms__member member;
    unsigned forks, ends;
    uintptr_t ended;
} note;

static void note_fork(struct mms__member *member)
{
    ((struct note *)member)->forks++;
}

static void note_end(struct mms__member *member, uintptr_t thread)
{
    ((struct note *)member)->ends++;
    ((struct note *)member)->ended = thread;
}

static int join(void **state)
{
    (void)state;
    note = (struct note){.member = {.forked = note_fork, .thread_ended = note_end}};
    return mms__member_join(&note.member);
}

static void expect_forks(void *expected)
{
    check_equal(note.forks, *(unsigned *)expected);
}

static void member_hears_of_a_fork_in_the_child_alone(void **state)
{
    unsigned once = 1, never = 0;

    (void)state;
    in_child(expect_forks, &once);
    check_equal(note.forks, 0);
    mms__member_leave(&note.member);
    in_child(expect_forks, &never);
}

static void *name_thread(void *named)
{
    *(uintptr_t *)named = mms__thread_token();
    check_equal(mms__thread_token(), *(uintptr_t *)named);
    return NULL;
}

static void *stay_anonymous(void *unused)
{
    return unused;
}

static void run_thread(void *(*function)(void *), void *argument)
{
    pthread_t thread;

    check_true(pthread_create(&thread, NULL, function, argument) == 0);
    pthread_join(thread, NULL);
}

static void member_hears_of_the_end_of_threads_that_were_named(void **state)
{
    uintptr_t first = 0, second = 0;

    (void)state;
    run_thread(stay_anonymous, NULL);
    check_equal(note.ends, 0);
    run_thread(name_thread, &first);
    check_equal(note.ends, 1);
    check_equal(note.ended, first);
    run_thread(name_thread, &second);
    check_true(first != 0 && second != 0 && first != second);
    mms__member_leave(&note.member);
    run_thread(name_thread, &second);
    check_equal(note.ends, 2);
}

static void members_leave_in_any_order(void **state)
{
    struct note others[3];
    unsigned expected = 1;

    (void)state;
    for (int i = 0; i < 3; i++) {
        others[i] = (struct note){.member = {.forked = note_fork}};
        check_equal(mms__member_join(&others[i].member), 0);
    }
    mms__member_leave(&others[1].member);
    mms__member_leave(&others[2].member);
    in_child(expect_forks, &expected);
    mms__member_leave(&note.member);
    mms__member_leave(&others[0].member);
}

static void join_anew(void *unused)
{
    struct note *own = test_malloc(sizeof *own);
    unsigned once = 1;

    (void)unused;
    memset(&note, 0xa5, sizeof note); /* as if the parent's handle had been freed */
    memset(own, 0, sizeof *own);
    own->member.forked = note_fork;
    check_equal(mms__member_join(&own->member), 0);
    mms__member_leave(&own->member);
    test_free(own);
    note = (struct note){.member = {.forked = note_fork}};
    check_equal(mms__member_join(&note.member), 0);
    in_child(expect_forks, &once);
}

static void child_starts_with_no_members_however_it_was_made(void **state)
{
    need_fork_advice();
    (void)state;
    in_child(join_anew, NULL);
    in_raw_child(join_anew, NULL);
    mms__member_leave(&note.member);
}

/* As if by another thread, stopped there by the end of the program. */
static void exit_with_the_list_locked(void *unused)
{
    (void)unused;
    mms__fork_hold();
    exit(0);
}

static void program_ends_though_a_thread_is_at_the_list(void **state)
{
    (void)state;
    in_child(exit_with_the_list_locked, NULL);
    mms__member_leave(&note.member);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(token_is_the_same_until_fork),
        cmocka_unit_test(child_of_raw_clone_is_noticed_too),
        cmocka_unit_test(threads_share_the_token),
        cmocka_unit_test(start_time_is_that_of_proc_whatever_the_program_is_called),
        cmocka_unit_test(unknown_start_time_is_0),
        cmocka_unit_test_setup(member_hears_of_a_fork_in_the_child_alone, join),
        cmocka_unit_test_setup(member_hears_of_the_end_of_threads_that_were_named, join),
        cmocka_unit_test_setup(members_leave_in_any_order, join),
        cmocka_unit_test_setup(program_ends_though_a_thread_is_at_the_list, join),
        cmocka_unit_test_setup(child_starts_with_no_members_however_it_was_made, join),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
