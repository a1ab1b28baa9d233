/* SPDX-License-Identifier: Apache-2.0 */
/* A region that is deleted, moved or replaced by hand, and created again: each call that checks
   reports it (handle/gone.c), on handles that no other call has checked before, and then all other
   calls report it too. */
#include "base/libc.h"
#include "forked.h"
#include "mmap_sync/writer.h"
#include "mmap_sync_sample.h"
#include "os/clock.h"
#include "region/writer.h"
#include "sample.h"
#include "scratch.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct {
    const char *region, *aside, *other;
} places;

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

static const struct harm {
    const char *name;
    void (*happens)(void);
} harms[] = {
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

/* ---- What notices ---- */

struct handles {
    mms_region *region;
    mms_reader *reader; /* with a view that was read inline before */
    mms_view view;
};

static int check(struct handles *handles)
{
    return mms_region_check(handles->region);
}

static int copy(struct handles *handles)
{
    char copy[16];

    return mms_read_copy(handles->region, copy, sizeof copy, NULL, NULL);
}

static int copy_schema(struct handles *handles)
{
    char copy[16];
    size_t size;

    return mms_read_schema(handles->region, copy, sizeof copy, &size, NULL, NULL);
}

static int open_reader(struct handles *handles)
{
    mms_reader *reader;

    return mms_reader_open(handles->region, &reader);
}

static int look_for_change(struct handles *handles)
{
    return mms_wait(handles->reader, mms_generation(handles->region), 0);
}

static int look_for_change_in_region(struct handles *handles)
{
    return mms_region_wait(handles->region, mms_generation(handles->region), 0);
}

static int wait_a_little(struct handles *handles)
{
    return mms_wait(handles->reader, mms_generation(handles->region), 5);
}

static const struct look {
    const char *name;
    int (*run)(struct handles *handles);
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

static void open_handles(struct handles *handles)
{
    handles->region = sample_region(places.region);
    handles->reader = sample_reader(handles->region);
    for (int i = 0; i < 3; i++)
        handles->view = check_holds(handles->reader, "value");
}

/* The held view stays; nothing new is given out. */
static void check_all_gone(struct handles *handles)
{
    mms_view view;

    check_memory(handles->view.data, "value", 5);
    check_ok(mms_release(handles->reader));
    check_code(mms_read(handles->reader, &view), MMS_E_GONE);
    check_true(view.data == NULL);
    check_code(mms_refresh(handles->reader, &view), MMS_E_GONE);
    check_equal(mms_generation(handles->region), 0);
    for (int i = 0; i < LOOKS; i++)
        check_code(looks[i].run(handles), MMS_E_GONE);
    check_code(mms_wait(handles->reader, 4711, 0), MMS_E_GONE);
}

static void set_places(void **state)
{
    places.region = scratch_path(state, "region");
    places.aside = scratch_path(state, "aside");
    places.other = scratch_path(state, "other");
}

static void clear_places(void)
{
    scratch_delete(places.region);
    scratch_delete(places.aside);
    scratch_delete(places.other);
}

static void harm_and_look(const struct harm *harm, const struct look *look)
{
    struct handles handles;
    int code;

    sample_closed_region(places.region, "value");
    open_handles(&handles);
    harm->happens();
    code = look->run(&handles);
    if (code != MMS_E_GONE)
        check_failed(__FILE__, __LINE__, "%s: %s says %s", harm->name, look->name, mms_error_name(code));
    check_all_gone(&handles);
    check_ok(mms_reader_close(handles.reader));
    check_ok(mms_region_close(handles.region));
    clear_places();
}

static void every_call_that_looks_notices(void **state)
{
    set_places(state);
    for (int harm = 0; harm < HARMS; harm++)
        for (int look = 0; look < LOOKS; look++)
            harm_and_look(&harms[harm], &looks[look]);
}

static void waiter_that_sleeps_notices(void **state)
{
    struct handles handles;

    set_places(state);
    sample_closed_region(places.region, "value");
    open_handles(&handles);
    delete_and_make_anew();
    check_code(mms_wait(handles.reader, handles.view.generation, MMS_FOREVER), MMS_E_GONE);
    check_all_gone(&handles);
    check_ok(mms_reader_close(handles.reader));
    check_ok(mms_region_close(handles.region));
}

/* Reads are inline until then. */
static void inline_reads_notice_what_another_call_has_noticed(void **state)
{
    struct handles handles;
    mms_view view;

    set_places(state);
    sample_closed_region(places.region, "value");
    open_handles(&handles);
    delete_and_make_anew();
    check_ok(mms_refresh(handles.reader, &view));
    check_code(mms_region_check(handles.region), MMS_E_GONE);
    check_code(mms_refresh(handles.reader, &view), MMS_E_GONE);
    check_true(view.data == NULL);
    check_code(mms_release(handles.reader), MMS_E_NO_VIEW);
    check_ok(mms_reader_close(handles.reader));
    check_ok(mms_region_close(handles.region));
    clear_places();
}

static void region_that_stays_is_not_gone(void **state)
{
    struct handles handles;
    mms_writer *writer;

    set_places(state);
    sample_closed_region(places.region, "value");
    open_handles(&handles);
    writer = sample_writer(places.region);
    for (int i = 0; i < 1000; i++) {
        check_ok(mms_region_check(handles.region));
        publish_text(writer, "value");
    }
    check_ok(mms_writer_close(writer));
    check_ok(mms_region_check(handles.region));
    check_ok(copy(&handles));
    check_ok(mms_remove(places.region));
    check_code(mms_region_check(handles.region), MMS_E_GONE);
    check_code(mms_region_check(NULL), MMS_E_INVALID);
    check_ok(mms_reader_close(handles.reader));
    check_ok(mms_region_close(handles.region));
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

/* In a tight loop writes may go on for a while. However slow this machine is, the writer finds
   that no time has passed. */
enum { MOST_WRITES = 1024 };

static int write_on(mms_writer *writer)
{
    int code = 0;

    for (int i = 0; i < MOST_WRITES && code == 0; i++) {
        mms__native_writer_of(writer)->looked_ns = mms__time_coarse_ns();
        code = mms_write(writer, "lost", 4, NULL);
    }
    return code;
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
    check_ok(write_on(writer));
    delete_all();
    check_code(write_on(writer), MMS_E_GONE);
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

/* ---- The files of mmap-sync ---- */

static const char *mmap_sync_file(const char *suffix)
{
    static char path[600];

    snprintf(path, sizeof path, "%s%s", places.region, suffix);
    return path;
}

static void mmap_sync_value(const char *text)
{
    mms_writer *writer;

    check_ok(mms_writer_open(crate_path(places.region), NULL, &writer));
    check_ok(mms_write(writer, text, strlen(text), NULL));
    check_ok(mms_writer_close(writer));
}

static void delete_mmap_sync(void)
{
    static const char *const suffixes[] = {"_state", "_data_0", "_data_1"};

    for (int i = 0; i < 3; i++)
        (void)unlink(mmap_sync_file(suffixes[i]));
}

static void remake_mmap_sync(void)
{
    delete_mmap_sync();
    mmap_sync_value("newer");
}

static void move_mmap_sync(void)
{
    check_true(rename(mmap_sync_file("_state"), places.aside) == 0);
}

static void files_of_mmap_sync_are_looked_at_too(void **state)
{
    static const struct harm mmap_sync_harms[] = {
        {"deleted", delete_mmap_sync}, {"deleted and made anew", remake_mmap_sync}, {"moved", move_mmap_sync}};

    set_places(state);
    for (int harm = 0; harm < 3; harm++)
        for (int look = 0; look < LOOKS; look++) {
            struct handles handles;
            int code;

            mmap_sync_value("value");
            open_handles(&handles);
            mmap_sync_harms[harm].happens();
            code = looks[look].run(&handles);
            if (code != MMS_E_GONE)
                check_failed(__FILE__, __LINE__, "%s: %s says %s", mmap_sync_harms[harm].name, looks[look].name,
                             mms_error_name(code));
            check_all_gone(&handles);
            check_ok(mms_reader_close(handles.reader));
            check_ok(mms_region_close(handles.region));
            delete_mmap_sync();
            clear_places();
        }
}

static void writer_of_files_of_mmap_sync_notices(void **state)
{
    mms_writer *writer;
    void *buffer;

    set_places(state);
    check_ok(mms_writer_open(crate_path(places.region), NULL, &writer));
    check_ok(mms_write(writer, "value", 5, NULL));
    check_ok(mms_write_begin(writer, 5, &buffer, NULL));
    memcpy(buffer, "lost!", 5);
    remake_mmap_sync();
    mmap_sync_await_look();
    check_code(mms_write_commit(writer, 5, NULL), MMS_E_GONE);
    check_ok(mms_write_abort(writer));
    check_code(mms_write(writer, "lost", 4, NULL), MMS_E_GONE);
    check_ok(mms_writer_close(writer));
    delete_mmap_sync();
}

/* As write_on. */
static int write_on_to_mmap_sync(mms_writer *writer)
{
    int code = 0;

    for (int i = 0; i < MOST_WRITES && code == 0; i++) {
        mms__mmap_sync_writer_of(writer)->looked_ns = mms__now_coarse_ns();
        code = mms_write(writer, "lost", 4, NULL);
    }
    return code;
}

static void writer_of_files_of_mmap_sync_notices_in_a_tight_loop(void **state)
{
    mms_writer *writer;

    set_places(state);
    check_ok(mms_writer_open(crate_path(places.region), NULL, &writer));
    check_ok(write_on_to_mmap_sync(writer));
    delete_mmap_sync();
    check_code(write_on_to_mmap_sync(writer), MMS_E_GONE);
    check_ok(mms_writer_close(writer));
}

/* The state stays, so the writer makes the file that lost its name anew. */
static void writer_of_files_of_mmap_sync_makes_a_data_file_anew_in_a_tight_loop(void **state)
{
    mms_writer *writer;

    set_places(state);
    check_ok(mms_writer_open(crate_path(places.region), NULL, &writer));
    check_ok(write_on_to_mmap_sync(writer));
    check_true(unlink(mmap_sync_file("_data_0")) == 0 && unlink(mmap_sync_file("_data_1")) == 0);
    check_ok(write_on_to_mmap_sync(writer));
    check_ok(write_on_to_mmap_sync(writer));
    check_copies(crate_path(places.region), "lost");
    check_true(access(mmap_sync_file("_data_0"), F_OK) == 0 && access(mmap_sync_file("_data_1"), F_OK) == 0);
    check_ok(mms_writer_close(writer));
    delete_mmap_sync();
}

/* ---- What cannot be seen ---- */

static void change_root(void *empty)
{
    struct handles handles;
    mms_view view;

    open_handles(&handles);
    check_true(chroot(empty) == 0 && chdir("/") == 0);
    check_ok(mms_region_check(handles.region));
    check_ok(copy(&handles));
    check_ok(mms_refresh(handles.reader, &view));
    check_ok(mms_reader_close(handles.reader));
    check_ok(mms_region_close(handles.region));
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
    struct handles handles;

    (void)unused;
    open_handles(&handles);
    check_true(chmod(places.region, 0700) == 0);
    check_true(setresuid(65533, 65533, 65533) == 0);
    check_ok(mms_region_check(handles.region));
    check_ok(mms_reader_close(handles.reader));
    check_ok(mms_region_close(handles.region));
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
        scratch_test(files_of_mmap_sync_are_looked_at_too),
        scratch_test(writer_of_files_of_mmap_sync_notices_in_a_tight_loop),
        scratch_test(writer_of_files_of_mmap_sync_makes_a_data_file_anew_in_a_tight_loop),
        scratch_test(writer_of_files_of_mmap_sync_notices),
        scratch_test(process_in_another_root_keeps_its_region),
        scratch_test(process_that_has_given_up_its_rights_keeps_its_region),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
