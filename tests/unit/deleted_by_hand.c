/* SPDX-License-Identifier: Apache-2.0 */
/* ctest: waits */
/* A region that is deleted, moved or replaced by hand, and created again: each call that checks
   reports it (handle/gone.c), on handles that no other call has checked before, and then all other
   calls report it too. */
#include "base/libc.h"
#include "forked.h"
#include "gone.h"
#include "os/clock.h"
#include "region/writer.h"
#include "sample.h"
#include "scratch.h"
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ---- What is done by hand ---- */

static void delete_all(void)
{
    scratch_delete(places.region);
}

static void delete_and_make_anew(void)
{
    scratch_delete(places.region);
    sample_closed_region(places.region, "newer");
}

static void move_away(void)
{
    check_true(rename(places.region, places.aside) == 0);
}

static void put_another_there(void)
{
    sample_closed_region(places.other, "newer");
    check_true(renameat2(AT_FDCWD, places.region, AT_FDCWD, places.other, RENAME_EXCHANGE) == 0);
}

static void put_a_file_there(void)
{
    move_away();
    fclose(fopen(places.region, "we"));
}

static const char *part(const char *name)
{
    static char path[512];

    snprintf(path, sizeof path, "%s/%s", places.region, name);
    return path;
}

static void delete_control(void)
{
    check_true(unlink(part("control")) == 0);
}

static void delete_data(void)
{
    check_true(unlink(part("data")) == 0);
}

static void delete_readers(void)
{
    check_true(unlink(part("readers")) == 0);
}

/* The old file stays linked. */
static void replace_part(const char *name)
{
    char old[512], moved[512];

    snprintf(old, sizeof old, "%s/%s", places.region, name);
    snprintf(moved, sizeof moved, "%s/%s.old", places.region, name);
    check_true(rename(old, moved) == 0);
    fclose(fopen(old, "we"));
}

static void replace_control(void)
{
    replace_part("control");
}

static void replace_data(void)
{
    replace_part("data");
}

static const struct harm harms[] = {
    {"rm -rf", delete_all},
    {"rm -rf, and made anew", delete_and_make_anew},
    {"moved", move_away},
    {"another region put there", put_another_there},
    {"a file put there", put_a_file_there},
    {"control deleted", delete_control},
    {"data deleted", delete_data},
    {"readers deleted", delete_readers},
    {"control replaced", replace_control},
    {"data replaced", replace_data},
};

enum { HARMS = sizeof harms / sizeof *harms };

/* ---- Readers ---- */

static void make_region(void)
{
    sample_closed_region(places.region, "value");
}

static void every_call_that_looks_notices(void **state)
{
    set_places(state);
    check_each_call_notices(harms, HARMS, make_region, clear_places);
}

static void waiter_that_sleeps_notices(void **state)
{
    struct watcher watcher;

    set_places(state);
    sample_closed_region(places.region, "value");
    open_watcher(&watcher);
    delete_and_make_anew();
    check_code(mms_wait(watcher.reader, watcher.view.generation, MMS_FOREVER), MMS_E_GONE);
    check_all_gone(&watcher);
    close_watcher(&watcher);
}

/* Reads are inline until then. */
static void inline_reads_notice_what_another_call_has_noticed(void **state)
{
    struct watcher watcher;
    mms_view view;

    set_places(state);
    sample_closed_region(places.region, "value");
    open_watcher(&watcher);
    delete_and_make_anew();
    check_ok(mms_refresh(watcher.reader, &view));
    check_code(mms_region_check(watcher.region), MMS_E_GONE);
    check_code(mms_refresh(watcher.reader, &view), MMS_E_GONE);
    check_true(view.data == NULL);
    check_code(mms_release(watcher.reader), MMS_E_NO_VIEW);
    close_watcher(&watcher);
    clear_places();
}

static void check_copy(const struct watcher *watcher)
{
    char copy[16];

    check_ok(mms_read_copy(watcher->region, copy, sizeof copy, NULL, NULL));
}

static void region_that_stays_is_not_gone(void **state)
{
    struct watcher watcher;
    mms_writer *writer;

    set_places(state);
    sample_closed_region(places.region, "value");
    open_watcher(&watcher);
    writer = sample_writer(places.region);
    for (int i = 0; i < 1000; i++) {
        check_ok(mms_region_check(watcher.region));
        publish_text(writer, "value");
    }
    check_ok(mms_writer_close(writer));
    check_ok(mms_region_check(watcher.region));
    check_copy(&watcher);
    check_ok(mms_remove(places.region));
    check_code(mms_region_check(watcher.region), MMS_E_GONE);
    check_code(mms_region_check(NULL), MMS_E_INVALID);
    close_watcher(&watcher);
}

/* ---- Writers ---- */

static void delete_lock(void)
{
    check_true(unlink(part("lock")) == 0);
}

static void replace_lock(void)
{
    replace_part("lock");
}

static void stop_clock(mms_writer *writer)
{
    mms__native_writer_of(writer)->looked_ns = mms__time_coarse_ns();
}

static void sleep_ms(long milliseconds)
{
    struct timespec pause = {0, milliseconds * 1000000};

    (void)nanosleep(&pause, NULL);
}

