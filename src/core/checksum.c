/* SPDX-License-Identifier: Apache-2.0 */
#include "core/checksum.h"
#include <errno.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

enum { PIECE = 16384 };

uint64_t mms__checksum(const void *data, size_t size)
{
    return XXH3_64bits(data, size);
}

int mms__checksum_file(int fd, uint64_t offset, uint64_t size, uint64_t *checksum)
{
    unsigned char piece[PIECE];
    XXH3_state_t state;

    XXH3_64bits_reset(&state);
    while (size > 0) {
        ssize_t got = pread(fd, piece, size < PIECE ? (size_t)size : PIECE, (off_t)offset);

        if (got == 0)
            return -EIO;
        if (got < 0 && errno != EINTR)
            return -errno;
        if (got > 0) {
            XXH3_64bits_update(&state, piece, (size_t)got);
            offset += (uint64_t)got;
            size -= (uint64_t)got;
        }
    }
    *checksum = XXH3_64bits_digest(&state);
    return 0;
}
