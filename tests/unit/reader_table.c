/* SPDX-License-Identifier: Apache-2.0 */
/* Owners of lines: taking a lock byte, and reaping the dead (region/table.c; G5). */
#include "region/pool.h"
#include "region/protocol.h"
#include "region/table.h"
#include "region/writer_lock.h"
#include "scratch.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINES = 5 };

/* A table in plain memory, and the file whose bytes are locked. */
struct fixture {
    struct mms__table table;
    const char *path;
};

static struct fixture make_of(void **state, uint32_t lines)
{
    struct fixture fixture = {.path = scratch_path(state, "readers")};
    size_t size = mms__readers_size(lines);

    fixture.table = (struct mms__table){aligned_alloc(128, (size + 127) & ~(size_t)127), lines};
    check_true(fixture.table.shared != NULL);
    memset(fixture.table.shared, 0, size);
    return fixture;
}

static struct fixture make(void **state)
{
    return make_of(state, LINES);
}

static int open_file(const struct fixture *fixture)
{
    int fd = open(fixture->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    check_true(fd >= 0);
    return fd;
}

static void claim(struct fixture *fixture, uint32_t line, uint32_t owner)
{
    struct mms__readers *shared = fixture->table.shared;

    check_true(mms__line_claim(&shared->lines[line], &shared->high_water, line, owner, MMS__SYMMETRIC, 0));
    shared->lines[line].announce = 7 << 2 | MMS__EXACT;
}

static bool is_free(const struct fixture *fixture, uint32_t line)
{
    const struct mms__line *own = &fixture->table.shared->lines[line];

    return own->owner == 0 && own->announce == MMS__IDLE;
}

static unsigned reap(const struct fixture *fixture, int fd, uint32_t owner)
{
    return mms__table_reap(&fixture->table, fd, &owner, 1);
}

static void each_process_gets_an_owner_of_its_own_until_all_are_taken(void **state)
{
    struct fixture fixture = make(state);
    int files[LINES + 1];
    unsigned seen = 0;
    uint32_t owner;

    for (int i = 0; i < LINES; i++) {
        files[i] = open_file(&fixture);
        check_equal(mms__table_take_owner(&fixture.table, files[i], &owner), 0);
        check_true(owner >= 1 && owner <= LINES && !(seen & 1u << owner));
        seen |= 1u << owner;
    }
    files[LINES] = open_file(&fixture);
    check_equal(mms__table_take_owner(&fixture.table, files[LINES], &owner), MMS_E_FULL);
    close(files[2]);
    check_equal(mms__table_take_owner(&fixture.table, files[LINES], &owner), 0);
    for (int i = 0; i <= LINES; i++)
        if (i != 2)
            close(files[i]);
    free(fixture.table.shared);
}

static void owner_that_cannot_be_locked_is_an_error_not_full(void **state)
{
    struct fixture fixture = make(state);
    uint32_t owner;

    check_equal(mms__table_take_owner(&fixture.table, -1, &owner), -EBADF);
    free(fixture.table.shared);
}

static void lines_of_the_last_owner_are_cleared_by_the_next(void **state)
{
    struct fixture fixture = make(state);
    int fd = open_file(&fixture);
    uint32_t owner;

    for (uint32_t i = 0; i < LINES; i++)
        claim(&fixture, i, i + 1);
    check_equal(mms__table_take_owner(&fixture.table, fd, &owner), 0);
    for (uint32_t i = 0; i < LINES; i++)
        check_equal(is_free(&fixture, i), i + 1 == owner);
    close(fd);
    free(fixture.table.shared);
}

static void living_owner_is_not_reaped(void **state)
{
    struct fixture fixture = make(state);
    int alive = open_file(&fixture), judge = open_file(&fixture);
    uint32_t owner;

    check_equal(mms__table_take_owner(&fixture.table, alive, &owner), 0);
    claim(&fixture, 3, owner);
    check_equal(reap(&fixture, judge, owner), 0);
    check_equal(mms__table_sweep(&fixture.table, judge), 0);
    check_true(!is_free(&fixture, 3));
    close(alive);
    close(judge);
    free(fixture.table.shared);
}

static void dead_owner_loses_all_its_lines_and_nobody_elses(void **state)
{
    struct fixture fixture = make(state);
    int alive = open_file(&fixture), judge = open_file(&fixture);
    uint32_t living, dead;

    check_equal(mms__table_take_owner(&fixture.table, alive, &living), 0);
    dead = living % LINES + 1;
    claim(&fixture, 0, dead);
    claim(&fixture, 1, living);
    claim(&fixture, 2, dead);
    check_equal(reap(&fixture, judge, dead), 2);
    check_true(is_free(&fixture, 0) && !is_free(&fixture, 1) && is_free(&fixture, 2));
    check_equal(mms__test_byte(alive, MMS__LOCK_BASE + dead), 0);
    close(alive);
    close(judge);
    free(fixture.table.shared);
}

static void sweep_reaps_all_the_dead(void **state)
{
    struct fixture fixture = make(state);
    int judge = open_file(&fixture);

    claim(&fixture, 0, 1);
    claim(&fixture, 2, 4);
    claim(&fixture, 4, 1);
    check_equal(mms__table_sweep(&fixture.table, judge), 3);
    for (uint32_t i = 0; i < LINES; i++)
        check_true(is_free(&fixture, i));
    close(judge);
    free(fixture.table.shared);
}

/* More than can be judged at a time, each with a line. */
enum { CROWD = 3 * MMS__REAP_BATCH + 7 };

static void sweep_reaps_the_dead_of_all_batches(void **state)
{
    struct fixture fixture = make_of(state, CROWD);
    int fd = open_file(&fixture);

    for (uint32_t line = 0; line < CROWD; line++)
        claim(&fixture, line, line + 1);
    check_equal(mms__table_sweep(&fixture.table, fd), CROWD);
    for (uint32_t line = 0; line < CROWD; line++)
        check_true(is_free(&fixture, line));
    close(fd);
    free(fixture.table.shared);
}

/* A batch of the living in front must not keep the dead behind it from being judged. */
static void turn_of_every_holder_comes(void **state)
{
    struct fixture fixture = make_of(state, CROWD);
    int living = open_file(&fixture);
    struct mms__file file = {.fd = open_file(&fixture)};
    struct mms__holder holders[CROWD];
    struct mms__pool pool = {.table = fixture.table, .holders = holders, .holder_count = CROWD, .readers_file = &file};
    unsigned cleared = 0;

    for (uint32_t line = 0; line < CROWD; line++) {
        claim(&fixture, line, line + 1);
        holders[line] = (struct mms__holder){.line = line};
        if (line != CROWD - 1)
            check_equal(mms__lock_byte(living, MMS__LOCK_BASE + line + 1), 0);
    }
    for (int i = 0; i <= CROWD / MMS__REAP_BATCH; i++)
        cleared += mms__reap_holders(&pool);
    check_equal(cleared, 1);
    check_true(is_free(&fixture, CROWD - 1));
    close(living);
    close(file.fd);
    free(fixture.table.shared);
}

static void scribbled_owners_and_marks_are_ignored_and_swept(void **state)
{
    struct fixture fixture = make(state);
    int judge = open_file(&fixture);

    fixture.table.shared->high_water = UINT32_MAX;
    fixture.table.shared->lines[0].owner = LINES + 1;
    fixture.table.shared->lines[1].owner = UINT32_MAX;
    check_equal(mms__table_used(&fixture.table), LINES);
    check_equal(reap(&fixture, judge, 0), 0);
    check_equal(reap(&fixture, judge, UINT32_MAX), 0);
    check_equal(mms__table_sweep(&fixture.table, judge), 2); /* nobody's, so they are free again */
    check_true(is_free(&fixture, 0) && is_free(&fixture, 1));
    close(judge);
    free(fixture.table.shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(each_process_gets_an_owner_of_its_own_until_all_are_taken),
        scratch_test(owner_that_cannot_be_locked_is_an_error_not_full),
        scratch_test(lines_of_the_last_owner_are_cleared_by_the_next),
        scratch_test(living_owner_is_not_reaped),
        scratch_test(dead_owner_loses_all_its_lines_and_nobody_elses),
        scratch_test(sweep_reaps_all_the_dead),
        scratch_test(sweep_reaps_the_dead_of_all_batches),
        scratch_test(turn_of_every_holder_comes),
        scratch_test(scribbled_owners_and_marks_are_ignored_and_swept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
