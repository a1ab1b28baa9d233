/* SPDX-License-Identifier: Apache-2.0 */
/* Publishing: small values in batches, large ones singly; by copy, built in place, or the
   commit alone; without readers, with idle ones, while readers spin. */
#include "harness.h"
#include <string.h>

/* WARM: more than the slots that a contestant may take into use one by one. SMALL: measured in
   batches. */
enum { BATCH = 512, WARM = 512, SMALL = 1 << 16, SAMPLES_MOST = 2000000, FEWEST = 3 };

static void spin(struct worker *worker)
{
    struct session *session = worker->session;
    void *reader;

    worker_await(worker, OPEN);
    reader = worker_open_reader(worker);
    keep(session->contestant->read(reader, 1));
    worker_ready(worker);
    while (atomic_load_explicit(&session->shared->phase, memory_order_relaxed) < STOP)
        keep(session->contestant->read(reader, 64));
    worker_await(worker, CLOSE);
    session->contestant->reader_close(reader);
}

static void *begin(struct session *session)
{
    void *room = session->contestant->begin(session->options->size);

    if (!room)
        fail(session, "%s", session->contestant->detail());
    return room;
}

static void commit(struct session *session)
{
    if (session->contestant->commit(session->options->size) != 0)
        fail(session, "%s", session->contestant->detail());
}

/* The value is built in place; contestants without such a place build it in their own memory
   and copy. */
static void build(struct session *session, uint32_t version)
{
    size_t size = session->options->size;

    if (session->contestant->begin) {
        unsigned char *room = begin(session);

        memset(room, (int)(version & 0xff), size);
        set_version(room, size, version);
        commit(session);
    } else {
        memset(session->value, (int)(version & 0xff), size);
        session_publish(session, version);
    }
}

/* ns of one publish. */
static double publish_once(struct session *session, uint32_t version)
{
    uint64_t from;

    if (session->options->commit) {
        unsigned char *room = begin(session);

        set_version(room, session->options->size, version);
        from = ticks();
        commit(session);
        return ticks_ns(ticks() - from);
    }
    from = ticks();
    if (session->options->in_place)
        build(session, version);
    else
        session_publish(session, version);
    return ticks_ns(ticks() - from);
}

static double publish_batch(struct session *session, uint32_t version)
{
    uint64_t from = ticks();

    for (uint32_t i = 0; i < BATCH; i++)
        session_publish(session, version + i);
    return ticks_ns(ticks() - from) / BATCH;
}

static bool is_batched(const struct options *options)
{
    return options->size <= SMALL && !options->commit && !options->in_place;
}

static void warm_up(struct session *session)
{
    size_t size = session->options->size, times = size <= SMALL ? WARM : size <= 1 << 20 ? 64 : 5;

    for (size_t i = 0; i < times; i++)
        (void)publish_once(session, (uint32_t)i);
}

static double time_batches(struct session *session, uint64_t until)
{
    struct samples samples;
    uint32_t version = 1;
    double median;

    samples_init(&samples, 100000);
    do {
        samples_add(&samples, publish_batch(session, version));
        version += BATCH;
    } while ((clock_ns() < until && samples.count < samples.room) || samples.count < FEWEST);
    median = samples_quantile(&samples, 0.5);
    samples_free(&samples);
    return median;
}

static struct spread time_singles(struct session *session, uint64_t until)
{
    double overhead = ticks_overhead_ns();
    struct samples samples;
    struct spread spread;
    uint32_t version = 1;

    samples_init(&samples, session->options->size <= SMALL ? SAMPLES_MOST : 10000);
    do
        samples_add(&samples, publish_once(session, version++) - overhead);
    while ((clock_ns() < until && samples.count < samples.room) || samples.count < FEWEST);
    spread = samples_spread(&samples);
    samples_free(&samples);
    return spread;
}

void mode_write(struct session *session)
{
    const struct options *options = session->options;
    uint64_t span = (uint64_t)(options->seconds * 1e9);
    unsigned spinners = options->spin ? options->readers : 0;
    struct spread single;
    double ns;

    for (unsigned i = 0; i < spinners; i++)
        session_worker(session, i, spin);
    session_crowd(session);
    cpu_pin(cpu_count() - 1);
    session_create(session);
    session_publish(session, 1);
    session_phase(session, OPEN);
    session_await_ready(session, spinners + (options->attached > 0));
    session_phase(session, RUN);
    warm_up(session);
    ns = is_batched(options) ? time_batches(session, clock_ns() + span / 2) : 0;
    single = time_singles(session, clock_ns() + (is_batched(options) ? span / 2 : span));
    session_phase(session, STOP);
    ns = is_batched(options) ? ns : single.p50;
    figure("ns", ns);
    figure("gib_per_s", ns > 0 ? (double)options->size / ns * 1e9 / (1 << 30) : 0);
    figure_spread("single_", &single);
    session_close(session);
    if (spinners > 0)
        figure_apart();
}
