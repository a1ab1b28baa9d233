/* SPDX-License-Identifier: Apache-2.0 */
/* CSV as in RFC 4180. The first line names the columns: key,value or key,value,expires_ns. Fields
   may hold any bytes; one with a comma, a quotation mark or a line end is quoted. */
#include "cli/cmd.h"
#include "cli/table/text.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {"key", "value", "expires_ns"};
enum { KEY, VALUE, EXPIRES, NAMES };

/* ---- Writing ---- */

void csv_write_start(const struct text_style *style, FILE *out)
{
    fputs(style->expiring ? "key,value,expires_ns\n" : "key,value\n", out);
}

static bool needs_quotes(const char *data, size_t size)
{
    static const char special[] = {',', '"', '\r', '\n'};

    for (size_t i = 0; i < size; i++)
        if (memchr(special, data[i], sizeof special))
            return true;
    return size == 0; /* so that an empty field can be seen */
}

static int write_text(const char *at, size_t size, FILE *out)
{
    bool quotes = needs_quotes(at, size);

    if (quotes)
        putc('"', out);
    for (size_t i = 0; i < size; i++) {
        if (quotes && at[i] == '"')
            putc('"', out);
        putc(at[i], out);
    }
    if (quotes)
        putc('"', out);
    return EXIT_OK;
}

static int write_field(const struct notation *notation, const char *what, const void *data, size_t size, FILE *out)
{
    struct bytes text = {.data = NULL};
    int status;

    if (!notation_is_typed(notation))
        return notation->kind == KIND_TEXT ? write_text(data, size, out)
                                           : kind_write(notation->kind, what, data, size, out);
    status = notation_text(notation, what, data, size, &text);
    if (!status)
        status = write_text(text.data, text.size, out);
    bytes_free(&text);
    return status;
}

int csv_write(const struct text_style *style, const mms_entry *entry, FILE *out)
{
    if (write_field(&style->keys, "a key", entry->key.data, entry->key.size, out))
        return EXIT_FAILED;
    putc(',', out);
    if (write_field(&style->values, "a value", entry->value.data, entry->value.size, out))
        return EXIT_FAILED;
    if (style->expiring && entry->expires_ns)
        fprintf(out, ",%" PRIu64, entry->expires_ns);
    else if (style->expiring)
        putc(',', out);
    putc('\n', out);
    return EXIT_OK;
}

/* ---- Reading ---- */

enum end { END_FIELD, END_LINE, END_INPUT, END_FAILED };

static enum end fail_end(const struct text_reader *reader, uint64_t line, const char *text)
{
    fail_line(reader, line, "%s", text);
    return END_FAILED;
}

/* Reads what ends a field. */
static enum end read_end(struct text_reader *reader, uint64_t line)
{
    int byte = input_next(&reader->input);

    if (byte == '\r' && input_peek(&reader->input) == '\n')
        byte = input_next(&reader->input);
    switch (byte) {
    case ',': return END_FIELD;
    case '\n': return END_LINE;
    case INPUT_END: return END_INPUT;
    case INPUT_FAILED: return END_FAILED;
    default: return fail_end(reader, line, "text after the end of a quoted field");
    }
}

static enum end read_quoted(struct text_reader *reader)
{
    struct input *input = &reader->input;
    uint64_t line = input->line;
    int byte;

    (void)input_next(input);
    while ((byte = input_next(input)) >= 0) {
        if (byte == '"' && input_peek(input) != '"')
            return read_end(reader, line);
        if (byte == '"')
            (void)input_next(input);
        if (bytes_add_one(&reader->field, (char)byte))
            return END_FAILED;
    }
    return byte == INPUT_FAILED ? END_FAILED : fail_end(reader, line, "a quoted field does not end");
}

/* Reads a field into reader->field. */
static enum end read_field(struct text_reader *reader)
{
    struct input *input = &reader->input;
    int byte = input_peek(input);

    reader->field.size = 0;
    if (byte == '"')
        return read_quoted(reader);
    while (byte >= 0 && byte != ',' && byte != '\n') {
        if (byte == '"')
            return fail_end(reader, input->line, "a quotation mark inside a field that is not quoted");
        if (byte == '\r') {
            (void)input_next(input);
            if (input_peek(input) == '\n')
                break;
        }
        if (bytes_add_one(&reader->field, (char)byte))
            return END_FAILED;
        if (byte != '\r')
            (void)input_next(input);
        byte = input_peek(input);
    }
    return byte == INPUT_FAILED ? END_FAILED : read_end(reader, input->line);
}

static int note_column(struct text_reader *reader, int column)
{
    const struct bytes *field = &reader->field;

    for (int i = 0; i < NAMES; i++)
        if (field->size == strlen(names[i]) && memcmp(field->data, names[i], field->size) == 0) {
            if (reader->columns[i] >= 0)
                return fail_line(reader, 1, "two columns are called %s", names[i]);
            reader->columns[i] = column;
            return EXIT_OK;
        }
    return fail_line(reader, 1,
                     "a column is called '%.*s'; the first line is to name the columns key, value and, if "
                     "there is one, expires_ns",
                     (int)(field->size < 40 ? field->size : 40), field->size > 0 ? field->data : "");
}

int csv_read_start(struct text_reader *reader)
{
    enum end end = END_FIELD;

    for (int i = 0; i < NAMES; i++)
        reader->columns[i] = -1;
    while (end == END_FIELD) {
        end = read_field(reader);
        if (end == END_FAILED)
            return EXIT_FAILED;
        if (end == END_INPUT && reader->width == 0 && reader->field.size == 0)
            return fail_line(reader, 1, "it is empty; an empty table is the line key,value");
        if (note_column(reader, reader->width++))
            return EXIT_FAILED;
    }
    if (reader->columns[KEY] < 0 || reader->columns[VALUE] < 0)
        return fail_line(reader, 1, "no column is called %s", names[reader->columns[KEY] < 0 ? KEY : VALUE]);
    return EXIT_OK;
}

static int read_expiry(const struct text_reader *reader, uint64_t line, struct text_entry *entry)
{
    struct bytes number = {.data = NULL};
    int status;

    if (reader->field.size == 0)
        return EXIT_OK;
    status = read_kind_at(reader, line, KIND_U64, names[EXPIRES], &reader->field, &number);
    if (!status)
        memcpy(&entry->expires_ns, number.data, sizeof entry->expires_ns);
    bytes_free(&number);
    return status;
}

static int take_field(struct text_reader *reader, int column, uint64_t line, struct text_entry *entry)
{
    if (column == reader->columns[KEY])
        return read_part_at(reader, line, &reader->style.keys, names[KEY], &reader->field, &entry->key);
    if (column == reader->columns[VALUE])
        return read_part_at(reader, line, &reader->style.values, names[VALUE], &reader->field, &entry->value);
    if (column == reader->columns[EXPIRES])
        return read_expiry(reader, line, entry);
    return fail_line(reader, line, "more than the %d columns of the first line", reader->width);
}

int csv_read(struct text_reader *reader, struct text_entry *entry, bool *more)
{
    uint64_t line = reader->input.line;
    int byte = input_peek(&reader->input), column = 0;
    enum end end = END_FIELD;

    *more = byte >= 0;
    if (!*more)
        return byte == INPUT_FAILED ? EXIT_FAILED : EXIT_OK;
    entry->line = line;
    while (end == END_FIELD) {
        end = read_field(reader);
        if (end == END_FAILED || take_field(reader, column++, line, entry))
            return EXIT_FAILED;
    }
    return column == reader->width
               ? EXIT_OK
               : fail_line(reader, line, "%d columns, and the first line has %d", column, reader->width);
}
