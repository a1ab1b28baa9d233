/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of the tool: archive_publish REGION SCHEMA ROOT JSON publishes a typed value, with its
   schema. JSON "board": the value of board.h. */
#include "board.h"
#include "json_input.h"
#include "schema/schema.h"
#include <stdlib.h>
#include <string.h>

static int publish(const char *path, const mms_archive *archive, const char *json)
{
    struct json_input in = {.at = json};
    void *value = calloc(1, archive->type->input_size + 1);
    mms_writer *writer = NULL;
    int status = EXIT_FAILURE;

    if (!value || !json_input(&in, archive->type, value))
        fprintf(stderr, "archive_publish: %s\n", in.problem);
    else if (mms_writer_open(path, NULL, &writer) != 0 || mms_archive_publish(writer, archive, value, NULL) != 0)
        fprintf(stderr, "archive_publish: %s\n", mms_last_error());
    else
        status = EXIT_SUCCESS;
    mms_writer_close(writer);
    json_input_free(&in);
    free(value);
    return status;
}

static size_t read_file(const char *path, char *text, size_t room)
{
    FILE *file = fopen(path, "rb");
    size_t size = file ? fread(text, 1, room, file) : 0;

    if (!file) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    fclose(file);
    return size;
}

int main(int argc, char **argv)
{
    static char text[1 << 16];
    struct schema schema;
    int status = EXIT_FAILURE;
    size_t size;

    if (argc != 5) {
        fputs("usage: archive_publish REGION SCHEMA ROOT JSON\n", stderr);
        return 2;
    }
    size = read_file(argv[2], text, sizeof text - 1);
    if (schema_read(&schema, argv[2], text, size, argv[3], false, stderr))
        status = publish(argv[1], &schema.archive, strcmp(argv[4], "board") == 0 ? BOARD_JSON : argv[4]);
    schema_free(&schema);
    return status;
}
