/* SPDX-License-Identifier: Apache-2.0 */
/* bench-durable DIRECTORY [ROUNDS]: what a commit takes that survives a power cut, on the disk that the directory is on, beside
   LMDB as it is by default and SQLite with a write-ahead log and synchronous=FULL. Each task of each contestant runs in turn,
   ROUNDS times (5); a figure is the median of the medians of these runs, in microseconds. Beside it is what a commit sent to
   the disk, as the kernel counts it for this process (write_bytes in /proc/self/io): pages, without the journal. */
#include <inttypes.h>
#include <lmdb.h>
#include <mmsync.h>
#include <mmsync/durable.h>
#include <mmsync/table.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum {
    SMALL = 36,
    LARGE = 1 << 20,
    RECORD = 64,
    RECORDS = 1 << 20, /* 64 MiB of them */
    CHANGED = 100,
    PUTS = 1000,
    COMMITS = 50, /* of one run */
    ROUNDS_MOST = 51
};

enum task { PUBLISH_SMALL, PUBLISH_LARGE, CHANGE_RECORDS, PUT_ENTRIES, TASKS };

static const char *const task_names[TASKS] = {"publish 36 bytes", "publish 1 MiB",
                                              "change 100 of 1,048,576 records of 64 bytes",
                                              "put 1,000 of 1,048,576 entries of 64 bytes"};

static unsigned char bytes[LARGE];
static uint64_t seed = 1;

static void must(int is_right, const char *what)
{
    if (is_right)
        return;
    fprintf(stderr, "bench-durable: %s failed: %s\n", what, mms_last_error());
    exit(1);
}

static uint64_t random_record(void)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (seed >> 33) % RECORDS;
}

static double now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* ---- mmsync ---- */

static mms_writer *value, *records, *entries;

static mms_writer *open_region(const char *directory, const char *name)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    mms_writer *writer;
    char path[4096];

    snprintf(path, sizeof path, "%s/%s", directory, name);
    options.max_size = 256 << 20;
    options.max_slots = 8;
    options.durable = MMS_DURABLE_COMMIT;
    must(mms_writer_open(path, &options, &writer) == 0, "mms_writer_open");
    return writer;
}

static void put_all(mms_table *table)
{
    for (uint64_t key = 0; key < RECORDS; key++)
        must(mms_table_put(table, &key, sizeof key, bytes, RECORD) == 0, "mms_table_put");
}

static mms_table *begin_table(void)
{
    mms_table_options options = MMS_TABLE_OPTIONS_INIT;
    mms_table *table;

    options.key_size = sizeof(uint64_t);
    options.value_size = RECORD;
    must(mms_table_begin(entries, &options, &table) == 0, "mms_table_begin");
    return table;
}

static void mmsync_open(const char *directory)
{
    mms_table *table;
    void *buffer;

    value = open_region(directory, "value");
    records = open_region(directory, "records");
    entries = open_region(directory, "entries");
    must(mms_write_begin(records, (size_t)RECORDS * RECORD, &buffer, NULL) == 0, "mms_write_begin");
    memset(buffer, 1, (size_t)RECORDS * RECORD);
    must(mms_write_commit(records, (size_t)RECORDS * RECORD, NULL) == 0, "mms_write_commit");
    table = begin_table();
    put_all(table);
    must(mms_table_commit(table, NULL) == 0, "mms_table_commit");
}

static void mmsync_change(void)
{
    void *buffer;
    size_t size;

    must(mms_write_update(records, 0, &buffer, &size, NULL) == 0, "mms_write_update");
    for (int i = 0; i < CHANGED; i++)
        must(mms_write_patch(records, random_record() * RECORD, bytes, RECORD) == 0, "mms_write_patch");
    must(mms_write_commit(records, size, NULL) == 0, "mms_write_commit");
}

static void mmsync_put(void)
{
    mms_table *table = begin_table();

    for (int i = 0; i < PUTS; i++) {
        uint64_t key = random_record();

        must(mms_table_put(table, &key, sizeof key, bytes, RECORD) == 0, "mms_table_put");
    }
    must(mms_table_commit(table, NULL) == 0, "mms_table_commit");
}

static void mmsync_run(enum task task)
{
    switch (task) {
    case PUBLISH_SMALL: must(mms_write(value, bytes, SMALL, NULL) == 0, "mms_write"); break;
    case PUBLISH_LARGE: must(mms_write(value, bytes, LARGE, NULL) == 0, "mms_write"); break;
    case CHANGE_RECORDS: mmsync_change(); break;
    default: mmsync_put(); break;
    }
}

/* ---- LMDB ---- */

static MDB_env *environment;
static MDB_dbi database;

static void lmdb_put(MDB_txn *transaction, uint64_t key, size_t size)
{
    MDB_val name = {sizeof key, &key}, data = {size, bytes};

    must(mdb_put(transaction, database, &name, &data, 0) == 0, "mdb_put");
}

static MDB_txn *lmdb_begin(void)
{
    MDB_txn *transaction;

    must(mdb_txn_begin(environment, NULL, 0, &transaction) == 0, "mdb_txn_begin");
    return transaction;
}

static void lmdb_open(const char *directory)
{
    MDB_txn *transaction;
    char path[4096];

    snprintf(path, sizeof path, "%s/lmdb", directory);
    must(mkdir(path, 0700) == 0, "mkdir");
    must(mdb_env_create(&environment) == 0 && mdb_env_set_mapsize(environment, (size_t)2 << 30) == 0, "mdb_env_create");
    must(mdb_env_open(environment, path, 0, 0600) == 0, "mdb_env_open");
    transaction = lmdb_begin();
    must(mdb_dbi_open(transaction, NULL, MDB_INTEGERKEY, &database) == 0, "mdb_dbi_open");
    for (uint64_t key = 0; key < RECORDS; key++)
        lmdb_put(transaction, key, RECORD);
    must(mdb_txn_commit(transaction) == 0, "mdb_txn_commit");
}

