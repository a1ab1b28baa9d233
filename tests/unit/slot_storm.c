/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that a writer does to its slots, in random order, against a model of each value, held
   view and rollback (G1, G4, G6, T2).

   This is for faults where one operation forgets the state in which another has left a slot: an
   aborted table, a commit that failed for want of descriptors, a scan in the middle of an update, a
   kept value. Tests of single operations miss them. The test sets the clocks of the scans itself, so
   a scan may come at any time.

   A failure names its seed and operation. MMSYNC_SEED=N runs that storm alone, and
   MMSYNC_TEST_STORMS=N runs storms 1 to N of each kind. */
#include "pattern.h"
#include "region/writer.h"
#include "sample.h"
#include "scratch.h"
#include <errno.h>
#include <mmsync/durable.h>
#include <mmsync/history.h>
#include <mmsync/table.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    OPERATIONS = 500,
    KEYS = 60,
    LARGEST = 8000,
    MAX_SIZE = 4 << 20,
    READERS = 6,
    PAST = 1024,
    MOST_SLOTS = 64,
    SCHEMA_SIZE = 3000
};

struct kind {
    const char *name;
    int storms;
    bool cache, typed;
    uint8_t durable; /* as the option; 0: not at all */
};

/* What a table has: of each key the version, 0 if it is not there, and the size. */
struct contents {
    uint32_t version[KEYS], size[KEYS];
};

struct holder {
    mms_reader *reader;
    mms_view view; /* data: NULL, or a view is held */
    struct contents contents;
    bool evictable;
};

static struct storm {
    const struct kind *kind;
    uint64_t seed, random;
    unsigned operation; /* 0: none is under way */
    const char *path;
    mms_writer_options options;
    mms_writer *writer;
    mms_region *region, *evictable;
    mms_reader *look;
    struct holder holders[READERS];
    struct contents now;
    struct {
        uint64_t generation;
        struct contents contents;
    } past[PAST];
    uint32_t version; /* the last one given to an entry */
    struct rlimit descriptors;
    bool starved;
} storm;

/* Over all storms of a kind: one that does little finds little. */
static struct {
    unsigned commits, aborts, rollbacks, refusals, starved;
} done;

static char schema[SCHEMA_SIZE];
static const uint64_t type[2] = {1, 2};

static uint64_t below(uint64_t limit)
{
    return pattern_random(&storm.random) % limit;
}

static bool one_in(unsigned count)
{
    return below(count) == 0;
}

/* False if it was refused for a reason that is none of the writer's: readers hold all slots, the
   value is too large, or there are no descriptors. */
static bool is_done(int code)
{
    if (code == MMS_E_AGAIN || code == MMS_E_TOO_BIG || (code == -EMFILE && storm.starved)) {
        done.refusals++;
        done.starved += code == -EMFILE;
        return false;
    }
    check_ok(code);
    return true;
}

/* ---- Checks ---- */

static void entry_bytes(int key, uint32_t version, unsigned char *bytes, size_t size)
{
    memset(bytes, (int)((unsigned)key * 31 + version * 7 + 1) & 0xff, size);
}

static const char *entry_fault(const struct contents *contents, const mms_table_view *table, int key)
{
    static unsigned char expected[LARGEST];
    size_t size;
    const void *bytes = mms_table_get(table, &key, sizeof key, &size);

    if (!bytes)
        return contents->version[key] == 0 ? NULL : "an entry is missing";
    if (contents->version[key] == 0)
        return "an entry was deleted, and is there";
    if (size != contents->size[key])
        return "an entry has another size";
    entry_bytes(key, contents->version[key], expected, size);
    return memcmp(bytes, expected, size) == 0 ? NULL : "an entry has other bytes";
}

static const char *schema_fault(mms_reader *reader)
{
    mms_view_info info;

    if (!storm.kind->typed)
        return NULL;
    if (mms_view_describe(reader, &info) != 0)
        return "it is not described";
    if (info.schema_size != SCHEMA_SIZE || memcmp(info.schema, schema, SCHEMA_SIZE) != 0)
        return "it has another schema";
    return NULL;
}

/* NULL, or what is wrong. */
static const char *view_fault(mms_reader *reader, const mms_view *view, const struct contents *contents)
{
    const char *fault = schema_fault(reader);
    mms_table_view table;

    if (!fault && mms_table_of(view, &table) != 0)
        fault = "it is not a table";
    for (int key = 0; key < KEYS && !fault; key++)
        fault = entry_fault(contents, &table, key);
    return fault;
}

/* False if there is no value yet. Release `look` otherwise. */
static bool read_current(mms_view *view)
{
    int code = mms_read(storm.look, view);

    if (code == MMS_E_EMPTY)
        return false;
    check_ok(code);
    return true;
}