/* Wait until the next write must look, by the clock that writes read: its step is up to 10 ms on
   some machines. */
static void pause_a_while(void)
{
    uint64_t start = mms__time_coarse_ns();

    while (mms__time_coarse_ns() == start)
        sleep_ms(1);
}

static void writer_notices(const struct harm *harm)
{
    mms_writer *writer = sample_writer(places.region);
    int code;

    publish_text(writer, "value");
    harm->happens();
    pause_a_while(); /* after it the next write fails */
    code = mms_write(writer, "lost", 4, NULL);
    if (code != MMS_E_GONE)
        check_failed(__FILE__, __LINE__, "%s: mms_write says %s", harm->name, mms_error_name(code));
    check_detail_mentions("open the writer again");
    check_code(mms_write(writer, "lost", 4, NULL), MMS_E_GONE);
    check_code(mms_write_begin(writer, 4, &(void *){NULL}, NULL), MMS_E_GONE);
    check_ok(mms_writer_close(writer));
    clear_places();
}

static void write_until_names_need_no_look(mms_writer *writer)
{
    for (int i = 0; i < 1000 && mms__native_writer_of(writer)->unchanged_ns == 0; i++) {
        check_ok(mms_write(writer, "value", 5, NULL));
        sleep_ms(10);
    }
    check_true(mms__native_writer_of(writer)->unchanged_ns != 0);
    check_ok(mms_write(writer, "value", 5, NULL));
}

static void writer_that_has_looked_once_notices(void **state)
{
    static const char *const names[] = {"control", "readers", "data", "lock"};

    set_places(state);
    for (int i = 0; i < 4; i++) {
        mms_writer *writer = sample_writer(places.region);

        write_until_names_need_no_look(writer);
        replace_part(names[i]);
        pause_a_while();
        check_code(mms_write(writer, "lost", 4, NULL), MMS_E_GONE);
        check_ok(mms_writer_close(writer));
        clear_places();
    }
}

static void writers_notice(void **state)
{
    const struct harm more[] = {{"lock deleted", delete_lock}, {"lock replaced", replace_lock}};

    set_places(state);
    for (int harm = 0; harm < HARMS; harm++)
        writer_notices(&harms[harm]);
    writer_notices(&more[0]);
    writer_notices(&more[1]);
}

static void writer_in_a_tight_loop_notices(void **state)
{
    mms_writer *writer;

    set_places(state);
    writer = sample_writer(places.region);
    check_ok(write_on(writer, stop_clock));
    delete_all();
    check_code(write_on(writer, stop_clock), MMS_E_GONE);
    check_ok(mms_writer_close(writer));
}

static void write_that_was_begun_before_is_not_published(void **state)
{
    mms_writer *writer;
    void *buffer;

    set_places(state);
    writer = sample_writer(places.region);
    check_ok(mms_write_begin(writer, 100, &buffer, NULL));
    delete_and_make_anew();
    pause_a_while();
    check_code(mms_write_commit(writer, 100, NULL), MMS_E_GONE);
    check_ok(mms_write_abort(writer));
    check_code(mms_write(writer, "lost", 4, NULL), MMS_E_GONE);
    check_ok(mms_writer_close(writer));
    check_copies(places.region, "newer");
}

/* ---- What cannot be seen ---- */

static void change_root(void *empty)
{
    struct watcher watcher;
    mms_view view;

    open_watcher(&watcher);
    check_true(chroot(empty) == 0 && chdir("/") == 0);
    check_ok(mms_region_check(watcher.region));
    check_copy(&watcher);
    check_ok(mms_refresh(watcher.reader, &view));
    close_watcher(&watcher);
}

static void process_in_another_root_keeps_its_region(void **state)
{
    if (geteuid() != 0)
        skip_because("only root can change the root");
    set_places(state);
    sample_closed_region(places.region, "value");
    check_true(mkdir(places.other, 0700) == 0);
    in_child(change_root, (void *)(uintptr_t)places.other);
}

static void give_up_rights(void *unused)
{
    struct watcher watcher;

    (void)unused;
    open_watcher(&watcher);
    check_true(chmod(places.region, 0700) == 0);
    check_true(setresuid(65533, 65533, 65533) == 0);
    check_ok(mms_region_check(watcher.region));
    close_watcher(&watcher);
}

static void process_that_has_given_up_its_rights_keeps_its_region(void **state)
{
    if (geteuid() != 0)
        skip_because("only root can become another user");
    set_places(state);
    sample_closed_region(places.region, "value");
    in_child(give_up_rights, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(every_call_that_looks_notices),
        scratch_test_on_disk(every_call_that_looks_notices),
        scratch_test(waiter_that_sleeps_notices),
        scratch_test(inline_reads_notice_what_another_call_has_noticed),
        scratch_test(region_that_stays_is_not_gone),
        scratch_test(writers_notice),
        scratch_test(writer_that_has_looked_once_notices),
        scratch_test_on_disk(writer_that_has_looked_once_notices),
        scratch_test(writer_in_a_tight_loop_notices),
        scratch_test(write_that_was_begun_before_is_not_published),
        scratch_test(process_in_another_root_keeps_its_region),
        scratch_test(process_that_has_given_up_its_rights_keeps_its_region),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
