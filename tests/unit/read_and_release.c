/* SPDX-License-Identifier: Apache-2.0 */
/* mms_read, mms_refresh and mms_release in every order, and what `changed` says. */
#include "sample.h"
#include "scratch.h"
#include <string.h>

struct fixture {
    mms_writer *writer;
    mms_region *region;
    mms_reader *reader;
};

static mms_fence fence_of_readers; /* each test runs with both */

static struct fixture set_up(void **state)
{
    const char *path = scratch_path(state, fence_of_readers ? "symmetric" : "region");
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    struct fixture fixture = {.writer = sample_writer(path)};

    options.fence = fence_of_readers;
    check_ok(mms_region_open(path, &options, &fixture.region));
    fixture.reader = sample_reader(fixture.region);
    return fixture;
}

static void tear_down(struct fixture *fixture)
{
    check_ok(mms_reader_close(fixture->reader));
    check_ok(mms_region_close(fixture->region));
    check_ok(mms_writer_close(fixture->writer));
}

static void empty_region_is_empty_for_every_call(void **state)
{
    struct fixture fixture = set_up(state);
    mms_view view;
    char byte;

    check_code(mms_read(fixture.reader, &view), MMS_E_EMPTY);
    check_detail_mentions("wait for a writer");
    check_code(mms_refresh(fixture.reader, &view), MMS_E_EMPTY);
    check_code(mms_release(fixture.reader), MMS_E_NO_VIEW);
    check_code(mms_read_copy(fixture.region, &byte, 1, NULL, NULL), MMS_E_EMPTY);
    check_equal(mms_generation(fixture.region), 0);
    publish_text(fixture.writer, "first");
    check_reads(fixture.reader, "first");
    tear_down(&fixture);
}

static void first_view_is_changed_and_the_same_again_is_not(void **state)
{
    struct fixture fixture = set_up(state);
    mms_view view;

    publish_text(fixture.writer, "one");
    check_true(check_holds(fixture.reader, "one").changed);
    check_ok(mms_release(fixture.reader));
    for (int i = 0; i < 3; i++) {
        check_true(!check_holds(fixture.reader, "one").changed);
        check_ok(mms_release(fixture.reader));
    }
    check_ok(mms_refresh(fixture.reader, &view));
    check_true(!view.changed);
    tear_down(&fixture);
}

static void newer_value_is_changed_once(void **state)
{
    struct fixture fixture = set_up(state);
    mms_view first, second;

    publish_text(fixture.writer, "one");
    first = check_holds(fixture.reader, "one");
    check_ok(mms_release(fixture.reader));
    publish_text(fixture.writer, "two!");
    second = check_holds(fixture.reader, "two!");
    check_true(second.changed && second.generation > first.generation);
    check_ok(mms_release(fixture.reader));
    check_true(!check_holds(fixture.reader, "two!").changed);
    tear_down(&fixture);
}

static void same_bytes_published_again_are_a_change(void **state)
{
    struct fixture fixture = set_up(state);

    publish_text(fixture.writer, "same");
    check_reads(fixture.reader, "same");
    publish_text(fixture.writer, "same");
    check_true(check_holds(fixture.reader, "same").changed);
    tear_down(&fixture);
}

static void held_view_stays_as_it_is_while_newer_ones_come(void **state)
{
    struct fixture fixture = set_up(state);
    mms_view view;

    publish_text(fixture.writer, "held");
    view = check_holds(fixture.reader, "held");
    for (int i = 0; i < 20; i++) {
        publish_text(fixture.writer, "newer and longer");
        check_memory(view.data, "held", 4);
    }
    check_ok(mms_release(fixture.reader));
    check_reads(fixture.reader, "newer and longer");
    tear_down(&fixture);
}

static void read_while_holding_ends_the_view_and_gives_the_newest(void **state)
{
    struct fixture fixture = set_up(state);

    publish_text(fixture.writer, "one");
    check_true(check_holds(fixture.reader, "one").changed);
    check_true(!check_holds(fixture.reader, "one").changed);
    publish_text(fixture.writer, "two");
    check_true(check_holds(fixture.reader, "two").changed);
    check_ok(mms_release(fixture.reader));
    check_code(mms_release(fixture.reader), MMS_E_NO_VIEW); /* one view, not three */
    tear_down(&fixture);
}

static void refresh_leaves_an_unchanged_view_in_place(void **state)
{
    struct fixture fixture = set_up(state);
    mms_view first, again;

    publish_text(fixture.writer, "one");
    first = check_holds(fixture.reader, "one");
    for (int i = 0; i < 3; i++) {
        check_ok(mms_refresh(fixture.reader, &again));
        check_true(again.data == first.data && again.size == first.size && again.generation == first.generation);
        check_true(!again.changed);
    }
    check_ok(mms_release(fixture.reader));
    tear_down(&fixture);
}

static void refresh_moves_to_what_is_newer_and_gives_the_old_slot_back(void **state)
{
    struct fixture fixture = set_up(state);
    mms_view view;

    publish_text(fixture.writer, "start");
    check_holds(fixture.reader, "start");
    for (int i = 0; i < 100; i++) {
        uint64_t generation = publish_text(fixture.writer, i % 2 ? "odd" : "even");

        check_ok(mms_refresh(fixture.reader, &view));
        check_true(view.changed);
        check_equal(view.generation, generation);
        check_memory(view.data, i % 2 ? "odd" : "even", view.size);
    }
    check_ok(mms_release(fixture.reader));
    tear_down(&fixture);
}

