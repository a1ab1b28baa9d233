/* SPDX-License-Identifier: Apache-2.0 */
#include "relay/record.h"
#include "relay/bytes.h"
#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

/* Offsets of the fixed part; docs/format.md. */
enum {
    AT_VERSION = 4,
    AT_KIND = 6,
    AT_FLAGS = 7,
    AT_EPOCH = 8,
    AT_GENERATION = 16,
    AT_SINCE = 24,
    AT_SIZE = 32,
    AT_SEQUENCE = 40,
    AT_ROOT = 48,
    AT_TYPE = 64,
    AT_TAG = 80,
    AT_PUBLISHED = 88,
    AT_SCHEMA_HASH = 96,
    AT_PART = 104,
    AT_RANGES = 108,
    AT_SCHEMA_SIZE = 112,
    AT_ORIGIN_SIZE = 116,
    AT_BODY_SIZE = 120,
    AT_STORED_SIZE = 124, /* of the body, in the message */
    AT_BYTE_ORDER = 128,
    AT_RESERVED = 129,
    FIXED_SIZE = 136,
    CHECKSUM_SIZE = 8,
    ORIGIN_FIXED = 56,
    ALL_FLAGS = RECORD_LAST | RECORD_SCHEMA | RECORD_ORIGIN | RECORD_PACKED,
    /* Each range takes two bytes that tell of it, and one of its own. */
    RANGES_MOST = RECORD_BODY_MOST / 3,
};

static const unsigned char magic[] = {'M', 'M', 'S', 'R'};

uint64_t hash_schema(const char *schema, size_t size)
{
    return size > 0 ? XXH3_64bits(schema, size) : 0;
}

enum record_byte_order native_byte_order(void)
{
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? RECORD_LITTLE : RECORD_BIG;
}

size_t range_cost(uint64_t end, const mms_range *range)
{
    return varint_size(range->offset - end) + varint_size(range->length) + (size_t)range->length;
}

/* ---- Encoding ---- */

static bool encode_body(const struct record *record, const unsigned char *value, struct buffer *body)
{
    unsigned char *at;
    size_t size = 0;
    uint64_t end = 0;

    for (size_t i = 0; i < record->range_count; i++) {
        size += range_cost(end, &record->ranges[i]);
        end = record->ranges[i].offset + record->ranges[i].length;
    }
    if (!buffer_reserve(body, size))
        return false;
    at = body->data;
    end = 0;
    for (size_t i = 0; i < record->range_count; i++) {
        at = put_varint(at, record->ranges[i].offset - end);
        at = put_varint(at, record->ranges[i].length);
        end = record->ranges[i].offset + record->ranges[i].length;
    }
    for (size_t i = 0; i < record->range_count; i++) {
        memcpy(at, value + record->ranges[i].offset, (size_t)record->ranges[i].length);
        at += record->ranges[i].length;
    }
    body->size = size;
    return true;
}

static size_t text_size(const char *text)
{
    size_t length = strnlen(text, RECORD_TEXT_MOST - 1);

    return length + 1;
}

static size_t origin_size(const struct record *record)
{
    if (!(record->flags & RECORD_ORIGIN))
        return 0;
    return ORIGIN_FIXED + text_size(record->origin.host) + text_size(record->origin.path);
}

static unsigned char *put_text(unsigned char *at, const char *text)
{
    size_t size = text_size(text);

    memcpy(at, text, size - 1);
    at[size - 1] = '\0';
    return at + size;
}

static unsigned char *put_origin(unsigned char *at, const struct record_origin *origin)
{
    put64(at, origin->pusher);
    put64(at + 8, origin->region_id[0]);
    put64(at + 16, origin->region_id[1]);
    put64(at + 24, origin->max_size);
    put32(at + 32, origin->max_slots);
    put32(at + 36, origin->max_readers);
    put32(at + 40, origin->pid);
    put32(at + 44, 0);
    put64(at + 48, origin->started_ns);
    return put_text(put_text(at + ORIGIN_FIXED, origin->host), origin->path);
}

static void put_fixed(unsigned char *at, const struct record *record)
{
    memcpy(at, magic, sizeof magic);
    put16(at + AT_VERSION, RECORD_VERSION);
    at[AT_KIND] = (unsigned char)record->kind;
    put64(at + AT_EPOCH, record->epoch);
    put64(at + AT_GENERATION, record->generation);
    put64(at + AT_SINCE, record->since);
    put64(at + AT_SIZE, record->size);
    put64(at + AT_SEQUENCE, record->sequence);
    memcpy(at + AT_ROOT, record->root.bytes, sizeof record->root.bytes);
    put64(at + AT_TYPE, record->type_id[0]);
    put64(at + AT_TYPE + 8, record->type_id[1]);
    put64(at + AT_TAG, record->tag);
    put64(at + AT_PUBLISHED, record->publish_time_ns);
    put64(at + AT_SCHEMA_HASH, record->schema_hash);
    put32(at + AT_PART, record->part);
    put32(at + AT_RANGES, (uint32_t)record->range_count);
    at[AT_BYTE_ORDER] = (unsigned char)record->byte_order;
    memset(at + AT_RESERVED, 0, FIXED_SIZE - AT_RESERVED);
}

