/* SPDX-License-Identifier: Apache-2.0 */
/* Options: defaults, structs of other versions, ranges (api/options.c). */
#include "api/options.h"
#include "check.h"
#include <mmsync/mmap_sync.h>
#include <string.h>

/* What a program compiled against a later header would pass. */
struct longer_options {
    mms_writer_options known;
    unsigned char tail[40];
};

static struct longer_options longer(void)
{
    struct longer_options options = {.known = MMS_WRITER_OPTIONS_INIT};

    options.known.struct_size = sizeof options;
    options.known.max_slots = 7;
    return options;
}

static void null_means_all_defaults(void **state)
{
    mms_writer_options writer;
    mms_region_options region;

    (void)state;
    check_ok(mms__writer_options_read(NULL, &writer));
    check_equal(writer.grace_ms, 1000);
    check_equal(writer.on_grace, MMS_REFUSE);
    check_equal(writer.lock_wait_ms, 2000);
    check_equal(writer.fence, MMS_FENCE_AUTO);
    check_true(!writer.has_gid && !writer.checksum && !writer.replace && !writer.force_filesystem &&
               !writer.trust_owner);
    check_ok(mms__region_options_read(NULL, &region));
    check_true(!region.allow_evict && !region.prefault && !region.read_only && !region.detached);
}

static void zero_geometry_and_modes_stay_zero_for_regions_that_exist(void **state)
{
    mms_writer_options options;

    (void)state;
    check_ok(mms__writer_options_read(NULL, &options));
    check_equal(options.max_size, 0);
    check_equal(options.max_slots, 0);
    check_equal(options.max_readers, 0);
    check_equal(options.mode, 0);
    check_equal(options.readers_mode, 0);
}

static void init_macro_gives_defaults(void **state)
{
    mms_writer_options given = MMS_WRITER_OPTIONS_INIT, from_init, from_null;

    (void)state;
    check_ok(mms__writer_options_read(&given, &from_init));
    check_ok(mms__writer_options_read(NULL, &from_null));
    from_null.struct_size = from_init.struct_size;
    check_memory(&from_init, &from_null, sizeof from_init);
}

static void unknown_tail_of_zeros_is_accepted(void **state)
{
    struct longer_options given = longer();
    mms_writer_options options;

    (void)state;
    check_ok(mms__writer_options_read(&given.known, &options));
    check_equal(options.max_slots, 7);
}

static void unknown_tail_with_any_byte_set_is_refused(void **state)
{
    mms_writer_options options;

    (void)state;
    for (size_t i = 0; i < sizeof((struct longer_options *)0)->tail; i++) {
        struct longer_options given = longer();

        given.tail[i] = 1;
        check_code(mms__writer_options_read(&given.known, &options), MMS_E_INVALID);
        check_detail_mentions("newer library");
    }
}

/* All its bytes are set. */
#define check_reserved(type, function, detail)                 \
    for (size_t i = 0; i < sizeof((type *)0)->reserved; i++) { \
        type given = {.struct_size = sizeof given}, read;      \
                                                               \
        given.reserved[i] = 1;                                 \
        check_code(function(&given, &read), MMS_E_INVALID);    \
        check_detail_mentions(detail);                         \
    }

/* What options.mmap_sync does for those files, and for others. */
static int read_mmap_sync_writer(const mms_mmap_sync_writer_options *given, mms_mmap_sync_writer_options *read)
{
    const mms_writer_options options = {.struct_size = sizeof options, .mmap_sync = given};

    return mms__writer_options_for_mmap_sync(&options, true, "PATH", read);
}

static int refuse_mmap_sync_writer(const mms_mmap_sync_writer_options *given)
{
    const mms_writer_options options = {.struct_size = sizeof options, .mmap_sync = given};
    mms_mmap_sync_writer_options read;

    return mms__writer_options_for_mmap_sync(&options, false, "PATH", &read);
}

static int read_mmap_sync_region(const mms_mmap_sync_region_options *given, mms_mmap_sync_region_options *read)
{
    const mms_region_options options = {.struct_size = sizeof options, .mmap_sync = given};

    return mms__region_options_for_mmap_sync(&options, true, "PATH", read);
}

