/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/source.h"
#include <stdarg.h>

static size_t line_start(const struct source *source, size_t at)
{
    while (at > 0 && source->text[at - 1] != '\n')
        at--;
    return at;
}

static size_t line_end(const struct source *source, size_t at)
{
    while (at < source->size && source->text[at] != '\n' && source->text[at] != '\r')
        at++;
    return at;
}

static size_t line_number(const struct source *source, size_t at)
{
    size_t line = 1;

    for (size_t i = 0; i < at; i++)
        line += source->text[i] == '\n';
    return line;
}

/* In characters, for people and editors; a tab counts as one. */
static size_t column_of(const struct source *source, size_t start, size_t at)
{
    size_t column = 1;

    for (size_t i = start; i < at; i++)
        column += (source->text[i] & 0xc0) != 0x80;
    return column;
}

/* The line and the caret; bytes that a terminal would obey are shown as '?'. */
static void show_line(const struct source *source, size_t start, size_t at)
{
    size_t end = line_end(source, at);

    fputs("    ", source->errors);
    for (size_t i = start; i < end; i++) {
        unsigned char byte = (unsigned char)source->text[i];

        putc(byte == '\t' || (byte >= 0x20 && byte != 0x7f) ? byte : '?', source->errors);
    }
    fputs("\n    ", source->errors);
    for (size_t i = start; i < at; i++)
        if ((source->text[i] & 0xc0) != 0x80)
            putc(source->text[i] == '\t' ? '\t' : ' ', source->errors);
    fputs("^\n", source->errors);
}

void source_error(struct source *source, size_t at, const char *format, ...)
{
    size_t start;
    va_list arguments;

    if (source->failed)
        return;
    source->failed = true;
    if (!source->errors)
        return;
    if (at > source->size)
        at = source->size;
    start = line_start(source, at);
    fprintf(source->errors, "%s:%zu:%zu: error: ", source->name, line_number(source, at), column_of(source, start, at));
    va_start(arguments, format);
    vfprintf(source->errors, format, arguments);
    va_end(arguments);
    putc('\n', source->errors);
    show_line(source, start, at);
}
