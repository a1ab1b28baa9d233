/* SPDX-License-Identifier: Apache-2.0 */
/* {"key": 4711, "value": {"cents": 1999}}: JSON whose parts have types. They are found here, and read
   when they are put. */
#include "cli/cmd.h"
#include "cli/set/literal.h"
#include "cli/table/text.h"
#include <stdlib.h>
#include <string.h>

/* Past a text; the rest of the line, if it does not end. */
static void skip_text(struct literal *literal)
{
    for (literal->at++; literal->at < literal->end && *literal->at != '"'; literal->at++)
        if (*literal->at == '\\' && literal->at + 1 < literal->end)
            literal->at++;
    if (literal->at < literal->end)
        literal->at++;
}

/* Past any JSON: up to the comma, or the brace, that it does not contain. Whether it is well formed shows when it is
   read. */
static bool skip(struct literal *literal)
{
    const char *start = literal->at;
    size_t depth = 0;
    char c;

    while ((c = literal_peek(literal)) != '\0') {
        if (depth == 0 && (c == ',' || c == '}' || c == ']'))
            break;
        if (c == '"') {
            skip_text(literal);
            continue;
        }
        depth += c == '[' || c == '{';
        depth -= c == ']' || c == '}';
        literal->at++;
    }
    return literal->at > start || literal_expected(literal, "a value");
}

/* The key of an entry, which is text without its quotes. */
static bool take_key(struct literal *literal, const mms_type *type, struct bytes *out)
{
    const char *start = literal->at;
    mms_str text;

    if (type->kind == MMS_T_STRING || type->kind == MMS_T_BOX_STR)
        return literal_text(literal, &text) &&
               (bytes_add(out, text.data, text.size) == EXIT_OK || literal_fail(literal, "memory is short"));
    return skip(literal) && (bytes_add(out, start, (size_t)(literal->at - start)) == EXIT_OK ||
                             literal_fail(literal, "memory is short"));
}

static bool take_value(struct literal *literal, struct bytes *out)
{
    const char *start = literal->at;

    return skip(literal) && (bytes_add(out, start, (size_t)(literal->at - start)) == EXIT_OK ||
                             literal_fail(literal, "memory is short"));
}

static bool take_expiry(struct literal *literal, uint64_t *expires_ns)
{
    static const mms_type nanoseconds = {.name = "u64", .kind = MMS_T_U64, .size = 8, .input_size = 8};

    return literal_integer(literal, &nanoseconds, expires_ns);
}

/* What the line has said. */
struct given {
    bool key, value, expiry;
};

static bool once(struct literal *literal, bool *given, const char *name)
{
    if (*given)
        return literal_fail(literal, "\"%s\" is there twice", name);
    return *given = true;
}

static bool take_member(struct literal *literal, const mms_table_type *type, struct given *given,
                        struct text_entry *entry)
{
    mms_str name;

    if (!literal_text(literal, &name) || !literal_mark(literal, ':'))
        return false;
    (void)literal_peek(literal);
    if (mms_str_equal(name, mms_str_of("key")))
        return once(literal, &given->key, "key") && take_key(literal, type->key, &entry->key);
    if (mms_str_equal(name, mms_str_of("value")))
        return once(literal, &given->value, "value") && take_value(literal, &entry->value);
    if (mms_str_equal(name, mms_str_of("expires_ns")))
        return once(literal, &given->expiry, "expires_ns") && take_expiry(literal, &entry->expires_ns);
    return literal_fail(literal, "\"%.*s\" is not key, value or expires_ns", (int)name.size, name.data);
}

static bool take_line(struct literal *literal, const mms_table_type *type, struct text_entry *entry)
{
    struct given given = {false, false, false};
    bool good = literal_mark(literal, '{');

    for (int i = 0; good && !literal_take(literal, '}'); i++)
        good = (i == 0 || literal_mark(literal, ',')) && take_member(literal, type, &given, entry);
    if (!good || (!literal_at_end(literal) && !literal_expected(literal, "the end of the line")))
        return false;
    return (given.key && given.value) || literal_fail(literal, "no \"%s\"", given.key ? "value" : "key");
}

int typed_line_read(const struct text_reader *reader, uint64_t line, struct text_entry *entry)
{
    const struct bytes *text = &reader->line;
    char *room = malloc(text->size + 1);
    struct literal literal = {.at = text->data, .end = text->data + text->size, .room = room};
    int status = EXIT_OK;

    if (!room)
        literal_fail(&literal, "memory is short");
    if (!room || !take_line(&literal, reader->style.keys.type, entry))
        status = fail_line(reader, line, "%s", literal.problem);
    free(room);
    return status;
}