static void check_current(void)
{
    const char *fault;
    mms_table_view table;
    mms_view view;

    if (!read_current(&view))
        return;
    fault = view_fault(storm.look, &view, &storm.now);
    if (fault)
        check_failed(__FILE__, __LINE__, "generation %llu: %s", (unsigned long long)view.generation, fault);
    check_ok(mms_table_of(&view, &table));
    check_ok(mms_table_check(&table));
    storm.past[view.generation % PAST].generation = view.generation;
    storm.past[view.generation % PAST].contents = storm.now;
    check_ok(mms_release(storm.look));
}

static void check_pool(void)
{
    const char *fault = mms__pool_invariant(&mms__native_writer_of(storm.writer)->pool);

    if (fault)
        check_failed(__FILE__, __LINE__, "%s", fault);
}

static void let_go(struct holder *holder, const char *fault)
{
    int code = mms_release(holder->reader);

    holder->view.data = NULL;
    if (code == MMS_E_EVICTED && holder->evictable)
        return;
    check_ok(code);
    if (fault)
        check_failed(__FILE__, __LINE__, "the held generation %llu: %s", (unsigned long long)holder->view.generation,
                     fault);
}

/* A view stays as it is, unless its reader was evicted. */
static void check_held(void)
{
    for (int i = 0; i < READERS; i++) {
        struct holder *holder = &storm.holders[i];
        const char *fault = holder->view.data ? view_fault(holder->reader, &holder->view, &holder->contents) : NULL;

        if (fault)
            let_go(holder, fault);
    }
}

/* ---- What others do to a writer ---- */

/* Instead of libc's: no power is cut here, and a disk would take most of the time. */
int fdatasync(int fd)
{
    (void)fd;
    return 0;
}

int fsync(int fd)
{
    (void)fd;
    return 0;
}

/* The host program closes the descriptors of the region, and there are no new ones. */
static void starve(void)
{
    struct rlimit none;
    char link[64], target[512];

    for (int fd = 3; fd < 256; fd++) {
        ssize_t length;

        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        length = readlink(link, target, sizeof target - 1);
        target[length > 0 ? length : 0] = '\0';
        if (strncmp(target, storm.path, strlen(storm.path)) == 0 && strstr(target + strlen(storm.path), "/d"))
            check_ok(close(fd));
    }
    check_ok(getrlimit(RLIMIT_NOFILE, &storm.descriptors));
    none = (struct rlimit){.rlim_cur = 3, .rlim_max = storm.descriptors.rlim_max};
    check_ok(setrlimit(RLIMIT_NOFILE, &none));
    storm.starved = true;
}

static void feed(void)
{
    if (storm.starved)
        check_ok(setrlimit(RLIMIT_NOFILE, &storm.descriptors));
    storm.starved = false;
}

/* As if time had passed, or none: whichever scan, check or return of memory is due comes now. */
static void turn_the_clock(void)
{
    struct mms__pool *pool = &mms__native_writer_of(storm.writer)->pool;

    switch (below(8)) {
    case 0: pool->last_full_ns = 0; break;
    case 1: pool->quick_due = pool->generation + below(3); break;
    case 2:
        pool->last_full_ns = 0;
        pool->quick_due = pool->generation + below(3);
        break;
    case 3:
        pool->last_full_ns = 0;
        pool->last_care_ns = 0;
        break;
    case 4: pool->last_check_ns = 0; break;
    case 5: pool->usual_size /= 8; break;
    case 6: pool->round = (uint32_t)below(40); break;
    default: pool->last_punch_look_ns = 0;
    }
}

/* ---- What a writer does ---- */

/* A table, or a write of `size` bytes. */
struct change {
    mms_table *table;
    size_t size;
};

static int commit(const struct change *change)
{
    return change->table ? mms_table_commit(change->table, NULL) : mms_write_commit(storm.writer, change->size, NULL);
}

static void give_up(const struct change *change)
{
    check_ok(change->table ? mms_table_abort(change->table) : mms_write_abort(storm.writer));
    done.aborts++;
}

/* Commit, sometimes without descriptors; what is refused is tried again or given up. False: nothing
   was published. */
static bool finish(const struct change *change)
{
    bool published;

    if (storm.kind->durable && one_in(4))
        starve();
    published = is_done(commit(change));
    feed();
    if (!published && one_in(2))
        published = is_done(commit(change));
    if (!published)
        give_up(change);
    done.commits += published;
    return published;
}

