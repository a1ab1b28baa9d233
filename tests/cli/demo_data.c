/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the two data sets and searches them; the right answers are found in another way. */
#include "cli/demo/query.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* The loader refuses data sets that are unrealistically small. */
enum { FILLING = 1200 };

static char path[] = "/tmp/mmsync-test-XXXXXX";

static void write_file(const char *start, const char *filling)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(start, file);
    for (int i = 0; i < FILLING; i++)
        fprintf(file, filling, i);
    assert_int_equal(fclose(file), 0);
}

/* The answer of a look-up, for tests to change. */
static void *in_buffer(unsigned char *buffer, const void *found)
{
    return buffer + ((const unsigned char *)found - buffer);
}

static unsigned char *build(const struct data_set *data, struct subset subset, uint64_t serial,
                            struct snapshot *snapshot)
{
    struct archive_builder builder;
    unsigned char *buffer;
    size_t size;

    assert_int_equal(archive_prepare(&builder, data->count, data_title(data->kind)), 0);
    archive_start(&builder, serial);
    for (uint32_t i = 0; i < data->count; i++)
        if (subset_has(subset, i))
            archive_add(&builder, &data->entries[i]);
    assert_int_equal(archive_size(&builder, &size), 0);
    buffer = malloc(size);
    assert_non_null(buffer);
    assert_int_equal(archive_write(&builder, buffer, size, &size), 0);
    assert_null(archive_check(buffer, size, serial));
    *snapshot = (struct snapshot){.form = &archive_form,
                                  .data = data,
                                  .view = {.data = buffer, .size = size, .generation = serial},
                                  .registry = Registry_root(buffer, size),
                                  .subset = subset};
    archive_release(&builder);
    return buffer;
}

static const struct subset everything = {0, 65536};

/* ---- OUI registry ---- */

#define OUI_HEADER "Registry,Assignment,Organization Name,Organization Address\r\n"
#define OUI_FILLING "MA-L,F%05X,Filling,Somewhere\r\n"

static void expect_vendor(const struct snapshot *snapshot, const char *mac, const char *vendor)
{
    struct answer answer;
    enum find_result result = search(snapshot, mac, strlen(mac), &answer);

    if (!vendor) {
        assert_int_equal(result, FIND_ABSENT);
        return;
    }
    assert_int_equal(result, FIND_FOUND);
    assert_true(answer.record.name_size == strlen(vendor) && !memcmp(answer.record.name, vendor, strlen(vendor)));
}

static void csv_is_read(void **state)
{
    struct data_set data;
    struct snapshot snapshot;
    unsigned char *buffer;

    (void)state;
    write_file(OUI_HEADER "MA-L,002272,Plain,Road\r\n"
                          "MA-L,00D0EF,\"Comma, Inc\",\"A \"\"quoted\"\" road, town\"\r\n"
                          "MA-L,086195,\"Says \"\"hello\"\"\",Road\n"
                          "MA-L,F4BD9F,\"Two\nlines\",Road\n"
                          "\r\n"
                          "MA-L,0001C8,First,Road\r\nMA-L,0001C8,Second,Road\r\n"
                          "MA-L,00AA00,Without address\r\n"
                          "MA-L,00AA01,,Road\r\n",
               OUI_FILLING);
    assert_int_equal(data_load(DATA_OUI, path, &data), 0);
    assert_int_equal(data.count, FILLING + 7);
    buffer = build(&data, everything, 1, &snapshot);
    expect_vendor(&snapshot, "00:22:72:00:00:00", "Plain");
    expect_vendor(&snapshot, "00-d0-ef-01-02-03", "Comma, Inc");
    expect_vendor(&snapshot, "086195ABCDEF", "Says \"hello\"");
    expect_vendor(&snapshot, "f4:bd:9f:ff:ff:ff", "Two\nlines");
    expect_vendor(&snapshot, "00:01:C8:00:00:00", "First");
    expect_vendor(&snapshot, "00aa00000000", "Without address");
    expect_vendor(&snapshot, "00aa01000000", "");
    expect_vendor(&snapshot, "00aa02000000", NULL);
    expect_vendor(&snapshot, "00aa", NULL);
    expect_vendor(&snapshot, "not a mac", NULL);
    free(buffer);
    data_free(&data);
}

