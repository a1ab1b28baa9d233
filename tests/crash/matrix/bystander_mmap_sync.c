/* SPDX-License-Identifier: Apache-2.0 */
/* As bystander.c, for the files of mmap-sync. Views are short there, because a held one blocks
   every writer. What must not go back is the number of the value. */
#include "pattern.h"
#include "sample.h"
#include "stage.h"
#include <errno.h>
#include <sched.h>
#include <string.h>

uint64_t check_value(const void *data, size_t size)
{
    uint64_t seed;

    check_true(size >= sizeof seed);
    check_true(pattern_check(data, size, 0));
    memcpy(&seed, data, sizeof seed);
    check_true((seed & PATTERN_FREE_SEED) != 0);
    return seed & ~PATTERN_FREE_SEED;
}

static bool is_over(const struct stage *stage)
{
    return __atomic_load_n(&stage->board->stop, __ATOMIC_ACQUIRE) != 0;
}

static void say_up(const struct stage *stage)
{
    __atomic_add_fetch(&stage->board->bystanders_up, 1, __ATOMIC_RELEASE);
}

static void check_absence(const struct stage *stage, int code)
{
    if ((code == -ENOENT || code == MMS_E_GONE) && stage->scenario->flags & MAY_BE_ABSENT)
        return;
    if (code == MMS_E_EMPTY && stage->scenario->flags & MAY_BE_EMPTY)
        return;
    if (code == MMS_E_EVICTED && stage->scenario->flags & RESETS)
        return;
    check_ok(code);
}

static bool open_again(const struct stage *stage, mms_region **region, mms_reader **reader)
{
    int code = mms_region_open(stage->path, NULL, region);

    if (code == 0) {
        check_ok(mms_reader_open(*region, reader));
        return true;
    }
    check_absence(stage, code);
    sched_yield();
    return false;
}

static int read_once(mms_reader *reader, uint64_t *number)
{
    mms_view view;
    int code = mms_read(reader, &view);

    if (code != 0)
        return code;
    *number = check_value(view.data, view.size);
    return mms_release(reader);
}

static int copy_once(mms_region *region, uint64_t *number)
{
    static unsigned char value[STAGE_MAX_SIZE];
    size_t size;
    int code;

    do
        code = mms_read_copy(region, value, sizeof value, &size, NULL);
    while (code == MMS_E_AGAIN);
    if (code == 0)
        *number = check_value(value, size);
    return code;
}

static void watch_until_gone(struct stage *stage, mms_region *region, mms_reader *reader)
{
    uint64_t last = 0;

    for (unsigned i = 0; !is_over(stage); i++) {
        uint64_t number = last;
        int code = i % 8 == 7 ? copy_once(region, &number) : read_once(reader, &number);

        if (code != 0)
            check_absence(stage, code);
        if (code == MMS_E_GONE || code == -ENOENT)
            return;
        check_true(number >= last);
        last = number;
        __atomic_store_n(&stage->board->watched, last, __ATOMIC_RELEASE);
        __atomic_add_fetch(&stage->board->reads, 1, __ATOMIC_RELAXED);
        sched_yield();
    }
}

/* It may be that nothing is published any more: then nothing wakes it to end. */
enum { WAIT_MS = 5 };

static void wait_until_gone(struct stage *stage, mms_region *region, mms_reader *reader)
{
    while (!is_over(stage)) {
        uint64_t seen = mms_generation(region), number;
        int code = copy_once(region, &number); /* what was current with `seen`, or newer */

        if (code == 0)
            __atomic_store_n(&stage->board->woken, number, __ATOMIC_RELEASE);
        if (code == 0 || code == MMS_E_EMPTY)
            code = mms_wait(reader, seen, WAIT_MS);
        if (code != 0 && code != MMS_E_TIMEOUT)
            check_absence(stage, code);
        if (code == MMS_E_GONE || code == -ENOENT)
            return;
    }
}

static void follow(struct stage *stage, void (*until_gone)(struct stage *, mms_region *, mms_reader *))
{
    mms_region *region;
    mms_reader *reader;
    bool up = false;

    while (!is_over(stage)) {
        bool open = open_again(stage, &region, &reader);

        if (!up)
            say_up(stage);
        up = true;
        if (open) {
            until_gone(stage, region, reader);
            check_ok(mms_reader_close(reader));
            check_ok(mms_region_close(region));
        }
    }
}

void watch_values(void *stage)
{
    follow(stage, watch_until_gone);
}

void wait_for_values(void *stage)
{
    follow(stage, wait_until_gone);
}
