/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MMS_OS_FILE_CHECKSUM_H
#define MMS_OS_FILE_CHECKSUM_H

#include <stdint.h>

/* XXH3 of part of a file, as in base/checksum.h, through read(2). 0 or -errno. */
int mms__checksum_file(int fd, uint64_t offset, uint64_t size, uint64_t *checksum);

#endif
