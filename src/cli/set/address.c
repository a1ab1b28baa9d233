/* SPDX-License-Identifier: Apache-2.0 */
/* Network addresses and UUIDs, as `read --json` prints them. */
#include "cli/set/input.h"
#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { ADDRESS_SIZE = 80 };

/* The text as a string with a 0 behind it. */
static bool take_address(struct literal *literal, char out[ADDRESS_SIZE])
{
    mms_str text;

    if (!literal_text(literal, &text))
        return false;
    if (text.size >= ADDRESS_SIZE || memchr(text.data, '\0', text.size))
        return literal_fail(literal, "no address is that long");
    memcpy(out, text.data, text.size);
    out[text.size] = '\0';
    return true;
}

static bool is_v6(const char *text)
{
    return *text == '[' || (strchr(text, ':') && strchr(text, ':') != strrchr(text, ':'));
}

/* ---- Sockets: "1.2.3.4:80", "[::1%2]:80" ---- */

static bool parse_decimal(const char *text, uint64_t most, uint64_t *out)
{
    size_t digits = strspn(text, "0123456789");

    *out = digits > 0 && digits < 12 ? strtoull(text, NULL, 10) : most + 1;
    return !text[digits] && *out <= most;
}

/* Cuts the port off. */
static bool parse_port(char *text, uint16_t *port)
{
    char *colon = strrchr(text, ':');
    uint64_t number;

    if (!colon || !parse_decimal(colon + 1, UINT16_MAX, &number))
        return false;
    *port = (uint16_t)number;
    *colon = '\0';
    return true;
}

static bool parse_socket_v4(char *text, mms_socket_v4 *out)
{
    return parse_port(text, &out->port) && inet_pton(AF_INET, text, &out->ip) == 1;
}

static bool parse_socket_v6(char *text, mms_socket_v6 *out)
{
    size_t size;
    char *scope;
    uint64_t number = 0;

    if (*text != '[' || !parse_port(text, &out->port))
        return false;
    size = strlen(text);
    if (text[size - 1] != ']')
        return false;
    text[size - 1] = '\0';
    scope = strchr(text, '%');
    if (scope) {
        *scope = '\0';
        if (!parse_decimal(scope + 1, UINT32_MAX, &number))
            return false;
    }
    out->scope_id = (uint32_t)number;
    return inet_pton(AF_INET6, text + 1, &out->ip) == 1;
}

/* ---- UUIDs: 32 digits, in groups of 8-4-4-4-12 or without ---- */

static bool parse_uuid(const char *text, mms_uuid *out)
{
    const bool grouped = strlen(text) == 36;
    size_t count = 0;

    for (size_t i = 0; text[i]; i++) {
        char digit[2] = {text[i], '\0'};

        if (grouped && (i == 8 || i == 13 || i == 18 || i == 23)) {
            if (text[i] != '-')
                return false;
            continue;
        }
        if (!isxdigit((unsigned char)text[i]) || count == 32)
            return false;
        out->bytes[count / 2] = (unsigned char)((unsigned)out->bytes[count / 2] << 4 | strtoul(digit, NULL, 16));
        count++;
    }
    return count == 32;
}

/* ---- All ---- */

static bool parse_ip(const char *text, mms_ip *out)
{
    out->tag = is_v6(text) ? MMS_IP_V6 : MMS_IP_V4;
    return out->tag == MMS_IP_V6 ? inet_pton(AF_INET6, text, &out->v6) == 1 : inet_pton(AF_INET, text, &out->v4) == 1;
}

static bool parse_socket(char *text, mms_socket *out)
{
    out->tag = is_v6(text) ? MMS_IP_V6 : MMS_IP_V4;
    return out->tag == MMS_IP_V6 ? parse_socket_v6(text, &out->v6.address) : parse_socket_v4(text, &out->v4.address);
}

static bool parse(int kind, char *text, void *out)
{
    switch (kind) {
    case MMS_T_IPV4: return inet_pton(AF_INET, text, out) == 1;
    case MMS_T_IPV6: return inet_pton(AF_INET6, text, out) == 1;
    case MMS_T_IP: return parse_ip(text, out);
    case MMS_T_SOCKET_V4: return parse_socket_v4(text, out);
    case MMS_T_SOCKET_V6: return parse_socket_v6(text, out);
    case MMS_T_SOCKET: return parse_socket(text, out);
    default: return parse_uuid(text, out);
    }
}

static const char *example(int kind)
{
    switch (kind) {
    case MMS_T_IPV4: return "192.0.2.1";
    case MMS_T_IPV6: return "2001:db8::1";
    case MMS_T_IP: return "192.0.2.1 or 2001:db8::1";
    case MMS_T_SOCKET_V4: return "192.0.2.1:80";
    case MMS_T_SOCKET_V6: return "[2001:db8::1]:80";
    case MMS_T_SOCKET: return "192.0.2.1:80 or [2001:db8::1]:80";
    default: return "67e55044-10b1-426f-9247-bb680e5fe0c8";
    }
}

bool input_address(struct literal *literal, const mms_type *type, void *out)
{
    char text[ADDRESS_SIZE], given[ADDRESS_SIZE];

    if (!take_address(literal, text))
        return false;
    memcpy(given, text, sizeof given);
    return parse(type->kind, text, out) ||
           literal_fail(literal, "%s is expected, as %s, and not '%s'", type->name, example(type->kind), given);
}
