/* SPDX-License-Identifier: Apache-2.0 */
/* A copy of format version 1: a change of region/layout.h that old files or running processes
   would not understand fails here, and needs version 2. The files are the same on all machines,
   except for the byte order. */
#include "check.h"
#include "region/layout.h"
#include "region/region.h"

#define check_field(type, field, offset, size)           \
    do {                                                 \
        check_equal(offsetof(type, field), (offset));    \
        check_equal(sizeof(((type *)0)->field), (size)); \
    } while (0)

static void header_is_as_in_version_1(void **state)
{
    (void)state;
    check_equal(MMS__FORMAT_VERSION, 1);
    check_equal(sizeof(struct mms__header), 128);
    check_field(struct mms__header, magic, 0, 8);
    check_field(struct mms__header, byte_order, 8, 4);
    check_field(struct mms__header, version, 12, 4);
    check_field(struct mms__header, region_id, 16, 16);
    check_field(struct mms__header, max_size, 32, 8);
    check_field(struct mms__header, stride, 40, 8);
    check_field(struct mms__header, max_slots, 48, 4);
    check_field(struct mms__header, max_readers, 52, 4);
    check_field(struct mms__header, created_ns, 56, 8);
    check_field(struct mms__header, flags, 64, 8);
    check_field(struct mms__header, reserved, 72, 48);
    check_field(struct mms__header, checksum, 120, 8);
    check_memory(MMS__CONTROL_MAGIC, "mmsync\r\n", 9);
    check_memory(MMS__READERS_MAGIC, "mmsyncR\n", 9);
    check_equal(MMS__BYTE_ORDER_MARK, 0x01020304);
    check_equal(MMS__DURABLE, 1);
}

static void durable_is_as_in_version_1(void **state)
{
    (void)state;
    check_memory(MMS__DURABLE_MAGIC, "mmsyncS\n", 9);
    check_memory(MMS__ANCHOR_MAGIC, "mmsyncA\n", 9);
    check_equal(mms__anchor_at(0), 4096);
    check_equal(mms__anchor_at(1), 8192);
    check_equal(mms__durable_size(), 12288);
    check_equal(sizeof(struct mms__anchor), 4096);
    check_field(struct mms__anchor, magic, 0, 8);
    check_field(struct mms__anchor, region_id, 8, 16);
    check_field(struct mms__anchor, sequence, 24, 8);
    check_field(struct mms__anchor, generation, 32, 8);
    check_field(struct mms__anchor, slot, 40, 8);
    check_field(struct mms__anchor, size, 48, 8);
    check_field(struct mms__anchor, type_id, 56, 16);
    check_field(struct mms__anchor, tag, 72, 8);
    check_field(struct mms__anchor, checksum, 80, 8);
    check_field(struct mms__anchor, publish_ns, 88, 8);
    check_field(struct mms__anchor, flags, 96, 8);
    check_field(struct mms__anchor, schema_size, 104, 8);
    check_field(struct mms__anchor, own_checksum, 4088, 8);
}

static void control_is_as_in_version_1(void **state)
{
    (void)state;
    check_field(struct mms__control, current, 128, 8);
    check_field(struct mms__control, wake, 256, 4);
    check_field(struct mms__control, boot_id, 384, 16);
    check_field(struct mms__control, floor, 400, 8);
    check_field(struct mms__control, fence, 408, 4);
    check_field(struct mms__control, writer_pid, 412, 4);
    check_field(struct mms__control, writer_start, 416, 8);
    check_field(struct mms__control, slots_used, 424, 4);
    check_field(struct mms__control, boot_id_kind, 428, 4);
    check_field(struct mms__control, boot_began_ns, 432, 8);
    check_field(struct mms__control, boot_up_ns, 440, 8);
    check_field(struct mms__control, keep, 448, 4);
    check_field(struct mms__control, refused, 456, 8);
    check_field(struct mms__control, evicted, 464, 8);
    check_field(struct mms__control, changes_end, 472, 8);
    check_equal(offsetof(struct mms__control, slots), 512);
    check_equal(mms__control_size(3), 512 + 3 * 128);
}

static void descriptor_is_as_in_version_1(void **state)
{
    (void)state;
    check_equal(sizeof(struct mms__descriptor), 128);
    check_field(struct mms__descriptor, generation, 0, 8);
    check_field(struct mms__descriptor, size, 8, 8);
    check_field(struct mms__descriptor, type_id, 16, 16);
    check_field(struct mms__descriptor, tag, 32, 8);
    check_field(struct mms__descriptor, checksum, 40, 8);
    check_field(struct mms__descriptor, publish_ns, 48, 8);
    check_field(struct mms__descriptor, flags, 56, 8);
    check_field(struct mms__descriptor, allocated, 64, 8);
    check_field(struct mms__descriptor, huge, 88, 8);
    check_field(struct mms__descriptor, published, 96, 8);
    check_equal(MMS__HAS_CHECKSUM, 1);
    check_equal(MMS__SERIALIZED, 2);
    check_equal(MMS__MADE_TABLE, 4);
}

