/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer: any bytes as a message of the fleet, with the checksum that belongs to them, and any
   text as the line above a chunk. script/fuzz builds and runs it. */
#include "relay/bytes.h"
#include "relay/chunk.h"
#include "relay/record.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CHECKSUM_SIZE = 8 };

static volatile unsigned sum; /* the bytes are read, whatever a compiler thinks of it */

/* What a decoder lets through is within its bounds, and can be read. */
static void use(const struct record *record)
{
    const unsigned char *bytes = record->bytes;
    uint64_t end = 0;

    for (size_t i = 0; i < record->range_count; i++) {
        const mms_range *range = &record->ranges[i];

        if ((i > 0 && range->offset <= end) || range->length == 0 || range->offset > record->size ||
            range->length > record->size - range->offset)
            abort();
        end = range->offset + range->length;
        for (uint64_t at = 0; at < range->length; at++)
            sum += bytes[at];
        bytes += range->length;
    }
    for (size_t i = 0; i < record->schema_size; i++)
        sum += (unsigned char)record->schema[i];
    sum += (unsigned)(strlen(record->origin.host) + strlen(record->origin.path));
}

static void try_record(const uint8_t *data, size_t size)
{
    struct codec codec = {.compressor = NULL};
    unsigned char *sealed = malloc(size + CHECKSUM_SIZE);
    struct record record;

    if (!sealed)
        abort();
    memcpy(sealed, data, size);
    put64(sealed + size, XXH3_64bits(data, size));
    if (record_decode(sealed, size + CHECKSUM_SIZE, &codec, &record) == RECORD_OK)
        use(&record);
    codec_free(&codec);
    free(sealed);
}

static void try_line(const uint8_t *data, size_t size)
{
    char text[CHUNK_HEADER_SIZE], again[CHUNK_HEADER_SIZE];
    struct chunk_header header;

    if (size > sizeof text - 18)
        return;
    memcpy(text, data, size);
    snprintf(text + size, sizeof text - size, " %016llx", (unsigned long long)XXH3_64bits(data, size));
    if (chunk_header_parse(text, &header) != RECORD_OK)
        return;
    chunk_header_format(&header, again);
    if (chunk_header_parse(again, &header) != RECORD_OK)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > RECORD_SIZE_MOST)
        return 0;
    try_record(data, size);
    try_line(data, size);
    return 0;
}
