/* SPDX-License-Identifier: Apache-2.0 */
/* Tables as text, in three forms: JSON lines, CSV, and what LMDB's mdb_dump writes and mdb_load
   reads. The manual page mmsync(1) describes them. */
#ifndef MMS_CLI_TABLE_TEXT_H
#define MMS_CLI_TABLE_TEXT_H

#include "cli/table/bytes.h"
#include "cli/table/input.h"
#include "cli/table/notation.h"

enum text_form { FORM_AUTO, FORM_JSONL, FORM_CSV, FORM_MDB };

/* How entries are written, apart from what they are. */
struct text_style {
    enum text_form form;
    struct notation keys, values; /* settled */
    bool expiring;                /* entries have a time at which they expire */
};

/* An entry that was read: bytes, or by the types of a table, a key as text and a value as JSON. */
struct text_entry {
    struct bytes key, value;
    uint64_t expires_ns;
    uint64_t line; /* where it is */
};

/* Reads one entry after the other. */
struct text_reader {
    struct input input;
    struct text_style style;
    struct bytes line, field;
    int columns[3]; /* CSV: the column of key, value and expires_ns; -1: there is none */
    int width;      /* CSV: how many columns there are */
    bool printable; /* mdb_dump: "format=print" */
};

enum text_form parse_form(const struct verb *verb, const char *name, const char *text);

/* ---- Writing. An exit status; anything but EXIT_OK has been reported, here and below. ---- */

int text_write_start(const struct text_style *style, const mms_table_view *view, FILE *out);
int text_write_entry(const struct text_style *style, const mms_entry *entry, FILE *out);
void text_write_end(const struct text_style *style, FILE *out);

/* ---- Reading ---- */

/* Guesses the form from the first bytes if the style says FORM_AUTO. */
int text_read_start(struct text_reader *reader, struct source *source, struct progress *progress,
                    const struct text_style *style);
/* *more is false at the end. */
int text_read_entry(struct text_reader *reader, struct text_entry *entry, bool *more);
void text_read_end(struct text_reader *reader);

void text_entry_free(struct text_entry *entry);

/* ---- Each form ---- */

/* A line of JSON whose key and value have types (typed_line.c). */
int typed_line_read(const struct text_reader *reader, uint64_t line, struct text_entry *entry);

int jsonl_write(const struct text_style *style, const mms_entry *entry, FILE *out);
int jsonl_read(struct text_reader *reader, struct text_entry *entry, bool *more);

void csv_write_start(const struct text_style *style, FILE *out);
int csv_write(const struct text_style *style, const mms_entry *entry, FILE *out);
int csv_read_start(struct text_reader *reader);
int csv_read(struct text_reader *reader, struct text_entry *entry, bool *more);

void mdb_write_start(const mms_table_view *view, FILE *out);
void mdb_write(const mms_entry *entry, FILE *out);
void mdb_write_end(FILE *out);
int mdb_read_start(struct text_reader *reader);
int mdb_read(struct text_reader *reader, struct text_entry *entry, bool *more);

/* As kind_read, with a message that names the line. */
int read_kind_at(const struct text_reader *reader, uint64_t line, enum kind kind, const char *what,
                 const struct bytes *text, struct bytes *out);
/* The same for a key or a value; what has a type stays text. */
int read_part_at(const struct text_reader *reader, uint64_t line, const struct notation *notation, const char *what,
                 const struct bytes *text, struct bytes *out);
/* "FILE, line 17: ", and what is wrong there. */
int fail_line(const struct text_reader *reader, uint64_t line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
