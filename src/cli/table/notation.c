/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/table/notation.h"
#include "cli/cmd.h"
#include "cli/message.h"
#include "cli/set/input.h"
#include <errno.h>
#include <jansson.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

static void settle(struct notation *notation, const struct table_types *types, bool of_key)
{
    notation->of_key = of_key;
    notation->type = notation->kind == KIND_AUTO ? types->type : NULL;
    if (notation->kind == KIND_AUTO)
        notation->kind = KIND_TEXT;
}

void notation_settle_keys(struct notation *notation, const struct table_types *types)
{
    settle(notation, types, true);
}

void notation_settle_values(struct notation *notation, const struct table_types *types)
{
    settle(notation, types, false);
}

/* ---- Writing ---- */

static bool is_text(const mms_type *type)
{
    return type->kind == MMS_T_STRING || type->kind == MMS_T_BOX_STR;
}

static int print(const mms_type *type, const void *root, FILE *out)
{
    int code = mms_archive_print(type, root, out);

    return code == 0 || ferror(out) ? EXIT_OK : fail_call(code); /* what happens to a stream shows at its end */
}

static int print_text(const void *data, size_t size, FILE *out)
{
    json_t *string = json_stringn(size > 0 ? data : "", size);
    int failed;

    if (!string)
        return fail("a key of the table is no text, but its type is; run mmsync verify");
    failed = json_dumpf(string, out, JSON_ENCODE_ANY);
    json_decref(string);
    return failed && !ferror(out) ? fail("out of memory for JSON") : EXIT_OK;
}

/* Keys have no alignment of their own. */
static int print_key(const mms_type *type, const void *data, size_t size, FILE *out)
{
    alignas(16) unsigned char copy[MMS_TYPED_TABLE_KEY_MAX];
    const mms_archive archive = {.type = type};

    if (is_text(type))
        return print_text(data, size, out);
    if (size != type->size || size > sizeof copy)
        return fail("a key of the table has %zu bytes, and its type %zu; run mmsync verify", size, type->size);
    memcpy(copy, data, size);
    if (mms_archive_check(&archive, copy, size, NULL) != 0)
        return fail_call(mms_last_code());
    return print(type, copy, out);
}

static int print_value(const mms_table_type *type, const void *data, size_t size, FILE *out)
{
    const void *root;
    int code = mms_typed_table_root(type, &(mms_value){data, size}, &root);

    return code ? fail_call(code) : print(type->value, root, out);
}

int notation_write_json(const struct notation *notation, const void *data, size_t size, FILE *out)
{
    return notation->of_key ? print_key(notation->type->key, data, size, out)
                            : print_value(notation->type, data, size, out);
}

/* What is in the quotes, if it is a text. */
static int write_unquoted(const char *text, size_t size, FILE *out)
{
    json_t *string = *text == '"' ? json_loadb(text, size, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL) : NULL;

    if (string)
        fwrite(json_string_value(string), 1, json_string_length(string), out);
    else
        fwrite(text, 1, size, out);
    json_decref(string);
    return EXIT_OK;
}

/* Start from zeros; free the data in any case. */
struct memory {
    FILE *stream;
    char *data;
    size_t size;
};

static int memory_open(struct memory *memory)
{
    memory->stream = open_memstream(&memory->data, &memory->size);
    return memory->stream ? EXIT_OK : fail_errno("out of memory for a key or a value");
}

static int memory_close(struct memory *memory, int status)
{
    if (fclose(memory->stream) != 0 && !status)
        return fail_errno("out of memory for a key or a value");
    return status;
}

static int write_key(const struct notation *notation, const void *data, size_t size, FILE *out)
{
    struct memory text = {.data = NULL};
    int status;

    if (is_text(notation->type->key)) {
        fwrite(data, 1, size, out);
        return EXIT_OK;
    }
    if (memory_open(&text))
        return EXIT_FAILED;
    status = memory_close(&text, print_key(notation->type->key, data, size, text.stream));
    if (!status)
        status = write_unquoted(text.data, text.size, out);
    free(text.data);
    return status;
}

int notation_write(const struct notation *notation, const char *what, const void *data, size_t size, FILE *out)
{
    if (!notation->type)
        return kind_write(notation->kind, what, data, size, out);
    return notation->of_key ? write_key(notation, data, size, out) : print_value(notation->type, data, size, out);
}

