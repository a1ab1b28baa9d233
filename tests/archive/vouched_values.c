/* SPDX-License-Identifier: Apache-2.0 */
/* Who vouches for a typed value: the library, as long as it alone has serialized the bytes and its setters alone have changed
   them. Readers do not check such a value, and check every other. */
#include "hello_region.h"
#include "region/layout.h"
#include "scratch.h"
#include <string.h>
#include <unistd.h>

/* ---- What the library wrote ---- */

static void what_the_library_serialized_is_not_checked(void **state)
{
    struct fixture f = set_up(state, NULL);

    publish(&f, 1);
    check_true(says_serialized(&f));
    damage(&f);
    check_gives_root(&f, 0);
    check_gives_root(&f, 1);
    tear_down(&f);
}

static void check_always_looks_at_it(void **state)
{
    const mms_region_options options = checking_always();
    struct fixture f = set_up(state, &options);

    publish(&f, 1);
    check_gives_root(&f, 0);
    damage(&f);
    check_gives_root(&f, 0); /* has checked it */
    check_finds_damage(f.readers[1], &HelloWorld_archive);
    tear_down(&f);
}

/* The bytes are the library's own, but of no use to somebody who asks for another type. */
static void another_type_is_refused(void **state)
{
    struct fixture f = set_up(state, NULL);
    mms_view view;

    publish(&f, 1);
    check_true(Padded_read(f.readers[0], &view) == NULL);
    check_equal(mms_last_code(), MMS_E_TYPE);
    tear_down(&f);
}

/* A writer that is wrong about what it wrote: nobody looks for the root in front of the value. */
static void less_than_a_root_is_refused(void **state)
{
    const uint64_t serialized = MMS__SERIALIZED;
    struct fixture f = set_up(state, NULL);
    int control = open_part(&f, "control");
    void *buffer;

    check_ok(mms_write_begin(f.writer, 4, &buffer, NULL));
    memset(buffer, 0, 4);
    check_ok(mms_write_set_type(f.writer, HelloWorld_archive.type_id, NULL, 0));
    check_ok(mms_write_commit(f.writer, 4, &f.receipt));
    check_equal(pwrite(control, &serialized, sizeof serialized, flags_at(&f)), sizeof serialized);
    close(control);
    check_finds_damage(f.readers[0], &HelloWorld_archive);
    tear_down(&f);
}

/* ---- Who may say so ---- */

static void check_says_nothing(struct fixture *f)
{
    check_true(!says_serialized(f));
    damage(f);
    check_finds_damage(f->readers[0], &HelloWorld_archive);
}

static void bytes_do_not_become_the_librarys(void **state)
{
    struct fixture f = set_up(state, NULL);

    for (uint32_t i = 0; i < 4 * SLOTS; i++) { /* in slots that the library has written as well */
        publish(&f, i);
        check_true(says_serialized(&f));
        publish_bytes(&f, i);
        check_says_nothing(&f);
    }
    tear_down(&f);
}

static void a_typed_write_that_failed_says_nothing_of_the_next(void **state)
{
    struct fixture f = set_up(state, NULL);
    mms_str texts[1] = {{"\xff", 1}};
    const HelloWorld wrong = {.version = 2, .messages = {texts, 1}};
    static unsigned char large[1 << 17];
    void *buffer;
    size_t size;

    check_code(HelloWorld_write(f.writer, &wrong, NULL), MMS_E_INVALID);
    publish_bytes(&f, 1);
    check_says_nothing(&f);
    texts[0] = (mms_str){(const char *)large, sizeof large};
    check_code(HelloWorld_write(f.writer, &wrong, NULL), MMS_E_TOO_BIG);
    publish_bytes(&f, 2);
    check_says_nothing(&f);
    check_ok(mms_write_begin(f.writer, 4096, &buffer, NULL));
    check_code(HelloWorld_write(f.writer, value_of(3), NULL), MMS_E_INVALID); /* another was begun */
    check_ok(HelloWorld_serialize(value_of(3), buffer, 4096, &size));
    check_ok(mms_write_set_type(f.writer, HelloWorld_archive.type_id, NULL, 0));
    check_ok(mms_write_commit(f.writer, size, &f.receipt));
    check_says_nothing(&f);
    tear_down(&f);
}

