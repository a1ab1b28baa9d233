/* SPDX-License-Identifier: Apache-2.0 */
/* mms_write_touch and mms_write_patch: when and where they are allowed, and what
   options.check_touch finds at the commit. */
#include "handles.h"
#include "sample.h"
#include "scratch.h"
#include <stdint.h>
#include <string.h>

static void a_touch_needs_an_update(void **state)
{
    struct handles handles = open_handles(state);
    size_t size;
    void *buffer;

    check_code(mms_write_touch(NULL, 0, 1), MMS_E_INVALID);
    check_code(mms_write_patch(NULL, 0, "x", 1), MMS_E_INVALID);
    check_code(mms_write_touch(handles.writer, 0, 1), MMS_E_INVALID);
    check_detail_mentions("no write");
    check_ok(mms_write_begin(handles.writer, 10, &buffer, NULL));
    check_code(mms_write_touch(handles.writer, 0, 1), MMS_E_INVALID);
    check_detail_mentions("mms_write_update");
    check_code(mms_write_patch(handles.writer, 0, "x", 1), MMS_E_INVALID);
    check_code(mms_write_update(handles.writer, 0, &buffer, &size, NULL), MMS_E_INVALID);
    check_detail_mentions("commit or abort");
    check_ok(mms_write_abort(handles.writer));
    check_ok(mms_write_update(handles.writer, 0, &buffer, &size, NULL));
    check_ok(mms_write_abort(handles.writer));
    check_code(mms_write_touch(handles.writer, 0, 1), MMS_E_INVALID);
    close_handles(&handles);
}

static void a_touch_lies_within_the_capacity(void **state)
{
    struct handles handles = open_handles(state);
    size_t size;
    void *buffer;

    publish_text(handles.writer, "0123456789");
    check_ok(mms_write_update(handles.writer, 20, &buffer, &size, NULL));
    check_ok(mms_write_touch(handles.writer, 20, 0));
    check_ok(mms_write_touch(handles.writer, 0, 20));
    check_code(mms_write_touch(handles.writer, 0, 21), MMS_E_INVALID);
    check_detail_mentions("capacity is 20");
    check_detail_mentions("mms_write_grow");
    check_code(mms_write_touch(handles.writer, 21, 0), MMS_E_INVALID);
    check_code(mms_write_touch(handles.writer, 10, SIZE_MAX), MMS_E_INVALID);
    check_code(mms_write_touch(handles.writer, SIZE_MAX, 2), MMS_E_INVALID);
    check_code(mms_write_patch(handles.writer, 19, "xx", 2), MMS_E_INVALID);
    check_code(mms_write_patch(handles.writer, 0, NULL, 1), MMS_E_INVALID);
    check_ok(mms_write_patch(handles.writer, 0, NULL, 0));
    check_ok(mms_write_grow(handles.writer, 30, &buffer));
    check_ok(mms_write_touch(handles.writer, 0, 30));
    check_code(mms_write_commit(handles.writer, 31, NULL), MMS_E_INVALID);
    check_ok(mms_write_commit(handles.writer, size, NULL));
    check_reads(handles.reader, "0123456789");
    close_handles(&handles);
}

/* ---- options.check_touch ---- */

static void what_was_not_touched_is_named_at_the_commit(void **state)
{
    mms_writer_options options = sample_options();
    struct handles handles;
    uint64_t before;
    size_t size;
    char *bytes;
    void *buffer;

    options.check_touch = true;
    handles = open_handles_with(state, options);
    before = publish_text(handles.writer, "0123456789");
    check_ok(mms_write_update(handles.writer, 20, &buffer, &size, NULL));
    bytes = buffer;
    bytes[2] = bytes[7] = bytes[12] = 'x';
    check_ok(mms_write_touch(handles.writer, 2, 1));
    check_code(mms_write_commit(handles.writer, 13, NULL), MMS_E_INVALID);
    check_detail_mentions("byte 7 ");
    check_detail_mentions("mms_write_touch");
    check_equal(mms_generation(handles.region), before);
    check_ok(mms_write_touch(handles.writer, 7, 1));
    memcpy(bytes + 10, "ab", 2); /* new, and needs no touch */
    check_ok(mms_write_commit(handles.writer, 13, NULL));
    check_reads(handles.reader, "01x3456x89abx");
    close_handles(&handles);
}

/* An update of "0123456789" that stores over some bytes and touches some ranges. */
struct careless {
    const char *changed; /* "." stays */
    mms_range touched[3];
    size_t size;
    const char *found; /* NULL: nothing */
};

static void check_careless(void **state, const struct careless *update)
{
    mms_writer_options options = sample_options();
    struct handles handles;
    size_t size;
    char *bytes;
    void *buffer;

    options.check_touch = true;
    handles = open_handles_with(state, options);
    publish_text(handles.writer, "0123456789");
    check_ok(mms_write_update(handles.writer, 20, &buffer, &size, NULL));
    bytes = buffer;
    for (size_t i = 0; update->changed[i]; i++)
        if (update->changed[i] != '.')
            bytes[i] = update->changed[i];
    for (size_t i = 0; i < 3; i++)
        check_ok(mms_write_touch(handles.writer, (size_t)update->touched[i].offset, (size_t)update->touched[i].length));
    check_code(mms_write_commit(handles.writer, update->size, NULL), update->found ? MMS_E_INVALID : 0);
    if (update->found) {
        check_detail_mentions(update->found);
        check_ok(mms_write_abort(handles.writer));
    }
    close_handles(&handles);
    check_ok(mms_remove(handles.path));
}

static void whatever_was_touched_the_first_other_change_is_named(void **state)
{
    static const struct careless updates[] = {
        {"xxxxxxxxxx", {{0, 10}}, 10, NULL},
        {"..........xx", {{0, 10}, {15, 1}}, 16, NULL}, /* past the old value everything is new */
        {"............x", {{0, 2}, {15, 1}}, 16, NULL},
        {"xxxxxxxxxxxx", {{0, 12}, {15, 1}, {18, 2}}, 20, NULL},
        {".........x", {{0, 2}, {5, 1}}, 10, "byte 9 "},
        {".x......x.", {{4, 1}, {6, 1}}, 10, "byte 1 "},
        {".....x.x", {{4, 1}, {6, 1}, {8, 1}}, 10, "byte 5 "},
        {"......x..x", {{0, 2}}, 6, NULL}, /* cut off */
        {"......x..x", {{0, 2}, {8, 2}}, 7, "byte 6 "},
        {"x", {{0, 0}}, 10, "byte 0 "},
    };

    for (size_t i = 0; i < sizeof updates / sizeof *updates; i++)
        check_careless(state, &updates[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(a_touch_needs_an_update),
        scratch_test(a_touch_lies_within_the_capacity),
        scratch_test(what_was_not_touched_is_named_at_the_commit),
        scratch_test(whatever_was_touched_the_first_other_change_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