static void readers_is_as_in_version_1(void **state)
{
    (void)state;
    check_field(struct mms__readers, high_water, 128, 4);
    check_field(struct mms__readers, waiting, 256, 4);
    check_field(struct mms__readers, relay, 260, 4);
    check_equal(offsetof(struct mms__readers, lines), 384);
    check_equal(mms__readers_size(2), 384 + 2 * 128);
    check_equal(sizeof(struct mms__line), 128);
    check_field(struct mms__line, announce, 0, 8);
    check_field(struct mms__line, owner, 8, 4);
    check_field(struct mms__line, mode, 12, 4);
    check_field(struct mms__line, flags, 16, 4);
    check_field(struct mms__line, pid, 20, 4);
    check_field(struct mms__line, tid, 24, 4);
    check_field(struct mms__line, start, 32, 8);
    check_field(struct mms__line, again, 40, 8);
    check_equal(MMS__ALLOW_EVICT, 1);
    check_equal(MMS__SAYS_AGAIN, 2);
    check_equal(MMS__SYMMETRIC, 1);
    check_equal(MMS__ASYMMETRIC, 2);
    check_equal(MMS__LOCK_BASE, UINT64_C(1) << 40);
}

static void words_are_packed_as_in_version_1(void **state)
{
    uint64_t word = UINT64_C(0x123456789abc) << 16 | 0xdef0;

    (void)state;
    check_equal(mms__word_generation(word), UINT64_C(0x123456789abc));
    check_equal(mms__word_slot(word), 0x5ef0); /* without the nudge bit */
    check_equal(mms__word_slot(word ^ MMS__NUDGE), 0x5ef0);
    check_equal(MMS__NUDGE, 0x8000);
    check_equal(mms__exact(word), UINT64_C(0x123456789abc) << 2 | 1);
    check_equal(mms__from(word), UINT64_C(0x123456789abc) << 2 | 2);
    check_equal(MMS__IDLE, 0);
    check_equal(MMS__TOMBSTONE, UINT64_MAX);
    check_equal(MMS__GENERATION_MAX, (UINT64_C(1) << 48) - 2);
}

/* Where 32-bit machines put a 64-bit number that follows a byte: i386 at 4, Arm at 8. */
struct behind_a_byte {
    char byte;
    uint64_t number;
};

static void check_head_of_32_bits(void)
{
    const size_t align = offsetof(struct behind_a_byte, number), tail = align == 4 ? 36 : 40;

    check_field(struct mms__reader_head, word, 8, 8);
    check_field(struct mms__reader_head, view.data, 16, 4);
    check_field(struct mms__reader_head, view.size, 20, 4);
    check_field(struct mms__reader_head, view.generation, 24, 8);
    check_field(struct mms__reader_head, view.changed, 32, 1);
    check_field(struct mms__reader_head, state, tail, 4);
    check_field(struct mms__reader_head, checked, tail + 4, 4);
    check_equal(sizeof(struct mms__reader_head), tail + 8);
    check_field(mms_view, reserved, tail - 16, 16);
}

/* What is compiled into user programs: the soname's promise. Only used within one process, so it
   may differ between kinds of machine. */
static void reader_head_is_as_in_the_first_soname(void **state)
{
    (void)state;
    check_field(struct mms__reader_head, announce, 0, sizeof(void *));
    check_field(struct mms__reader_head, current, sizeof(void *), sizeof(void *));
    if (sizeof(void *) == 8) {
        check_field(struct mms__reader_head, word, 16, 8);
        check_field(struct mms__reader_head, view.data, 24, 8);
        check_field(struct mms__reader_head, view.size, 32, 8);
        check_field(struct mms__reader_head, view.generation, 40, 8);
        check_field(struct mms__reader_head, view.changed, 48, 1);
        check_field(struct mms__reader_head, state, 56, 4);
        check_field(struct mms__reader_head, checked, 60, 4);
        check_equal(sizeof(struct mms__reader_head), 64);
        check_field(mms_view, reserved, 32, 16);
    } else {
        check_head_of_32_bits();
    }
    check_equal(MMS__FORKED, 0);
    check_equal(MMS__READY, 1);
    check_equal(MMS__HELD, 2);
    check_equal(MMS__READY_SLOW, 3);
    check_equal(MMS__HELD_SLOW, 4);
    check_equal(MMS__CLOSED, 5);
    check_equal(sizeof(struct mms__native_reader) % 128, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_is_as_in_version_1),        cmocka_unit_test(control_is_as_in_version_1),
        cmocka_unit_test(descriptor_is_as_in_version_1),    cmocka_unit_test(readers_is_as_in_version_1),
        cmocka_unit_test(words_are_packed_as_in_version_1), cmocka_unit_test(reader_head_is_as_in_the_first_soname),
        cmocka_unit_test(durable_is_as_in_version_1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