static int refuse_mmap_sync_region(const mms_mmap_sync_region_options *given)
{
    const mms_region_options options = {.struct_size = sizeof options, .mmap_sync = given};
    mms_mmap_sync_region_options read;

    return mms__region_options_for_mmap_sync(&options, false, "PATH", &read);
}

/* Unnamed bytes at the end of a struct would be garbage in a program of today, and an option in a
   later library. */
static void what_is_reserved_has_the_end_to_itself_and_is_zero(void **state)
{
    mms_mmap_sync_writer_options crate_writer;
    mms_mmap_sync_region_options crate_region;
    mms_writer_options writer;
    mms_region_options region;

    (void)state;
    check_equal(offsetof(mms_writer_options, durable) + sizeof writer.durable, sizeof writer);
    check_equal(offsetof(mms_region_options, reserved) + sizeof region.reserved, sizeof region);
    check_equal(offsetof(mms_mmap_sync_writer_options, reserved) + sizeof crate_writer.reserved, sizeof crate_writer);
    check_equal(offsetof(mms_mmap_sync_region_options, reserved) + sizeof crate_region.reserved, sizeof crate_region);
    check_reserved(mms_region_options, mms__region_options_read, "options: a reserved byte");
    check_reserved(mms_mmap_sync_writer_options, read_mmap_sync_writer, "options.mmap_sync: a reserved");
    check_reserved(mms_mmap_sync_region_options, read_mmap_sync_region, "options.mmap_sync: a reserved");
}

static void shorter_struct_gets_defaults_for_the_rest(void **state)
{
    mms_writer_options given, options;

    (void)state;
    memset(&given, 0xff, sizeof given);
    given.struct_size = offsetof(mms_writer_options, max_slots);
    given.max_size = 4096;
    check_ok(mms__writer_options_read(&given, &options));
    check_equal(options.max_size, 4096);
    check_equal(options.max_slots, 0);
    check_equal(options.grace_ms, 1000);
    check_true(!options.checksum);
}

static void struct_size_alone_is_enough(void **state)
{
    mms_writer_options given, options;

    (void)state;
    memset(&given, 0xff, sizeof given);
    given.struct_size = sizeof given.struct_size;
    check_ok(mms__writer_options_read(&given, &options));
}

static void nonsense_struct_size_is_refused(void **state)
{
    const size_t sizes[] = {0, 1, sizeof(size_t) - 1, 65537, SIZE_MAX};
    mms_writer_options given = MMS_WRITER_OPTIONS_INIT, options;
    mms_region_options region = MMS_REGION_OPTIONS_INIT, read;

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        given.struct_size = region.struct_size = sizes[i];
        check_code(mms__writer_options_read(&given, &options), MMS_E_INVALID);
        check_detail_mentions("INIT");
        check_code(mms__region_options_read(&region, &read), MMS_E_INVALID);
    }
}

