/* SPDX-License-Identifier: Apache-2.0 */
#include "os/file_checksum.h"
#include "os/file.h"
#define XXH_INLINE_ALL
#include <xxhash.h>

enum { PIECE = 8192 };

int mms__checksum_file(int fd, uint64_t offset, uint64_t size, uint64_t *checksum)
{
    unsigned char piece[PIECE];
    XXH3_state_t state;

    XXH3_64bits_reset(&state);
    for (size_t got; size > 0; offset += got, size -= got) {
        int code;

        got = size < PIECE ? (size_t)size : PIECE;
        code = mms__read_at(fd, piece, got, offset);
        if (code != 0)
            return code;
        XXH3_64bits_update(&state, piece, got);
    }
    *checksum = XXH3_64bits_digest(&state);
    return 0;
}
