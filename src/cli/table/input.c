/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/table/input.h"
#include "cli/cmd.h"
#include "cli/message.h"
#include <stdlib.h>
#include <string.h>

enum { AT_ONCE = 256 << 10 };

int input_start(struct input *input, struct source *source, struct progress *progress)
{
    *input = (struct input){.source = source, .progress = progress, .buffer = malloc(AT_ONCE), .line = 1};
    return input->buffer ? EXIT_OK : fail("out of memory for reading %s", source->name);
}

void input_end(struct input *input)
{
    free(input->buffer);
    input->buffer = NULL;
}

int input_fill(struct input *input)
{
    if (input->ended)
        return INPUT_END;
    input->at = input->filled = 0;
    if (source_read_full(input->source, input->buffer, AT_ONCE, &input->filled))
        return INPUT_FAILED;
    input->ended = input->filled < AT_ONCE;
    progress_add(input->progress, input->filled);
    return input->filled > 0 ? (unsigned char)*input->buffer : INPUT_END;
}

bool input_begins(struct input *input, const char *text)
{
    size_t size = strlen(text);

    return input_peek(input) >= 0 && input->filled - input->at >= size &&
           memcmp(input->buffer + input->at, text, size) == 0;
}

int input_line(struct input *input, struct bytes *line, bool *more)
{
    int byte = input_peek(input);

    line->size = 0;
    *more = byte >= 0;
    while (byte >= 0 && (byte = input_next(input)) >= 0 && byte != '\n')
        if (bytes_add_one(line, (char)byte))
            return EXIT_FAILED;
    if (line->size > 0 && line->data[line->size - 1] == '\r')
        line->size--;
    return byte == INPUT_FAILED ? EXIT_FAILED : EXIT_OK;
}
