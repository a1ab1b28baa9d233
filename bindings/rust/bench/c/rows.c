/* SPDX-License-Identifier: Apache-2.0 */
/* The rows in C: what a C program compiles, inline reads and generated calls included, in loops of its own. */
#include "hello.h"
#include <mmsync.h>
#include <stdio.h>
#include <stdlib.h>

struct rows {
    char path[256];
    mms_writer *writer;
    mms_region *region;
    mms_reader *reader;
};

static void check(int code, const char *what)
{
    if (code == 0)
        return;
    fprintf(stderr, "%s: %s\n", what, mms_last_error());
    abort();
}

struct rows *rows_open(const char *path)
{
    struct rows *rows = calloc(1, sizeof *rows);

    snprintf(rows->path, sizeof rows->path, "%s", path);
    return rows;
}

void rows_close(struct rows *rows)
{
    check(mms_reader_close(rows->reader), "mms_reader_close");
    check(mms_region_close(rows->region), "mms_region_close");
    check(mms_writer_close(rows->writer), "mms_writer_close");
    free(rows);
}

static mms_writer *writer_of(struct rows *rows)
{
    if (!rows->writer)
        check(mms_writer_open(rows->path, NULL, &rows->writer), "mms_writer_open");
    return rows->writer;
}

static mms_reader *reader_of(struct rows *rows)
{
    mms_region_options options = MMS_REGION_OPTIONS_INIT;

    if (rows->reader)
        return rows->reader;
    options.detached = true; /* it is used in another thread, as those in Rust are */
    check(mms_region_open(rows->path, &options, &rows->region), "mms_region_open");
    check(mms_reader_open(rows->region, &rows->reader), "mms_reader_open");
    return rows->reader;
}

uint64_t rows_read(struct rows *rows, uint64_t times)
{
    mms_reader *reader = reader_of(rows);
    uint64_t sum = 0;
    mms_view view;

    while (times-- > 0) {
        check(mms_read(reader, &view), "mms_read");
        sum += ((const ArchivedHelloWorld *)(const void *)((const char *)view.data + view.size))[-1].version;
        check(mms_release(reader), "mms_release");
    }
    return sum;
}

uint64_t rows_read_checked(struct rows *rows, uint64_t times)
{
    mms_reader *reader = reader_of(rows);
    uint64_t sum = 0;
    mms_view view;

    while (times-- > 0) {
        const ArchivedHelloWorld *hello = HelloWorld_read(reader, &view);

        check(hello ? 0 : mms_last_code(), "HelloWorld_read");
        sum += hello->version;
        check(mms_release(reader), "mms_release");
    }
    return sum;
}

void rows_write(struct rows *rows, uint64_t times)
{
    static const mms_str words[] = {{"Hello", 5}, {"World", 5}, {"!", 1}};
    mms_writer *writer = writer_of(rows);

    while (times-- > 0) {
        HelloWorld value = {.version = 7, .messages = {words, 3}};

        __asm__ volatile("" ::"r"(&value) : "memory");
        check(HelloWorld_write(writer, &value, NULL), "HelloWorld_write");
    }
}

void rows_write_raw(struct rows *rows, const void *bytes, size_t size, uint64_t times)
{
    mms_writer *writer = writer_of(rows);

    while (times-- > 0) {
        mms_receipt receipt; /* which Rust always gives */

        check(mms_write(writer, bytes, size, &receipt), "mms_write");
        __asm__ volatile("" ::"r"(&receipt) : "memory");
    }
}
