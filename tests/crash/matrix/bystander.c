/* SPDX-License-Identifier: Apache-2.0 */
/* Processes that mind their own business, and must notice nothing of the victim's end but a value
   that comes later: one keeps reading, in place and by copy, and one sleeps until something
   changes. */
#include "pattern.h"
#include "sample.h"
#include "stage.h"
#include <errno.h>
#include <sched.h>
#include <stdio.h>

static bool is_over(const struct stage *stage)
{
    return __atomic_load_n(&stage->board->stop, __ATOMIC_ACQUIRE) != 0;
}

static void say_up(const struct stage *stage)
{
    __atomic_add_fetch(&stage->board->bystanders_up, 1, __ATOMIC_RELEASE);
}

/* The region may be missing: then look for it again. */
static void check_absence(const struct stage *stage, int code)
{
    if ((code == -ENOENT || code == MMS_E_GONE) && stage->scenario->flags & MAY_BE_ABSENT)
        return;
    if (code == MMS_E_GONE && stage->scenario == &replace)
        return;
    if (code == MMS_E_EMPTY && stage->scenario->flags & MAY_BE_EMPTY)
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

static void close_both(mms_region *region, mms_reader *reader)
{
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

static int copy_once(mms_region *region, uint64_t *last)
{
    static unsigned char value[STAGE_MAX_SIZE] __attribute__((aligned(16)));
    uint64_t generation;
    size_t size;
    int code = mms_read_copy(region, value, sizeof value, &size, &generation);

    if (code != 0)
        return code == MMS_E_AGAIN ? 0 : code;
    check_true(is_whole(value, size, generation));
    check_true(generation >= *last);
    *last = generation;
    return 0;
}

static int read_once(mms_reader *reader, uint64_t *last)
{
    mms_view view;
    int code = mms_read(reader, &view);

    if (code != 0)
        return code;
    check_true(view.generation >= *last);
    check_true(is_whole(view.data, view.size, view.generation));
    check_ok(mms_release(reader));
    *last = view.generation;
    return 0;
}

static void watch_until_gone(struct stage *stage, mms_region *region, mms_reader *reader)
{
    uint64_t last = 0;

    for (unsigned i = 0; !is_over(stage); i++) {
        int code = i % 8 == 7 ? copy_once(region, &last) : read_once(reader, &last);

        if (code != 0)
            check_absence(stage, code);
        if (code == MMS_E_GONE)
            return;
        __atomic_store_n(&stage->board->watched, last, __ATOMIC_RELEASE);
        __atomic_add_fetch(&stage->board->reads, 1, __ATOMIC_RELAXED);
        sched_yield();
    }
}

void watch_region(void *argument)
{
    struct stage *stage = argument;
    mms_region *region;
    mms_reader *reader;
    bool up = false;

    while (!is_over(stage)) {
        bool open = open_again(stage, &region, &reader);

        if (!up)
            say_up(stage);
        up = true;
        if (open) {
            watch_until_gone(stage, region, reader);
            close_both(region, reader);
        }
    }
}

static void wait_until_gone(struct stage *stage, mms_region *region, mms_reader *reader)
{
    uint64_t seen = mms_generation(region);

    while (!is_over(stage)) {
        int code;

        __atomic_store_n(&stage->board->woken, seen, __ATOMIC_RELEASE);
        code = mms_wait(reader, seen, MMS_FOREVER);
        if (code != 0)
            check_absence(stage, code);
        if (code == MMS_E_GONE)
            return;
        seen = mms_generation(region);
    }
}

void wait_for_changes(void *argument)
{
    struct stage *stage = argument;
    mms_region *region;
    mms_reader *reader;
    bool up = false;

    while (!is_over(stage)) {
        bool open = open_again(stage, &region, &reader);

        if (!up)
            say_up(stage);
        up = true;
        if (open) {
            wait_until_gone(stage, region, reader);
            close_both(region, reader);
        }
    }
}
