/* SPDX-License-Identifier: Apache-2.0 */
/* What the source files of the contestant SQLite share. */
#ifndef BENCH_SQLITE_OWN_H
#define BENCH_SQLITE_OWN_H

#include "contestant.h"
#include <sqlite3.h>

struct store {
    sqlite3 *base;
    sqlite3_stmt *begin, *commit, *insert, *update, *put, *find;
};

extern struct store sqlite_own; /* the writer's */
extern bool sqlite_texts;

int sqlite_step(sqlite3_stmt *statement, const char *what); /* one that returns no row */
int sqlite_keep_log(void);                                  /* from here on, after the first fill */

extern const struct bench_keys sqlite_keys;

#endif