bool record_encode(const struct record *record, const void *value, struct codec *codec, struct buffer *out)
{
    const size_t schema_size = record->flags & RECORD_SCHEMA ? record->schema_size : 0;
    const struct buffer *stored = &codec->body;
    unsigned flags = record->flags & ~(unsigned)RECORD_PACKED;
    unsigned char *at;

    if (!encode_body(record, value, &codec->body))
        return false;
    if (codec_pack(codec, codec->body.data, codec->body.size)) {
        stored = &codec->packed;
        flags |= RECORD_PACKED;
    }
    if (!buffer_reserve(out, FIXED_SIZE + schema_size + origin_size(record) + stored->size + CHECKSUM_SIZE))
        return false;
    at = out->data;
    put_fixed(at, record);
    at[AT_FLAGS] = (unsigned char)flags;
    put32(at + AT_SCHEMA_SIZE, (uint32_t)schema_size);
    put32(at + AT_ORIGIN_SIZE, (uint32_t)origin_size(record));
    put32(at + AT_BODY_SIZE, (uint32_t)codec->body.size);
    put32(at + AT_STORED_SIZE, (uint32_t)stored->size);
    at += FIXED_SIZE;
    if (schema_size > 0)
        memcpy(at, record->schema, schema_size);
    at += schema_size;
    if (flags & RECORD_ORIGIN)
        at = put_origin(at, &record->origin);
    if (stored->size > 0)
        memcpy(at, stored->data, stored->size);
    at += stored->size;
    put64(at, XXH3_64bits(out->data, (size_t)(at - out->data)));
    out->size = (size_t)(at - out->data) + CHECKSUM_SIZE;
    return true;
}

/* ---- Decoding ---- */

static void get_fixed(const unsigned char *at, struct record *out)
{
    *out = (struct record){
        .kind = (enum record_kind)at[AT_KIND],
        .flags = at[AT_FLAGS],
        .epoch = get64(at + AT_EPOCH),
        .generation = get64(at + AT_GENERATION),
        .since = get64(at + AT_SINCE),
        .size = get64(at + AT_SIZE),
        .sequence = get64(at + AT_SEQUENCE),
        .part = get32(at + AT_PART),
        .type_id = {get64(at + AT_TYPE), get64(at + AT_TYPE + 8)},
        .tag = get64(at + AT_TAG),
        .publish_time_ns = get64(at + AT_PUBLISHED),
        .schema_hash = get64(at + AT_SCHEMA_HASH),
        .byte_order = (enum record_byte_order)at[AT_BYTE_ORDER],
        .schema_size = get32(at + AT_SCHEMA_SIZE),
        .range_count = get32(at + AT_RANGES),
        .origin = {.host = "", .path = ""},
    };
    memcpy(out->root.bytes, at + AT_ROOT, sizeof out->root.bytes);
}

static enum record_result check_envelope(const unsigned char *data, size_t size)
{
    if (size < FIXED_SIZE + CHECKSUM_SIZE || memcmp(data, magic, sizeof magic) != 0)
        return RECORD_DAMAGED;
    if (XXH3_64bits(data, size - CHECKSUM_SIZE) != get64(data + size - CHECKSUM_SIZE))
        return RECORD_DAMAGED;
    if (get16(data + AT_VERSION) != RECORD_VERSION)
        return get16(data + AT_VERSION) > RECORD_VERSION ? RECORD_NEWER : RECORD_DAMAGED;
    return size <= RECORD_SIZE_MOST ? RECORD_OK : RECORD_DAMAGED;
}

