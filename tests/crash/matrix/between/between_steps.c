/* SPDX-License-Identifier: Apache-2.0 */
/* A writer in this process acts at a named point in the middle of a read, which would hardly ever
   happen by chance. (The crash matrix ends or stops processes at these points.) */
#include "mmap_sync_sample.h"
#include "sample.h"
#include "scratch.h"
#include <dirent.h>
#include <stdio.h>
#include <string.h>

/* How often a pin tries before it announces everything from some generation on; how often a read
   starts over after its slot was taken. */
enum { PIN_TRIES = 8, READ_TRIES = 8 };

static struct {
    void (*act)(enum step step); /* NULL: nothing happens */
    unsigned count;              /* for `act` */
    bool acting;
} plan;

void step_reached(enum step step)
{
    if (!plan.act || plan.acting)
        return;
    plan.acting = true;
    plan.act(step);
    plan.acting = false;
}

static struct {
    const char *path, *parent;
    mms_writer *writer;
    mms_region *region;
    mms_reader *reader;
} at;

static const uint64_t wanted[2] = {7, 1}, other[2] = {7, 2};

static void publish_typed(const uint64_t type_id[2], const char *text)
{
    void *buffer;

    check_ok(mms_write_begin(at.writer, 16, &buffer, NULL));
    memcpy(buffer, text, strlen(text));
    check_ok(mms_write_set_type(at.writer, type_id, NULL, 0));
    check_ok(mms_write_commit(at.writer, strlen(text), NULL));
}

/* A reader that allows eviction and asks for a type, and one value of that type. */
static void set_up(void **state, unsigned slots)
{
    mms_writer_options options = sample_options();
    mms_region_options reading = MMS_REGION_OPTIONS_INIT;

    at.path = scratch_path(state, "region");
    options.max_slots = slots;
    options.on_grace = MMS_EVICT;
    at.writer = sample_writer_with(at.path, options);
    publish_typed(wanted, "first");
    reading.allow_evict = true;
    reading.type_id[0] = wanted[0];
    reading.type_id[1] = wanted[1];
    check_ok(mms_region_open(at.path, &reading, &at.region));
    at.reader = sample_reader(at.region);
}

static int read_while(void (*act)(enum step step))
{
    mms_view view;
    int code;

    plan.act = act;
    plan.count = 0;
    code = mms_read(at.reader, &view);
    plan.act = NULL;
    return code;
}

static void tear_down(void)
{
    check_ok(mms_reader_close(at.reader));
    check_ok(mms_region_close(at.region));
    check_ok(mms_writer_close(at.writer));
}

/* Publish something newer each time that the reader has announced what it saw, so that it must
   announce everything from there on. Once it has pinned one of these, take its slot: there are
   only two. `plan.count` counts that. */
static void take_slot(enum step step)
{
    if (step == STEP_pin_announced)
        publish_typed(wanted, "newer");
    if (step != STEP_pin_from_narrowed)
        return;
    plan.count++;
    publish_typed(wanted, "newer");
    publish_typed(wanted, "newest");
}

static void take_slot_once(enum step step)
{
    if (plan.count == 0)
        take_slot(step);
}

static void read_whose_slot_is_taken_at_once_starts_over(void **state)
{
    set_up(state, 2);
    check_ok(read_while(take_slot_once));
    check_equal(plan.count, 1);
    check_holds(at.reader, "newest");
    check_ok(mms_release(at.reader));
    tear_down();
}

static void read_whose_slot_is_taken_each_time_ends_and_holds_nothing(void **state)
{
    set_up(state, 2);
    check_code(read_while(take_slot), MMS_E_EVICTED);
    check_detail_mentions("8 times in a row");
    check_equal(plan.count, READ_TRIES);
    check_code(mms_release(at.reader), MMS_E_NO_VIEW);
    check_reads(at.reader, "newest");
    tear_down();
}

/* With room for all, the slot stays: the pinned value is whole, but of another type. */
static void publish_other_types(enum step step)
{
    if (step == STEP_pin_announced && plan.count++ < PIN_TRIES)
        publish_typed(other, "of another type");
    if (step == STEP_pin_from_narrowed)
        publish_typed(wanted, "newest");
}

