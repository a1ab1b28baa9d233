/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/table/text.h"
#include "cli/cmd.h"
#include "cli/message.h"
#include <stdarg.h>
#include <string.h>

static const struct {
    const char *name;
    enum text_form form;
} forms[] = {{"jsonl", FORM_JSONL}, {"csv", FORM_CSV}, {"mdb", FORM_MDB}};

enum text_form parse_form(const struct verb *verb, const char *name, const char *text)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (!strcmp(text, forms[i].name))
            return forms[i].form;
    usage_error(verb, "%s: '%s' is not jsonl, csv or mdb", name, text);
}

int fail_line(const struct text_reader *reader, uint64_t line, const char *format, ...)
{
    char text[256];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return fail("%s, line %llu: %s; nothing was published", reader->input.source->name, (unsigned long long)line, text);
}

int read_kind_at(const struct text_reader *reader, uint64_t line, enum kind kind, const char *what,
                 const struct bytes *text, struct bytes *out)
{
    const char *wrong;
    int status = kind_read(kind, text->data, text->size, out, &wrong);

    if (wrong)
        return fail_line(reader, line, "the %s '%.*s' is %s", what, (int)(text->size < 80 ? text->size : 80),
                         text->size > 0 ? text->data : "", wrong);
    return status;
}

int read_part_at(const struct text_reader *reader, uint64_t line, const struct notation *notation, const char *what,
                 const struct bytes *text, struct bytes *out)
{
    return notation_is_typed(notation) ? bytes_add(out, text->data, text->size)
                                       : read_kind_at(reader, line, notation->kind, what, text, out);
}

/* ---- Writing ---- */

int text_write_start(const struct text_style *style, const mms_table_view *view, FILE *out)
{
    if (style->form == FORM_CSV)
        csv_write_start(style, out);
    else if (style->form == FORM_MDB)
        mdb_write_start(view, out);
    return EXIT_OK;
}

int text_write_entry(const struct text_style *style, const mms_entry *entry, FILE *out)
{
    if (style->form == FORM_JSONL)
        return jsonl_write(style, entry, out);
    if (style->form == FORM_CSV)
        return csv_write(style, entry, out);
    mdb_write(entry, out);
    return EXIT_OK;
}

void text_write_end(const struct text_style *style, FILE *out)
{
    if (style->form == FORM_MDB)
        mdb_write_end(out);
}

/* ---- Reading ---- */

/* Spreadsheets, and much else on Windows, begin UTF-8 with a byte order mark. */
static void skip_mark(struct input *input)
{
    static const unsigned char mark[] = {0xef, 0xbb, 0xbf};

    for (size_t i = 0; i < sizeof mark && input_peek(input) == mark[i]; i++)
        (void)input_next(input);
}

/* JSON lines begin with a brace, and the output of mdb_dump begins with its version. */
static enum text_form find_form(struct input *input)
{
    if (input_begins(input, "VERSION="))
        return FORM_MDB;
    return input_begins(input, "{") ? FORM_JSONL : FORM_CSV;
}

int text_read_start(struct text_reader *reader, struct source *source, struct progress *progress,
                    const struct text_style *style)
{
    *reader = (struct text_reader){.style = *style};
    if (input_start(&reader->input, source, progress))
        return EXIT_FAILED;
    skip_mark(&reader->input);
    if (style->form == FORM_AUTO)
        reader->style.form = find_form(&reader->input);
    switch (reader->style.form) {
    case FORM_CSV: return csv_read_start(reader);
    case FORM_MDB:
        reader->style.keys.type = reader->style.values.type = NULL; /* it has bytes */
        return mdb_read_start(reader);
    default: return EXIT_OK;
    }
}

int text_read_entry(struct text_reader *reader, struct text_entry *entry, bool *more)
{
    entry->key.size = entry->value.size = 0;
    entry->expires_ns = 0;
    entry->line = reader->input.line;
    switch (reader->style.form) {
    case FORM_CSV: return csv_read(reader, entry, more);
    case FORM_MDB: return mdb_read(reader, entry, more);
    default: return jsonl_read(reader, entry, more);
    }
}

void text_read_end(struct text_reader *reader)
{
    input_end(&reader->input);
    bytes_free(&reader->line);
    bytes_free(&reader->field);
}

void text_entry_free(struct text_entry *entry)
{
    bytes_free(&entry->key);
    bytes_free(&entry->value);
}
