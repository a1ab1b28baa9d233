/* SPDX-License-Identifier: Apache-2.0 */
/* Publish one greeting: hello_writer REGION [TEXT] */
#include <inttypes.h>
#include <mmsync.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    const char *text = argc > 2 ? argv[2] : "Hello, world";
    mms_writer *writer = NULL;
    mms_receipt receipt;

    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: hello_writer REGION [TEXT]\n");
        return 2;
    }
    /* The first writer creates the region; later ones continue its generations. */
    if (mms_writer_open(argv[1], NULL, &writer) != 0 || mms_write(writer, text, strlen(text), &receipt) != 0) {
        fprintf(stderr, "hello_writer: %s\n", mms_last_error());
        mms_writer_close(writer);
        return 1;
    }
    printf("generation %" PRIu64 ": %s\n", receipt.generation, text);
    return mms_writer_close(writer) == 0 ? 0 : 1;
}
