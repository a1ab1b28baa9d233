/* SPDX-License-Identifier: Apache-2.0 */
/* The files of mmap-sync behind the same calls (src/mmap_sync): layout, values, versions, options.
   tests/interop has the crate itself; here everything that it can do is written into the files by
   hand. */
#include "mmap_sync/backend.h"
#include "mmap_sync/protocol.h"
#include "mmap_sync/wyhash.h"
#include "mmap_sync_sample.h"
#include "os/futex.h"
#include "sample.h"
#include "scratch.h"
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static uint64_t size_of(const char *path, const char *suffix, unsigned *mode)
{
    struct stat status;
    char name[600];

    snprintf(name, sizeof name, "%s%s", path, suffix);
    check_true(stat(name, &status) == 0);
    *mode = status.st_mode & 07777;
    return (uint64_t)status.st_size;
}

/* Of the bytes 0, 1, 2, ...: what the Rust crate wyhash 0.5 gives with seed 0. */
static void hashes_are_those_of_the_crate(void **state)
{
    static const struct {
        size_t size;
        uint64_t hash;
    } known[] = {
        {0, UINT64_C(0xf961f936e29c9345)},   {1, UINT64_C(0x8c73a8ab46596ae4)},   {2, UINT64_C(0x02760e09a6d70083)},
        {3, UINT64_C(0x66523b8400601d1d)},   {4, UINT64_C(0xbbdb0dd7f6771760)},   {5, UINT64_C(0x9e34ba5509d6d729)},
        {6, UINT64_C(0xdec13d25128a143e)},   {7, UINT64_C(0xdabee0600a4666ba)},   {8, UINT64_C(0x812dec5a9ec0c24f)},
        {9, UINT64_C(0x8c7214f03384d00a)},   {12, UINT64_C(0x4574b25f30d8e23d)},  {15, UINT64_C(0x98b17bc6b3037138)},
        {16, UINT64_C(0xcbc7992bdc99fb53)},  {17, UINT64_C(0xb1708065869961d2)},  {23, UINT64_C(0x213ae505d4de5df8)},
        {24, UINT64_C(0x9f4fd78ea3611171)},  {25, UINT64_C(0x6140d06bab60aaeb)},  {28, UINT64_C(0xf07a28b6c79bca99)},
        {31, UINT64_C(0x506e3f781d58242e)},  {32, UINT64_C(0x8c881003aebdcb80)},  {33, UINT64_C(0x8c9f56447486c4a5)},
        {36, UINT64_C(0x18f32d3657373cb7)},  {40, UINT64_C(0x04548ef3f0fca104)},  {47, UINT64_C(0xb7de03a48a0ef92d)},
        {48, UINT64_C(0xa9625e945756d4cf)},  {57, UINT64_C(0x3f335fb08b33dbb9)},  {63, UINT64_C(0xf52c9111283a24a2)},
        {64, UINT64_C(0x360aadbd2e6b95dd)},  {65, UINT64_C(0xff2cf6483c362623)},  {95, UINT64_C(0xd201773391960b46)},
        {96, UINT64_C(0x118556f1c3e15a10)},  {127, UINT64_C(0xd56fa314969de70e)}, {128, UINT64_C(0x2017e9347e2db662)},
        {200, UINT64_C(0x7994670be3889536)}, {255, UINT64_C(0xbf883493756ef2b6)}, {256, UINT64_C(0x659c688f8c101747)},
    };
    unsigned char bytes[256];

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)i;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        size_t whole = known[i].size / 64 * 32; /* in two pieces as well */

        check_equal(mms__wyhash(bytes, known[i].size), known[i].hash);
        check_equal(mms__wyhash_end(
                        mms__wyhash_blocks(mms__wyhash_blocks(0, bytes, whole), bytes + whole, known[i].size - whole),
                        bytes + known[i].size / 32 * 32, known[i].size),
                    known[i].hash);
    }
}

