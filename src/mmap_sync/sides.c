/* SPDX-License-Identifier: Apache-2.0 */
#include "mmap_sync/sides.h"
#include "base/error.h"
#include "base/round.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

/* Small values share a mapping with what they grow to. */
#define FIRST_MAP UINT64_C(65536)

/* A data file is missing while a writer removes them all, and the state too if it may write
   that. */
static int fail_missing(struct mms__mmap_sync_region *region)
{
    if (mms__region_is_gone(&region->front))
        return mms__region_fail_gone(&region->front);
    if (mms__load_seq_cst(&region->seen->version) == 0)
        return mms__region_fail_empty(&region->front);
    return -ENOENT; /* as mms__data_open said */
}

static int open_side(struct mms__mmap_sync_region *region, unsigned index, uint64_t size)
{
    struct mms__side *side = &region->sides[index];
    const struct mms__trust trust = MMS__TRUST_OF(&region->front.options);
    struct mms__file old = side->file;
    char name[MMS__FILE_NAME_SIZE];
    uint64_t length = 0;
    int code = mms__data_open(&region->front.place, index, O_RDONLY, &side->file, &length);

    if (code != 0)
        return code == -ENOENT ? fail_missing(region) : code;
    if (!mms__file_is(&old, side->file.device, side->file.inode))
        side->first = side->count;
    /* A file just found by name may belong to a set made after ours was removed, but only once
       our state has lost its name. */
    if (side->first == side->count && mms__region_is_gone(&region->front)) {
        mms__file_close(&side->file);
        return mms__region_fail_gone(&region->front);
    }
    mms__data_name(&region->front.place, index, name);
    code = mms__owner_check(&region->front.place, &trust, &side->file, name);
    if (code != 0 || length >= size)
        return code;
    return mms__fail(MMS_E_CORRUPT,
                     "%s has %llu bytes, but by %s_state the value has %llu: one of them was changed or replaced; "
                     "publish a value again",
                     name, (unsigned long long)length, region->front.place.path, (unsigned long long)size);
}

/* Longer than the file: bytes past its end are touched only after the file has grown. */
static int add_mapping(struct mms__mmap_sync_region *region, unsigned index, uint64_t size)
{
    struct mms__side *side = &region->sides[index];
    uint64_t length = side->count > side->first ? 2 * side->maps[side->count - 1].size : FIRST_MAP;
    int code;

    if (side->count == MMS__SIDE_MAPS)
        return mms__fail(-ENOMEM,
                         "mapping %s_data_%u: it has grown, or was made anew, too often; open the region again",
                         region->front.place.path, index);
    if (length < size)
        length = mms__round_up(size, mms__page_size());
    code = length > SIZE_MAX ? -ENOMEM
                             : mms__map_file(side->file.fd, (size_t)length, PROT_READ, false, &side->maps[side->count]);
    if (code != 0 && size <= SIZE_MAX) /* address space is short: no more than necessary */
        code = mms__map_file(side->file.fd, (size_t)size, PROT_READ, false, &side->maps[side->count]);
    if (code != 0)
        return mms__fail(code, "mapping the %llu bytes of %s_data_%u", (unsigned long long)size,
                         region->front.place.path, index);
    side->count++;
    return 0;
}

int mms__side_map(struct mms__mmap_sync_region *region, unsigned index, uint64_t size, const void **data)
{
    static const _Alignas(64) unsigned char nothing[64];
    struct mms__side *side = &region->sides[index];
    int code;

    *data = nothing;
    if (size == 0)
        return 0;
    pthread_mutex_lock(&region->front.mutex);
    code = open_side(region, index, size);
    if (code == 0 && (side->count == side->first || side->maps[side->count - 1].size < size))
        code = add_mapping(region, index, size);
    if (code == 0)
        *data = side->maps[side->count - 1].base;
    pthread_mutex_unlock(&region->front.mutex);
    return code;
}

int mms__side_file(struct mms__mmap_sync_region *region, unsigned index, uint64_t size, int *fd)
{
    int code;

    pthread_mutex_lock(&region->front.mutex);
    code = open_side(region, index, size);
    *fd = region->sides[index].file.fd;
    pthread_mutex_unlock(&region->front.mutex);
    return code;
}

void mms__sides_free(struct mms__mmap_sync_region *region)
{
    for (int index = 0; index < 2; index++) {
        struct mms__side *side = &region->sides[index];

        while (side->count > 0)
            mms__unmap(&side->maps[--side->count]);
        mms__file_close(&side->file);
    }
}
