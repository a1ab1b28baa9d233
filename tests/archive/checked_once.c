/* SPDX-License-Identifier: Apache-2.0 */
/* Who checks the bytes of a typed value: nobody if the library serialized them, else one reader
   for each mms_region, generation and type. Damage that is done through the file before a read
   shows it: if nobody checks, it goes unnoticed. */
#include "handle/region.h"
#include "hello.h"
#include "mmap_sync_sample.h"
#include "region/layout.h"
#include "scratch.h"
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { SLOTS = 2, READERS = 3 };

struct fixture {
    const char *path;
    mms_writer *writer;
    mms_region *region;
    mms_reader *readers[READERS];
    mms_receipt receipt; /* of the last publish */
};

static void open_reading(struct fixture *f, const mms_region_options *options)
{
    check_ok(mms_region_open(f->path, options, &f->region));
    for (int i = 0; i < READERS; i++)
        check_ok(mms_reader_open(f->region, &f->readers[i]));
}

static void close_reading(struct fixture *f)
{
    for (int i = 0; i < READERS; i++)
        check_ok(mms_reader_close(f->readers[i]));
    check_ok(mms_region_close(f->region));
}

static struct fixture set_up_tracked(void **state, const mms_region_options *options, mms_track how)
{
    struct fixture f = {.path = scratch_path(state, "region")};
    mms_writer_options writer = MMS_WRITER_OPTIONS_INIT;

    writer.track = how;
    writer.max_size = 1 << 16;
    writer.max_slots = SLOTS;
    writer.grace_ms = MMS_NO_WAIT;
    writer.on_grace = MMS_EVICT;
    check_ok(mms_writer_open(f.path, &writer, &f.writer));
    open_reading(&f, options);
    return f;
}

static struct fixture set_up(void **state, const mms_region_options *options)
{
    return set_up_tracked(state, options, MMS_TRACK_TOUCHES);
}

static void tear_down(struct fixture *f)
{
    close_reading(f);
    check_ok(mms_writer_close(f->writer));
}

static mms_region_options checking_always(void)
{
    mms_region_options options = MMS_REGION_OPTIONS_INIT;

    options.check_always = true;
    return options;
}

/* ---- Publishing ---- */

static const HelloWorld *value_of(uint32_t version)
{
    static mms_str texts[1];
    static HelloWorld value;

    texts[0] = mms_str_of("some text that is longer than seven bytes");
    value = (HelloWorld){.version = version, .messages = {texts, 1}};
    return &value;
}

static void publish(struct fixture *f, uint32_t version)
{
    check_ok(HelloWorld_write(f->writer, value_of(version), &f->receipt));
}

/* The same bytes under the same type, made by somebody else. */
static void publish_bytes(struct fixture *f, uint32_t version)
{
    void *buffer;
    size_t size;

    check_ok(mms_write_begin(f->writer, 4096, &buffer, NULL));
    check_ok(HelloWorld_serialize(value_of(version), buffer, 4096, &size));
    check_ok(mms_write_set_type(f->writer, HelloWorld_archive.type_id, HelloWorld_archive.schema,
                                HelloWorld_archive.schema_size));
    check_ok(mms_write_commit(f->writer, size, &f->receipt));
}

/* ---- The files, as somebody else may change them ---- */

static int open_part(const struct fixture *f, const char *part)
{
    char name[700];
    int fd;

    snprintf(name, sizeof name, "%s/%s", f->path, part);
    fd = open(name, O_RDWR | O_CLOEXEC);
    check_true(fd >= 0);
    return fd;
}

/* The offset of the messages, as the root of the last published value gives it. */
static void damage(const struct fixture *f)
{
    const unsigned char bad[8] = {0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f};
    int control = open_part(f, "control"), data = open_part(f, "data");
    struct mms__header header;
    off_t at;

    check_equal(pread(control, &header, sizeof header, 0), sizeof header);
    at = (off_t)(f->receipt.slot * header.stride + f->receipt.size - sizeof bad);
    check_equal(pwrite(data, bad, sizeof bad, at), sizeof bad);
    close(control);
    close(data);
}

static off_t flags_at(const struct fixture *f)
{
    return (off_t)(offsetof(struct mms__control, slots) + f->receipt.slot * sizeof(struct mms__descriptor) +
                   offsetof(struct mms__descriptor, flags));
}

