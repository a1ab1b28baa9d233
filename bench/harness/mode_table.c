/* SPDX-License-Identifier: Apache-2.0 */
/* A table HashMap<u64, Vec<f32>>: built and published by one process, looked up by another, at random. */
#include "harness.h"

enum { BATCH = 1024 };

static uint64_t random_next(uint64_t *state)
{
    return bench_table_key((*state)++);
}

static void fill(uint64_t *indices, size_t entries, uint64_t *state)
{
    for (size_t i = 0; i < BATCH; i++)
        indices[i] = random_next(state) % entries;
}

/* ns of one look-up among a batch. */
static double find_batch(struct session *session, void *reader, size_t batch, uint64_t *state)
{
    uint64_t indices[BATCH], from, found;

    fill(indices, session->options->count, state);
    from = clock_ns();
    found = session->contestant->table_find(reader, indices, batch);
    if (found != batch)
        fail(session, "%llu of %zu look-ups found their entry", (unsigned long long)found, batch);
    return (double)(clock_ns() - from) / (double)batch;
}

static double time_finds(struct session *session, void *reader, double seconds)
{
    uint64_t state = 1, until = clock_ns() + (uint64_t)(seconds * 1e9);
    struct samples samples;
    double median;

    samples_init(&samples, 1000000);
    do
        samples_add(&samples, find_batch(session, reader, BATCH, &state));
    while (clock_ns() < until && samples.count < samples.room);
    median = samples_quantile(&samples, 0.5);
    samples_free(&samples);
    return median;
}

static void find(struct worker *worker)
{
    struct session *session = worker->session;
    struct result *result = &session->shared->results[worker->index];
    uint64_t state = 0;
    void *reader;

    worker_await(worker, OPEN);
    reader = worker_open_reader(worker);
    result->extra[0] = find_batch(session, reader, 1, &state);        /* with whatever the first one has to do */
    (void)time_finds(session, reader, session->options->seconds / 4); /* pages are mapped into the reader */
    result->ns = time_finds(session, reader, session->options->seconds);
    worker_done(worker);
    worker_await(worker, CLOSE);
    session->contestant->reader_close(reader);
}

void mode_table(struct session *session)
{
    uint64_t from, bytes = 0;
    double seconds;

    session_worker(session, 0, find);
    cpu_pin(cpu_count() - 1);
    session_create(session);
    from = clock_ns();
    if (session->contestant->table_build(session->options->count, &bytes) != 0)
        fail(session, "%s", session->contestant->detail());
    seconds = (double)(clock_ns() - from) * 1e-9;
    session_phase(session, OPEN);
    while (!session_workers_done(session, 1))
        session_await_ready(session, 0);
    figure("ns", session->shared->results[0].ns);
    figure("lookups_per_s", 1e9 / session->shared->results[0].ns);
    figure("first_ns", session->shared->results[0].extra[0]);
    figure("build_s", seconds);
    figure("bytes", (double)bytes);
    session_close(session);
}
