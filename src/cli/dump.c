/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dump.h"
#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

enum { VERSION = 1, FLAG_CHECKSUM = 1, FLAG_BIG_ENDIAN = 2 };

/* Where each field is. Frozen for version 1, as docs/format.md has it. */
enum {
    AT_MAGIC = 0,
    AT_VERSION = 8,
    AT_HEADER_SIZE = 12,
    AT_GENERATION = 16,
    AT_SIZE = 24,
    AT_SCHEMA_SIZE = 32,
    AT_TYPE_ID = 40,
    AT_TAG = 56,
    AT_PUBLISH_TIME = 64,
    AT_FLAGS = 72,
    AT_MAX_SIZE = 80,
    AT_MAX_SLOTS = 88,
    AT_MAX_READERS = 92,
    AT_RESERVED = 96,
    AT_SUM = 120
};

static const unsigned char magic[8] = {'m', 'm', 's', 'y', 'n', 'c', 'D', '\n'};

bool dump_machine_is_big_endian(void)
{
    return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
}

/* Little-endian on every machine. */
static void put(unsigned char *at, uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++, value >>= 8)
        at[i] = (unsigned char)value;
}

static uint64_t get(const unsigned char *at, unsigned size)
{
    uint64_t value = 0;

    while (size-- > 0)
        value = value << 8 | at[size];
    return value;
}

void dump_encode(const struct dump *dump, unsigned char bytes[DUMP_HEADER_SIZE])
{
    memset(bytes, 0, DUMP_HEADER_SIZE);
    memcpy(bytes + AT_MAGIC, magic, sizeof magic);
    put(bytes + AT_VERSION, VERSION, 4);
    put(bytes + AT_HEADER_SIZE, DUMP_HEADER_SIZE, 4);
    put(bytes + AT_GENERATION, dump->generation, 8);
    put(bytes + AT_SIZE, dump->size, 8);
    put(bytes + AT_SCHEMA_SIZE, dump->schema_size, 8);
    put(bytes + AT_TYPE_ID, dump->type_id[0], 8);
    put(bytes + AT_TYPE_ID + 8, dump->type_id[1], 8);
    put(bytes + AT_TAG, dump->tag, 8);
    put(bytes + AT_PUBLISH_TIME, dump->publish_time_ns, 8);
    put(bytes + AT_FLAGS, (dump->has_checksum ? FLAG_CHECKSUM : 0) | (dump->big_endian ? FLAG_BIG_ENDIAN : 0), 8);
    put(bytes + AT_MAX_SIZE, dump->max_size, 8);
    put(bytes + AT_MAX_SLOTS, dump->max_slots, 4);
    put(bytes + AT_MAX_READERS, dump->max_readers, 4);
    put(bytes + AT_SUM, XXH3_64bits(bytes, AT_SUM), 8);
}

static const char *check(const unsigned char bytes[DUMP_HEADER_SIZE])
{
    if (memcmp(bytes + AT_MAGIC, magic, sizeof magic) != 0)
        return "is not a dump: 'mmsync dump' makes those, and 'mmsync write' publishes plain bytes";
    if (get(bytes + AT_SUM, 8) != XXH3_64bits(bytes, AT_SUM))
        return "is damaged: the checksum of its header is wrong";
    if (get(bytes + AT_VERSION, 4) != VERSION || get(bytes + AT_HEADER_SIZE, 4) != DUMP_HEADER_SIZE ||
        get(bytes + AT_FLAGS, 8) & ~(uint64_t)(FLAG_CHECKSUM | FLAG_BIG_ENDIAN))
        return "is a dump of a later version; use a newer mmsync";
    return NULL;
}

const char *dump_decode(struct dump *dump, const unsigned char bytes[DUMP_HEADER_SIZE])
{
    const char *wrong = check(bytes);

    if (wrong)
        return wrong;
    *dump = (struct dump){
        .generation = get(bytes + AT_GENERATION, 8),
        .size = get(bytes + AT_SIZE, 8),
        .schema_size = get(bytes + AT_SCHEMA_SIZE, 8),
        .type_id = {get(bytes + AT_TYPE_ID, 8), get(bytes + AT_TYPE_ID + 8, 8)},
        .tag = get(bytes + AT_TAG, 8),
        .publish_time_ns = get(bytes + AT_PUBLISH_TIME, 8),
        .has_checksum = (get(bytes + AT_FLAGS, 8) & FLAG_CHECKSUM) != 0,
        .big_endian = (get(bytes + AT_FLAGS, 8) & FLAG_BIG_ENDIAN) != 0,
        .max_size = get(bytes + AT_MAX_SIZE, 8),
        .max_slots = (uint32_t)get(bytes + AT_MAX_SLOTS, 4),
        .max_readers = (uint32_t)get(bytes + AT_MAX_READERS, 4),
    };
    return NULL;
}

/* ---- The sum ---- */

struct dump_sum {
    XXH3_state_t *state;
};

struct dump_sum *dump_sum_start(void)
{
    struct dump_sum *sum = calloc(1, sizeof *sum);

    if (!sum)
        return NULL;
    sum->state = XXH3_createState();
    if (sum->state && XXH3_64bits_reset(sum->state) == XXH_OK)
        return sum;
    dump_sum_free(sum);
    return NULL;
}

void dump_sum_add(struct dump_sum *sum, const void *data, size_t size)
{
    if (size > 0)
        (void)XXH3_64bits_update(sum->state, data, size); /* fails for a NULL alone */
}

void dump_sum_encode(const struct dump_sum *sum, unsigned char bytes[DUMP_SUM_SIZE])
{
    put(bytes, XXH3_64bits_digest(sum->state), DUMP_SUM_SIZE);
}

void dump_sum_free(struct dump_sum *sum)
{
    if (sum)
        XXH3_freeState(sum->state);
    free(sum);
}
