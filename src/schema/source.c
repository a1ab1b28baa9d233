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

static void show(const struct source *source, size_t at, const char *kind, const char *format, va_list arguments)
{
    size_t start;

    if (!source->errors)
        return;
    if (at > source->size)
        at = source->size;
    start = line_start(source, at);
    fprintf(source->errors, "%s:%zu:%zu: %s: ", source->name, line_number(source, at), column_of(source, start, at),
            kind);
    vfprintf(source->errors, format, arguments);
    putc('\n', source->errors);
    show_line(source, start, at);
}

static bool is_known(const struct source *source, size_t at)
{
    for (unsigned i = 0; i < source->count; i++)
        if (source->places[i] == at)
            return true;
    return false;
}

void source_error(struct source *source, size_t at, const char *format, ...)
{
    va_list arguments;

    source->failed = true;
    if (source_is_full(source) || is_known(source, at))
        return;
    source->places[source->count++] = at;
    va_start(arguments, format);
    show(source, at, "error", format, arguments);
    va_end(arguments);
    if (source_is_full(source) && source->errors)
        fprintf(source->errors, "%s: %d errors; there may be more\n", source->name, SOURCE_ERRORS);
}

void source_warning(struct source *source, size_t at, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    show(source, at, "warning", format, arguments);
    va_end(arguments);
}

bool source_is_full(const struct source *source)
{
    return source->count >= SOURCE_ERRORS;
}
