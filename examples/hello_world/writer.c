/* SPDX-License-Identifier: Apache-2.0 */
/* Publish a typed value: hello_world_writer REGION */
#include "hello.h"
#include <mmsync/mmap_sync.h>

int main(int argc, char **argv)
{
    const mms_str messages[] = {mms_str_of("Hello"), mms_str_of("World"), mms_str_of("!")};
    const HelloWorld value = {.version = 7, .messages = {messages, sizeof messages / sizeof *messages}};
    mms_writer *writer = NULL;
    mms_receipt receipt;

    if (argc != 2) {
        fprintf(stderr, "usage: hello_world_writer REGION\n");
        return 2;
    }
    if (mms_writer_open(argv[1], NULL, &writer) != 0 || HelloWorld_write(writer, &value, &receipt) != 0) {
        fprintf(stderr, "hello_world_writer: %s\n", mms_last_error());
        mms_writer_close(writer);
        return 1;
    }
    printf("written: %zu bytes | reset: %s\n", receipt.size, mms_mmap_sync_was_reset(writer) ? "true" : "false");
    return mms_writer_close(writer) == 0 ? 0 : 1;
}
