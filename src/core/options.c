/* SPDX-License-Identifier: Apache-2.0 */
#include "core/options.h"
#include "core/error.h"
#include <string.h>

static int copy_versioned(const void *given, void *options, size_t known)
{
    const unsigned char *bytes = given;
    size_t size;

    memset(options, 0, known);
    if (!given)
        return 0;
    memcpy(&size, given, sizeof size);
    if (size < sizeof size || size > 65536)
        return mms__fail(MMS_E_INVALID, "options: struct_size is %zu; start from the INIT macro", size);
    for (size_t i = known; i < size; i++)
        if (bytes[i] != 0)
            return mms__fail(MMS_E_INVALID,
                             "options: byte %zu is set, which this version (" MMS_VERSION
                             ") does not know; use a newer library or fewer options",
                             i);
    memcpy(options, given, size < known ? size : known);
    return 0;
}

static int check_range(const char *name, uint64_t value, uint64_t low, uint64_t high)
{
    if (value == 0 || (value >= low && value <= high))
        return 0;
    return mms__fail(MMS_E_INVALID, "option %s is %llu; it goes from %llu to %llu", name, (unsigned long long)value,
                     (unsigned long long)low, (unsigned long long)high);
}

static int check_modes(const mms_writer_options *options)
{
    if ((options->mode & ~0666u) != 0 || (options->mode != 0 && (options->mode & 0600) != 0600))
        return mms__fail(MMS_E_INVALID, "option mode is %04o; give read and write bits, the owner's 0600 among them",
                         options->mode);
    if ((options->readers_mode & ~0666u) != 0 || (options->readers_mode != 0 && (options->readers_mode & 0600) != 0600))
        return mms__fail(MMS_E_INVALID,
                         "option readers_mode is %04o; give read and write bits, the owner's 0600 among them",
                         options->readers_mode);
    if (((options->readers_mode >> 1) & 0222) != (options->readers_mode & 0222))
        return mms__fail(
            MMS_E_INVALID,
            "option readers_mode is %04o; who may read `readers` can lock others out of it, so give read and "
            "write together or neither",
            options->readers_mode);
    return 0;
}

static int check_choice(const char *name, int value, int highest)
{
    if (value >= 0 && value <= highest)
        return 0;
    return mms__fail(MMS_E_INVALID, "option %s is %d, which is none of its values", name, value);
}

static int check_time(const char *name, int32_t value)
{
    if (value >= MMS_NO_WAIT)
        return 0;
    return mms__fail(MMS_E_INVALID, "option %s is %d; give milliseconds, MMS_FOREVER or MMS_NO_WAIT", name, value);
}

/* Where later versions may have options in the same room, the programs of today must have nothing. */
static int check_reserved(const uint8_t reserved[3])
{
    if ((reserved[0] | reserved[1] | reserved[2]) == 0)
        return 0;
    return mms__fail(MMS_E_INVALID, "options: a reserved byte is set, which this version (" MMS_VERSION
                                    ") does not know; start from the INIT macro, or use a newer library");
}

/* What a zero stands for. Geometry and modes keep theirs: they mean "as it is" for a region that exists. */
static void set_defaults(mms_writer_options *options)
{
    if (options->grace_ms == 0)
        options->grace_ms = 1000;
    if (options->lock_wait_ms == 0)
        options->lock_wait_ms = 2000;
}

int mms__writer_options_read(const mms_writer_options *given, mms_writer_options *options)
{
    int code = copy_versioned(given, options, sizeof *options);

    if (code == 0)
        code = check_range("max_size", options->max_size, 1, INT64_MAX / 4);
    if (code == 0)
        code = check_range("max_slots", options->max_slots, 2, 32767);
    if (code == 0)
        code = check_range("max_readers", options->max_readers, 1, 65535);
    if (code == 0)
        code = check_time("grace_ms", options->grace_ms);
    if (code == 0)
        code = check_time("lock_wait_ms", options->lock_wait_ms);
    if (code == 0)
        code = check_choice("fence", (int)options->fence, MMS_FENCE_ASYMMETRIC);
    if (code == 0)
        code = check_choice("on_grace", (int)options->on_grace, MMS_RESET);
    if (code == 0)
        code = check_choice("format", (int)options->format, MMS_FORMAT_MMAP_SYNC);
    if (code == 0)
        code = check_modes(options);
    if (code == 0)
        code = check_reserved(options->reserved);
    if (code == 0)
        set_defaults(options);
    return code;
}

int mms__region_options_read(const mms_region_options *given, mms_region_options *options)
{
    int code = copy_versioned(given, options, sizeof *options);

    if (code == 0)
        code = check_choice("fence", (int)options->fence, MMS_FENCE_ASYMMETRIC);
    if (code == 0)
        code = check_choice("format", (int)options->format, MMS_FORMAT_MMAP_SYNC);
    if (code == 0)
        code = check_reserved(options->reserved);
    return code;
}
