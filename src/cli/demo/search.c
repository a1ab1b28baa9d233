/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/demo/search.h"
#include <string.h>

enum { NAME_SIZE = 255 };

bool mac_prefix(const char *text, size_t size, char key[6])
{
    size_t digits = 0;

    for (size_t i = 0; i < size && digits < 6; i++) {
        char c = text[i];

        if (c >= 'a' && c <= 'f')
            c = (char)(c - 'a' + 'A');
        if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'))
            key[digits++] = c;
        else if (c != ':' && c != '-')
            return false;
    }
    return digits == 6;
}

static enum find_result search_oui(const struct snapshot *snapshot, const char *text, size_t size,
                                   struct answer *answer)
{
    enum find_result result;
    char key[6];

    if (!mac_prefix(text, size, key))
        return FIND_ABSENT;
    result = snapshot->form->find(snapshot, key, sizeof key, &answer->record);
    answer->found = result == FIND_FOUND;
    return result;
}

/* Where the label after the one at `at` begins; `size` after the last one. */
static size_t next_label(const char *name, size_t size, size_t at)
{
    const char *dot = memchr(name + at, '.', size - at);

    return dot ? (size_t)(dot - name) + 1 : size;
}

/* Names are compared in lower case; beyond ASCII the list has them in lower case, and so must the caller. */
static void to_lower(char *to, const char *from, size_t size)
{
    for (size_t i = 0; i < size; i++)
        to[i] = (char)(from[i] >= 'A' && from[i] <= 'Z' ? from[i] - 'A' + 'a' : from[i]);
}

/* The algorithm of https://publicsuffix.org/list/: an exception wins, else the rule with the most labels, else "*".
   From the whole name to its last label, so the first match is the longest; only an exception can still outdo it. */
static enum find_result search_suffix(const struct snapshot *snapshot, const char *text, size_t size,
                                      struct answer *answer)
{
    size_t before = size, at = 0, next;
    char name[NAME_SIZE];

    if (size == 0 || size > sizeof name)
        return FIND_ABSENT;
    to_lower(name, text, size);
    for (;; before = at, at = next) {
        struct record record;
        enum find_result result = snapshot->form->find(snapshot, name + at, size - at, &record);

        next = next_label(name, size, at);
        if (result == FIND_TORN)
            return result;
        if (result == FIND_FOUND && record.rules & RULE_EXCEPTION) {
            *answer = (struct answer){true, record, next};
            return FIND_FOUND;
        }
        if (result == FIND_FOUND && !answer->found && record.rules & RULE_WILDCARD && at > 0)
            *answer = (struct answer){true, record, before};
        else if (result == FIND_FOUND && !answer->found && record.rules & RULE_NORMAL)
            *answer = (struct answer){true, record, at};
        if (next == size)
            break;
    }
    if (answer->found)
        return FIND_FOUND;
    answer->suffix = at;
    return FIND_ABSENT;
}

enum find_result search(const struct snapshot *snapshot, const char *text, size_t size, struct answer *answer)
{
    *answer = (struct answer){.found = false};
    if (snapshot->data->kind == DATA_OUI)
        return search_oui(snapshot, text, size, answer);
    return search_suffix(snapshot, text, size, answer);
}

size_t registrable_domain(const char *name, size_t size, size_t suffix)
{
    size_t start;

    if (suffix == 0)
        return size;
    for (start = suffix - 1; start > 0 && name[start - 1] != '.'; start--)
        continue;
    return start;
}
