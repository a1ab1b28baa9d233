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
                            const ArchivedRegistry **table)
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
    *table = Registry_root(buffer, size);
    archive_release(&builder);
    return buffer;
}

static const struct subset everything = {0, 65536};

/* ---- OUI registry ---- */

#define OUI_HEADER "Registry,Assignment,Organization Name,Organization Address\r\n"
#define OUI_FILLING "MA-L,F%05X,Filling,Somewhere\r\n"

static void expect_vendor(const ArchivedRegistry *table, const char *mac, const char *vendor)
{
    struct answer answer;
    enum find_result result = search(table, 1, DATA_OUI, mac, strlen(mac), &answer);

    if (!vendor) {
        assert_int_equal(result, FIND_ABSENT);
        return;
    }
    assert_int_equal(result, FIND_FOUND);
    assert_true(mms_str_equal(Record_get_name(answer.record), mms_str_of(vendor)));
}

static void csv_is_read(void **state)
{
    struct data_set data;
    const ArchivedRegistry *table;
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
    buffer = build(&data, everything, 1, &table);
    expect_vendor(table, "00:22:72:00:00:00", "Plain");
    expect_vendor(table, "00-d0-ef-01-02-03", "Comma, Inc");
    expect_vendor(table, "086195ABCDEF", "Says \"hello\"");
    expect_vendor(table, "f4:bd:9f:ff:ff:ff", "Two\nlines");
    expect_vendor(table, "00:01:C8:00:00:00", "First");
    expect_vendor(table, "00aa00000000", "Without address");
    expect_vendor(table, "00aa01000000", "");
    expect_vendor(table, "00aa02000000", NULL);
    expect_vendor(table, "00aa", NULL);
    expect_vendor(table, "not a mac", NULL);
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

static void expect_domain(const ArchivedRegistry *table, const char *name, const char *domain)
{
    size_t size = strlen(name), start;
    struct answer answer;

    assert_int_not_equal(search(table, 1, DATA_SUFFIX, name, size, &answer), FIND_TORN);
    start = registrable_domain(name, size, answer.suffix);
    assert_string_equal(name + start, domain ? domain : "");
}

/* By the algorithm that https://publicsuffix.org/list/ describes. */
static void rules_are_applied(void **state)
{
    struct data_set data;
    const ArchivedRegistry *table;
    unsigned char *buffer;

    (void)state;
    write_file(RULES, RULE_FILLING);
    assert_int_equal(data_load(DATA_SUFFIX, path, &data), 0);
    buffer = build(&data, everything, 1, &table);
    expect_domain(table, "com", NULL);
    expect_domain(table, "mine.com", "mine.com");
    expect_domain(table, "WwW.MinE.com", "MinE.com");
    expect_domain(table, "a.b.mine.com", "mine.com");
    expect_domain(table, "example.com", NULL);
    expect_domain(table, "x.example.com", "x.example.com");
    expect_domain(table, "www.mine.co.uk", "mine.co.uk");
    expect_domain(table, "mine.uk", "mine.uk");
    expect_domain(table, "kobe.jp", NULL);
    expect_domain(table, "b.kobe.jp", NULL);
    expect_domain(table, "c.b.kobe.jp", "c.b.kobe.jp");
    expect_domain(table, "d.c.b.kobe.jp", "c.b.kobe.jp");
    expect_domain(table, "city.kobe.jp", "city.kobe.jp");
    expect_domain(table, "www.city.kobe.jp", "city.kobe.jp");
    expect_domain(table, "ck", NULL);
    expect_domain(table, "a.ck", NULL);
    expect_domain(table, "b.a.ck", "b.a.ck");
    expect_domain(table, "www.ck", "www.ck");
    expect_domain(table, "www.www.ck", "www.ck");
    expect_domain(table, "\xe9\xa3\x9f\xe7\x8b\xae.\xe5\x85\xac\xe5\x8f\xb8.cn",
                  "\xe9\xa3\x9f\xe7\x8b\xae.\xe5\x85\xac\xe5\x8f\xb8.cn");
    expect_domain(table, "unlisted", NULL);
    expect_domain(table, "www.mine.unlisted", "mine.unlisted");
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
        const ArchivedRegistry *table;
        unsigned char *buffer = build(&data, subset, serial, &table);

        for (uint32_t i = 0; i < queries.count; i++) {
            const struct query *query = &queries.queries[i];
            struct answer answer;

            found += search(table, serial, kind, query_text(&queries, query), query->size, &answer) == FIND_FOUND;
            if (!query_is_right(&queries, query, subset, &answer))
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
    struct subset none = {0, 0};
    struct query_set queries;
    struct data_set data;
    const ArchivedRegistry *table;
    unsigned char *buffer;
    unsigned known = 0;

    (void)state;
    write_file(OUI_HEADER, "MA-L,F%05X,\"Unlike the others\",Somewhere\r\n");
    assert_int_equal(data_load(DATA_OUI, path, &data), 0);
    assert_int_equal(query_build(&data, 200, &queries), 0);
    buffer = build(&data, everything, 1, &table);
    for (uint32_t i = 0; i < queries.count; i++) {
        const struct query *query = &queries.queries[i];
        struct answer answer, no_answer = {.found = false}, neighbour;
        const ArchivedHashMap_String_Record_entry *entries;
        unsigned other;

        search(table, 1, DATA_OUI, query_text(&queries, query), query->size, &answer);
        assert_true(query_is_right(&queries, query, everything, &answer));
        if (!answer.found)
            continue;
        known++;
        entries = HashMap_String_Record_entries(&table->records);
        other = answer.record == &entries[0].value ? 1 : 0;
        neighbour = (struct answer){true, &entries[other].value, 0};
        assert_false(query_is_right(&queries, query, none, &answer));
        assert_false(query_is_right(&queries, query, everything, &no_answer));
        assert_false(query_is_right(&queries, query, everything, &neighbour));
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
        const ArchivedRegistry *table;
        unsigned char *buffer;

        write_file(cases[i].start, cases[i].filling);
        assert_int_equal(data_load(cases[i].kind, path, &data), 0);
        buffer = build(&data, everything, 1, &table);
        assert_int_equal(search(table, 1, cases[i].kind, cases[i].text, strlen(cases[i].text), &answer), FIND_FOUND);
        entries = in_buffer(buffer, HashMap_String_Record_entries(&table->records));
        for (size_t k = 0; k < HashMap_String_Record_count(&table->records); k++)
            entries[k].value.stamp = 2;
        assert_int_equal(search(table, 1, cases[i].kind, cases[i].text, strlen(cases[i].text), &answer), FIND_TORN);
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
