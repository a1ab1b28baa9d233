/* SPDX-License-Identifier: Apache-2.0 */
/* The hash of mmap-sync's default hasher, with seed 0, over contiguous bytes. Algorithm: wyhash,
   version 1, by Wang Yi, as the Rust crate wyhash 0.5 computes it, which orders the last bytes in
   its own way. */
#ifndef MMS_MMAP_SYNC_WYHASH_H
#define MMS_MMAP_SYNC_WYHASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t mms__wyhash(const void *data, size_t size);

/* The same in pieces, from seed 0: blocks of 32 bytes (MMS__WYHASH_BLOCK), then the 0 to 31
   bytes that are left. */
#define MMS__WYHASH_BLOCK 32
uint64_t mms__wyhash_blocks(uint64_t seed, const void *data, size_t size);
uint64_t mms__wyhash_end(uint64_t seed, const void *rest, uint64_t whole_size);

#endif
