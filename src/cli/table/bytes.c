/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/table/bytes.h"
#include "cli/cmd.h"
#include "cli/message.h"
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* ---- Bytes that grow ---- */

static int make_room(struct bytes *bytes, size_t more)
{
    size_t room = bytes->room > 0 ? bytes->room : 64;
    char *data;

    if (more <= bytes->room - bytes->size)
        return EXIT_OK;
    while (room - bytes->size < more && room <= SIZE_MAX / 2)
        room *= 2;
    data = room - bytes->size < more ? NULL : realloc(bytes->data, room);
    if (!data)
        return fail("out of memory for a key or a value of more than %zu bytes", bytes->size);
    bytes->data = data;
    bytes->room = room;
    return EXIT_OK;
}

int bytes_add(struct bytes *bytes, const void *data, size_t size)
{
    int status = make_room(bytes, size);

    if (status || size == 0)
        return status;
    memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
    return EXIT_OK;
}

int bytes_add_one(struct bytes *bytes, char byte)
{
    if (bytes->size == bytes->room)
        return bytes_add(bytes, &byte, 1);
    bytes->data[bytes->size++] = byte;
    return EXIT_OK;
}

void bytes_free(struct bytes *bytes)
{
    free(bytes->data);
    *bytes = (struct bytes){.data = NULL};
}

/* ---- Kinds ---- */

static const struct {
    const char *name;
    enum kind kind;
} kinds[] = {{"text", KIND_TEXT}, {"hex", KIND_HEX}, {"u32", KIND_U32}, {"u64", KIND_U64}};

enum kind parse_kind(const struct verb *verb, const char *name, const char *text)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (!strcmp(text, kinds[i].name))
            return kinds[i].kind;
    usage_error(verb, "%s: '%s' is not text, hex, u32 or u64", name, text);
}

int hex_digit(char digit)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = digit ? strchr(digits, digit | 0x20) : NULL;

    return found && (digit <= '9') == (found - digits < 10) ? (int)(found - digits) : -1;
}

static int read_hex(const char *text, size_t size, struct bytes *out, const char **wrong)
{
    *wrong = size % 2 ? "an odd number of hexadecimal digits" : NULL;
    if (*wrong)
        return EXIT_FAILED;
    for (size_t i = 0; i + 1 < size; i += 2) {
        int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);

        *wrong = high < 0 || low < 0 ? "not hexadecimal" : NULL;
        if (*wrong || bytes_add_one(out, (char)(high << 4 | low)))
            return EXIT_FAILED;
    }
    return EXIT_OK;
}

static int read_number(enum kind kind, const char *text, size_t size, struct bytes *out, const char **wrong)
{
    uint64_t most = kind == KIND_U32 ? UINT32_MAX : UINT64_MAX, number = 0;
    uint32_t small;
    size_t i = 0;

    while (i < size && text[i] >= '0' && text[i] <= '9' && number <= (most - (uint64_t)(text[i] - '0')) / 10)
        number = number * 10 + (uint64_t)(text[i++] - '0');
    *wrong = kind == KIND_U32 ? "not a number from 0 to 4294967295" : "not a number from 0 to 18446744073709551615";
    if (i < size || size == 0)
        return EXIT_FAILED;
    *wrong = NULL;
    small = (uint32_t)number;
    return kind == KIND_U32 ? bytes_add(out, &small, sizeof small) : bytes_add(out, &number, sizeof number);
}

int kind_read(enum kind kind, const char *text, size_t size, struct bytes *out, const char **wrong)
{
    *wrong = NULL;
    switch (kind) {
    case KIND_TEXT: return bytes_add(out, text, size);
    case KIND_HEX: return read_hex(text, size, out, wrong);
    default: return read_number(kind, text, size, out, wrong);
    }
}

void write_hex(const void *data, size_t size, FILE *out)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *bytes = data;

    for (size_t i = 0; i < size; i++) {
        putc(digits[bytes[i] >> 4], out);
        putc(digits[bytes[i] & 15], out);
    }
}

bool kind_number(enum kind kind, const void *data, size_t size, unsigned long long *number)
{
    uint64_t large = 0;
    uint32_t small = 0;

    if (kind == KIND_U32 && size == sizeof small)
        memcpy(&small, data, sizeof small);
    else if (kind == KIND_U64 && size == sizeof large)
        memcpy(&large, data, sizeof large);
    else
        return false;
    *number = kind == KIND_U32 ? small : large;
    return true;
}

int kind_write(enum kind kind, const char *what, const void *data, size_t size, FILE *out)
{
    unsigned long long number;

    if (kind == KIND_TEXT) {
        fwrite(data, 1, size, out);
        return EXIT_OK;
    }
    if (kind == KIND_HEX) {
        write_hex(data, size, out);
        return EXIT_OK;
    }
    if (!kind_number(kind, data, size, &number))
        return fail("%s has %zu bytes, and a %s has %d; say which kind it is, text or hex", what, size,
                    kind == KIND_U32 ? "u32" : "u64", kind == KIND_U32 ? 4 : 8);
    fprintf(out, "%llu", number);
    return EXIT_OK;
}
