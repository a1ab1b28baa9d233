/* SPDX-License-Identifier: Apache-2.0 */
/* consumer REGION: a user's program, valid C and C++. Publishes, reads in every way, removes; prints "ok". */
#include <mmsync.h>
#include <stdio.h>
#include <string.h>

static const char value[] = "thirty-six bytes of a small message";

static int fail(const char *what)
{
    fprintf(stderr, "consumer: %s: %s\n", what, mms_last_error());
    return 1;
}

static int publish(const char *path)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    mms_writer *writer = NULL;
    mms_receipt receipt;

    options.max_size = 1 << 20;
    if (mms_writer_open(path, &options, &writer) != 0)
        return fail("open for writing");
    if (mms_write(writer, value, sizeof value, &receipt) != 0)
        return fail("write");
    if (receipt.generation != 1)
        return fail("the first generation is not 1");
    return mms_writer_close(writer) == 0 ? 0 : fail("close the writer");
}

static int is_value(const mms_view *view)
{
    return view->size == sizeof value && memcmp(view->data, value, sizeof value) == 0 && view->generation == 1;
}

static int read_views(mms_region *region)
{
    mms_reader *reader = NULL;
    mms_view view;

    if (mms_reader_open(region, &reader) != 0)
        return fail("open a reader");
    for (int i = 0; i < 3; i++)
        if (mms_read(reader, &view) != 0 || !is_value(&view) || mms_refresh(reader, &view) != 0 || !is_value(&view) ||
            mms_release(reader) != 0)
            return fail("read");
    return mms_reader_close(reader) == 0 ? 0 : fail("close the reader");
}

static int read_all(const char *path)
{
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    mms_region *region = NULL;
    char copy[sizeof value];
    size_t size = 0;

    options.prefault = true;
    if (mms_region_open(path, &options, &region) != 0)
        return fail("open the region");
    if (read_views(region) != 0)
        return 1;
    if (mms_read_copy(region, copy, sizeof copy, &size, NULL) != 0 || size != sizeof value ||
        memcmp(copy, value, size) != 0)
        return fail("copy");
    return mms_region_close(region) == 0 ? 0 : fail("close the region");
}

int main(int argc, char **argv)
{
    if (argc != 2 || strcmp(mms_version(), MMS_VERSION) != 0)
        return 2;
    if (publish(argv[1]) != 0 || read_all(argv[1]) != 0)
        return 1;
    if (mms_remove(argv[1]) != 0)
        return fail("remove");
    puts("ok");
    return 0;
}
