/* SPDX-License-Identifier: Apache-2.0 */
/* Standard types beyond numbers and text, and compound keys, as a C program sees them. */
#include "standard.h"
#include "schema/schema.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static unsigned char archive[16384] __attribute__((aligned(16)));

static const mms_ipv4 ten = {{10, 0, 0, 1}};
static const mms_ipv6 loopback = {{[15] = 1}};

/* Default for whatever a test does not name: 0 or empty, which are values of these types. */
static Service smallest(void)
{
    Service service;

    memset(&service, 0, sizeof service);
    service.id = 1;
    service.shift = -1;
    return service;
}

static const ArchivedService *written(const Service *service)
{
    const ArchivedService *found;
    size_t size, again;

    assert_int_equal(Service_size(service, &size), 0);
    memset(archive, 0xee, sizeof archive);
    assert_int_equal(Service_serialize(service, archive, sizeof archive, &again), 0);
    assert_int_equal(size, again);
    found = Service_check(archive, size);
    if (!found)
        fail_msg("%s", mms_last_error());
    return found;
}

static void assert_refused(const Service *service, const char *why)
{
    size_t size;

    assert_int_equal(Service_serialize(service, archive, sizeof archive, &size), MMS_E_INVALID);
    if (!strstr(mms_last_error(), why))
        fail_msg("\"%s\" is not in \"%s\"", why, mms_last_error());
}

/* The value written last, with one byte of its root changed. */
static void assert_damage_found(size_t offset, unsigned char byte, const char *why)
{
    Service service = smallest();
    size_t size, at;

    assert_int_equal(Service_serialize(&service, archive, sizeof archive, &size), 0);
    at = size - sizeof(ArchivedService) + offset;
    assert_non_null(Service_check(archive, size));
    archive[at] = byte;
    assert_null(Service_check(archive, size));
    if (!strstr(mms_last_error(), why))
        fail_msg("\"%s\" is not in \"%s\"", why, mms_last_error());
}

static void numbers_that_are_not_0(void **state)
{
    Service service = smallest();
    const ArchivedService *found = written(&service);

    (void)state;
    assert_int_equal(found->id, 1);
    assert_int_equal(found->shift, -1);
    assert_null(Option_NonZeroU64_get(&found->parent));
    service.parent = (Option_NonZeroU64){.some = true, .value = 5};
    assert_int_equal(*Option_NonZeroU64_get(&written(&service)->parent), 5);
    service.parent.value = 0;
    assert_refused(&service, "Service.parent.Some.0: the number is 0, which a NonZeroU64 cannot be");
    service.parent.some = false;
    service.shift = 0;
    assert_refused(&service, "Service.shift: the number is 0, which a NonZeroI8 cannot be");
    assert_damage_found(offsetof(ArchivedService, id), 0, "id: the number at byte");
    assert_damage_found(offsetof(ArchivedService, shift), 0, "which a NonZeroI8 cannot be");
}

static void addresses_of_either_version(void **state)
{
    const mms_socket_v6 far = {loopback, 443, 7, 9};
    const mms_socket_v4 near = {ten, 80};
    const mms_socket listen[] = {mms_socket_of_v4(near), mms_socket_of_v6(far)};
    Service service = smallest();
    const ArchivedService *found;

    (void)state;
    service.listen = (Vec_SocketAddr){listen, 2};
    service.peer = mms_socket_of_v6(far);
    service.outer = mms_ip_of_v4(ten);
    service.inner = mms_ip_of_v6(loopback);
    service.v4 = near;
    service.mask = (mms_ipv4){{255, 255, 0, 0}};
    found = written(&service);
    assert_int_equal(mms_socket_get_v4(Vec_SocketAddr_at(&found->listen, 0))->port, 80);
    assert_null(mms_socket_get_v6(Vec_SocketAddr_at(&found->listen, 0)));
    assert_null(mms_socket_get_v4(Vec_SocketAddr_at(&found->listen, 1)));
    assert_int_equal(mms_socket_get_v6(&found->peer)->scope_id, 9);
    assert_int_equal(mms_socket_get_v6(&found->peer)->flowinfo, 7);
    assert_memory_equal(mms_ip_get_v4(&found->outer), &ten, sizeof ten);
    assert_null(mms_ip_get_v6(&found->outer));
    assert_memory_equal(mms_ip_get_v6(&found->inner), &loopback, sizeof loopback);
    assert_null(mms_ip_get_v4(&found->inner));
    assert_int_equal(found->v4.port, 80);
    assert_int_equal(found->mask.octets[1], 255);
    service.inner.tag = 2;
    assert_refused(&service, "Service.inner: the tag is 2, not MMS_IP_V4 or MMS_IP_V6");
    assert_damage_found(offsetof(ArchivedService, outer), 2, "outer: the tag at byte");
    assert_damage_found(offsetof(ArchivedService, peer), 255, "peer: the tag at byte");
}

