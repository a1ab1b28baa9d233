/* SPDX-License-Identifier: Apache-2.0 */
#include "lmdb_own.h"
#include "values.h"

/* A transaction has a limit of dirty pages. */
enum { ENTRIES_IN_ONE = 500000 };
static size_t pending;

static int put_all(const struct bench_some *some)
{
    size_t size = values_size(lmdb_texts);

    for (size_t i = 0; i < some->count; i++) {
        MDB_val key = {some->keys[i].size, (void *)(uintptr_t)some->keys[i].data}, value = {size, NULL};
        int code = mdb_put(lmdb_txn, lmdb_dbi, &key, &value, MDB_RESERVE);

        if (code != 0)
            return lmdb_failed("mdb_put", code);
        values_fill(value.mv_data, size, some->numbers[i], some->stamp);
    }
    return 0;
}

static int load_begin(size_t count)
{
    (void)count;
    pending = 0;
    return lmdb_begin();
}

static int load(const struct bench_some *some)
{
    int code = put_all(some);

    pending += some->count;
    if (code == 0 && pending < ENTRIES_IN_ONE)
        return 0;
    pending = 0;
    code = lmdb_end(code);
    return code == 0 ? lmdb_begin() : code;
}

static int load_end(uint64_t *bytes)
{
    MDB_stat stat;

    mdb_stat(lmdb_txn, lmdb_dbi, &stat);
    *bytes = (stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages) * stat.ms_psize;
    return lmdb_end(0);
}

static int put(const struct bench_some *some)
{
    int code = lmdb_begin();

    return code == 0 ? lmdb_end(put_all(some)) : code;
}

static bool is_found(const struct lmdb_reader *reader, const struct bench_some *some, size_t i)
{
    MDB_val key = {some->keys[i].size, (void *)(uintptr_t)some->keys[i].data}, value;
    size_t wanted = values_size(lmdb_texts);

    return mdb_get(reader->txn, lmdb_dbi, &key, &value) == 0 && value.mv_size == wanted &&
           values_is(value.mv_data, wanted, some->numbers[i], some->stamp);
}

static uint64_t get(void *handle, const struct bench_some *some)
{
    const struct lmdb_reader *reader = handle;
    uint64_t found = 0;

    for (size_t i = 0; i < some->count; i++) {
        mdb_txn_renew(reader->txn);
        found += is_found(reader, some, i);
        mdb_txn_reset(reader->txn);
    }
    return found;
}

static uint64_t get_many(void *handle, const struct bench_some *some)
{
    const struct lmdb_reader *reader = handle;
    uint64_t found = 0;

    mdb_txn_renew(reader->txn);
    for (size_t i = 0; i < some->count; i++)
        found += is_found(reader, some, i);
    mdb_txn_reset(reader->txn);
    return found;
}

const struct bench_keys lmdb_keys = {load_begin, load, load_end, put, get, get_many};