static void files_have_the_names_modes_and_sizes_of_the_crate(void **state)
{
    const char *path = scratch_path(state, "value");
    mode_t before = umask(0);
    mms_writer *writer = mmap_sync_writer(path, MMS_NO_WAIT, false);
    mms_receipt receipt;
    unsigned mode;

    check_equal(size_of(path, "_state", &mode), 16);
    check_equal(mode, 0660);
    check_ok(mms_write(writer, "first", 5, &receipt));
    check_equal(receipt.slot, 0);
    check_equal(receipt.generation, mms__mmap_sync_word(0, 5, mms__wyhash("first", 5)));
    check_equal(size_of(path, "_data_0", &mode), 5);
    check_equal(mode, 0640);
    check_ok(mms_write(writer, "second value", 12, &receipt));
    check_equal(receipt.slot, 1);
    check_equal(size_of(path, "_data_1", &mode), 12);
    check_ok(mms_write(writer, "3", 1, &receipt));
    check_equal(receipt.slot, 0);
    check_equal(size_of(path, "_data_0", &mode), 5); /* files never shrink */
    check_ok(mms_writer_close(writer));
    umask(before);
}

static void a_prefix_is_recognised_by_its_files_or_by_a_scheme(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_mmap_sync_info info;
    mms_region *region;
    char as_region[700];

    snprintf(as_region, sizeof as_region, "mmsync:%s", path);
    check_true(!mms_is_mmap_sync(path)); /* what would be created */
    check_true(mms_is_mmap_sync(crate_path(path)));
    check_code(mms_mmap_sync_inspect(path, &info), MMS_E_INVALID);
    check_code(mms_mmap_sync_inspect(crate_path(path), &info), -ENOENT);
    check_ok(mms_writer_close(mmap_sync_writer(path, 0, false)));
    check_true(mms_is_mmap_sync(path));
    check_true(!mms_is_mmap_sync(as_region));
    check_ok(mms_region_open(path, NULL, &region));
    check_ok(mms_region_close(region));
    check_ok(mms_region_open(crate_path(path), NULL, &region)); /* which says the same */
    check_ok(mms_region_close(region));
    check_code(mms_region_open(as_region, NULL, &region), -ENOENT);
    sample_closed_region(scratch_path(state, "region"), "text");
    check_true(!mms_is_mmap_sync(scratch_path(state, "region")));
    check_code(mms_region_open(crate_path(scratch_path(state, "region")), NULL, &region), -ENOENT);
    check_code(mms_mmap_sync_inspect(scratch_path(state, "region"), &info), MMS_E_INVALID);
    check_detail_mentions("mms_inspect");
    check_code(mms_mmap_sync_inspect(path, NULL), MMS_E_INVALID);
    check_code(mms_repair(scratch_path(state, "region"), 0, 0, NULL), MMS_E_INVALID);
}

static void readers_follow_see_changes_and_wait(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_writer *writer = mmap_sync_writer(path, MMS_NO_WAIT, false);
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);
    mms_view view;
    uint64_t first;

    check_code(mms_read(reader, &view), MMS_E_EMPTY);
    check_code(mms_release(reader), MMS_E_NO_VIEW);
    first = publish_text(writer, "first");
    check_ok(mms_wait(reader, 0, 0));
    check_code(mms_wait(reader, first, 1), MMS_E_TIMEOUT);
    view = check_holds(reader, "first");
    check_true(view.changed);
    check_equal(view.generation, first);
    check_equal((uintptr_t)view.data % 64, 0);
    check_ok(mms_read(reader, &view));
    check_true(!view.changed);
    publish_text(writer, "second");
    check_memory(view.data, "first", 5);
    check_ok(mms_refresh(reader, &view));
    check_true(view.changed);
    check_memory(view.data, "second", 6);
    check_ok(mms_wait(reader, first, MMS_FOREVER));
    check_ok(mms_release(reader));
    publish_text(writer, ""); /* a value of no bytes is one */
    check_reads(reader, "");
    check_copies(path, "");
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

/* Until it is woken: mms_wait looks again by itself. */
static void *sleep_for_ever(void *region)
{
    struct mms__sleep sleep = {0};

    check_equal((uint64_t)-mms__mmap_sync_wait_begin(region, mms_generation(region), &sleep), EAGAIN);
    while (mms__futex_wait(sleep.word, sleep.value, UINT64_C(3600000000000), PTHREAD_CANCEL_DISABLE) == -EINTR)
        continue;
    return NULL;
}

