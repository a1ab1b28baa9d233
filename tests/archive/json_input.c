/* SPDX-License-Identifier: Apache-2.0 */
#include "json_input.h"
#include "json_tokens.h"
#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- Compounds ---- */

static bool take_named_fields(struct json_input *in, const mms_type_field *fields, size_t count, char *out)
{
    size_t found = 0;

    if (!json_expect(in, '{'))
        return false;
    while (!json_take(in, '}')) {
        mms_str name;
        size_t i = 0;

        if ((found > 0 && !json_expect(in, ',')) || !json_take_text(in, &name) || !json_expect(in, ':'))
            return false;
        while (i < count && !mms_str_equal(name, mms_str_of(fields[i].name)))
            i++;
        if (i == count)
            return json_fail(in, "there is no such field");
        if (!json_input(in, fields[i].type, out + fields[i].input_offset))
            return false;
        found++;
    }
    return found == count || json_fail(in, "a field is missing");
}

static bool take_fields(struct json_input *in, const mms_type_field *fields, size_t count, int shape, char *out)
{
    if (shape == MMS_SHAPE_NAMED)
        return take_named_fields(in, fields, count, out);
    if (shape == MMS_SHAPE_UNIT)
        return json_take_word(in, "null") || json_fail(in, "null is missing");
    if (count == 1)
        return json_input(in, fields[0].type, out + fields[0].input_offset);
    if (!json_expect(in, '['))
        return false;
    for (size_t i = 0; i < count; i++)
        if ((i > 0 && !json_expect(in, ',')) || !json_input(in, fields[i].type, out + fields[i].input_offset))
            return false;
    return json_expect(in, ']');
}

static bool take_variant(struct json_input *in, const mms_type *type, char *out)
{
    bool object = json_take(in, '{');
    mms_str name;
    uint32_t tag = 0;

    if (!json_take_text(in, &name) || (object && !json_expect(in, ':')))
        return false;
    while (tag < type->count && !mms_str_equal(name, mms_str_of(type->variants[tag].name)))
        tag++;
    if (tag == type->count)
        return json_fail(in, "there is no such variant");
    if (type->kind == MMS_T_ENUM)
        memcpy(out, &tag, 4);
    else
        *out = (char)tag;
    if (!object)
        return true;
    return take_fields(in, type->variants[tag].fields, type->variants[tag].count, type->variants[tag].shape, out) &&
           json_expect(in, '}');
}

static bool take_option(struct json_input *in, const mms_type *type, char *out)
{
    const mms_type_field *value = &type->variants[1].fields[0];
    const char *start;

    if (json_take_word(in, "null") || json_take_word(in, "\"None\"")) {
        *out = 0;
        return true;
    }
    *out = 1;
    start = in->at;
    if (json_take(in, '{') && json_take_word(in, "\"Some\"") && json_take(in, ':'))
        return json_input(in, value->type, out + value->input_offset) && json_expect(in, '}');
    in->at = start;
    return json_input(in, value->type, out + value->input_offset);
}

/* ---- Addresses: as they are printed, or in full: of either version {"V4": ...}; of sockets ["1.2.3.4", 80], and two
   more numbers for IPv6 ---- */

static bool take_octets(struct json_input *in, int family, void *out)
{
    mms_str text;

    if (!json_take_text(in, &text))
        return false;
    ((char *)(uintptr_t)text.data)[text.size] = '\0';
    return inet_pton(family, text.data, out) == 1 || json_fail(in, "an address is missing");
}

/* "1.2.3.4:80", "[::1%2]:80" */
static bool take_printed_socket(struct json_input *in, int family, void *ip, uint16_t *port, uint32_t *scope)
{
    char *at, *colon, *percent;
    mms_str text;

    if (!json_take_text(in, &text))
        return false;
    at = (char *)(uintptr_t)text.data;
    at[text.size] = '\0';
    at += *at == '[';
    colon = strrchr(at, ':');
    if (!colon)
        return json_fail(in, "a port is missing");
    *port = (uint16_t)strtoul(colon + 1, NULL, 10);
    colon[family == AF_INET6 && colon > at ? -1 : 0] = '\0';
    percent = strchr(at, '%');
    if (percent) {
        *scope = (uint32_t)strtoul(percent + 1, NULL, 10);
        *percent = '\0';
    }
    return inet_pton(family, at, ip) == 1 || json_fail(in, "an address is missing");
}

