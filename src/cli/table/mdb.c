/* SPDX-License-Identifier: Apache-2.0 */
/* The text that LMDB's mdb_dump writes and mdb_load reads: a head of lines NAME=VALUE, then a line
   for each key and each value, beginning with a blank. With format=bytevalue they are hexadecimal;
   with format=print they are printable characters, with \XX for all others. */
#include "cli/cmd.h"
#include "cli/message.h"
#include "cli/table/text.h"
#include <inttypes.h>
#include <string.h>

/* The longest key that LMDB accepts, as Debian builds it. */
enum { LONGEST_KEY = 511 };

/* ---- Writing ---- */

/* LMDB takes the size of its map from here: twice the size of the table, and some more for each
   entry. */
void mdb_write_start(const mms_table_view *view, FILE *out)
{
    uint64_t size = (2 * (uint64_t)view->size + 64 * mms_table_count(view) + (UINT64_C(1) << 20)) >> 12 << 12;

    fprintf(out, "VERSION=3\nformat=bytevalue\ntype=btree\nmapsize=%" PRIu64 "\nmaxreaders=126\nHEADER=END\n", size);
}

static void write_line(const void *data, size_t size, FILE *out)
{
    putc(' ', out);
    write_hex(data, size, out);
    putc('\n', out);
}

void mdb_write(const mms_entry *entry, FILE *out)
{
    if (entry->key.size == 0 || entry->key.size > LONGEST_KEY)
        note("a key of %zu bytes is written, and LMDB takes 1 to %d", entry->key.size, LONGEST_KEY);
    write_line(entry->key.data, entry->key.size, out);
    write_line(entry->value.data, entry->value.size, out);
}

void mdb_write_end(FILE *out)
{
    fputs("DATA=END\n", out);
}

/* ---- Reading ---- */

static bool line_is(const struct bytes *line, const char *text)
{
    return line->size == strlen(text) && memcmp(line->data, text, line->size) == 0;
}

static bool line_begins(const struct bytes *line, const char *text)
{
    return line->size >= strlen(text) && memcmp(line->data, text, strlen(text)) == 0;
}

static int take_header_line(struct text_reader *reader, uint64_t at)
{
    const struct bytes *line = &reader->line;

    if (line_begins(line, "VERSION=") && !line_is(line, "VERSION=3"))
        return fail_line(reader, at, "another version than 3 of mdb_dump's text");
    if (line_begins(line, "type=") && !line_is(line, "type=btree"))
        return fail_line(reader, at, "another type than btree");
    if (line_is(line, "duplicates=1") || line_is(line, "dupsort=1"))
        return fail_line(reader, at, "a database with several values for a key; a table has one for each");
    if (line_begins(line, "format=")) {
        reader->printable = line_is(line, "format=print");
        if (!reader->printable && !line_is(line, "format=bytevalue"))
            return fail_line(reader, at, "another format than bytevalue and print");
    }
    return EXIT_OK;
}

int mdb_read_start(struct text_reader *reader)
{
    do {
        uint64_t at = reader->input.line;
        bool more;

        if (input_line(&reader->input, &reader->line, &more))
            return EXIT_FAILED;
        if (!more)
            return fail_line(reader, at,
                             "the end of the file before HEADER=END; this is not mdb_dump's text, or a "
                             "part of it is missing");
        if (take_header_line(reader, at))
            return EXIT_FAILED;
    } while (!line_is(&reader->line, "HEADER=END"));
    return EXIT_OK;
}

/* \XX, and \\ for a backslash. */
static int read_escape(const struct text_reader *reader, uint64_t line, const char *text, size_t left, char *byte,
                       size_t *used)
{
    int high, low;

    *used = 2;
    *byte = '\\';
    if (left >= 2 && text[1] == '\\')
        return EXIT_OK;
    high = left >= 3 ? hex_digit(text[1]) : -1;
    low = high >= 0 ? hex_digit(text[2]) : -1;
    if (low < 0)
        return fail_line(reader, line,
                         "a backslash without two hexadecimal digits, as mdb_dump -p writes one that is part "
                         "of the data; dump without -p");
    *used = 3;
    *byte = (char)(high << 4 | low);
    return EXIT_OK;
}

static int read_printable(const struct text_reader *reader, uint64_t line, struct bytes *out)
{
    const char *text = reader->line.data;
    size_t size = reader->line.size, used = 1;

    for (size_t i = 1; i < size; i += used) {
        char byte = text[i];

        used = 1;
        if (byte == '\\' && read_escape(reader, line, text + i, size - i, &byte, &used))
            return EXIT_FAILED;
        if (bytes_add_one(out, byte))
            return EXIT_FAILED;
    }
    return EXIT_OK;
}

/* Reads a line of data. *more is false after the line that ends the data. */
static int read_data(struct text_reader *reader, struct bytes *out, bool *more)
{
    uint64_t at = reader->input.line;

    if (input_line(&reader->input, &reader->line, more))
        return EXIT_FAILED;
    if (!*more)
        return fail_line(reader, at, "the end of the file before DATA=END; a part of it is missing");
    *more = !line_is(&reader->line, "DATA=END");
    if (!*more)
        return EXIT_OK;
    if (!line_begins(&reader->line, " "))
        return fail_line(reader, at, "a line of data that does not begin with a blank");
    if (reader->printable)
        return read_printable(reader, at, out);
    return read_kind_at(reader, at, KIND_HEX, "data", &(struct bytes){reader->line.data + 1, reader->line.size - 1, 0},
                        out);
}

/* Another database may follow: mdb_dump -a. */
static int refuse_more(struct text_reader *reader)
{
    if (input_peek(&reader->input) >= 0)
        return fail_line(reader, reader->input.line,
                         "more than one database; dump one of them alone, with mdb_dump -s");
    return EXIT_OK;
}

int mdb_read(struct text_reader *reader, struct text_entry *entry, bool *more)
{
    int status = read_data(reader, &entry->key, more);

    if (status || !*more)
        return status ? status : refuse_more(reader);
    status = read_data(reader, &entry->value, more);
    if (!status && !*more)
        return fail_line(reader, reader->input.line, "a key without a value");
    return status;
}
