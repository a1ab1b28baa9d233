/* SPDX-License-Identifier: Apache-2.0 */
#include "gone.h"
#include "sample.h"
#include "scratch.h"

struct gone_places places;

void set_places(void **state)
{
    places.region = scratch_path(state, "region");
    places.aside = scratch_path(state, "aside");
    places.other = scratch_path(state, "other");
}

void clear_places(void)
{
    scratch_delete(places.region);
    scratch_delete(places.aside);
    scratch_delete(places.other);
}

void open_watcher(struct watcher *watcher)
{
    watcher->region = sample_region(places.region);
    watcher->reader = sample_reader(watcher->region);
    for (int i = 0; i < 3; i++)
        watcher->view = check_holds(watcher->reader, "value");
}

void close_watcher(struct watcher *watcher)
{
    check_ok(mms_reader_close(watcher->reader));
    check_ok(mms_region_close(watcher->region));
}

/* ---- Each call that looks ---- */

static int check(struct watcher *watcher)
{
    return mms_region_check(watcher->region);
}

static int copy(struct watcher *watcher)
{
    char copy[16];

    return mms_read_copy(watcher->region, copy, sizeof copy, NULL, NULL);
}

static int copy_schema(struct watcher *watcher)
{
    char copy[16];
    size_t size;

    return mms_read_schema(watcher->region, copy, sizeof copy, &size, NULL, NULL);
}

static int open_reader(struct watcher *watcher)
{
    mms_reader *reader;

    return mms_reader_open(watcher->region, &reader);
}

static int look_for_change(struct watcher *watcher)
{
    return mms_wait(watcher->reader, mms_generation(watcher->region), 0);
}

static int look_for_change_in_region(struct watcher *watcher)
{
    return mms_region_wait(watcher->region, mms_generation(watcher->region), 0);
}

static int wait_a_little(struct watcher *watcher)
{
    return mms_wait(watcher->reader, mms_generation(watcher->region), 5);
}

static const struct look {
    const char *name;
    int (*run)(struct watcher *watcher);
} looks[] = {
    {"mms_region_check", check},
    {"mms_read_copy", copy},
    {"mms_read_schema", copy_schema},
    {"mms_reader_open", open_reader},
    {"mms_wait 0", look_for_change},
    {"mms_wait 5", wait_a_little},
    {"mms_region_wait", look_for_change_in_region},
};

enum { LOOKS = sizeof looks / sizeof *looks };

void check_all_gone(struct watcher *watcher)
{
    mms_view view;

    check_memory(watcher->view.data, "value", 5);
    check_ok(mms_release(watcher->reader));
    check_code(mms_read(watcher->reader, &view), MMS_E_GONE);
    check_true(view.data == NULL);
    check_code(mms_refresh(watcher->reader, &view), MMS_E_GONE);
    check_equal(mms_generation(watcher->region), 0);
    for (int i = 0; i < LOOKS; i++)
        check_code(looks[i].run(watcher), MMS_E_GONE);
    check_code(mms_wait(watcher->reader, 4711, 0), MMS_E_GONE);
}

static void check_notices(const struct harm *harm, const struct look *look)
{
    struct watcher watcher;
    int code;

    open_watcher(&watcher);
    harm->happens();
    code = look->run(&watcher);
    if (code != MMS_E_GONE)
        check_failed(__FILE__, __LINE__, "%s: %s says %s", harm->name, look->name, mms_error_name(code));
    check_all_gone(&watcher);
    close_watcher(&watcher);
}

void check_each_call_notices(const struct harm *harms, int count, void (*make)(void), void (*clear)(void))
{
    for (int harm = 0; harm < count; harm++)
        for (int look = 0; look < LOOKS; look++) {
            make();
            check_notices(&harms[harm], &looks[look]);
            clear();
        }
}

/* ---- Writers ---- */

int write_on(mms_writer *writer, void (*stop_clock)(mms_writer *writer))
{
    int code = 0;

    for (int i = 0; i < 1024 && code == 0; i++) {
        stop_clock(writer);
        code = mms_write(writer, "lost", 4, NULL);
    }
    return code;
}