static bool take_socket_v4(struct json_input *in, void *out)
{
    mms_socket_v4 address;
    bool good = json_peek(in) == '"'
                    ? take_printed_socket(in, AF_INET, &address.ip, &address.port, NULL)
                    : json_expect(in, '[') && take_octets(in, AF_INET, &address.ip) && json_expect(in, ',') &&
                          json_take_integer(in, 2, &address.port) && json_expect(in, ']');

    memcpy(out, &address, good ? sizeof address : 0);
    return good;
}

/* The padding is garbage, as it may be in a program. */
static bool take_socket_v6(struct json_input *in, void *out)
{
    mms_socket_v6 address;
    bool good;

    memset(&address, 0xa5, sizeof address);
    address.flowinfo = address.scope_id = 0;
    if (json_peek(in) == '"')
        good = take_printed_socket(in, AF_INET6, &address.ip, &address.port, &address.scope_id);
    else
        good = json_expect(in, '[') && take_octets(in, AF_INET6, &address.ip) && json_expect(in, ',') &&
               json_take_integer(in, 2, &address.port) && json_expect(in, ',') &&
               json_take_integer(in, 4, &address.flowinfo) && json_expect(in, ',') &&
               json_take_integer(in, 4, &address.scope_id) && json_expect(in, ']');
    memcpy(out, &address, good ? sizeof address : 0);
    return good;
}

static bool take_either(struct json_input *in, int kind, char *out)
{
    bool printed = json_peek(in) == '"', v4, good;

    if (printed) { /* of IPv6: two colons or more, or a bracket */
        v4 = !memchr(in->at, '[', 2) && strcspn(in->at + 1, ":") > strcspn(in->at + 1, ".");
    } else {
        if (!json_expect(in, '{'))
            return false;
        v4 = json_take_word(in, "\"V4\"");
        if ((!v4 && !json_take_word(in, "\"V6\"")) || !json_expect(in, ':'))
            return json_fail(in, "a version is missing");
    }
    memset(out, 0xa5, kind == MMS_T_IP ? sizeof(mms_ip) : sizeof(mms_socket));
    *out = v4 ? MMS_IP_V4 : MMS_IP_V6;
    if (kind == MMS_T_IP)
        good = take_octets(in, v4 ? AF_INET : AF_INET6, out + 1);
    else if (v4)
        good = take_socket_v4(in, out + offsetof(mms_socket, v4.address));
    else
        good = take_socket_v6(in, out + offsetof(mms_socket, v6.address));
    return good && (printed || json_expect(in, '}'));
}

static bool take_uuid(struct json_input *in, unsigned char *out)
{
    size_t digits = 0;
    mms_str text;

    if (!json_take_text(in, &text))
        return false;
    memset(out, 0, sizeof(mms_uuid));
    for (size_t i = 0; i < text.size && digits < 32; i++)
        if (isxdigit((unsigned char)text.data[i])) {
            char digit[2] = {text.data[i], '\0'};

            out[digits / 2] = (unsigned char)((unsigned)out[digits / 2] << 4 | strtoul(digit, NULL, 16));
            digits++;
        }
    return digits == 32 || json_fail(in, "a UUID is missing");
}

static bool take_address(struct json_input *in, int kind, void *out)
{
    switch (kind) {
    case MMS_T_IPV4: return take_octets(in, AF_INET, out);
    case MMS_T_IPV6: return take_octets(in, AF_INET6, out);
    case MMS_T_SOCKET_V4: return take_socket_v4(in, out);
    case MMS_T_SOCKET_V6: return take_socket_v6(in, out);
    case MMS_T_UUID: return take_uuid(in, out);
    default: return take_either(in, kind, out);
    }
}

/* One element after the other, of a container that ends with a mark. */
static bool take_items(struct json_input *in, const mms_type *item, char close, mms_items *items,
                       bool (*one)(struct json_input *, const mms_type *, void *))
{
    size_t room = 4, size = item->input_size;
    char *data = json_allocate(in, room * size);

    items->count = 0;
    while (!json_take(in, close)) {
        if (items->count == room) {
            char *more = json_allocate(in, 2 * room * size);

            memcpy(more, data, room * size);
            data = more;
            room *= 2;
        }
        if ((items->count > 0 && !json_expect(in, ',')) || !one(in, item, data + items->count * size))
            return false;
        items->count++;
    }
    items->data = data;
    return true;
}