/* Bytes of the input that do not belong to the value are not written. */
static void padding_is_0_whatever_the_input_has(void **state)
{
    static unsigned char first[sizeof archive];
    Service clean = smallest(), dirty;
    size_t size, again;

    (void)state;
    clean.peer = mms_socket_of_v6((mms_socket_v6){loopback, 1, 2, 3});
    clean.outer = mms_ip_of_v4(ten);
    assert_int_equal(Service_serialize(&clean, archive, sizeof archive, &size), 0);
    memcpy(first, archive, size);
    memset(&dirty, 0xa5, sizeof dirty);
    dirty = clean;
    memset((char *)&dirty.outer + 1 + sizeof(mms_ipv4), 0xa5, sizeof dirty.outer - 1 - sizeof(mms_ipv4));
    memset((char *)&dirty.peer + 1, 0xa5, 3);
    memset((char *)&dirty.peer.v6.address + 18, 0xa5, 2);
    memset(archive, 0xa5, sizeof archive);
    assert_int_equal(Service_serialize(&dirty, archive, sizeof archive, &again), 0);
    assert_int_equal(size, again);
    assert_memory_equal(archive, first, size);
}

static void assert_text(const mms_ipv6 *address, const char *text)
{
    Service service = smallest();
    char *json = NULL;
    size_t size;
    FILE *stream = open_memstream(&json, &size);

    assert_non_null(stream);
    service.subnet = *address;
    assert_int_equal(Service_print_json(written(&service), stream), 0);
    fclose(stream);
    if (!strstr(json, text))
        fail_msg("%s is not in %s", text, json);
    free(json);
}

/* RFC 5952, section 4, and what Rust prints. */
static void ipv6_addresses_have_one_text(void **state)
{
    (void)state;
    assert_text(&(mms_ipv6){{0}}, "\"subnet\":\"::\"");
    assert_text(&loopback, "\"subnet\":\"::1\"");
    assert_text(&(mms_ipv6){{0x20, 1, 0xd, 0xb8}}, "\"subnet\":\"2001:db8::\"");
    assert_text(&(mms_ipv6){{0x20, 1, 0xd, 0xb8, [8] = 0, 1, [15] = 1}}, "\"subnet\":\"2001:db8::1:0:0:1\"");
    assert_text(&(mms_ipv6){{0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1}},
                "\"subnet\":\"2001:db8:0:1:1:1:1:1\"");
    assert_text(&(mms_ipv6){{[10] = 0xff, 0xff, 1, 2, 3, 4}}, "\"subnet\":\"::ffff:1.2.3.4\"");
    assert_text(&(mms_ipv6){{[12] = 1, 2, 3, 4}}, "\"subnet\":\"::102:304\"");
}

static void ranges_are_structs(void **state)
{
    Service service = smallest();
    const ArchivedService *found;

    (void)state;
    service.ports = (Range_u16){8000, 9000};
    service.names = (RangeInclusive_String){mms_str_of("a"), mms_str_of("longer than seven")};
    service.up_to.end = 'z';
    found = written(&service);
    assert_int_equal(found->ports.end, 9000);
    assert_true(mms_str_equal(RangeInclusive_String_get_end(&found->names), service.names.end));
    assert_int_equal(found->up_to.end, 'z');
    service.up_to.end = 0xd800;
    assert_refused(&service, "Service.up_to.end: 0xd800 is not a character");
}