static void lmdb_run(enum task task)
{
    MDB_txn *transaction = lmdb_begin();
    int puts = task == PUT_ENTRIES ? PUTS : task == CHANGE_RECORDS ? CHANGED : 0;

    if (puts == 0)
        lmdb_put(transaction, RECORDS + (uint64_t)task, task == PUBLISH_SMALL ? SMALL : LARGE);
    for (int i = 0; i < puts; i++)
        lmdb_put(transaction, random_record(), RECORD);
    must(mdb_txn_commit(transaction) == 0, "mdb_txn_commit");
}

/* ---- SQLite ---- */

static sqlite3 *connection;
static sqlite3_stmt *statement;

static void sql(const char *text)
{
    must(sqlite3_exec(connection, text, NULL, NULL, NULL) == SQLITE_OK, text);
}

static void sqlite_put(uint64_t key, int size)
{
    must(sqlite3_bind_int64(statement, 1, (sqlite3_int64)key) == SQLITE_OK &&
             sqlite3_bind_blob(statement, 2, bytes, size, SQLITE_STATIC) == SQLITE_OK &&
             sqlite3_step(statement) == SQLITE_DONE && sqlite3_reset(statement) == SQLITE_OK,
         "sqlite3_step");
}

static void sqlite_open(const char *directory)
{
    char path[4096];

    snprintf(path, sizeof path, "%s/sqlite", directory);
    must(sqlite3_open(path, &connection) == SQLITE_OK, "sqlite3_open");
    sql("PRAGMA journal_mode=WAL");
    sql("PRAGMA synchronous=FULL");
    sql("CREATE TABLE t (key INTEGER PRIMARY KEY, value BLOB)");
    must(sqlite3_prepare_v2(connection, "INSERT OR REPLACE INTO t VALUES (?, ?)", -1, &statement, NULL) == SQLITE_OK,
         "sqlite3_prepare_v2");
    sql("BEGIN");
    for (uint64_t key = 0; key < RECORDS; key++)
        sqlite_put(key, RECORD);
    sql("COMMIT");
}

static void sqlite_run(enum task task)
{
    int puts = task == PUT_ENTRIES ? PUTS : task == CHANGE_RECORDS ? CHANGED : 0;

    sql("BEGIN");
    if (puts == 0)
        sqlite_put(RECORDS + (uint64_t)task, task == PUBLISH_SMALL ? SMALL : LARGE);
    for (int i = 0; i < puts; i++)
        sqlite_put(random_record(), RECORD);
    sql("COMMIT");
}

/* ---- All ---- */

static const struct contestant {
    const char *name;
    void (*open)(const char *directory);
    void (*run)(enum task task);
} contestants[] = {
    {"mmsync", mmsync_open, mmsync_run},
    {"LMDB", lmdb_open, lmdb_run},
    {"SQLite", sqlite_open, sqlite_run},
};

enum { CONTESTANTS = sizeof contestants / sizeof *contestants };

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

static double median(double *figures, int count)
{
    qsort(figures, (size_t)count, sizeof *figures, compare);
    return figures[count / 2];
}

static double written_kib(void)
{
    unsigned long long written = 0;
    char line[128];
    FILE *file = fopen("/proc/self/io", "r");

    must(file != NULL, "fopen of /proc/self/io");
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "write_bytes: %llu", &written) == 1)
            break;
    fclose(file);
    return (double)written / 1024;
}

struct figure {
    double us, kib; /* of a commit: the median, and the mean */
};

static struct figure measure(const struct contestant *contestant, enum task task)
{
    double took[COMMITS], before = written_kib();

    for (int i = 0; i < COMMITS; i++) {
        double start = now_us();

        bytes[0]++;
        contestant->run(task);
        took[i] = now_us() - start;
    }
    return (struct figure){median(took, COMMITS), (written_kib() - before) / COMMITS};
}

static void measure_task(enum task task, int rounds)
{
    double us[CONTESTANTS][ROUNDS_MOST], kib[CONTESTANTS][ROUNDS_MOST];

    for (int round = 0; round < rounds; round++)
        for (int i = 0; i < CONTESTANTS; i++) {
            int turn = (i + round) % CONTESTANTS;
            struct figure figure = measure(&contestants[turn], task);

            us[turn][round] = figure.us;
            kib[turn][round] = figure.kib;
        }
    printf("| %s |", task_names[task]);
    for (int i = 0; i < CONTESTANTS; i++)
        printf(" %.0f µs, %.0f KiB |", median(us[i], rounds), median(kib[i], rounds));
    puts("");
}

int main(int argc, char **argv)
{
    int rounds = argc > 2 ? atoi(argv[2]) : 5;

    if (argc < 2 || rounds < 1 || rounds > ROUNDS_MOST) {
        fprintf(stderr, "usage: bench-durable DIRECTORY [ROUNDS]: an empty directory on a disk\n");
        return 2;
    }
    for (int i = 0; i < CONTESTANTS; i++)
        contestants[i].open(argv[1]);
    puts("| a commit: time, and what it writes | mmsync | LMDB | SQLite |\n|---|---|---|---|");
    for (int task = 0; task < TASKS; task++)
        measure_task((enum task)task, rounds);
    return 0;
}
