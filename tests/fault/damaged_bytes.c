/* SPDX-License-Identifier: Apache-2.0 */
/* Truncated, garbled and foreign bytes in a region's files: refused by name or harmless, never repaired, never a crash
   (G9). */
#include "base/checksum.h"
#include "region/header.h"
#include "region/layout.h"
#include "sample.h"
#include "scratch.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int read_value(const char *path)
{
    mms_region *region;
    mms_reader *reader;
    mms_view view;
    int code = mms_region_open(path, NULL, &region);

    if (code != 0)
        return code;
    code = mms_reader_open(region, &reader);
    if (code != 0) {
        check_ok(mms_region_close(region));
        return code; /* a reader table full of nonsense */
    }
    code = mms_read(reader, &view);
    if (code == 0) {
        check_true(view.size <= 64 << 10);
        check_true(mms__checksum(view.data, view.size) + 1 != 0); /* reads every byte of it */
        check_ok(mms_release(reader));
    }
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    return code;
}

static int write_value(const char *path)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    mms_writer *writer;
    int code;

    options.lock_wait_ms = options.grace_ms = MMS_NO_WAIT;
    code = mms_writer_open(path, &options, &writer);
    if (code != 0)
        return code;
    code = mms_write(writer, "newer", 5, NULL);
    check_ok(mms_writer_close(writer));
    return code;
}

/* Both are refused with this code, for this file, and change nothing. */
static void check_refused(const char *path, const char *name, int code)
{
    uint64_t digest = tree_digest(path);

    check_code(read_value(path), code);
    check_detail_mentions(name);
    check_code(write_value(path), code);
    check_detail_mentions(name);
    check_true(mms_verify(path, NULL, NULL) < 0);
    check_equal(tree_digest(path), digest);
}

static void truncated_and_extended_files_are_refused_at_every_length(void **state)
{
    const char *path = scratch_path(state, "region");
    const char *const names[] = {"control", "readers", "data"};
    const char *const full[] = {scratch_path(state, "region/control"), scratch_path(state, "region/readers"),
                                scratch_path(state, "region/data")};

    sample_closed_region(path, "value");
    for (int i = 0; i < 3; i++) {
        size_t size = (size_t)file_size(path, names[i]);
        const uint64_t lengths[] = {0,   1,   7,    8,        64,       127,          128,
                                    129, 511, 4096, size - 1, size + 1, size + 65536, size / 2};
        unsigned char *kept = malloc(size);

        load_bytes(path, names[i], 0, kept, size);
        for (size_t j = 0; j < sizeof lengths / sizeof *lengths; j++) {
            if (lengths[j] == size)
                continue;
            check_true(truncate(full[i], (off_t)lengths[j]) == 0);
            check_refused(path, names[i], i < 2 && lengths[j] < 8 ? MMS_E_NOT_REGION : MMS_E_CORRUPT);
            check_true(truncate(full[i], (off_t)size) == 0);
            patch_bytes(path, names[i], 0, kept, size);
        }
        free(kept);
    }
    check_ok(read_value(path));
    check_ok(write_value(path));
}

static void every_flipped_byte_of_a_header_is_refused(void **state)
{
    const char *path = scratch_path(state, "region");
    const char *const names[] = {"control", "readers"};

    sample_closed_region(path, "value");
    for (int i = 0; i < 2; i++)
        for (size_t offset = 0; offset < sizeof(struct mms__header); offset++) {
            uint64_t digest;

            flip_bits(path, names[i], offset, (unsigned char)(1 + offset * 7 % 255));
            digest = tree_digest(path);
            check_true(read_value(path) < 0);
            check_true(write_value(path) < 0);
            check_true(mms_verify(path, NULL, NULL) < 0);
            check_equal(tree_digest(path), digest);
            flip_bits(path, names[i], offset, (unsigned char)(1 + offset * 7 % 255));
        }
    check_copies(path, "value");
}

/* The words after the headers have no checksum. Whatever they hold, readers get an error or a
   value within bounds, and writers get an error or publish a value that everybody can read. */
static void check_harmless(const char *path)
{
    int code;

    (void)read_value(path);
    (void)mms_verify(path, NULL, NULL);
    (void)mms_inspect(path, &(mms_info){0});
    code = write_value(path);
    if (code == 0) {
        check_copies(path, "newer");
        check_ok(read_value(path));
    }
}

static void every_flipped_byte_behind_the_header_is_harmless(void **state)
{
    const char *path = scratch_path(state, "region");
    const char *const names[] = {"control", "readers"};

    sample_closed_region(path, "value");
    for (int i = 0; i < 2; i++) {
        size_t size = (size_t)file_size(path, names[i]);
        unsigned char *kept = malloc(size);

        load_bytes(path, names[i], 0, kept, size);
        for (size_t offset = sizeof(struct mms__header); offset < size; offset++) {
            flip_bits(path, names[i], offset, (unsigned char)(offset % 3 ? 0xff : 1u << offset % 8));
            check_harmless(path);
            patch_bytes(path, names[i], 0, kept, size);
        }
        free(kept);
    }
}

