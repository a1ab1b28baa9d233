/* SPDX-License-Identifier: Apache-2.0 */
/* As deleted_by_hand.c, for the files of mmap-sync: each call of a reader reports it if they are deleted,
   made anew or moved by hand, and a writer does, or makes a data file anew. */
#include "gone.h"
#include "mmap_sync/writer.h"
#include "mmap_sync_sample.h"
#include "os/clock.h"
#include "sample.h"
#include "scratch.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

static void make_mmap_sync(void)
{
    mmap_sync_value("value");
}

static void clear_mmap_sync(void)
{
    delete_mmap_sync();
    clear_places();
}

static void files_of_mmap_sync_are_looked_at_too(void **state)
{
    static const struct harm harms[] = {
        {"deleted", delete_mmap_sync}, {"deleted and made anew", remake_mmap_sync}, {"moved", move_mmap_sync}};

    set_places(state);
    check_each_call_notices(harms, 3, make_mmap_sync, clear_mmap_sync);
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

static void stop_clock(mms_writer *writer)
{
    mms__mmap_sync_writer_of(writer)->looked_ns = mms__now_coarse_ns();
}

static void writer_of_files_of_mmap_sync_notices_in_a_tight_loop(void **state)
{
    mms_writer *writer;

    set_places(state);
    check_ok(mms_writer_open(crate_path(places.region), NULL, &writer));
    check_ok(write_on(writer, stop_clock));
    delete_mmap_sync();
    check_code(write_on(writer, stop_clock), MMS_E_GONE);
    check_ok(mms_writer_close(writer));
}

/* The state stays, so the writer makes the file that lost its name anew. */
static void writer_of_files_of_mmap_sync_makes_a_data_file_anew_in_a_tight_loop(void **state)
{
    mms_writer *writer;

    set_places(state);
    check_ok(mms_writer_open(crate_path(places.region), NULL, &writer));
    check_ok(write_on(writer, stop_clock));
    check_true(unlink(mmap_sync_file("_data_0")) == 0 && unlink(mmap_sync_file("_data_1")) == 0);
    check_ok(write_on(writer, stop_clock));
    check_ok(write_on(writer, stop_clock));
    check_copies(crate_path(places.region), "lost");
    check_true(access(mmap_sync_file("_data_0"), F_OK) == 0 && access(mmap_sync_file("_data_1"), F_OK) == 0);
    check_ok(mms_writer_close(writer));
    delete_mmap_sync();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(files_of_mmap_sync_are_looked_at_too),
        scratch_test(writer_of_files_of_mmap_sync_notices_in_a_tight_loop),
        scratch_test(writer_of_files_of_mmap_sync_makes_a_data_file_anew_in_a_tight_loop),
        scratch_test(writer_of_files_of_mmap_sync_notices),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