static bool says_serialized(const struct fixture *f)
{
    int control = open_part(f, "control");
    uint64_t flags;

    check_equal(pread(control, &flags, sizeof flags, flags_at(f)), sizeof flags);
    close(control);
    return (flags & MMS__SERIALIZED) != 0;
}

/* ---- Reading ---- */

static const ArchivedHelloWorld *read_as(mms_reader *reader, mms_archive *archive)
{
    mms_view view;
    const void *root = mms__archive_root(reader, archive, &view, sizeof(ArchivedHelloWorld));

    if (root)
        check_ok(mms_release(reader));
    return root;
}

/* Reader `i` gets a root: it checked the bytes and found them good, or did not check them. */
static void check_reads(const struct fixture *f, int i)
{
    check_true(read_as(f->readers[i], &HelloWorld_archive) != NULL);
}

static void check_finds_damage(mms_reader *reader, mms_archive *archive)
{
    check_true(read_as(reader, archive) == NULL);
    check_equal(mms_last_code(), MMS_E_CORRUPT);
}

/* ---- What the library wrote ---- */

static void what_the_library_serialized_is_not_checked(void **state)
{
    struct fixture f = set_up(state, NULL);

    publish(&f, 1);
    check_true(says_serialized(&f));
    damage(&f);
    check_reads(&f, 0);
    check_reads(&f, 1);
    tear_down(&f);
}

static void check_always_looks_at_it(void **state)
{
    const mms_region_options options = checking_always();
    struct fixture f = set_up(state, &options);

    publish(&f, 1);
    check_reads(&f, 0);
    damage(&f);
    check_reads(&f, 0); /* has checked it */
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
    check_reads(&f, 0);
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
    check_reads(&f, 1);
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
    check_reads(&f, 0);
    publish_bytes(&f, 2);
    replace(&f, 1 << 18);
    check_says_nothing(&f);
    tear_down(&f);
}

/* ---- Bytes from elsewhere ---- */

static void one_reader_checks_for_all(void **state)
{
    const mms_region_options always = checking_always();
    struct fixture f = set_up(state, NULL), other = {.path = f.path}, careful = {.path = f.path};

    open_reading(&other, NULL); /* as in another process */
    open_reading(&careful, &always);
    publish_bytes(&f, 1);
    check_reads(&f, 0);
    check_reads(&careful, 0);
    damage(&f);
    check_reads(&f, 1);
    check_reads(&f, 2);
    check_reads(&careful, 0);
    check_finds_damage(careful.readers[1], &HelloWorld_archive);
    check_finds_damage(other.readers[0], &HelloWorld_archive);
    close_reading(&other);
    close_reading(&careful);
    tear_down(&f);
}

static void damage_is_found_by_each(void **state)
{
    struct fixture f = set_up(state, NULL);
    mms_view view;

    publish_bytes(&f, 1);
    damage(&f);
    check_true(HelloWorld_read_unchecked(f.readers[0], &view) != NULL); /* which is no check */
    for (int i = 0; i < READERS; i++)
        check_finds_damage(f.readers[i], &HelloWorld_archive);
    tear_down(&f);
}

static void another_generation_is_checked(void **state)
{
    struct fixture f = set_up(state, NULL);

    for (uint32_t i = 0; i < 4 * SLOTS; i++) { /* in slots that were checked before, too */
        publish_bytes(&f, i);
        check_reads(&f, 0);
        publish_bytes(&f, i);
        damage(&f);
        check_finds_damage(f.readers[0], &HelloWorld_archive);
        check_finds_damage(f.readers[1], &HelloWorld_archive);
    }
    tear_down(&f);
}

/* A reader with an old view checks that one, which must not undo what newer readers have noted. */
static void an_older_generation_displaces_no_newer_one(void **state)
{
    struct fixture f = set_up(state, NULL);
    const void *root;
    mms_view view;

    publish_bytes(&f, 1);
    check_ok(mms_read(f.readers[0], &view));
    publish_bytes(&f, 2);
    check_reads(&f, 1);
    check_ok(mms__archive_root_slow(f.readers[0], &HelloWorld_archive, &view, &root));
    damage(&f);
    check_reads(&f, 2);
    check_ok(mms_release(f.readers[0]));
    tear_down(&f);
}

/* ---- Several types ---- */

