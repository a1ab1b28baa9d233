/* SPDX-License-Identifier: Apache-2.0 */
/* ctest: stress serial */
/* Tables whose commits depend on every one before them: the number of the commits decides what the
   next one changes, so whoever sees one state knows each key of all later ones. Every reader
   compares the table with its own map, key by key, and has all of its bytes checked. The writer
   gives some updates up; it and the readers are stopped and resumed at random, and killed, in the
   middle of a put, a split, a clear or a commit. An argument is the number of seconds for each kind of
   table. */
#include "jolt.h"
#include "key_model.h"
#include "pattern.h"
#include "scratch.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char number_key[] = "the number of commits";

static struct {
    size_t keys;
    mms_table_options table;
    unsigned max_slots;
    double seconds;
} plan = {.seconds = 3}; /* of all processes */

static struct key_model new_model(void)
{
    struct key_model model = key_model_new(plan.keys, 1);

    model.others = 1; /* the number */
    return model;
}

/* What the next commit does. In the model alone: `table` is NULL. */
static void change(struct key_model *model, mms_table *table)
{
    uint64_t changes = key_model_below(model, 20) == 0 ? plan.keys / 2 : key_model_below(model, 40);

    if (key_model_below(model, 500) == 0)
        key_model_clear(model, table);
    while (changes-- > 0)
        key_model_change(model, table);
}

/* A model and the commit that it is at. */
struct follower {
    struct key_model model;
    uint64_t number;
};

static void follow(struct follower *follower, uint64_t number)
{
    check_true(number >= follower->number);
    while (follower->number < number) {
        change(&follower->model, NULL);
        follower->number++;
    }
}

static uint64_t number_of(const mms_table_view *view)
{
    uint64_t number;
    size_t size;
    const void *value = mms_table_get(view, number_key, sizeof number_key, &size);

    check_true(value != NULL);
    check_equal(size, sizeof number);
    memcpy(&number, value, sizeof number);
    return number;
}

/* ---- The writer ---- */

static mms_writer *open_writer(const struct jolt_run *run)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    mms_writer *writer;

    options.max_size = 32u << 20;
    options.max_slots = plan.max_slots;
    options.max_readers = JOLT_READERS_MAX;
    options.lock_wait_ms = options.grace_ms = MMS_FOREVER;
    check_ok(mms_writer_open(run->region, &options, &writer));
    return writer;
}

static void put_number(mms_table *table, uint64_t number)
{
    check_ok(mms_table_put(table, number_key, sizeof number_key, &number, sizeof number));
}

/* Nobody may see any of this. */
static void give_up(mms_writer *writer, uint64_t *random)
{
    mms_table *table;

    check_ok(mms_table_begin(writer, NULL, &table));
    if (pattern_random(random) % 4 == 0)
        check_ok(mms_table_clear(table));
    for (int i = 0; i < 20; i++) {
        unsigned char key[KEY_MODEL_LONGEST_KEY];
        size_t size = key_model_key((size_t)(pattern_random(random) % plan.keys), key);

        check_ok(mms_table_put(table, key, size, "given up", 8));
    }
    check_ok(mms_table_abort(table));
}

static void commit_next(struct jolt_run *run, mms_writer *writer, struct follower *follower)
{
    mms_table *table;

    check_ok(mms_table_begin(writer, NULL, &table));
    change(&follower->model, table);
    put_number(table, ++follower->number);
    check_ok(mms_table_commit(table, NULL));
    __atomic_store_n(&run->board->published, follower->number, __ATOMIC_RELEASE);
    run->board->writer.writes++;
}

/* Go on where the last writer was. */
static void find_number(mms_writer *writer, struct follower *follower)
{
    mms_table_view view;
    mms_table *table;

    check_ok(mms_table_begin(writer, NULL, &table));
    check_ok(mms_table_current(table, &view));
    follow(follower, number_of(&view));
    key_model_check(&follower->model, &view);
    check_ok(mms_table_abort(table));
}

