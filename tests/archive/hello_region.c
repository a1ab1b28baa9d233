/* SPDX-License-Identifier: Apache-2.0 */
#include "hello_region.h"
#include "region/layout.h"
#include "scratch.h"
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

void open_reading(struct fixture *f, const mms_region_options *options)
{
    check_ok(mms_region_open(f->path, options, &f->region));
    for (int i = 0; i < READERS; i++)
        check_ok(mms_reader_open(f->region, &f->readers[i]));
}

void close_reading(struct fixture *f)
{
    for (int i = 0; i < READERS; i++)
        check_ok(mms_reader_close(f->readers[i]));
    check_ok(mms_region_close(f->region));
}

struct fixture set_up_tracked(void **state, const mms_region_options *options, mms_track how)
{
    struct fixture f = {.path = scratch_path(state, "region")};
    mms_writer_options writer = MMS_WRITER_OPTIONS_INIT;

    writer.track = how;
    writer.max_size = 1 << 16;
    writer.max_slots = SLOTS;
    writer.grace_ms = MMS_NO_WAIT;
    writer.on_grace = MMS_EVICT;
    check_ok(mms_writer_open(f.path, &writer, &f.writer));
    open_reading(&f, options);
    return f;
}

struct fixture set_up(void **state, const mms_region_options *options)
{
    return set_up_tracked(state, options, MMS_TRACK_TOUCHES);
}

void tear_down(struct fixture *f)
{
    close_reading(f);
    check_ok(mms_writer_close(f->writer));
}

mms_region_options checking_always(void)
{
    mms_region_options options = MMS_REGION_OPTIONS_INIT;

    options.check_always = true;
    return options;
}

/* ---- Publishing ---- */

const HelloWorld *value_of(uint32_t version)
{
    static mms_str texts[1];
    static HelloWorld value;

    texts[0] = mms_str_of("some text that is longer than seven bytes");
    value = (HelloWorld){.version = version, .messages = {texts, 1}};
    return &value;
}

void publish(struct fixture *f, uint32_t version)
{
    check_ok(HelloWorld_write(f->writer, value_of(version), &f->receipt));
}

void publish_bytes(struct fixture *f, uint32_t version)
{
    void *buffer;
    size_t size;

    check_ok(mms_write_begin(f->writer, 4096, &buffer, NULL));
    check_ok(HelloWorld_serialize(value_of(version), buffer, 4096, &size));
    check_ok(mms_write_set_type(f->writer, HelloWorld_archive.type_id, HelloWorld_archive.schema,
                                HelloWorld_archive.schema_size));
    check_ok(mms_write_commit(f->writer, size, &f->receipt));
}

/* ---- The files, as somebody else may change them ---- */

int open_part(const struct fixture *f, const char *part)
{
    char name[700];
    int fd;

    snprintf(name, sizeof name, "%s/%s", f->path, part);
    fd = open(name, O_RDWR | O_CLOEXEC);
    check_true(fd >= 0);
    return fd;
}

void damage(const struct fixture *f)
{
    const unsigned char bad[8] = {0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f};
    int control = open_part(f, "control"), data = open_part(f, "data");
    struct mms__header header;
    off_t at;

    check_equal(pread(control, &header, sizeof header, 0), sizeof header);
    at = (off_t)(f->receipt.slot * header.stride + f->receipt.size - sizeof bad);
    check_equal(pwrite(data, bad, sizeof bad, at), sizeof bad);
    close(control);
    close(data);
}

off_t flags_at(const struct fixture *f)
{
    return (off_t)(offsetof(struct mms__control, slots) + f->receipt.slot * sizeof(struct mms__descriptor) +
                   offsetof(struct mms__descriptor, flags));
}

bool says_serialized(const struct fixture *f)
{
    int control = open_part(f, "control");
    uint64_t flags;

    check_equal(pread(control, &flags, sizeof flags, flags_at(f)), sizeof flags);
    close(control);
    return (flags & MMS__SERIALIZED) != 0;
}

/* ---- Reading ---- */

const ArchivedHelloWorld *read_as(mms_reader *reader, mms_archive *archive)
{
    mms_view view;
    const void *root = mms__archive_root(reader, archive, &view, sizeof(ArchivedHelloWorld));

    if (root)
        check_ok(mms_release(reader));
    return root;
}

void check_gives_root(const struct fixture *f, int i)
{
    check_true(read_as(f->readers[i], &HelloWorld_archive) != NULL);
}

void check_finds_damage(mms_reader *reader, mms_archive *archive)
{
    check_true(read_as(reader, archive) == NULL);
    check_equal(mms_last_code(), MMS_E_CORRUPT);
}
