/* SPDX-License-Identifier: Apache-2.0 */
#include "sqlite_own.h"
#include "values.h"
#include <sys/stat.h>

static void bind_key(sqlite3_stmt *statement, const struct bench_key *key)
{
    sqlite3_int64 number;

    if (sqlite_texts) {
        sqlite3_bind_text(statement, 1, key->data, (int)key->size, SQLITE_STATIC);
        return;
    }
    memcpy(&number, key->data, sizeof number);
    sqlite3_bind_int64(statement, 1, number);
}

static int store_all(sqlite3_stmt *statement, const struct bench_some *some)
{
    size_t size = values_size(sqlite_texts);
    char value[VALUES_LONGEST];
    int code = 0;

    for (size_t i = 0; i < some->count && code == 0; i++) {
        values_fill(value, size, some->numbers[i], some->stamp);
        bind_key(statement, &some->keys[i]);
        sqlite3_bind_blob(statement, 2, value, (int)size, SQLITE_STATIC);
        code = sqlite_step(statement, "storing a row");
    }
    return code;
}

static int load_begin(size_t count)
{
    (void)count;
    return sqlite_step(sqlite_own.begin, "BEGIN");
}

static int load(const struct bench_some *some)
{
    return store_all(sqlite_own.insert, some);
}

static int load_end(uint64_t *bytes)
{
    int code = sqlite_step(sqlite_own.commit, "COMMIT");
    const char *path = sqlite3_db_filename(sqlite_own.base, NULL);
    struct stat status;

    *bytes = path && stat(path, &status) == 0 ? (uint64_t)status.st_size : 0;
    return code == 0 ? sqlite_keep_log() : code;
}

static int put(const struct bench_some *some)
{
    int code = some->count == 1 ? 0 : sqlite_step(sqlite_own.begin, "BEGIN");

    if (code == 0)
        code = store_all(sqlite_own.put, some);
    return code == 0 && some->count > 1 ? sqlite_step(sqlite_own.commit, "COMMIT") : code;
}

static bool is_found(const struct store *store, const struct bench_some *some, size_t i)
{
    size_t wanted = values_size(sqlite_texts);
    bool found;

    bind_key(store->find, &some->keys[i]);
    found = sqlite3_step(store->find) == SQLITE_ROW && sqlite3_column_bytes(store->find, 0) == (int)wanted &&
            values_is(sqlite3_column_blob(store->find, 0), wanted, some->numbers[i], some->stamp);
    sqlite3_reset(store->find);
    return found;
}

static uint64_t get(void *reader, const struct bench_some *some)
{
    uint64_t found = 0;

    for (size_t i = 0; i < some->count; i++)
        found += is_found(reader, some, i);
    return found;
}

static uint64_t get_many(void *reader, const struct bench_some *some)
{
    const struct store *store = reader;
    uint64_t found;

    if (sqlite3_exec(store->base, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
        return 0;
    found = get(reader, some);
    return sqlite3_exec(store->base, "COMMIT", NULL, NULL, NULL) == SQLITE_OK ? found : 0;
}

const struct bench_keys sqlite_keys = {load_begin, load, load_end, put, get, get_many};
