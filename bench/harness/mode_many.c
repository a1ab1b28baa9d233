/* SPDX-License-Identifier: Apache-2.0 */
/* A publish while many processes sleep until there is something new: what it costs the writer, and
   when the last of them has the new value. */
#include "harness.h"

/* SLOTS: more publishes than a contestant may have slots. WARM: after as many, each process has met
   them all; the first time takes it a page fault. */
enum { MOST = 10000, SLOTS = 512, WARM = 132, FEWEST = 5, LAST_VERSION = INT32_MAX };

/* All but a few sleep by then. A reader that does not will not have to be woken: that is faster. */
static uint64_t settling_ns(unsigned readers)
{
    return 2000000 + (uint64_t)readers * 5000;
}

static void sleep_and_look(struct worker *worker)
{
    struct session *session = worker->session;
    const struct bench_contestant *contestant = session->contestant;
    struct result *result = &session->shared->results[worker->index];
    uint64_t seen, found;
    void *reader;

    worker_await(worker, OPEN);
    reader = worker_open_reader(worker);
    for (seen = contestant->read(reader, 1); seen != LAST_VERSION; seen = found) {
        worker_ready(worker);
        do { /* it may be woken for what it has seen already */
            if (contestant->wait(reader, (uint32_t)seen) != 0)
                fail(session, "%s", contestant->detail());
            found = contestant->read(reader, 1);
        } while (found == seen);
        result->seen_ns = clock_ns();
        worker_done(worker);
    }
    worker_await(worker, CLOSE);
    contestant->reader_close(reader);
}

static uint64_t last_seen(const struct session *session)
{
    uint64_t last = 0;

    for (unsigned i = 0; i < session->options->readers; i++)
        if (session->shared->results[i].seen_ns > last)
            last = session->shared->results[i].seen_ns;
    return last;
}

/* All of them sleep; publish, and wait until all have it. */
static void publish_once(struct session *session, uint32_t version, double *publish_ns, double *last_ns)
{
    unsigned readers = session->options->readers;
    uint64_t from;

    session_await_ready(session, readers);
    atomic_store(&session->shared->ready, 0);
    atomic_store(&session->shared->done, 0);
    sleep_until(clock_ns() + settling_ns(readers));
    from = clock_ns();
    session_publish(session, version);
    *publish_ns = (double)(clock_ns() - from);
    while (!session_workers_done(session, readers))
        worker_nap();
    *last_ns = (double)(last_seen(session) - from);
}

static void report(const char *name, struct samples *samples)
{
    const char *const ends[] = {"ns", "p90_ns", "max_ns"};
    const double fractions[] = {0.5, 0.9, 1};
    char text[40];

    for (int i = 0; i < 3; i++) {
        snprintf(text, sizeof text, "%s%s", name, ends[i]);
        figure(text, samples_quantile(samples, fractions[i]));
    }
}

static void time_publishes(struct session *session)
{
    struct samples publish, last;
    double publish_ns, last_ns;
    uint32_t version = SLOTS;
    uint64_t until;

    samples_init(&publish, MOST);
    samples_init(&last, MOST);
    for (int i = 0; i < WARM; i++)
        publish_once(session, ++version, &publish_ns, &last_ns);
    until = clock_ns() + (uint64_t)(session->options->seconds * 1e9);
    do {
        publish_once(session, ++version, &publish_ns, &last_ns);
        samples_add(&publish, publish_ns);
        samples_add(&last, last_ns);
    } while ((clock_ns() < until && publish.count < publish.room) || publish.count < FEWEST);
    publish_once(session, LAST_VERSION, &publish_ns, &last_ns);
    report("", &publish);
    report("last_", &last);
    figure("publishes", (double)publish.count);
}

/* A processor of its own for the writer, or all of them where the kernel likes. */
void mode_many(struct session *session)
{
    unsigned others = cpu_count() > 1 ? cpu_count() - 1 : 1;

    for (unsigned i = 0; i < session->options->readers; i++)
        session_worker(session, session->options->anywhere ? CPU_ANY : i % others, sleep_and_look);
    cpu_pin(session->options->anywhere ? CPU_ANY : cpu_count() - 1);
    session_create(session);
    for (uint32_t i = 1; i <= SLOTS; i++)
        session_publish(session, i);
    session_phase(session, OPEN);
    time_publishes(session);
    session_close(session);
}