/* An update begins with the library's value and keeps the type, but may have changed anything. */
static void an_update_says_nothing(void **state)
{
    struct fixture f = set_up(state, NULL);
    void *buffer;
    size_t size;

    publish(&f, 1);
    check_gives_root(&f, 0);
    check_ok(mms_write_update(f.writer, 0, &buffer, &size, NULL));
    check_ok(mms_write_touch(f.writer, size - 8, 8));
    memset((char *)buffer + size - 8, 0x7f, 8);
    check_ok(mms_write_commit(f.writer, size, &f.receipt));
    check_true(!says_serialized(&f));
    check_finds_damage(f.readers[0], &HelloWorld_archive);
    check_finds_damage(f.readers[1], &HelloWorld_archive);
    tear_down(&f);
}

/* ---- Typed updates ---- */

static const ArchivedHelloWorld *begin_update(struct fixture *f, size_t *size)
{
    const ArchivedHelloWorld *hello;

    check_ok(HelloWorld_update(f->writer, &hello, size, NULL));
    return hello;
}

static void check_version(const struct fixture *f, int i, uint32_t version)
{
    mms_view view;
    const ArchivedHelloWorld *hello = HelloWorld_read(f->readers[i], &view);

    check_true(hello != NULL);
    check_equal(hello->version, version);
    check_ok(mms_release(f->readers[i]));
}

static void setters_keep_what_was_said(void **state)
{
    struct fixture f = set_up(state, NULL);
    size_t size;

    publish(&f, 1);
    for (uint32_t i = 2; i < 4 * SLOTS; i++) {
        check_ok(HelloWorld_set_version(f.writer, begin_update(&f, &size), i));
        check_ok(mms_write_commit(f.writer, size, &f.receipt));
        check_true(says_serialized(&f));
        check_version(&f, 0, i);
    }
    damage(&f);
    check_gives_root(&f, 1);
    tear_down(&f);
}

/* The bytes that others wrote are checked by the update, and from then on known to be good. */
static void an_update_vouches_for_what_it_has_checked(void **state)
{
    struct fixture f = set_up(state, NULL);
    const ArchivedHelloWorld *hello;
    size_t size;

    publish_bytes(&f, 1);
    check_true(!says_serialized(&f));
    check_ok(HelloWorld_set_version(f.writer, begin_update(&f, &size), 2));
    check_ok(mms_write_commit(f.writer, size, &f.receipt));
    check_true(says_serialized(&f));
    check_version(&f, 0, 2);
    publish_bytes(&f, 3);
    damage(&f);
    check_code(HelloWorld_update(f.writer, &hello, &size, NULL), MMS_E_CORRUPT);
    check_detail_mentions("HelloWorld.messages");
    publish(&f, 4); /* nothing was begun */
    check_version(&f, 0, 4);
    tear_down(&f);
}

/* A writer finds what the one before it said. */
static void what_is_vouched_for_is_not_checked_by_an_update(void **state)
{
    struct fixture f = set_up(state, NULL);
    size_t size;

    publish(&f, 1);
    damage(&f);
    check_ok(mms_writer_close(f.writer));
    check_ok(mms_writer_open(f.path, NULL, &f.writer));
    (void)begin_update(&f, &size);
    check_ok(mms_write_abort(f.writer));
    tear_down(&f);
}

/* What may be done with the bytes beside setters. */
static void touch_by_hand(struct fixture *f, size_t size)
{
    check_ok(mms_write_touch(f->writer, size - 1, 1));
}

static void touch_nothing(struct fixture *f, size_t size)
{
    (void)size;
    check_ok(mms_write_touch(f->writer, 0, 0));
}

static void patch_by_hand(struct fixture *f, size_t size)
{
    check_ok(mms_write_patch(f->writer, size - 12, "\4\3\2\1", 4));
}

static void grow(struct fixture *f, size_t size)
{
    check_ok(mms_write_grow(f->writer, size + 1, NULL));
}

static void retype(struct fixture *f, size_t size)
{
    (void)size;
    check_ok(mms_write_set_type(f->writer, HelloWorld_archive.type_id, NULL, 0));
}

static void nothing_else_keeps_it(void **state)
{
    void (*const ways[])(struct fixture *, size_t) = {touch_by_hand, touch_nothing, patch_by_hand, grow, retype};
    struct fixture f = set_up(state, NULL);
    size_t size;

    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        for (int late = 0; late < 2; late++) { /* before a setter, or after it */
            const ArchivedHelloWorld *hello;

            publish(&f, 1);
            hello = begin_update(&f, &size);
            if (!late)
                ways[i](&f, size);
            check_ok(HelloWorld_set_version(f.writer, hello, 2));
            if (late)
                ways[i](&f, size);
            check_ok(mms_write_commit(f.writer, size, &f.receipt));
            check_says_nothing(&f);
        }
    tear_down(&f);
}

