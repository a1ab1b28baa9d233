/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of the relay (relay/record.c): what is written is read again, damage to any byte is
   noticed, and what no encoder writes is refused. */
#include "relay/record.h"
#include "check.h"
#include "relay/bytes.h"
#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

enum { VALUE_SIZE = 300000, AT_FLAGS = 7, AT_SIZE = 32, AT_RANGES = 108, FIXED = 136 };

static unsigned char value[VALUE_SIZE];
static struct codec encoder, decoder;
static struct buffer message;

static const mms_range ranges[] = {{0, 1}, {2, 127}, {1000, 128}, {100000, 40000}, {VALUE_SIZE - 1, 1}};
enum { RANGES = sizeof ranges / sizeof *ranges };
static const char schema[] = "struct Price { bid: f64 }";

static void fill(bool with_noise)
{
    uint64_t state = 1;

    for (size_t i = 0; i < VALUE_SIZE; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        value[i] = with_noise ? (unsigned char)(state >> 56) : (unsigned char)(i / 1000);
    }
}

static struct record sample(enum record_kind kind)
{
    struct record record = {
        .kind = kind,
        .flags = RECORD_LAST | RECORD_SCHEMA | RECORD_ORIGIN,
        .epoch = 0x1122334455667788,
        .generation = 43,
        .since = 41,
        .size = VALUE_SIZE,
        .sequence = UINT64_MAX,
        .part = 7,
        .root = hash_bytes("root", 4),
        .type_id = {5, 6},
        .tag = 9,
        .publish_time_ns = 1234567890,
        .schema_hash = hash_schema(schema, sizeof schema),
        .byte_order = RECORD_LITTLE,
        .schema = schema,
        .schema_size = sizeof schema,
        .origin = {.pusher = 1,
                   .region_id = {2, 3},
                   .max_size = 4,
                   .max_slots = 5,
                   .max_readers = 6,
                   .pid = 7,
                   .started_ns = 8,
                   .host = "alpha",
                   .path = "/dev/shm/prices"},
    };

    if (kind == RECORD_CHANGE) {
        record.ranges = ranges;
        record.range_count = RANGES;
    }
    return record;
}

static void encode(const struct record *record)
{
    check_true(record_encode(record, value, &encoder, &message));
    check_true(message.size <= RECORD_SIZE_MOST);
}

static enum record_result decode(struct record *out)
{
    /* A copy of its own, so that a sanitizer sees every access outside. */
    unsigned char *copy = malloc(message.size > 0 ? message.size : 1);
    enum record_result result;

    check_true(copy != NULL);
    if (message.size > 0)
        memcpy(copy, message.data, message.size);
    result = record_decode(copy, message.size, &decoder, out);
    free(copy);
    return result;
}

/* After a change of the message. */
static void seal(void)
{
    put64(message.data + message.size - 8, XXH3_64bits(message.data, message.size - 8));
}

static void check_same(const struct record *a, const struct record *b)
{
    check_equal(a->kind, b->kind);
    check_equal(a->flags, b->flags);
    check_equal(a->epoch, b->epoch);
    check_equal(a->generation, b->generation);
    check_equal(a->since, b->since);
    check_equal(a->size, b->size);
    check_equal(a->sequence, b->sequence);
    check_equal(a->part, b->part);
    check_true(hash_equal(&a->root, &b->root));
    check_equal(a->type_id[0], b->type_id[0]);
    check_equal(a->type_id[1], b->type_id[1]);
    check_equal(a->tag, b->tag);
    check_equal(a->publish_time_ns, b->publish_time_ns);
    check_equal(a->schema_hash, b->schema_hash);
    check_equal(a->byte_order, b->byte_order);
    check_equal(a->schema_size, b->schema_size);
    check_equal(a->range_count, b->range_count);
    check_memory(a->ranges, b->ranges, b->range_count * sizeof *b->ranges);
}

static void check_origin(const struct record_origin *a, const struct record_origin *b)
{
    check_equal(a->pusher, b->pusher);
    check_equal(a->region_id[0], b->region_id[0]);
    check_equal(a->region_id[1], b->region_id[1]);
    check_equal(a->max_size, b->max_size);
    check_equal(a->max_slots, b->max_slots);
    check_equal(a->max_readers, b->max_readers);
    check_equal(a->pid, b->pid);
    check_equal(a->started_ns, b->started_ns);
    check_string(a->host, b->host);
    check_string(a->path, b->path);
}

/* Decodes in place, as what a record points to lives in the message. */
static void check_round_trip(const struct record *record)
{
    struct record found;
    const unsigned char *bytes;

    encode(record);
    check_equal(record_decode(message.data, message.size, &decoder, &found), RECORD_OK);
    check_same(&found, record);
    if (record->flags & RECORD_ORIGIN)
        check_origin(&found.origin, &record->origin);
    if (record->schema_size > 0)
        check_memory(found.schema, record->schema, record->schema_size);
    bytes = found.bytes;
    for (size_t i = 0; i < found.range_count; i++) {
        check_memory(bytes, value + ranges[i].offset, ranges[i].length);
        bytes += ranges[i].length;
    }
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    for (int noise = 0; noise < 2; noise++) {
        fill(noise);
        for (enum record_kind kind = RECORD_BASE; kind <= RECORD_HEAD; kind++) {
            struct record record = sample(kind);

            check_round_trip(&record);
            record.flags = RECORD_LAST;
            record.schema_size = 0;
            check_round_trip(&record);
        }
    }
}

