/* SPDX-License-Identifier: Apache-2.0 */
#include "compat/sides.h"
#include "core/error.h"
#include "core/protocol.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

/* Small values share a map with what they grow to. */
#define FIRST_MAP UINT64_C(65536)

static int look(struct mms_region *region, unsigned index, uint64_t size)
{
    struct mms__side *side = &mms__upstream_of(region)->sides[index];
    const struct mms__trust trust = {.trust_owner = region->options.trust_owner,
                                     .trusted_uid = region->options.trusted_uid};
    struct mms__file old = side->file;
    char name[MMS__FILE_NAME_SIZE];
    uint64_t length = 0;
    int code = mms__data_look(&region->place, index, O_RDONLY, &side->file, &length);

    if (code == -ENOENT && mms__region_was_unlinked(region)) /* by one who may not write the state */
        return mms__fail_unpinnable(region, MMS__TOMBSTONE);
    if (code == -ENOENT && mms__load_seq_cst(&mms__upstream_of(region)->seen->version) == 0) /* in the middle of that */
        return mms__fail_unpinnable(region, 0);
    if (code == 0 && !mms__file_is(&old, side->file.device, side->file.inode))
        side->first = side->count;
    /* By its name it may be that of files which were made after ours were removed: only after our state has lost its name. */
    if (code == 0 && side->first == side->count && mms__region_was_unlinked(region)) {
        mms__file_close(&side->file);
        return mms__fail_unpinnable(region, MMS__TOMBSTONE);
    }
    mms__data_name(&region->place, index, name);
    if (code == 0)
        code = mms__owner_check(&region->place, &trust, &side->file, name);
    if (code == 0 && length < size)
        code = mms__fail(MMS_E_CORRUPT,
                         "%s has %llu bytes, and %s_state says that the value has %llu: one of them was changed or "
                         "replaced; publish a value again",
                         name, (unsigned long long)length, region->place.path, (unsigned long long)size);
    return code;
}

/* What is behind the end of the file is not touched, until the file has grown to there. */
static int add_map(struct mms_region *region, unsigned index, uint64_t size)
{
    struct mms__side *side = &mms__upstream_of(region)->sides[index];
    uint64_t length = side->count > side->first ? 2 * side->maps[side->count - 1].size : FIRST_MAP;
    int code;

    if (side->count == MMS__SIDE_MAPS)
        return mms__fail(
            -ENOMEM, "mapping %s_data_%u: it has changed its size, or was made anew, too often; open the region again",
            region->place.path, index);
    if (length < size)
        length = mms__round_up(size, mms__page_size());
    code = length > SIZE_MAX ? -ENOMEM
                             : mms__map_file(side->file.fd, (size_t)length, PROT_READ, false, &side->maps[side->count]);
    if (code != 0 && size <= SIZE_MAX) /* address space is short: no more than there must be */
        code = mms__map_file(side->file.fd, (size_t)size, PROT_READ, false, &side->maps[side->count]);
    if (code != 0)
        return mms__fail(code, "mapping the %llu bytes of %s_data_%u", (unsigned long long)size, region->place.path,
                         index);
    side->count++;
    return 0;
}

int mms__side_map(struct mms_region *region, unsigned index, uint64_t size, const void **data)
{
    static const _Alignas(64) unsigned char nothing[64];
    struct mms__side *side = &mms__upstream_of(region)->sides[index];
    int code;

    *data = nothing;
    if (size == 0)
        return 0;
    pthread_mutex_lock(&region->mutex);
    code = look(region, index, size);
    if (code == 0 && (side->count == side->first || side->maps[side->count - 1].size < size))
        code = add_map(region, index, size);
    if (code == 0)
        *data = side->maps[side->count - 1].base;
    pthread_mutex_unlock(&region->mutex);
    return code;
}

int mms__side_file(struct mms_region *region, unsigned index, uint64_t size, int *fd)
{
    int code;

    pthread_mutex_lock(&region->mutex);
    code = look(region, index, size);
    *fd = mms__upstream_of(region)->sides[index].file.fd;
    pthread_mutex_unlock(&region->mutex);
    return code;
}

void mms__sides_free(struct mms__upstream_region *upstream)
{
    for (int index = 0; index < 2; index++) {
        struct mms__side *side = &upstream->sides[index];

        while (side->count > 0)
            mms__unmap(&side->maps[--side->count]);
        mms__file_close(&side->file);
    }
}