static void refresh_without_a_view_is_a_read(void **state)
{
    struct fixture fixture = set_up(state);
    mms_view view;

    publish_text(fixture.writer, "one");
    check_ok(mms_refresh(fixture.reader, &view));
    check_true(view.changed);
    check_memory(view.data, "one", 3);
    check_ok(mms_release(fixture.reader));
    check_ok(mms_refresh(fixture.reader, &view));
    check_true(!view.changed);
    check_ok(mms_release(fixture.reader));
    tear_down(&fixture);
}

static void release_without_a_view_changes_nothing(void **state)
{
    struct fixture fixture = set_up(state);

    check_code(mms_release(fixture.reader), MMS_E_NO_VIEW);
    publish_text(fixture.writer, "one");
    check_reads(fixture.reader, "one");
    check_code(mms_release(fixture.reader), MMS_E_NO_VIEW);
    check_code(mms_release(fixture.reader), MMS_E_NO_VIEW);
    check_true(!check_holds(fixture.reader, "one").changed);
    tear_down(&fixture);
}

static void failed_call_gives_an_empty_view(void **state)
{
    struct fixture fixture = set_up(state);
    mms_view view;

    memset(&view, 0x5a, sizeof view);
    check_code(mms_read(fixture.reader, &view), MMS_E_EMPTY);
    check_true(view.data == NULL && view.size == 0 && view.generation == 0 && !view.changed);
    memset(&view, 0x5a, sizeof view);
    check_code(mms_refresh(fixture.reader, &view), MMS_E_EMPTY);
    check_true(view.data == NULL && view.size == 0 && view.generation == 0 && !view.changed);
    tear_down(&fixture);
}

static void data_is_aligned_to_64_bytes_and_size_0_is_a_value(void **state)
{
    struct fixture fixture = set_up(state);
    mms_view view;

    for (int i = 0; i < 6; i++) {
        check_ok(mms_write(fixture.writer, NULL, 0, NULL));
        check_ok(mms_read(fixture.reader, &view));
        check_equal(view.size, 0);
        check_true(view.changed && view.data != NULL && (uintptr_t)view.data % 64 == 0);
        check_ok(mms_release(fixture.reader));
    }
    tear_down(&fixture);
}

static void readers_of_one_region_hold_views_of_their_own(void **state)
{
    struct fixture fixture = set_up(state);
    mms_reader *second = sample_reader(fixture.region);
    mms_view old, new;

    publish_text(fixture.writer, "old");
    old = check_holds(fixture.reader, "old");
    publish_text(fixture.writer, "new");
    new = check_holds(second, "new");
    check_true(old.generation < new.generation);
    check_ok(mms_release(fixture.reader));
    check_memory(new.data, "new", 3);
    check_ok(mms_reader_close(second));
    tear_down(&fixture);
}

#define with_both_fences(test)                  \
    static void test##_both(void **state)       \
    {                                           \
        fence_of_readers = MMS_FENCE_AUTO;      \
        test(state);                            \
        fence_of_readers = MMS_FENCE_SYMMETRIC; \
        test(state);                            \
    }

with_both_fences(empty_region_is_empty_for_every_call) with_both_fences(first_view_is_changed_and_the_same_again_is_not)
    with_both_fences(newer_value_is_changed_once) with_both_fences(same_bytes_published_again_are_a_change)
        with_both_fences(held_view_stays_as_it_is_while_newer_ones_come)
            with_both_fences(read_while_holding_ends_the_view_and_gives_the_newest)
                with_both_fences(refresh_leaves_an_unchanged_view_in_place)
                    with_both_fences(refresh_moves_to_what_is_newer_and_gives_the_old_slot_back)
                        with_both_fences(refresh_without_a_view_is_a_read)
                            with_both_fences(release_without_a_view_changes_nothing)
                                with_both_fences(failed_call_gives_an_empty_view)
                                    with_both_fences(data_is_aligned_to_64_bytes_and_size_0_is_a_value)
                                        with_both_fences(readers_of_one_region_hold_views_of_their_own)

#define both_test(test)                                             \
    {                                                               \
#test, test##_both, scratch_in_memory, scratch_remove, NULL \
    }

                                            int main(void)
{
    const struct CMUnitTest tests[] = {
        both_test(empty_region_is_empty_for_every_call),
        both_test(first_view_is_changed_and_the_same_again_is_not),
        both_test(newer_value_is_changed_once),
        both_test(same_bytes_published_again_are_a_change),
        both_test(held_view_stays_as_it_is_while_newer_ones_come),
        both_test(read_while_holding_ends_the_view_and_gives_the_newest),
        both_test(refresh_leaves_an_unchanged_view_in_place),
        both_test(refresh_moves_to_what_is_newer_and_gives_the_old_slot_back),
        both_test(refresh_without_a_view_is_a_read),
        both_test(release_without_a_view_changes_nothing),
        both_test(failed_call_gives_an_empty_view),
        both_test(data_is_aligned_to_64_bytes_and_size_0_is_a_value),
        both_test(readers_of_one_region_hold_views_of_their_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