static void other_type_that_was_replaced_meanwhile_is_no_error(void **state)
{
    set_up(state, 32);
    check_ok(read_while(publish_other_types));
    check_holds(at.reader, "newest");
    check_ok(mms_release(at.reader));
    tear_down();
}

static void remove_region(enum step step)
{
    if (step != STEP_pin_announced || plan.count++ > 0)
        return;
    check_ok(mms_writer_close(at.writer));
    at.writer = NULL;
    check_ok(mms_remove(at.path));
}

static void region_that_is_removed_under_a_read_is_gone(void **state)
{
    set_up(state, 4);
    check_code(read_while(remove_region), MMS_E_GONE);
    check_code(mms_release(at.reader), MMS_E_NO_VIEW);
    tear_down();
}

/* Treats every temporary directory as something left by the dead. */
static void sweep_what_is_built(enum step step)
{
    DIR *entries;

    if (step != STEP_lock_opened)
        return;
    plan.count++;
    entries = opendir(at.parent);
    check_true(entries != NULL);
    for (struct dirent *entry; (entry = readdir(entries));) {
        char path[1024];

        snprintf(path, sizeof path, "%s/%s", at.parent, entry->d_name);
        if (strstr(entry->d_name, ".mmsync-"))
            scratch_delete(path);
    }
    closedir(entries);
}

static void region_that_is_swept_while_it_is_built_is_built_again(void **state)
{
    mms_writer_options options = sample_options();

    at.path = scratch_path(state, "region");
    at.parent = scratch_path(state, ".");
    plan.act = sweep_what_is_built;
    plan.count = 0;
    check_code(mms_writer_open(at.path, &options, &at.writer), MMS_E_BUSY);
    check_detail_mentions("before it was finished");
    check_true(plan.count > 1);
    plan.act = NULL;
}

/* ---- The files of mmap-sync ---- */

static mms_writer *stage_mmap_sync_writer(void)
{
    mms_writer *writer = NULL;

    check_ok(mms_writer_open(crate_path(at.path), NULL, &writer));
    return writer;
}

static void set_up_mmap_sync(void **state)
{
    at.path = scratch_path(state, "files");
    at.writer = stage_mmap_sync_writer();
    check_ok(mms_write(at.writer, "first", 5, NULL));
    at.region = sample_region(at.path);
    at.reader = sample_reader(at.region);
}

static void remake(void)
{
    check_ok(mms_writer_close(at.writer));
    check_ok(mms_remove(at.path));
    at.writer = stage_mmap_sync_writer();
    check_ok(mms_write(at.writer, "other", 5, NULL));
}

static void remake_when_pinned(enum step step)
{
    if (step == STEP_mmap_sync_pinned && plan.count++ == 0)
        remake();
}

/* The reader has the old state and no data yet, and the name of the data leads to the new file. */
static void files_that_are_remade_under_a_read_are_gone(void **state)
{
    set_up_mmap_sync(state);
    check_code(read_while(remake_when_pinned), MMS_E_GONE);
    tear_down();
}

static void files_that_are_remade_under_a_copy_are_gone(void **state)
{
    char value[5];
    size_t size;

    set_up_mmap_sync(state);
    plan.act = remake_when_pinned;
    plan.count = 0;
    check_code(mms_read_copy(at.region, value, sizeof value, &size, NULL), MMS_E_GONE);
    plan.act = NULL;
    tear_down();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(read_whose_slot_is_taken_at_once_starts_over),
        scratch_test(read_whose_slot_is_taken_each_time_ends_and_holds_nothing),
        scratch_test(other_type_that_was_replaced_meanwhile_is_no_error),
        scratch_test(region_that_is_removed_under_a_read_is_gone),
        scratch_test(region_that_is_swept_while_it_is_built_is_built_again),
        scratch_test(files_that_are_remade_under_a_read_are_gone),
        scratch_test(files_that_are_remade_under_a_copy_are_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
