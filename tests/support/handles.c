/* SPDX-License-Identifier: Apache-2.0 */
#include "handles.h"
#include "sample.h"
#include "scratch.h"
#include <stdio.h>
#include <string.h>

struct handles open_handles_with(void **state, mms_writer_options options)
{
    struct handles handles = {.path = scratch_path(state, "region")};

    handles.writer = sample_writer_with(handles.path, options);
    handles.region = sample_region(handles.path);
    handles.reader = sample_reader(handles.region);
    return handles;
}

struct handles open_handles(void **state)
{
    return open_handles_with(state, sample_options());
}

void close_handles(struct handles *handles)
{
    check_ok(mms_reader_close(handles->reader));
    check_ok(mms_region_close(handles->region));
    check_ok(mms_writer_close(handles->writer));
}

uint64_t patch_text(mms_writer *writer, size_t offset, const char *text)
{
    mms_receipt receipt;
    size_t size;
    void *buffer;

    check_ok(mms_write_update(writer, offset + strlen(text), &buffer, &size, NULL));
    check_ok(mms_write_patch(writer, offset, text, strlen(text)));
    if (size < offset + strlen(text))
        size = offset + strlen(text);
    check_ok(mms_write_commit(writer, size, &receipt));
    return receipt.generation;
}

const char *changes_since(mms_reader *reader, uint64_t since)
{
    static char text[256];
    mms_range ranges[16];
    size_t count, at = 0;

    check_ok(mms_changes(reader, since, ranges, 16, &count));
    text[0] = '\0';
    for (size_t i = 0; i < count; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%llu+%llu", i ? " " : "",
                               (unsigned long long)ranges[i].offset, (unsigned long long)ranges[i].length);
    return text;
}
