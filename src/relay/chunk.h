/* SPDX-License-Identifier: Apache-2.0 */
/* What stands above a chunk in the store, in a NATS header of one line, so that a list of all chunks
   can be read without their bytes:

   VERSION EPOCH GENERATION LENGTH raw|zstd LEAVES CHECK

   The epoch, the leaves (32 digits a block, - for none) and the check, XXH3-64 of what is before the
   last space, in hexadecimal; the rest decimal. */
#ifndef MMS_RELAY_CHUNK_H
#define MMS_RELAY_CHUNK_H

#include "relay/record.h"
#include "relay/tree.h"
#include <stdbool.h>
#include <stdint.h>

#define CHUNK_HEADER "Mmsync-Chunk"
enum { CHUNK_HEADER_SIZE = 512 };

struct chunk_header {
    uint64_t epoch, generation; /* the bytes are as of this one */
    uint32_t length;            /* unpacked; 0: the chunk is past the end of the value */
    bool packed;
    struct hash leaves[CHUNK_BLOCKS]; /* of its blocks: count_blocks(length) of them */
};

void chunk_header_format(const struct chunk_header *header, char text[CHUNK_HEADER_SIZE]);
enum record_result chunk_header_parse(const char *text, struct chunk_header *out);

/* The chunk has this length and these leaves. */
bool chunk_header_equals(const struct chunk_header *header, uint64_t length, const struct hash *leaves);
/* The bytes have the leaves of the header. */
bool chunk_is_sound(const struct chunk_header *header, const unsigned char *bytes);

/* How many bytes chunk i of a value of this size has. */
static inline uint32_t chunk_length(uint64_t size, uint64_t chunk)
{
    uint64_t rest;

    if (chunk >= count_chunks(size)) /* any number, as of a stranger's message */
        return 0;
    rest = size - chunk * CHUNK_SIZE;
    return (uint32_t)(rest < CHUNK_SIZE ? rest : CHUNK_SIZE);
}

#endif
