/* SPDX-License-Identifier: Apache-2.0 */
/* Commits that change parts of something large, at random places: one kind of commit after the
   other. A reader in another process checks the last commits of each kind, and sleeps meanwhile. */
#include "harness.h"
#include <stdlib.h>
#include <string.h>

enum { WARM = 4, FEWEST = 3, SAMPLES_MOST = 100000, CHECKED = 3 };

static size_t part_count(const struct options *options)
{
    return options->entries ? options->count : options->size / BENCH_RECORD_SIZE;
}

/* A commit's places are a function of its stamp; `places` has room for them. */
static struct bench_change choose(const struct options *options, const struct kind *kind, uint64_t stamp,
                                  size_t *places)
{
    size_t choices = part_count(options) / kind->length;

    for (size_t i = 0; i < kind->count; i++)
        places[i] = (size_t)(bench_table_key(stamp << 32 | i) % choices) * kind->length;
    return (struct bench_change){places, kind->count, kind->length, stamp};
}

static size_t *room_for(struct session *session)
{
    size_t most = 0;

    for (size_t i = 0; i < session->options->kind_count; i++)
        if (session->options->kinds[i].count > most)
            most = session->options->kinds[i].count;
    size_t *places = malloc(most * sizeof *places);

    if (!places)
        fail(session, "no memory for %zu places", most);
    return places;
}

/* ---- The reader ---- */

/* The parts of that commit are there, or later ones. */
static void check(struct worker *worker, void *reader, const struct kind *kind, uint64_t stamp, size_t *places)
{
    struct session *session = worker->session;
    struct bench_change change = choose(session->options, kind, stamp, places);
    uint64_t found = session_parts(session)->found(reader, &change), wanted = kind->count * kind->length;

    if (found != wanted)
        fail(session, "%llu of %llu parts of commit %llu (%s) were there", (unsigned long long)found,
             (unsigned long long)wanted, (unsigned long long)stamp, kind->name);
}

/* Once for each kind, when the writer has done with it. */
static void watch(struct worker *worker)
{
    struct session *session = worker->session;
    struct shared *shared = session->shared;
    size_t *places = room_for(session);
    void *reader;

    worker_await(worker, OPEN);
    reader = worker_open_reader(worker);
    worker_ready(worker);
    for (size_t i = 0; i < session->options->kind_count; i++) {
        while (atomic_load(&shared->answer) != i || atomic_load(&shared->sequence) == 0)
            worker_nap();
        for (uint64_t back = 0; back < CHECKED; back++)
            check(worker, reader, &session->options->kinds[i], atomic_load(&shared->sequence) - back, places);
        atomic_store(&shared->sequence, 0);
        atomic_store(&shared->answer, i + 1);
    }
    worker_done(worker);
    worker_await(worker, CLOSE);
    session->contestant->reader_close(reader);
    free(places);
}

static void await_check(struct session *session, size_t kind, uint64_t stamp)
{
    atomic_store(&session->shared->sequence, stamp);
    while (atomic_load(&session->shared->answer) == kind && !atomic_load(&session->shared->failed))
        worker_nap();
}

/* ---- The writer ---- */

/* ns of one commit. */
static double commit_once(struct session *session, const struct kind *kind, uint64_t stamp, size_t *places)
{
    struct bench_change change = choose(session->options, kind, stamp, places);
    uint64_t from = ticks();

    if (session_parts(session)->change(&change) != 0)
        fail(session, "%s", session->contestant->detail());
    return ticks_ns(ticks() - from);
}

static void report(const struct kind *kind, struct samples *samples)
{
    struct spread spread = samples_spread(samples);
    char name[40];

    snprintf(name, sizeof name, "%s_ns", kind->name);
    figure(name, spread.p50);
    snprintf(name, sizeof name, "%s_single_", kind->name);
    figure_spread(name, &spread);
}

static void time_kind(struct session *session, size_t index, uint64_t *stamp, size_t *places)
{
    const struct kind *kind = &session->options->kinds[index];
    uint64_t until;
    struct samples samples;

    samples_init(&samples, SAMPLES_MOST);
    for (int i = 0; i < WARM; i++)
        (void)commit_once(session, kind, ++*stamp, places);
    until = clock_ns() + (uint64_t)(session->options->seconds * 1e9);
    do
        samples_add(&samples, commit_once(session, kind, ++*stamp, places));
    while ((clock_ns() < until && samples.count < samples.room) || samples.count < FEWEST);
    report(kind, &samples);
    samples_free(&samples);
    await_check(session, index, *stamp);
}

void mode_parts(struct session *session)
{
    size_t *places = room_for(session);
    uint64_t from, stamp = 0;

    session_worker(session, 0, watch);
    cpu_pin(cpu_count() - 1);
    session_create(session);
    from = clock_ns();
    if (session_parts(session)->build(part_count(session->options)) != 0)
        fail(session, "%s", session->contestant->detail());
    figure("build_s", (double)(clock_ns() - from) * 1e-9);
    session_phase(session, OPEN);
    session_await_ready(session, 1);
    for (size_t i = 0; i < session->options->kind_count; i++)
        time_kind(session, i, &stamp, places);
    figure("bytes", directory_bytes(session->options->directory));
    free(places);
    session_close(session);
}
