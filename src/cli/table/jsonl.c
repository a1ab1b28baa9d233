/* SPDX-License-Identifier: Apache-2.0 */
/* JSON lines: {"key": "a", "value": "b"}. Integers are numbers; from 2^63 on they are strings,
   because JSON libraries cannot read such numbers. Bytes that are not UTF-8 are "key_hex" or
   "value_hex". */
#include "cli/cmd.h"
#include "cli/message.h"
#include "cli/table/text.h"
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

/* ---- Writing ---- */

static int write_string(const char *name, const void *data, size_t size, FILE *out)
{
    json_t *string = json_stringn(size > 0 ? data : "", size);
    int failed = 0;

    if (string) {
        fprintf(out, "\"%s\": ", name);
        failed = json_dumpf(string, out, JSON_ENCODE_ANY);
        json_decref(string);
    } else { /* not UTF-8 */
        fprintf(out, "\"%s_hex\": \"", name);
        write_hex(data, size, out);
        putc('"', out);
    }
    return failed && !ferror(out) ? fail("out of memory for JSON") : EXIT_OK;
}

static int write_part(const struct notation *notation, const char *name, const void *data, size_t size, FILE *out)
{
    enum kind kind = notation->kind;
    const char *quote;
    unsigned long long number;

    if (notation_is_typed(notation)) {
        fprintf(out, "\"%s\": ", name);
        return notation_write_json(notation, data, size, out);
    }
    if (kind == KIND_TEXT)
        return write_string(name, data, size, out);
    quote = kind == KIND_HEX || (kind_number(kind, data, size, &number) && number > INT64_MAX) ? "\"" : "";
    fprintf(out, "\"%s\": %s", name, quote);
    if (kind_write(kind, name, data, size, out))
        return EXIT_FAILED;
    fputs(quote, out);
    return EXIT_OK;
}

int jsonl_write(const struct text_style *style, const mms_entry *entry, FILE *out)
{
    putc('{', out);
    if (write_part(&style->keys, "key", entry->key.data, entry->key.size, out))
        return EXIT_FAILED;
    if (entry->value.data) {
        fputs(", ", out);
        if (write_part(&style->values, "value", entry->value.data, entry->value.size, out))
            return EXIT_FAILED;
    }
    if (entry->expires_ns)
        fprintf(out, ", \"expires_ns\": %" PRIu64, entry->expires_ns);
    fputs("}\n", out);
    return EXIT_OK;
}

/* ---- Reading ---- */

/* The text of a string or an integer. */
static int read_value(const struct text_reader *reader, uint64_t line, enum kind kind, const char *name,
                      const json_t *value, struct bytes *out)
{
    char number[24];
    struct bytes text = {.data = number};

    if (json_is_string(value)) { /* which is not changed */
        text.data = (char *)(uintptr_t)json_string_value(value);
        text.size = json_string_length(value);
    } else {
        text.size = (size_t)snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    }
    return read_kind_at(reader, line, kind, name, &text, out);
}

/* Either "key" or "key_hex". */
static int read_part(const struct text_reader *reader, uint64_t line, enum kind kind, const char *name,
                     const json_t *object, struct bytes *out)
{
    char in_hex[16];
    const json_t *value = json_object_get(object, name), *hex;

    snprintf(in_hex, sizeof in_hex, "%s_hex", name);
    hex = json_object_get(object, in_hex);
    if (!value == !hex)
        return fail_line(reader, line, value ? "both \"%s\" and \"%s\"" : "neither \"%s\" nor \"%s\"", name, in_hex);
    if (hex)
        value = hex;
    if (!json_is_string(value) && !(kind_is_number(kind) && !hex && json_is_integer(value)))
        return fail_line(reader, line, "\"%s\" is not a string; numbers are for --%ss u32 or u64", hex ? in_hex : name,
                         name);
    return read_value(reader, line, hex ? KIND_HEX : kind, name, value, out);
}

static int read_expiry(const struct text_reader *reader, uint64_t line, const json_t *object, struct text_entry *entry)
{
    const json_t *value = json_object_get(object, "expires_ns");

    if (!value)
        return EXIT_OK;
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return fail_line(reader, line, "\"expires_ns\" is not a number of nanoseconds since 1970");
    entry->expires_ns = (uint64_t)json_integer_value(value);
    return EXIT_OK;
}

static bool is_known(const char *name)
{
    static const char *const known[] = {"key", "key_hex", "value", "value_hex", "expires_ns"};

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strcmp(name, known[i]))
            return true;
    return false;
}

static int refuse_others(const struct text_reader *reader, uint64_t line, json_t *object)
{
    const char *name;
    json_t *value;

    json_object_foreach(object, name, value) if (!is_known(name)) return fail_line(
        reader, line, "\"%s\" is not key, value or expires_ns", name);
    return EXIT_OK;
}

static int read_object(const struct text_reader *reader, uint64_t line, json_t *object, struct text_entry *entry)
{
    if (!json_is_object(object))
        return fail_line(reader, line, "not a JSON object");
    if (refuse_others(reader, line, object) ||
        read_part(reader, line, reader->style.keys.kind, "key", object, &entry->key) ||
        read_part(reader, line, reader->style.values.kind, "value", object, &entry->value))
        return EXIT_FAILED;
    return read_expiry(reader, line, object, entry);
}

static bool is_blank(const struct bytes *line)
{
    for (size_t i = 0; i < line->size; i++)
        if (!strchr(" \t\r", line->data[i]) || !line->data[i])
            return false;
    return true;
}

int jsonl_read(struct text_reader *reader, struct text_entry *entry, bool *more)
{
    uint64_t line;
    json_error_t error;
    json_t *object;
    int status;

    do {
        line = reader->input.line;
        if (input_line(&reader->input, &reader->line, more))
            return EXIT_FAILED;
        if (!*more)
            return EXIT_OK;
    } while (is_blank(&reader->line));
    entry->line = line;
    if (notation_is_typed(&reader->style.keys))
        return typed_line_read(reader, line, entry);
    object = json_loadb(reader->line.data, reader->line.size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    if (!object)
        return fail_line(reader, line, "column %d: %s", error.column, error.text);
    status = read_object(reader, line, object, entry);
    json_decref(object);
    return status;
}