static void expect_refusal(enum data_kind kind, const char *start, const char *filling)
{
    struct data_set data;

    write_file(start, filling);
    assert_int_not_equal(data_load(kind, path, &data), 0);
    assert_null(data.entries);
}

static void other_files_are_refused(void **state)
{
    (void)state;
    expect_refusal(DATA_OUI, "", OUI_FILLING);
    expect_refusal(DATA_OUI, OUI_HEADER, "MA-L,xyz%03d,Name,Road\r\n");
    expect_refusal(DATA_OUI, OUI_HEADER, "");
    expect_refusal(DATA_OUI, OUI_HEADER "MA-L,002272,\"no end,", OUI_FILLING);
    expect_refusal(DATA_SUFFIX, "// nothing\n\n", "");
    expect_refusal(DATA_SUFFIX, "a.*.b\n", "r%d.example\n");
    expect_refusal(DATA_SUFFIX, "!\n", "r%d.example\n");
}

/* ---- Public suffix list ---- */

#define RULES                                                                                                   \
    "// a comment\n\ncom\nexample.com\njp\nac.jp\nkobe.jp\n*.kobe.jp\n!city.kobe.jp  a remark\n*.ck\n!www.ck\n" \
    "\xe5\x85\xac\xe5\x8f\xb8.cn\ncn\nuk\nco.uk\r\n"
#define RULE_FILLING "r%d.filling\n"

static void expect_domain(const struct snapshot *snapshot, const char *name, const char *domain)
{
    size_t size = strlen(name), start;
    struct answer answer;

    assert_int_not_equal(search(snapshot, name, size, &answer), FIND_TORN);
    start = registrable_domain(name, size, answer.suffix);
    assert_string_equal(name + start, domain ? domain : "");
}

/* By the algorithm that https://publicsuffix.org/list/ describes. */
static void rules_are_applied(void **state)
{
    struct data_set data;
    struct snapshot snapshot;
    unsigned char *buffer;

    (void)state;
    write_file(RULES, RULE_FILLING);
    assert_int_equal(data_load(DATA_SUFFIX, path, &data), 0);
    buffer = build(&data, everything, 1, &snapshot);
    expect_domain(&snapshot, "com", NULL);
    expect_domain(&snapshot, "mine.com", "mine.com");
    expect_domain(&snapshot, "WwW.MinE.com", "MinE.com");
    expect_domain(&snapshot, "a.b.mine.com", "mine.com");
    expect_domain(&snapshot, "example.com", NULL);
    expect_domain(&snapshot, "x.example.com", "x.example.com");
    expect_domain(&snapshot, "www.mine.co.uk", "mine.co.uk");
    expect_domain(&snapshot, "mine.uk", "mine.uk");
    expect_domain(&snapshot, "kobe.jp", NULL);
    expect_domain(&snapshot, "b.kobe.jp", NULL);
    expect_domain(&snapshot, "c.b.kobe.jp", "c.b.kobe.jp");
    expect_domain(&snapshot, "d.c.b.kobe.jp", "c.b.kobe.jp");
    expect_domain(&snapshot, "city.kobe.jp", "city.kobe.jp");
    expect_domain(&snapshot, "www.city.kobe.jp", "city.kobe.jp");
    expect_domain(&snapshot, "ck", NULL);
    expect_domain(&snapshot, "a.ck", NULL);
    expect_domain(&snapshot, "b.a.ck", "b.a.ck");
    expect_domain(&snapshot, "www.ck", "www.ck");
    expect_domain(&snapshot, "www.www.ck", "www.ck");
    expect_domain(&snapshot, "\xe9\xa3\x9f\xe7\x8b\xae.\xe5\x85\xac\xe5\x8f\xb8.cn",
                  "\xe9\xa3\x9f\xe7\x8b\xae.\xe5\x85\xac\xe5\x8f\xb8.cn");
    expect_domain(&snapshot, "unlisted", NULL);
    expect_domain(&snapshot, "www.mine.unlisted", "mine.unlisted");
    free(buffer);
    data_free(&data);
}

/* ---- Knowing the right answer ---- */

/* Searching the table and searching the plain list give the same, whichever part of the data the
   table has. */
