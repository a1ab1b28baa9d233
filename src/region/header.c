/* SPDX-License-Identifier: Apache-2.0 */
#include "region/header.h"
#include "base/checksum.h"
#include "base/error.h"
#include "base/round.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/huge_pages.h"
#include <string.h>

#if UINTPTR_MAX > UINT32_MAX
#define DEFAULT_MAX_SIZE (UINT64_C(4) << 30)
#define DEFAULT_MAX_SLOTS 128
#else
#define DEFAULT_MAX_SIZE (UINT64_C(16) << 20)
#define DEFAULT_MAX_SLOTS 8
#endif
#define DEFAULT_MAX_READERS 1024

/* Two that anchors name, the current one, the one that is written, and one for a reader that is slow. */
enum { DURABLE_SLOTS = 5 };

/* From this many huge pages on, one more for a slot is little. */
enum { HUGE_PAGES_LEAST = 8 };

/* An odd number of pages: with a power of two the starts of all slots would share a set of the
   TLB, and a small write would take 40 ns longer. For large values it is one page less than whole
   huge pages: so slot i starts i pages before a huge page, and large values, which use the first
   few slots, lie in huge pages but for those few. */
static uint64_t stride_for(uint64_t max_size)
{
    uint64_t page = mms__page_size(), huge = mms__huge_page(), size = mms__round_up(max_size, page);

    if (sizeof(void *) < 8 || size < HUGE_PAGES_LEAST * huge)
        return (size / page | 1) * page;
    return mms__round_up(size + page, huge) - page;
}

int mms__header_plan(const mms_writer_options *options, const char *path, struct mms__header *header)
{
    uint64_t max_size = options->max_size ? options->max_size : DEFAULT_MAX_SIZE;
    uint32_t max_slots = options->max_slots ? options->max_slots : DEFAULT_MAX_SLOTS;
    uint64_t limit = (uint64_t)INT64_MAX < SIZE_MAX / 2 ? (uint64_t)INT64_MAX : SIZE_MAX / 2;
    int code;

    *header = (struct mms__header){
        .byte_order = MMS__BYTE_ORDER_MARK,
        .version = MMS__FORMAT_VERSION,
        .max_size = max_size,
        .stride = stride_for(max_size),
        .max_slots = max_slots,
        .max_readers = options->max_readers ? options->max_readers : DEFAULT_MAX_READERS,
        .created_ns = mms__read_clock(CLOCK_REALTIME),
        .flags = options->durable ? MMS__DURABLE : 0,
    };
    if (options->durable && max_slots < DURABLE_SLOTS)
        return mms__fail(MMS_E_INVALID,
                         "creating %s: a durable region needs options.max_slots of %d or more, and is to have %u: two "
                         "slots stay as they are on the disk, beside the current one and the next",
                         path, DURABLE_SLOTS, max_slots);
    if (header->stride > limit / max_slots)
        return mms__fail(
            MMS_E_INVALID,
            "creating %s: %u slots of %llu bytes are more than can be mapped; make options.max_size or options.max_slots smaller",
            path, max_slots, (unsigned long long)max_size);
    code = mms__random(header->region_id, sizeof header->region_id);
    return code == 0 ? 0 : mms__fail(code, "creating %s: getting random bytes for its id", path);
}

static uint64_t checksum_of(const struct mms__header *header)
{
    return mms__checksum(header, offsetof(struct mms__header, checksum));
}

void mms__header_seal(struct mms__header *header, const char *magic)
{
    memcpy(header->magic, magic, sizeof header->magic);
    header->checksum = checksum_of(header);
}

static bool geometry_is_sound(const struct mms__header *header)
{
    return header->max_size > 0 && header->stride >= header->max_size && header->max_slots >= 2 &&
           header->max_slots <= 32767 && header->max_readers >= 1 && header->max_readers <= 65535 &&
           header->stride <= (uint64_t)INT64_MAX / header->max_slots && header->stride % mms__page_size() == 0;
}

int mms__header_check(const struct mms__header *header, size_t size, const char *magic, const char *path,
                      const char *name)
{
    if (size < sizeof header->magic || memcmp(header->magic, magic, sizeof header->magic) != 0)
        return mms__fail(MMS_E_NOT_REGION, "%s/%s does not start like a file of a region; it is left as it is", path,
                         name);
    if (size < sizeof *header)
        return mms__fail(MMS_E_CORRUPT,
                         "%s/%s ends within its header; remove the region and let a writer create it anew", path, name);
    if (header->byte_order == __builtin_bswap32(MMS__BYTE_ORDER_MARK))
        return mms__fail(MMS_E_BYTE_ORDER, "%s/%s was written on a machine with another byte order", path, name);
    if (header->byte_order == MMS__BYTE_ORDER_MARK && header->version > MMS__FORMAT_VERSION)
        return mms__fail(MMS_E_VERSION, "%s/%s has format version %u, and this library knows %d; use a newer library",
                         path, name, header->version, MMS__FORMAT_VERSION);
    if (header->checksum != checksum_of(header) || header->byte_order != MMS__BYTE_ORDER_MARK || header->version == 0)
        return mms__fail(MMS_E_CORRUPT,
                         "the header of %s/%s is damaged; remove the region and let a writer create it anew", path,
                         name);
    if (!geometry_is_sound(header))
        return mms__fail(MMS_E_CORRUPT,
                         "the header of %s/%s gives an impossible geometry (%u slots of %llu bytes, page size %zu)",
                         path, name, header->max_slots, (unsigned long long)header->stride, mms__page_size());
    return 0;
}

static int compare(const char *path, const char *what, uint64_t has, uint64_t asked)
{
    if (asked == 0 || asked == has)
        return 0;
    return mms__fail(MMS_E_GEOMETRY,
                     "%s has options.%s %llu, but %llu was asked for; leave the option out, or use options.replace",
                     path, what, (unsigned long long)has, (unsigned long long)asked);
}

int mms__header_compare(const struct mms__header *header, const mms_writer_options *options, const char *path)
{
    int code = compare(path, "max_size", header->max_size, options->max_size);

    if (code != 0)
        return code;
    code = compare(path, "max_slots", header->max_slots, options->max_slots);
    if (code != 0)
        return code;
    code = compare(path, "max_readers", header->max_readers, options->max_readers);
    if (code != 0 || options->durable == 0 || mms__header_is_durable(header))
        return code;
    return mms__fail(
        MMS_E_GEOMETRY,
        "%s is not durable, and options.durable was asked for; leave it out, or use options.replace to make "
        "the region anew with its value",
        path);
}
