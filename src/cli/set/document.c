/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/set/document.h"
#include "cli/cmd.h"
#include "cli/message.h"
#include "cli/set/input.h"
#include "cli/source.h"
#include <stdlib.h>
#include <string.h>

static int fail_memory(const char *name)
{
    return fail("out of memory for the value in %s", name);
}

/* Where the problem is: in the file, and in the value. */
static int fail_at(const struct document *document, const char *name)
{
    const struct literal *literal = &document->literal;
    size_t line = 1, column = 1;

    for (const char *at = document->text; at < literal->wrong; at++) {
        line += *at == '\n';
        column = *at == '\n' ? 1 : column + ((*at & 0xc0) != 0x80);
    }
    return fail("%s:%zu:%zu: %s%s%s; nothing was published", name, line, column, literal->place,
                *literal->place ? ": " : "", literal->problem);
}

/* Editors may begin UTF-8 with a byte order mark; RFC 8259 allows to ignore it. */
static size_t mark_size(const struct document *document)
{
    return document->size >= 3 && memcmp(document->text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

static int parse(struct document *document, const char *name)
{
    const mms_type *type = document->type.archive->type;
    struct literal *literal = &document->literal;

    *literal = (struct literal){
        .at = document->text + mark_size(document), .end = document->text + document->size, .whole = true};
    literal->room = document->room = malloc(document->size + 1);
    document->input = calloc(1, type->input_size + 1);
    if (!literal->room || !document->input)
        return fail_memory(name);
    if (input_read(literal, type, document->input) &&
        (literal_at_end(literal) || literal_expected(literal, "the end of the text")))
        return EXIT_OK;
    return fail_at(document, name);
}

int document_open(struct document *document, const char *schema, const char *root, const char *file)
{
    struct source source;
    int status;

    *document = (struct document){.text = NULL};
    status = file_type_load(&document->type, schema, root);
    if (status)
        return status;
    status = source_open(&source, file);
    if (!status)
        status = source_read_all(&source, &document->text, &document->size);
    if (!status)
        status = parse(document, source.name);
    source_close(&source);
    return status;
}

void document_close(struct document *document)
{
    literal_free(&document->literal);
    free(document->room);
    free(document->input);
    free(document->bytes);
    free(document->text);
    file_type_free(&document->type);
}

int document_check(const struct document *document, uint64_t most)
{
    const mms_archive *archive = document->type.archive;
    uint64_t needed;
    size_t size;
    int code = mms_archive_size(archive, document->input, &size);

    if (code)
        return fail_call(code);
    needed = ((uint64_t)size + 63) / 64 * 64 + archive->schema_size; /* the schema is stored behind the value */
    if (needed > most)
        return fail_as(
            MMS_E_TOO_BIG,
            "the value and its schema take %llu bytes, more than the %llu of the region's --max-size; nothing was "
            "published; write with a larger --max-size, and with --replace if the region exists",
            (unsigned long long)needed, (unsigned long long)most);
    return EXIT_OK;
}

int document_serialize(struct document *document, struct candidate *candidate)
{
    const mms_archive *archive = document->type.archive;
    size_t size;
    int code = mms_archive_size(archive, document->input, &size);

    if (code == 0) {
        document->bytes = aligned_alloc(16, (size + 16) / 16 * 16);
        if (!document->bytes)
            return fail("out of memory for a value of %zu bytes", size);
        code = mms_archive_write(archive, document->input, document->bytes, size, &size);
    }
    *candidate = (struct candidate){document->bytes, size};
    return code ? fail_call(code) : EXIT_OK;
}

int document_publish(const struct document *document, mms_writer *writer, mms_receipt *receipt)
{
    return mms_archive_publish(writer, document->type.archive, document->input, receipt);
}
