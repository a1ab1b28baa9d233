/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite on tmpfs, set up for speed: a write-ahead log, no syncs, a mapped database, a large page
   cache, prepared statements. The first fill has no journal at all. */
#include "parts.h"
#include "sqlite_own.h"

struct store sqlite_own;
bool sqlite_texts;

static int failed(const struct store *store, const char *what)
{
    return common_fail("%s: %s", what, sqlite3_errmsg(store->base));
}

static int run(const struct store *store, const char *sql)
{
    return sqlite3_exec(store->base, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : failed(store, sql);
}

static int prepare(const struct store *store, const char *sql, sqlite3_stmt **statement)
{
    int code = sqlite3_prepare_v3(store->base, sql, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);

    return code == SQLITE_OK ? 0 : failed(store, sql);
}

static int open_base(struct store *store, const struct bench_place *place)
{
    char path[4096];

    sqlite_texts = place->texts;
    snprintf(path, sizeof path, "%s/store.db", place->directory);
    if (sqlite3_open(path, &store->base) != SQLITE_OK)
        return failed(store, "sqlite3_open");
    sqlite3_busy_timeout(store->base, 10000);
    return run(store, "PRAGMA synchronous=OFF; PRAGMA mmap_size=1099511627776; PRAGMA cache_size=-262144;");
}

static int prepare_writes(void)
{
    static const char *const update = "UPDATE parts SET value = ?2 WHERE key = ?1";
    static const char *const put =
        "INSERT INTO parts VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    int code = prepare(&sqlite_own, "BEGIN IMMEDIATE", &sqlite_own.begin);

    if (code == 0)
        code = prepare(&sqlite_own, "COMMIT", &sqlite_own.commit);
    if (code == 0)
        code = prepare(&sqlite_own, "INSERT INTO parts VALUES (?1, ?2)", &sqlite_own.insert);
    if (code == 0)
        code = prepare(&sqlite_own, put, &sqlite_own.put);
    return code == 0 ? prepare(&sqlite_own, update, &sqlite_own.update) : code;
}

static int create(const struct bench_place *place)
{
    int code = open_base(&sqlite_own, place);

    if (code == 0)
        code = run(&sqlite_own, "PRAGMA journal_mode=OFF");
    if (code == 0)
        code = run(&sqlite_own, sqlite_texts ? "CREATE TABLE parts (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID"
                                             : "CREATE TABLE parts (key INTEGER PRIMARY KEY, value BLOB)");
    return code == 0 ? prepare_writes() : code;
}

static void close_store(struct store *store)
{
    sqlite3_stmt *const statements[] = {store->begin,  store->commit, store->insert,
                                        store->update, store->put,    store->find};

    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
        sqlite3_finalize(statements[i]);
    sqlite3_close(store->base);
}

static void destroy(void)
{
    close_store(&sqlite_own);
}

int sqlite_step(sqlite3_stmt *statement, const char *what)
{
    int code = sqlite3_step(statement);

    sqlite3_reset(statement);
    return code == SQLITE_DONE ? 0 : failed(&sqlite_own, what);
}

static int store_part(sqlite3_stmt *statement, uint64_t key, const void *value, size_t size)
{
    sqlite3_bind_int64(statement, 1, (sqlite3_int64)key);
    sqlite3_bind_blob(statement, 2, value, (int)size, SQLITE_STATIC);
    return sqlite_step(statement, "storing a row");
}

int sqlite_keep_log(void)
{
    return run(&sqlite_own, "PRAGMA journal_mode=WAL");
}

typedef int store_function(sqlite3_stmt *statement, uint64_t i, uint64_t stamp);

static int store_record(sqlite3_stmt *statement, uint64_t i, uint64_t stamp)
{
    char record[BENCH_RECORD_SIZE];

    parts_fill_record(record, i, stamp);
    return store_part(statement, i, record, sizeof record);
}

static int store_entry(sqlite3_stmt *statement, uint64_t i, uint64_t stamp)
{
    struct parts_entry entry;

    parts_fill_entry(&entry, stamp);
    return store_part(statement, bench_table_key(i), &entry, sizeof entry);
}

static int build(uint64_t count, store_function *store)
{
    int code = sqlite_step(sqlite_own.begin, "BEGIN");

    for (size_t i = 0; i < count && code == 0; i++)
        code = store(sqlite_own.insert, i, 0);
    if (code == 0)
        code = sqlite_step(sqlite_own.commit, "COMMIT");
    return code == 0 ? sqlite_keep_log() : code;
}

static int change_parts(const struct bench_change *change, store_function *store)
{
    int code = sqlite_step(sqlite_own.begin, "BEGIN");

    for (size_t i = 0; i < change->count && code == 0; i++)
        for (size_t at = change->places[i]; at < change->places[i] + change->length && code == 0; at++)
            code = store(sqlite_own.update, at, change->stamp);
    return code == 0 ? sqlite_step(sqlite_own.commit, "COMMIT") : code;
}

static int build_records(size_t count)
{
    return build(count, store_record);
}

static int change_records(const struct bench_change *change)
{
    return change_parts(change, store_record);
}

static int build_entries(size_t count)
{
    return build(count, store_entry);
}

static int change_entries(const struct bench_change *change)
{
    return change_parts(change, store_entry);
}

/* ---- Reading ---- */

static void *reader_open(const struct bench_place *place)
{
    struct store *store = calloc(1, sizeof *store);

    if (!store)
        return NULL;
    if (open_base(store, place) == 0 && prepare(store, "SELECT value FROM parts WHERE key = ?1", &store->find) == 0)
        return store;
    close_store(store);
    free(store);
    return NULL;
}

static void reader_close(void *reader)
{
    close_store(reader);
    free(reader);
}

/* Ends the program if there is no such row. */
static void find_part(const struct store *store, uint64_t key, void *value, int size)
{
    sqlite3_bind_int64(store->find, 1, (sqlite3_int64)key);
    if (sqlite3_step(store->find) != SQLITE_ROW || sqlite3_column_bytes(store->find, 0) != size) {
        fprintf(stderr, "sqlite: %s\n", sqlite3_errmsg(store->base));
        _exit(1);
    }
    memcpy(value, sqlite3_column_blob(store->find, 0), (size_t)size);
    sqlite3_reset(store->find);
}

static uint64_t found_records(void *reader, const struct bench_change *change)
{
    uint64_t found = 0;

    for (size_t i = 0; i < change->count; i++)
        for (size_t at = change->places[i]; at < change->places[i] + change->length; at++) {
            char record[BENCH_RECORD_SIZE];

            find_part(reader, at, record, sizeof record);
            found += parts_is_record(record, at, change->stamp);
        }
    return found;
}

static uint64_t found_entries(void *reader, const struct bench_change *change)
{
    uint64_t found = 0;

    for (size_t i = 0; i < change->count; i++) {
        struct parts_entry entry;

        find_part(reader, bench_table_key(change->places[i]), &entry, sizeof entry);
        found += parts_is_entry(&entry, change->stamp);
    }
    return found;
}

EXPORT const struct bench_contestant *bench_contestant(void)
{
    static struct bench_contestant contestant = {
        .abi = BENCH_ABI,
        .name = "sqlite",
        .version = sqlite3_libversion,
        .detail = common_detail,
        .create = create,
        .destroy = destroy,
        .reader_open = reader_open,
        .reader_close = reader_close,
        .records = {build_records, change_records, found_records},
        .entries = {build_entries, change_entries, found_entries},
    };

    contestant.keys = sqlite_keys;
    return &contestant;
}
