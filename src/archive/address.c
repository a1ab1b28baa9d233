/* SPDX-License-Identifier: Apache-2.0 */
#include "archive/address.h"
#include "archive/check/checker.h"
#include "archive/encode/encoder.h"
#include <inttypes.h>

_Static_assert(sizeof(mms_ip) == 17 && offsetof(mms_ip, v6) == 1, "layout of IpAddr");
_Static_assert(sizeof(mms_socket_v4) == 6 && offsetof(mms_socket_v4, port) == 4, "layout of SocketAddrV4");
_Static_assert(sizeof(mms_socket_v6) == 28 && offsetof(mms_socket_v6, flowinfo) == 20, "layout of SocketAddrV6");
_Static_assert(sizeof(mms_socket) == 32 && offsetof(mms_socket, v4.address) == 2 &&
                   offsetof(mms_socket, v6.address) == 4 && _Alignof(mms_socket) == 4,
               "layout of SocketAddr");

/* ---- Writing ---- */

static int check_input_tag(unsigned tag, const struct mms__path *path)
{
    if (tag <= MMS_IP_V6)
        return 0;
    return mms__path_fail(MMS_E_INVALID, MMS__ENCODE, path, "the tag is %u, not MMS_IP_V4 or MMS_IP_V6", tag);
}

/* Field by field, because the padding of the input may hold anything. */
static void put_socket_v6(unsigned char *out, const void *in)
{
    mms_socket_v6 address;

    memcpy(&address, in, sizeof address);
    memcpy(out, &address.ip, sizeof address.ip);
    memcpy(out + offsetof(mms_socket_v6, port), &address.port, sizeof address.port);
    memcpy(out + offsetof(mms_socket_v6, flowinfo), &address.flowinfo, sizeof address.flowinfo);
    memcpy(out + offsetof(mms_socket_v6, scope_id), &address.scope_id, sizeof address.scope_id);
}

static void put_ip(unsigned char *out, const void *in, unsigned char tag)
{
    *out = tag;
    memcpy(out + 1, (const char *)in + 1, tag == MMS_IP_V4 ? sizeof(mms_ipv4) : sizeof(mms_ipv6));
}

static void put_socket(unsigned char *out, const void *in, unsigned char tag)
{
    const size_t v4 = offsetof(mms_socket, v4.address), v6 = offsetof(mms_socket, v6.address);

    *out = tag;
    if (tag == MMS_IP_V4)
        memcpy(out + v4, (const char *)in + v4, sizeof(mms_socket_v4));
    else
        put_socket_v6(out + v6, (const char *)in + v6);
}

int mms__encode_address(struct mms__encoder *e, const mms_type *type, const void *in, size_t at,
                        const struct mms__path *path)
{
    unsigned char tag = *(const unsigned char *)in;
    int code;

    if (type->kind == MMS_T_SOCKET_V6) {
        put_socket_v6(e->base + at, in);
        return 0;
    }
    code = check_input_tag(tag, path);
    if (code != 0)
        return code;
    if (type->kind == MMS_T_IP)
        put_ip(e->base + at, in, tag);
    else
        put_socket(e->base + at, in, tag);
    return 0;
}

/* ---- Checking ---- */

int mms__check_address(const struct mms__checker *c, const mms_type *type, size_t at, const struct mms__path *path)
{
    unsigned tag = (unsigned)mms__get_uint(c->base + at, 1);

    if (tag <= MMS_IP_V6)
        return 0;
    return mms__path_fail(MMS_E_CORRUPT, MMS__CHECK, path, "the tag at byte %zu is %u, and %s has 2 variants", at, tag,
                          type->name);
}

/* ---- Comparing ---- */

static int compare_numbers(uint64_t a, uint64_t b)
{
    return a == b ? 0 : a < b ? -1 : 1;
}

static int compare_socket_v4(const char *a, const char *b)
{
    const size_t port = offsetof(mms_socket_v4, port);
    int order = memcmp(a, b, sizeof(mms_ipv4));

    return order != 0 ? order : compare_numbers(mms__get_uint(a + port, 2), mms__get_uint(b + port, 2));
}

static int compare_socket_v6(const char *a, const char *b)
{
    const size_t port = offsetof(mms_socket_v6, port), flow = offsetof(mms_socket_v6, flowinfo);
    const size_t scope = offsetof(mms_socket_v6, scope_id);
    int order = memcmp(a, b, sizeof(mms_ipv6));

    if (order == 0)
        order = compare_numbers(mms__get_uint(a + port, 2), mms__get_uint(b + port, 2));
    if (order == 0)
        order = compare_numbers(mms__get_uint(a + flow, 4), mms__get_uint(b + flow, 4));
    return order != 0 ? order : compare_numbers(mms__get_uint(a + scope, 4), mms__get_uint(b + scope, 4));
}