static void check_agreement(enum data_kind kind)
{
    struct query_set queries;
    struct data_set data;

    assert_int_equal(data_load(kind, path, &data), 0);
    assert_int_equal(query_build(&data, 2000, &queries), 0);
    for (uint64_t serial = 1; serial <= 40; serial++) {
        struct subset subset = subset_of(serial);
        uint32_t found = 0;
        struct snapshot snapshot;
        unsigned char *buffer = build(&data, subset, serial, &snapshot);

        for (uint32_t i = 0; i < queries.count; i++) {
            const struct query *query = &queries.queries[i];
            struct answer answer;

            found += search(&snapshot, query_text(&queries, query), query->size, &answer) == FIND_FOUND;
            if (!query_is_right(&queries, query, &snapshot, &answer))
                fail_msg("serial %d: %.*s", (int)serial, (int)query->size, query_text(&queries, query));
        }
        assert_in_range(found, subset.share == 65536, queries.count * 7 / 8);
        free(buffer);
    }
    query_free(&queries);
    data_free(&data);
}

static void right_answers_are_recognized(void **state)
{
    (void)state;
    write_file(OUI_HEADER, OUI_FILLING);
    check_agreement(DATA_OUI);
    write_file(RULES, RULE_FILLING);
    check_agreement(DATA_SUFFIX);
}

/* An answer from the wrong subset, to the wrong query, or none at all. */
static void wrong_answers_are_recognized(void **state)
{
    struct query_set queries;
    struct data_set data;
    struct snapshot snapshot;
    unsigned char *buffer;
    unsigned known = 0;

    (void)state;
    write_file(OUI_HEADER, "MA-L,F%05X,\"Unlike the others\",Somewhere\r\n");
    assert_int_equal(data_load(DATA_OUI, path, &data), 0);
    assert_int_equal(query_build(&data, 200, &queries), 0);
    buffer = build(&data, everything, 1, &snapshot);
    for (uint32_t i = 0; i < queries.count; i++) {
        const struct query *query = &queries.queries[i];
        struct answer answer, no_answer = {.found = false}, neighbour;
        struct snapshot nothing = snapshot;

        search(&snapshot, query_text(&queries, query), query->size, &answer);
        assert_true(query_is_right(&queries, query, &snapshot, &answer));
        if (!answer.found)
            continue;
        known++;
        nothing.subset = (struct subset){0, 0};
        neighbour = answer;
        neighbour.record.number = (answer.record.number + 1) % data.count;
        assert_false(query_is_right(&queries, query, &nothing, &answer));
        assert_false(query_is_right(&queries, query, &snapshot, &no_answer));
        assert_false(query_is_right(&queries, query, &snapshot, &neighbour));
    }
    assert_true(known > 0);
    free(buffer);
    query_free(&queries);
    data_free(&data);
}

/* No search mistakes a damaged table for one that lacks the record. */
static void damage_is_not_taken_for_absence(void **state)
{
    static const struct {
        enum data_kind kind;
        const char *start, *filling, *text;
    } cases[] = {
        {DATA_OUI, OUI_HEADER, OUI_FILLING, "f0:00:05:00:00:00"},
        {DATA_SUFFIX, RULES, RULE_FILLING, "www.mine.co.uk"},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct answer answer;
        struct data_set data;
        ArchivedHashMap_String_Record_entry *entries;
        struct snapshot snapshot;
        unsigned char *buffer;

        write_file(cases[i].start, cases[i].filling);
        assert_int_equal(data_load(cases[i].kind, path, &data), 0);
        buffer = build(&data, everything, 1, &snapshot);
        assert_int_equal(search(&snapshot, cases[i].text, strlen(cases[i].text), &answer), FIND_FOUND);
        entries = in_buffer(buffer, HashMap_String_Record_entries(&snapshot.registry->records));
        for (size_t k = 0; k < HashMap_String_Record_count(&snapshot.registry->records); k++)
            entries[k].value.stamp = 2;
        assert_int_equal(search(&snapshot, cases[i].text, strlen(cases[i].text), &answer), FIND_TORN);
        free(buffer);
        data_free(&data);
    }
}

static int make_file(void **state)
{
    int file = mkstemp(path);

    (void)state;
    return file < 0 ? -1 : close(file);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv_is_read),
        cmocka_unit_test(other_files_are_refused),
        cmocka_unit_test(rules_are_applied),
        cmocka_unit_test(right_answers_are_recognized),
        cmocka_unit_test(wrong_answers_are_recognized),
        cmocka_unit_test(damage_is_not_taken_for_absence),
    };

    return cmocka_run_group_tests_name("demo_data", tests, make_file, remove_file);
}