int notation_text(const struct notation *notation, const char *what, const void *data, size_t size, struct bytes *out)
{
    struct memory text = {.data = NULL};
    int status;

    if (memory_open(&text))
        return EXIT_FAILED;
    status = memory_close(&text, notation_write(notation, what, data, size, text.stream));
    if (!status)
        status = bytes_add(out, text.data, text.size);
    free(text.data);
    return status;
}

/* ---- Reading ---- */

/* An input value, from a text. */
struct parsed {
    struct literal literal;
    char *room;
    void *input;
};

static int start(struct parsed *parsed, const mms_type *type, const char *text, size_t size)
{
    parsed->room = malloc(size + 1);
    parsed->input = calloc(1, type->input_size + 1);
    parsed->literal = (struct literal){.at = text, .end = text + size, .room = parsed->room, .whole = true};
    if (parsed->room && parsed->input)
        return EXIT_OK;
    return fail("out of memory for a key or a value of %zu bytes", size);
}

static void end(struct parsed *parsed)
{
    literal_free(&parsed->literal);
    free(parsed->room);
    free(parsed->input);
}

/* All of the text. */
static int parse(struct parsed *parsed, const mms_type *type, char *wrong)
{
    struct literal *literal = &parsed->literal;

    if (input_read(literal, type, parsed->input) &&
        (literal_at_end(literal) || literal_expected(literal, "the end of it")))
        return EXIT_OK;
    snprintf(wrong, NOTATION_WRONG, "not a %s: %s", type->name, literal->problem);
    return EXIT_FAILED;
}

/* A key may go without quotes. One that is a text is never in any: what looks like them may be in it. */
static int parse_key(struct parsed *parsed, const mms_type *type, char *wrong)
{
    const struct literal *literal = &parsed->literal;
    mms_str text = {literal->at, (size_t)(literal->end - literal->at)};

    parsed->literal.alone = true;
    if (!is_text(type))
        return parse(parsed, type, wrong);
    memcpy(parsed->input, &text, sizeof text);
    return EXIT_OK;
}

static int add_key(const mms_table_type *type, const void *input, struct bytes *out, char *wrong)
{
    unsigned char room[MMS_TYPED_TABLE_KEY_MAX];
    mms_key key;

    if (mms_typed_table_key(type, input, room, &key) == 0)
        return bytes_add(out, key.data, key.size);
    snprintf(wrong, NOTATION_WRONG, "not a key of the table: %.250s", mms_last_error());
    return EXIT_FAILED;
}

static int read_key(const mms_table_type *type, const char *text, size_t size, struct bytes *out, char *wrong)
{
    struct parsed parsed;
    int status = start(&parsed, type->key, text, size);

    if (!status)
        status = parse_key(&parsed, type->key, wrong);
    if (!status)
        status = add_key(type, parsed.input, out, wrong);
    end(&parsed);
    return status;
}

int notation_read(const struct notation *notation, const char *text, size_t size, struct bytes *out, char *wrong)
{
    const char *simply;
    int status;

    *wrong = '\0';
    if (notation->type && notation->of_key)
        return read_key(notation->type, text, size, out, wrong);
    status = kind_read(notation->kind, text, size, out, &simply);
    if (simply)
        snprintf(wrong, NOTATION_WRONG, "%s", simply);
    return status;
}

/* ---- Putting ---- */

static int put(mms_table *table, const mms_table_type *type, const void *key, const void *value, char *wrong)
{
    int code = mms_typed_table_put(table, type, key, value);

    if (code != MMS_E_INVALID)
        return code;
    snprintf(wrong, NOTATION_WRONG, "not one of the table: %.250s", mms_last_error());
    return EXIT_FAILED;
}

int typed_put(mms_table *table, const mms_table_type *type, const struct bytes *key, const struct bytes *value,
              char *wrong)
{
    struct parsed parsed_key, parsed_value;
    int status = start(&parsed_key, type->key, key->data, key->size);

    *wrong = '\0';
    if (start(&parsed_value, type->value, value->data, value->size))
        status = EXIT_FAILED;
    if (!status)
        status = parse_key(&parsed_key, type->key, wrong);
    if (!status)
        status = parse(&parsed_value, type->value, wrong);
    if (!status)
        status = put(table, type, parsed_key.input, parsed_value.input, wrong);
    end(&parsed_key);
    end(&parsed_value);
    return status;
}