static void who_says_that_it_waits_is_woken(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_writer *writer = mmap_sync_writer(path, MMS_NO_WAIT, false);
    struct mms__mmap_sync_state *shared = mmap_sync_map(path);
    mms_region *region = sample_region(path);
    pthread_t thread;

    publish_text(writer, "first");
    check_equal(*mms__mmap_sync_waiting(shared), 0);
    for (int i = 0; i < 20; i++) {
        check_true(pthread_create(&thread, NULL, sleep_for_ever, region) == 0);
        while (mms__load_relaxed(mms__mmap_sync_waiting(shared)) == 0)
            sched_yield();
        publish_text(writer, i % 2 == 0 ? "even" : "odd");
        check_true(pthread_join(thread, NULL) == 0);
        check_equal(*mms__mmap_sync_waiting(shared), 0);
    }
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
    mmap_sync_unmap(shared);
}

static void values_are_built_grown_aborted_and_committed(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_writer *writer = mmap_sync_writer(path, MMS_NO_WAIT, false);
    mms_receipt receipt;
    void *buffer;

    check_ok(mms_write_begin(writer, 10, &buffer, NULL));
    memcpy(buffer, "0123456789", 10);
    check_ok(mms_write_grow(writer, 1 << 20, &buffer));
    check_memory(buffer, "0123456789", 10);
    check_ok(mms_write_commit(writer, 10, &receipt));
    check_equal(receipt.generation, mms__mmap_sync_word(0, 10, mms__wyhash("0123456789", 10)));
    check_ok(mms_write_begin(writer, 3, &buffer, NULL));
    check_code(mms_write(writer, "x", 1, NULL), MMS_E_INVALID);
    check_ok(mms_write_abort(writer));
    check_copies(path, "0123456789");
#if SIZE_MAX > UINT32_MAX
    check_code(mms_write_begin(writer, (size_t)1 << 39, &buffer, NULL), MMS_E_TOO_BIG);
#endif
    check_ok(mms_writer_close(writer));
}

/* There is no room for them in those files. */
static void values_have_no_type_no_schema_and_no_list_of_readers(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_writer *writer = mmap_sync_writer(path, MMS_NO_WAIT, false);
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);
    uint64_t type[2] = {1, 2}, generation = 0;
    mms_reader_info info;
    mms_view_info about = {.schema = "", .tag = 1};
    size_t size = 1, count = 1;
    char byte;

    check_code(mms_read_schema(region, &byte, 1, &size, type, &generation), MMS_E_EMPTY);
    publish_text(writer, "value");
    check_ok(mms_read_schema(region, &byte, 1, &size, type, &generation));
    check_true(size == 0 && type[0] == 0 && type[1] == 0);
    check_equal(generation, mms_generation(region));
    check_ok(mms_read_schema(region, &byte, 1, &size, NULL, NULL));
    check_holds(reader, "value");
    type[0] = type[1] = 1;
    check_ok(mms_view_type(reader, type));
    check_true(type[0] == 0 && type[1] == 0);
    check_ok(mms_view_describe(reader, &about));
    check_true(about.schema == NULL && about.tag == 0 && !about.has_checksum && about.publish_time_ns == 0);
    check_ok(mms_inspect_readers(path, &info, 1, &count));
    check_equal(count, 0);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

