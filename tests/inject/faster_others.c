/* SPDX-License-Identifier: Apache-2.0 */
/* Other processes that are always faster: right before any call to libc they replace, delete or
   publish what the call is about. */
#include "answers.h"
#include "mmap_sync_sample.h"
#include "sample.h"
#include "scratch.h"
#include <fcntl.h>
#include <glob.h>
#include <mmsync/history.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct {
    const char *region, *fresh, *fresh_lock;
    mms_writer *writer;
    unsigned times; /* 0: no more */
} rival;

/* ---- Replacing and deleting ---- */

/* Before each call something new gets the region's name, with a lock that nobody holds and nothing
   else. */
static void replace_again(void)
{
    inject_before(counts->all + 1, replace_again);
    check_true(mkdir(rival.fresh, 0755) == 0);
    fclose(fopen(rival.fresh_lock, "we"));
    check_true(renameat2(AT_FDCWD, rival.region, AT_FDCWD, rival.fresh, RENAME_EXCHANGE) == 0);
    scratch_delete(rival.fresh);
}

static void go_on_replacing(void)
{
    inject_before(1, replace_again);
    inject_arm(&(struct inject_plan){.nth = 0});
}

static void opening_what_keeps_being_replaced_is_reported(void **state)
{
    mms_writer_options options = sample_options();
    mms_writer *writer;

    rival.region = scratch_path(state, "region");
    rival.fresh = scratch_path(state, "fresh");
    rival.fresh_lock = scratch_path(state, "fresh/lock");
    sample_closed_region(rival.region, "value");
    go_on_replacing();
    check_code(mms_region_open(rival.region, NULL, &(mms_region *){NULL}), MMS_E_GONE);
    check_detail_mentions("kept being");
    go_on_replacing();
    check_code(mms_inspect(rival.region, &(mms_info){0}), MMS_E_GONE);
    check_detail_mentions("kept being");
    go_on_replacing();
    check_code(mms_writer_open(rival.region, &options, &writer), MMS_E_BUSY);
    check_detail_mentions("kept being");
    go_on_replacing();
    check_code(mms_remove(rival.region), MMS_E_GONE);
    check_detail_mentions("has removed or replaced it just now");
    inject_before(0, NULL);
    inject_disarm();
    scratch_delete(rival.region);
    sample_closed_region(rival.region, "value");
}

/* Like a sweeper. */
static void remove_empty_directories(void)
{
    glob_t found;

    if (glob(rival.fresh, GLOB_PERIOD, NULL, &found) != 0)
        return;
    for (size_t i = 0; i < found.gl_pathc; i++)
        (void)rmdir(found.gl_pathv[i]);
    globfree(&found);
}

/* At each call: it makes no difference who removes the directory. */
static void removal_whose_last_step_another_one_makes_succeeds(void **state)
{
    const char *path = scratch_path(state, "region");
    unsigned calls = 1;

    rival.fresh = scratch_path(state, ".region.*");
    for (unsigned nth = 0; nth <= calls; nth++) {
        sample_closed_region(path, "value");
        inject_before(nth, remove_empty_directories);
        inject_arm(&(struct inject_plan){.nth = 0});
        check_ok(mms_remove(path));
        calls = nth == 0 ? counts->all : calls;
        inject_disarm();
        inject_before(0, NULL);
        check_true(access(path, F_OK) != 0);
    }
    check_true(calls > 1);
}

static void put_fresh_region_in_place(void)
{
    check_true(renameat2(AT_FDCWD, rival.region, AT_FDCWD, rival.fresh, RENAME_EXCHANGE) == 0);
}

