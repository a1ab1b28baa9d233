/* SPDX-License-Identifier: Apache-2.0 */
#include "region_input.h"
#include "base/checksum.h"
#include "region/layout.h"
#include <fcntl.h>
#include <mmsync.h>
#include <mmsync/history.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SLOTS = 4, READERS = 4, VALUE_MAX = 8192, ROOM = 1 << 16, LARGEST_FILE = 1 << 22 };

static char directory[96], path[112];
static const char *const names[] = {"control", "readers", "data"};
static uint8_t good[3][ROOM]; /* the files of a good region */
static size_t good_size[3];
static int fds[3];

static void expect(int condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "%s: %s\n", what, mms_last_error());
    abort();
}

/* ---- A good region, to be damaged ---- */

static void take_away(void)
{
    (void)mms_remove(path); /* if it still is one; else by hand */
    for (int i = 0; i < 4; i++) {
        char name[128];

        snprintf(name, sizeof name, "%s/%s", path, i < 3 ? names[i] : "lock");
        (void)unlink(name);
    }
    (void)rmdir(path);
}

static void take_all_away(void)
{
    take_away();
    (void)rmdir(directory);
}

static void open_files(void)
{
    for (int i = 0; i < 3; i++) {
        char name[128];

        snprintf(name, sizeof name, "%s/%s", path, names[i]);
        fds[i] = open(name, O_RDWR | O_CLOEXEC);
        expect(fds[i] >= 0, "opening a good region's file");
    }
}

static void make_good(void)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    mms_writer *writer;

    options.max_size = VALUE_MAX;
    options.max_slots = SLOTS;
    options.max_readers = READERS;
    options.checksum = true;
    expect(mms_writer_open(path, &options, &writer) == 0, "making a good region");
    for (int i = 0; i < 3; i++)
        expect(mms_write(writer, "a value", 7, NULL) == 0, "filling it");
    expect(mms_writer_close(writer) == 0, "closing it");
    open_files();
}

static void start(void)
{
    const char *const name = getenv("MMSYNC_TEST_NAME"); /* of the test that runs this, which removes what is left */

    snprintf(directory, sizeof directory, "/dev/shm/%s-fuzz-XXXXXX", name ? name : "mmsync-test");
    expect(mkdtemp(directory) != NULL, "making a directory");
    snprintf(path, sizeof path, "%s/region", directory);
    atexit(take_all_away);
    make_good();
    for (int i = 0; i < 3; i++) {
        struct stat status;

        expect(fstat(fds[i], &status) == 0 && status.st_size <= ROOM, "looking at a good region's file");
        good_size[i] = (size_t)status.st_size;
        expect(pread(fds[i], good[i], good_size[i], 0) == (ssize_t)good_size[i], "keeping a good region's file");
    }
}

static void restore(void)
{
    for (int i = 0; i < 3; i++) {
        struct stat status;

        if (fstat(fds[i], &status) != 0 || status.st_nlink == 0) { /* it was removed or replaced */
            for (int j = 0; j < 3; j++)
                close(fds[j]);
            take_away();
            make_good();
            break;
        }
    }
    for (int i = 0; i < 3; i++) {
        expect(ftruncate(fds[i], 0) == 0 && ftruncate(fds[i], (off_t)good_size[i]) == 0, "restoring a length");
        expect(pwrite(fds[i], good[i], good_size[i], 0) == (ssize_t)good_size[i], "restoring a file");
    }
}

/* ---- Spoiling it ---- */

static void put(int file, size_t offset, const uint8_t *data, size_t size)
{
    if (size > 0 && size <= LARGEST_FILE)
        expect(pwrite(fds[file], data, size, (off_t)offset) == (ssize_t)size, "spoiling a file");
}

static void cut(int file, uint64_t size)
{
    if (size <= LARGEST_FILE)
        expect(ftruncate(fds[file], (off_t)size) == 0, "setting a length");
}