static bool fixed_is_sound(const unsigned char *data, size_t size, const struct record *record)
{
    const uint64_t origin = get32(data + AT_ORIGIN_SIZE), body = get32(data + AT_BODY_SIZE),
                   stored = get32(data + AT_STORED_SIZE);

    for (size_t i = AT_RESERVED; i < FIXED_SIZE; i++)
        if (data[i] != 0)
            return false;
    if (record->kind < RECORD_BASE || record->kind > RECORD_HEAD || (record->flags & ~(unsigned)ALL_FLAGS) != 0)
        return false;
    if (record->byte_order != RECORD_LITTLE && record->byte_order != RECORD_BIG)
        return false;
    if (record->schema_size > RECORD_SCHEMA_MOST || (record->schema_size > 0 && !(record->flags & RECORD_SCHEMA)))
        return false;
    if ((origin != 0) != ((record->flags & RECORD_ORIGIN) != 0) || body > RECORD_BODY_MOST || stored > body)
        return false;
    if ((stored < body) != ((record->flags & RECORD_PACKED) != 0) || record->range_count > RANGES_MOST)
        return false;
    if (record->kind != RECORD_CHANGE && (body > 0 || record->range_count > 0))
        return false;
    return FIXED_SIZE + record->schema_size + origin + stored + CHECKSUM_SIZE == size;
}

/* The text that begins at `at` and ends before `end`; moves `at` behind its 0. */
static const char *get_text(const unsigned char **at, const unsigned char *end)
{
    const size_t room = (size_t)(end - *at);
    const unsigned char *zero = room > 0 ? memchr(*at, '\0', room) : NULL;
    const char *text = (const char *)*at;

    if (!zero)
        return NULL;
    *at = zero + 1;
    return text;
}

static bool get_origin(const unsigned char *at, size_t size, struct record_origin *out)
{
    const unsigned char *end = at + size;

    if (size < ORIGIN_FIXED)
        return false;
    *out = (struct record_origin){
        .pusher = get64(at),
        .region_id = {get64(at + 8), get64(at + 16)},
        .max_size = get64(at + 24),
        .max_slots = get32(at + 32),
        .max_readers = get32(at + 36),
        .pid = get32(at + 40),
        .started_ns = get64(at + 48),
    };
    at += ORIGIN_FIXED;
    out->host = get_text(&at, end);
    out->path = out->host ? get_text(&at, end) : NULL;
    return out->path && at == end;
}

static bool reserve_ranges(struct codec *codec, size_t count)
{
    mms_range *ranges;

    if (count <= codec->range_capacity)
        return true;
    ranges = realloc(codec->ranges, count * sizeof *ranges);
    if (!ranges)
        return false;
    codec->ranges = ranges;
    codec->range_capacity = count;
    return true;
}

/* What stands in front of the bytes; they must fill the rest of the body. */
static bool get_ranges(const unsigned char *at, const unsigned char *end, const struct codec *codec, struct record *out)
{
    uint64_t from = 0, bytes = 0;

    for (size_t i = 0; i < out->range_count; i++) {
        mms_range *range = &codec->ranges[i];
        uint64_t gap;

        if (!get_varint(&at, end, &gap) || !get_varint(&at, end, &range->length))
            return false;
        if ((i > 0 && gap == 0) || range->length == 0 || gap > out->size - from ||
            range->length > out->size - from - gap)
            return false;
        range->offset = from + gap;
        from = range->offset + range->length;
        bytes += range->length;
    }
    out->ranges = codec->ranges;
    out->bytes = at;
    return bytes == (uint64_t)(end - at);
}

static enum record_result get_body(const unsigned char *data, struct codec *codec, struct record *out)
{
    const size_t size = get32(data + AT_BODY_SIZE), stored = get32(data + AT_STORED_SIZE);
    const unsigned char *body = data + FIXED_SIZE + out->schema_size + get32(data + AT_ORIGIN_SIZE);

    if (!reserve_ranges(codec, out->range_count))
        return RECORD_NO_MEMORY;
    if (out->flags & RECORD_PACKED) {
        if (!buffer_reserve(&codec->body, RECORD_BODY_MOST))
            return RECORD_NO_MEMORY;
        if (!codec_unpack(codec, body, stored, codec->body.data, size))
            return RECORD_DAMAGED;
        body = codec->body.data;
    }
    return get_ranges(body, body + size, codec, out) ? RECORD_OK : RECORD_DAMAGED;
}

enum record_result record_decode(const void *data, size_t size, struct codec *codec, struct record *out)
{
    const unsigned char *bytes = data;
    enum record_result result = check_envelope(bytes, size);
    struct record record;

    if (result)
        return result;
    get_fixed(bytes, &record);
    if (!fixed_is_sound(bytes, size, &record))
        return RECORD_DAMAGED;
    record.schema = (const char *)bytes + FIXED_SIZE;
    if ((record.flags & RECORD_ORIGIN) &&
        !get_origin(bytes + FIXED_SIZE + record.schema_size, get32(bytes + AT_ORIGIN_SIZE), &record.origin))
        return RECORD_DAMAGED;
    result = get_body(bytes, codec, &record);
    if (result)
        return result;
    record.flags &= ~(unsigned)RECORD_PACKED;
    *out = record;
    return RECORD_OK;
}
