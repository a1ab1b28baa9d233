/* SPDX-License-Identifier: Apache-2.0 */
/* The files of mmap-sync behind the same calls (src/compat): layout, versions, counts, locks, repair. tests/interop has
   the crate itself; here everything that it does can be put into the files by hand. */
#include "compat/upstream.h"
#include "compat/wyhash.h"
#include "forked.h"
#include "sample.h"
#include "scratch.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static mms_writer *writer_of(const char *path, int grace_ms, mms_on_grace on_grace)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;

    options.format = MMS_FORMAT_MMAP_SYNC;
    options.lock_wait_ms = MMS_NO_WAIT;
    options.grace_ms = grace_ms;
    options.on_grace = on_grace;
    return sample_writer_with(path, options);
}

/* The state as another process has it mapped. */
static struct mms__upstream *map_state(const char *path)
{
    char name[600];
    void *base;
    int fd;

    snprintf(name, sizeof name, "%s_state", path);
    fd = open(name, O_RDWR | O_CLOEXEC);
    check_true(fd >= 0);
    base = mmap(NULL, sizeof(struct mms__upstream), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    check_true(base != MAP_FAILED);
    close(fd);
    return base;
}

static void unmap_state(struct mms__upstream *state)
{
    munmap(state, sizeof *state);
}

static uint64_t size_of(const char *path, const char *suffix, unsigned *mode)
{
    struct stat status;
    char name[600];

    snprintf(name, sizeof name, "%s%s", path, suffix);
    check_true(stat(name, &status) == 0);
    *mode = status.st_mode & 07777;
    return (uint64_t)status.st_size;
}

/* Of bytes 0, 1, 2, ...: what the Rust crate wyhash 0.5 gives with seed 0. */
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
    mms_writer *writer = writer_of(path, MMS_NO_WAIT, MMS_REFUSE);
    mms_receipt receipt;
    unsigned mode;

    check_equal(size_of(path, "_state", &mode), 16);
    check_equal(mode, 0660);
    check_ok(mms_write(writer, "first", 5, &receipt));
    check_equal(receipt.slot, 0);
    check_equal(receipt.generation, mms__upstream_word(0, 5, mms__wyhash("first", 5)));
    check_equal(size_of(path, "_data_0", &mode), 5);
    check_equal(mode, 0640);
    check_ok(mms_write(writer, "second value", 12, &receipt));
    check_equal(receipt.slot, 1);
    check_equal(size_of(path, "_data_1", &mode), 12);
    check_ok(mms_write(writer, "3", 1, &receipt));
    check_equal(receipt.slot, 0);
    check_equal(size_of(path, "_data_0", &mode), 5); /* a file is never cut */
    check_ok(mms_writer_close(writer));
    umask(before);
}

static void a_prefix_is_recognised_by_its_files_by_a_scheme_and_by_options(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    mms_region *region;
    char scheme[700];

    snprintf(scheme, sizeof scheme, "mmap-sync:%s", path);
    check_equal(mms_format_of(path), MMS_FORMAT_MMSYNC); /* what would be made */
    check_equal(mms_format_of(scheme), MMS_FORMAT_MMAP_SYNC);
    check_ok(mms_writer_close(writer_of(path, 0, MMS_REFUSE)));
    check_equal(mms_format_of(path), MMS_FORMAT_MMAP_SYNC);
    check_ok(mms_region_open(path, NULL, &region));
    check_equal(mms_region_format(region), MMS_FORMAT_MMAP_SYNC);
    check_ok(mms_region_close(region));
    options.format = MMS_FORMAT_MMAP_SYNC;
    check_ok(mms_region_open(scheme, &options, &region)); /* which say the same */
    check_ok(mms_region_close(region));
    options.format = MMS_FORMAT_MMSYNC;
    check_code(mms_region_open(path, &options, &region), -ENOENT);
    check_code(mms_region_open(scheme, &options, &region), MMS_E_INVALID);
    sample_closed_region(scratch_path(state, "region"), "text");
    check_equal(mms_format_of(scratch_path(state, "region")), MMS_FORMAT_MMSYNC);
    check_code(mms_repair(scratch_path(state, "region"), 0, 0, NULL), MMS_E_INVALID);
}

