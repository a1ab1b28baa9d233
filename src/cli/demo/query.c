/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/demo/query.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { QUERY_SIZE = 320 };

/* The keys in plain order, for the search that needs no hash. */
struct catalogue {
    const struct data_set *data;
    const struct data_entry **sorted;
};

static int compare_keys(const char *a, size_t a_size, const char *b, size_t b_size)
{
    int order = memcmp(a, b, a_size < b_size ? a_size : b_size);

    return order ? order : (a_size > b_size) - (a_size < b_size);
}

static int compare_entries(const void *left, const void *right)
{
    const struct data_entry *a = *(const struct data_entry *const *)left;
    const struct data_entry *b = *(const struct data_entry *const *)right;

    return compare_keys(a->key, a->key_size, b->key, b->key_size);
}

static bool catalogue_build(struct catalogue *catalogue, const struct data_set *data)
{
    catalogue->data = data;
    /* NOLINTBEGIN(bugprone-sizeof-expression): they are pointers */
    catalogue->sorted = malloc(data->count * sizeof *catalogue->sorted);
    if (!catalogue->sorted)
        return false;
    for (uint32_t i = 0; i < data->count; i++)
        catalogue->sorted[i] = &data->entries[i];
    qsort(catalogue->sorted, data->count, sizeof *catalogue->sorted, compare_entries);
    /* NOLINTEND(bugprone-sizeof-expression) */
    return true;
}