static void put_some(mms_table *table, struct contents *contents, int key)
{
    static unsigned char bytes[LARGEST];
    size_t size = (size_t)below(one_in(4) ? LARGEST : 1000);

    entry_bytes(key, ++storm.version, bytes, size);
    if (is_done(mms_table_put(table, &key, sizeof key, bytes, size))) {
        contents->version[key] = storm.version;
        contents->size[key] = (uint32_t)size;
    }
}

static void delete_some(mms_table *table, struct contents *contents, int key)
{
    int code = mms_table_delete(table, &key, sizeof key);

    if (code == MMS_E_NOT_FOUND)
        check_equal(contents->version[key], 0);
    else if (is_done(code))
        contents->version[key] = 0;
}

static void change_some(mms_table *table, struct contents *contents)
{
    uint64_t count = 1 + below(one_in(6) ? KEYS : 4);

    if (one_in(40) && is_done(mms_table_clear(table)))
        memset(contents, 0, sizeof *contents);
    while (count-- > 0) {
        int key = (int)below(KEYS);

        if (one_in(4))
            turn_the_clock();
        if (one_in(4))
            delete_some(table, contents, key);
        else
            put_some(table, contents, key);
    }
}

static void write_table(void)
{
    struct contents contents = storm.now;
    struct change change = {NULL, 0};
    mms_table_options options = MMS_TABLE_OPTIONS_INIT;

    if (storm.kind->cache)
        options.max_bytes = 1 << 30;
    if (storm.kind->typed) {
        memcpy(options.type_id, type, sizeof type);
        options.schema = schema;
        options.schema_size = SCHEMA_SIZE;
    }
    if (!is_done(mms_table_begin(storm.writer, &options, &change.table)))
        return;
    change_some(change.table, &contents);
    if (one_in(4))
        give_up(&change);
    else if (finish(&change))
        storm.now = contents;
}

/* The value as it is, by a write that was begun for a longer one. */
static void rewrite(void)
{
    struct change change = {NULL, 0};
    mms_view view;
    void *buffer;

    if (!read_current(&view))
        return;
    change.size = view.size;
    if (is_done(mms_write_begin(storm.writer, view.size + (size_t)below(view.size), &buffer, NULL))) {
        memcpy(buffer, view.data, view.size);
        if (storm.kind->typed)
            check_ok(mms_write_set_type(storm.writer, type, schema, SCHEMA_SIZE));
        finish(&change);
    }
    check_ok(mms_release(storm.look));
}

/* A write or an update that overwrites half of the value, grows, and is given up. */
static void scribble(void)
{
    const struct change change = {NULL, 0};
    size_t size;
    mms_view view;
    void *buffer;

    if (!read_current(&view))
        return;
    size = view.size;
    check_ok(mms_release(storm.look));
    if (!is_done(one_in(2) ? mms_write_begin(storm.writer, size, &buffer, NULL)
                           : mms_write_update(storm.writer, size, &buffer, &size, NULL)))
        return;
    memset(buffer, 'x', size / 2);
    if (one_in(2) && is_done(mms_write_grow(storm.writer, 2 * size, &buffer)))
        memset(buffer, 'y', 2 * size);
    give_up(&change);
}

static void go_back(void)
{
    mms_past_value values[MOST_SLOTS];
    size_t count, at;
    uint64_t generation;

    check_ok(mms_history(storm.path, values, MOST_SLOTS, &count));
    if (count < 2)
        return;
    generation = values[1 + below(count - 1)].generation;
    at = (size_t)(generation % PAST);
    if (storm.past[at].generation == generation && is_done(mms_write_rollback(storm.writer, generation, NULL))) {
        storm.now = storm.past[at].contents;
        done.rollbacks++;
    }
}

static void hold_or_release(void)
{
    struct holder *holder = &storm.holders[below(READERS)];
    int code;

    if (holder->view.data) {
        let_go(holder, view_fault(holder->reader, &holder->view, &holder->contents));
        return;
    }
    code = mms_read(holder->reader, &holder->view);
    if (code == MMS_E_EMPTY) {
        holder->view.data = NULL;
        return;
    }
    check_ok(code);
    holder->contents = storm.now;
}

static void sync_now(void)
{
    if (!storm.kind->durable)
        return;
    if (one_in(3))
        starve();
    (void)is_done(mms_sync(storm.writer));
    feed();
}

static void renew_writer(void)
{
    check_ok(mms_writer_close(storm.writer));
    storm.writer = sample_writer_with(storm.path, storm.options);
}

static void do_anything(void)
{
    uint64_t what = below(100);

    if (what < 46)
        write_table();
    else if (what < 56)
        go_back();
    else if (what < 61)
        rewrite();
    else if (what < 67)
        scribble();
    else if (what < 85)
        hold_or_release();
    else if (what < 96)
        turn_the_clock();
    else if (what < 99)
        sync_now();
    else
        renew_writer();
}