int mms__address_compare(int kind, const void *a, const void *b)
{
    const char *x = a, *y = b;
    unsigned char tag = *(const unsigned char *)a, other = *(const unsigned char *)b;

    switch (kind) {
    case MMS_T_IPV4: return memcmp(x, y, sizeof(mms_ipv4));
    case MMS_T_SOCKET_V4: return compare_socket_v4(x, y);
    case MMS_T_SOCKET_V6: return compare_socket_v6(x, y);
    case MMS_T_IP:
    case MMS_T_SOCKET: break;
    default: return memcmp(x, y, 16);
    }
    if (tag != other)
        return compare_numbers(tag, other);
    if (kind == MMS_T_IP)
        return memcmp(x + 1, y + 1, tag == MMS_IP_V4 ? sizeof(mms_ipv4) : sizeof(mms_ipv6));
    if (tag == MMS_IP_V4)
        return compare_socket_v4(x + offsetof(mms_socket, v4.address), y + offsetof(mms_socket, v4.address));
    return compare_socket_v6(x + offsetof(mms_socket, v6.address), y + offsetof(mms_socket, v6.address));
}

/* ---- Printing ---- */

static void print_ipv4(const unsigned char *octets, FILE *out)
{
    fprintf(out, "%u.%u.%u.%u", octets[0], octets[1], octets[2], octets[3]);
}

struct zeros {
    int at, count;
};

/* The first of the longest runs of zeros. */
static struct zeros longest_zeros(const unsigned *groups)
{
    struct zeros longest = {0, 0}, run = {0, 0};

    for (int i = 0; i < 8; i++) {
        if (groups[i] != 0) {
            run.count = 0;
            continue;
        }
        run.at = run.count == 0 ? i : run.at;
        if (++run.count > longest.count)
            longest = run;
    }
    return longest;
}

static void print_groups(const unsigned *groups, int from, int to, FILE *out)
{
    for (int i = from; i < to; i++)
        fprintf(out, "%s%x", i > from ? ":" : "", groups[i]);
}

/* RFC 5952; of the addresses that contain an IPv4 one, only mapped ones are shown that way. */
static void print_ipv6(const unsigned char *octets, FILE *out)
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    struct zeros zeros;
    unsigned groups[8];

    if (memcmp(octets, mapped, sizeof mapped) == 0) {
        fputs("::ffff:", out);
        print_ipv4(octets + sizeof mapped, out);
        return;
    }
    for (size_t i = 0; i < 8; i++)
        groups[i] = (unsigned)octets[2 * i] << 8 | octets[2 * i + 1];
    zeros = longest_zeros(groups);
    if (zeros.count < 2) {
        print_groups(groups, 0, 8, out);
        return;
    }
    print_groups(groups, 0, zeros.at, out);
    fputs("::", out);
    print_groups(groups, zeros.at + zeros.count, 8, out);
}

static void print_socket_v4(const void *at, FILE *out)
{
    mms_socket_v4 address;

    memcpy(&address, at, sizeof address);
    print_ipv4(address.ip.octets, out);
    fprintf(out, ":%u", address.port);
}

static void print_socket_v6(const void *at, FILE *out)
{
    mms_socket_v6 address;

    memcpy(&address, at, sizeof address);
    putc('[', out);
    print_ipv6(address.ip.octets, out);
    if (address.scope_id != 0)
        fprintf(out, "%%%" PRIu32, address.scope_id);
    fprintf(out, "]:%u", address.port);
}

static void print_uuid(const unsigned char *bytes, FILE *out)
{
    for (int i = 0; i < 16; i++)
        fprintf(out, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", bytes[i]);
}

void mms__address_print(int kind, const void *at, FILE *out)
{
    const unsigned char *bytes = at;
    bool is_v4 = *bytes == MMS_IP_V4;

    putc('"', out);
    switch (kind) {
    case MMS_T_IPV4: print_ipv4(bytes, out); break;
    case MMS_T_IPV6: print_ipv6(bytes, out); break;
    case MMS_T_IP: (is_v4 ? print_ipv4 : print_ipv6)(bytes + 1, out); break;
    case MMS_T_SOCKET_V4: print_socket_v4(at, out); break;
    case MMS_T_SOCKET_V6: print_socket_v6(at, out); break;
    case MMS_T_SOCKET:
        if (is_v4)
            print_socket_v4(bytes + offsetof(mms_socket, v4.address), out);
        else
            print_socket_v6(bytes + offsetof(mms_socket, v6.address), out);
        break;
    default: print_uuid(bytes, out); break;
    }
    putc('"', out);
}