static void a_check_is_one_of_a_type(void **state)
{
    struct fixture f = set_up(state, NULL);
    mms_archive twin = HelloWorld_archive; /* another type, whatever id it has */

    twin.token = MMS_ARCHIVE_NEW;
    publish_bytes(&f, 1);
    check_reads(&f, 0);
    damage(&f);
    check_finds_damage(f.readers[1], &twin);
    check_reads(&f, 1);
    tear_down(&f);
}

static void types_are_remembered_beside_each_other(void **state)
{
    struct fixture f = set_up(state, NULL);
    mms_archive twin = HelloWorld_archive;

    publish_bytes(&f, 1);
    check_reads(&f, 0);
    twin.token = HelloWorld_archive.token + 1; /* as for the next type: that has another place */
    check_true(read_as(f.readers[0], &twin) != NULL);
    damage(&f);
    check_reads(&f, 1);
    check_true(read_as(f.readers[2], &twin) != NULL);
    tear_down(&f);
}

/* Tokens over 16 bits, as in programs that never stop making types: a note has no room for
   them. */
static void the_types_beyond_are_checked_by_each_reader(void **state)
{
    struct fixture f = set_up(state, NULL);
    mms_archive late = HelloWorld_archive;

    late.token = UINT32_C(1) << 16 | HelloWorld_archive.token;
    publish_bytes(&f, 1);
    check_true(read_as(f.readers[0], &late) != NULL);
    damage(&f);
    check_finds_damage(f.readers[1], &late);
    check_finds_damage(f.readers[1], &HelloWorld_archive);
    tear_down(&f);
}

/* ---- Views that can be taken away ---- */

static bool has_notes(const struct fixture *f)
{
    uint64_t any = 0;

    for (int i = 0; i < MMS__CHECKED_TYPES; i++)
        any |= mms__load_relaxed(&f->region->checked[i]);
    return any != 0;
}

/* The bytes are good, but they are another generation's. */
static void a_check_of_what_was_taken_away_does_not_count(void **state)
{
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    struct fixture f;
    const void *root;
    mms_view view;

    options.allow_evict = true;
    f = set_up(state, &options);
    publish_bytes(&f, 1);
    check_ok(mms_read(f.readers[0], &view));
    for (uint32_t i = 0; i < SLOTS; i++)
        publish_bytes(&f, i + 2);
    check_code(mms__archive_root_slow(f.readers[0], &HelloWorld_archive, NULL, &root), MMS_E_EVICTED);
    check_true(!has_notes(&f));
    check_true(HelloWorld_read(f.readers[0], &view) != NULL);
    check_true(has_notes(&f));
    check_ok(mms_release(f.readers[0]));
    tear_down(&f);
}

/* ---- The files of mmap-sync ---- */

static void damage_crate(const char *path)
{
    char name[700];
    int fd;

    snprintf(name, sizeof name, "%s_data_0", path);
    fd = open(name, O_RDWR | O_CLOEXEC);
    check_true(fd >= 0);
    check_equal(pwrite(fd, "\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f", 8, 0), 8);
    check_equal(pwrite(fd, "\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f", 8, 8), 8);
    close(fd);
}

/* These files do not say who wrote a version, and it may come back with other bytes. */
static void in_the_crates_files_each_reader_checks(void **state)
{
    struct fixture f = {.path = scratch_path(state, "files")};
    const HelloWorld small = {.version = 1, .messages = {NULL, 0}};

    check_ok(mms_writer_open(crate_path(f.path), NULL, &f.writer));
    check_ok(HelloWorld_write(f.writer, &small, &f.receipt));
    open_reading(&f, NULL);
    check_reads(&f, 0);
    damage_crate(f.path);
    for (int i = 0; i < READERS; i++)
        check_finds_damage(f.readers[i], &HelloWorld_archive);
    check_true(!has_notes(&f));
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
        scratch_test(one_reader_checks_for_all),
        scratch_test(damage_is_found_by_each),
        scratch_test(another_generation_is_checked),
        scratch_test(an_older_generation_displaces_no_newer_one),
        scratch_test(a_check_is_one_of_a_type),
        scratch_test(types_are_remembered_beside_each_other),
        scratch_test(the_types_beyond_are_checked_by_each_reader),
        scratch_test(a_check_of_what_was_taken_away_does_not_count),
        scratch_test(in_the_crates_files_each_reader_checks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
