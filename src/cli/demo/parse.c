/* SPDX-License-Identifier: Apache-2.0 */
/* The two file formats: the IEEE's CSV (RFC 4180), and the public suffix list
   (https://publicsuffix.org/list/). */
#include "cli/demo/data.h"
#include <string.h>

static const char no_memory[] = "memory is short";

/* ---- OUI registry ---- */

enum { KEY_DIGITS = 6, COLUMNS = 3 };

struct field {
    const char *text;
    size_t size;
};

/* The field at *at, unquoted in place. Moves *at past the comma or the end of the line. */
static struct field next_field(char **at, const char *end, bool *last)
{
    char *from = *at, *to = *at;
    struct field field = {from, 0};
    bool quoted = from < end && *from == '"';

    from += quoted;
    while (from < end && (quoted || (*from != ',' && *from != '\n'))) {
        if (quoted && *from == '"') {
            if (++from == end || *from != '"') {
                quoted = false;
                continue;
            }
        }
        *to++ = *from++;
    }
    *last = from == end || *from == '\n';
    *at = from + (from < end);
    field.size = (size_t)(to - field.text);
    if (*last && field.size && field.text[field.size - 1] == '\r')
        field.size--;
    return field;
}

/* The first COLUMNS fields of a line, empty where it has fewer. False for an empty line. */
static bool next_line(char **at, const char *end, struct field fields[COLUMNS])
{
    bool last = false;
    int count = 0;

    memset(fields, 0, COLUMNS * sizeof *fields);
    while (!last) {
        struct field field = next_field(at, end, &last);

        if (count < COLUMNS)
            fields[count] = field;
        count++;
    }
    return count > 1 || fields[0].size;
}

static bool is(struct field field, const char *text)
{
    return field.size == strlen(text) && !memcmp(field.text, text, field.size);
}

static bool is_assignment(struct field field)
{
    return field.size == KEY_DIGITS && strspn(field.text, "0123456789ABCDEF") >= KEY_DIGITS;
}

const char *parse_oui(struct data_set *set, size_t size)
{
    char *at = set->text;
    const char *end = set->text + size;
    struct field fields[COLUMNS];

    if (!next_line(&at, end, fields) || !is(fields[1], "Assignment") || !is(fields[2], "Organization Name"))
        return "the first line does not name the columns";
    while (at < end) {
        if (!next_line(&at, end, fields))
            continue;
        if (!is_assignment(fields[1]))
            return "a line has no assignment of six hexadecimal digits";
        if (fields[2].size > UINT16_MAX)
            return "the name of an organization is too long; is a closing quote missing?";
        if (!data_add(set, fields[1].text, KEY_DIGITS, fields[2].text, fields[2].size, 0))
            return no_memory;
    }
    return NULL;
}

/* ---- Public suffix list ---- */

enum { NAME_MAX_SIZE = 253 };

/* A rule stands at the start of its line, up to the first blank; lines that begin with // are
   comments. */
static struct field next_rule(const char **at, const char *end)
{
    const char *line = *at, *stop = memchr(line, '\n', (size_t)(end - line));
    struct field rule = {line, 0};

    stop = stop ? stop : end;
    *at = stop + (stop < end);
    if (stop - line >= 2 && !memcmp(line, "//", 2))
        return rule;
    while (line < stop && !strchr(" \t\r", *line))
        line++;
    rule.size = (size_t)(line - rule.text);
    return rule;
}

static uint32_t split_rule(struct field *rule)
{
    uint32_t flags = RULE_NORMAL;
    size_t skip = 0;

    if (rule->text[0] == '!') {
        flags = RULE_EXCEPTION;
        skip = 1;
    } else if (rule->size > 2 && !memcmp(rule->text, "*.", 2)) {
        flags = RULE_WILDCARD;
        skip = 2;
    }
    rule->text += skip;
    rule->size -= skip;
    return flags;
}

const char *parse_suffixes(struct data_set *set, size_t size)
{
    const char *at = set->text, *end = set->text + size;

    while (at < end) {
        struct field rule = next_rule(&at, end);
        uint32_t flags;

        if (!rule.size)
            continue;
        flags = split_rule(&rule);
        if (!rule.size || rule.size > NAME_MAX_SIZE || memchr(rule.text, '*', rule.size))
            return "a rule is empty, too long, or has a wildcard where none is allowed";
        if (!data_add(set, rule.text, rule.size, "", 0, flags))
            return no_memory;
    }
    return NULL;
}
