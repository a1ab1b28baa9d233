/* SPDX-License-Identifier: Apache-2.0 */
/* From before a publish until a reader in another process has the new value: one that spins, or
   one that sleeps. */
#include "harness.h"
#include <time.h>

enum { MOST = 100000, ASLEEP_NS = 200000 };

static void look(struct worker *worker)
{
    struct session *session = worker->session;
    const struct bench_contestant *contestant = session->contestant;
    uint64_t seen, now_version;
    void *reader;

    worker_await(worker, OPEN);
    reader = worker_open_reader(worker);
    seen = contestant->read(reader, 1);
    worker_ready(worker);
    while (atomic_load_explicit(&session->shared->phase, memory_order_relaxed) < STOP) {
        uint64_t now;

        atomic_store_explicit(&session->shared->answer, seen, memory_order_release);
        do { /* the wake may be for a value already seen: then it sleeps again, without spinning */
            if (!session->options->spin && contestant->wait(reader, (uint32_t)seen) != 0)
                fail(session, "%s", contestant->detail());
            now_version = contestant->read(reader, 1);
        } while (now_version == seen);
        now = clock_ns();
        atomic_store_explicit(&session->shared->stamp_ns, now, memory_order_relaxed);
        seen = now_version;
        if (seen == UINT32_MAX)
            break;
    }
    atomic_store_explicit(&session->shared->answer, seen, memory_order_release);
    worker_done(worker);
    worker_await(worker, CLOSE);
    contestant->reader_close(reader);
}

static void await_answer(struct session *session, uint64_t version)
{
    unsigned spins = 0;

    while (atomic_load_explicit(&session->shared->answer, memory_order_acquire) != version &&
           !session_workers_done(session, 1))
        pause_politely(&spins);
}

static double publish_and_await(struct session *session, uint32_t version)
{
    uint64_t from;

    if (!session->options->spin)
        nanosleep(&(struct timespec){.tv_nsec = ASLEEP_NS},
                  NULL); /* it most likely sleeps by then; if not, it is faster */
    from = clock_ns();
    session_publish(session, version);
    await_answer(session, version);
    return (double)(atomic_load(&session->shared->stamp_ns) - from);
}

void mode_seen(struct session *session)
{
    uint64_t until;
    uint32_t version = 1;
    struct samples samples;
    struct spread spread;

    if (session->options->spin && cpu_count() < 2)
        fail(session, "a reader that spins needs a second processor");
    samples_init(&samples, MOST);
    session_worker(session, 0, look);
    cpu_pin(1);
    session_create(session);
    session_publish(session, version);
    session_phase(session, OPEN);
    session_await_ready(session, 1);
    await_answer(session, version);
    for (int warm = 0; warm < 100; warm++)
        (void)publish_and_await(session, ++version);
    until = clock_ns() + (uint64_t)(session->options->seconds * 1e9);
    do
        samples_add(&samples, publish_and_await(session, ++version));
    while (clock_ns() < until && samples.count < samples.room);
    session_publish(session, UINT32_MAX);
    spread = samples_spread(&samples);
    figure("ns", spread.p50);
    figure_spread("single_", &spread);
    session_close(session);
    if (session->options->spin)
        figure_apart();
}
