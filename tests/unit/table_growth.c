/* SPDX-License-Identifier: Apache-2.0 */
/* A table whose content does not grow does not grow (T4): under puts, deletes and changes of size it
   reaches a size that depends on what is in it, and keeps it. With a number of changes as its
   argument it makes so many, and prints the sizes on the way as Markdown (script/table-growth). */
#include "sample.h"
#include "scratch.h"
#include <mmsync/table.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST = 4096, CHANGES_PER_COMMIT = 100, CYCLES = 12 };

struct run;

struct scenario {
    const char *title, *what;
    bool (*is_put)(struct run *);      /* or else a delete */
    uint32_t (*size_of)(struct run *); /* of the value that is put */
};

struct run {
    const struct scenario *scenario;
    mms_writer *writer;
    uint64_t keys, total, done; /* changes */
    uint64_t random;
    bool ebbing;
    mms_table_info now;
    uint64_t most_live, most_early, most; /* bytes; `early`: in the first third */
};

static uint64_t below(struct run *run, uint64_t limit)
{
    uint64_t x = run->random += UINT64_C(0x9e3779b97f4a7c15);

    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return (x ^ x >> 31) % limit;
}

/* Of so many bits, as many of each number of bits. */
static uint32_t size_of_bits(struct run *run, unsigned least, unsigned most)
{
    unsigned bits = least + (unsigned)below(run, most - least + 1);

    return (UINT32_C(1) << (bits - 1)) + (uint32_t)below(run, UINT64_C(1) << (bits - 1));
}

/* From 0 to `most` and back, CYCLES times in all. */
static unsigned season(const struct run *run, unsigned most)
{
    uint64_t parts = 2 * most, at = run->done * CYCLES * parts / run->total % parts;

    return (unsigned)(at < most ? at : parts - at);
}

/* ---- Scenarios ---- */

static bool is_usually_put(struct run *run)
{
    return below(run, 4) != 0;
}

/* Until nearly all keys are there, and then until nearly none are. */
static bool is_put_at_flood(struct run *run)
{
    if (run->now.count > run->keys * 8 / 10)
        run->ebbing = true;
    if (run->now.count < run->keys / 10)
        run->ebbing = false;
    return run->ebbing ? below(run, 10) == 0 : below(run, 10) != 0;
}

static uint32_t any_size(struct run *run)
{
    return size_of_bits(run, 1, 12);
}

static uint32_t size_in_season(struct run *run)
{
    unsigned least = 5 + season(run, 5);

    return size_of_bits(run, least, least + 2);
}

static const struct scenario scenarios[] = {
    {"steady", "values of 1 to 4,095 bytes, as many of each power of two; one of four changes is a delete",
     is_usually_put, any_size},
    {"seasons", "the same, but values of 16 to 127 bytes become 512 to 4,095 and again 16 to 127, twelve times",
     is_usually_put, size_in_season},
    {"tides", "keys come until 8 of 10 are there, and go until 1 of 10 is left, again and again", is_put_at_flood,
     any_size},
};
enum { SCENARIOS = sizeof scenarios / sizeof *scenarios };

/* ---- Changes ---- */

static void change(struct run *run, mms_table *table)
{
    static const char bytes[LONGEST];
    uint64_t key = below(run, run->keys);
    int code;

    run->done++;
    if (run->scenario->is_put(run)) {
        check_ok(mms_table_put(table, &key, sizeof key, bytes, run->scenario->size_of(run)));
        return;
    }
    code = mms_table_delete(table, &key, sizeof key);
    check_true(code == 0 || code == MMS_E_NOT_FOUND);
}

/* What entries and their index take. */
static uint64_t live_bytes(const mms_table_info *info)
{
    return info->bytes + info->buckets * 64;
}

static void note_sizes(struct run *run, mms_table *table)
{
    mms_table_view view;
    uint64_t live;

    check_ok(mms_table_current(table, &view));
    mms_table_describe(&view, &run->now);
    live = live_bytes(&run->now);
    run->most_live = live > run->most_live ? live : run->most_live;
    run->most = run->now.size > run->most ? run->now.size : run->most;
    if (run->done <= run->total / 3)
        run->most_early = run->most;
}

static void change_some(struct run *run)
{
    mms_table_options options = MMS_TABLE_OPTIONS_INIT;
    mms_table *table;

    options.seed[0] = 1; /* the same each time */
    check_ok(mms_table_begin(run->writer, &options, &table));
    for (int i = 0; i < CHANGES_PER_COMMIT; i++)
        change(run, table);
    note_sizes(run, table);
    check_ok(mms_table_commit(table, NULL));
}

