/* SPDX-License-Identifier: Apache-2.0 */
#include "api/options.h"
#include "base/error.h"
#include <mmsync/durable.h>
#include <string.h>

enum { DEFAULT_GRACE_MS = 1000 };

static int copy_versioned(const char *name, const void *given, void *options, size_t known)
{
    const unsigned char *bytes = given;
    size_t size;

    memset(options, 0, known);
    if (!given)
        return 0;
    memcpy(&size, given, sizeof size);
    if (size < sizeof size || size > 65536)
        return mms__fail(MMS_E_INVALID, "%s: struct_size is %zu; start from the INIT macro", name, size);
    for (size_t i = known; i < size; i++)
        if (bytes[i] != 0)
            return mms__fail(MMS_E_INVALID,
                             "%s: byte %zu is set, which this version (" MMS_VERSION
                             ") does not know; use a newer library or fewer options",
                             name, i);
    memcpy(options, given, size < known ? size : known);
    return 0;
}

static int check_range(const char *name, uint64_t value, uint64_t low, uint64_t high)
{
    if (value == 0 || (value >= low && value <= high))
        return 0;
    return mms__fail(MMS_E_INVALID, "options.%s is %llu; it goes from %llu to %llu", name, (unsigned long long)value,
                     (unsigned long long)low, (unsigned long long)high);
}

static int check_modes(const mms_writer_options *options)
{
    if ((options->mode & ~0666u) != 0 || (options->mode != 0 && (options->mode & 0600) != 0600))
        return mms__fail(MMS_E_INVALID, "options.mode is %04o; give read and write bits, the owner's 0600 among them",
                         options->mode);
    if ((options->readers_mode & ~0666u) != 0 || (options->readers_mode != 0 && (options->readers_mode & 0600) != 0600))
        return mms__fail(MMS_E_INVALID,
                         "options.readers_mode is %04o; give read and write bits, the owner's 0600 among them",
                         options->readers_mode);
    if (((options->readers_mode >> 1) & 0222) != (options->readers_mode & 0222))
        return mms__fail(
            MMS_E_INVALID,
            "options.readers_mode is %04o; who may read `readers` can lock others out of it, so give read and "
            "write together or neither",
            options->readers_mode);
    return 0;
}

/* chown(2) takes this for "as it is". */
static int check_group(gid_t gid)
{
    return gid != (gid_t)-1 ? 0 : mms__fail(MMS_E_INVALID, "options.gid is -1, which is no group");
}

static int check_choice(const char *name, int value, int highest)
{
    if (value >= 0 && value <= highest)
        return 0;
    return mms__fail(MMS_E_INVALID, "options.%s is %d, which is not one of its values", name, value);
}

static int check_time(const char *name, int32_t value)
{
    if (value >= MMS_NO_WAIT)
        return 0;
    return mms__fail(MMS_E_INVALID, "options.%s is %d; give milliseconds, MMS_FOREVER or MMS_NO_WAIT", name, value);
}

/* Later versions may put options in these bytes, so programs of today must leave them zero. */
static int check_reserved(const char *name, const uint8_t *reserved, size_t count)
{
    uint8_t any = 0;

    for (size_t i = 0; i < count; i++)
        any |= reserved[i];
    if (any == 0)
        return 0;
    return mms__fail(MMS_E_INVALID,
                     "%s: a reserved byte is set, which this version (" MMS_VERSION
                     ") does not know; start from the INIT macro, or use a newer library",
                     name);
}

int mms__grace_read(int32_t given, int32_t *grace_ms)
{
    int code = check_time("grace_ms", given);

    if (code == 0)
        *grace_ms = given == 0 ? DEFAULT_GRACE_MS : given;
    return code;
}

/* Replace zeros by the defaults. Geometry and modes keep theirs: for a region that exists they
   mean "as it is". */
static void set_defaults(mms_writer_options *options)
{
    if (options->lock_wait_ms == 0)
        options->lock_wait_ms = 2000;
    if (options->gid != 0)
        options->has_gid = true;
}