static int open_second_reader_while_replaced(unsigned nth)
{
    mms_writer_options options = sample_options();
    mms_region *region;
    mms_reader *reader;
    int code;

    options.max_readers = 1;
    check_ok(mms_writer_close(sample_writer_with(rival.region, options)));
    sample_closed_region(rival.fresh, "another");
    region = sample_region(rival.region);
    reader = sample_reader(region);
    inject_before(nth, put_fresh_region_in_place);
    inject_arm(&(struct inject_plan){.nth = 0});
    code = mms_reader_open(region, &(mms_reader *){NULL});
    inject_disarm();
    inject_before(0, NULL);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    scratch_delete(rival.region);
    scratch_delete(rival.fresh);
    return code;
}

/* Early on the reader notices. Later the table is full, and cannot be swept in any other way. */
static void full_table_of_a_region_that_is_replaced_meanwhile_is_full(void **state)
{
    unsigned nth = 1;
    int code;

    rival.region = scratch_path(state, "region");
    rival.fresh = scratch_path(state, "fresh");
    while ((code = open_second_reader_while_replaced(nth)) == MMS_E_GONE)
        nth++;
    check_true(nth > 1);
    check_code(code, MMS_E_FULL);
    check_detail_mentions("close some");
}

static void delete_state(void)
{
    scratch_delete(rival.fresh);
}

/* An update of mmap-sync's files, which it opens and copies. */
static void update_whose_files_are_deleted_meanwhile_is_told(void **state)
{
    const char *path = scratch_path(state, "prefix");
    unsigned calls = 1, gone = 0;

    rival.fresh = scratch_path(state, "prefix_state");
    for (unsigned nth = 0; nth <= calls; nth++) {
        mms_writer *writer = mmap_sync_writer(path, MMS_NO_WAIT, false);
        void *buffer;
        size_t size;
        int code;

        publish_text(writer, "value");
        inject_before(nth, delete_state);
        inject_arm(&(struct inject_plan){.nth = 0});
        code = mms_write_update(writer, 5, &buffer, &size, NULL);
        calls = nth == 0 ? counts->all : calls;
        inject_disarm();
        inject_before(0, NULL);
        if (code == 0)
            check_memory(buffer, "value", 5);
        else
            check_true(code == MMS_E_GONE || code == -ENOENT);
        gone += code == MMS_E_GONE;
        check_ok(mms_writer_close(writer));
        delete_state();
    }
    check_true(gone > 0);
}

static const char *name_of_table, *name_aside;

static void move_the_table_away(void)
{
    (void)rename(name_of_table, name_aside);
}

static bool is_missed_at(const char *path, unsigned unread, unsigned lost)
{
    mms_info info;
    int code;

    inject_before(lost, move_the_table_away);
    fail_from_here(INJECT_openat, unread, EACCES, 1);
    code = mms_inspect(path, &info);
    inject_disarm();
    inject_before(0, NULL);
    (void)rename(name_aside, name_of_table);
    return code == MMS_E_NOT_REGION && strstr(mms_last_error(), "has no regular file `readers`");
}

/* Whether it could be read or not when the look began. */
static void table_that_is_lost_during_a_look_is_missed(void **state)
{
    const char *path = scratch_path(state, "region");
    unsigned missed[8] = {0}, times = 0;

    name_of_table = scratch_path(state, "region/readers");
    name_aside = scratch_path(state, "aside");
    sample_closed_region(path, "value");
    for (unsigned unread = 0; unread < 8; unread++)
        for (unsigned lost = 1; lost == 1 || lost <= counts->all; lost++)
            missed[unread] += is_missed_at(path, unread, lost);
    for (unsigned unread = 1; unread < 8; unread++) /* the openat of the table is found by trying */
        times += missed[unread] > missed[0];
    check_true(missed[0] > 0);
    check_equal(times, 1);
    check_copies(path, "value");
}

static const char *name_of_changes;

static void take_the_name(void)
{
    FILE *file = fopen(name_of_changes, "wxe");

    if (file)
        check_true(fputs("precious", file) >= 0 && fclose(file) == 0);
}

/* A file that appears between the look for it and its creation was not looked at, so it stays. The
   next update looks at it, and replaces it. */
