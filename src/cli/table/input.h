/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a source byte by byte. */
#ifndef MMS_CLI_TABLE_INPUT_H
#define MMS_CLI_TABLE_INPUT_H

#include "cli/progress.h"
#include "cli/source.h"
#include "cli/table/bytes.h"

enum { INPUT_END = -1, INPUT_FAILED = -2 }; /* a failure has been reported */

struct input {
    struct source *source;
    struct progress *progress;
    char *buffer;
    size_t at, filled;
    uint64_t line; /* of the next byte, from 1 on */
    bool ended;
};

/* An exit status; anything but EXIT_OK has been reported, here and below. */
int input_start(struct input *input, struct source *source, struct progress *progress);
void input_end(struct input *input);

/* Fill the buffer. Returns the next byte without taking it, or INPUT_END or INPUT_FAILED. */
int input_fill(struct input *input);

/* The next byte, without taking it. */
static inline int input_peek(struct input *input)
{
    return input->at < input->filled ? (unsigned char)input->buffer[input->at] : input_fill(input);
}

static inline int input_next(struct input *input)
{
    int byte = input_peek(input);

    if (byte >= 0)
        input->at++;
    if (byte == '\n')
        input->line++;
    return byte;
}

/* Whether the input begins with this text, which is not taken. */
bool input_begins(struct input *input, const char *text);
/* Read the rest of the line, without its end. *more is false at the end of the input. */
int input_line(struct input *input, struct bytes *line, bool *more);

#endif