/* So that the checks behind the checksum are reached. */
static void seal(int file, const char *magic)
{
    struct mms__header header;

    expect(pread(fds[file], &header, sizeof header, 0) == sizeof header, "reading a header");
    memcpy(header.magic, magic, sizeof header.magic);
    header.checksum = mms__checksum(&header, offsetof(struct mms__header, checksum));
    put(file, 0, (const uint8_t *)&header, sizeof header);
    if (file == REGION_READERS) {
        cut(1, mms__readers_size(header.max_readers & 0xffff));
        return;
    }
    cut(0, mms__control_size(header.max_slots & 0xffff));
    if (header.max_slots > 0 && header.stride <= LARGEST_FILE / header.max_slots)
        cut(2, header.stride * header.max_slots);
}

/* skip: bytes at the start that stay, because the handles have read them already. */
static void overlay(int file, size_t skip, const uint8_t *data, size_t size)
{
    if (size > skip)
        put(file, skip, data + skip, size - skip);
}

static void spoil_slots(const uint8_t *data, size_t size)
{
    size_t words = size < 8 ? size : 8, slots = size - words, room = SLOTS * sizeof(struct mms__descriptor);

    put(0, offsetof(struct mms__control, current), data, words);
    put(0, offsetof(struct mms__control, slots), data + words, slots < room ? slots : room);
    if (slots > room)
        put(2, 0, data + words + room, slots - room < VALUE_MAX ? slots - room : VALUE_MAX);
}

static void spoil(enum region_part part, unsigned how, const uint8_t *data, size_t size)
{
    size_t skip = how & REGION_LIVE ? sizeof(struct mms__header) : 0;

    if (how & REGION_LIVE && part != REGION_SLOTS && size > good_size[part])
        size = good_size[part];
    if (part == REGION_SLOTS)
        spoil_slots(data, size);
    else
        overlay((int)part, skip, data, size);
    if (skip == 0 && how & REGION_SEALED && part != REGION_SLOTS) {
        cut((int)part, size > good_size[part] ? size : good_size[part]);
        seal((int)part, part == REGION_CONTROL ? MMS__CONTROL_MAGIC : MMS__READERS_MAGIC);
    }
}

/* ---- Using it ---- */

static void touch(const void *bytes, size_t size)
{
    volatile uint64_t sum = mms__checksum(bytes, size);

    (void)sum;
}

static uint64_t use_reader(mms_region *region, mms_reader *reader)
{
    static uint8_t copy[LARGEST_FILE];
    uint64_t generation = 0, type_id[2];
    mms_view view;
    size_t size;

    for (int i = 0; i < 2; i++)
        if ((i == 0 ? mms_read(reader, &view) : mms_refresh(reader, &view)) == 0) {
            touch(view.data, view.size);
            (void)mms_view_type(reader, type_id);
        }
    (void)mms_release(reader);
    (void)mms_wait(reader, mms_generation(region), 0);
    (void)mms_read_copy(region, copy, sizeof copy, &size, &generation);
    (void)mms_read_schema(region, (char *)copy, sizeof copy, &size, type_id, &generation);
    return generation;
}

/* Publishing either works, and then this very value is read, or is refused; with `honest` files
   but for the reader table it works unless lines stand in the way. */
static void use_writer(mms_writer *writer, int only_lines_lie)
{
    static const char text[] = "a newer value";
    char copy[VALUE_MAX] = {0};
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    mms_region *region;
    mms_receipt receipt;
    uint64_t generation;
    size_t size;

    options.read_only = true;
    for (int i = 0; i < 2 * SLOTS; i++) {
        int code = mms_write(writer, text, sizeof text, &receipt);

        expect(code == 0 || code == MMS_E_AGAIN || !only_lines_lie, "a damaged reader table made a write fail");
        if (code != 0 || mms_region_open(path, &options, &region) != 0)
            continue;
        code = mms_read_copy(region, copy, sizeof copy, &size, &generation);
        if (only_lines_lie)
            expect(code == 0 && size == sizeof text && memcmp(copy, text, size) == 0 &&
                       generation == receipt.generation,
                   "the value read is not the one published");
        expect(mms_region_close(region) == 0, "closing a region");
    }
}