static void changes_that_come_meanwhile_are_not_deleted_unlooked(void **state)
{
    const char *path = scratch_path(state, "region");
    unsigned refused = 0;

    name_of_changes = scratch_path(state, "region/changes");
    for (unsigned nth = 1; nth == 1 || nth <= counts->all; nth++) {
        mms_writer *writer = sample_writer(path);
        size_t size;
        void *buffer;
        int code;

        inject_before(nth, take_the_name);
        fail_from_here(INJECT_open, 0, 0, 0);
        code = mms_write_update(writer, 10, &buffer, &size, NULL);
        inject_disarm();
        inject_before(0, NULL);
        if (code != 0) {
            char bytes[8];

            check_code(code, -EEXIST);
            load_bytes(path, "changes", 0, bytes, sizeof bytes);
            check_memory(bytes, "precious", 8);
            check_ok(mms_write_update(writer, 10, &buffer, &size, NULL));
            refused++;
        }
        check_ok(mms_write_abort(writer));
        check_ok(mms_verify(path, NULL, NULL));
        check_ok(mms_writer_close(writer));
        check_ok(mms_remove(path));
    }
    check_true(refused > 0);
}

/* ---- Publishing ---- */

static unsigned schemas;

static void publish_schemas(void)
{
    char text[32];
    void *buffer;

    for (int i = 0; i < 8; i++) {
        int length = snprintf(text, sizeof text, "schema %06u", ++schemas);

        check_ok(mms_write_begin(rival.writer, 8, &buffer, NULL));
        memset(buffer, 'v', 8);
        check_ok(mms_write_set_type(rival.writer, (const uint64_t[2]){1, 2}, text, (size_t)length));
        check_ok(mms_write_commit(rival.writer, 8, NULL));
    }
}

static void keep_publishing_schemas(void)
{
    inject_before(counts->all + 1, keep_publishing_schemas);
    publish_schemas();
}

static int copy_schema_while(mms_region *region, unsigned nth, void (*publish)(void))
{
    char text[32] = {0};
    unsigned before = schemas, found = 0;
    size_t size;
    int code;

    inject_before(nth, publish);
    inject_arm(&(struct inject_plan){.nth = 0});
    code = mms_read_schema(region, text, sizeof text, &size, NULL, NULL);
    inject_disarm();
    inject_before(0, NULL);
    if (code == 0)
        check_true(sscanf(text, "schema %6u", &found) == 1 && found >= before && found <= schemas);
    return code;
}

/* Whenever the schema is replaced, the call returns a whole one, unless the writer stays faster
   for as many tries as there are. */
static void schema_that_is_replaced_while_it_is_copied_is_copied_anew(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_region *region;
    unsigned calls;

    rival.writer = sample_writer(path);
    publish_schemas();
    region = sample_region(path);
    check_ok(copy_schema_while(region, 0, publish_schemas));
    calls = counts->all;
    check_true(calls > 0);
    for (unsigned nth = 1; nth <= calls; nth++)
        check_ok(copy_schema_while(region, nth, publish_schemas));
    check_code(copy_schema_while(region, 1, keep_publishing_schemas), MMS_E_AGAIN);
    check_detail_mentions("the writer was faster");
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(rival.writer));
}

/* A new value each time. */
static void publish_number(mms_writer *writer)
{
    static uint64_t number;

    number++;
    check_ok(mms_write(writer, &number, sizeof number, NULL));
}

/* So many values that every slot gets a new one. */
static void publish_again(void)
{
    if (rival.times-- == 0)
        return;
    inject_before(counts->all + 1, publish_again);
    for (int i = 0; i < 8; i++)
        publish_number(rival.writer);
}

/* If a value is replaced while it is read, its checksum is not the one seen first. That is no
   damage; nor is it a success if it goes on for as many tries as there are. */