static void keys_of_parts_are_found(void **state)
{
    const HashMap_Endpoint_IpAddr_entry routes[] = {
        {.key = {mms_str_of("one"), 80}, .value = mms_ip_of_v4(ten)},
        {.key = {mms_str_of("one"), 81}, .value = mms_ip_of_v6(loopback)},
        {.key = {mms_str_of("a name of many letters"), 80}, .value = mms_ip_of_v4(ten)},
    };
    const HashMap_Token_bool_entry tokens[] = {{{{{1, 2, 3, 4}}}, true}, {{{{1, 2, 3, 5}}}, false}};
    const Grade grades[] = {{.tag = Grade_Tag_Low}, {.tag = Grade_Tag_Named, .Named = {mms_str_of("gold")}}};
    const Option_u32 seen[] = {{.some = false}, {.some = true, .value = 0}};
    Service service = smallest();
    const ArchivedService *found;

    (void)state;
    service.routes = (HashMap_Endpoint_IpAddr){routes, 3};
    service.tokens = (HashMap_Token_bool){tokens, 2};
    service.grades = (HashSet_Grade){grades, 2};
    service.seen = (HashSet_Option_u32){seen, 2};
    found = written(&service);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(HashMap_Endpoint_IpAddr_get(&found->routes, routes[i].key)->tag, routes[i].value.tag);
    assert_null(HashMap_Endpoint_IpAddr_get(&found->routes, (Endpoint){mms_str_of("one"), 82}));
    assert_null(HashMap_Endpoint_IpAddr_get(&found->routes, (Endpoint){mms_str_of("onf"), 80}));
    assert_true(*HashMap_Token_bool_get(&found->tokens, tokens[0].key));
    assert_false(*HashMap_Token_bool_get(&found->tokens, tokens[1].key));
    assert_true(HashSet_Grade_contains(&found->grades, grades[1]));
    assert_false(HashSet_Grade_contains(&found->grades, (Grade){.tag = Grade_Tag_High}));
    assert_true(HashSet_Option_u32_contains(&found->seen, seen[0]));
    assert_false(HashSet_Option_u32_contains(&found->seen, (Option_u32){.some = true, .value = 1}));
}

static void trees_are_sorted_by_parts(void **state)
{
    const BTreeMap_IpAddr_u32_entry owners[] = {{mms_ip_of_v6(loopback), 3}, {mms_ip_of_v4(ten), 4}};
    const Endpoint order[] = {{mms_str_of("b"), 1}, {mms_str_of("a"), 2}, {mms_str_of("a"), 1}};
    Service service = smallest();
    const ArchivedService *found;
    const ArchivedEndpoint *endpoint;
    mms_tree_cursor cursor;

    (void)state;
    service.owners = (BTreeMap_IpAddr_u32){owners, 2};
    service.order = (BTreeSet_Endpoint){order, 3};
    found = written(&service);
    assert_int_equal(BTreeMap_IpAddr_u32_first(&found->owners, &cursor)->value, 4);
    assert_int_equal(*BTreeMap_IpAddr_u32_get(&found->owners, owners[0].key), 3);
    assert_int_equal(BTreeSet_Endpoint_count(&found->order), 3);
    endpoint = BTreeSet_Endpoint_first(&found->order, &cursor);
    assert_int_equal(endpoint->port, 1);
    assert_true(mms_str_equal(Endpoint_get_host(endpoint), order[2].host));
    assert_int_equal(BTreeSet_Endpoint_next(&cursor)->port, 2);
    assert_true(mms_str_equal(Endpoint_get_host(BTreeSet_Endpoint_next(&cursor)), order[0].host));
    assert_null(BTreeSet_Endpoint_next(&cursor));
    endpoint = BTreeSet_Endpoint_seek(&found->order, (Endpoint){mms_str_of("a"), 3}, &cursor);
    assert_true(mms_str_equal(Endpoint_get_host(endpoint), order[0].host));
    assert_true(BTreeSet_Endpoint_contains(&found->order, order[1]));
    assert_false(BTreeSet_Endpoint_contains(&found->order, (Endpoint){mms_str_of("a"), 3}));
}