static void random_bytes_behind_the_header_are_harmless(void **state)
{
    const char *path = scratch_path(state, "region");
    const char *const names[] = {"control", "readers"};
    unsigned seed = 11;

    sample_closed_region(path, "value");
    for (int round = 0; round < 300; round++) {
        const char *name = names[round % 2];
        size_t size = (size_t)file_size(path, name);

        for (size_t offset = sizeof(struct mms__header); offset < size; offset++) {
            unsigned char byte = (unsigned char)rand_r(&seed);

            if (rand_r(&seed) % 8 == 0)
                patch_bytes(path, name, offset, &byte, 1);
        }
        check_harmless(path);
        if (round % 10 == 9) {
            scratch_delete(path);
            sample_closed_region(path, "value");
        }
    }
}

static void foreign_content_is_not_a_region(void **state)
{
    const char *path = scratch_path(state, "region");
    const char *const names[] = {"control", "readers"};
    unsigned char bytes[4096];

    for (int i = 0; i < 2; i++)
        for (int fill = 0; fill < 3; fill++) {
            memset(bytes, fill == 0 ? 0 : 'x', sizeof bytes);
            if (fill == 2)
                memcpy(bytes, "#!/bin/sh\necho this is a shell script\n", 38);
            sample_closed_region(path, "value");
            patch_bytes(path, names[i], 0, bytes, 512);
            check_refused(path, names[i], MMS_E_NOT_REGION);
            scratch_delete(path);
        }
}

static void reseal(struct mms__header *header)
{
    header->checksum = mms__checksum(header, offsetof(struct mms__header, checksum));
}

static void newer_format_is_named_in_either_file(void **state)
{
    const char *path = scratch_path(state, "region");
    const char *const names[] = {"control", "readers"};
    struct mms__header header;

    for (int i = 0; i < 2; i++) {
        sample_closed_region(path, "value");
        load_bytes(path, names[i], 0, &header, sizeof header);
        header.version++;
        reseal(&header);
        patch_bytes(path, names[i], 0, &header, sizeof header);
        check_refused(path, names[i], MMS_E_VERSION);
        scratch_delete(path);
    }
}

static void other_byte_order_is_named_in_either_file(void **state)
{
    const char *path = scratch_path(state, "region");
    const char *const names[] = {"control", "readers"};
    struct mms__header header;

    for (int i = 0; i < 2; i++) {
        sample_closed_region(path, "value");
        load_bytes(path, names[i], 0, &header, sizeof header);
        header.byte_order = __builtin_bswap32(header.byte_order);
        header.version = __builtin_bswap32(header.version);
        header.max_slots = __builtin_bswap32(header.max_slots);
        header.stride = __builtin_bswap64(header.stride);
        patch_bytes(path, names[i], 0, &header, sizeof header);
        check_refused(path, names[i], MMS_E_BYTE_ORDER);
        scratch_delete(path);
    }
}

static void files_of_two_regions_do_not_mix(void **state)
{
    const char *path = scratch_path(state, "region"), *other = scratch_path(state, "other");
    struct mms__header header;

    sample_closed_region(path, "value");
    sample_closed_region(other, "other");
    load_bytes(other, "readers", 0, &header, sizeof header);
    patch_bytes(path, "readers", 0, &header, sizeof header);
    check_refused(path, "another region", MMS_E_CORRUPT);
    load_bytes(path, "control", 0, &header, sizeof header); /* the same region, but another number of lines */
    header.max_readers++;
    mms__header_seal(&header, MMS__READERS_MAGIC);
    patch_bytes(path, "readers", 0, &header, sizeof header);
    check_refused(path, "another region", MMS_E_CORRUPT);
}

static void geometry_that_its_files_do_not_have_is_refused(void **state)
{
    const char *path = scratch_path(state, "region");
    struct mms__header header;

    sample_closed_region(path, "value");
    load_bytes(path, "control", 0, &header, sizeof header);
    header.max_slots = 5;
    reseal(&header);
    patch_bytes(path, "control", 0, &header, sizeof header);
    check_refused(path, "control", MMS_E_CORRUPT);
    header.max_slots = 4;
    header.stride *= 2;
    reseal(&header);
    patch_bytes(path, "control", 0, &header, sizeof header);
    check_refused(path, "data", MMS_E_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(truncated_and_extended_files_are_refused_at_every_length),
        scratch_test(every_flipped_byte_of_a_header_is_refused),
        scratch_test(every_flipped_byte_behind_the_header_is_harmless),
        scratch_test(random_bytes_behind_the_header_are_harmless),
        scratch_test(foreign_content_is_not_a_region),
        scratch_test(newer_format_is_named_in_either_file),
        scratch_test(other_byte_order_is_named_in_either_file),
        scratch_test(files_of_two_regions_do_not_mix),
        scratch_test(geometry_that_its_files_do_not_have_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
