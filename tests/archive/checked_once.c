/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a typed value that nobody vouches for are checked by one reader for each mms_region,
   generation and type. Damage that is done before that is found by each, and later damage goes
   unnoticed. */
#include "handle/region.h"
#include "hello_region.h"
#include "mmap_sync_sample.h"
#include "scratch.h"
#include <fcntl.h>
#include <unistd.h>

/* ---- One for all ---- */

static void one_reader_checks_for_all(void **state)
{
    const mms_region_options always = checking_always();
    struct fixture f = set_up(state, NULL), other = {.path = f.path}, careful = {.path = f.path};

    open_reading(&other, NULL); /* as in another process */
    open_reading(&careful, &always);
    publish_bytes(&f, 1);
    check_gives_root(&f, 0);
    check_gives_root(&careful, 0);
    damage(&f);
    check_gives_root(&f, 1);
    check_gives_root(&f, 2);
    check_gives_root(&careful, 0);
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
        check_gives_root(&f, 0);
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
    check_gives_root(&f, 1);
    check_ok(mms__archive_root_slow(f.readers[0], &HelloWorld_archive, &view, &root));
    damage(&f);
    check_gives_root(&f, 2);
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
    check_gives_root(&f, 0);
    damage(&f);
    check_finds_damage(f.readers[1], &twin);
    check_gives_root(&f, 1);
    tear_down(&f);
}

static void types_are_remembered_beside_each_other(void **state)
{
    struct fixture f = set_up(state, NULL);
    mms_archive twin = HelloWorld_archive;

    publish_bytes(&f, 1);
    check_gives_root(&f, 0);
    twin.token = HelloWorld_archive.token + 1; /* as for the next type: that has another place */
    check_true(read_as(f.readers[0], &twin) != NULL);
    damage(&f);
    check_gives_root(&f, 1);
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
    check_gives_root(&f, 0);
    damage_crate(f.path);
    for (int i = 0; i < READERS; i++)
        check_finds_damage(f.readers[i], &HelloWorld_archive);
    check_true(!has_notes(&f));
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
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
