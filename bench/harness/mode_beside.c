/* SPDX-License-Identifier: Apache-2.0 */
/* Look-ups in a table, by several readers, while a writer changes one entry at a time, at a given
   rate. Each look-up is a read of its own. */
#include "harness.h"

/* WARM: by then the writer has copied what it copies once. */
enum { BATCH = 16, WARM = 16 };

/* As many look-ups as fit into the time. */
static void find(struct worker *worker)
{
    struct session *session = worker->session;
    const struct bench_parts *parts = session_parts(session);
    uint64_t state = worker->index, from, until, found = 0;
    size_t places[BATCH];
    void *reader;

    worker_await(worker, OPEN);
    reader = worker_open_reader(worker);
    worker_ready(worker);
    worker_await(worker, RUN);
    from = clock_ns();
    until = from + (uint64_t)(session->options->seconds * 1e9);
    do {
        for (int i = 0; i < BATCH; i++)
            places[i] = (size_t)(bench_table_key(state += 64) % session->options->count);
        if (parts->found(reader, &(struct bench_change){places, BATCH, 1, 0}) != BATCH)
            fail(session, "a look-up did not find its entry, or only a part of it");
        found += BATCH;
    } while (clock_ns() < until);
    session->shared->results[worker->index].ns = (double)(clock_ns() - from) / (double)found;
    worker_done(worker);
    worker_await(worker, CLOSE);
    session->contestant->reader_close(reader);
}

static void change_one(struct session *session, uint64_t stamp)
{
    size_t place = (size_t)(bench_table_key(stamp) % session->options->count);

    if (session_parts(session)->change(&(struct bench_change){&place, 1, 1, stamp}) != 0)
        fail(session, "%s", session->contestant->detail());
}

/* Until the readers are done; the rate that was reached. */
static double change_at_rate(struct session *session)
{
    double period = 1e9 / session->options->rate;
    uint64_t start = clock_ns(), changed = 0;

    while (!session_workers_done(session, session->options->readers)) {
        change_one(session, WARM + ++changed);
        sleep_until(start + (uint64_t)((double)changed * period));
    }
    return (double)changed * 1e9 / (double)(clock_ns() - start);
}

void mode_beside(struct session *session)
{
    const struct options *options = session->options;
    double per_second = 0, rate;

    for (unsigned i = 0; i < options->readers; i++)
        session_worker(session, i, find);
    cpu_pin(cpu_count() - 1);
    session_create(session);
    if (session_parts(session)->build(options->count) != 0)
        fail(session, "%s", session->contestant->detail());
    for (uint64_t i = 1; i <= WARM; i++)
        change_one(session, i);
    session_phase(session, OPEN);
    session_await_ready(session, options->readers);
    session_phase(session, RUN);
    rate = change_at_rate(session);
    for (unsigned i = 0; i < options->readers; i++)
        per_second += 1e9 / session->shared->results[i].ns;
    figure("lookups_per_s", per_second);
    figure("ns", (double)options->readers * 1e9 / per_second);
    figure("rate", rate);
    session_close(session);
}
