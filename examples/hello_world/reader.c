/* SPDX-License-Identifier: Apache-2.0 */
/* Show the latest typed value: hello_world_reader REGION */
#include "hello.h"

static void show(const ArchivedHelloWorld *hello)
{
    printf("version: %u messages: [", hello->version);
    for (size_t i = 0; i < Vec_String_count(&hello->messages); i++) {
        mms_str text = Vec_String_at(&hello->messages, i);

        printf("%s\"%.*s\"", i > 0 ? ", " : "", (int)text.size, text.data);
    }
    printf("]\n");
}

/* The value lies in the region itself and stays unchanged until the release. */
static int read_hello(mms_reader *reader)
{
    mms_view view;
    const ArchivedHelloWorld *hello = HelloWorld_read(reader, &view);

    if (!hello)
        return mms_last_code();
    show(hello);
    return mms_release(reader);
}

int main(int argc, char **argv)
{
    mms_region *region = NULL;
    mms_reader *reader = NULL;
    int code;

    if (argc != 2) {
        fprintf(stderr, "usage: hello_world_reader REGION\n");
        return 2;
    }
    if ((code = mms_region_open(argv[1], NULL, &region)) == 0 && (code = mms_reader_open(region, &reader)) == 0)
        code = read_hello(reader);
    if (code != 0)
        fprintf(stderr, "hello_world_reader: %s\n", mms_last_error());
    mms_reader_close(reader);
    mms_region_close(region);
    return code == 0 ? 0 : 1;
}
