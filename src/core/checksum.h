/* SPDX-License-Identifier: Apache-2.0 */
/* XXH3, 64 bits (xxHash's header-only form). */
#ifndef MMS_CHECKSUM_H
#define MMS_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

uint64_t mms__checksum(const void *data, size_t size);

#endif