static void value_that_is_replaced_while_it_is_verified_is_no_finding(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();

    int code = 0;

    options.checksum = true;
    rival.writer = sample_writer_with(path, options);
    publish_number(rival.writer);
    for (unsigned times = 1; times < 100; times += times / 4 + 1) { /* at last, longer than verify tries */
        rival.times = times;
        inject_before(1, publish_again);
        inject_arm(&(struct inject_plan){.nth = 0});
        code = mms_verify(path, NULL, NULL);
        inject_disarm();
        check_true(code == 0 || (code == MMS_E_AGAIN && times > 16));
    }
    inject_before(0, NULL);
    check_equal(code, MMS_E_AGAIN);
    check_detail_mentions("try again");
    check_ok(mms_verify(path, NULL, NULL));
    check_ok(mms_writer_close(rival.writer));
}

/* ---- Files of mmap-sync ---- */

static unsigned values;

/* Two at a time: the file that is being read gets another value. */
static void publish_two(void)
{
    char text[32];

    for (int i = 0; i < 2; i++) {
        int length = snprintf(text, sizeof text, "value %06u", ++values);

        check_ok(mms_write(rival.writer, text, (size_t)length, NULL));
    }
}

static void keep_publishing_two(void)
{
    inject_before(counts->all + 1, keep_publishing_two);
    publish_two();
}

static int run_while(unsigned nth, void (*happens)(void), int (*call)(void *), void *argument)
{
    int code;

    inject_before(nth, happens);
    inject_arm(&(struct inject_plan){.nth = 0});
    code = call(argument);
    inject_disarm();
    inject_before(0, NULL);
    return code;
}

static int copy_whole(void *region)
{
    char text[32] = {0};
    unsigned before = values, found = 0;
    size_t size;
    int code = mms_read_copy(region, text, sizeof text, &size, NULL);

    if (code == 0)
        check_true(sscanf(text, "value %6u", &found) == 1 && size == 12 && found >= before && found <= values);
    return code;
}

static int verify_path(void *path)
{
    return mms_verify(path, NULL, NULL);
}

/* Whoever may not be counted copies a whole value, or is told that it cannot; nor is a value that is replaced damaged. */
static void values_of_mmap_sync_that_are_replaced_meanwhile_are_read_anew(void **state)
{
    const char *path = scratch_path(state, "prefix");
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    mms_region *region;
    unsigned calls;

    rival.writer = mmap_sync_writer(path, MMS_NO_WAIT, false);
    publish_two();
    options.read_only = true;
    check_ok(mms_region_open(path, &options, &region));
    check_ok(run_while(0, publish_two, copy_whole, region));
    calls = counts->all;
    check_true(calls > 0);
    for (unsigned nth = 1; nth <= calls; nth++)
        check_ok(run_while(nth, publish_two, copy_whole, region));
    check_code(run_while(1, keep_publishing_two, copy_whole, region), MMS_E_AGAIN);
    check_detail_mentions("the writer was faster");
    check_ok(run_while(0, publish_two, verify_path, (void *)(uintptr_t)path));
    calls = counts->all;
    for (unsigned nth = 1; nth <= calls; nth++)
        check_ok(run_while(nth, publish_two, verify_path, (void *)(uintptr_t)path));
    check_code(run_while(1, keep_publishing_two, verify_path, (void *)(uintptr_t)path), MMS_E_AGAIN);
    check_detail_mentions("was replaced while it was read");
    check_ok(mms_verify(path, NULL, NULL));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(rival.writer));
}

static const char *both_data[2];

/* Each time they are another file. */
static void keep_replacing_data(void)
{
    char fresh[600];

    inject_before(counts->all + 1, keep_replacing_data);
    for (int i = 0; i < 2; i++) {
        FILE *file;

        snprintf(fresh, sizeof fresh, "%s.fresh", both_data[i]);
        file = fopen(fresh, "we");
        check_true(file && fputs("value", file) >= 0 && fclose(file) == 0);
        check_true(rename(fresh, both_data[i]) == 0);
    }
}

static unsigned char large[20000]; /* before each write of so much there is a look at the file */

static int write_large(void *writer)
{
    large[0]++;
    return mms_write(writer, large, sizeof large, NULL);
}