static void write_tables(struct jolt_run *run, uint64_t seed)
{
    mms_writer *writer = open_writer(run);
    struct follower follower = {.model = new_model()};

    find_number(writer, &follower);
    while (!jolt_is_over(run)) {
        if (pattern_random(&seed) % 16 == 0)
            give_up(writer, &seed);
        commit_next(run, writer, &follower);
    }
    check_ok(mms_writer_close(writer));
    key_model_free(&follower.model);
}

/* ---- A reader ---- */

static void read_once(struct jolt_run *run, mms_reader *reader, mms_table_view *table, struct follower *follower)
{
    uint64_t published = __atomic_load_n(&run->board->published, __ATOMIC_ACQUIRE);
    mms_view view;

    check_ok(mms_read(reader, &view));
    check_ok(mms_table_follow(&view, table));
    check_true(number_of(table) >= published);
    follow(follower, number_of(table));
    key_model_check(&follower->model, table);
    check_ok(mms_release(reader));
}

static void read_tables(struct jolt_run *run, unsigned index, uint64_t seed)
{
    struct follower follower = {.model = new_model()};
    mms_table_view table = MMS_TABLE_VIEW_INIT;
    mms_region *region;
    mms_reader *reader;

    (void)seed;
    check_ok(mms_region_open(run->region, NULL, &region));
    check_ok(mms_reader_open(region, &reader));
    while (!jolt_is_over(run)) {
        read_once(run, reader, &table, &follower);
        run->board->readers[index].reads++;
    }
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    key_model_free(&follower.model);
}

/* ---- Both ---- */

static void create(struct jolt_run *run, char *directory, size_t size)
{
    mms_writer *writer;
    mms_table *table;

    snprintf(directory, size, "/dev/shm/%s-XXXXXX", scratch_name());
    check_true(mkdtemp(directory) != NULL);
    snprintf(run->region, sizeof run->region, "%s/region", directory);
    run->board = mmap(NULL, sizeof *run->board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    check_true(run->board != MAP_FAILED);
    writer = open_writer(run);
    check_ok(mms_table_begin(writer, &plan.table, &table));
    put_number(table, 0);
    check_ok(mms_table_commit(table, NULL));
    check_ok(mms_writer_close(writer));
}

static void report(const struct jolt_run *run, uint64_t reads)
{
    printf("%zu keys: %llu commits, %llu states compared; %llu jolts, %llu readers and %llu writers killed%s%s\n",
           plan.keys, (unsigned long long)run->board->writer.writes, (unsigned long long)reads,
           (unsigned long long)run->jolts, (unsigned long long)run->readers_killed,
           (unsigned long long)run->writers_killed, *run->first_error ? "; " : "", run->first_error);
}

static void run_tables(void)
{
    struct jolt_run run = {.config = jolt_defaults(), .read = read_tables, .write = write_tables};
    char directory[200];
    uint64_t reads;
    bool good;

    run.config.seconds = plan.seconds;
    run.config.kill = true;
    run.random = jolt_now_ns();
    create(&run, directory, sizeof directory);
    good = jolt_drive(&run);
    reads = jolt_sum(&run).reads;
    report(&run, reads);
    check_ok(mms_verify(run.region, NULL, NULL));
    check_ok(mms_remove(run.region));
    check_ok(rmdir(directory));
    check_true(good);
    check_true(run.board->writer.writes > 0 && reads > 0);
    check_ok(munmap(run.board, sizeof *run.board));
}

static void a_small_table(void **state)
{
    (void)state;
    plan.keys = 300;
    run_tables();
}

static void a_table_of_several_segments(void **state)
{
    (void)state;
    plan.keys = 9000;
    plan.max_slots = 3;
    run_tables();
}

static void a_table_whose_entries_are_in_order_and_may_expire(void **state)
{
    (void)state;
    plan.keys = 700;
    plan.table.max_bytes = 1u << 30;
    plan.table.expiring = true;
    run_tables();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_table),
        cmocka_unit_test(a_table_of_several_segments),
        cmocka_unit_test(a_table_whose_entries_are_in_order_and_may_expire),
    };

    plan.table = (mms_table_options)MMS_TABLE_OPTIONS_INIT;
    if (argc > 1)
        plan.seconds = strtod(argv[1], NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