/* What starts from the value that is there. */
static void change(mms_writer *writer)
{
    mms_past_value past[SLOTS];
    size_t count, size;
    void *buffer;

    (void)mms_history(path, past, SLOTS, &count);
    for (int i = 0; i < SLOTS; i++) {
        if (mms_write_update(writer, 0, &buffer, &size, NULL) == 0) {
            expect(size <= VALUE_MAX, "an update has more than there is room for");
            if (size == 0)
                (void)mms_write_abort(writer);
            else if (mms_write_patch(writer, size - 1, "b", 1) != 0 || mms_write_commit(writer, size, NULL) != 0)
                (void)mms_write_abort(writer);
        }
        (void)mms_write_rollback(writer, 0, NULL);
    }
}

static int open_writer(unsigned how, mms_writer **writer)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;

    options.lock_wait_ms = options.grace_ms = MMS_NO_WAIT;
    options.on_grace = how & REGION_EVICT ? MMS_EVICT : MMS_REFUSE;
    if (how & REGION_REPLACE) {
        options.max_size = 2 * VALUE_MAX;
        options.replace = true;
    }
    return mms_writer_open(path, &options, writer);
}

static int open_reader(unsigned how, mms_region **region, mms_reader **reader)
{
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    int code;

    options.allow_evict = how & REGION_EVICT;
    code = mms_region_open(path, &options, region);
    if (code != 0)
        return code;
    code = mms_reader_open(*region, reader);
    if (code != 0)
        expect(mms_region_close(*region) == 0, "closing a region");
    return code;
}

static void close_reader(mms_region *region, mms_reader *reader)
{
    (void)mms_reader_close(reader);
    expect(mms_region_close(region) == 0, "closing a region");
}

static void look(void)
{
    mms_reader_info readers[2 * READERS];
    mms_info info;
    size_t count;

    (void)mms_inspect(path, &info);
    (void)mms_inspect_readers(path, readers, 2 * READERS, &count);
    (void)mms_verify(path, NULL, NULL);
}

static void use_live(enum region_part part, unsigned how, const uint8_t *data, size_t size)
{
    mms_region *region;
    mms_reader *reader;
    mms_writer *writer;
    mms_view view;

    expect(open_writer(how & ~(unsigned)REGION_REPLACE, &writer) == 0, "opening a good region for writing");
    expect(open_reader(how, &region, &reader) == 0, "opening a good region for reading");
    expect(mms_read(reader, &view) == 0, "reading a good region");
    spoil(part, how, data, size);
    touch(view.data, view.size);
    if (how & REGION_CHANGE)
        change(writer);
    use_writer(writer, part == REGION_READERS);
    (void)use_reader(region, reader);
    look();
    close_reader(region, reader);
    expect(mms_writer_close(writer) == 0, "closing a writer");
}

static void use_anew(unsigned how)
{
    mms_region *region;
    mms_reader *reader;
    mms_writer *writer;

    look();
    if (open_reader(how, &region, &reader) == 0) {
        (void)use_reader(region, reader);
        close_reader(region, reader);
    }
    if (open_writer(how, &writer) == 0) {
        if (how & REGION_CHANGE)
            change(writer);
        use_writer(writer, 0);
        expect(mms_writer_close(writer) == 0, "closing a writer");
    }
}

void region_input(enum region_part part, const uint8_t *data, size_t size)
{
    unsigned how = size > 0 ? data[0] : 0;

    if (!*directory)
        start();
    restore();
    if (size > 0) {
        data++;
        size--;
    }
    if (how & REGION_LIVE)
        use_live(part, how, data, size);
    else
        spoil(part, how, data, size);
    use_anew(how);
    if (how & REGION_REMOVE)
        (void)mms_remove(path);
}
