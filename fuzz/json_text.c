/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer: any text as the JSON of a value; the first byte chooses the type. What is accepted can be written as an archive,
   which is accepted again, and printed. script/fuzz builds and runs it. */
#include "json_input.h"
#include "property.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_and_check(const mms_archive *archive, const void *value)
{
    size_t room, written;
    unsigned char *bytes;

    if (mms_archive_size(archive, value, &room) != 0)
        return; /* a key twice, text that is not UTF-8 */
    bytes = aligned_alloc(16, (room + 16) & ~(size_t)15);
    if (!bytes)
        abort();
    if (mms_archive_write(archive, value, bytes, room, &written) == 0 &&
        (written != room || !property_holds(archive, bytes, written)))
        abort();
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const mms_archive *archive;
    struct json_input in = {0};
    char *text;
    void *value;

    if (size == 0)
        return 0;
    archive = property_archive(data[0]);
    text = malloc(size);
    value = calloc(1, archive->type->input_size + 1);
    if (!text || !value)
        abort();
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    in.at = text;
    if (json_input(&in, archive->type, value))
        write_and_check(archive, value);
    json_input_free(&in);
    free(value);
    free(text);
    return 0;
}
