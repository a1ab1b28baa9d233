/* SPDX-License-Identifier: Apache-2.0 */
#include "sample.h"
#include "base/checksum.h"
#include "region/layout.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

mms_writer_options sample_options(void)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;

    options.max_size = 64 << 10;
    options.max_slots = 4;
    options.max_readers = 4;
    options.grace_ms = MMS_NO_WAIT;
    options.lock_wait_ms = MMS_NO_WAIT;
    return options;
}

mms_writer *sample_writer_with(const char *path, mms_writer_options options)
{
    mms_writer *writer;

    check_ok(mms_writer_open(path, &options, &writer));
    return writer;
}

mms_writer *sample_writer(const char *path)
{
    return sample_writer_with(path, sample_options());
}

mms_region *sample_region(const char *path)
{
    mms_region *region;

    check_ok(mms_region_open(path, NULL, &region));
    return region;
}

mms_reader *sample_reader(mms_region *region)
{
    mms_reader *reader;

    check_ok(mms_reader_open(region, &reader));
    return reader;
}

mms_reader *holding_reader(mms_region *region)
{
    mms_reader *reader = sample_reader(region);
    mms_view view;

    check_ok(mms_read(reader, &view));
    return reader;
}

uint64_t sample_closed_region(const char *path, const char *text)
{
    mms_writer *writer = sample_writer(path);
    uint64_t generation = publish_text(writer, text);

    check_ok(mms_writer_close(writer));
    return generation;
}

uint64_t publish_text(mms_writer *writer, const char *text)
{
    mms_receipt receipt;

    check_ok(mms_write(writer, text, strlen(text), &receipt));
    return receipt.generation;
}

mms_view check_holds(mms_reader *reader, const char *text)
{
    mms_view view;

    check_ok(mms_read(reader, &view));
    check_equal(view.size, strlen(text));
    check_memory(view.data, text, view.size);
    return view;
}

void publish_size(mms_writer *writer, size_t size)
{
    void *buffer;

    check_ok(mms_write_begin(writer, size, &buffer, NULL));
    if (size > 0)
        memset(buffer, 1, 1);
    check_ok(mms_write_commit(writer, size, NULL));
}

void check_reads(mms_reader *reader, const char *text)
{
    check_holds(reader, text);
    check_ok(mms_release(reader));
}

void check_copies(const char *path, const char *text)
{
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    mms_region *region;
    char buffer[4096];
    size_t size;

    options.read_only = true;
    check_ok(mms_region_open(path, &options, &region));
    check_ok(mms_read_copy(region, buffer, sizeof buffer, &size, NULL));
    check_equal(size, strlen(text));
    check_memory(buffer, text, size);
    check_ok(mms_region_close(region));
}

/* ---- Bytes ---- */

static int open_in(const char *path, const char *name, int flags)
{
    char full[4096];
    int fd;

    snprintf(full, sizeof full, "%s/%s", path, name);
    fd = open(full, flags | O_CLOEXEC);
    if (fd < 0)
        check_failed(__FILE__, __LINE__, "%s cannot be opened", full);
    return fd;
}

void load_bytes(const char *path, const char *name, size_t offset, void *bytes, size_t size)
{
    int fd = open_in(path, name, O_RDONLY);

    check_true(pread(fd, bytes, size, (off_t)offset) == (ssize_t)size);
    close(fd);
}

void patch_bytes(const char *path, const char *name, size_t offset, const void *bytes, size_t size)
{
    int fd = open_in(path, name, O_WRONLY);

    check_true(pwrite(fd, bytes, size, (off_t)offset) == (ssize_t)size);
    close(fd);
}

void patch_word(const char *path, const char *name, size_t offset, uint64_t value)
{
    patch_bytes(path, name, offset, &value, sizeof value);
}

void flip_bits(const char *path, const char *name, size_t offset, unsigned char mask)
{
    unsigned char byte;

    load_bytes(path, name, offset, &byte, 1);
    byte ^= mask;
    patch_bytes(path, name, offset, &byte, 1);
}

static struct stat status_of(const char *path, const char *name)
{
    char full[4096];
    struct stat status;

    snprintf(full, sizeof full, "%s/%s", path, name);
    check_true(lstat(full, &status) == 0);
    return status;
}

void pretend_reboot(const char *path)
{
    patch_word(path, "control", offsetof(struct mms__control, boot_id), UINT64_C(0x1234567890abcdef));
}

uint64_t file_size(const char *path, const char *name)
{
    return (uint64_t)status_of(path, name).st_size;
}

uint64_t file_blocks(const char *path, const char *name)
{
    return (uint64_t)status_of(path, name).st_blocks * 512;
}

static uint64_t mix(uint64_t digest, const void *bytes, size_t size)
{
    uint64_t pair[2] = {digest, mms__checksum(bytes, size)};

    return mms__checksum(pair, sizeof pair);
}

static uint64_t content_digest(const char *path, const char *name, uint64_t digest)
{
    unsigned char *bytes = malloc(1 << 20);
    int fd = open_in(path, name, O_RDONLY);
    ssize_t size;

    check_true(bytes != NULL);
    while ((size = read(fd, bytes, 1 << 20)) > 0)
        digest = mix(digest, bytes, (size_t)size);
    check_true(size == 0);
    close(fd);
    free(bytes);
    return digest;
}

static uint64_t entry_digest(const char *path, const char *name)
{
    struct stat status = status_of(path, name);
    uint64_t words[] = {status.st_mode, (uint64_t)status.st_size, status.st_ino, status.st_uid, status.st_gid};
    uint64_t digest = mix(mms__checksum(name, strlen(name)), words, sizeof words);

    return S_ISREG(status.st_mode) ? content_digest(path, name, digest) : digest;
}

uint64_t tree_digest(const char *path)
{
    DIR *entries = opendir(path);
    uint64_t digest = 0;

    check_true(entries != NULL);
    for (struct dirent *entry; (entry = readdir(entries));)
        if (strcmp(entry->d_name, "..") != 0)
            digest += entry_digest(path, entry->d_name); /* in any order */
    closedir(entries);
    return digest;
}
