/* SPDX-License-Identifier: Apache-2.0 */
/* XXH3, 64 bits, seed 0 (xxHash's header-only form). */
#ifndef MMS_CHECKSUM_H
#define MMS_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

uint64_t mms__checksum(const void *data, size_t size);

/* Of part of a file, through read calls. 0 or -errno. */
int mms__checksum_file(int fd, uint64_t offset, uint64_t size, uint64_t *checksum);

#endif