static const struct data_entry *catalogue_find(const struct catalogue *catalogue, const char *key, size_t size)
{
    uint32_t low = 0, high = catalogue->data->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct data_entry *entry = catalogue->sorted[middle];
        int order = compare_keys(entry->key, entry->key_size, key, size);

        if (order == 0)
            return entry;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* ---- Growing arrays ---- */

static bool reserve(void **array, size_t *capacity, size_t needed, size_t unit)
{
    size_t larger = *capacity ? *capacity : 1024;
    void *moved;

    if (needed <= *capacity)
        return true;
    while (larger < needed)
        larger *= 2;
    moved = realloc(*array, larger * unit);
    if (!moved)
        return false;
    *array = moved;
    *capacity = larger;
    return true;
}

static bool add_text(struct query_set *set, const char *text, size_t size)
{
    void *array = set->text;
    bool fits = reserve(&array, &set->text_capacity, set->text_size + size, 1);

    set->text = array;
    if (!fits)
        return false;
    memcpy(set->text + set->text_size, text, size);
    set->text_size += size;
    return true;
}

static bool add_candidate(struct query_set *set, struct query *query, const struct data_entry *entry, size_t suffix)
{
    void *array = set->candidates;
    bool fits = reserve(&array, &set->candidate_capacity, set->candidate_count + 1, sizeof *set->candidates);

    set->candidates = array;
    if (!fits)
        return false;
    set->candidates[set->candidate_count++] = (struct candidate){entry->number, (uint16_t)suffix};
    query->count++;
    return true;
}

/* ---- MAC addresses ---- */

static uint32_t random_number(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(mix_bits(*state) >> 32);
}

static int write_mac(char *text, const char *prefix, uint64_t *state)
{
    static const char *const forms[] = {"%.2s:%.2s:%.2s:%02X:%02X:%02X", "%.2s-%.2s-%.2s-%02X-%02X-%02X",
                                        "%.2s%.2s%.2s%02X%02X%02X"};
    unsigned host = random_number(state);

    return snprintf(text, QUERY_SIZE, forms[random_number(state) % 3], prefix, prefix + 2, prefix + 4, host & 255,
                    host >> 8 & 255, host >> 16 & 255);
}

static bool ask_for_mac(struct query_set *set, const struct catalogue *catalogue, bool absent, uint64_t *state)
{
    struct query query = {.text = (uint32_t)set->text_size, .candidates = (uint32_t)set->candidate_count};
    const struct data_entry *entry = &set->data->entries[random_number(state) % set->data->count];
    char text[QUERY_SIZE], prefix[16];

    snprintf(prefix, sizeof prefix, "%.6s", entry->key);
    while (absent && entry) {
        snprintf(prefix, sizeof prefix, "%06X", random_number(state) & 0xffffff);
        entry = catalogue_find(catalogue, prefix, 6);
    }
    query.size = (uint16_t)write_mac(text, prefix, state);
    if (random_number(state) % 2)
        for (char *at = text; *at; at++)
            *at = (char)(*at >= 'A' && *at <= 'F' ? *at - 'A' + 'a' : *at);
    if (!add_text(set, text, query.size) || (entry && !add_candidate(set, &query, entry, 0)))
        return false;
    set->queries[set->count++] = query;
    return true;
}

/* ---- Host names ---- */

static size_t label_end(const char *name, size_t size, size_t at)
{
    while (at < size && name[at] != '.')
        at++;
    return at;
}

static size_t parent_domain(const char *name, size_t size, size_t at)
{
    size_t end = label_end(name, size, at);

    return end < size ? end + 1 : size;
}

/* Exceptions first, then from the longest rule to the shortest: the order in which they win. */
static bool add_rules(struct query_set *set, const struct catalogue *catalogue, struct query *query, const char *name,
                      bool exceptions)
{
    for (size_t before = 0, at = 0; at < query->size; before = at, at = label_end(name, query->size, at) + 1) {
        const struct data_entry *entry = catalogue_find(catalogue, name + at, query->size - at);
        uint32_t flags = entry ? entry->flags : 0;

        query->fallback = (uint16_t)at;
        if (flags & RULE_EXCEPTION) {
            if (exceptions && !add_candidate(set, query, entry, parent_domain(name, query->size, at)))
                return false;
        } else if (!exceptions && flags & RULE_WILDCARD && at > 0) {
            if (!add_candidate(set, query, entry, before))
                return false;
        } else if (!exceptions && flags & RULE_NORMAL) {
            if (!add_candidate(set, query, entry, at))
                return false;
        }
    }
    return true;
}

static void raise_some_letters(char *text, size_t size, uint64_t *state)
{
    for (size_t i = 0; i < size; i++)
        if (text[i] >= 'a' && text[i] <= 'z' && random_number(state) % 4 == 0)
            text[i] = (char)(text[i] - 'a' + 'A');
}

static bool ask_for_name(struct query_set *set, const struct catalogue *catalogue, bool absent, uint64_t *state)
{
    static const char *const fronts[] = {"", "example.", "www.example.", "a.b.shop.example."};
    struct query query = {.text = (uint32_t)set->text_size, .candidates = (uint32_t)set->candidate_count};
    const struct data_entry *entry = &set->data->entries[random_number(state) % set->data->count];
    const char *front = fronts[random_number(state) % 4];
    char name[QUERY_SIZE];

    if (absent)
        query.size = (uint16_t)snprintf(name, sizeof name, "%sunlisted-%x", front, random_number(state) & 0xffff);
    else
        query.size = (uint16_t)snprintf(name, sizeof name, "%s%.*s", front, (int)entry->key_size, entry->key);
    if (query.size > 253)
        return true;
    if (!add_rules(set, catalogue, &query, name, true) || !add_rules(set, catalogue, &query, name, false))
        return false;
    if (random_number(state) % 4 == 0)
        raise_some_letters(name, query.size, state);
    if (!add_text(set, name, query.size))
        return false;
    set->queries[set->count++] = query;
    return true;
}

/* ---- The set ---- */

static bool ask_all(struct query_set *set, const struct catalogue *catalogue, uint32_t count)
{
    uint64_t state = 0;

    for (uint32_t i = 0; i < count; i++) {
        bool absent = i % 8 == 7;

        if (set->data->kind == DATA_OUI ? !ask_for_mac(set, catalogue, absent, &state)
                                        : !ask_for_name(set, catalogue, absent, &state))
            return false;
    }
    return true;
}

int query_build(const struct data_set *data, uint32_t count, struct query_set *set)
{
    struct catalogue catalogue;
    bool built;

    *set = (struct query_set){.data = data, .queries = calloc(count, sizeof *set->queries)};
    built = set->queries && catalogue_build(&catalogue, data);
    if (built) {
        built = ask_all(set, &catalogue, count);
        free(catalogue.sorted);
    }
    if (built && set->count)
        return 0;
    query_free(set);
    return -ENOMEM;
}

void query_free(struct query_set *set)
{
    free(set->queries);
    free(set->text);
    free(set->candidates);
    *set = (struct query_set){0};
}

const char *query_text(const struct query_set *set, const struct query *query)
{
    return set->text + query->text;
}

static const struct candidate *expected_candidate(const struct query_set *set, const struct query *query,
                                                  const struct snapshot *snapshot)
{
    const struct candidate *candidate = set->candidates + query->candidates;

    for (unsigned i = 0; i < query->count; i++)
        if (snapshot->form->has(snapshot, candidate[i].number))
            return &candidate[i];
    return NULL;
}

bool query_is_right(const struct query_set *set, const struct query *query, const struct snapshot *snapshot,
                    const struct answer *answer)
{
    const struct candidate *expected = expected_candidate(set, query, snapshot);

    if (!expected)
        return !answer->found && answer->suffix == query->fallback;
    return answer->found && answer->suffix == expected->suffix &&
           record_is(&answer->record, &set->data->entries[expected->number]);
}