static void readers_follow_see_changes_and_wait(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_writer *writer = writer_of(path, MMS_NO_WAIT, MMS_REFUSE);
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

static void values_are_built_grown_aborted_and_committed(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_writer *writer = writer_of(path, MMS_NO_WAIT, MMS_REFUSE);
    mms_receipt receipt;
    void *buffer;

    check_ok(mms_write_begin(writer, 10, &buffer, NULL));
    memcpy(buffer, "0123456789", 10);
    check_ok(mms_write_grow(writer, 1 << 20, &buffer));
    check_memory(buffer, "0123456789", 10);
    check_ok(mms_write_commit(writer, 10, &receipt));
    check_equal(receipt.generation, mms__upstream_word(0, 10, mms__wyhash("0123456789", 10)));
    check_ok(mms_write_begin(writer, 3, &buffer, NULL));
    check_code(mms_write(writer, "x", 1, NULL), MMS_E_INVALID);
    check_ok(mms_write_abort(writer));
    check_copies(path, "0123456789");
#if SIZE_MAX > UINT32_MAX
    check_code(mms_write_begin(writer, (size_t)1 << 39, &buffer, NULL), MMS_E_TOO_BIG);
#endif
    check_ok(mms_writer_close(writer));
}

/* What a view holds back, and how each policy meets it. */
static void a_counted_file_is_not_written_unless_told_to(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_writer *writer = writer_of(path, MMS_NO_WAIT, MMS_REFUSE);
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);
    mms_receipt receipt;
    mms_view view;
    mms_info info;

    publish_text(writer, "held");
    view = check_holds(reader, "held");
    publish_text(writer, "next");
    check_ok(mms_inspect(path, &info));
    check_equal(info.counts[0], 1);
    check_equal(info.readers, 1);
    check_code(mms_write(writer, "third", 5, &receipt), MMS_E_AGAIN);
    check_detail_mentions("mmsync repair");
    check_equal(receipt.blockers, 1);
    check_memory(view.data, "held", 4);
    check_copies(path, "next"); /* which waits for nobody */
    check_ok(mms_writer_close(writer));
    writer = writer_of(path, 10, MMS_RESET);
    check_ok(mms_write(writer, "third", 5, &receipt));
    check_true(receipt.reset);
    check_code(mms_release(reader), MMS_E_EVICTED);
    check_ok(mms_inspect(path, &info));
    check_equal(info.counts[0], 0); /* and not below */
    check_ok(mms_write(writer, "fourth", 6, &receipt));
    check_true(!receipt.reset);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

/* A writer of the crate that has reset the count, at each stage that can be seen from outside. */
static void a_view_that_was_taken_away_is_told_so(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_writer *writer = writer_of(path, MMS_NO_WAIT, MMS_REFUSE);
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);
    struct mms__upstream *shared = map_state(path);
    mms_view view;

    publish_text(writer, "held");
    check_holds(reader, "held");
    shared->readers[0] = 0; /* reset, and perhaps being overwritten */
    check_code(mms_release(reader), MMS_E_EVICTED);
    check_equal(shared->readers[0], 0);
    check_holds(reader, "held");
    shared->version = mms__upstream_word(0, 4, 1); /* overwritten; the count is of others */
    shared->readers[0] = 5;
    check_code(mms_read(reader, &view), MMS_E_EVICTED);
    check_equal(shared->readers[0], 5);
    check_code(mms_release(reader), MMS_E_NO_VIEW);
    unmap_state(shared);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

/* A reader of the crate that leaves after the reset takes the count below 0. To add 1 to that would hide a reader. */
static void a_count_below_zero_hides_nobody(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_writer *writer = writer_of(path, MMS_NO_WAIT, MMS_REFUSE);
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);
    struct mms__upstream *shared = map_state(path);

    publish_text(writer, "held");
    shared->readers[0] = UINT32_MAX;
    check_code(mms_verify(path, NULL, NULL), MMS_E_CORRUPT);
    check_holds(reader, "held");
    check_equal(shared->readers[0], 1);
    check_ok(mms_release(reader));
    shared->readers[1] = UINT32_MAX;
    check_code(mms_write(writer, "next", 4, NULL), MMS_E_AGAIN);
    check_detail_mentions("below 0");
    unmap_state(shared);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static void pinning_follows_a_version_that_moves(void **state)
{
    struct mms__upstream shared = {.version = mms__upstream_word(1, 8, 3)};

    (void)state;
    check_equal(mms__upstream_pin(&shared), shared.version);
    check_equal(shared.readers[0], 0);
    check_equal(shared.readers[1], 1);
    check_true(mms__upstream_unpin(&shared, shared.version));
    check_equal(shared.readers[1], 0);
    check_true(!mms__upstream_unpin(&shared, shared.version)); /* nothing to take back */
    shared.version = 0;
    check_equal(mms__upstream_pin(&shared), 0);
    check_equal(shared.readers[0] + shared.readers[1], 0);
}

/* There is no room for them in those files. */
static void values_have_no_type_no_schema_and_no_list_of_readers(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_writer *writer = writer_of(path, MMS_NO_WAIT, MMS_REFUSE);
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);
    uint64_t type[2] = {1, 2}, generation = 0;
    mms_reader_info info;
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
    check_equal(mms_reader_format(reader), MMS_FORMAT_MMAP_SYNC);
    check_ok(mms_inspect_readers(path, &info, 1, &count));
    check_equal(count, 0);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

/* Of one process: across processes nothing limits them there. */
static void readers_of_a_region_are_many_and_not_without_end(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_writer *writer = writer_of(path, MMS_NO_WAIT, MMS_REFUSE);
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

/* ---- Locks ---- */

static void the_write_lock_is_the_crates(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_writer *writer = writer_of(path, 0, MMS_REFUSE), *second;
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    char name[600];
    int fd;

    snprintf(name, sizeof name, "%s_state", path);
    fd = open(name, O_RDWR | O_CLOEXEC);
    check_true(flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK);
    options.format = MMS_FORMAT_MMAP_SYNC;
    options.lock_wait_ms = MMS_NO_WAIT;
    check_code(mms_writer_open(path, &options, &second), MMS_E_BUSY);
    check_code(mms_remove(path), MMS_E_BUSY);
    options.unlocked = true;
    second = sample_writer_with(path, options);
    publish_text(second, "from an unlocked one");
    check_ok(mms_writer_close(second));
    check_ok(mms_writer_close(writer));
    check_true(flock(fd, LOCK_EX | LOCK_NB) == 0);
    options.unlocked = false;
    check_code(mms_writer_open(path, &options, &second), MMS_E_BUSY);
    close(fd);
    check_ok(mms_remove(path));
}

static void closed_and_removed(void *argument)
{
    const char *path = argument;
    mms_writer *writer = writer_of(path, MMS_NO_WAIT, MMS_REFUSE);
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);
    uint64_t generation;
    mms_view view;

    for (int fd = 3; fd < 64; fd++)
        close(fd);
    check_code(mms_read(reader, &view), MMS_E_EMPTY); /* the files are there */
    generation = publish_text(writer, "value");
    check_ok(mms_writer_close(writer));
    check_code(mms_wait(reader, generation, 1), MMS_E_TIMEOUT);
    check_ok(mms_remove(path));
    check_code(mms_wait(reader, generation, MMS_FOREVER), MMS_E_GONE);
    check_code(mms_read(reader, &view), MMS_E_GONE);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

/* What cannot be looked at has not been removed. */
static void closed_and_hidden(void *argument)
{
    char parent[600], aside[610];
    mms_region *region;
    mms_reader *reader;
    mms_view view;

    snprintf(parent, sizeof parent, "%.*s", (int)(strrchr(argument, '/') - (char *)argument), (char *)argument);
    snprintf(aside, sizeof aside, "%s.aside", parent);
    check_true(mkdir(parent, 0755) == 0);
    check_ok(mms_writer_close(writer_of(argument, MMS_NO_WAIT, MMS_REFUSE)));
    region = sample_region(argument);
    reader = sample_reader(region);
    for (int fd = 3; fd < 64; fd++)
        close(fd);
    check_true(rename(parent, aside) == 0);
    fclose(fopen(parent, "we"));
    check_code(mms_read(reader, &view), MMS_E_EMPTY);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_true(unlink(parent) == 0);
    scratch_delete(aside);
}

static void hidden_files_are_not_removed_ones(void **state)
{
    in_child(closed_and_hidden, (void *)(uintptr_t)scratch_path(state, "directory/value"));
}

static void removal_is_noticed_by_who_has_no_descriptor_left(void **state)
{
    in_child(closed_and_removed, (void *)(uintptr_t)scratch_path(state, "value"));
}

static void close_descriptors(void *argument)
{
    const char *path = argument;
    mms_writer *writer = writer_of(path, MMS_NO_WAIT, MMS_REFUSE), *second;
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;

    publish_text(writer, "before");
    check_reads(reader, "before");
    for (int fd = 3; fd < 64; fd++)
        close(fd);
    publish_text(writer, "after, and longer");
    check_reads(reader, "after, and longer");
    options.format = MMS_FORMAT_MMAP_SYNC;
    options.lock_wait_ms = MMS_NO_WAIT;
    check_code(mms_writer_open(path, &options, &second), MMS_E_BUSY); /* the map keeps the lock */
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static void the_host_may_close_descriptors(void **state)
{
    in_child(close_descriptors, (void *)(uintptr_t)scratch_path(state, "value"));
}

/* ---- Fork, threads ---- */

struct handles {
    mms_writer *writer;
    mms_region *region;
    mms_reader *reader;
};

static void use_in_child(void *argument)
{
    struct handles *handles = argument;
    mms_view view;
    char byte;

    check_code(mms_write(handles->writer, "child", 5, NULL), MMS_E_FORKED);
    check_code(mms_read(handles->reader, &view), MMS_E_FORKED);
    check_code(mms_read_copy(handles->region, &byte, 1, NULL, NULL), MMS_E_FORKED);
    check_code(mms_reader_close(handles->reader), MMS_E_FORKED);
    check_code(mms_region_close(handles->region), MMS_E_FORKED);
    check_code(mms_writer_close(handles->writer), MMS_E_FORKED);
}

static void a_forked_child_has_no_part_in_it(void **state)
{
    const char *path = scratch_path(state, "value");
    struct handles handles = {writer_of(path, MMS_NO_WAIT, MMS_REFUSE), NULL, NULL};
    mms_info info;

    publish_text(handles.writer, "held");
    handles.region = sample_region(path);
    handles.reader = sample_reader(handles.region);
    check_holds(handles.reader, "held");
    in_child(use_in_child, &handles);
    check_ok(mms_inspect(path, &info));
    check_equal(info.counts[0], 1);
    check_ok(mms_release(handles.reader));
    publish_text(handles.writer, "the parent goes on");
    check_reads(handles.reader, "the parent goes on");
    check_ok(mms_reader_close(handles.reader));
    check_ok(mms_region_close(handles.region));
    check_ok(mms_writer_close(handles.writer));
}

static void *hold_and_end(void *region)
{
    check_holds(sample_reader(region), "held");
    return NULL;
}

static void a_thread_that_ends_is_not_counted_any_more(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_writer *writer = writer_of(path, MMS_NO_WAIT, MMS_REFUSE);
    mms_region *region = sample_region(path);
    pthread_t thread;
    mms_info info;

    publish_text(writer, "held");
    check_true(pthread_create(&thread, NULL, hold_and_end, region) == 0);
    check_true(pthread_join(thread, NULL) == 0);
    check_ok(mms_inspect(path, &info));
    check_equal(info.counts[0], 0);
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

/* ---- Repair ---- */

static void hold_and_die(void *path)
{
    check_holds(sample_reader(sample_region(path)), "held");
    _exit(0);
}

static void repair_takes_back_what_the_dead_left(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_writer *writer = writer_of(path, MMS_NO_WAIT, MMS_REFUSE);
    mms_repair_report report;
    int code;

    publish_text(writer, "held");
    in_child(hold_and_die, (void *)(uintptr_t)path);
    publish_text(writer, "next");
    check_code(mms_write(writer, "stuck", 5, NULL), MMS_E_AGAIN);
    code = mms_repair(path, 0, 0, &report);                               /* this process does not suspect itself */
    if (code == MMS_E_AGAIN && report.suspects == 0 && report.unseen > 0) /* we are not root */
        code = mms_repair(path, MMS_REPAIR_FORCE, 0, &report);
    check_ok(code);
    check_equal(report.before[0], 1);
    check_equal(report.after[0], 0);
    publish_text(writer, "free again");
    check_ok(mms_writer_close(writer));
}

/* Two more files are the state and the list of processes; then there is none for what a process has mapped. */
static void repair_without_files(void *path)
{
    mms_repair_report report;
    struct rlimit limit;
    int next = dup(0);

    check_true(next >= 0 && close(next) == 0 && getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = (rlim_t)next + 2;
    check_true(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    check_code(mms_repair(path, 0, 0, &report), MMS_E_AGAIN);
    check_true(report.unseen >= 1);
    check_equal(report.after[0], 2);
    check_detail_mentions("cannot be looked at");
}

static void repair_that_cannot_look_takes_nothing_back(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_writer *writer = writer_of(path, MMS_NO_WAIT, MMS_REFUSE);
    struct mms__upstream *shared = map_state(path);

    publish_text(writer, "text");
    shared->readers[0] = 2;
    check_ok(mms_writer_close(writer));
    in_child(repair_without_files, (void *)(uintptr_t)path);
    check_equal(shared->readers[0], 2);
    unmap_state(shared);
}

static void look_and_leave(void *path)
{
    struct mms__upstream *shared = map_state(path); /* a live process that may be the one counted */
    mms_repair_report report;
    uint64_t word = shared->version;
    int status;

    check_equal(shared->readers[0], 2);
    if (fork() == 0) {
        check_code(mms_repair(path, 0, 0, &report), MMS_E_AGAIN);
        check_true(report.suspects >= 1);
        check_equal(report.suspect_pid[0], getppid());
        check_detail_mentions("processes have it mapped");
        check_ok(mms_repair(path, 0, 20, &report)); /* nobody came or went, and nothing was published */
        check_equal(report.after[0], 0);
        check_equal(report.after[1], 3);
        check_ok(mms_repair(path, MMS_REPAIR_FORCE, 0, &report));
        check_equal(report.after[1], 0);
        _exit(0);
    }
    check_true(waitpid(-1, &status, 0) > 0 && status == 0);
    check_equal(shared->version, word);
}

static void repair_with_the_living_needs_to_be_told(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_writer *writer = writer_of(path, MMS_NO_WAIT, MMS_REFUSE);
    struct mms__upstream *shared;

    publish_text(writer, "first");
    publish_text(writer, "second"); /* file 1 is current */
    check_ok(mms_writer_close(writer));
    shared = map_state(path);
    shared->readers[0] = 2;
    shared->readers[1] = 3;
    unmap_state(shared);
    in_child(look_and_leave, (void *)(uintptr_t)path);
}

/* ---- The end ---- */

static void removing_tells_who_has_it_open(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_writer *writer = writer_of(path, MMS_NO_WAIT, MMS_REFUSE);
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

static void options_that_the_files_cannot_keep_are_refused(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    mms_region_options reading = MMS_REGION_OPTIONS_INIT;
    mms_writer *writer;
    mms_region *region;

    options.format = MMS_FORMAT_MMAP_SYNC;
    options.tag = 1;
    check_code(mms_writer_open(path, &options, &writer), MMS_E_INVALID);
    options.tag = 0;
    options.on_grace = MMS_EVICT;
    check_code(mms_writer_open(path, &options, &writer), MMS_E_INVALID);
    options.format = MMS_FORMAT_MMSYNC;
    options.on_grace = MMS_RESET;
    check_code(mms_writer_open(path, &options, &writer), MMS_E_INVALID);
    check_detail_mentions("MMS_RESET");
    options.on_grace = MMS_REFUSE;
    options.unlocked = true;
    check_code(mms_writer_open(path, &options, &writer), MMS_E_INVALID);
    check_detail_mentions("unlocked");
    check_ok(mms_writer_close(writer_of(path, 0, MMS_REFUSE)));
    reading.type_id[0] = 1;
    check_code(mms_region_open(path, &reading, &region), MMS_E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(hashes_are_those_of_the_crate),
        scratch_test(files_have_the_names_modes_and_sizes_of_the_crate),
        scratch_test(a_prefix_is_recognised_by_its_files_by_a_scheme_and_by_options),
        scratch_test(readers_follow_see_changes_and_wait),
        scratch_test(values_are_built_grown_aborted_and_committed),
        scratch_test(a_counted_file_is_not_written_unless_told_to),
        scratch_test(a_view_that_was_taken_away_is_told_so),
        scratch_test(a_count_below_zero_hides_nobody),
        scratch_test(pinning_follows_a_version_that_moves),
        scratch_test(the_write_lock_is_the_crates),
        scratch_test(values_have_no_type_no_schema_and_no_list_of_readers),
        scratch_test(readers_of_a_region_are_many_and_not_without_end),
        scratch_test(the_host_may_close_descriptors),
        scratch_test(hidden_files_are_not_removed_ones),
        scratch_test(removal_is_noticed_by_who_has_no_descriptor_left),
        scratch_test(a_forked_child_has_no_part_in_it),
        scratch_test(a_thread_that_ends_is_not_counted_any_more),
        scratch_test(repair_takes_back_what_the_dead_left),
        scratch_test(repair_that_cannot_look_takes_nothing_back),
        scratch_test(repair_with_the_living_needs_to_be_told),
        scratch_test(removing_tells_who_has_it_open),
        scratch_test(options_that_the_files_cannot_keep_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
