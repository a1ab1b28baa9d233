/* SPDX-License-Identifier: Apache-2.0 */
/* What the source files of the contestant LMDB share. */
#ifndef BENCH_LMDB_OWN_H
#define BENCH_LMDB_OWN_H

#include "contestant.h"
#include <lmdb.h>

struct lmdb_reader {
    MDB_txn *txn;
};

extern MDB_dbi lmdb_dbi;
extern MDB_txn *lmdb_txn; /* the writer's */
extern bool lmdb_texts;

int lmdb_failed(const char *what, int code); /* -1 */
int lmdb_begin(void);
int lmdb_end(int code); /* commits, or aborts after an error */

extern const struct bench_keys lmdb_keys;

#endif
