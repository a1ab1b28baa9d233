/* SPDX-License-Identifier: Apache-2.0 */
/* Reads: alone, several at once, with a writer, with idle readers. First batches, for the
   average cost; then single reads, for the distribution. */
#include "harness.h"
#include <time.h>

/* BATCH: reads between two readings of the clock. */
enum { BATCH = 512, BATCHES_MOST = 200000, SINGLES_MOST = 2000000, VERSION = 7 };

typedef uint64_t read_function(void *reader, size_t times);

static read_function *reads_of(const struct session *session)
{
    return session->options->checked ? session->contestant->read_checked : session->contestant->read;
}

static void check_sum(struct worker *worker, uint64_t sum, uint64_t times)
{
    if (worker->session->options->rate == 0 && sum != times * VERSION)
        fail(worker->session, "%llu reads gave a sum of %llu, not %llu", (unsigned long long)times,
             (unsigned long long)sum, (unsigned long long)(times * VERSION));
}

/* A slow read gets smaller batches: Redis makes 512 in 10 ms. */
static size_t batch_for(read_function *read, void *reader)
{
    uint64_t from = clock_ns(), took;

    keep(read(reader, 64));
    took = clock_ns() - from;
    return took > 500000 ? 16 : BATCH;
}

static double time_batches(struct worker *worker, void *reader, uint64_t until)
{
    read_function *read = reads_of(worker->session);
    size_t batch = batch_for(read, reader);
    struct samples samples;
    double median;

    samples_init(&samples, BATCHES_MOST);
    do {
        uint64_t from = ticks(), sum = read(reader, batch), to = ticks();

        check_sum(worker, sum, batch);
        samples_add(&samples, ticks_ns(to - from) / (double)batch);
    } while (clock_ns() < until && samples.count < samples.room);
    median = samples_quantile(&samples, 0.5);
    samples_free(&samples);
    return median;
}

static struct spread time_singles(struct worker *worker, void *reader, uint64_t duration)
{
    read_function *read = reads_of(worker->session);
    double overhead = ticks_overhead_ns();
    struct samples samples;
    struct spread spread;
    uint64_t until;

    samples_init(&samples, SINGLES_MOST);
    until = clock_ns() + duration;
    do {
        for (int i = 0; i < 64; i++) {
            uint64_t from = ticks(), sum = read(reader, 1), to = ticks();

            keep(sum);
            samples_add(&samples, ticks_ns(to - from) - overhead);
        }
    } while (clock_ns() < until && samples.count < samples.room);
    spread = samples_spread(&samples);
    samples_free(&samples);
    return spread;
}

static void measure(struct worker *worker)
{
    struct session *session = worker->session;
    struct result *result = &session->shared->results[worker->index];
    uint64_t span = (uint64_t)(session->options->seconds * 1e9);
    unsigned spins = 0;
    void *reader;

    worker_await(worker, OPEN);
    reader = worker_open_reader(worker);
    keep(reads_of(session)(reader, 1));
    worker_ready(worker);
    while (atomic_load(&session->shared->phase) < RUN)
        pause_politely(&spins);
    (void)time_batches(worker, reader, clock_ns() + span / 8); /* warm-up */
    result->ns = time_batches(worker, reader, clock_ns() + span / 2);
    result->single = time_singles(worker, reader, span * 3 / 8);
    worker_done(worker);
    /* The others go on until all are done. */
    while (!session_workers_done(session, session->options->readers))
        keep(reads_of(session)(reader, 64));
    worker_await(worker, CLOSE);
    session->contestant->reader_close(reader);
}

/* Publishes at the rate until the readers are done; returns the rate that was reached. */
static double publish_at_rate(struct session *session)
{
    double period = 1e9 / session->options->rate, next;
    uint64_t start = clock_ns(), published = 0;

    next = (double)start;
    while (!session_workers_done(session, session->options->readers)) {
        session_publish(session, (uint32_t)(VERSION + published % 1000));
        published++;
        next += period;
        while ((double)clock_ns() < next && !session_workers_done(session, session->options->readers))
            sleep_until((uint64_t)next < clock_ns() + 50000000 ? (uint64_t)next : clock_ns() + 50000000);
    }
    return (double)published * 1e9 / (double)(clock_ns() - start);
}

static void report(const struct session *session)
{
    const struct options *options = session->options;
    double ns = 0;

    for (unsigned i = 0; i < options->readers; i++)
        ns += session->shared->results[i].ns / options->readers;
    figure("ns", ns);
    figure_spread("single_", &session->shared->results[0].single);
    figure("clock_overhead_ns", ticks_overhead_ns());
}

void mode_read(struct session *session)
{
    const struct options *options = session->options;
    double rate = 0;

    for (unsigned i = 0; i < options->readers; i++)
        session_worker(session, i, measure);
    session_crowd(session);
    cpu_pin(cpu_count() - 1);
    session_create(session);
    session_publish(session, VERSION);
    session_phase(session, OPEN);
    session_await_ready(session, options->readers + (options->attached > 0));
    session_phase(session, RUN);
    if (options->rate > 0)
        rate = publish_at_rate(session);
    while (!session_workers_done(session, options->readers))
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    report(session);
    figure("rate", rate);
    session_close(session);
}