/* Where stores need no touch, nobody knows what else was changed. */
static void tracked_update_drops_it(void **state)
{
    struct fixture f = set_up_tracked(state, NULL, MMS_TRACK_AUTO);
    size_t size;

    publish(&f, 1);
    check_ok(HelloWorld_set_version(f.writer, begin_update(&f, &size), 2));
    check_ok(mms_write_commit(f.writer, size, &f.receipt));
    check_says_nothing(&f);
    tear_down(&f);
}

/* A value of another size has its root elsewhere. */
static void another_size_drops_it(void **state)
{
    struct fixture f = set_up(state, NULL);
    size_t size;

    publish(&f, 1);
    check_ok(HelloWorld_set_version(f.writer, begin_update(&f, &size), 2));
    check_ok(mms_write_commit(f.writer, size - 4, &f.receipt));
    check_true(!says_serialized(&f));
    check_finds_damage(f.readers[0], &HelloWorld_archive);
    tear_down(&f);
}

static void an_aborted_update_says_nothing_of_the_next_write(void **state)
{
    struct fixture f = set_up(state, NULL);
    void *buffer;
    size_t size;

    publish(&f, 1);
    check_ok(HelloWorld_set_version(f.writer, begin_update(&f, &size), 2));
    check_ok(mms_write_abort(f.writer));
    check_ok(mms_write_update(f.writer, 0, &buffer, &size, NULL));
    check_ok(mms_write_commit(f.writer, size, &f.receipt));
    check_says_nothing(&f);
    publish(&f, 3);
    check_ok(HelloWorld_set_version(f.writer, begin_update(&f, &size), 4));
    check_ok(mms_write_commit(f.writer, size, &f.receipt));
    check_ok(mms_write(f.writer, "some bytes", 10, &f.receipt));
    check_true(!says_serialized(&f));
    tear_down(&f);
}

static void the_type_of_the_options_says_nothing(void **state)
{
    struct fixture f = set_up(state, NULL);
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    unsigned char bytes[256] __attribute__((aligned(16)));
    size_t size;

    memcpy(options.type_id, HelloWorld_archive.type_id, sizeof options.type_id);
    check_ok(mms_writer_close(f.writer));
    check_ok(mms_writer_open(f.path, &options, &f.writer));
    check_ok(HelloWorld_serialize(value_of(1), bytes, sizeof bytes, &size));
    publish(&f, 2);
    check_ok(mms_write(f.writer, bytes, size, &f.receipt));
    check_says_nothing(&f);
    tear_down(&f);
}

/* A new geometry keeps the value and everything that is said about it. */
static void replace(struct fixture *f, uint64_t max_size)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    mms_info info;

    close_reading(f);
    check_ok(mms_writer_close(f->writer));
    options.max_size = max_size;
    options.replace = true;
    check_ok(mms_writer_open(f->path, &options, &f->writer));
    open_reading(f, NULL);
    check_ok(mms_inspect(f->path, &info));
    f->receipt.slot = info.slot;
}

static void a_replaced_region_says_what_the_old_one_said(void **state)
{
    struct fixture f = set_up(state, NULL);

    publish(&f, 1);
    replace(&f, 1 << 17);
    check_true(says_serialized(&f));
    damage(&f);
    check_gives_root(&f, 0);
    publish_bytes(&f, 2);
    replace(&f, 1 << 18);
    check_says_nothing(&f);
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(what_the_library_serialized_is_not_checked),
        scratch_test(check_always_looks_at_it),
        scratch_test(another_type_is_refused),
        scratch_test(less_than_a_root_is_refused),
        scratch_test(bytes_do_not_become_the_librarys),
        scratch_test(a_typed_write_that_failed_says_nothing_of_the_next),
        scratch_test(an_update_says_nothing),
        scratch_test(setters_keep_what_was_said),
        scratch_test(an_update_vouches_for_what_it_has_checked),
        scratch_test(what_is_vouched_for_is_not_checked_by_an_update),
        scratch_test(nothing_else_keeps_it),
        scratch_test(tracked_update_drops_it),
        scratch_test(another_size_drops_it),
        scratch_test(an_aborted_update_says_nothing_of_the_next_write),
        scratch_test(the_type_of_the_options_says_nothing),
        scratch_test(a_replaced_region_says_what_the_old_one_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
