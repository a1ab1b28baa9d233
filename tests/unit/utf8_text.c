/* SPDX-License-Identifier: Apache-2.0 */
/* Which bytes are UTF-8 (archive/utf8.c): every lead with every second byte, against a decoder that computes the character. */
#include "archive/utf8.h"
#include "check.h"

/* Those at which a rule begins or ends, for the bytes behind the second. */
static const unsigned char tails[] = {0x00, 0x7f, 0x80, 0xbf, 0xc0, 0xff};

enum { TAILS = sizeof tails };

/* The length of the character that the bytes begin with; 0: none. */
static size_t decode(const unsigned char *text, size_t size)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = text[0] < 0x80   ? 1
                    : text[0] < 0xc0 ? 0
                    : text[0] < 0xe0 ? 2
                    : text[0] < 0xf0 ? 3
                    : text[0] < 0xf8 ? 4
                                     : 0;
    uint32_t character = length == 1 ? text[0] : text[0] & (0xffu >> (length + 1));

    if (length == 0 || length > size)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if (text[i] >> 6 != 2)
            return 0;
        character = character << 6 | (text[i] & 0x3f);
    }
    if (character < least[length] || character > 0x10ffff || (character >= 0xd800 && character < 0xe000))
        return 0;
    return length;
}

static size_t valid_part(const unsigned char *text, size_t size)
{
    size_t at = 0, length;

    while (at < size && (length = decode(text + at, size - at)) > 0)
        at += length;
    return at;
}

static unsigned whole;

static void check(const unsigned char *bytes, size_t size)
{
    size_t valid = mms__utf8_valid((const char *)bytes, size);

    if (valid != valid_part(bytes, size))
        check_failed(__FILE__, __LINE__, "%02x %02x %02x %02x, %zu bytes: %zu are said to be valid, and %zu are",
                     bytes[0], bytes[1], bytes[2], bytes[3], size, valid, valid_part(bytes, size));
    whole += valid == size;
}

/* Of each length, so that the text may also end within the character. */
static void check_sequences(unsigned lead, unsigned second)
{
    for (int third = 0; third < TAILS; third++)
        for (int fourth = 0; fourth < TAILS; fourth++) {
            const unsigned char bytes[4] = {(unsigned char)lead, (unsigned char)second, tails[third], tails[fourth]};

            for (size_t size = 1; size <= sizeof bytes; size++)
                check(bytes, size);
        }
}

static void whatever_the_bytes_are(void **state)
{
    (void)state;
    for (unsigned lead = 0; lead < 256; lead++)
        for (unsigned second = 0; second < 256; second++)
            check_sequences(lead, second);
    check_true(whole > 0);
}

/* Words without a high bit are skipped at once. */
static void wherever_they_are(void **state)
{
    static const char *const bad[] = {"\xc0\x80",         "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80", "\x80",         "\xc3"};
    char text[64];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        for (size_t at = 0; at < 40; at++) {
            size_t length = strlen(bad[i]);

            memset(text, 'a', sizeof text);
            memcpy(text + at, bad[i], length);
            check_equal(mms__utf8_valid(text, sizeof text), at);
            memcpy(text + at, "\xe2\x82\xac", 3); /* a character instead */
            memset(text + at + 3, 'a', 4);
            check_equal(mms__utf8_valid(text, sizeof text), sizeof text);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_the_bytes_are),
        cmocka_unit_test(wherever_they_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
