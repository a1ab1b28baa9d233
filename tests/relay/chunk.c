/* SPDX-License-Identifier: Apache-2.0 */
/* The line above each chunk (relay/chunk.c): what is written is read again, and damage to any
   character is noticed. */
#include "relay/chunk.h"
#include "check.h"
#include <stdio.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

static unsigned char bytes[8 << 16];

static struct chunk_header sample(uint32_t length, bool packed)
{
    struct chunk_header header = {
        .epoch = 0xfedcba9876543210, .generation = UINT64_MAX, .length = length, .packed = packed};

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 7 >> 3);
    for (uint32_t at = 0; at < length; at += (uint32_t)BLOCK_SIZE)
        header.leaves[at / BLOCK_SIZE] =
            hash_bytes(bytes + at, length - at < BLOCK_SIZE ? length - at : (size_t)BLOCK_SIZE);
    return header;
}

static void what_is_written_is_read_again(void **state)
{
    static const uint32_t lengths[] = {0, 1, 65535, 65536, 65537, 524287, 524288};
    char text[CHUNK_HEADER_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        const struct chunk_header header = sample(lengths[i], i % 2 == 0);
        struct chunk_header found;

        chunk_header_format(&header, text);
        check_equal(chunk_header_parse(text, &found), RECORD_OK);
        check_memory(&found.leaves, &header.leaves, sizeof header.leaves);
        check_equal(found.epoch, header.epoch);
        check_equal(found.generation, header.generation);
        check_equal(found.length, header.length);
        check_equal(found.packed, header.packed);
        check_true(chunk_header_equals(&found, lengths[i], header.leaves));
        check_true(!chunk_header_equals(&found, lengths[i] + 1, header.leaves));
        check_true(chunk_is_sound(&found, bytes));
    }
}

static void damage_to_any_character_is_noticed(void **state)
{
    const struct chunk_header header = sample(524288, true);
    struct chunk_header found;
    char text[CHUNK_HEADER_SIZE];

    (void)state;
    chunk_header_format(&header, text);
    for (size_t i = 0; i < strlen(text); i++)
        for (unsigned char bit = 1; bit != 0; bit = (unsigned char)(bit << 1)) {
            text[i] = (char)(text[i] ^ bit);
            check_equal(chunk_header_parse(text, &found), RECORD_DAMAGED);
            text[i] = (char)(text[i] ^ bit);
        }
    for (size_t length = strlen(text); length-- > 0;) {
        text[length] = '\0';
        check_equal(chunk_header_parse(text, &found), RECORD_DAMAGED);
    }
}

/* With the check that belongs to it. */
static enum record_result parse_sealed(const char *line)
{
    char text[1024];
    struct chunk_header found;

    snprintf(text, sizeof text, "%s %016llx", line, (unsigned long long)XXH3_64bits(line, strlen(line)));
    return chunk_header_parse(text, &found);
}

static void lines_that_nobody_writes_are_refused(void **state)
{
    static const char *const lines[] = {
        "",
        "0 00 1 0 raw -",
        "1 00 1 0 lz4 -",
        "1 00 1 0 raw",
        "1 00 1 1 raw -",
        "1 00 1 524289 raw -",
        "1 00 1 1 raw 00112233445566778899aabbccddeef",
        "1 00 1 1 raw 00112233445566778899aabbccddeeffa",
        "1 00 1 1 raw 00112233445566778899aabbccddeefg",
        "1 00 x 0 raw -",
    };

    (void)state;
    check_equal(parse_sealed("1 00 1 0 raw -"), RECORD_OK);
    check_equal(parse_sealed("1 00 1 1 raw 00112233445566778899aabbccddeeff"), RECORD_OK);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        check_equal(parse_sealed(lines[i]), RECORD_DAMAGED);
    check_equal(parse_sealed("2 whatever comes then"), RECORD_NEWER);
}

static void other_bytes_are_not_sound(void **state)
{
    const struct chunk_header header = sample(200000, false);

    (void)state;
    for (size_t at = 0; at < 200000; at += 9973) {
        bytes[at] ^= 1;
        check_true(!chunk_is_sound(&header, bytes));
        bytes[at] ^= 1;
    }
    check_true(chunk_is_sound(&header, bytes));
}

static void a_chunk_has_what_the_value_has_there(void **state)
{
    (void)state;
    check_equal(chunk_length(0, 0), 0);
    check_equal(chunk_length(1, 0), 1);
    check_equal(chunk_length(CHUNK_SIZE, 0), CHUNK_SIZE);
    check_equal(chunk_length(CHUNK_SIZE, 1), 0);
    check_equal(chunk_length(CHUNK_SIZE + 7, 1), 7);
    check_equal(chunk_length(UINT64_C(5) << 40, 7), CHUNK_SIZE);
    check_equal(chunk_length(2 * CHUNK_SIZE, (UINT64_C(1) << 45) + 1),
                0); /* whose offset would be CHUNK_SIZE in 64 bits */
    check_equal(chunk_length(UINT64_MAX, UINT64_MAX), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_again),        cmocka_unit_test(damage_to_any_character_is_noticed),
        cmocka_unit_test(lines_that_nobody_writes_are_refused), cmocka_unit_test(other_bytes_are_not_sound),
        cmocka_unit_test(a_chunk_has_what_the_value_has_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