/* ---- Storms ---- */

static mms_writer_options any_options(const struct kind *kind)
{
    mms_writer_options options = sample_options();

    options.max_size = MAX_SIZE;
    options.max_readers = 2 * READERS;
    options.durable = kind->durable;
    options.max_slots = (kind->durable ? 5u : 3u) + (uint32_t)below(8);
    options.keep = one_in(3) ? 0 : (uint8_t)below(5);
    options.on_grace = one_in(2) ? MMS_EVICT : MMS_REFUSE;
    options.check_touch = one_in(3);
    options.fence = one_in(3) ? MMS_FENCE_SYMMETRIC : options.fence;
    return options;
}

static void begin_storm(const struct kind *kind, const char *path, uint64_t seed)
{
    mms_region_options evictable = MMS_REGION_OPTIONS_INIT;

    memset(&storm, 0, sizeof storm);
    storm.kind = kind;
    storm.path = path;
    storm.seed = seed;
    storm.random = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
    storm.options = any_options(kind);
    storm.writer = sample_writer_with(path, storm.options);
    storm.region = sample_region(path);
    storm.look = sample_reader(storm.region);
    evictable.allow_evict = true;
    check_ok(mms_region_open(path, &evictable, &storm.evictable));
    for (int i = 0; i < READERS; i++) {
        storm.holders[i].evictable = i % 2 == 0;
        storm.holders[i].reader = sample_reader(i % 2 == 0 ? storm.evictable : storm.region);
    }
}

static void end_storm(void)
{
    storm.operation = 0;
    for (int i = 0; i < READERS; i++)
        check_ok(mms_reader_close(storm.holders[i].reader));
    check_ok(mms_reader_close(storm.look));
    check_ok(mms_region_close(storm.evictable));
    check_ok(mms_region_close(storm.region));
    check_ok(mms_writer_close(storm.writer));
    check_ok(mms_verify(storm.path, NULL, NULL));
    scratch_delete(storm.path);
}

static void run_one(const struct kind *kind, const char *path, uint64_t seed)
{
    begin_storm(kind, path, seed);
    while (storm.operation < OPERATIONS) {
        storm.operation++;
        do_anything();
        check_pool();
        check_current();
        check_held();
    }
    end_storm();
}

static void run_storms(void **state, const struct kind *kind)
{
    const char *path = scratch_path(state, "region"), *seed = getenv("MMSYNC_SEED"),
               *given = getenv("MMSYNC_TEST_STORMS");
    const long storms = given ? strtol(given, NULL, 0) : check_rounds(kind->storms);

    memset(&done, 0, sizeof done);
    if (seed) {
        run_one(kind, path, strtoull(seed, NULL, 0));
        return;
    }
    for (long i = 1; i <= storms; i++)
        run_one(kind, path, (uint64_t)i);
    check_true(done.commits > 0 && done.aborts > 0 && done.rollbacks > 0 && done.refusals > 0);
    check_true(!kind->durable || done.starved > 0);
}

static int say_where(void **state)
{
    feed();
    if (storm.operation > 0)
        print_message("a storm of %s failed at operation %u: MMSYNC_SEED=%llu\n", storm.kind->name, storm.operation,
                      (unsigned long long)storm.seed);
    storm.operation = 0;
    return scratch_remove(state);
}

static void tables_are_the_model(void **state)
{
    static const struct kind kind = {.name = "tables", .storms = 30};

    run_storms(state, &kind);
}

static void typed_caches_are_the_model(void **state)
{
    static const struct kind kind = {.name = "typed caches", .storms = 30, .cache = true, .typed = true};

    run_storms(state, &kind);
}

static void typed_tables_that_each_commit_stores_are_the_model(void **state)
{
    static const struct kind kind = {
        .name = "typed tables, durable", .storms = 10, .typed = true, .durable = MMS_DURABLE_COMMIT};

    run_storms(state, &kind);
}

static void caches_that_a_sync_stores_are_the_model(void **state)
{
    static const struct kind kind = {
        .name = "caches, durable by sync", .storms = 10, .cache = true, .durable = MMS_DURABLE_SYNC};

    run_storms(state, &kind);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tables_are_the_model, scratch_in_memory, say_where),
        cmocka_unit_test_setup_teardown(typed_caches_are_the_model, scratch_in_memory, say_where),
        cmocka_unit_test_setup_teardown(typed_tables_that_each_commit_stores_are_the_model, scratch_on_disk, say_where),
        cmocka_unit_test_setup_teardown(caches_that_a_sync_stores_are_the_model, scratch_on_disk, say_where),
    };

    memset(schema, 'S', sizeof schema);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