static void keys_given_twice_or_broken_are_named(void **state)
{
    HashMap_Endpoint_IpAddr_entry routes[2] = {{.key = {mms_str_of("same"), 80}}, {.key = {mms_str_of("same"), 80}}};
    Vec_String tags[2] = {{NULL, 1}, {NULL, 2}};
    Grade grades[1] = {{.tag = (Grade_Tag)9}};
    Service service = smallest();

    (void)state;
    service.routes = (HashMap_Endpoint_IpAddr){routes, 2};
    assert_refused(&service, "Service.routes[1]: the key is that of element 0 too");
    routes[1].key.host = (mms_str){NULL, 5};
    assert_refused(&service, "Service.routes[1].key.host: data is NULL, but size is 5");
    service.routes.count = 0;
    service.tags = (HashSet_Vec_String){tags, 1};
    assert_refused(&service, "Service.tags[0].key: data is NULL, but count is 1");
    service.tags.count = 0;
    service.grades = (HashSet_Grade){grades, 1};
    assert_refused(&service, "Service.grades[0].key: the tag is 9, and Grade has 3 variants");
}

static void equality_is_by_value(void **state)
{
    static unsigned char other[sizeof archive] __attribute__((aligned(16)));
    Service service = smallest();
    const ArchivedService *a, *b;
    size_t size;

    (void)state;
    service.peer = mms_socket_of_v6((mms_socket_v6){loopback, 1, 2, 3});
    assert_int_equal(Service_serialize(&service, other, sizeof other, &size), 0);
    b = Service_root(other, size);
    a = written(&service);
    assert_true(Service_equal(a, b));
    service.peer.v6.address.scope_id++;
    assert_false(Service_equal(written(&service), b));
    service.peer.v6.address.scope_id--;
    service.outer.v4.octets[3]++;
    assert_false(Service_equal(written(&service), b));
}

/* What the crate made of five keys. Rust does not hash the tag of an enum that has one variant. */
static void the_crates_keys_of_one_variant_are_found(void **state)
{
    static const char text[] = "#[repr(u8)] enum Lone { Only(u8, String) } struct R { m: HashMap<Lone, u8> }";
    static const char hex[] =
        "00000000020000000000008004000000ffffffff00010000780000000000000101000000000400007800000000000001"
        "040000000002000078000000000000010200000000000000780000000000000100000000000300007800000000000001"
        "030000000500000098ffffffa8ffffff";
    struct schema schema;
    size_t size = sizeof hex / 2;

    (void)state;
    for (size_t i = 0; i < size; i++) {
        char digits[3] = {hex[2 * i], hex[2 * i + 1], '\0'};

        archive[i] = (unsigned char)strtoul(digits, NULL, 16);
    }
    assert_true(schema_read(&schema, "lone.rs", text, sizeof text - 1, "R", false, stderr));
    if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && mms_archive_check(&schema.archive, archive, size, NULL) != 0)
        fail_msg("%s", mms_last_error());
    schema_free(&schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_that_are_not_0),
        cmocka_unit_test(addresses_of_either_version),
        cmocka_unit_test(padding_is_0_whatever_the_input_has),
        cmocka_unit_test(ipv6_addresses_have_one_text),
        cmocka_unit_test(ranges_are_structs),
        cmocka_unit_test(keys_of_parts_are_found),
        cmocka_unit_test(trees_are_sorted_by_parts),
        cmocka_unit_test(keys_given_twice_or_broken_are_named),
        cmocka_unit_test(equality_is_by_value),
        cmocka_unit_test(the_crates_keys_of_one_variant_are_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