static int copy_large(void *region)
{
    static unsigned char copy[sizeof large];
    size_t size;
    int code = mms_read_copy(region, copy, sizeof copy, &size, NULL);

    if (code == 0)
        check_true(size == sizeof large && memcmp(copy, large, size) == 0);
    return code;
}

/* It ends, and says what happens. Later the writer puts all right. */
static void data_of_mmap_sync_that_keeps_being_replaced_is_reported(void **state)
{
    const char *path = scratch_path(state, "prefix");
    mms_region *region;

    both_data[0] = scratch_path(state, "prefix_data_0");
    both_data[1] = scratch_path(state, "prefix_data_1");
    rival.writer = mmap_sync_writer(path, MMS_NO_WAIT, false);
    check_ok(write_large(rival.writer));
    region = sample_region(path);
    check_code(run_while(1, keep_replacing_data, write_large, rival.writer), -ENOENT);
    check_detail_mentions("it kept being removed");
    check_code(run_while(1, keep_replacing_data, copy_large, region), -ENOENT);
    check_detail_mentions("it kept being removed");
    check_ok(write_large(rival.writer));
    check_ok(copy_large(region));
    check_ok(mms_verify(path, NULL, NULL));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(rival.writer));
}

/* ---- Leaving ---- */

static mms_reader *leaving;

static void leave(void)
{
    check_ok(mms_release(leaving));
}

/* Going back to a value that a reader holds while there is no slot for a copy: whenever the reader leaves, before the wait
   for a slot, in it or at its end, the value comes back where it is. */
static void reader_that_leaves_while_its_value_is_gone_back_to_is_no_obstacle(void **state)
{
    const char *path = scratch_path(state, "region");
    unsigned calls = 1, came_back = 0;

    for (unsigned nth = 0; nth <= calls; nth++) {
        mms_writer_options options = sample_options();
        mms_receipt receipt;
        mms_region *region;
        mms_writer *writer;
        int code;

        options.max_slots = 2;
        options.grace_ms = 5;
        writer = sample_writer_with(path, options);
        publish_text(writer, "older");
        region = sample_region(path);
        leaving = holding_reader(region);
        publish_text(writer, "newer");
        inject_before(nth, leave);
        inject_arm(&(struct inject_plan){.nth = 0});
        code = mms_write_rollback(writer, 0, &receipt);
        calls = nth == 0 ? counts->all : calls;
        inject_disarm();
        inject_before(0, NULL);
        came_back += code == 0;
        if (code != 0) {
            check_code(code, MMS_E_AGAIN);
            check_equal(receipt.blockers, 1);
        }
        check_copies(path, code == 0 ? "older" : "newer");
        check_ok(mms_reader_close(leaving));
        check_ok(mms_region_close(region));
        check_ok(mms_writer_close(writer));
        check_ok(mms_verify(path, NULL, NULL));
        check_ok(mms_remove(path));
    }
    check_true(came_back > 1 && came_back <= calls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        answers_test(opening_what_keeps_being_replaced_is_reported),
        answers_test(removal_whose_last_step_another_one_makes_succeeds),
        answers_test(full_table_of_a_region_that_is_replaced_meanwhile_is_full),
        answers_test(update_whose_files_are_deleted_meanwhile_is_told),
        answers_test(schema_that_is_replaced_while_it_is_copied_is_copied_anew),
        answers_test(value_that_is_replaced_while_it_is_verified_is_no_finding),
        answers_test(table_that_is_lost_during_a_look_is_missed),
        answers_test(changes_that_come_meanwhile_are_not_deleted_unlooked),
        answers_test(values_of_mmap_sync_that_are_replaced_meanwhile_are_read_anew),
        answers_test(data_of_mmap_sync_that_keeps_being_replaced_is_reported),
        answers_test(reader_that_leaves_while_its_value_is_gone_back_to_is_no_obstacle),
    };

    counts = inject_share();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
