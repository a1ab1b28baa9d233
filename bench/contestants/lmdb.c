/* SPDX-License-Identifier: Apache-2.0 */
/* LMDB on tmpfs, set up for speed as its documentation says: no syncs, a writable map, no
   read-ahead, read transactions that are reset and renewed. MDB_NOTLS, so that one thread can
   have many readers. */
#include "lmdb_own.h"
#include "parts.h"

MDB_dbi lmdb_dbi;
MDB_txn *lmdb_txn;
bool lmdb_texts;

static MDB_env *env;
static unsigned users;
static MDB_val open_room;

static const char *version(void)
{
    return mdb_version(NULL, NULL, NULL);
}

int lmdb_failed(const char *what, int code)
{
    return common_fail("%s: %s", what, mdb_strerror(code));
}

/* One environment per process, as LMDB demands. */
static int open_env(const struct bench_place *place, bool writer)
{
    unsigned flags = MDB_NOTLS | MDB_NORDAHEAD | (writer ? MDB_NOSYNC | MDB_WRITEMAP : MDB_RDONLY);
    int code;

    lmdb_texts = place->texts;
    if (users++ > 0)
        return 0;
    code = mdb_env_create(&env);
    if (code == 0)
        code = mdb_env_set_mapsize(env, place->max_size * 4 + ((size_t)256 << 20));
    if (code == 0)
        code = mdb_env_set_maxreaders(env, place->readers);
    if (code == 0)
        code = mdb_env_open(env, place->directory, flags, 0600);
    return code == 0 ? 0 : lmdb_failed("mdb_env_open", code);
}

static void close_env(void)
{
    if (--users == 0)
        mdb_env_close(env);
}

static unsigned key_flags(void)
{
    return lmdb_texts ? 0 : MDB_INTEGERKEY;
}

int lmdb_begin(void)
{
    int code = mdb_txn_begin(env, NULL, 0, &lmdb_txn);

    if (code == 0 && !lmdb_dbi)
        code = mdb_dbi_open(lmdb_txn, NULL, key_flags(), &lmdb_dbi);
    return code == 0 ? 0 : lmdb_failed("mdb_txn_begin", code);
}

static int create(const struct bench_place *place)
{
    return open_env(place, true);
}

static int publish(const void *data, size_t size)
{
    uint64_t key = 0;
    MDB_val name = {sizeof key, &key}, value = {size, (void *)(uintptr_t)data};
    int code = lmdb_begin();

    if (code != 0)
        return code;
    code = mdb_put(lmdb_txn, lmdb_dbi, &name, &value, 0);
    if (code != 0) {
        mdb_txn_abort(lmdb_txn);
        return lmdb_failed("mdb_put", code);
    }
    code = mdb_txn_commit(lmdb_txn);
    return code == 0 ? 0 : lmdb_failed("mdb_txn_commit", code);
}

static void *begin(size_t size)
{
    uint64_t key = 0;
    MDB_val name = {sizeof key, &key};
    int code = lmdb_begin();

    if (code != 0)
        return NULL;
    open_room = (MDB_val){size, NULL};
    code = mdb_put(lmdb_txn, lmdb_dbi, &name, &open_room, MDB_RESERVE);
    if (code == 0)
        return open_room.mv_data;
    mdb_txn_abort(lmdb_txn);
    lmdb_failed("mdb_put", code);
    return NULL;
}

static int commit(size_t size)
{
    int code = mdb_txn_commit(lmdb_txn);

    (void)size;
    return code == 0 ? 0 : lmdb_failed("mdb_txn_commit", code);
}

static void *reader_open(const struct bench_place *place)
{
    struct lmdb_reader *reader = malloc(sizeof *reader);
    int code;

    if (!reader || open_env(place, false) != 0)
        return NULL;
    code = mdb_txn_begin(env, NULL, MDB_RDONLY, &reader->txn);
    if (code == 0 && !lmdb_dbi)
        code = mdb_dbi_open(reader->txn, NULL, key_flags(), &lmdb_dbi);
    if (code != 0) {
        lmdb_failed("mdb_txn_begin", code);
        return NULL;
    }
    mdb_txn_reset(reader->txn);
    return reader;
}

static void reader_close(void *handle)
{
    struct lmdb_reader *reader = handle;

    mdb_txn_abort(reader->txn);
    free(reader);
    close_env();
}

static MDB_val get(struct lmdb_reader *reader, uint64_t key)
{
    MDB_val name = {sizeof key, &key}, value;

    if (mdb_get(reader->txn, lmdb_dbi, &name, &value) == 0)
        return value;
    fputs("lmdb: mdb_get found nothing\n", stderr);
    _exit(1);
}

static uint64_t read_times(void *handle, size_t times)
{
    struct lmdb_reader *reader = handle;
    uint64_t sum = 0;

    for (size_t i = 0; i < times; i++) {
        MDB_val value;

        mdb_txn_renew(reader->txn);
        value = get(reader, 0);
        sum += common_version_of(value.mv_data, value.mv_size);
        mdb_txn_reset(reader->txn);
    }
    return sum;
}

static uint64_t touch(void *handle, size_t size)
{
    struct lmdb_reader *reader = handle;
    uint64_t found;

    mdb_txn_renew(reader->txn);
    found = common_touch(get(reader, 0).mv_data, size);
    mdb_txn_reset(reader->txn);
    return found;
}

static int put_entry(uint64_t i)
{
    float items[BENCH_TABLE_LONGEST];
    size_t length = i % BENCH_TABLE_LONGEST + 1;
    uint64_t key = bench_table_key(i);
    MDB_val name = {sizeof key, &key}, value = {length * sizeof *items, items};

    for (size_t j = 0; j < length; j++)
        items[j] = (float)(i + j);
    return mdb_put(lmdb_txn, lmdb_dbi, &name, &value, 0);
}

