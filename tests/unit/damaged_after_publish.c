/* SPDX-License-Identifier: Apache-2.0 */
/* What others may store to `control` between an update's publish and the preparing of a slot, which comes next
   (region/prepare.c): writer.c is compiled here with that damage at that step. */
static void at_step(const char *name);

#define MMS__STEP(name) at_step(#name)
#include "region/writer.c"
#undef MMS__STEP
#define MMS__STEP(name) ((void)0)
#include "sample.h"
#include "scratch.h"

enum { SLOTS = 4, SIZE = 2 << 20 };

static struct mms__native_writer *native; /* NULL: nothing is done at the step */
static uint64_t size_to_store;            /* 0: the value is left as it is */
static unsigned char *before;             /* all slots, as they were at the step */

static size_t all_slots(void)
{
    return (size_t)(SLOTS * native->pool.header.stride);
}

static void at_step(const char *name)
{
    if (!native || strcmp(name, "publish_done") != 0)
        return;
    memcpy(before, native->pool.data, all_slots());
    if (size_to_store != 0)
        mms__store_relaxed(&native->control->slots[native->slot].size, size_to_store);
}

/* An update that finds a free slot of which nothing is known, and begins to prepare it. True if it has stored there. */
static bool prepares(mms_writer *writer)
{
    bool stored;
    size_t size;
    void *buffer;

    check_ok(mms_write_update(writer, 0, &buffer, &size, NULL));
    memset(buffer, 'x', size);
    check_ok(mms_write_abort(writer));
    native = mms__native_writer_of(writer);
    check_ok(mms_write_update(writer, 0, &buffer, &size, NULL));
    check_ok(mms_write_patch(writer, 0, "y", 1));
    check_ok(mms_write_commit(writer, size, NULL));
    stored = memcmp(before, native->pool.data, all_slots()) != 0;
    native = NULL;
    return stored;
}

static mms_writer *open_writer(const char *path)
{
    mms_writer_options options = sample_options();

    options.max_size = SIZE;
    options.max_slots = SLOTS;
    options.huge_pages = MMS_HUGE_PAGES_OFF;
    return sample_writer_with(path, options);
}

static void publish_all(mms_writer *writer, const unsigned char *value)
{
    for (int i = 0; i < SLOTS; i++)
        check_ok(mms_write(writer, value, SIZE, NULL));
}

/* As much as that would be copied from slot to slot, and past the last one. */
static void a_size_that_no_value_has_is_not_copied(void **state)
{
    static unsigned char value[SIZE];
    const uint64_t sizes[] = {SIZE + 1, 2 * SIZE, 64 * SIZE, UINT64_MAX};
    mms_writer *writer = open_writer(scratch_path(state, "region"));
    size_t size;
    void *buffer;

    before = malloc((size_t)(SLOTS * mms__native_writer_of(writer)->pool.header.stride));
    publish_all(writer, value);
    size_to_store = 0;
    check_true(prepares(writer)); /* or this proves nothing */
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_to_store = sizes[i];
        publish_all(writer, value);
        check_true(!prepares(writer));
        check_code(mms_write_update(writer, 0, &buffer, &size, NULL), MMS_E_CORRUPT);
    }
    publish_text(writer, "whole");
    check_copies(scratch_path(state, "region"), "whole");
    check_ok(mms_writer_close(writer));
    free(before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(a_size_that_no_value_has_is_not_copied),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
