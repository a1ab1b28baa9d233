/* SPDX-License-Identifier: Apache-2.0 */
#include "mmap_sync/look.h"
#include "base/error.h"
#include "mmap_sync/files.h"
#include <fcntl.h>
#include <sys/mman.h>

static const struct mms__trust anybody = {.any_owner = true, .force_filesystem = true};

int mms__look_open(const struct mms__place *place, struct mms__look *look)
{
    int code;

    *look = (struct mms__look){.file = MMS__NO_FILE};
    code = mms__state_open(place, &anybody, O_RDONLY, &look->file);
    if (code != 0)
        return code;
    code = mms__state_check(place, &look->file);
    if (code == MMS_E_EMPTY)
        return 0;
    if (code != 0)
        goto close;
    code = mms__map_file(look->file.fd, MMS__STATE_SIZE, PROT_READ, false, &look->mapping);
    if (code != 0) {
        mms__fail(code, "mapping %s_state", place->path);
        goto close;
    }
    look->state = look->mapping.base;
    return 0;
close:
    mms__file_close(&look->file);
    return code;
}

void mms__look_close(struct mms__look *look)
{
    mms__unmap(&look->mapping);
    mms__file_close(&look->file);
}