static struct run begin(const struct scenario *scenario, const char *path, uint64_t keys, uint64_t changes)
{
    mms_writer_options options = sample_options();
    struct run run = {.scenario = scenario, .keys = keys, .total = changes, .random = keys};

    options.max_size = (size_t)keys * LONGEST * 2 + (1u << 20);
    options.max_slots = 4;
    run.writer = sample_writer_with(path, options);
    return run;
}

/* ---- The test ---- */

/* All is freed that was taken, and free blocks are whole again. */
static void empty(struct run *run)
{
    mms_table *table;

    check_ok(mms_table_begin(run->writer, NULL, &table));
    for (uint64_t key = 0; key < run->keys; key++)
        (void)mms_table_delete(table, &key, sizeof key);
    note_sizes(run, table);
    check_equal(run->now.count, 0);
    check_equal(run->now.bytes, 0);
    check_ok(mms_table_commit(table, NULL));
}

static void stays_small(void **state, const struct scenario *scenario)
{
    struct run run = begin(scenario, scratch_path(state, scenario->title), 1500, (uint64_t)check_rounds(240000));

    while (run.done < run.total)
        change_some(&run);
    check_true(run.most <= run.most_live * 3 / 2);
    check_true(run.most <= run.most_early * 11 / 10);
    empty(&run);
    check_ok(mms_writer_close(run.writer));
}

static void changes_of_all_kinds_reach_a_size_and_keep_it(void **state)
{
    stays_small(state, &scenarios[0]);
}

static void sizes_that_come_and_go_do(void **state)
{
    stays_small(state, &scenarios[1]);
}

static void keys_that_come_and_go_do(void **state)
{
    stays_small(state, &scenarios[2]);
}

/* ---- The curve ---- */

enum { BAR = 40 };

static void print_sizes(const struct run *run)
{
    int live = (int)(live_bytes(&run->now) * BAR / run->most), all = (int)(run->now.size * BAR / run->most);
    char bar[BAR + 1];

    memset(bar, ' ', sizeof bar);
    memset(bar, '.', (size_t)all);
    memset(bar, '#', (size_t)live);
    bar[BAR] = '\0';
    printf("%12llu %9llu %9.2f %9.2f %6.2f  |%s|\n", (unsigned long long)run->done, (unsigned long long)run->now.count,
           (double)live_bytes(&run->now) / 1048576, (double)run->now.size / 1048576,
           (double)run->now.size / (double)run->most_live, bar);
    fflush(stdout);
}

/* More often at first. */
static bool is_shown(const struct run *run)
{
    for (uint64_t part = run->total / 1000; part < run->total / 25; part *= 3)
        if (run->done == part / CHANGES_PER_COMMIT * CHANGES_PER_COMMIT)
            return true;
    return run->done % (run->total / 25 / CHANGES_PER_COMMIT * CHANGES_PER_COMMIT) == 0;
}

static void print_curve(const struct scenario *scenario, const char *path, uint64_t changes)
{
    struct run run = begin(scenario, path, 100000, changes);

    printf("## %c%s\n\n%c%s.\n\n```\n%12s %9s %9s %9s %6s\n", scenario->title[0] - 32, scenario->title + 1,
           scenario->what[0] - 32, scenario->what + 1, "changes", "entries", "live MiB", "size MiB", "ratio");
    while (run.done < run.total) {
        change_some(&run);
        if (is_shown(&run))
            print_sizes(&run);
    }
    printf(
        "```\n\nThe most that was live: %.2f MiB. The largest size: %.2f MiB in the first third, %.2f MiB in all.\n\n",
        (double)run.most_live / 1048576, (double)run.most_early / 1048576, (double)run.most / 1048576);
    check_ok(mms_writer_close(run.writer));
    check_ok(mms_remove(path));
}

static int print_curves(uint64_t changes)
{
    char directory[] = "/dev/shm/mmsync-table-growth-XXXXXX", path[100];

    check_true(mkdtemp(directory) != NULL);
    snprintf(path, sizeof path, "%s/region", directory);
    for (int i = 0; i < SCENARIOS; i++)
        print_curve(&scenarios[i], path, changes);
    return remove(directory);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        scratch_test(changes_of_all_kinds_reach_a_size_and_keep_it),
        scratch_test(sizes_that_come_and_go_do),
        scratch_test(keys_that_come_and_go_do),
    };

    if (argc > 1)
        return print_curves(strtoull(argv[1], NULL, 10));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
