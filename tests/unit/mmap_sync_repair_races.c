/* SPDX-License-Identifier: Apache-2.0 */
/* mms_repair while readers come and go, and while a value is published: no count of the living is lost (mmap_sync/repair.c,
   which is compiled here with what others do at its steps and right after each compare-and-swap). */
#include <mmsync/atomic.h>
#include <stdbool.h>

static void at_step(const char *name);
static bool after_cas(bool swapped);

#define MMS__STEP(name) at_step(#name)
#undef mms__cas_seq_cst
#define mms__cas_seq_cst(p, expected, desired) \
    after_cas(__atomic_compare_exchange_n((p), (expected), (desired), 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
#include "mmap_sync/repair.c"
#undef MMS__STEP
#define MMS__STEP(name) ((void)0)

#include "mmap_sync_sample.h"
#include "sample.h"
#include "scratch.h"

enum { VIEW_MS = 20, COUNTED = 5 };

static struct {
    const char *step; /* at which it happens; NULL: right after a compare-and-swap */
    void (*happens)(void);
    unsigned times;
    struct mms__mmap_sync_state *state;
    mms_writer *writer;
} other;

static void happen(void)
{
    if (other.times == 0)
        return;
    other.times--;
    other.happens();
}

static void at_step(const char *name)
{
    if (other.step && strcmp(name, other.step) == 0)
        happen();
}

static bool after_cas(bool swapped)
{
    if (!other.step && swapped)
        happen();
    return swapped;
}

static void publish_other(void)
{
    other.state->version ^= UINT64_C(1) << 40; /* as another value of another length */
}

static void come(void)
{
    (void)mms__increment(&other.state->readers[0]);
}

static void leave_three(void)
{
    other.state->readers[0] -= 3;
}

static void fall_below_zero(void)
{
    other.state->readers[0] = UINT32_MAX;
}

/* Two values, the second of them current, and so many readers of the first. */
static const char *begin(void **state, uint32_t counted)
{
    const char *path = scratch_path(state, "value");

    other.writer = mmap_sync_writer(path, MMS_NO_WAIT, false);
    publish_text(other.writer, "first");
    publish_text(other.writer, "second");
    other.state = mmap_sync_map(path);
    other.state->readers[0] = counted;
    return path;
}

static void end(const char *path)
{
    other.times = 0;
    mmap_sync_unmap(other.state);
    check_ok(mms_writer_close(other.writer));
    check_ok(mms_remove(path));
}

/* The part of the call that goes by time. */
static int repair_while(const char *path, const char *step, void (*happens)(void), mms_repair_report *report)
{
    struct mms__place place;
    int code;

    other.step = step;
    other.happens = happens;
    other.times = 1;
    check_ok(mms__place_find(path, &place));
    code = repair_by_time(&place, other.state, VIEW_MS, report);
    mms__place_close(&place);
    check_equal(other.times, 0); /* it did happen */
    return code;
}

static void a_publish_during_the_repair_takes_nothing_off(void **state)
{
    static const char *const steps[] = {"mmap_sync_repair_watched", NULL};

    for (int i = 0; i < 2; i++) {
        const char *path = begin(state, COUNTED);
        mms_repair_report report;

        check_code(repair_while(path, steps[i], publish_other, &report), MMS_E_AGAIN);
        check_detail_mentions("something was published meanwhile");
        check_equal(other.state->readers[0], COUNTED); /* also if it had been taken off: it is given back */
        check_equal(other.state->readers[1], 0);
        end(path);
    }
}

/* What was never lower is taken off, and whoever came later stays counted. */
static void those_who_come_stay_counted(void **state)
{
    const char *path = begin(state, COUNTED);
    mms_repair_report report;

    check_ok(repair_while(path, "mmap_sync_repair_watched", come, &report));
    check_equal(report.before[0], COUNTED);
    check_equal(report.after[0], 1);
    check_equal(other.state->readers[0], 1);
    end(path);
}

/* Readers that were counted wait for nobody: if some leave, there are fewer to take off, and the count does not wrap. */
static void those_who_leave_are_not_taken_off_twice(void **state)
{
    static void (*const leaves[])(void) = {leave_three, fall_below_zero};

    for (int i = 0; i < 2; i++) {
        const char *path = begin(state, COUNTED);
        mms_repair_report report;

        check_ok(repair_while(path, "mmap_sync_repair_watched", leaves[i], &report));
        check_equal(report.after[0], 0);
        check_equal(other.state->readers[0], 0);
        publish_text(other.writer, "third"); /* into the file whose readers were counted */
        end(path);
    }
}

/* With force: a count that changes between the look and the store is looked at again. */
static void a_count_that_changes_is_looked_at_again(void **state)
{
    const char *path = begin(state, COUNTED);
    mms_repair_report report;

    other.step = "mmap_sync_repair_looked";
    other.happens = come;
    other.times = 1;
    check_ok(mms_repair(path, MMS_REPAIR_FORCE, 0, &report));
    check_equal(report.before[0], COUNTED + 1);
    check_equal(report.after[0], 0);
    check_equal(other.state->readers[0], 0);
    end(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(a_publish_during_the_repair_takes_nothing_off),
        scratch_test(those_who_come_stay_counted),
        scratch_test(those_who_leave_are_not_taken_off_twice),
        scratch_test(a_count_that_changes_is_looked_at_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