/* Within one process: across processes nothing limits them. */
static void readers_of_a_region_are_many_but_limited(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_writer *writer = mmap_sync_writer(path, MMS_NO_WAIT, false);
    mms_region *region = sample_region(path);
    mms_reader **readers = test_calloc(1 << 16, sizeof *readers);
    uint32_t count = 0;
    int code;

    publish_text(writer, "value");
    while (count < 1 << 16 && (code = mms_reader_open(region, &readers[count])) == 0)
        count++;
    check_code(code, MMS_E_FULL);
    check_true(count >= 1000);
    check_ok(mms_reader_close(readers[count / 2]));
    readers[count / 2] = sample_reader(region);
    check_reads(readers[count / 2], "value");
    check_reads(readers[count - 1], "value");
    while (count > 0)
        check_ok(mms_reader_close(readers[--count]));
    test_free(readers);
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static void removing_is_noticed_by_open_handles(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_writer *writer = mmap_sync_writer(path, MMS_NO_WAIT, false);
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);
    uint64_t generation = publish_text(writer, "text");
    mms_view view;

    check_ok(mms_verify(path, NULL, NULL));
    check_ok(mms_writer_close(writer));
    check_ok(mms_remove(path));
    check_code(mms_read(reader, &view), MMS_E_GONE);
    check_code(mms_wait(reader, generation, MMS_FOREVER), MMS_E_GONE);
    check_code(mms_remove(path), -ENOENT);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

static uint64_t count_bytes(void *context, const void *data, size_t size)
{
    check_memory(data, "value", 5);
    return *(const uint64_t *)context + size;
}

static void another_hasher_makes_the_version(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_mmap_sync_writer_options mmap_sync = MMS_MMAP_SYNC_WRITER_OPTIONS_INIT;
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    uint64_t more = UINT64_C(0xabc000000000000);
    mms_receipt receipt;
    mms_writer *writer;

    mmap_sync.hash = count_bytes;
    mmap_sync.hash_context = &more;
    options.mmap_sync = &mmap_sync;
    check_code(mms_writer_open(path, &options, &writer), MMS_E_INVALID);
    check_detail_mentions("options.mmap_sync->hash");
    check_ok(mms_writer_open(crate_path(path), &options, &writer));
    mmap_sync.hash_context = NULL; /* copied */
    check_ok(mms_write(writer, "value", 5, &receipt));
    check_equal(receipt.generation, mms__mmap_sync_word(0, 5, 0x5));
    more = 7;
    check_ok(mms_write(writer, "value", 5, &receipt));
    check_equal(receipt.generation, mms__mmap_sync_word(1, 5, 12));
    check_ok(mms_writer_close(writer));
}

static void options_that_the_files_cannot_keep_are_refused(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_mmap_sync_writer_options mmap_sync = MMS_MMAP_SYNC_WRITER_OPTIONS_INIT;
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    mms_region_options reading = MMS_REGION_OPTIONS_INIT;
    mms_writer *writer;
    mms_region *region;

    options.tag = 1;
    check_code(mms_writer_open(crate_path(path), &options, &writer), MMS_E_INVALID);
    options.tag = 0;
    options.on_grace = MMS_EVICT;
    check_code(mms_writer_open(crate_path(path), &options, &writer), MMS_E_INVALID);
    check_detail_mentions("options.mmap_sync->reset");
    options.on_grace = MMS_REFUSE;
    options.mmap_sync = &mmap_sync;
    mmap_sync.reset = true;
    check_code(mms_writer_open(path, &options, &writer), MMS_E_INVALID);
    check_detail_mentions("options.mmap_sync->reset");
    mmap_sync.reset = false;
    mmap_sync.unlocked = true;
    check_code(mms_writer_open(path, &options, &writer), MMS_E_INVALID);
    check_detail_mentions("options.mmap_sync->unlocked");
    check_ok(mms_writer_close(mmap_sync_writer(path, 0, false)));
    reading.type_id[0] = 1;
    check_code(mms_region_open(path, &reading, &region), MMS_E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(hashes_are_those_of_the_crate),
        scratch_test(files_have_the_names_modes_and_sizes_of_the_crate),
        scratch_test(a_prefix_is_recognised_by_its_files_or_by_a_scheme),
        scratch_test(readers_follow_see_changes_and_wait),
        scratch_test(who_says_that_it_waits_is_woken),
        scratch_test(values_are_built_grown_aborted_and_committed),
        scratch_test(values_have_no_type_no_schema_and_no_list_of_readers),
        scratch_test(readers_of_a_region_are_many_but_limited),
        scratch_test(removing_is_noticed_by_open_handles),
        scratch_test(another_hasher_makes_the_version),
        scratch_test(options_that_the_files_cannot_keep_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