static int table_build(size_t count, uint64_t *bytes)
{
    MDB_stat stat;
    int code = lmdb_begin();

    if (code != 0)
        return code;
    for (size_t i = 0; i < count && code == 0; i++)
        code = put_entry(i);
    if (code != 0) {
        mdb_txn_abort(lmdb_txn);
        return lmdb_failed("mdb_put", code);
    }
    mdb_stat(lmdb_txn, lmdb_dbi, &stat);
    *bytes = (stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages) * stat.ms_psize;
    code = mdb_txn_commit(lmdb_txn);
    return code == 0 ? 0 : lmdb_failed("mdb_txn_commit", code);
}

static uint64_t table_find(void *handle, const uint64_t *indices, size_t count)
{
    struct lmdb_reader *reader = handle;
    uint64_t found = 0;

    for (size_t i = 0; i < count; i++) {
        float first;

        mdb_txn_renew(reader->txn);
        memcpy(&first, get(reader, bench_table_key(indices[i])).mv_data, sizeof first);
        found += first == (float)indices[i];
        mdb_txn_reset(reader->txn);
    }
    return found;
}

/* ---- Parts: a key for each ---- */

/* The value of a part, for the caller to fill in. The first fill is in the order of the keys where
   it can be. */
static void *put_part(uint64_t key, size_t size, unsigned flags)
{
    MDB_val name = {sizeof key, &key}, value = {size, NULL};
    int code = mdb_put(lmdb_txn, lmdb_dbi, &name, &value, MDB_RESERVE | flags);

    if (code == 0)
        return value.mv_data;
    lmdb_failed("mdb_put", code);
    return NULL;
}

static int put_record(uint64_t i, uint64_t stamp, unsigned flags)
{
    void *record = put_part(i, BENCH_RECORD_SIZE, flags);

    if (!record)
        return -1;
    parts_fill_record(record, i, stamp);
    return 0;
}

static int put_table_entry(uint64_t i, uint64_t stamp, unsigned flags)
{
    struct parts_entry *entry = put_part(bench_table_key(i), sizeof *entry, flags);

    if (!entry)
        return -1;
    parts_fill_entry(entry, stamp);
    return 0;
}

typedef int put_function(uint64_t i, uint64_t stamp, unsigned flags);

int lmdb_end(int code)
{
    if (code == 0)
        return commit(0);
    mdb_txn_abort(lmdb_txn);
    return code;
}

/* A transaction has a limit of dirty pages. */
enum { PARTS_IN_ONE = 1000000 };

static int build_parts(uint64_t count, put_function *put, unsigned flags)
{
    int code = 0;

    for (size_t i = 0; i < count && code == 0;) {
        uint64_t end = count - i < PARTS_IN_ONE ? count : i + PARTS_IN_ONE;

        code = lmdb_begin();
        if (code != 0)
            return code;
        for (; i < end && code == 0; i++)
            code = put(i, 0, flags);
        code = lmdb_end(code);
    }
    return code;
}

static int change_parts(const struct bench_change *change, put_function *put)
{
    int code = lmdb_begin();

    if (code != 0)
        return code;
    for (size_t i = 0; i < change->count && code == 0; i++)
        for (size_t at = change->places[i]; at < change->places[i] + change->length && code == 0; at++)
            code = put(at, change->stamp, 0);
    return lmdb_end(code);
}

static int build_records(size_t count)
{
    return build_parts(count, put_record, MDB_APPEND);
}

static int change_records(const struct bench_change *change)
{
    return change_parts(change, put_record);
}

static uint64_t found_records(void *handle, const struct bench_change *change)
{
    struct lmdb_reader *reader = handle;
    uint64_t found = 0;

    mdb_txn_renew(reader->txn);
    for (size_t i = 0; i < change->count; i++)
        for (size_t at = change->places[i]; at < change->places[i] + change->length; at++)
            found += parts_is_record(get(reader, at).mv_data, at, change->stamp);
    mdb_txn_reset(reader->txn);
    return found;
}

static int build_entries(size_t count)
{
    return build_parts(count, put_table_entry, 0);
}

static int change_entries(const struct bench_change *change)
{
    return change_parts(change, put_table_entry);
}

/* One read for each, as a server that answers requests does. */
static uint64_t found_entries(void *handle, const struct bench_change *change)
{
    struct lmdb_reader *reader = handle;
    uint64_t found = 0;

    for (size_t i = 0; i < change->count; i++) {
        struct parts_entry entry;

        mdb_txn_renew(reader->txn);
        memcpy(&entry, get(reader, bench_table_key(change->places[i])).mv_data, sizeof entry);
        found += parts_is_entry(&entry, change->stamp);
        mdb_txn_reset(reader->txn);
    }
    return found;
}

EXPORT const struct bench_contestant *bench_contestant(void)
{
    static struct bench_contestant contestant = {
        .abi = BENCH_ABI,
        .name = "lmdb",
        .version = version,
        .detail = common_detail,
        .create = create,
        .destroy = close_env,
        .write = publish,
        .begin = begin,
        .commit = commit,
        .reader_open = reader_open,
        .reader_close = reader_close,
        .read = read_times,
        .touch = touch,
        .table_build = table_build,
        .table_find = table_find,
        .records = {build_records, change_records, found_records},
        .entries = {build_entries, change_entries, found_entries},
    };

    contestant.keys = lmdb_keys;
    return &contestant;
}
