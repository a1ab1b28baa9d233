/* SPDX-License-Identifier: Apache-2.0 */
#include "relay/chunk.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

enum { DIGITS = 2 * sizeof(struct hash) };

void chunk_header_format(const struct chunk_header *header, char text[CHUNK_HEADER_SIZE])
{
    const size_t blocks = (size_t)count_blocks(header->length);
    int used = snprintf(text, CHUNK_HEADER_SIZE, "%d %016" PRIx64 " %" PRIu64 " %" PRIu32 " %s ", RECORD_VERSION,
                        header->epoch, header->generation, header->length, header->packed ? "zstd" : "raw");

    for (size_t block = 0; block < blocks; block++)
        for (size_t i = 0; i < sizeof header->leaves[block].bytes; i++)
            used += snprintf(text + used, CHUNK_HEADER_SIZE - (size_t)used, "%02x",
                             (unsigned)header->leaves[block].bytes[i]);
    if (blocks == 0)
        text[used++] = '-';
    snprintf(text + used, CHUNK_HEADER_SIZE - (size_t)used, " %016" PRIx64, XXH3_64bits(text, (size_t)used));
}

static bool get_digits(const char **at, size_t count, uint64_t *out)
{
    uint64_t value = 0;

    for (size_t i = 0; i < count; i++, (*at)++) {
        const char *digit = **at ? strchr("0123456789abcdef", **at) : NULL;

        if (!digit)
            return false;
        value = value << 4 | (uint64_t)(digit - "0123456789abcdef");
    }
    *out = value;
    return true;
}

static bool get_leaves(const char *at, struct chunk_header *out)
{
    const size_t blocks = (size_t)count_blocks(out->length);
    uint64_t byte;

    if (blocks == 0)
        return !strcmp(at, "-");
    for (size_t block = 0; block < blocks; block++)
        for (size_t i = 0; i < sizeof out->leaves[block].bytes; i++) {
            if (!get_digits(&at, 2, &byte))
                return false;
            out->leaves[block].bytes[i] = (unsigned char)byte;
        }
    return *at == '\0';
}

/* Everything is of the form that chunk_header_format gives it: the check has been compared. */
static enum record_result parse_checked(const char *text, struct chunk_header *out)
{
    char packing[8], leaves[CHUNK_BLOCKS * DIGITS + 1];
    unsigned version;

    /* NOLINTBEGIN(cert-err34-c): see above */
    if (sscanf(text, "%u", &version) != 1 || version == 0)
        return RECORD_DAMAGED;
    if (version > RECORD_VERSION)
        return RECORD_NEWER;
    *out = (struct chunk_header){.length = 0};
    if (sscanf(text, "%*u %" SCNx64 " %" SCNu64 " %" SCNu32 " %7s %256s", &out->epoch, &out->generation, &out->length,
               packing, leaves) != 5)
        return RECORD_DAMAGED;
    /* NOLINTEND(cert-err34-c) */
    out->packed = !strcmp(packing, "zstd");
    if ((!out->packed && strcmp(packing, "raw") != 0) || out->length > CHUNK_SIZE)
        return RECORD_DAMAGED;
    return get_leaves(leaves, out) ? RECORD_OK : RECORD_DAMAGED;
}

enum record_result chunk_header_parse(const char *text, struct chunk_header *out)
{
    const char *last = strrchr(text, ' '), *digits = last ? last + 1 : text;
    char copy[CHUNK_HEADER_SIZE];
    uint64_t check;

    if (!last || strlen(text) >= sizeof copy || !get_digits(&digits, 16, &check) || *digits)
        return RECORD_DAMAGED;
    if (check != XXH3_64bits(text, (size_t)(last - text)))
        return RECORD_DAMAGED;
    memcpy(copy, text, (size_t)(last - text));
    copy[last - text] = '\0';
    return parse_checked(copy, out);
}

bool chunk_header_equals(const struct chunk_header *header, uint64_t length, const struct hash *leaves)
{
    const size_t blocks = (size_t)count_blocks(length);

    return header->length == length && (blocks == 0 || !memcmp(header->leaves, leaves, blocks * sizeof *leaves));
}

bool chunk_is_sound(const struct chunk_header *header, const unsigned char *bytes)
{
    for (uint64_t begin = 0; begin < header->length; begin += BLOCK_SIZE) {
        const uint64_t rest = header->length - begin;
        const struct hash leaf = hash_bytes(bytes + begin, (size_t)(rest < BLOCK_SIZE ? rest : BLOCK_SIZE));

        if (!hash_equal(&leaf, &header->leaves[begin / BLOCK_SIZE]))
            return false;
    }
    return true;
}