static bool take_entry(struct json_input *in, const mms_type *entry, void *out)
{
    char *bytes = out;

    return json_input(in, entry->fields[0].type, bytes + entry->fields[0].input_offset) && json_expect(in, ':') &&
           json_input(in, entry->fields[1].type, bytes + entry->fields[1].input_offset);
}

/* Of a map whose keys are no text. */
static bool take_pair(struct json_input *in, const mms_type *entry, void *out)
{
    char *bytes = out;

    return json_expect(in, '[') && json_input(in, entry->fields[0].type, bytes + entry->fields[0].input_offset) &&
           json_expect(in, ',') && json_input(in, entry->fields[1].type, bytes + entry->fields[1].input_offset) &&
           json_expect(in, ']');
}

static bool take_member(struct json_input *in, const mms_type *entry, void *out)
{
    return json_input(in, entry->fields[0].type, out);
}

static bool take_container(struct json_input *in, const mms_type *type, void *out)
{
    bool map = type->kind == MMS_T_MAP || type->kind == MMS_T_TREE, object = map && json_peek(in) == '{';
    mms_items items = {NULL, 0};

    if (!json_expect(in, object ? '{' : '['))
        return false;
    if (!take_items(in, type->first, object ? '}' : ']', &items,
                    object                    ? take_entry
                    : map                     ? take_pair
                    : type->kind == MMS_T_VEC ? json_input
                                              : take_member))
        return false;
    memcpy(out, &items, sizeof items);
    return true;
}

static bool take_array(struct json_input *in, const mms_type *type, char *out)
{
    if (!json_expect(in, '['))
        return false;
    for (size_t i = 0; i < type->count; i++)
        if ((i > 0 && !json_expect(in, ',')) || !json_input(in, type->first, out + i * type->first->input_size))
            return false;
    return json_expect(in, ']');
}

static bool take_duration(struct json_input *in, void *out)
{
    mms_duration duration = {0, 0};
    bool array = json_take(in, '[');

    if (!array && !(json_expect(in, '{') && json_take_word(in, "\"secs\"") && json_expect(in, ':')))
        return false;
    if (!json_take_integer(in, 8, &duration.secs) || !json_expect(in, ',') ||
        (!array && !(json_take_word(in, "\"nanos\"") && json_expect(in, ':'))) ||
        !json_take_integer(in, 4, &duration.nanos))
        return json_fail(in, "a duration is missing");
    memcpy(out, &duration, sizeof duration);
    return json_expect(in, array ? ']' : '}');
}

static bool take_box(struct json_input *in, const mms_type *type, void *out)
{
    void *inner = json_allocate(in, type->first->input_size);

    memcpy(out, &inner, sizeof inner);
    return json_input(in, type->first, inner);
}

bool json_input(struct json_input *in, const mms_type *type, void *out)
{
    mms_str text;

    switch (type->kind) {
    case MMS_T_UNIT: return json_take_word(in, "null") || json_fail(in, "null is missing");
    case MMS_T_BOOL: return json_take_bool(in, out);
    case MMS_T_F32:
    case MMS_T_F64: return json_take_float(in, type->kind, out);
    case MMS_T_CHAR: return json_take_char(in, out);
    case MMS_T_DURATION: return take_duration(in, out);
    case MMS_T_STRING:
    case MMS_T_BOX_STR:
        if (!json_take_text(in, &text))
            return false;
        memcpy(out, &text, sizeof text);
        return true;
    case MMS_T_BOX: return take_box(in, type, out);
    case MMS_T_ARRAY: return take_array(in, type, out);
    case MMS_T_STRUCT: return take_fields(in, type->fields, type->count, type->shape, out);
    case MMS_T_ENUM:
    case MMS_T_RESULT: return take_variant(in, type, out);
    case MMS_T_OPTION: return take_option(in, type, out);
    case MMS_T_VEC:
    case MMS_T_MAP:
    case MMS_T_SET:
    case MMS_T_TREE:
    case MMS_T_TREE_SET: return take_container(in, type, out);
    case MMS_T_IPV4:
    case MMS_T_IPV6:
    case MMS_T_IP:
    case MMS_T_SOCKET_V4:
    case MMS_T_SOCKET_V6:
    case MMS_T_SOCKET:
    case MMS_T_UUID: return take_address(in, type->kind, out);
    default: return json_take_integer(in, type->input_size, out);
    }
}