/* Set and read one option at a time. */
#define check_option(type, function, member, value, expected) \
    do {                                                      \
        type given = {.struct_size = sizeof given}, read;     \
        given.member = (value);                               \
        if ((expected) == 0) {                                \
            check_ok(function(&given, &read));                \
        } else {                                              \
            check_code(function(&given, &read), (expected));  \
            check_detail_mentions(#member);                   \
        }                                                     \
    } while (0)
#define check_writer(member, value, expected) \
    check_option(mms_writer_options, mms__writer_options_read, member, value, expected)

static void ends_of_ranges_are_accepted(void **state)
{
    (void)state;
    check_writer(max_size, 1, 0);
    check_writer(max_size, INT64_MAX / 4, 0);
    check_writer(max_slots, 2, 0);
    check_writer(max_slots, 32767, 0);
    check_writer(max_readers, 1, 0);
    check_writer(max_readers, 65535, 0);
    check_writer(grace_ms, MMS_FOREVER, 0);
    check_writer(grace_ms, MMS_NO_WAIT, 0);
    check_writer(lock_wait_ms, MMS_NO_WAIT, 0);
    check_writer(fence, MMS_FENCE_ASYMMETRIC, 0);
    check_writer(on_grace, MMS_EVICT, 0);
    check_writer(mode, 0600, 0);
    check_writer(mode, 0666, 0);
}

static void values_beyond_ranges_are_refused_by_name(void **state)
{
    (void)state;
    check_writer(max_size, (uint64_t)INT64_MAX / 4 + 1, MMS_E_INVALID);
    check_writer(max_slots, 1, MMS_E_INVALID);
    check_writer(max_slots, 65536, MMS_E_INVALID);
    check_writer(max_readers, 65536, MMS_E_INVALID);
    check_writer(grace_ms, -3, MMS_E_INVALID);
    check_writer(lock_wait_ms, INT32_MIN, MMS_E_INVALID);
    check_writer(fence, (mms_fence)3, MMS_E_INVALID);
    check_writer(fence, (mms_fence)-1, MMS_E_INVALID);
    check_writer(on_grace, (mms_on_grace)2, MMS_E_INVALID);
    check_writer(gid, (gid_t)-1, MMS_E_INVALID);
    check_option(mms_region_options, mms__region_options_read, fence, (mms_fence)3, MMS_E_INVALID);
}

/* Both structs are versioned alike; options that a region cannot use are refused by name, but only
   if they are set. */
static void options_for_the_files_of_mmap_sync_are_read_and_refused(void **state)
{
    mms_mmap_sync_writer_options given = MMS_MMAP_SYNC_WRITER_OPTIONS_INIT, read;
    mms_mmap_sync_region_options region = MMS_MMAP_SYNC_REGION_OPTIONS_INIT, read_region;

    (void)state;
    check_ok(read_mmap_sync_writer(NULL, &read));
    check_true(!read.reset && !read.unlocked);
    check_ok(read_mmap_sync_region(NULL, &read_region));
    check_true(!read_region.other_hasher);
    check_ok(refuse_mmap_sync_writer(&given));
    check_ok(refuse_mmap_sync_region(&region));
    given.reset = region.other_hasher = true;
    check_ok(read_mmap_sync_writer(&given, &read));
    check_true(read.reset && !read.unlocked);
    check_code(refuse_mmap_sync_writer(&given), MMS_E_INVALID);
    check_detail_mentions("PATH: options.mmap_sync->reset");
    given.unlocked = true;
    check_code(refuse_mmap_sync_writer(&given), MMS_E_INVALID);
    check_detail_mentions("options.mmap_sync->unlocked");
    check_code(refuse_mmap_sync_region(&region), MMS_E_INVALID);
    check_detail_mentions("options.mmap_sync->other_hasher");
    given.struct_size = region.struct_size = 1;
    check_code(read_mmap_sync_writer(&given, &read), MMS_E_INVALID);
    check_detail_mentions("options.mmap_sync: struct_size is 1");
    check_code(refuse_mmap_sync_writer(&given), MMS_E_INVALID);
    check_code(refuse_mmap_sync_region(&region), MMS_E_INVALID);
}

static void modes_must_leave_the_owner_his_rights_and_hold_nothing_but_rights(void **state)
{
    (void)state;
    check_writer(mode, 0400, MMS_E_INVALID);
    check_writer(mode, 0200, MMS_E_INVALID);
    check_writer(mode, 0066, MMS_E_INVALID);
    check_writer(mode, 0755, MMS_E_INVALID);
    check_writer(mode, 04640, MMS_E_INVALID);
    check_writer(readers_mode, 0440, MMS_E_INVALID);
    check_writer(readers_mode, 01660, MMS_E_INVALID);
    check_writer(readers_mode, 0640, MMS_E_INVALID); /* who may read it may lock it */
    check_writer(readers_mode, 0660, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_means_all_defaults),
        cmocka_unit_test(zero_geometry_and_modes_stay_zero_for_regions_that_exist),
        cmocka_unit_test(init_macro_gives_defaults),
        cmocka_unit_test(unknown_tail_of_zeros_is_accepted),
        cmocka_unit_test(unknown_tail_with_any_byte_set_is_refused),
        cmocka_unit_test(what_is_reserved_has_the_end_to_itself_and_is_zero),
        cmocka_unit_test(shorter_struct_gets_defaults_for_the_rest),
        cmocka_unit_test(struct_size_alone_is_enough),
        cmocka_unit_test(nonsense_struct_size_is_refused),
        cmocka_unit_test(ends_of_ranges_are_accepted),
        cmocka_unit_test(values_beyond_ranges_are_refused_by_name),
        cmocka_unit_test(options_for_the_files_of_mmap_sync_are_read_and_refused),
        cmocka_unit_test(modes_must_leave_the_owner_his_rights_and_hold_nothing_but_rights),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