int mms__writer_options_read(const mms_writer_options *given, mms_writer_options *options)
{
    int code = copy_versioned("options", given, options, sizeof *options);

    if (code == 0)
        code = check_range("max_size", options->max_size, 1, INT64_MAX / 4);
    if (code == 0)
        code = check_range("max_slots", options->max_slots, 2, 32767);
    if (code == 0)
        code = check_range("max_readers", options->max_readers, 1, 65535);
    if (code == 0)
        code = check_range("changes_size", options->changes_size, 4096, UINT64_C(1) << 30);
    if (code == 0)
        code = mms__grace_read(options->grace_ms, &options->grace_ms);
    if (code == 0)
        code = check_time("lock_wait_ms", options->lock_wait_ms);
    if (code == 0)
        code = check_choice("fence", (int)options->fence, MMS_FENCE_ASYMMETRIC);
    if (code == 0)
        code = check_choice("on_grace", (int)options->on_grace, MMS_EVICT);
    if (code == 0)
        code = check_choice("huge_pages", (int)options->huge_pages, MMS_HUGE_PAGES_ON);
    if (code == 0)
        code = check_choice("track", (int)options->track, MMS_TRACK_AUTO);
    if (code == 0)
        code = check_modes(options);
    if (code == 0)
        code = check_group(options->gid);
    if (code == 0)
        code = check_choice("durable", options->durable, MMS_DURABLE_SYNC);
    if (code == 0)
        set_defaults(options);
    return code;
}

int mms__region_options_read(const mms_region_options *given, mms_region_options *options)
{
    int code = copy_versioned("options", given, options, sizeof *options);

    if (code == 0)
        code = check_choice("fence", (int)options->fence, MMS_FENCE_ASYMMETRIC);
    if (code == 0)
        code = check_reserved("options", options->reserved, sizeof options->reserved);
    return code;
}

int mms__table_options_read(const mms_table_options *given, mms_table_options *options)
{
    int code = copy_versioned("options", given, options, sizeof *options);

    if (code == 0)
        code = check_reserved("options", options->reserved, sizeof options->reserved);
    if (code == 0)
        code = check_range("key_size", options->key_size, 1, MMS_TABLE_KEY_MAX);
    if (code == 0)
        code = check_range("value_size", options->value_size, 1, MMS_TABLE_VALUE_MAX);
    if (code == 0 && !options->schema && options->schema_size > 0)
        return mms__fail(MMS_E_INVALID, "options.schema is NULL and options.schema_size %zu", options->schema_size);
    return code;
}

/* ---- For the files of mmap-sync ---- */

static int refuse(const char *path, const char *option)
{
    return mms__fail(MMS_E_INVALID, "opening %s: %s is for the files of mmap-sync alone", path, option);
}

int mms__writer_options_for_mmap_sync(const mms_writer_options *options, bool suits, const char *path,
                                      mms_mmap_sync_writer_options *out)
{
    int code = copy_versioned("options.mmap_sync", options->mmap_sync, out, sizeof *out);

    if (code == 0)
        code = check_reserved("options.mmap_sync", out->reserved, sizeof out->reserved);
    if (code != 0 || suits)
        return code;
    if (out->unlocked)
        return refuse(path, "options.mmap_sync->unlocked");
    if (out->hash)
        return refuse(path, "options.mmap_sync->hash");
    return out->reset ? refuse(path, "options.mmap_sync->reset") : 0;
}

int mms__region_options_for_mmap_sync(const mms_region_options *options, bool suits, const char *path,
                                      mms_mmap_sync_region_options *out)
{
    int code = copy_versioned("options.mmap_sync", options->mmap_sync, out, sizeof *out);

    if (code == 0)
        code = check_reserved("options.mmap_sync", out->reserved, sizeof out->reserved);
    if (code != 0 || suits)
        return code;
    return out->other_hasher ? refuse(path, "options.mmap_sync->other_hasher") : 0;
}