static void a_range_costs_what_it_is_said_to_cost(void **state)
{
    struct record record = sample(RECORD_CHANGE);
    size_t cost = 0;
    uint64_t end = 0;

    (void)state;
    fill(true);
    encode(&record);
    for (size_t i = 0; i < RANGES; i++) {
        cost += range_cost(end, &ranges[i]);
        end = ranges[i].offset + ranges[i].length;
    }
    check_equal(get32(message.data + 120), cost);
    check_equal(message.size, FIXED + sizeof schema + 56 + sizeof "alpha" + sizeof "/dev/shm/prices" + cost + 8);
}

static void packing_is_left_alone_for_a_while_where_it_does_not_pay(void **state)
{
    struct record record = sample(RECORD_CHANGE);
    unsigned packed = 0;

    (void)state;
    codec_free(&encoder);
    fill(true);
    encode(&record);
    check_true(!(message.data[AT_FLAGS] & RECORD_PACKED));
    fill(false);
    for (int i = 0; i < 16; i++) {
        encode(&record);
        packed += (message.data[AT_FLAGS] & RECORD_PACKED) != 0;
    }
    check_equal(packed, 1);
    encode(&record);
    check_true(message.data[AT_FLAGS] & RECORD_PACKED);
    check_true(message.size < VALUE_SIZE / 20);
}

static void damage_to_any_byte_is_noticed(void **state)
{
    struct record record = sample(RECORD_CHANGE), found;

    (void)state;
    fill(false);
    codec_free(&encoder);
    encode(&record);
    for (size_t i = 0; i < message.size; i++)
        for (int bit = 0; bit < 8; bit += 3) {
            message.data[i] ^= (unsigned char)(1 << bit);
            check_equal(decode(&found), RECORD_DAMAGED);
            message.data[i] ^= (unsigned char)(1 << bit);
        }
    check_equal(decode(&found), RECORD_OK);
    for (size_t size = message.size; size-- > 0;) {
        message.size = size;
        check_equal(decode(&found), RECORD_DAMAGED);
    }
}

/* Even with the right checksum: nothing is read or believed outside of the message. */
static void changed_fields_do_no_harm(void **state)
{
    static const uint64_t odd[] = {0, 1, 2, 127, 128, 255, 256, 65535, UINT32_MAX, UINT64_MAX};
    struct record found;

    (void)state;
    for (int kind = 0; kind < 6; kind++) {
        struct record record = sample((enum record_kind)(kind / 2 + 1));

        codec_free(&encoder);
        fill(kind % 2 == 0);
        encode(&record);
        for (size_t at = 6; at < FIXED + 160; at++)
            for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
                for (unsigned size = 1; size <= 8; size *= 2) {
                    unsigned char before[8];

                    memcpy(before, message.data + at, 8);
                    put_little(message.data + at, odd[i], size);
                    seal();
                    if (decode(&found) == RECORD_OK)
                        check_true(found.range_count <= RECORD_BODY_MOST && found.schema_size <= RECORD_SCHEMA_MOST);
                    memcpy(message.data + at, before, 8);
                }
    }
}

static void ranges_that_do_not_fit_are_refused(void **state)
{
    static const struct {
        mms_range ranges[2];
        uint64_t size;
    } cases[] = {
        {{{0, 10}, {10, 5}}, 100}, /* touch: no encoder leaves them apart */
        {{{0, 10}, {20, 5}}, 24},  /* past the end of the value */
        {{{0, 10}, {20, 5}}, 15},  /* begins past it */
        {{{0, 10}, {20, 0}}, 100}, /* empty */
    };
    struct record found;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct record record = sample(RECORD_CHANGE);

        record.ranges = cases[i].ranges;
        record.range_count = 2;
        record.size = cases[i].size;
        encode(&record);
        check_equal(decode(&found), RECORD_DAMAGED);
    }
}

static void a_newer_version_is_told_from_damage(void **state)
{
    struct record record = sample(RECORD_BASE), found;

    (void)state;
    encode(&record);
    put16(message.data + 4, RECORD_VERSION + 1);
    check_equal(decode(&found), RECORD_DAMAGED);
    seal();
    check_equal(decode(&found), RECORD_NEWER);
    put16(message.data + 4, 0);
    seal();
    check_equal(decode(&found), RECORD_DAMAGED);
}

static void varints_take_as_few_bytes_as_they_can(void **state)
{
    unsigned char bytes[16];

    (void)state;
    for (unsigned shift = 0; shift < 64; shift++)
        for (uint64_t low = 0; low < 3; low++) {
            const uint64_t number = (UINT64_C(1) << shift) + low - 1;
            const unsigned char *at = bytes, *end = put_varint(bytes, number);
            uint64_t found = 0;

            check_equal(end - bytes, varint_size(number));
            check_true(get_varint(&at, end, &found));
            check_true(at == end);
            check_equal(found, number);
            at = bytes;
            check_true(!get_varint(&at, end - 1, &found));
        }
}

static void a_varint_of_more_than_64_bits_is_refused(void **state)
{
    static const unsigned char bytes[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02};
    const unsigned char *at = bytes;
    uint64_t found;

    (void)state;
    check_true(!get_varint(&at, bytes + sizeof bytes, &found));
}

static int free_all(void **state)
{
    (void)state;
    codec_free(&encoder);
    codec_free(&decoder);
    free(message.data);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(a_range_costs_what_it_is_said_to_cost),
        cmocka_unit_test(packing_is_left_alone_for_a_while_where_it_does_not_pay),
        cmocka_unit_test(damage_to_any_byte_is_noticed),
        cmocka_unit_test(changed_fields_do_no_harm),
        cmocka_unit_test(ranges_that_do_not_fit_are_refused),
        cmocka_unit_test(a_newer_version_is_told_from_damage),
        cmocka_unit_test(varints_take_as_few_bytes_as_they_can),
        cmocka_unit_test(a_varint_of_more_than_64_bits_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, free_all);
}
