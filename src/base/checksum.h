/* SPDX-License-Identifier: Apache-2.0 */
/* XXH3, 64 bits, seed 0 (xxHash's header-only form). */
#ifndef MMS_BASE_CHECKSUM_H
#define MMS_BASE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

uint64_t mms__checksum(const void *data, size_t size);

#endif
